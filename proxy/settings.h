#ifndef SOCKWARDEN_PROXY_SETTINGS_H
#define SOCKWARDEN_PROXY_SETTINGS_H

/*
 * Every value of a snapshot as it was given and where: a list that only grows, in the order of reading, so that of two
 * values of one key the later one counts and the earlier one can be named. The readers of settings fill it; messages,
 * `check --print` and `convert` read it. It knows no setting's meaning.
 */

#include <stdbool.h>
#include <stddef.h>

enum origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_ENVIRONMENT };

/* All text is never NULL; "" where there is none. */
struct setting {
    const char *section;  /* listener */
    const char *name;     /* of [listener NAME] */
    const char *key;      /* as a file has it */
    const char *value;    /* as it was given */
    const char *variable; /* of the environment, for a key that it can set */
    enum origin origin;
    unsigned line; /* of the file */
};

struct settings;

/* An empty list. NULL: no memory. */
struct settings *settings_new(void);

/* NULL is let pass. */
void settings_free(struct settings *settings);

/* Appends a copy, which lives as long as the list. NULL: no memory. */
const struct setting *settings_add(struct settings *settings, const struct setting *setting);

/* By index from 0, in the order of reading; NULL behind the last. */
const struct setting *settings_at(const struct settings *settings, size_t index);

/* The value in force; NULL where the key was not given. */
const struct setting *settings_find(const struct settings *settings, const char *section, const char *name,
                                    const char *key);

/* The value of the same key that the file gave before this one; NULL where it gave none. */
const struct setting *settings_former(const struct settings *settings, const struct setting *setting);

/* True when it was read behind the other one. */
bool settings_is_later(const struct settings *settings, const struct setting *setting, const struct setting *other);

/* "log_level = debug" or "LOG_LEVEL=debug", of the value so much as a message can hold. */
void setting_describe(const struct setting *setting, char *text, size_t size);

/* "/etc/sockwarden.ini:3", "environment LOG_LEVEL" or "default". `path` may be NULL where there is no file. */
void setting_place(const struct setting *setting, const char *path, char *text, size_t size);

#endif
