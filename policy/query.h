#ifndef SOCKWARDEN_POLICY_QUERY_H
#define SOCKWARDEN_POLICY_QUERY_H

/*
 * The parameters of a query, read so that no engine reads them in another way: Docker takes the first of several and
 * compares names exactly, Podman takes the last and folds their case. Used inside the policy library only. A query is
 * the canonical one of a target, whose escapes have been checked; nothing is allocated.
 */

#include "target.h"

#include <stdint.h>

enum query_count {
    QUERY_ABSENT,
    QUERY_ONCE,
    QUERY_UNCLEAR, /* more than once, or in a spelling that only some engines take for it */
};

/* Looks for a parameter; `value` is set to its raw text where it is there once. */
enum query_count query_find(struct slice query, struct slice name, struct slice *value);

/* True when the raw name or value, decoded, is `wanted`. */
bool query_text_equals(struct slice text, struct slice wanted);

/* The same, but for the case of ASCII letters. */
bool query_text_resembles(struct slice text, struct slice wanted);

/* Writes what a raw name or value is, decoded, to `out`; false where it is longer than `size`. */
bool query_decode(struct slice text, char *out, size_t size, size_t *length);

enum { QUERY_DIGITS = 18 };

/* The number that a raw value is: 1 to 18 decimal digits and nothing else. */
bool query_number(struct slice text, uint64_t *number);

#endif
