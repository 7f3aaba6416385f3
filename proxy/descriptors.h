#ifndef SOCKWARDEN_PROXY_DESCRIPTORS_H
#define SOCKWARDEN_PROXY_DESCRIPTORS_H

/*
 * The limit of descriptors of the process: it is raised to what the wanted number of clients could need, and where that
 * is not to be had fewer are served at a time, which the log tells. Called by server.c for each snapshot.
 */

#include <stddef.h>

/* How many of the wanted clients can be served at a time beside so many listeners; one at least. */
size_t descriptors_for_clients(size_t wanted, size_t listeners);

#endif
