#ifndef SOCKWARDEN_TESTS_UNIT_TRANSPORT_FIXTURE_H
#define SOCKWARDEN_TESTS_UNIT_TRANSPORT_FIXTURE_H

/* A loop with one recorded transport and the other end of its socket. Shared by the tests of proxy/transport.c. */

#include "recorder.h"

#include <signal.h>

struct fixture {
    struct loop loop;
    struct recorder recorder;
    struct transport *transport;
    int peer;
};

static const struct transport_marks marks = {.high = 65536, .low = 16384};

static inline void
open_over(struct fixture *fixture, int fd, int peer)
{
    fixture->peer = peer;
    fixture->transport =
        transport_new(fixture->loop.base, fixture->loop.reaper, fd, &marks, &recorder_handler, &fixture->recorder);
    assert_non_null(fixture->transport);
    fixture->recorder.transport = fixture->transport;
}

static inline int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int ends[2];
    signal(SIGPIPE, SIG_IGN); /* as the program does: libevent writes without MSG_NOSIGNAL */
    loop_open(&fixture->loop);
    recorder_open(&fixture->recorder);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    open_over(fixture, ends[0], ends[1]);
    *state = fixture;
    return 0;
}

static inline int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    transport_close(fixture->transport);
    if (fixture->peer >= 0)
        close(fixture->peer);
    recorder_close(&fixture->recorder);
    loop_close(&fixture->loop);
    free(fixture);
    return 0;
}

static inline void
hang_up(struct fixture *fixture)
{
    close(fixture->peer);
    fixture->peer = -1;
}

#endif
