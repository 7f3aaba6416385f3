#ifndef SOCKWARDEN_PROXY_OWNER_H
#define SOCKWARDEN_PROXY_OWNER_H

/*
 * Who listens at an address, for the message of a listener that could not: the kernel's tables of sockets, and the
 * processes that hold them, as far as this one may look at them. Slow; called only when binding failed.
 */

#include <stddef.h>

struct address;

/* "process 812 (dockerd)", "a process of user 0", "another listener of this process" or "another process". */
enum { OWNER_SIZE = 64 };

/* The owner of the listening socket that stands in the way at this address, TCP or unix. */
void owner_of_address(const struct address *address, char *text);

/* The owner of a unix socket that answered: `fd` is connected to it. */
void owner_of_peer(int fd, char *text);

#endif
