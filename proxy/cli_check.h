#ifndef SOCKWARDEN_PROXY_CLI_CHECK_H
#define SOCKWARDEN_PROXY_CLI_CHECK_H

/*
 * The verb check, for settings that were read without a fault: tells what may not be meant and which listeners there
 * would be, or with `print` writes all settings as a file that means the same, each with a comment on where it came
 * from. Called by commands.c.
 */

#include <stdbool.h>
#include <stdio.h>

struct config;

/* Remarks go to `errors`, the rest to `output`. Returns an exit code: 1 where a setting can't be written in a file. */
int cli_check(const struct config *config, char *const environment[], bool print, FILE *output, FILE *errors);

#endif
