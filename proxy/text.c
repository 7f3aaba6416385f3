#include "text.h"
#include "bytes.h"

#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 100 };

void
text_reserve(struct text *text, size_t capacity)
{
    if (text->failed || capacity <= text->capacity)
        return;
    size_t size = text->capacity > 0 ? text->capacity : 512;
    while (size < capacity)
        size *= 2;
    char *data = realloc(text->data, size);
    if (data == NULL) {
        text->failed = true;
        return;
    }
    text->data = data;
    text->capacity = size;
}

void
text_append_string(struct text *text, const char *string)
{
    text_append(text, slice_from_string(string));
}

void
text_append_field(struct text *text, struct slice name, struct slice value)
{
    text_reserve(text, text->length + name.length + value.length + 4);
    if (text->failed)
        return;
    char *at = text->data + text->length;
    memcpy(at, name.data, name.length);
    memcpy(at + name.length, ": ", 2);
    at += name.length + 2;
    memcpy(at, value.data, value.length);
    memcpy(at + value.length, "\r\n", 2);
    text->length += name.length + value.length + 4;
}

void
text_append_number(struct text *text, uint64_t number)
{
    char digits[TEXT_DIGITS_MAX];
    text_append(text, (struct slice){digits, text_write_number(digits, number)});
}

size_t
text_write_number(char *digits, uint64_t number)
{
    size_t length = 1;
    for (uint64_t rest = number; rest > 9; rest /= 10)
        length++;
    text_write_digits(digits, length, number);
    return length;
}

void
text_write_digits(char *digits, size_t count, uint64_t number)
{
    for (; count > 0; count--, number /= 10)
        digits[count - 1] = (char)('0' + number % 10);
}

/* One bit a byte: what stands for itself within quotes, and what needs none. */
static const uint32_t PLAIN_BYTES[256 / 32] = {[1] = 0xfffffffb, [2] = 0xefffffff, [3] = 0x7fffffff};
static const uint32_t BARE_BYTES[256 / 32] = {[1] = 0xdffffffa, [2] = 0xefffffff, [3] = 0x7fffffff};

size_t
text_plain_run(struct slice text, bool bare)
{
    size_t run = 0;
    for (; run + BYTES_A_WORD <= text.length; run += BYTES_A_WORD) {
        uint64_t word = bytes_load(text.data + run);
        uint64_t marks = bytes_below(word, bare ? 0x21 : 0x20) | bytes_above_ascii(word) | bytes_equal(word, 0x7f) |
                         bytes_equal(word, '"') | bytes_equal(word, '\\') | (bare ? bytes_equal(word, '=') : 0);
        if (bytes_marked(marks) != 0)
            return run + bytes_first(bytes_marked(marks));
    }
    const uint32_t *set = bare ? BARE_BYTES : PLAIN_BYTES;
    for (; run < text.length; run++) {
        unsigned char byte = (unsigned char)text.data[run];
        if ((set[byte / 32] >> (byte % 32) & 1) == 0)
            break;
    }
    return run;
}

size_t
text_letters(const char *string)
{
    size_t count = 0;
    for (; *string != '\0'; string++)
        count += ((unsigned char)*string & 0xc0) != 0x80;
    return count;
}

size_t
text_letter_length(const char *bytes, size_t length)
{
    const unsigned char *at = (const unsigned char *)bytes;
    size_t size = length == 0 || at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    if (size == 0 || size > length)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool control = at[0] == 0xc2 && at[1] < 0xa0;
    /* Ends of lines and of paragraphs, and what turns the direction of the text. */
    bool turn =
        at[0] == 0xe2 && ((at[1] == 0x80 && (at[2] | 1) == 0x8f) || (at[1] == 0x80 && at[2] >= 0xa8 && at[2] <= 0xae) ||
                          (at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9));
    bool overlong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xf0 && at[1] < 0x90);
    bool no_letter = (at[0] == 0xed && at[1] > 0x9f) || (at[0] == 0xf4 && at[1] > 0x8f);
    return control || turn || overlong || no_letter ? 0 : size;
}

struct slice
text_slice(const struct text *text)
{
    return (struct slice){text->data, text->length};
}

void
text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

void
text_print_wrapped(const char *string, int indent, FILE *output)
{
    int column = 0;
    while (*string != '\0') {
        char word[128];
        size_t length = strcspn(string, " ");
        snprintf(word, sizeof(word), "%.*s", (int)length, string);
        int letters = (int)text_letters(word);
        if (column > 0 && column + 1 + letters > COLUMNS) {
            fputc('\n', output);
            column = 0;
        }
        fprintf(output, "%*s%s", column == 0 ? indent : 1, "", word);
        column += (column == 0 ? indent : 1) + letters;
        string += length + (string[length] == ' ');
    }
    fputc('\n', output);
}

char *
text_copy(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = malloc(size);
    if (copy != NULL)
        memcpy(copy, string, size);
    return copy;
}
