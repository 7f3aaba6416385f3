#ifndef SOCKWARDEN_PROXY_FORWARD_H
#define SOCKWARDEN_PROXY_FORWARD_H

/*
 * Writes the heads that are passed on. Not a byte of a client's head reaches the engine as it came: the request head is
 * written anew from the decision (canonical target, own Host, own framing, own Connection) with the fields that the
 * policy lets through; the answer's head is the engine's without what belongs to that one connection. Pure; used by
 * exchange.c.
 */

#include "http_head.h"
#include "text.h"

/* The request line and the fields that pass; the head is not complete before forward_end_request. */
void forward_begin_request(struct text *text, const struct http_head *head, struct slice canonical_target);

/* How the body is sent, which may not be as it came. */
struct forward_framing {
    enum http_framing framing;
    uint64_t length;      /* with HTTP_BODY_LENGTH */
    bool announce_length; /* send Content-Length: 0 for an empty body, as the client did */
};

/* `upgrade` is the protocol to ask for; its data is NULL for none. */
void forward_end_request(struct text *text, const struct forward_framing *framing, struct slice upgrade);

enum forward_connection { FORWARD_SILENT, FORWARD_CLOSE, FORWARD_KEEP_ALIVE };

struct forward_answer {
    const struct http_head *head;
    enum http_framing framing; /* as it is sent to the client */
    bool keep_length;          /* Content-Length is information here: an answer to HEAD, a 304 */
    bool upgrade;              /* a 101: Connection and Upgrade belong to the answer */
    enum forward_connection connection;
};

void forward_write_answer(struct text *text, const struct forward_answer *answer);

#endif
