#ifndef SOCKWARDEN_PROXY_BIND_H
#define SOCKWARDEN_PROXY_BIND_H

/*
 * Makes a socket that listens at an address. A unix socket's stale file is replaced; a live one and anything that is no
 * socket are left alone and refused. Who can't listen says why, who stands in the way and what mends it. Used by
 * listener.c; what happens to the socket and its file later is that one's matter.
 */

#include <stdbool.h>

struct address;

enum { BIND_PROBLEM_SIZE = 512 };

/*
 * Returns a listening, non-blocking, close-on-exec descriptor, or -1 with a sentence in `problem`; then nothing is left
 * behind. [::] takes IPv4, too, and becomes 0.0.0.0 on a host without IPv6. With `beside` a socket of this process that
 * was told so by bind_share may listen at an address that overlaps.
 */
int bind_listen(struct address *address, bool beside, char *problem);

/* Lets a TCP socket that bind_listen made share its address with one that it makes next, or not any more. */
void bind_share(int fd, bool share);

/*
 * Gives a unix socket's file, opened with O_PATH, the mode, owner and group of `address`, where they are not those it
 * has. False with a sentence in `problem`.
 */
bool bind_set_access(int file, const struct address *address, char *problem);

#endif
