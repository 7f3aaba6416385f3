#include "log.h"
#include "text.h"

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

static const char *const format_words[] = {
    [LOG_FORMAT_AUTO] = "auto",
    [LOG_FORMAT_TEXT] = "text",
    [LOG_FORMAT_JSON] = "json",
    [LOG_FORMAT_JOURNAL] = "journal",
};

/* Room that is always left for the end of a record: a closing quote, a brace, a line feed. */
enum { RECORD_RESERVE = 4 };

static struct {
    enum log_level level;
    enum log_format format;
    bool prefixed; /* standard error leads into the journal: it takes a priority in front of a line */
    bool gone;     /* the journal could not be reached: that was told */
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
    state.prefixed = journal_is_standard_error();
    if (format == LOG_FORMAT_AUTO)
        format = state.prefixed ? LOG_FORMAT_JOURNAL : LOG_FORMAT_TEXT;
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
log_format_from_word(const char *word, enum log_format *format)
{
    for (size_t i = 0; i < sizeof(format_words) / sizeof(format_words[0]); i++) {
        if (strcmp(word, format_words[i]) == 0) {
            *format = (enum log_format)i;
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
    size_t at = 0;
    while (at < value.length) {
        size_t run = text_plain_run((struct slice){value.data + at, value.length - at}, false);
        put(record, value.data + at, run);
        at += run;
        if (at == value.length)
            return;
        size_t letter = text_letter_length(value.data + at, value.length - at);
        if (letter > 0) {
            if (!put_whole(record, value.data + at, letter))
                return;
            at += letter;
            continue;
        }
        unsigned char byte = (unsigned char)value.data[at++];
        char escape[8];
        int length = snprintf(escape, sizeof(escape), byte == '"' || byte == '\\' ? "\\%c" : "\\u%04x", byte);
        if (!put_whole(record, escape, (size_t)length))
            return;
    }
}

static bool
needs_quotes(struct slice value)
{
    return value.length == 0 || text_plain_run(value, true) < value.length;
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
    char fraction[] = {'.', '0', '0', '0', 'Z'};
    text_write_digits(fraction + 1, 3, (uint64_t)now.tv_nsec / 1000000);
    put(record, text, length);
    put(record, fraction, sizeof(fraction));
}

static void
begin_json(struct log_record *record, const char *event)
{
    put(record, "{\"time\":\"", 9);
    put_time(record);
    put(record, "\"", 1);
    log_string(record, "level", level_words[record->level]);
    log_string(record, "event", event);
}

/* A field of an entry, beside the same value in its message. */
static void
add_field(struct log_record *record, const char *key, struct slice value)
{
    if (state.format == LOG_FORMAT_JOURNAL)
        journal_add(&record->fields, "SOCKWARDEN_", key, value);
}

static void
begin_fields(struct log_record *record, const char *event)
{
    char priority = (char)('0' + record->level);
    journal_add(&record->fields, "", "PRIORITY", (struct slice){&priority, 1});
    journal_add(&record->fields, "", "SYSLOG_IDENTIFIER", slice_from_string("sockwarden"));
    add_field(record, "event", slice_from_string(event));
}

void
log_begin(struct log_record *record, enum log_level level, const char *event)
{
    record->level = level;
    record->length = 0;
    record->message = 0;
    record->fields.length = 0;
    if (state.format == LOG_FORMAT_JSON) {
        begin_json(record, event);
        return;
    }
    if (state.format == LOG_FORMAT_JOURNAL)
        begin_fields(record, event);
    if (state.prefixed)
        put(record, (char[]){'<', (char)('0' + level), '>'}, 3);
    put_time(record);
    put(record, " ", 1);
    put(record, level_words[level], strlen(level_words[level]));
    put(record, " ", 1);
    record->message = record->length;
    put(record, event, strlen(event));
}

/* Callers have made sure that it fits. */
static void
put_key(struct log_record *record, const char *key)
{
    bool json = state.format == LOG_FORMAT_JSON;
    size_t length = strlen(key);
    char *at = record->text + record->length;
    memcpy(at, json ? ",\"" : " ", 2);
    at += json ? 2 : 1;
    memcpy(at, key, length);
    at += length;
    memcpy(at, json ? "\":" : "=", 2);
    record->length = (size_t)(at - record->text) + (json ? 2 : 1);
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
    add_field(record, key, value);
    if (!fits(record, key))
        return;
    put_key(record, key);
    if (state.format != LOG_FORMAT_JSON && !needs_quotes(value)) {
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
    char digits[TEXT_DIGITS_MAX];
    size_t length = text_write_number(digits, value);
    add_field(record, key, (struct slice){digits, length});
    if (record->length + strlen(key) + 32 >= sizeof(record->text) - RECORD_RESERVE)
        return;
    put_key(record, key);
    put(record, digits, length);
}

void
log_seconds(struct log_record *record, const char *key, uint64_t microseconds)
{
    char digits[TEXT_DIGITS_MAX + 8];
    size_t length = text_write_number(digits, microseconds / 1000000);
    digits[length++] = '.';
    text_write_digits(digits + length, 6, microseconds);
    length += 6;
    add_field(record, key, (struct slice){digits, length});
    if (record->length + strlen(key) + 48 >= sizeof(record->text) - RECORD_RESERVE)
        return;
    put_key(record, key);
    put(record, digits, length);
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

static enum journal_result
send_entry(const struct log_record *record)
{
    return journal_send(&record->fields,
                        (struct slice){record->text + record->message, record->length - record->message});
}

/* The report stands before the records that get through again; where it does not, nothing does. */
static bool
tell_lost(void)
{
    char text[96];
    struct log_record record;
    if (state.lost == 0 || !log_wanted(LOG_LEVEL_WARNING))
        return true;
    snprintf(text, sizeof(text), "%llu records were lost: %s took no more", (unsigned long long)state.lost,
             state.format == LOG_FORMAT_JOURNAL ? "the journal" : "standard error");
    log_begin(&record, LOG_LEVEL_WARNING, "log");
    log_string(&record, "text", text);
    enum journal_result result = state.format == LOG_FORMAT_JOURNAL ? send_entry(&record) : JOURNAL_GONE;
    end_line(&record);
    if (result == JOURNAL_FULL || (result == JOURNAL_GONE && !write_whole(record.text, record.length)))
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

/* False where there is no journal, which is told once: the record becomes a line of standard error. */
static bool
write_entry(const struct log_record *record)
{
    enum journal_result result = tell_lost() ? send_entry(record) : JOURNAL_FULL;
    if (result == JOURNAL_FULL)
        state.lost++;
    if (result != JOURNAL_GONE) {
        state.gone = false;
    } else if (!state.gone) {
        state.gone = true;
        log_text(LOG_LEVEL_WARNING, "log", "the journal is not there: records go to standard error, as text");
    }
    return result != JOURNAL_GONE;
}

void
log_end(struct log_record *record)
{
    if (!log_wanted(record->level) || (state.format == LOG_FORMAT_JOURNAL && write_entry(record)))
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
log_complaint(const char *text)
{
    fprintf(stderr, "%ssockwarden: %s\n", journal_is_standard_error() ? "<3>" : "", text);
    journal_settle();
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
