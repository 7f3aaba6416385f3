#ifndef SOCKWARDEN_PROXY_HTTP_BODY_H
#define SOCKWARDEN_PROXY_HTTP_BODY_H

/*
 * Finds the end of a message body and, in a chunked one, the payload: the strict reader of RFC 9112 sections 6.2 and
 * 7.1. A chunk size is 1 to 8 hexadecimal digits, lines end with CRLF, extensions are looked over and dropped, trailer
 * fields must have the form of fields and are dropped, too. After an error the connection can't be trusted any more.
 * A value type that allocates nothing; used by exchange.c for both directions and by the fuzzers.
 */

#include "http_head.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_body_result {
    HTTP_BODY_MORE,  /* all bytes were consumed and no payload came of them */
    HTTP_BODY_DATA,  /* `payload` is a piece of the body; there may be more in the bytes not yet consumed */
    HTTP_BODY_END,   /* the body is complete; what was not consumed does not belong to it */
    HTTP_BODY_ERROR, /* the framing is broken */
};

/* Fields are private to http_body.c. */
struct http_body {
    enum http_framing framing;
    uint64_t left; /* payload bytes to come of the body or the chunk */
    int state;
    unsigned digits;
    uint64_t overhead; /* bytes of the extension or the trailers so far */
    uint64_t extension_max;
    uint64_t trailers_max;
};

/* Bytes of a chunk's extension, and of all trailer fields with their line ends; http_body_bound sets others. */
enum { HTTP_CHUNK_EXTENSION_SIZE = 1024, HTTP_TRAILERS_SIZE = 8 * 1024 };

/* `length` counts with HTTP_BODY_LENGTH only. */
void http_body_begin(struct http_body *body, enum http_framing framing, uint64_t length);

/* Other limits for a body that was begun; more than them is HTTP_BODY_ERROR. */
void http_body_bound(struct http_body *body, uint64_t extension_size, uint64_t trailers_size);

/* Call again with the rest after HTTP_BODY_DATA. With no body at all the first call gives HTTP_BODY_END. */
enum http_body_result http_body_read(struct http_body *body, const char *bytes, size_t length, size_t *consumed,
                                     struct slice *payload);

/*
 * How many of the next bytes are payload whatever they are, and that so many were passed on without being read here: at
 * most as many as http_body_unseen said.
 */
uint64_t http_body_unseen(const struct http_body *body);
void http_body_pass(struct http_body *body, size_t length);

/* True where the sender may end a chunked body with a last chunk and nothing would be cut. */
bool http_body_is_between_chunks(const struct http_body *body);

/* True when no byte is needed to know that the body is complete. */
bool http_body_is_complete(const struct http_body *body);

/* The size line of a chunk, CRLF included; `line` must hold HTTP_CHUNK_LINE_SIZE bytes. Returns its length. */
enum { HTTP_CHUNK_LINE_SIZE = 20 };
size_t http_chunk_line(char *line, size_t payload_length);

#endif
