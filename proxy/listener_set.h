#ifndef SOCKWARDEN_PROXY_LISTENER_SET_H
#define SOCKWARDEN_PROXY_LISTENER_SET_H

/*
 * The listeners of the running process, as one configuration snapshot names them. A new snapshot is opened whole or not
 * at all: listeners whose address stays are kept with their backlog and get the new settings, new ones are opened,
 * those that are named no more are closed last. Owned by server.c.
 */

#include <stdbool.h>
#include <stdint.h>

struct config;
struct event_base;
struct listener_config;
struct listener_set;
struct sockaddr;

/* Where a client came in; never used again for another listener, so it can be asked for at any time. */
typedef uint64_t listener_set_entrance;

struct listener_set_handler {
    /* `fd` is non-blocking and the owner's; the rest is borrowed. `config` is the snapshot that `listener` is part of.
     */
    void (*accepted)(void *owner, listener_set_entrance entrance, struct config *config,
                     const struct listener_config *listener, int fd, const struct sockaddr *peer, const char *name);
    /* accept(2) failed for want of descriptors or memory (errno): the owner pauses the set. */
    void (*exhausted)(void *owner, int error);
};

/* An empty set. NULL: no memory. */
struct listener_set *listener_set_new(struct event_base *base, const struct listener_set_handler *handler, void *owner);

/*
 * Listens where `config` says, of which the set takes a reference for each listener. On failure writes a sentence of
 * at most LISTENER_PROBLEM_SIZE bytes to `problem` and leaves everything as it was.
 */
bool listener_set_open(struct listener_set *set, struct config *config, char *problem);

/* What holds there by the snapshot that was opened last; NULL: that listener is gone. */
const struct listener_config *listener_set_settings(const struct listener_set *set, listener_set_entrance entrance);

/* While paused, clients wait in the backlog. Holds for listeners that are opened later, too. */
void listener_set_pause(struct listener_set *set, bool pause);

/* Stops listening everywhere. */
void listener_set_close(struct listener_set *set);

/* NULL is let pass. */
void listener_set_free(struct listener_set *set);

#endif
