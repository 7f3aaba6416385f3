#include "transport.h"
#include "conduit.h"
#include "reaper.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    BULK_SIZE = 256 * 1024, /* what a unix socket holds at most, unless it was told otherwise */
    WRITE_SIZE = 256 * 1024,
    PIECES_MAX = 4,
};

struct transport {
    struct reaper_entry dead;
    struct reaper *reaper;
    struct evbuffer *kept;  /* read and not taken; NULL while there is nothing */
    struct evbuffer *queue; /* to be written; NULL while there is nothing */
    struct event readable;
    struct event writable; /* pending while there is a queue */
    struct event resume;
    struct transport_marks marks;
    const struct transport_handler *handler;
    void *owner;
    int fd;
    int read_error;
    int write_error;
    unsigned holds; /* bits of enum transport_hold */
    bool write_error_told;
    bool read_error_told; /* the last that a handler hears */
    bool was_congested;
    bool end_wanted; /* FIN when the output is empty */
    bool input_ended;
    bool end_told;
    bool closed;
    bool offering;    /* the handler has bytes in its hands */
    bool offer_again; /* and somebody wants what it leaves to be offered */
    bool bulk;        /* the last piece was a large one: more like it is likely to follow */
};

static char scratch[BULK_SIZE];

/* The one place that decides whether the socket is watched for input. */
static void
update_reading(struct transport *transport)
{
    bool wanted = transport->holds == 0 && !transport->input_ended && transport->read_error == 0 && !transport->closed;
    bool watched = event_pending(&transport->readable, EV_READ, NULL) != 0;
    if (!wanted && watched)
        event_del(&transport->readable);
    if (!wanted || watched || event_add(&transport->readable, NULL) == 0)
        return;
    /* Unwatched, the connection would hang for ever. */
    transport->read_error = ENOMEM;
    event_active(&transport->resume, 0, 0);
}

/* Errors are told from the resume event, never from within a call of the owner. */
static void
fail_reading(struct transport *transport, int error)
{
    if (transport->read_error != 0 || transport->closed)
        return;
    transport->read_error = error;
    update_reading(transport);
    event_active(&transport->resume, 0, 0);
}

static void
drop_queue(struct transport *transport)
{
    if (transport->queue == NULL)
        return;
    event_del(&transport->writable);
    evbuffer_free(transport->queue);
    transport->queue = NULL;
}

static void
fail_writing(struct transport *transport, int error)
{
    if (transport->write_error != 0 || transport->closed)
        return;
    transport->write_error = error;
    drop_queue(transport);
    event_active(&transport->resume, 0, 0);
}

static bool
keep(struct transport *transport, const char *bytes, size_t length)
{
    if (transport->kept == NULL)
        transport->kept = evbuffer_new();
    return transport->kept != NULL && evbuffer_add(transport->kept, bytes, length) == 0;
}

/* Sets or releases the hold that bounds the bytes kept. */
static void
bound_kept(struct transport *transport)
{
    if (transport_kept(transport) >= transport->marks.high)
        transport->holds |= HOLD_KEPT_FULL;
    else
        transport->holds &= ~(unsigned)HOLD_KEPT_FULL;
    update_reading(transport);
}

static void
tell_end(struct transport *transport)
{
    if (transport->closed || !transport->input_ended || transport->end_told || transport_kept(transport) > 0)
        return;
    transport->end_told = true;
    transport->handler->ended(transport->owner);
}

/* Returns how many bytes were taken. The handler may have changed, and the transport may be closed. */
static size_t
offer(struct transport *transport, const char *bytes, size_t length)
{
    transport->offering = true;
    transport->offer_again = false;
    size_t taken = transport->handler->received(transport->owner, bytes, length);
    transport->offering = false;
    return taken;
}

/* Behind an offer, once what was left is kept: it is offered in a call of its own, where that is wanted. */
static void
offer_again(struct transport *transport)
{
    if (transport->offer_again && transport_kept(transport) > 0)
        event_active(&transport->resume, 0, 0);
    transport->offer_again = false;
}

/* Offers what is kept; returns with the transport possibly closed. */
static void
offer_kept(struct transport *transport)
{
    size_t length = transport_kept(transport);
    if (length > 0) {
        unsigned char *bytes = evbuffer_pullup(transport->kept, -1);
        if (bytes == NULL) {
            fail_reading(transport, ENOMEM);
            return;
        }
        /* Taken out first: the handler may change the owner, and the new one must not be offered these bytes twice. */
        struct evbuffer *offered = transport->kept;
        transport->kept = NULL;
        size_t taken = offer(transport, (const char *)bytes, length);
        evbuffer_drain(offered, taken);
        if (evbuffer_get_length(offered) == 0 || transport->closed)
            evbuffer_free(offered);
        else
            transport->kept = offered;
        if (transport->closed)
            return;
        bound_kept(transport);
        offer_again(transport);
    }
    tell_end(transport);
}

