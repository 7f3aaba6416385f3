#ifndef SOCKWARDEN_POLICY_SLICE_H
#define SOCKWARDEN_POLICY_SLICE_H

/*
 * A slice is text that somebody else owns: a pointer and a length in bytes, never NUL-terminated by contract.
 * Every layer may use it. A slice is valid only as long as the buffer it points into; whoever hands one out says
 * how long that is. Nothing here allocates.
 */

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *data;
    size_t length;
};

/* A slice over a string literal; the length is known to the compiler. */
#define SLICE_LITERAL(text) ((struct slice){(text), sizeof(text) - 1})

static inline struct slice
slice_from_string(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline bool
slice_equals(struct slice slice, struct slice other)
{
    return slice.length == other.length && (slice.length == 0 || memcmp(slice.data, other.data, slice.length) == 0);
}

/* ASCII case is ignored, as for HTTP field names (RFC 9110 section 5.1). */
static inline bool
slice_equals_ignoring_case(struct slice slice, struct slice other)
{
    return slice.length == other.length &&
           (slice.length == 0 || strncasecmp(slice.data, other.data, slice.length) == 0);
}

#endif
