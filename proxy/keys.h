#ifndef SOCKWARDEN_PROXY_KEYS_H
#define SOCKWARDEN_PROXY_KEYS_H

/*
 * The keys of keys.def as a table: what a file may say in [upstream], [listener NAME] and [policy NAME] beside the
 * switches of a dialect. Read by the reader of files, by what prints settings, and by the documents. Static, immutable.
 */

#include <stdbool.h>
#include <stddef.h>

struct key {
    const char *section; /* "listener" */
    const char *key;
    bool many;           /* may stand several times, and go on in further lines */
    const char *initial; /* "" where nothing holds without it */
    const char *takes;
};

/* By index from 0, in the order of the table; NULL behind the last. */
const struct key *key_at(size_t index);

/* NULL where the section has no such key. */
const struct key *key_find(const char *section, const char *name);

enum { KEYS_MAX = 32 };

/* The keys of a section, for whoever looks for the nearest: fills `names`, of KEYS_MAX, NULL-terminated. */
void key_names(const char *section, const char *names[]);

#endif
