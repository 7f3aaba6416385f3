#ifndef SOCKWARDEN_PROXY_LISTENER_H
#define SOCKWARDEN_PROXY_LISTENER_H

/*
 * A listening socket: binds, accepts, names its clients, and can be paused without losing who waits in the backlog.
 * A unix socket's stale file is replaced, a live one and anything that is no socket are left alone and refused; the
 * file is removed when the listener is freed. Owned by server.c.
 */

#include "address.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct listener;

struct listener_handler {
    /* `fd` is non-blocking and the owner's; `peer` and `name` are borrowed for the call. */
    void (*accepted)(void *owner, int fd, const struct sockaddr *peer, const char *name);
    /* accept(2) failed for want of descriptors or memory (errno): the owner pauses it. */
    void (*exhausted)(void *owner, int error);
};

enum { LISTENER_PROBLEM_SIZE = 320 };

/*
 * `keepalive`, in milliseconds, is for the TCP connections it accepts. Listens at `address`; [::] takes IPv4, too, and
 * becomes 0.0.0.0 on a host without IPv6. On failure returns NULL and writes a sentence to `problem`.
 */
struct listener *listener_new(struct event_base *base, const struct address *address, uint64_t keepalive,
                              const struct listener_handler *handler, void *owner, char *problem);

/* The address in use, with the port that the kernel chose where it was 0. */
const struct address *listener_address(const struct listener *listener);

void listener_pause(struct listener *listener, bool pause);

/* NULL is let pass. */
void listener_free(struct listener *listener);

#endif
