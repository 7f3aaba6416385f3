#ifndef SOCKWARDEN_PROXY_CLIENT_H
#define SOCKWARDEN_PROXY_CLIENT_H

/*
 * One client connection: reads one head at a time through both gates, gives it to an exchange, and looks for the next
 * only when that is over. It answers what can't become an exchange (400, 408, 414, 431), keeps the limits on heads and
 * idle time, and ends the connection in order: what is queued goes out, FIN, and what the client still sends is thrown
 * away for a moment, so that a reset does not destroy the last answer on its way. Owned by server.c.
 */

#include "exchange.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_handler {
    /* The connection is gone; the client frees itself at the end of the turn. */
    void (*closed)(void *owner, struct client *client);
    /* It was told of new settings and is between two requests: client_take_settings or client_retire. */
    void (*outdated)(void *owner, struct client *client);
};

/* Where a connection comes from. */
struct client_origin {
    uint64_t entrance; /* of the listener, for the owner */
    int fd;
    const char *name; /* stands in the log */
    bool is_local;    /* the peer is of this host */
};

/*
 * Takes the descriptor of `origin`, and copies the rest. The client keeps
 * `config`, of which `listener` is a part, until it gets others. Returns NULL when memory is short; `fd` is closed
 * then.
 */
struct client *client_new(const struct exchange_services *services, struct config *config,
                          const struct listener_config *listener, const struct client_origin *origin,
                          const struct client_handler *handler, void *owner);

/* Of its origin; the descriptor for as long as it was not told to be closed. */
uint64_t client_entrance(const struct client *client);
int client_socket(const struct client *client);

/* Closes a connection that was served and now idles, to make room for one that waits; false where it is not so. */
bool client_make_room(struct client *client);

/*
 * There are new settings. They hold from the next request on: `outdated` is called now, or when the exchange that runs
 * is over.
 */
void client_outdate(struct client *client);

/* The settings of the next requests; whether it is admitted is to be decided anew. */
void client_take_settings(struct client *client, struct config *config, const struct listener_config *listener);

/* Its listener is gone: closes it if it idles; a first request that is on its way is served as it would have been,
 * if it comes in the time that a head has. */
void client_retire(struct client *client);

/* Until client_admit nothing is read; with `admitted` false each request is refused for where it comes from. */
void client_await_admission(struct client *client);
void client_admit(struct client *client, bool admitted);

/* The process stops: see exchange_shutdown. An idle connection is closed at once. May call `closed`. */
void client_shutdown(struct client *client, bool now);

/* Closes it whatever it does. Calls `closed`. */
void client_close(struct client *client);

/* Room for the owner's list: two pointers. */
struct client **client_link(struct client *client);

#endif
