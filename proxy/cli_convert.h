#ifndef SOCKWARDEN_PROXY_CLI_CONVERT_H
#define SOCKWARDEN_PROXY_CLI_CONVERT_H

/*
 * The verb `convert`: writes the INI file that is equal to an environment, with comments. commands.c calls it.
 */

#include <stdio.h>

struct config;

/*
 * `config` is what was read from `environment`. The policy is written as the dialect's switches, or with `as_rules` as
 * rules that need no dialect. Returns the exit code.
 */
int cli_convert(const struct config *config, char *const environment[], int as_rules, FILE *output);

#endif
