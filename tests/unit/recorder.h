#ifndef SOCKWARDEN_TESTS_UNIT_RECORDER_H
#define SOCKWARDEN_TESTS_UNIT_RECORDER_H

/*
 * A transport over a socket pair with a handler that writes down what it is told and takes as much as it was bidden;
 * the test holds the other end. Shared by the tests of proxy/transport.c and proxy/tunnel.c.
 */

#include "proxy/transport.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RECORD_SIZE = 4 * 1024 * 1024, RECORD_EVENTS = 256 };

/* What a handler was told, one letter each: r(eceived) e(nded) d(rained) w(rite failed) f(ailed reading). */
struct recorder {
    struct transport *transport;
    char events[RECORD_EVENTS];
    char *bytes;
    size_t length;
    size_t offered;   /* by the last call */
    size_t allowance; /* bytes that will be taken from now on */
    int error;
    char close_at;                 /* the event at which to close */
    struct recorder *hand_over_to; /* within the next `received` */
};

static inline void
recorder_note(struct recorder *recorder, char event)
{
    size_t length = strlen(recorder->events);
    if (length + 1 < RECORD_EVENTS)
        recorder->events[length] = event;
    if (recorder->close_at == event)
        transport_close(recorder->transport);
}

static const struct transport_handler recorder_handler;

static inline size_t
recorder_received(void *owner, const char *bytes, size_t length)
{
    struct recorder *recorder = owner;
    size_t taken = length < recorder->allowance ? length : recorder->allowance;
    recorder->allowance -= taken;
    recorder->offered = length;
    memcpy(recorder->bytes + recorder->length, bytes, taken);
    recorder->length += taken;
    recorder_note(recorder, 'r');
    if (recorder->hand_over_to != NULL) {
        recorder->hand_over_to->transport = recorder->transport;
        transport_set_handler(recorder->transport, &recorder_handler, recorder->hand_over_to);
        recorder->hand_over_to = NULL;
    }
    return taken;
}

static inline void
recorder_ended(void *owner)
{
    recorder_note(owner, 'e');
}

static inline void
recorder_drained(void *owner)
{
    recorder_note(owner, 'd');
}

static inline void
recorder_write_failed(void *owner, int error)
{
    ((struct recorder *)owner)->error = error;
    recorder_note(owner, 'w');
}

static inline void
recorder_read_failed(void *owner, int error)
{
    ((struct recorder *)owner)->error = error;
    recorder_note(owner, 'f');
}

static const struct transport_handler recorder_handler = {
    .received = recorder_received,
    .ended = recorder_ended,
    .drained = recorder_drained,
    .write_failed = recorder_write_failed,
    .read_failed = recorder_read_failed,
};

static inline void
recorder_open(struct recorder *recorder)
{
    memset(recorder, 0, sizeof(*recorder));
    recorder->allowance = SIZE_MAX;
    recorder->bytes = malloc(RECORD_SIZE);
    assert_non_null(recorder->bytes);
}

static inline void
recorder_close(struct recorder *recorder)
{
    free(recorder->bytes);
}

#define CHECK_EVENTS(recorder, expected) CHECK_TEXT("events", (recorder)->events, (expected))
#define CHECK_BYTES(recorder, expected)                                                                                \
    CHECK_SLICE("bytes", ((struct slice){(recorder)->bytes, (recorder)->length}), (expected))

/* ---- the other end
 * ---------------------------------------------------------------------------------------------------- */

static inline void
peer_send(int peer, const char *text)
{
    assert_int_equal(send(peer, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* True when the peer sees the end and nothing before it. */
static inline bool
peer_sees_end(int peer)
{
    char byte;
    return recv(peer, &byte, 1, MSG_DONTWAIT) == 0;
}

static inline void
check_peer_receives(int peer, const char *text)
{
    char bytes[256];
    ssize_t length = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT);
    CHECK(text, length == (ssize_t)strlen(text) && memcmp(bytes, text, (size_t)length) == 0);
}

/* Bytes that are unlike at any two near places. */
static inline char
pattern(size_t at)
{
    return (char)(at * 7 + at / 251);
}

/* Sends as much of the pattern as the socket takes. */
static inline size_t
peer_send_pattern(int peer, size_t from, size_t limit)
{
    size_t sent = 0;
    while (sent < limit) {
        char bytes[4096];
        size_t size = limit - sent < sizeof(bytes) ? limit - sent : sizeof(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = pattern(from + sent + i);
        ssize_t length = send(peer, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (length <= 0)
            break;
        sent += (size_t)length;
    }
    return sent;
}

/* Reads what is there and checks that it goes on with the pattern; returns how much there is by now. */
static inline size_t
peer_read_pattern(int peer, size_t from, size_t limit)
{
    char bytes[4096];
    ssize_t length;
    while (from < limit && (length = recv(peer, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
        for (ssize_t i = 0; i < length; i++, from++)
            assert_int_equal(bytes[i], pattern(from));
    return from;
}

#endif
