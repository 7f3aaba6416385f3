#include "transport.h"
#include "reaper.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_SIZE = 64 * 1024,
    WRITE_SIZE = 256 * 1024,
    PIECES_MAX = 4,
};

struct transport {
    struct reaper_entry dead;
    struct reaper *reaper;
    struct bufferevent *output; /* its reading side is never enabled */
    struct evbuffer *kept;      /* made when first needed */
    struct event readable;
    struct event resume;
    const struct transport_marks *marks;
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
};

static char scratch[READ_SIZE];

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
fail_writing(struct transport *transport, int error)
{
    if (transport->write_error != 0 || transport->closed)
        return;
    transport->write_error = error;
    bufferevent_disable(transport->output, EV_WRITE);
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
    if (transport_kept(transport) >= transport->marks->high)
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
        size_t taken = transport->handler->received(transport->owner, (const char *)bytes, length);
        evbuffer_drain(offered, taken);
        if (evbuffer_get_length(offered) == 0 || transport->closed)
            evbuffer_free(offered);
        else
            transport->kept = offered;
        if (transport->closed)
            return;
        bound_kept(transport);
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
    size_t taken = transport->handler->received(transport->owner, scratch, length);
    if (transport->closed || taken == length)
        return;
    /* The handler may have changed: what is left over is offered to the new one in a call of its own. */
    if (!keep(transport, scratch + taken, length - taken)) {
        fail_reading(transport, ENOMEM);
        return;
    }
    bound_kept(transport);
}

static void
on_readable(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    struct transport *transport = argument;
    ssize_t length = recv(fd, scratch, sizeof(scratch), 0);
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
on_output_low(struct bufferevent *output, void *argument)
{
    (void)output;
    struct transport *transport = argument;
    bool ended = send_end(transport);
    if ((ended || transport->was_congested) && !transport->read_error_told) {
        transport->was_congested = false;
        transport->handler->drained(transport->owner);
    }
}

static void
on_output_event(struct bufferevent *output, short what, void *argument)
{
    (void)output;
    if (what & BEV_EVENT_ERROR)
        fail_writing(argument, errno != 0 ? errno : EIO);
    else if (what & BEV_EVENT_EOF)
        fail_writing(argument, EPIPE);
}

struct transport *
transport_new(struct event_base *base, struct reaper *reaper, int fd, const struct transport_marks *marks,
              const struct transport_handler *handler, void *owner)
{
    struct transport *transport = calloc(1, sizeof(*transport));
    if (transport == NULL) {
        close(fd);
        return NULL;
    }
    transport->reaper = reaper;
    transport->marks = marks;
    transport->handler = handler;
    transport->owner = owner;
    transport->fd = fd;
    transport->output = bufferevent_socket_new(base, fd, 0);
    if (transport->output == NULL ||
        event_assign(&transport->readable, base, fd, EV_READ | EV_PERSIST, on_readable, transport) != 0 ||
        event_assign(&transport->resume, base, -1, 0, on_resume, transport) != 0 ||
        event_add(&transport->readable, NULL) != 0) {
        if (transport->output != NULL)
            bufferevent_free(transport->output);
        free(transport);
        close(fd);
        return NULL;
    }
    bufferevent_setcb(transport->output, NULL, on_output_low, on_output_event, transport);
    bufferevent_setwatermark(transport->output, EV_WRITE, marks->low, 0);
    bufferevent_set_max_single_write(transport->output, WRITE_SIZE);
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
    bufferevent_free(transport->output);
    transport->output = NULL;
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
    event_active(&transport->resume, 0, 0);
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
    for (size_t i = 0; i < count; i++)
        vector[i] = (struct iovec){(void *)pieces[i].data, pieces[i].length};
    struct msghdr message = {.msg_iov = vector, .msg_iovlen = count};
    ssize_t sent = sendmsg(transport->fd, &message, MSG_NOSIGNAL);
    if (sent >= 0)
        return (size_t)sent;
    if (errno != EAGAIN && errno != EINTR)
        fail_writing(transport, errno);
    return 0;
}

void
transport_write_pieces(struct transport *transport, const struct slice *pieces, size_t count)
{
    if (transport->closed || transport->write_error != 0)
        return;
    struct evbuffer *output = bufferevent_get_output(transport->output);
    size_t sent = transport_pending(transport) == 0 ? send_now(transport, pieces, count) : 0;
    if (transport->write_error != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t skipped = sent < pieces[i].length ? sent : pieces[i].length;
        sent -= skipped;
        if (skipped < pieces[i].length &&
            evbuffer_add(output, pieces[i].data + skipped, pieces[i].length - skipped) != 0) {
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
    return transport_pending(transport) > transport->marks->high;
}

size_t
transport_pending(const struct transport *transport)
{
    if (transport->closed || transport->write_error != 0)
        return 0;
    return evbuffer_get_length(bufferevent_get_output(transport->output));
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

int
transport_fd(const struct transport *transport)
{
    return transport->fd;
}