static void
receive(struct transport *transport, size_t length)
{
    if (transport_kept(transport) > 0) {
        if (!keep(transport, scratch, length)) {
            fail_reading(transport, ENOMEM);
            return;
        }
        offer_kept(transport);
        return;
    }
    size_t taken = offer(transport, scratch, length);
    if (transport->closed || taken == length)
        return;
    if (!keep(transport, scratch + taken, length - taken)) {
        fail_reading(transport, ENOMEM);
        return;
    }
    bound_kept(transport);
    offer_again(transport);
}

/* What the sink did not take of the bytes in the conduit waits in its queue like all else. */
static void
take_conduit(struct transport *sink, size_t length)
{
    size_t sent = conduit_empty(sink->fd, length);
    if (sent == length)
        return;
    int error = errno;
    size_t rest = conduit_read(scratch, length - sent);
    if (rest < length - sent)
        fail_writing(sink, EIO);
    else if (error == EAGAIN || error == EINTR)
        transport_write(sink, (struct slice){scratch, rest});
    else
        fail_writing(sink, error);
}

/* Large pieces wake the peers less often; but one of them may have to wait in the queue, so the mark bounds it. */
static size_t
bulk_size(const struct transport *transport)
{
    size_t bound = transport->marks.high < BULK_SIZE / 4 ? transport->marks.high * 4 : BULK_SIZE;
    return bound > READ_SIZE ? bound : READ_SIZE;
}

/*
 * Where a lot comes and the sink keeps up: passes on what the handler need not see, or says how much may be read in one
 * piece. 0: it was passed on, and the transport may be closed.
 */
static size_t
pass_or_size(struct transport *transport)
{
    struct transport *sink = NULL;
    if (!transport->bulk || transport->handler->unseen == NULL || transport_kept(transport) > 0)
        return READ_SIZE;
    uint64_t unseen = transport->handler->unseen(transport->owner, &sink);
    if (sink == NULL || transport_pending(sink) > 0)
        return READ_SIZE;
    if (unseen < READ_SIZE || sink->write_error != 0 || sink->closed)
        return bulk_size(transport);
    ssize_t length = conduit_fill(transport->fd, unseen < CONDUIT_SIZE ? (size_t)unseen : CONDUIT_SIZE);
    /* An end or an error is for an ordinary read to meet. */
    if (length <= 0)
        return bulk_size(transport);
    transport->bulk = length >= READ_SIZE / 2;
    take_conduit(sink, (size_t)length);
    transport->handler->passed(transport->owner, (size_t)length);
    return 0;
}

static void
on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    struct transport *transport = argument;
    size_t size = pass_or_size(transport);
    if (size == 0)
        return;
    ssize_t length = recv(fd, scratch, size, 0);
    transport->bulk = length >= READ_SIZE;
    if (length > 0) {
        receive(transport, (size_t)length);
        return;
    }
    if (length < 0) {
        if (errno != EAGAIN && errno != EINTR)
            fail_reading(transport, errno);
        return;
    }
    transport->input_ended = true;
    update_reading(transport);
    tell_end(transport);
}

static void
on_resume(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct transport *transport = argument;
    if (transport->closed || transport->read_error_told)
        return;
    if (transport->write_error != 0 && !transport->write_error_told) {
        transport->write_error_told = true;
        transport->handler->write_failed(transport->owner, transport->write_error);
        if (transport->closed)
            return;
    }
    if (transport->read_error != 0) {
        transport->read_error_told = true;
        transport->handler->read_failed(transport->owner, transport->read_error);
        return;
    }
    if ((transport->holds & ~(unsigned)HOLD_KEPT_FULL) == 0)
        offer_kept(transport);
}

/* True when the FIN went out now. */
static bool
send_end(struct transport *transport)
{
    if (!transport->end_wanted || transport_pending(transport) > 0)
        return false;
    transport->end_wanted = false;
    shutdown(transport->fd, SHUT_WR);
    return true;
}

static void
on_writable(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    struct transport *transport = argument;
    if (evbuffer_write_atmost(transport->queue, fd, WRITE_SIZE) < 0 && errno != EAGAIN && errno != EINTR) {
        fail_writing(transport, errno);
        return;
    }
    if (evbuffer_get_length(transport->queue) == 0)
        drop_queue(transport);
    bool ended = send_end(transport);
    bool relieved = transport->was_congested && transport_pending(transport) <= transport->marks.low;
    if ((ended || relieved) && !transport->read_error_told) {
        transport->was_congested = transport->was_congested && !relieved;
        transport->handler->drained(transport->owner);
    }
}

struct transport *
transport_new(struct event_base *base, struct reaper *reaper, int fd, const struct transport_marks *marks,
              const struct transport_handler *handler, void *owner)
{
    struct transport *transport = malloc(sizeof(*transport));
    if (transport == NULL) {
        close(fd);
        return NULL;
    }
    memset(transport, 0, sizeof(*transport));
    transport->reaper = reaper;
    transport->marks = *marks;
    transport->handler = handler;
    transport->owner = owner;
    transport->fd = fd;
    if (event_assign(&transport->readable, base, fd, EV_READ | EV_PERSIST, on_readable, transport) != 0 ||
        event_assign(&transport->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, transport) != 0 ||
        event_assign(&transport->resume, base, -1, 0, on_resume, transport) != 0 ||
        event_add(&transport->readable, NULL) != 0) {
        free(transport);
        close(fd);
        return NULL;
    }
    return transport;
}

