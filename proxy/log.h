#ifndef SOCKWARDEN_PROXY_LOG_H
#define SOCKWARDEN_PROXY_LOG_H

/*
 * The log of the process: records of a level, an event word and named values, one a line on standard error, as text
 * or JSON, or entries of systemd's journal with a field each. Programs log, libraries return: policy/ and the HTTP
 * modules never call this. A record lives on the caller's stack and is at most LOG_RECORD_SIZE bytes, longer values
 * are cut. Writing never blocks the loop: where standard error takes no more (a pipe nobody reads), or the journal,
 * the record is dropped and counted, and the count is told with the next record that gets through. The lines of one
 * turn of the loop are written together, before it sleeps. Where there is no journal, its entries become such lines.
 */

#include "journal.h"
#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The words and order of syslog, as HAProxy's log level takes them. */
enum log_level {
    LOG_LEVEL_EMERG,
    LOG_LEVEL_ALERT,
    LOG_LEVEL_CRIT,
    LOG_LEVEL_ERR,
    LOG_LEVEL_WARNING,
    LOG_LEVEL_NOTICE,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

enum log_format {
    LOG_FORMAT_AUTO, /* the journal where standard error leads there, else text */
    LOG_FORMAT_TEXT,
    LOG_FORMAT_JSON,
    LOG_FORMAT_JOURNAL,
};

/* PIPE_BUF: a write of so much to a pipe is whole or nothing. */
enum { LOG_RECORD_SIZE = 4096 };

struct log_record {
    enum log_level level;
    size_t length;
    size_t message; /* where in `text` the event begins, which is where the message of an entry does */
    char text[LOG_RECORD_SIZE];
    struct journal_fields fields; /* used for entries of the journal alone */
};

/* Sets what is written and how; before it is called, notice and above are written as text. */
void log_configure(enum log_level level, enum log_format format);

/* The level for its word (exact, lower case), or false. */
bool log_level_from_word(const char *word, enum log_level *level);

/* The format for its word: auto, text, json or journal (exact, lower case), or false. */
bool log_format_from_word(const char *word, enum log_format *format);

/* True when records of this level are written: ask before building a costly one. */
bool log_wanted(enum log_level level);

/* begin, any number of values, end. Keys and the event are plain words; values may be any bytes. */
void log_begin(struct log_record *record, enum log_level level, const char *event);
void log_string(struct log_record *record, const char *key, const char *value);
void log_slice(struct log_record *record, const char *key, struct slice value);
void log_number(struct log_record *record, const char *key, uint64_t value);
/* `microseconds` is written in seconds with six digits behind the point. */
void log_seconds(struct log_record *record, const char *key, uint64_t microseconds);
void log_end(struct log_record *record);

/* While on, records wait for log_flush or for a full buffer; otherwise each is written at once. Turning it off flushes.
 */
void log_gather(bool on);
void log_flush(void);

/*
 * What a person must know, and no record: "sockwarden: …" on standard error. Where that leads into the journal it has
 * the priority of an error, and the call waits a moment until it was read: these may be the last words.
 */
void log_complaint(const char *text);

/* One record with one value named "text", printf-like. */
void log_text(enum log_level level, const char *event, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
