#ifndef SOCKWARDEN_PROXY_OPTIONS_H
#define SOCKWARDEN_PROXY_OPTIONS_H

/*
 * The making of a snapshot in steps, for the two readers of settings: the environment (config_environment.c) and the
 * INI file (config_file.c). Nobody else includes this. Defaults first, then each source in its turn, then the end,
 * which checks what settings say of each other. Messages are written to `problem`, of CONFIG_PROBLEM_SIZE bytes.
 */

#include "config.h"

/* All options at their defaults, no listener, one reference. NULL: no memory. */
struct config *config_with_defaults(void);

/* What became of a setting. */
enum config_set_result { CONFIG_SET, CONFIG_SET_UNKNOWN, CONFIG_SET_BAD };

/*
 * Sets the option of this environment name (any case). CONFIG_SET_BAD: `takes` tells what it takes.
 */
enum config_set_result config_set(struct config *config, const char *name, const char *value, char *takes, size_t size);

/* Takes over what the environment says of the options, but not where to listen. */
bool config_take_environment(struct config *config, char *const environment[], bool with_listeners, char *problem);

/* Checks settings against each other and derives what follows from them; in config_check.c. */
bool config_complete(struct config *config, char *problem);

/* The keys of [sockwarden]: the options that a file may set there, in lower case, NULL-terminated; static. */
const char *const *config_file_keys(void);

/* "500ms", "2s", "10m", "1h", or a bare number of seconds, as milliseconds. False for anything else. */
bool config_parse_duration(const char *text, uint64_t *milliseconds);

/* Writes a message to `problem`, made printable; returns false. */
bool config_fail(char *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
