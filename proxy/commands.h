#ifndef SOCKWARDEN_PROXY_COMMANDS_H
#define SOCKWARDEN_PROXY_COMMANDS_H

/*
 * Does what a command line says: finds the settings that it means, and hands them to the verb. Called by main, once.
 */

struct command_line;

/* Exit codes of every verb; `explain` and `diff` say with EXIT_NO that a call is refused or that there is a difference.
 */
enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_USAGE = 2 };

/* Prints to the standard streams; returns the exit code of the process. */
int commands_serve(const struct command_line *line);

#endif
