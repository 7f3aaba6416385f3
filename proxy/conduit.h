#ifndef SOCKWARDEN_PROXY_CONDUIT_H
#define SOCKWARDEN_PROXY_CONDUIT_H

/*
 * Moves bytes from one socket to another inside the kernel (splice(2)), through one pipe of the whole process. The pipe
 * is empty between two moves: what the sink does not take is read out of it again, so it needs no owner and no stream
 * ever sees another's bytes. Where the kernel or the descriptors do not allow it nothing is moved, and the caller reads
 * as it would without. Opened by server.c, used by transport.c alone.
 */

#include <stddef.h>
#include <sys/types.h>

/* Most bytes that one move takes. */
enum { CONDUIT_SIZE = 128 * 1024 };

/* Makes the pipe, so that what a process holds does not change later. Where it can't, a fill tries again. */
void conduit_open(void);

/* Fills the pipe from `source`: how many bytes, 0 at the end of input, -1 where nothing was moved for whatever reason.
 */
ssize_t conduit_fill(int source, size_t limit);

/*
 * Empties the pipe into `sink`: how many bytes of the `count` in it the socket took. Where that is fewer, errno says
 * why, and the rest must be read by conduit_read before the next fill.
 */
size_t conduit_empty(int sink, size_t count);

/*
 * Reads `count` bytes that the sink did not take. Returns how many there were; where that is fewer the pipe is thrown
 * away, and the stream is broken.
 */
size_t conduit_read(char *bytes, size_t count);

#endif
