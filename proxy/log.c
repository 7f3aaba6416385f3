#include "log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const level_words[] = {
    [LOG_LEVEL_EMERG] = "emerg", [LOG_LEVEL_ALERT] = "alert",     [LOG_LEVEL_CRIT] = "crit",
    [LOG_LEVEL_ERR] = "err",     [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
    [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

/* Room that is always left for the end of a record: a closing quote, a brace, a line feed. */
enum { RECORD_RESERVE = 4 };

static struct {
    enum log_level level;
    enum log_format format;
    uint64_t lost;
} state = {.level = LOG_LEVEL_NOTICE, .format = LOG_FORMAT_TEXT};

/* Whole records that wait to be written together; no more of them than a pipe takes in one piece. */
static struct {
    bool on;
    size_t length;
    uint64_t records;
    char text[LOG_RECORD_SIZE];
} gathered;

void
log_configure(enum log_level level, enum log_format format)
{
    state.level = level;
    state.format = format;
}

bool
log_level_from_word(const char *word, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(level_words) / sizeof(level_words[0]); i++) {
        if (strcmp(word, level_words[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool
log_wanted(enum log_level level)
{
    return level <= state.level;
}

static void
put(struct log_record *record, const char *bytes, size_t length)
{
    size_t room = sizeof(record->text) - RECORD_RESERVE - record->length;
    if (length > room)
        length = room;
    memcpy(record->text + record->length, bytes, length);
    record->length += length;
}

/* An escape is written whole or not at all, so that a cut record still parses. */
static bool
put_whole(struct log_record *record, const char *bytes, size_t length)
{
    if (length > sizeof(record->text) - RECORD_RESERVE - record->length)
        return false;
    put(record, bytes, length);
    return true;
}

static void
put_escaped(struct log_record *record, struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        char escape[8];
        int length;
        if (byte == '"' || byte == '\\')
            length = snprintf(escape, sizeof(escape), "\\%c", byte);
        else if (byte < 0x20 || byte >= 0x7f)
            length = snprintf(escape, sizeof(escape), "\\u%04x", byte);
        else
            length = snprintf(escape, sizeof(escape), "%c", byte);
        if (!put_whole(record, escape, (size_t)length))
            return;
    }
}

static bool
needs_quotes(struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        if (byte <= ' ' || byte >= 0x7f || byte == '"' || byte == '\\' || byte == '=')
            return true;
    }
    return value.length == 0;
}

static void
put_time(struct log_record *record)
{
    static time_t second;
    static char text[32];
    static size_t length;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != second || length == 0) {
        struct tm parts;
        second = now.tv_sec;
        gmtime_r(&second, &parts);
        length = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
    }
    char fraction[8];
    put(record, text, length);
    put(record, fraction,
        (size_t)snprintf(fraction, sizeof(fraction), ".%03uZ", (unsigned)(now.tv_nsec / 1000000) % 1000));
}

void
log_begin(struct log_record *record, enum log_level level, const char *event)
{
    record->level = level;
    record->length = 0;
    if (state.format == LOG_FORMAT_JSON) {
        put(record, "{\"time\":\"", 9);
        put_time(record);
        put(record, "\"", 1);
        log_string(record, "level", level_words[level]);
        log_string(record, "event", event);
        return;
    }
    put_time(record);
    put(record, " ", 1);
    put(record, level_words[level], strlen(level_words[level]));
    put(record, " ", 1);
    put(record, event, strlen(event));
}

static void
put_key(struct log_record *record, const char *key)
{
    if (state.format == LOG_FORMAT_JSON) {
        put(record, ",\"", 2);
        put(record, key, strlen(key));
        put(record, "\":", 2);
        return;
    }
    put(record, " ", 1);
    put(record, key, strlen(key));
    put(record, "=", 1);
}

/* A value for which the key and two quotes would not fit is left out whole: what is written stays well formed. */
static bool
fits(const struct log_record *record, const char *key)
{
    return record->length + strlen(key) + 16 < sizeof(record->text) - RECORD_RESERVE;
}

void
log_slice(struct log_record *record, const char *key, struct slice value)
{
    if (!fits(record, key))
        return;
    put_key(record, key);
    if (state.format == LOG_FORMAT_TEXT && !needs_quotes(value)) {
        put(record, value.data, value.length);
        return;
    }
    put(record, "\"", 1);
    put_escaped(record, value);
    record->text[record->length++] = '"'; /* from the reserve, if need be */
}

void
log_string(struct log_record *record, const char *key, const char *value)
{
    log_slice(record, key, slice_from_string(value));
}

void
log_number(struct log_record *record, const char *key, uint64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    if (record->length + strlen(key) + 32 >= sizeof(record->text) - RECORD_RESERVE)
        return;
    put_key(record, key);
    put(record, digits, (size_t)length);
}

void
log_seconds(struct log_record *record, const char *key, uint64_t microseconds)
{
    char digits[40];
    int length = snprintf(digits, sizeof(digits), "%llu.%06u", (unsigned long long)(microseconds / 1000000),
                          (unsigned)(microseconds % 1000000));
    if (record->length + strlen(key) + 48 >= sizeof(record->text) - RECORD_RESERVE)
        return;
    put_key(record, key);
    put(record, digits, (size_t)length);
}

/* Level, not readiness events: a pipe is writable when it has room for PIPE_BUF bytes, so the write can't block. */
static bool
write_whole(const char *text, size_t length)
{
    struct pollfd target = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&target, 1, 0) != 1 || (target.revents & POLLOUT) == 0)
        return false;
    return write(STDERR_FILENO, text, length) == (ssize_t)length;
}

static void
end_line(struct log_record *record)
{
    if (state.format == LOG_FORMAT_JSON)
        record->text[record->length++] = '}';
    record->text[record->length++] = '\n';
}

/* The report stands before the records that get through again; where it does not, nothing does. */
static bool
tell_lost(void)
{
    char text[96];
    struct log_record record;
    if (state.lost == 0 || !log_wanted(LOG_LEVEL_WARNING))
        return true;
    snprintf(text, sizeof(text), "%llu records were lost: standard error took no more", (unsigned long long)state.lost);
    log_begin(&record, LOG_LEVEL_WARNING, "log");
    log_string(&record, "text", text);
    end_line(&record);
    if (!write_whole(record.text, record.length))
        return false;
    state.lost = 0;
    return true;
}

void
log_flush(void)
{
    if (gathered.length > 0 && !(tell_lost() && write_whole(gathered.text, gathered.length)))
        state.lost += gathered.records;
    gathered.length = 0;
    gathered.records = 0;
}

void
log_gather(bool on)
{
    gathered.on = on;
    log_flush();
}

void
log_end(struct log_record *record)
{
    if (!log_wanted(record->level))
        return;
    end_line(record);
    if (record->length > sizeof(gathered.text) - gathered.length)
        log_flush();
    memcpy(gathered.text + gathered.length, record->text, record->length);
    gathered.length += record->length;
    gathered.records++;
    if (!gathered.on)
        log_flush();
}

void
log_text(enum log_level level, const char *event, const char *format, ...)
{
    if (!log_wanted(level))
        return;
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    struct log_record record;
    log_begin(&record, level, event);
    log_string(&record, "text", text);
    log_end(&record);
}
