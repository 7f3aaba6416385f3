#ifndef SOCKWARDEN_PROXY_LISTENER_H
#define SOCKWARDEN_PROXY_LISTENER_H

/*
 * One place that clients connect to: a socket of our own (bind.c) or those that were passed under a name (passed.c).
 * Accepts, names its clients, and can be paused without losing who waits in the backlog. The file of a unix socket is
 * removed with the listener, as long as it is still that one. Owned by listener_set.c.
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

enum { LISTENER_PROBLEM_SIZE = 512 };

/*
 * `keepalive`, in milliseconds, is for the TCP connections it accepts. Listens at `address`; `beside`: a listener that
 * was told to yield may hold an address that overlaps. On failure returns NULL and writes a sentence to `problem`.
 */
struct listener *listener_new(struct event_base *base, const struct address *address, bool beside, uint64_t keepalive,
                              const struct listener_handler *handler, void *owner, char *problem);

/* The address in use, with the port that the kernel chose where it was 0. */
const struct address *listener_address(const struct listener *listener);

/* The addresses of its sockets, parted by commas; where it has one of its own it is that of listener_address. */
void listener_list_sockets(const struct listener *listener, char *text, size_t size);

/* True while clients find it: the file of a unix socket is where it was made. */
bool listener_is_reachable(const struct listener *listener);

/* True where this other name of a unix socket leads to its file: through a link, or with /./ in it. */
bool listener_is_at(const struct listener *listener, const struct address *address);

/*
 * Takes over what can change while it listens: the mode, owner and group of a unix socket's file, and keep-alive for
 * the connections to come. False with a sentence in `problem`; what was changed until then is for another call to undo.
 */
bool listener_adapt(struct listener *listener, const struct address *address, uint64_t keepalive, char *problem);

/* Lets a successor listen at an address that overlaps, or no more. */
void listener_yield(struct listener *listener, bool yields);

/* Whether clients come over TCP, over a unix socket, or both, as sockets that were passed under one name may. */
bool listener_has_tcp(const struct listener *listener);
bool listener_has_unix(const struct listener *listener);

void listener_pause(struct listener *listener, bool pause);

/* Lets nobody in any more but who waits in the backlog, unless it is paused; for a listener that is freed next. */
void listener_retire(struct listener *listener);

/* NULL is let pass. */
void listener_free(struct listener *listener);

#endif
