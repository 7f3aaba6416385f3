#ifndef SOCKWARDEN_PROXY_PASSED_H
#define SOCKWARDEN_PROXY_PASSED_H

/*
 * The listening sockets that a service manager passes, as sd_listen_fds(3) documents it: descriptors from 3 on, with a
 * name each. They are taken once, at the start, and checked whole: a descriptor that can't be accepted from is an
 * error, never a surprise later. They stay the process's for its whole life, because a reload may want them again, but
 * for those that no listener named at the start. Used by server.c and listener.c; one caller, one thread.
 */

#include <stdbool.h>
#include <stddef.h>

struct address;

enum { PASSED_MAX = 64, PASSED_PROBLEM_SIZE = 320 };

/*
 * Takes LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES out of the environment, so that nothing inherits them; sockets that
 * are meant for another process are left alone. Returns false with a sentence in `problem` (PASSED_PROBLEM_SIZE bytes)
 * where the sockets are not what they should be.
 */
bool passed_begin(char *problem);

/*
 * The sockets of this name (FileDescriptorName= of the socket unit) are written to `fds`, of PASSED_MAX places. They
 * are non-blocking and close-on-exec, and in use from now on. Returns how many there are.
 */
size_t passed_find(const char *name, int *fds);

/* The name of a passed socket that has this very address, or NULL. */
const char *passed_at(const struct address *address);

/* The names that sockets were passed under, for a message: "traefik, ops", or "none" and why; static. */
const char *passed_names(void);

/* Closes the sockets that are not in use, with a warning each. */
void passed_close_unused(void);

#endif
