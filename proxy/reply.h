#ifndef SOCKWARDEN_PROXY_REPLY_H
#define SOCKWARDEN_PROXY_REPLY_H

/*
 * Answers that are made here, in the engine's own form: application/json exactly and {"message": "…"}, which is what
 * Docker's clients show to people. Used by client.c and exchange.c.
 */

#include <stdbool.h>

struct transport;

enum reply_connection {
    REPLY_SILENT,        /* an HTTP/1.1 client that goes on, or one that must not read what becomes of the connection */
    REPLY_KEEP_ALIVE_10, /* an HTTP/1.0 client that asked for it */
    REPLY_CLOSE,         /* the owner closes behind it */
};

/*
 * Writes a whole answer; `message` gets "sockwarden: " in front and is cut where the body would pass 2 KiB. For an
 * answer to HEAD the body is left out. Returns the bytes written.
 */
unsigned long reply_write(struct transport *transport, int status, const char *message, bool to_head,
                          enum reply_connection connection);

#endif
