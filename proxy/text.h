#ifndef SOCKWARDEN_PROXY_TEXT_H
#define SOCKWARDEN_PROXY_TEXT_H

/*
 * A growing run of bytes on the heap, for heads that are collected or written. A zeroed struct is an empty text.
 * Running out of memory is remembered in `failed`, so that a row of appends is checked once at its end; a failed text
 * keeps what it had. The owner frees it with text_free.
 */

#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

/* Makes room for so many bytes in all, to spare later growth. */
void text_reserve(struct text *text, size_t capacity);

static inline void
text_append(struct text *text, struct slice bytes)
{
    if (bytes.length > text->capacity - text->length)
        text_reserve(text, text->length + bytes.length);
    if (text->failed || bytes.length == 0)
        return;
    memcpy(text->data + text->length, bytes.data, bytes.length);
    text->length += bytes.length;
}

/* "Name: value" and the line's end, as heads have it. */
void text_append_field(struct text *text, struct slice name, struct slice value);

void text_append_string(struct text *text, const char *string);
void text_append_number(struct text *text, uint64_t number);

/* A number without a printf, for what is written on the way of a request; returns how many digits it has. No NUL. */
enum { TEXT_DIGITS_MAX = 20 };
size_t text_write_number(char *digits, uint64_t number);

/* The last `count` digits of a number, with zeros in front. */
void text_write_digits(char *digits, size_t count, uint64_t number);

/*
 * How many bytes of ASCII there are in front of the first that can't stand for itself within double quotes, or, with
 * `bare`, without them in a record of the log, where a blank and a = end a value.
 */
size_t text_plain_run(struct slice text, bool bare);

/* A copy of a string, to be freed. NULL: no memory. */
char *text_copy(const char *string);

/* What an English noun ends in behind a number: "1 client", "2 clients". */
static inline const char *
text_plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Letters of UTF-8 text: the bytes that go on with one do not count. */
size_t text_letters(const char *string);

/* The length of the letter of UTF-8 that begins here, of several bytes and none that controls a terminal or a
 * line; else 0. */
size_t text_letter_length(const char *bytes, size_t length);

/* `string` in lines of up to 100 columns, each behind `indent` blanks. */
void text_print_wrapped(const char *string, int indent, FILE *output);

struct slice text_slice(const struct text *text);
void text_free(struct text *text);

#endif
