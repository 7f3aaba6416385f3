#ifndef SOCKWARDEN_TESTS_POLICY_DATA_H
#define SOCKWARDEN_TESTS_POLICY_DATA_H

/*
 * Reads the case files of tests/policy for the policy tests: one case a line, columns between tabs, "\xNN" for a byte
 * that text cannot show, "#" at the beginning of a line for a comment. Everything fails the running test by itself.
 */

/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "slice.h"

#include <stdio.h>
#include <stdlib.h>

enum { DATA_COLUMNS = 6 };

/* Undoes "\xNN" in place; what comes out may hold NUL bytes. */
static inline struct slice
data_unescape(char *text)
{
    char *out = text;
    for (char *at = text; *at != '\0'; at++) {
        unsigned value = 0;
        if (at[0] == '\\' && at[1] == 'x' && sscanf(at + 2, "%2x", &value) == 1) {
            *out++ = (char)value;
            at += 3;
        } else {
            *out++ = *at;
        }
    }
    struct slice result = {text, (size_t)(out - text)};
    *out = '\0';
    return result;
}

/* Calls `each` for every case of the file; returns how many there were. */
static inline size_t
data_for_each(const char *file, void (*each)(struct slice columns[DATA_COLUMNS], void *owner), void *owner)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/policy/%s", TEST_DATA_DIR, file);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    char *line = NULL;
    size_t capacity = 0;
    size_t count = 0;
    while (getline(&line, &capacity, stream) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || line[0] == '\0')
            continue;
        struct slice columns[DATA_COLUMNS] = {{"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}, {"", 0}};
        char *rest = line;
        for (size_t i = 0; i < DATA_COLUMNS && rest != NULL; i++) {
            char *column = strsep(&rest, "\t");
            columns[i] = data_unescape(column);
        }
        each(columns, owner);
        count++;
    }
    free(line);
    fclose(stream);
    return count;
}

/* A copy on the heap, exactly as long as the slice, so that a sanitizer sees a read behind its end. */
static inline struct slice
data_exact_copy(struct slice text)
{
    char *copy = malloc(text.length > 0 ? text.length : 1);
    assert_non_null(copy);
    memcpy(copy, text.data, text.length);
    return (struct slice){copy, text.length};
}

static inline void
assert_slice_equal(struct slice got, struct slice wanted)
{
    if (!slice_equals(got, wanted))
        fail_msg("\"%.*s\" is not \"%.*s\"", (int)got.length, got.data, (int)wanted.length, wanted.data);
}

#endif
