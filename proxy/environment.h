#ifndef SOCKWARDEN_PROXY_ENVIRONMENT_H
#define SOCKWARDEN_PROXY_ENVIRONMENT_H

/*
 * An environment that is not the process's own: the lines of a file, or another environment with one variable set anew.
 * For the verbs that judge without serving; used by commands.c and cli_diff.c. What is made here is environ-like,
 * NULL-terminated, and freed with environment_free.
 */

enum { ENVIRONMENT_PROBLEM_SIZE = 512 };

/*
 * Reads NAME=VALUE lines as `docker run --env-file` does: blank lines and lines that begin with # are left out, the
 * value goes up to the end of the line, and a NAME alone takes its value from `base`, if it is there. A value in
 * quotes is refused, because Docker keeps the quotes and Compose drops them. NULL, with "path:line: what, and the mend"
 * in `problem`, on a fault.
 */
char **environment_from_file(const char *path, char *const base[], char *problem);

/* `base` with this variable set. NULL: no memory. */
char **environment_with(char *const base[], const char *name, const char *value);

/* NULL is let pass. */
void environment_free(char **environment);

#endif
