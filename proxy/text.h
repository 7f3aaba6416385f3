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

struct text {
    char *data;
    size_t length;
    size_t capacity;
    bool failed;
};

void text_append(struct text *text, struct slice bytes);
void text_append_string(struct text *text, const char *string);
void text_append_number(struct text *text, uint64_t number);

/* Makes room for so many bytes in all, to spare later growth. */
void text_reserve(struct text *text, size_t capacity);

/* A copy of a string, to be freed. NULL: no memory. */
char *text_copy(const char *string);

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
