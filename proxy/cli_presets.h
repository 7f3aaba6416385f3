#ifndef SOCKWARDEN_PROXY_CLI_PRESETS_H
#define SOCKWARDEN_PROXY_CLI_PRESETS_H

/*
 * The verb `presets`: which there are, or with a name what it grants, and with which of its features. commands.c calls
 * it; it needs no settings and no engine.
 */

#include "table.h"

#include <stdbool.h>
#include <stdio.h>

enum { CLI_PRESETS_LINE_SIZE = 512 };

/* The words with blanks between them, in `line` of CLI_PRESETS_LINE_SIZE bytes; false where they don't fit. */
bool cli_presets_join(int count, char *words[], char *line);

/* `words` follow the verb: none, or a preset and features, as in watchtower +cleanup. Returns the exit code. */
int cli_presets(int count, char *words[], enum table_format format, FILE *output, FILE *errors);

#endif
