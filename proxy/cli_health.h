#ifndef SOCKWARDEN_PROXY_CLI_HEALTH_H
#define SOCKWARDEN_PROXY_CLI_HEALTH_H

/*
 * The verb `health`: asks the process that serves a listener how it is, as a client of it. commands.c calls it; it
 * blocks, but no longer than its deadline.
 */

#include <stdbool.h>
#include <stdio.h>

struct listener_config;

/*
 * Prints one line to `output`: "healthy: …" or "unhealthy: …" with the reason. `timeout` is a duration, or NULL for
 * three seconds. Exit codes: 0 healthy, 1 not, or no answer in time, 2 a listener or a duration that can't be asked.
 */
int cli_health(const struct listener_config *listener, const char *timeout, FILE *output, FILE *errors);

/* False for a listener whose place is not known here: a passed one, and one at a port that the kernel chose. */
bool cli_health_can_ask(const struct listener_config *listener);

#endif
