#ifndef SOCKWARDEN_PROXY_REPLY_H
#define SOCKWARDEN_PROXY_REPLY_H

/*
 * Answers that are made here, in the engine's own form: application/json exactly and {"message": "…"}, which is what
 * Docker's clients show to people; clients of Podman's own API also read "cause" and "response". Used by client.c and
 * exchange.c.
 */

#include <stdbool.h>

struct transport;

enum reply_connection {
    REPLY_SILENT,        /* an HTTP/1.1 client that goes on, or one that must not read what becomes of the connection */
    REPLY_KEEP_ALIVE_10, /* an HTTP/1.0 client that asked for it */
    REPLY_CLOSE,         /* the owner closes behind it */
};

struct reply {
    int status;
    const char *message; /* gets "sockwarden: " in front, and is cut where the body would pass 2 KiB */
    bool to_head;        /* the body is left out */
    bool with_cause;     /* as Podman's own API */
    enum reply_connection connection;
};

/* Writes a whole answer; returns the bytes written. */
unsigned long reply_write(struct transport *transport, const struct reply *reply);

#endif
