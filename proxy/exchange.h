#ifndef SOCKWARDEN_PROXY_EXCHANGE_H
#define SOCKWARDEN_PROXY_EXCHANGE_H

/*
 * THE state machine of one request and its answer: judged, dialled, relayed both ways at once, or handed to a tunnel
 * when the engine takes the connection over. The owner is client.c, which reads heads and hands everything behind the
 * head to the exchange until `done` was called. An exchange has one engine connection of its own and never shares it.
 * Invariants: the engine gets no byte before the verdict; a request that the client did not finish is never finished
 * towards the engine, nor an answer towards the client; `done` is called once, last.
 */

#include "http_head.h"
#include "transport.h"

#include <stdbool.h>

struct config;
struct event_base;
struct listener_config;
struct deadline;
struct exchange;
struct reaper;
struct upstream;

/* What all exchanges share; outlives them. */
struct exchange_services {
    struct event_base *base;
    struct reaper *reaper;
    struct upstream *upstream;
    bool stopping; /* the process stops: no connection is kept for a next request */
    bool crowded;  /* every place is taken and others wait: none is kept either */
    /* Writes what there is to tell of the process behind "healthy", to somebody who asks; NULL: nothing. */
    void (*describe)(void *owner, char *text, size_t size);
    void *describer;
};

/* What the client connection is good for after the exchange. */
enum exchange_outcome {
    EXCHANGE_KEEP,  /* the next request may follow */
    EXCHANGE_CLOSE, /* what is queued goes out, then the connection ends in order */
    EXCHANGE_ABORT, /* at once, as a reset: the client must not take what it has for the whole */
};

struct exchange_handler {
    void (*done)(void *owner, enum exchange_outcome outcome);
};

/* The client's side of an exchange; everything is borrowed from the client and outlives the exchange. */
struct exchange_client {
    struct transport *transport;
    struct deadline *limit; /* free to use while the exchange runs */
    const char *name;       /* for the log */
    const struct config *config;
    const struct listener_config *listener; /* where it came in: the policy */
    bool local;                             /* it is of this host: it may ask for our health whatever allow_from says */
    bool last;                              /* no further request will be taken */
    size_t followed; /* bytes behind the head that were read along with it: the transport does not know of them yet */
};

/*
 * Judges the request. Nothing is sent or called yet. `head` is borrowed for this call. Returns NULL when memory is
 * short.
 */
struct exchange *exchange_new(const struct exchange_services *services, const struct exchange_client *client,
                              const struct http_head *head, const struct exchange_handler *handler, void *owner);

/* Refuses or dials; may call `done`. */
void exchange_start(struct exchange *exchange);

/*
 * Refuses it, whatever the verdict: the client may not use this listener. A local client's question for our health is
 * answered. May call `done`.
 */
void exchange_bar(struct exchange *exchange);

/* What the client's transport asks and tells, while the exchange runs. `received` returns how much it took. */
size_t exchange_client_received(struct exchange *exchange, const char *bytes, size_t length);
uint64_t exchange_client_unseen(const struct exchange *exchange, struct transport **sink);
void exchange_client_passed(struct exchange *exchange, size_t length);
void exchange_client_ended(struct exchange *exchange);
void exchange_client_drained(struct exchange *exchange);
void exchange_client_failed(struct exchange *exchange);

/*
 * The process stops. Endless answers end in order as soon as a chunk is complete; with `now` everything ends: what has
 * no answer yet gets a 503, tunnels get FIN both ways, the rest is cut.
 */
void exchange_shutdown(struct exchange *exchange, bool now);

/* Ends it without a call of `done`: the client connection is gone. NULL is let pass. */
void exchange_free(struct exchange *exchange);

#endif
