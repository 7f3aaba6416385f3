#include "access_log.h"
#include "log.h"
#include "policy/policy.h"

#include <stdio.h>

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

enum { DRY_RUNS_MAX = 512, SHOWN_SIZE = 4096 };

/* A record is not longer than this, either. */
static void
log_target(struct log_record *record, struct slice target)
{
    char shown[SHOWN_SIZE];
    log_slice(record, "path", policy_loggable_target(target, shown, sizeof(shown)));
}

/* Operations are static strings of the policy, so their addresses tell them apart; "unknown" is one operation. */
static bool
is_first_dry_run(const char *operation)
{
    static const char *told[DRY_RUNS_MAX];
    static size_t count;
    for (size_t i = 0; i < count; i++)
        if (told[i] == operation)
            return false;
    if (count == DRY_RUNS_MAX)
        return false;
    told[count++] = operation;
    return true;
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

void
access_log_dry_run(const struct access_record *access)
{
    struct log_record record;
    if (!log_wanted(LOG_LEVEL_WARNING) || !is_first_dry_run(access->operation))
        return;
    log_begin(&record, LOG_LEVEL_WARNING, "would-refuse");
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

void
access_log_write(const struct access_record *access)
{
    bool refused = access->end == ACCESS_REFUSED;
    bool malformed = access->end == ACCESS_MALFORMED;
    enum log_level level = refused || malformed ? LOG_LEVEL_WARNING
                           : access->routine    ? LOG_LEVEL_DEBUG
                                                : LOG_LEVEL_INFO;
    if (refused)
        snprintf(last_refusal, sizeof(last_refusal), "%.*s %.*s from %s", (int)access->method.length,
                 access->method.data, access->target.length < 128 ? (int)access->target.length : 128,
                 access->target.data, access->client);
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
