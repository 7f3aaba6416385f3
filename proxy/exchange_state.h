#ifndef SOCKWARDEN_PROXY_EXCHANGE_STATE_H
#define SOCKWARDEN_PROXY_EXCHANGE_STATE_H

/*
 * The inside of an exchange, shared by the three files that make its machine and by nobody else: exchange.c (birth,
 * verdict, dial, end), exchange_request.c (what comes from the client) and exchange_answer.c (what comes from the
 * engine). The phase is the whole truth of where an exchange stands; it changes through exchange_set_phase only.
 */

#include "access_log.h"
#include "deadline.h"
#include "exchange.h"
#include "forward.h"
#include "http_body.h"
#include "policy/policy.h"
#include "reaper.h"
#include "text.h"

enum exchange_phase {
    EXCHANGE_NEW,
    EXCHANGE_DRAINING,   /* refused and answered; the body is thrown away */
    EXCHANGE_COLLECTING, /* the body must be whole before the engine is dialled */
    EXCHANGE_DIALLING,
    EXCHANGE_RELAYING,   /* both directions at once: request body up, answer down */
    EXCHANGE_TUNNELLING, /* the engine took the connection over */
    EXCHANGE_OVER,
};

struct exchange {
    struct reaper_entry dead; /* first: the reaper hands this address back */
    const struct exchange_services *services;
    const struct exchange_handler *handler;
    void *owner;
    enum exchange_phase phase;

    const struct config *config;
    const struct listener_config *listener;
    struct transport *client; /* the owner's */
    struct transport *engine; /* ours, from EXCHANGE_RELAYING on */
    struct dial *dial;
    struct tunnel *tunnel;
    struct deadline *limit; /* the owner's: when the answer must have begun */

    /* The request. */
    struct verdict verdict;
    struct http_body request; /* complete where nothing more is to be forwarded */
    enum http_framing request_framing;
    uint64_t request_length;
    struct forward_framing framing;
    struct slice upgrade;
    struct text head; /* what the engine gets first */
    struct text body; /* collected */
    int minor;
    bool wants_keep;
    bool expects_continue;
    /*
     * Go's client takes an answer that says Connection: close for the stream it asked for, whatever the status
     * (net/http httputil.ClientConn, as Docker's CLI uses it). So no answer to a wish for an upgrade says it.
     */
    bool asked_for_upgrade;
    bool to_head;
    bool asks_health; /* of ourselves; what the engine gets is our own question */
    bool local;
    bool collect;         /* read the body whole before the engine is dialled */
    bool discard;         /* … and throw it away */
    bool followed;        /* bytes behind the request so far were read along with it and are not yet the transport's */
    bool raw_behind_head; /* bytes behind the head are held for the tunnel */
    bool abandoned;       /* the engine takes no more of the body */

    /* The answer. */
    struct http_scanner scanner;
    struct text partial; /* of its head, where that came in parts */
    struct http_body answer;
    struct text answer_head; /* written, not yet sent */
    bool answer_begun;       /* a final head went to the client */
    bool dechunk;            /* an HTTP/1.0 client gets the payload alone */
    bool keep;               /* as announced in the head that went to the client */
    bool left_stream;        /* the client sent FIN, at which the engine ends a stream */
    bool ending;             /* the process stops: end at the next chunk border */

    /* The record. */
    const char *client_name;
    struct slice method;
    struct slice target;
    struct slice path;
    int status;
    uint64_t received;
    uint64_t sent;
    uint64_t began;
};

void exchange_set_phase(struct exchange *exchange, enum exchange_phase phase);
bool exchange_may_become_tunnel(const struct exchange *exchange);

/* Whether the client's connection can take a next request, as far as this request goes. */
bool exchange_can_keep(const struct exchange *exchange);

/* Ends the exchange: record, release, done. Nothing may touch it afterwards. */
void exchange_finish(struct exchange *exchange, enum access_end end, enum exchange_outcome outcome);

/* Ends it with an answer made here, before any byte of another one went out. */
void exchange_reply(struct exchange *exchange, int status, const char *message, enum access_end end);

/* The engine answered our question with this status. */
void exchange_answer_health(struct exchange *exchange, int status);

/* The body is whole: complete the head and dial. */
void exchange_body_collected(struct exchange *exchange);

/* The engine is connected: send the head, begin to relay. Takes the descriptor. */
void exchange_connected(struct exchange *exchange, int fd);

/* The engine's answer is complete, or over as far as the client goes. */
void exchange_answer_complete(struct exchange *exchange);

#endif
