#ifndef SOCKWARDEN_PROXY_ADDRESS_H
#define SOCKWARDEN_PROXY_ADDRESS_H

/*
 * Socket addresses as people write them, parsed once at start. Spellings: tcp://HOST:PORT, tcp://[V6]:PORT, unix:PATH,
 * unix://PATH, and for the engine also those that HAProxy takes for a server: /PATH, unix@PATH, abns@NAME, HOST:PORT,
 * tcp@, tcp4@, tcp6@, ipv4@ and ipv6@ in front of HOST:PORT. Host names are looked up when the address is parsed, once,
 * as HAProxy does. A value type; used by the readers of settings, listener.c and upstream.c. Parsed in address_parse.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { ADDRESS_NAME_SIZE = 160 };

struct address {
    struct sockaddr_storage socket;
    socklen_t length;
    /* The path for unix sockets that have one, else empty; for messages and for the listener's own file. */
    char path[112];
    /* Of the file of a unix listener; -1 for owner and group: as it comes. */
    bool has_mode;
    mode_t mode;
    uid_t owner;
    gid_t group;
    /* The name of passed sockets, where it is systemd:NAME; the socket part is empty then. */
    char passed[64];
    /* One spelling for messages: unix:/run/docker.sock, tcp://127.0.0.1:2375. */
    char name[ADDRESS_NAME_SIZE];
};

/* Where the engine is. On failure returns false and points `problem` at a static sentence. */
bool address_parse_engine(const char *text, struct address *address, const char **problem);

/* Where clients connect: numeric addresses only. */
bool address_parse_listen(const char *text, struct address *address, const char **problem);

/* True for a list of addresses, with commas or blanks between them; none of the two above takes one. */
bool address_is_list(const char *text);

/* An octal number up to 0777, for the file of a unix listener. False: it is none, and nothing is changed. */
bool address_set_mode(struct address *address, const char *octal);

/* Fills the name from the socket part, after bind chose a port for instance. */
void address_set_name(struct address *address);

/* The same place to listen at or to connect to. */
bool address_equals(const struct address *address, const struct address *other);

/* 0 where it has none. */
unsigned address_port(const struct address *address);

bool address_is_unix(const struct address *address);
/* True for [::] and 0.0.0.0. */
bool address_is_any(const struct address *address);
/* True for the peer of a unix socket, 127.0.0.0/8 and ::1, also as an IPv4 address in IPv6. */
bool address_is_of_this_host(const struct sockaddr *peer);
/* True for unix sockets, 127.0.0.0/8 and ::1. */
bool address_is_local(const struct address *address);
/* True for port 0, in place of which bind chooses one. */
bool address_has_free_port(const struct address *address);
/* Turns [::] into 0.0.0.0 of the same port. */
void address_to_ipv4_any(struct address *address);

#endif
