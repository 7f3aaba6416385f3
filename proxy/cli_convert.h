#ifndef SOCKWARDEN_PROXY_CLI_CONVERT_H
#define SOCKWARDEN_PROXY_CLI_CONVERT_H

/*
 * The verb convert: writes the INI file that is equal to the settings of an environment, so that reading it without any
 * environment gives the same settings and verdicts. Called by commands.c.
 */

#include <stdbool.h>
#include <stdio.h>

struct config;

/*
 * `config` was read from `environment`; the policy becomes switches, or rules. Remarks go to `errors`. Returns an exit
 * code: 1 where a setting can't be written in a file, or nothing could be written.
 */
int cli_convert(const struct config *config, char *const environment[], bool as_rules, FILE *output, FILE *errors);

#endif
