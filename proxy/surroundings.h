#ifndef SOCKWARDEN_PROXY_SURROUNDINGS_H
#define SOCKWARDEN_PROXY_SURROUNDINGS_H

/*
 * Where the process is, as far as its warnings need to know. Used by remarks.c.
 */

#include <stdbool.h>

/*
 * True where the process has the network of a machine: one with a network card or a bridge in it. A container's own
 * network has neither, and who reaches it is somebody else's to say. Looked up once, for a sandbox forbids it later;
 * where it can't be known the answer is false.
 */
bool surroundings_have_host_network(void);

#endif
