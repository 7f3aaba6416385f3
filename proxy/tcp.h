#ifndef SOCKWARDEN_PROXY_TCP_H
#define SOCKWARDEN_PROXY_TCP_H

/*
 * The options of every TCP socket here: no delay, as a proxy must pass on small pieces at once, and keep-alive, as it
 * is the only thing that finds a dead peer of a stream that has no time limit. Sockets that a listening socket accepts
 * inherit them on Linux (tcp(7)), which spares the calls for each. Used by listener.c and upstream.c.
 */

#include <stdint.h>

/* `idle` is in milliseconds; six probes ten seconds apart follow. Failures are let pass: the socket works without. */
void tcp_tune(int fd, uint64_t idle);

#endif
