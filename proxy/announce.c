#include "announce.h"
#include "config.h"
#include "log.h"
#include "policy/policy.h"

static void
log_setting(void *owner, const char *text)
{
    (void)owner;
    log_text(LOG_LEVEL_WARNING, "setting", "%s", text);
}

/* The name of the listener stands in the record only where there are policies to tell apart. */
static void
log_grant(void *owner, const char *text)
{
    const char *listener = owner;
    if (!log_wanted(LOG_LEVEL_NOTICE))
        return;
    struct log_record record;
    log_begin(&record, LOG_LEVEL_NOTICE, "grant");
    if (listener != NULL)
        log_string(&record, "listener", listener);
    log_string(&record, "text", text);
    log_end(&record);
}

void
announce_config(const struct config *config, char *const environment[])
{
    policy_warnings(environment, config_option_names(), log_setting, NULL);
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct listener_config *listener = &config->listeners[i];
        bool same = i > 0 && listener->policy == config->listeners[0].policy;
        bool alone =
            config->listener_count == 1 || listener->policy == config->listeners[config->listener_count - 1].policy;
        if (!same)
            policy_grants(listener->policy, log_grant, alone && i == 0 ? NULL : (void *)listener->name);
    }
}
