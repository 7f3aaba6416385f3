#ifndef SOCKWARDEN_PROXY_INI_FILE_H
#define SOCKWARDEN_PROXY_INI_FILE_H

/*
 * Reads an INI file line by line with inih, which is included in this one file, and makes strict what inih leaves lax:
 * as distributions build it, inih cuts lines at 199 bytes without a word and reads on after an error. Here a line that
 * is too long, holds a control byte, or is neither section, key nor comment stops the reading with its number. A line
 * that begins with white space continues the value of the key above it; its text is told as that key again. Comments
 * begin with ; or # at the head of a line, and with ; behind a blank; they may be of any length. A byte order mark of
 * UTF-8 and CRLF are let pass. Knows no setting; used by config_file.c and the fuzzers.
 */

#include <stdbool.h>
#include <stdio.h>

/* Borrowed for the call. `name` is the second word of a section such as [listener traefik], or empty. */
struct ini_entry {
    const char *section;
    const char *name;
    const char *key; /* NULL for the section line itself */
    const char *value;
    bool continues; /* the line goes on with the value of the key above it */
    unsigned line;  /* from 1 */
};

/* What a line holds at most, comment and line end aside: the library's buffer holds the line feed and a NUL, too. */
enum { INI_LINE_BYTES = 197 };

struct ini_problem {
    unsigned line; /* 0 where no line is to blame */
    char text[320];
};

/* Returns false to stop; it has written the problem's text then, and the line, if that is another than this one. */
typedef bool ini_entry_handler(void *owner, const struct ini_entry *entry, struct ini_problem *problem);

bool ini_file_read(FILE *file, ini_entry_handler *handler, void *owner, struct ini_problem *problem);

#endif
