#ifndef SOCKWARDEN_TESTS_FUZZ_SETTINGS_H
#define SOCKWARDEN_TESTS_FUZZ_SETTINGS_H

/*
 * What every configuration must hold, wherever it came from. The programs that link this look no host name up: what a
 * fuzzer makes of them would be asked of a name server (--wrap=getaddrinfo).
 */

#include "policy/slice.h"

#include <stdbool.h>

struct config;

void settings_check(const struct config *config);

/*
 * What `check --print` writes of it is taken again, and printed as the same. A configuration that has what no file can
 * hold is let pass where `anything` says so.
 */
void settings_check_printed(const struct config *config, bool anything);

/* A file that lives in memory alone, of two parts; its path lasts as long as the descriptor. */
int settings_write_file(struct slice front, struct slice bytes, char *path, size_t size);

/* One line that does nothing to a terminal. */
void settings_check_line(const char *text);

#endif
