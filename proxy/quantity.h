#ifndef SOCKWARDEN_PROXY_QUANTITY_H
#define SOCKWARDEN_PROXY_QUANTITY_H

/*
 * Times, sizes and counts as settings have them: "500ms", "64k", "128". Pure; used by options.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum quantity_kind {
    QUANTITY_DURATION, /* in milliseconds; a bare number is in seconds */
    QUANTITY_SIZE,     /* in bytes */
    QUANTITY_COUNT,
};

/* Digits and a unit, in any case, and nothing else. */
bool quantity_parse(enum quantity_kind kind, const char *text, uint64_t *quantity);

/* "a time such as 500ms, 10s, 5m or 1h (a bare number is in seconds) from 10ms to 1h" */
void quantity_describe(enum quantity_kind kind, uint64_t minimum, uint64_t maximum, char *text, size_t size);

/* "a time from 10ms to 1h" */
void quantity_describe_briefly(enum quantity_kind kind, uint64_t minimum, uint64_t maximum, char *text, size_t size);

#endif
