#include "announce.h"
#include "account.h"
#include "config.h"
#include "log.h"
#include "policy/policy.h"
#include "remarks.h"

static void
log_remark(void *owner, enum remark_kind kind, const char *text)
{
    (void)owner;
    log_text(kind == REMARK_WARNING ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "setting", "%s", text);
}

/* The name of the listener stands in the record only where there are policies to tell apart. */
static void
log_grant(void *owner, const char *text)
{
    const struct listener_config *listener = owner;
    if (!log_wanted(LOG_LEVEL_NOTICE))
        return;
    struct log_record record;
    log_begin(&record, LOG_LEVEL_NOTICE, "grant");
    if (listener != NULL)
        log_string(&record, "listener", listener->name);
    log_string(&record, "text", text);
    log_end(&record);
}

static bool
has_one_policy(const struct config *config)
{
    for (size_t i = 1; i < config->listener_count; i++)
        if (config->listeners[i].policy != config->listeners[0].policy)
            return false;
    return true;
}

void
announce_config(const struct config *config, char *const environment[])
{
    bool alone = has_one_policy(config);
    remarks_list(config, environment, log_remark, NULL);
    if (account_was_recalled())
        log_text(
            LOG_LEVEL_WARNING, "setting",
            "the users or groups of this machine were changed after the start, and the sandbox keeps the new lists "
            "closed: names mean what they did then; restart for a change");
    for (size_t i = 0; i < config->listener_count && (i == 0 || !alone); i++) {
        struct listener_config listener = config->listeners[i];
        policy_grants(listener.policy, log_grant, alone ? NULL : &listener);
    }
}
