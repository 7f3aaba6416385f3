#ifndef SOCKWARDEN_PROXY_TUNNEL_H
#define SOCKWARDEN_PROXY_TUNNEL_H

/*
 * Two connections joined as bytes, after the engine took its one over (attach, exec start, BuildKit's sessions). A
 * tunnel is final: no HTTP is looked for any more. Each direction lives for itself: a FIN read on one side is passed on
 * as a FIN on the other once everything before it is out, while the other direction goes on; each pauses its source
 * when its sink is over the high mark. It ends when both directions have ended, or one side failed. No time limit; but
 * a client that has sent its FIN is looked at now and then, as no event tells when it is gone altogether.
 * The owner is exchange.c, which keeps the transports and closes them when `ended` was called.
 */

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct reaper;
struct transport;
struct tunnel;

/* Both transports get the tunnel as handler; bytes that they kept unread go first. NULL: no memory. */
struct tunnel *tunnel_new(struct event_base *base, struct reaper *reaper, struct transport *client,
                          struct transport *engine, void (*ended)(void *owner), void *owner);

/* Bytes passed on so far. */
uint64_t tunnel_received(const struct tunnel *tunnel);
uint64_t tunnel_sent(const struct tunnel *tunnel);

/* Sends FIN both ways behind what is queued: the process stops. */
void tunnel_shutdown(struct tunnel *tunnel);

/* Forgets the tunnel; the transports stay with the owner. NULL is let pass. */
void tunnel_free(struct tunnel *tunnel);

#endif
