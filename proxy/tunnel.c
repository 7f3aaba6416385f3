#include "tunnel.h"
#include "reaper.h"
#include "transport.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

enum { LOOK_SECONDS = 15 };

/* One end: what is read here goes to the other end's transport. */
struct end {
    struct tunnel *tunnel;
    struct end *other;
    struct transport *transport;
    uint64_t bytes;  /* read here and passed on */
    bool finished;   /* its FIN was read, or there is nobody left to pass anything on to */
    bool discarding; /* the other end takes nothing more */
};

struct tunnel {
    struct reaper_entry dead;
    struct reaper *reaper;
    struct end client;
    struct end engine;
    struct event look; /* pending while the client's direction has ended and the engine's has not */
    void (*ended)(void *owner);
    void *owner;
    bool over;
};

static void
end_tunnel(struct tunnel *tunnel)
{
    if (tunnel->over)
        return;
    tunnel->over = true;
    tunnel->ended(tunnel->owner);
}

static uint64_t
unseen(void *owner, struct transport **sink)
{
    const struct end *end = owner;
    *sink = end->other->transport;
    return end->tunnel->over || end->discarding ? 0 : UINT64_MAX;
}

static void
on_passed(void *owner, size_t length)
{
    struct end *end = owner;
    end->bytes += length;
    if (transport_congested(end->other->transport))
        transport_hold(end->transport, HOLD_SINK_FULL);
}

static size_t
on_received(void *owner, const char *bytes, size_t length)
{
    struct end *end = owner;
    if (end->tunnel->over || end->discarding)
        return length;
    transport_write(end->other->transport, (struct slice){bytes, length});
    on_passed(end, length);
    return length;
}

/* A reset, or the close of a unix socket, behind the FIN of a client: the kernel knows, but no event says so. */
static void
on_look(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct tunnel *tunnel = argument;
    if (transport_peer_closed(tunnel->client.transport))
        end_tunnel(tunnel);
}

/* Over when both directions have ended and nothing waits on the way out. */
static void
check_over(struct tunnel *tunnel)
{
    if (tunnel->client.finished && tunnel->engine.finished && transport_pending(tunnel->engine.transport) == 0)
        end_tunnel(tunnel);
}

static void
on_ended(void *owner)
{
    struct end *end = owner;
    if (end->tunnel->over)
        return;
    end->finished = true;
    transport_end(end->other->transport);
    if (end == &end->tunnel->client) {
        static const struct timeval interval = {.tv_sec = LOOK_SECONDS};
        event_add(&end->tunnel->look, &interval);
    }
    /*
     * An engine that closed its socket altogether takes nothing more from the client, and no event will say so again:
     * the client must not be kept waiting for its own next write to find out.
     */
    bool engine_gone = end == &end->tunnel->engine && transport_peer_closed(end->transport);
    if (engine_gone)
        end_tunnel(end->tunnel);
    else
        check_over(end->tunnel);
}

static void
on_drained(void *owner)
{
    struct end *end = owner;
    if (end->tunnel->over)
        return;
    transport_release(end->other->transport, HOLD_SINK_FULL);
    check_over(end->tunnel);
}

/* An engine that takes no more input may still have output on the way: that is read to its end first. */
static void
on_write_failed(void *owner, int error)
{
    (void)error;
    struct end *end = owner;
    struct tunnel *tunnel = end->tunnel;
    if (tunnel->over)
        return;
    if (end == &tunnel->client || end->finished) {
        end_tunnel(tunnel);
        return;
    }
    end->other->discarding = true;
    end->other->finished = true;
    transport_release(end->other->transport, HOLD_SINK_FULL);
}

static void
on_read_failed(void *owner, int error)
{
    (void)error;
    struct end *end = owner;
    end_tunnel(end->tunnel);
}

static const struct transport_handler tunnel_handler = {
    .received = on_received,
    .ended = on_ended,
    .drained = on_drained,
    .write_failed = on_write_failed,
    .read_failed = on_read_failed,
    .unseen = unseen,
    .passed = on_passed,
};

struct tunnel *
tunnel_new(struct event_base *base, struct reaper *reaper, struct transport *client, struct transport *engine,
           void (*ended)(void *owner), void *owner)
{
    struct tunnel *tunnel = calloc(1, sizeof(*tunnel));
    if (tunnel == NULL)
        return NULL;
    tunnel->reaper = reaper;
    tunnel->ended = ended;
    tunnel->owner = owner;
    tunnel->client = (struct end){.tunnel = tunnel, .other = &tunnel->engine, .transport = client};
    tunnel->engine = (struct end){.tunnel = tunnel, .other = &tunnel->client, .transport = engine};
    event_assign(&tunnel->look, base, -1, EV_PERSIST, on_look, tunnel);
    transport_set_handler(client, &tunnel_handler, &tunnel->client);
    transport_set_handler(engine, &tunnel_handler, &tunnel->engine);
    return tunnel;
}

uint64_t
tunnel_received(const struct tunnel *tunnel)
{
    return tunnel->client.bytes;
}

uint64_t
tunnel_sent(const struct tunnel *tunnel)
{
    return tunnel->engine.bytes;
}

void
tunnel_shutdown(struct tunnel *tunnel)
{
    if (tunnel->over)
        return;
    transport_end(tunnel->client.transport);
    transport_end(tunnel->engine.transport);
    end_tunnel(tunnel);
}

static void
free_tunnel(struct reaper_entry *entry)
{
    free(entry);
}

void
tunnel_free(struct tunnel *tunnel)
{
    if (tunnel == NULL)
        return;
    tunnel->over = true;
    event_del(&tunnel->look);
    reaper_take(tunnel->reaper, &tunnel->dead, free_tunnel);
}
