#ifndef SOCKWARDEN_PROXY_ALLOW_FROM_H
#define SOCKWARDEN_PROXY_ALLOW_FROM_H

/*
 * Who may use a listener at all, by where a client comes from: addresses and CIDR blocks, host names (whose addresses
 * are looked up elsewhere and handed in), and for unix sockets users and groups as the kernel tells them (SO_PEERCRED).
 * An empty list lets everybody pass. Pure: no look-up, no event; config_file.c parses, admission in server.c asks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

struct allow_from;

/* An empty list. NULL: no memory. */
struct allow_from *allow_from_new(void);
void allow_from_free(struct allow_from *list);

enum { ALLOW_FROM_PROBLEM_SIZE = 160 };

/*
 * Adds one item: 10.0.0.0/8, 127.0.0.1, fd00::/8, uid:1000, user:alice, gid:999, group:docker, or a host name. User and
 * group names are looked up now. On failure returns false and writes what is wrong to `problem`, of
 * ALLOW_FROM_PROBLEM_SIZE bytes.
 */
bool allow_from_add(struct allow_from *list, const char *item, char *problem);

/*
 * Takes the next item of a comma list into `item`, without blanks around it; false at the end. `*rest` is moved, and
 * NULL behind the last one. An item that does not fit is cut, and so long that it is none.
 */
bool allow_from_next(const char **rest, char *item, size_t size);

/* True for an item that tells a client of a unix socket: uid:, user:, gid: or group:. The others tell one of TCP. */
bool allow_from_is_identity(const char *item);

bool allow_from_is_empty(const struct allow_from *list);

/* Whether any client of a TCP socket, or of a unix socket, could be in the list. */
bool allow_from_is_for_tcp(const struct allow_from *list);
bool allow_from_is_for_unix(const struct allow_from *list);

/* An address of a TCP client; IPv4 addresses mapped into IPv6 count as IPv4. */
bool allow_from_has_address(const struct allow_from *list, const struct sockaddr *address);

/* A client of a unix socket, by the credentials of its process. */
bool allow_from_has_user(const struct allow_from *list, uid_t user, gid_t group);

/* The host names of the list, by index from 0; NULL behind the last. */
const char *allow_from_host(const struct allow_from *list, size_t index);

/* Replaces the addresses that the host name of this index stands for. False: no memory; the former ones stay. */
bool allow_from_set_host(struct allow_from *list, size_t index, const struct sockaddr *const *addresses, size_t count);

/* Lists these addresses, in an order of their own; "" where there are none. */
void allow_from_describe_host(const struct allow_from *list, size_t index, char *text, size_t size);

/* A number for whoever looks the name up; 0 at first. */
int *allow_from_host_note(const struct allow_from *list, size_t index);

/* Takes over the addresses and the note of each name that `former` has as well. Either may be NULL. */
void allow_from_inherit(struct allow_from *list, const struct allow_from *former);

#endif
