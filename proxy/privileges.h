#ifndef SOCKWARDEN_PROXY_PRIVILEGES_H
#define SOCKWARDEN_PROXY_PRIVILEGES_H

/*
 * Gives up root. Started as root, the process becomes the user that the settings name, with one more group: that of
 * the engine's socket. Each identity is tried on the socket before it is final, so that the engine stays reachable
 * whatever owner, mode and folders the socket has: first the wanted user, then the socket's owner, and where neither
 * opens it uid 0 stays, which owns most of them. Whoever it is in the end, no capability is left. Started as another
 * user only the last holds. Called once, by confine.c, when the listeners are open; there is no way back.
 */

#include <stdbool.h>
#include <sys/types.h>

enum { PRIVILEGES_TEXT_SIZE = 384 };

/*
 * `engine` is the path of the engine's socket, "" where it has none (TCP). Writes to `text`, of PRIVILEGES_TEXT_SIZE
 * bytes, what the process is from now on, and why where it is not `user`; on failure returns false and it is a
 * sentence of what could not be given up.
 */
bool privileges_drop(uid_t user, gid_t group, const char *engine, char *text);

#endif
