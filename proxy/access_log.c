#include "access_log.h"
#include "log.h"
#include "policy/phrase.h"
#include "policy/policy.h"
#include "trial.h"

#include <stdio.h>
#include <string.h>

static const char *const end_words[] = {
    [ACCESS_COMPLETE] = "complete",
    [ACCESS_TUNNEL] = "tunnel",
    [ACCESS_CLIENT_CLOSED] = "client-closed",
    [ACCESS_ENGINE_CLOSED] = "engine-closed",
    [ACCESS_ENGINE_ERROR] = "engine-error",
    [ACCESS_UNAVAILABLE] = "engine-unavailable",
    [ACCESS_TIMEOUT] = "timeout",
    [ACCESS_BAD_BODY] = "bad-body",
    [ACCESS_SHUTDOWN] = "shutdown",
    [ACCESS_REFUSED] = "refused",
    [ACCESS_NO_MEMORY] = "no-memory",
    [ACCESS_MALFORMED] = "malformed",
};

enum { SHOWN_SIZE = 4096, LAST_TARGET_SIZE = 128 };

/* A record is not longer than this, either. */
static void
log_target(struct log_record *record, struct slice target)
{
    char shown[SHOWN_SIZE];
    log_slice(record, "path", policy_loggable_target(target, shown, sizeof(shown)));
}

static void
begin_call(struct log_record *record, const struct access_record *access)
{
    log_string(record, "client", access->client);
    if (access->listener != NULL)
        log_string(record, "listener", access->listener);
    log_slice(record, "method", access->method);
    log_target(record, access->target);
}

static enum trial_news
note(struct trial *trial, const struct access_record *access)
{
    return strcmp(access->operation, POLICY_UNKNOWN) != 0 ? trial_note(trial, access->operation)
                                                          : trial_note_stranger(trial, access->method, access->target);
}

static void
end_strangers(struct log_record *record, const char *listener)
{
    char text[128];
    snprintf(text, sizeof(text),
             "%d different calls that no engine has were told; further ones are not, until a reload",
             TRIAL_STRANGERS_MAX);
    if (listener != NULL)
        log_string(record, "listener", listener);
    log_string(record, "text", text);
    log_end(record);
}

void
access_log_dry_run(struct trial *trial, const struct access_record *access)
{
    struct log_record record;
    enum trial_news news = log_wanted(LOG_LEVEL_WARNING) ? note(trial, access) : TRIAL_TOLD;
    if (news == TRIAL_TOLD)
        return;
    log_begin(&record, LOG_LEVEL_WARNING, "would-refuse");
    if (news == TRIAL_LIMIT) {
        end_strangers(&record, access->listener);
        return;
    }
    begin_call(&record, access);
    log_string(&record, "operation", access->operation);
    log_string(&record, "rule", access->rule);
    log_string(&record, "cure", access->cure);
    log_end(&record);
}

static char last_refusal[256];

const char *
access_log_last_refusal(void)
{
    return last_refusal;
}

static void
remember_refusal(const struct access_record *access)
{
    struct phrase phrase = phrase_begin(last_refusal, sizeof(last_refusal));
    phrase_add_slice(&phrase, access->method);
    phrase_add(&phrase, " ");
    phrase_add_cut(&phrase, access->target, LAST_TARGET_SIZE);
    phrase_add(&phrase, " from ");
    phrase_add(&phrase, access->client);
}

void
access_log_write(const struct access_record *access)
{
    bool refused = access->end == ACCESS_REFUSED;
    bool malformed = access->end == ACCESS_MALFORMED;
    enum log_level level = refused || malformed ? LOG_LEVEL_WARNING
                           : access->routine    ? LOG_LEVEL_DEBUG
                                                : LOG_LEVEL_INFO;
    if (refused)
        remember_refusal(access);
    if (!log_wanted(level))
        return;
    struct log_record record;
    log_begin(&record, level, refused || malformed ? end_words[access->end] : "access");
    begin_call(&record, access);
    log_number(&record, "status", (uint64_t)access->status);
    if (malformed) {
        log_string(&record, "reason", access->cure);
        log_end(&record);
        return;
    }
    log_string(&record, "operation", access->operation);
    log_string(&record, "rule", access->rule);
    if (refused) {
        log_string(&record, "cure", access->cure);
    } else {
        if (access->dry)
            log_string(&record, "dry_run", "yes");
        log_number(&record, "received", access->received);
        log_number(&record, "sent", access->sent);
        log_seconds(&record, "duration", access->microseconds);
        log_string(&record, "end", end_words[access->end]);
    }
    log_end(&record);
}

void
access_log_malformed(const char *client, int status, const char *reason)
{
    if (!log_wanted(LOG_LEVEL_WARNING))
        return;
    struct log_record record;
    log_begin(&record, LOG_LEVEL_WARNING, "malformed");
    log_string(&record, "client", client);
    log_number(&record, "status", (uint64_t)status);
    log_string(&record, "reason", reason);
    log_end(&record);
}
