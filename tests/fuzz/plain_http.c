#include "plain_http.h"

#include <stdint.h>
#include <stdlib.h>

bool
plain_is_token(struct slice text)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    for (size_t i = 0; i < text.length; i++)
        if (memchr(token, text.data[i], sizeof(token) - 1) == NULL)
            return false;
    return text.length > 0;
}

bool
plain_same_word(struct slice text, const char *word)
{
    return text.length == strlen(word) && strncasecmp(text.data, word, text.length) == 0;
}

struct slice
plain_trim(struct slice text)
{
    while (text.length > 0 && (*text.data == ' ' || *text.data == '\t'))
        text = (struct slice){text.data + 1, text.length - 1};
    while (text.length > 0 && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

static void
split_words(struct slice line, struct slice words[3])
{
    for (int i = 0; i < 3; i++) {
        const char *blank = i < 2 ? memchr(line.data, ' ', line.length) : NULL;
        size_t length = blank != NULL ? (size_t)(blank - line.data) : line.length;
        size_t passed = blank != NULL ? length + 1 : length;
        words[i] = (struct slice){line.data, length};
        line = (struct slice){line.data + passed, line.length - passed};
    }
}

enum plain_result
plain_head_read(struct slice bytes, struct plain_head *head)
{
    const char *end = bytes.length > 0 ? memmem(bytes.data, bytes.length, "\r\n\r\n", 4) : NULL;
    head->count = 0;
    if (end == NULL)
        return PLAIN_CUT;
    head->size = (size_t)(end - bytes.data) + 4;
    const char *at = bytes.data;
    for (size_t number = 0; at < end + 2; number++) {
        const char *stop = memmem(at, (size_t)(end + 2 - at), "\r\n", 2);
        struct slice line = {at, (size_t)(stop - at)};
        at = stop + 2;
        if (number == 0) {
            split_words(line, head->words);
            continue;
        }
        const char *colon = memchr(line.data, ':', line.length);
        if (colon == NULL || head->count == PLAIN_FIELDS_MAX)
            return PLAIN_BAD;
        struct slice name = {line.data, (size_t)(colon - line.data)};
        struct slice value = {colon + 1, line.length - name.length - 1};
        head->fields[head->count++] = (struct plain_field){name, plain_trim(value)};
    }
    return PLAIN_END;
}

size_t
plain_find(const struct plain_head *head, const char *name, struct slice *value)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++) {
        if (plain_same_word(head->fields[i].name, name)) {
            *value = head->fields[i].value;
            count++;
        }
    }
    return count;
}

long long
plain_length(const struct plain_head *head)
{
    struct slice value;
    long long length = 0;
    if (plain_find(head, "Content-Length", &value) != 1 || value.length == 0 || value.length > 18)
        return -1;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return -1;
        length = length * 10 + (value.data[i] - '0');
    }
    return length;
}

bool
plain_is_chunked(const struct plain_head *head)
{
    struct slice value;
    return plain_find(head, "Transfer-Encoding", &value) == 1 && plain_same_word(value, "chunked");
}

/* The line at the front without its CRLF. A line that can't end well is bad although its end has not come. */
static enum plain_result
next_line(struct slice *rest, struct slice *line)
{
    for (size_t i = 0; i < rest->length; i++) {
        unsigned char byte = (unsigned char)rest->data[i];
        if (byte == '\r') {
            if (i + 1 == rest->length)
                return PLAIN_CUT;
            if (rest->data[i + 1] != '\n')
                return PLAIN_BAD;
            *line = (struct slice){rest->data, i};
            *rest = (struct slice){rest->data + i + 2, rest->length - i - 2};
            return PLAIN_END;
        }
        if (byte == 0x7f || (byte < 0x20 && byte != '\t'))
            return PLAIN_BAD;
    }
    return PLAIN_CUT;
}

/* The size in a chunk's line, or -1. */
static int64_t
chunk_size(struct slice line)
{
    static const char hexadecimal[] = "0123456789abcdefABCDEF";
    size_t digits = 0;
    int64_t size = 0;
    while (digits < line.length && memchr(hexadecimal, line.data[digits], sizeof(hexadecimal) - 1) != NULL) {
        char digit[2] = {line.data[digits++], '\0'};
        if (digits > 8)
            return -1;
        size = size * 16 + (int64_t)strtoul(digit, NULL, 16);
    }
    if (digits == 0 || (digits < line.length && line.data[digits] != ';'))
        return -1;
    return digits < line.length && line.length - digits - 1 > 1024 ? -1 : size;
}

static enum plain_result
skip_trailers(struct slice *rest)
{
    const char *begin = rest->data;
    struct slice line;
    do {
        enum plain_result result = next_line(rest, &line);
        if (result == PLAIN_CUT || rest->data - begin > 8000)
            return PLAIN_CUT;
        if (result == PLAIN_BAD)
            return PLAIN_BAD;
        const char *colon = line.length > 0 ? memchr(line.data, ':', line.length) : NULL;
        if (line.length > 0 &&
            (colon == NULL || !plain_is_token((struct slice){line.data, (size_t)(colon - line.data)})))
            return PLAIN_BAD;
    } while (line.length > 0);
    return PLAIN_END;
}

enum plain_result
plain_chunked(struct slice bytes, char *payload, size_t *length, size_t *consumed)
{
    struct slice rest = bytes;
    *length = 0;
    while (true) {
        struct slice line;
        enum plain_result result = next_line(&rest, &line);
        if (result != PLAIN_END)
            return result;
        int64_t size = chunk_size(line);
        if (size < 0)
            return PLAIN_BAD;
        if (size == 0)
            break;
        size_t there = rest.length < (size_t)size ? rest.length : (size_t)size;
        memcpy(payload + *length, rest.data, there);
        *length += there;
        rest = (struct slice){rest.data + there, rest.length - there};
        if (rest.length > 0 && rest.data[0] != '\r')
            return PLAIN_BAD;
        if (rest.length > 1 && rest.data[1] != '\n')
            return PLAIN_BAD;
        if (rest.length < 2)
            return PLAIN_CUT;
        rest = (struct slice){rest.data + 2, rest.length - 2};
    }
    enum plain_result result = skip_trailers(&rest);
    if (result == PLAIN_END)
        *consumed = (size_t)(rest.data - bytes.data);
    return result;
}