static void
free_transport(struct reaper_entry *entry)
{
    struct transport *transport = (struct transport *)entry;
    if (transport->kept != NULL)
        evbuffer_free(transport->kept);
    free(transport);
}

void
transport_close(struct transport *transport)
{
    if (transport == NULL || transport->closed)
        return;
    transport->closed = true;
    event_del(&transport->readable);
    event_del(&transport->resume);
    drop_queue(transport);
    close(transport->fd);
    reaper_take(transport->reaper, &transport->dead, free_transport);
}

void
transport_abort(struct transport *transport)
{
    if (transport == NULL || transport->closed)
        return;
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(transport->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    transport_close(transport);
}

void
transport_set_handler(struct transport *transport, const struct transport_handler *handler, void *owner)
{
    transport->handler = handler;
    transport->owner = owner;
    transport->end_told = false;
    transport->write_error_told = false;
    transport->read_error_told = false;
    if (transport_failed(transport))
        event_active(&transport->resume, 0, 0);
    transport_offer(transport);
}

void
transport_write(struct transport *transport, struct slice bytes)
{
    transport_write_pieces(transport, &bytes, 1);
}

/* Sends what the socket takes of pieces that nothing waits before; returns how many bytes that was. */
static size_t
send_now(struct transport *transport, const struct slice *pieces, size_t count)
{
    struct iovec vector[PIECES_MAX];
    struct msghdr message = {.msg_iov = vector};
    for (size_t i = 0; i < count; i++)
        if (pieces[i].length > 0)
            vector[message.msg_iovlen++] = (struct iovec){(void *)pieces[i].data, pieces[i].length};
    ssize_t sent = message.msg_iovlen == 1 ? send(transport->fd, vector[0].iov_base, vector[0].iov_len, MSG_NOSIGNAL)
                                           : sendmsg(transport->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        fail_writing(transport, errno);
    return 0;
}

static bool
enqueue(struct transport *transport, struct slice bytes)
{
    if (transport->queue == NULL) {
        transport->queue = evbuffer_new();
        if (transport->queue == NULL)
            return false;
        if (event_add(&transport->writable, NULL) != 0)
            return false;
    }
    return evbuffer_add(transport->queue, bytes.data, bytes.length) == 0;
}

void
transport_write_pieces(struct transport *transport, const struct slice *pieces, size_t count)
{
    if (transport->closed || transport->write_error != 0)
        return;
    size_t sent = transport_pending(transport) == 0 ? send_now(transport, pieces, count) : 0;
    if (transport->write_error != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t skipped = sent < pieces[i].length ? sent : pieces[i].length;
        sent -= skipped;
        if (skipped < pieces[i].length &&
            !enqueue(transport, (struct slice){pieces[i].data + skipped, pieces[i].length - skipped})) {
            fail_writing(transport, ENOMEM);
            return;
        }
    }
    if (transport_congested(transport))
        transport->was_congested = true;
}

void
transport_end(struct transport *transport)
{
    if (transport->closed || transport->write_error != 0)
        return;
    transport->end_wanted = true;
    send_end(transport);
}

void
transport_hold(struct transport *transport, enum transport_hold reason)
{
    transport->holds |= (unsigned)reason;
    transport->bulk = false;
    update_reading(transport);
}

void
transport_release(struct transport *transport, enum transport_hold reason)
{
    if ((transport->holds & (unsigned)reason) == 0)
        return;
    transport->holds &= ~(unsigned)reason;
    update_reading(transport);
    transport_offer(transport);
}

void
transport_offer(struct transport *transport)
{
    transport->offer_again = transport->offering;
    if (transport_kept(transport) > 0 || (transport->input_ended && !transport->end_told))
        event_active(&transport->resume, 0, 0);
}

bool
transport_failed(const struct transport *transport)
{
    return transport->read_error != 0 || transport->write_error != 0;
}

bool
transport_congested(const struct transport *transport)
{
    return transport_pending(transport) > transport->marks.high;
}

size_t
transport_pending(const struct transport *transport)
{
    return transport->queue != NULL ? evbuffer_get_length(transport->queue) : 0;
}

size_t
transport_kept(const struct transport *transport)
{
    return transport->kept != NULL ? evbuffer_get_length(transport->kept) : 0;
}

bool
transport_input_ended(const struct transport *transport)
{
    return transport->input_ended;
}

bool
transport_peer_closed(const struct transport *transport)
{
    struct pollfd peer = {.fd = transport->fd, .events = 0};
    return poll(&peer, 1, 0) == 1 && (peer.revents & (POLLHUP | POLLERR)) != 0;
}
