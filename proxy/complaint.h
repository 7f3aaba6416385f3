#ifndef SOCKWARDEN_PROXY_COMPLAINT_H
#define SOCKWARDEN_PROXY_COMPLAINT_H

/*
 * What a verb could not take, as one line for its user: "sockwarden: diff: no such policy: opps; did you mean ops?". A
 * line does nothing to a terminal, whatever bytes a word in it has. Used by commands.c and the cli_ files.
 */

#include <stdbool.h>
#include <stdio.h>

/* `verb` stands in front, unless it is NULL. printf-like. Returns false, for whoever has nothing else to say. */
bool complaint_write(FILE *errors, const char *verb, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Tells that there is no `what` of this name, and which is probably meant or else which there are, NULL-terminated.
 * Returns false. */
bool complaint_of_name(FILE *errors, const char *verb, const char *what, const char *name, const char *const names[]);

#endif
