#ifndef SOCKWARDEN_PROXY_FIRST_PROCESS_H
#define SOCKWARDEN_PROXY_FIRST_PROCESS_H

/*
 * What process 1 was started with, where that is this program: in a container whoever runs a verb has the environment
 * of the proxy, but not its command line. Used by commands.c for `health`, `explain` and `routes`.
 */

#include <stdbool.h>
#include <stddef.h>

/*
 * Writes the path behind its -c to `path`. False where process 1 is another program, serves no file, or can't be looked
 * at. `cmdline` is that process's in /proc.
 */
bool first_process_settings(const char *cmdline, char *path, size_t size);

#endif
