#include "quantity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NUMBER_SIZE = 32 };

struct unit {
    const char *suffix;
    uint64_t factor;
};

/* A bare number is in seconds, as people write timeouts. */
static const struct unit duration_units[] = {{"", 1000},   {"ms", 1},      {"s", 1000},
                                             {"m", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit size_units[] = {
    {"", 1}, {"k", 1024}, {"m", 1024 * 1024}, {"g", 1024 * 1024 * 1024}, {NULL, 0}};
static const struct unit no_units[] = {{"", 1}, {NULL, 0}};

static const struct unit *
units_of(enum quantity_kind kind)
{
    return kind == QUANTITY_DURATION ? duration_units : kind == QUANTITY_SIZE ? size_units : no_units;
}

bool
quantity_parse(enum quantity_kind kind, const char *text, uint64_t *quantity)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *suffix;
    errno = 0;
    unsigned long long number = strtoull(text, &suffix, 10);
    if (errno != 0)
        return false;
    for (const struct unit *unit = units_of(kind); unit->suffix != NULL; unit++) {
        if (strcasecmp(suffix, unit->suffix) == 0) {
            if (number > UINT64_MAX / unit->factor)
                return false;
            *quantity = number * unit->factor;
            return true;
        }
    }
    return false;
}

/* In the largest unit that leaves no rest. */
static void
print(enum quantity_kind kind, uint64_t quantity, char text[NUMBER_SIZE])
{
    const struct unit *best = &no_units[0];
    for (const struct unit *unit = units_of(kind); quantity > 0 && unit->suffix != NULL; unit++)
        if (quantity % unit->factor == 0 && unit->factor >= best->factor)
            best = unit;
    snprintf(text, NUMBER_SIZE, "%llu%s", (unsigned long long)(quantity / best->factor), best->suffix);
}

static void
describe(enum quantity_kind kind, uint64_t minimum, uint64_t maximum, const char *form, char *text, size_t size)
{
    char least[NUMBER_SIZE];
    char most[NUMBER_SIZE];
    print(kind, minimum, least);
    print(kind, maximum, most);
    snprintf(text, size, "%s from %s to %s", form, least, most);
}

void
quantity_describe(enum quantity_kind kind, uint64_t minimum, uint64_t maximum, char *text, size_t size)
{
    static const char *const forms[] = {
        [QUANTITY_DURATION] = "a time such as 500ms, 10s, 5m or 1h (a bare number is in seconds)",
        [QUANTITY_SIZE] = "a number of bytes, k or m for more",
        [QUANTITY_COUNT] = "a whole number",
    };
    describe(kind, minimum, maximum, forms[kind], text, size);
}

void
quantity_describe_briefly(enum quantity_kind kind, uint64_t minimum, uint64_t maximum, char *text, size_t size)
{
    static const char *const forms[] = {
        [QUANTITY_DURATION] = "a time", [QUANTITY_SIZE] = "a size", [QUANTITY_COUNT] = "a number"};
    describe(kind, minimum, maximum, forms[kind], text, size);
}
