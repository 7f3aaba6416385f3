#ifndef SOCKWARDEN_PROXY_UPSTREAM_H
#define SOCKWARDEN_PROXY_UPSTREAM_H

/*
 * Dials the engine, one connection an exchange, never reused. The address is looked at again on every dial, so that an
 * engine that was restarted, or whose socket file was replaced, is found without a restart here. A dial waits only
 * where the kernel makes it wait (a TCP handshake, a full backlog of a unix socket); everything else fails at once.
 * What is wrong with the engine is logged when it changes, not for every call. Used by exchange.c.
 */

#include "address.h"

#include <stdint.h>

struct event_base;
struct reaper;
struct upstream;
struct dial;

enum { UPSTREAM_PROBLEM_SIZE = 512 };

/* How a dial ended: a connected descriptor that the owner takes over, or -1 with a status and a sentence. */
struct dial_result {
    int fd;
    int status; /* 503; 504 when the engine did not accept in time, 502 when it accepted and reset at once */
    char problem[UPSTREAM_PROBLEM_SIZE];
};

/* Without an address until upstream_set. NULL: no memory. */
struct upstream *upstream_new(struct event_base *base, struct reaper *reaper);

/* Where the dials from now on go; `connect_timeout` and `keepalive` are in milliseconds. The address is copied. */
void upstream_set(struct upstream *upstream, const struct address *address, uint64_t connect_timeout,
                  uint64_t keepalive);
void upstream_free(struct upstream *upstream);

/*
 * Begins to dial and calls `done` once, often before this returns; then NULL is returned, otherwise a dial that can be
 * cancelled until `done` was called. `result` is valid during the call only.
 */
struct dial *upstream_dial(struct upstream *upstream, void (*done)(void *owner, const struct dial_result *result),
                           void *owner);

/* Gives a dial up; `done` will not be called. NULL is let pass. */
void dial_cancel(struct dial *dial);

/* Asks the engine's address once and logs when it can't be reached, without failing: for the start of the process. */
void upstream_probe(struct upstream *upstream);

#endif
