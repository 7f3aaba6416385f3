#ifndef SOCKWARDEN_TESTS_FUZZ_PLAIN_HTTP_H
#define SOCKWARDEN_TESTS_FUZZ_PLAIN_HTTP_H

/*
 * HTTP/1 read in the plainest way, from whole messages in memory: the fuzzers' second opinion. It shares no code with
 * proxy/ and is lenient where that is strict; what passes the proxy must read the same here.
 */

#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum { PLAIN_FIELDS_MAX = 300 };

enum plain_result {
    PLAIN_CUT, /* what there is may go on well */
    PLAIN_END,
    PLAIN_BAD,
};

struct plain_field {
    struct slice name;
    struct slice value; /* trimmed */
};

struct plain_head {
    struct slice words[3]; /* of the first line: up to the first blank, up to the next, the rest */
    struct plain_field fields[PLAIN_FIELDS_MAX];
    size_t count;
    size_t size; /* bytes, the empty line included */
};

/* Takes the first head apart. PLAIN_BAD where a field has no colon or there are too many. */
enum plain_result plain_head_read(struct slice bytes, struct plain_head *head);

/* How many fields have this name; `value` gets the last one's. Nothing is written where there is none. */
size_t plain_find(const struct plain_head *head, const char *name, struct slice *value);

/* The Content-Length of a head, or -1 where there is none or it is no number. */
long long plain_length(const struct plain_head *head);

bool plain_is_chunked(const struct plain_head *head);

/*
 * Reads a chunked body. `payload` must hold as many bytes as there are, and gets as much as could be read, whatever the
 * result; with PLAIN_END `consumed` is set. Bodies with trailers of more than 8000 bytes are cut.
 */
enum plain_result plain_chunked(struct slice bytes, char *payload, size_t *length, size_t *consumed);

struct slice plain_trim(struct slice text);
bool plain_is_token(struct slice text);
bool plain_same_word(struct slice text, const char *word); /* ASCII case is ignored */

#endif
