#ifndef SOCKWARDEN_PROXY_TRANSPORT_H
#define SOCKWARDEN_PROXY_TRANSPORT_H

/*
 * One connected, non-blocking stream socket in the loop, whatever is spoken on it. It is read in pieces of up to 64 KiB
 * into one buffer of the whole process, and written at once; only what the socket does not take waits in a queue of its
 * own. So a transport at rest holds no buffer, and a relay copies nothing between buffers while its sink keeps up.
 * Where much comes and the handler need not see it, it goes from socket to socket inside the kernel (conduit.h).
 *
 * Contract of the handler: each function is called last, on an empty stack of this module; it may close the transport.
 * - `received` takes as many bytes as it wants and says how many; the rest is kept and offered again, together with
 *   what comes later, when more arrives, when a hold is released, or when the handler changes.
 * - `ended` tells the peer's FIN, once, after every byte before it was taken. The other direction lives on.
 * - `drained` tells that the output, which was over the high mark, is under the low mark, or that the FIN which waited
 *   for it has gone out.
 * - `write_failed` tells that nothing can be written any more (an errno). What is queued is dropped, later writes are
 *   ignored; reading goes on, as the peer may have said something before it went.
 * - `read_failed` tells that nothing can be read any more; nothing is called after it.
 * - `unseen`, which may be NULL, names the transport that what comes next goes on to, and says how many bytes of it go
 *   there whatever they are; `passed` tells how many went, in place of `received`: they are on their way then, or in
 * the sink's queue. Reading rests while any hold is set; holds are named for who set them, so that two never release
 * each other. Owners: client.c, exchange.c, tunnel.c. Closing frees at the end of the turn.
 */

#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct reaper;
struct transport;

struct transport_handler {
    size_t (*received)(void *owner, const char *bytes, size_t length);
    void (*ended)(void *owner);
    void (*drained)(void *owner);
    void (*write_failed)(void *owner, int error);
    void (*read_failed)(void *owner, int error);
    uint64_t (*unseen)(void *owner, struct transport **sink);
    void (*passed)(void *owner, size_t length);
};

enum transport_hold {
    HOLD_SINK_FULL = 1, /* what is read here goes to a peer that is over its high mark */
    HOLD_KEPT_FULL = 2, /* the bytes kept unread reached the high mark; set and released in here */
    HOLD_ADMISSION = 4, /* it is not known yet whether this client may ask at all */
};

/* Bytes at which a sink counts as congested, and at which it counts as free again. */
struct transport_marks {
    size_t high;
    size_t low;
};

/*
 * Takes the descriptor over (it is closed with the transport, or at once on failure). `marks` are its own from then on.
 * Reading starts with the next turn. Returns NULL when memory is short.
 */
struct transport *transport_new(struct event_base *base, struct reaper *reaper, int fd,
                                const struct transport_marks *marks, const struct transport_handler *handler,
                                void *owner);

/* Closes the socket now, drops what was not yet written, frees later. NULL is let pass. */
void transport_close(struct transport *transport);

/* As transport_close, but the peer sees a reset (RST) instead of an orderly end: it must not take a part for a whole.
 */
void transport_abort(struct transport *transport);

/* From the next call on, another owner is told; kept bytes and an end not yet taken are offered to it. */
void transport_set_handler(struct transport *transport, const struct transport_handler *handler, void *owner);

/* Writes now what the socket takes, queues the rest. The bytes are copied where they must wait. */
void transport_write(struct transport *transport, struct slice bytes);

/* As transport_write for pieces that belong together, in one system call. At most 4 pieces. */
void transport_write_pieces(struct transport *transport, const struct slice *pieces, size_t count);

/* Sends FIN once all that was written is out. Writing after this is a bug. */
void transport_end(struct transport *transport);

void transport_hold(struct transport *transport, enum transport_hold reason);
void transport_release(struct transport *transport, enum transport_hold reason);

/* Offers kept bytes and an untold end to the handler again, in the next turn: the owner can use them now. */
void transport_offer(struct transport *transport);

/* True when more waits to be written than the high mark allows. */
bool transport_congested(const struct transport *transport);

/* Bytes that wait to be written; bytes that were read and not taken. */
size_t transport_pending(const struct transport *transport);
size_t transport_kept(const struct transport *transport);

/* True once the peer's FIN was read, whether or not it was told. */
bool transport_input_ended(const struct transport *transport);

/* True when the peer closed both directions, as far as the kernel can tell without writing (unix sockets: exact). */
bool transport_peer_closed(const struct transport *transport);

/* True once `write_failed` or `read_failed` is due or was called. */
bool transport_failed(const struct transport *transport);

#endif
