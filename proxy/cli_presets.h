#ifndef SOCKWARDEN_PROXY_CLI_PRESETS_H
#define SOCKWARDEN_PROXY_CLI_PRESETS_H

/*
 * The verb `presets`: which there are, or with a name what it grants, and with which of its features. commands.c calls
 * it; it needs no settings and no engine.
 */

#include "table.h"

#include <stdio.h>

/* `words` follow the verb: none, or a preset and features, as in watchtower +cleanup. Returns the exit code. */
int cli_presets(int count, char *words[], enum table_format format, FILE *output, FILE *errors);

#endif
