#ifndef SOCKWARDEN_PROXY_HTTP_SCAN_H
#define SOCKWARDEN_PROXY_HTTP_SCAN_H

/*
 * Looks at each byte of an HTTP/1 head as it arrives, finds its end, and refuses at the first byte that no head may
 * hold there and at the first that is beyond a limit. What the bytes mean is http_head.h's. Nothing here allocates,
 * logs or knows a socket; used by client.c, exchange_answer.c and the fuzzers.
 */

#include <stdbool.h>
#include <stddef.h>

/* What the scanner lets pass; all in bytes but `fields`. */
struct http_limits {
    size_t head;
    size_t target;
    size_t fields;
};

enum http_scan_result { HTTP_SCAN_MORE, HTTP_SCAN_COMPLETE, HTTP_SCAN_BAD };

/* A zeroed scanner is at the begin of a head. Fields are private to http_scan.c. */
struct http_scanner {
    size_t size;
    size_t line_length;
    size_t lines;
    size_t spaces;
    size_t target_length;
    bool carriage_return;
    int status;         /* with HTTP_SCAN_BAD: the status to answer */
    const char *reason; /* and a static sentence */
};

/*
 * Looks at the next bytes of a head. With HTTP_SCAN_COMPLETE, `consumed` tells how many of them belong to it; with
 * HTTP_SCAN_MORE all do. `request` tells that the first line is a request line, whose form is checked as it comes.
 */
enum http_scan_result http_scan(struct http_scanner *scanner, const struct http_limits *limits, bool request,
                                const char *bytes, size_t length, size_t *consumed);

#endif
