#ifndef SOCKWARDEN_PROXY_CONFIG_PRINT_H
#define SOCKWARDEN_PROXY_CONFIG_PRINT_H

/*
 * Writes a snapshot as an INI file that means the same, each value with a comment on where it came from. What is
 * written and read again, without any environment, gives the same settings and the same verdicts. Used by cli_check.c
 * and cli_convert.c.
 */

#include "config.h"

/*
 * Writes [sockwarden], [upstream] and the listeners; with `all` also what holds by default, else only what was given.
 * False where a value can't stand in a file (a path with a blank and a semicolon behind it, for instance); `problem`,
 * of CONFIG_PROBLEM_SIZE bytes, says which.
 */
bool config_print_program(const struct config *config, bool all, FILE *output, char *problem);

/* Writes the policies, with what holds in them by default. */
void config_print_policies(const struct config *config, FILE *output);

#endif
