#ifndef SOCKWARDEN_PROXY_ACCESS_LOG_H
#define SOCKWARDEN_PROXY_ACCESS_LOG_H

/*
 * One record for each exchange, written when it ended: who asked, what, which rule judged it, how it ended. Refusals
 * are of level warning, so that they are seen where access records are not. The fields are borrowed for the call.
 */

#include "policy/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct trial;

enum access_end {
    ACCESS_COMPLETE,      /* the answer was passed on whole */
    ACCESS_TUNNEL,        /* a taken-over connection, ended by its peers */
    ACCESS_CLIENT_CLOSED, /* the client left before the answer was complete */
    ACCESS_ENGINE_CLOSED, /* the engine left before it */
    ACCESS_ENGINE_ERROR,  /* the engine answered what can't be passed on */
    ACCESS_UNAVAILABLE,   /* the engine could not be reached */
    ACCESS_TIMEOUT,       /* the engine did not answer in time */
    ACCESS_BAD_BODY,      /* the request body was broken or too large */
    ACCESS_SHUTDOWN,      /* ended because the process stops */
    ACCESS_REFUSED,       /* by the policy */
    ACCESS_MALFORMED,     /* of a form that is refused whatever the policy */
    ACCESS_NO_MEMORY,
};

struct access_record {
    const char *client;
    const char *listener; /* that it came in by, by its name in the file; NULL where there is none */
    struct slice method;
    struct slice target;
    int status; /* 0 where no answer was sent */
    const char *operation;
    const char *rule;
    const char *cure;  /* refusals and malformed requests: what is missing or wrong */
    uint64_t received; /* payload bytes of the request and of what the client sent through a tunnel */
    uint64_t sent;     /* bytes of the answer's body and of a tunnel */
    uint64_t microseconds;
    enum access_end end;
    bool dry;     /* passed for dry_run alone: `rule` would have refused it */
    bool routine; /* of level debug: the process's own business */
};

void access_log_write(const struct access_record *access);

/*
 * A call that a dry run let pass: a warning the first time that the listener has such a call, and nothing more, so that
 * the log of a policy on trial can be read. `cure` is what would grant it.
 */
void access_log_dry_run(struct trial *trial, const struct access_record *access);

/* The call that was refused last, as "POST /containers/create from 172.18.0.3:4711"; empty before the first. Static. */
const char *access_log_last_refusal(void);

/* A request that never became an exchange, as its head could not be read. */
void access_log_malformed(const char *client, int status, const char *reason);

#endif
