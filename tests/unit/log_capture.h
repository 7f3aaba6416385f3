#ifndef SOCKWARDEN_TESTS_LOG_CAPTURE_H
#define SOCKWARDEN_TESTS_LOG_CAPTURE_H

/*
 * Standard error as the tests of the log see it: led into a pipe for a while, and its records taken apart again. Only
 * those tests include it.
 */

#include "proxy/log.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CAPTURE_SIZE = 65536, VALUE_SIZE = 16384 };

/* Standard error, led into a pipe. No check may fail in between: it would speak into the pipe. */
static struct {
    int saved;
    int reader;
    char text[CAPTURE_SIZE + 1];
    size_t length;
} capture;

static inline void
begin_capture(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    fflush(stderr);
    capture.saved = dup(STDERR_FILENO);
    capture.reader = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
}

/* Takes out of the pipe what is there. */
static inline void
read_capture(void)
{
    capture.length = 0;
    ssize_t length;
    while (capture.length < CAPTURE_SIZE &&
           (length = read(capture.reader, capture.text + capture.length, CAPTURE_SIZE - capture.length)) > 0)
        capture.length += (size_t)length;
    capture.text[capture.length] = '\0';
}

static inline void
end_capture(void)
{
    read_capture();
    dup2(capture.saved, STDERR_FILENO);
    close(capture.saved);
    close(capture.reader);
}

/* ---- records are taken apart ---------------------------------------------------------------------------------------
 */

struct value {
    char key[32];
    char bytes[VALUE_SIZE];
    size_t length;
    bool quoted;
};

struct parsed {
    size_t count;
    struct value values[8]; /* of JSON: time, level and event, too */
};

static inline bool
take_byte(const char **at, char byte)
{
    if (**at != byte)
        return false;
    ++*at;
    return true;
}

/* A quoted string with the escapes \" \\ \uXXXX, which are the same in both formats. */
static inline bool
take_string(const char **at, struct value *value)
{
    value->length = 0;
    value->quoted = true;
    if (!take_byte(at, '"'))
        return false;
    while (**at != '"') {
        unsigned char byte = (unsigned char)*(*at)++;
        if (byte < 0x20 || byte == 0x7f)
            return false;
        if (byte == '\\') {
            byte = (unsigned char)*(*at)++;
            unsigned code;
            int taken = 0;
            if (byte == 'u' && sscanf(*at, "%4x%n", &code, &taken) == 1 && taken == 4 && code < 256) {
                byte = (unsigned char)code;
                *at += 4;
            } else if (byte != '"' && byte != '\\') {
                return false;
            }
        }
        value->bytes[value->length++] = (char)byte;
    }
    ++*at;
    return true;
}

static inline bool
take_bare(const char **at, struct value *value, const char *stop)
{
    value->length = strcspn(*at, stop);
    value->quoted = false;
    memcpy(value->bytes, *at, value->length);
    *at += value->length;
    return value->length > 0;
}

static inline bool
is_word(const char *text, size_t length)
{
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") >= length;
}

static inline bool
is_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static inline bool
parse_json(const char **at, struct parsed *parsed)
{
    static struct value key;
    parsed->count = 0;
    if (!take_byte(at, '{'))
        return false;
    do {
        struct value *value = &parsed->values[parsed->count++];
        if (parsed->count > COUNT_OF(parsed->values) || !take_string(at, &key) || !take_byte(at, ':'))
            return false;
        snprintf(value->key, sizeof(value->key), "%.*s", (int)key.length, key.bytes);
        if (**at == '"' ? !take_string(at, value) : !take_bare(at, value, ",}\n"))
            return false;
        if (!value->quoted && strspn(value->bytes, "0123456789.") < value->length)
            return false;
    } while (take_byte(at, ','));
    return take_byte(at, '}') && take_byte(at, '\n') && parsed->count >= 3 &&
           strcmp(parsed->values[0].key, "time") == 0 && parsed->values[0].length == 24 &&
           is_time(parsed->values[0].bytes);
}

/* Leaves level and event as the values 1 and 2, as JSON does. */
static inline bool
parse_text(const char **at, struct parsed *parsed)
{
    parsed->count = 3;
    if (!is_time(*at))
        return false;
    *at += 24;
    for (size_t i = 1; i <= 2; i++) {
        struct value *value = &parsed->values[i];
        if (!take_byte(at, ' ') || !take_bare(at, value, " \n") || !is_word(value->bytes, value->length))
            return false;
    }
    while (take_byte(at, ' ')) {
        struct value *value = &parsed->values[parsed->count++];
        size_t length = strcspn(*at, "= \n");
        if (parsed->count > COUNT_OF(parsed->values) || !is_word(*at, length))
            return false;
        snprintf(value->key, sizeof(value->key), "%.*s", (int)length, *at);
        *at += length;
        if (!take_byte(at, '='))
            return false;
        if (**at == '"' ? !take_string(at, value) : !take_bare(at, value, " \"=\\\n"))
            return false;
    }
    return take_byte(at, '\n');
}

/* Takes the next record of the capture apart. */
static inline bool
parse_record(const char **at, enum log_format format, struct parsed *parsed)
{
    const char *begin = *at;
    bool good = format == LOG_FORMAT_JSON ? parse_json(at, parsed) : parse_text(at, parsed);
    return good && *at - begin <= LOG_RECORD_SIZE;
}

static inline const struct value *
find(const struct parsed *parsed, const char *key)
{
    for (size_t i = 3; i < parsed->count; i++)
        if (strcmp(parsed->values[i].key, key) == 0)
            return &parsed->values[i];
    return NULL;
}

static struct parsed parsed;

#endif
