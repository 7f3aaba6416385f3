#ifndef SOCKWARDEN_PROXY_JOURNAL_H
#define SOCKWARDEN_PROXY_JOURNAL_H

/*
 * systemd's journal in its native form: one datagram an entry, of fields NAME=value, or in the binary form, with a
 * length, where a value holds a line feed. The protocol is documented and small, so no library is needed. Used by log.c
 * alone; nothing here waits: a journal that takes no more is told from one that is not there.
 */

#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum journal_result {
    JOURNAL_TAKEN,
    JOURNAL_FULL, /* it does not keep up */
    JOURNAL_GONE, /* there is none to send to */
};

/* The fields of one entry on their way; a value type, on the stack of who writes. */
enum { JOURNAL_FIELDS_SIZE = 6144 };
struct journal_fields {
    size_t length;
    char bytes[JOURNAL_FIELDS_SIZE];
};

/* True where standard error is a stream into the journal, which JOURNAL_STREAM tells by device and inode. */
bool journal_is_standard_error(void);

/*
 * Adds the field `prefix` + `name`, in capitals. The value may hold any bytes. One that is too long is cut, and left
 * out where not even its name fits.
 */
void journal_add(struct journal_fields *fields, const char *prefix, const char *name, struct slice value);

/* Sends the fields as one entry with this message. */
enum journal_result journal_send(const struct journal_fields *fields, struct slice message);

/*
 * For the last words of a process, where standard error leads into the journal: waits until they were read, a second
 * at most. The journal looks up who wrote them, and one that is gone has no unit any more.
 */
void journal_settle(void);

#endif
