/* Large pieces, and bytes that pass from socket to socket unseen: in order, counted, and no further than allowed. */

#include "recorder.h"
#include "tcp_pair.h"

#include <signal.h>

/* A source whose bytes go to a sink: `allowed` of them unseen, the rest by way of `received`. */
struct relay {
    struct loop loop;
    struct transport *source;
    struct transport *sink;
    int sender;
    int receiver;
    uint64_t allowed;
    size_t passed;
    size_t seen;
    bool ended;
    bool close_source_when_passed;
    bool break_sink_when_asked;
};

static const struct transport_marks marks = {.high = 65536, .low = 16384};

static void
hold_where_full(struct relay *relay)
{
    if (transport_congested(relay->sink))
        transport_hold(relay->source, HOLD_SINK_FULL);
}

static size_t
on_received(void *owner, const char *bytes, size_t length)
{
    struct relay *relay = owner;
    relay->seen += length;
    transport_write(relay->sink, (struct slice){bytes, length});
    hold_where_full(relay);
    return length;
}

static uint64_t
unseen(void *owner, struct transport **sink)
{
    struct relay *relay = owner;
    *sink = relay->sink;
    if (relay->break_sink_when_asked && transport_pending(relay->sink) == 0 && relay->receiver >= 0) {
        close(relay->receiver);
        relay->receiver = -1;
    }
    return relay->allowed;
}

static void
on_passed(void *owner, size_t length)
{
    struct relay *relay = owner;
    assert_true(length > 0 && length <= relay->allowed);
    relay->passed += length;
    relay->allowed -= length;
    hold_where_full(relay);
    if (relay->close_source_when_passed) {
        transport_close(relay->source);
        relay->source = NULL;
    }
}

static void
on_ended(void *owner)
{
    ((struct relay *)owner)->ended = true;
}

static void
ignore(void *owner)
{
    (void)owner;
}

static void
ignore_error(void *owner, int error)
{
    (void)owner;
    (void)error;
}

static void
on_sink_drained(void *owner)
{
    transport_release(((struct relay *)owner)->source, HOLD_SINK_FULL);
}

static size_t
refuse_bytes(void *owner, const char *bytes, size_t length)
{
    (void)owner;
    (void)bytes;
    return length;
}

static const struct transport_handler source_handler = {.received = on_received,
                                                        .ended = on_ended,
                                                        .drained = ignore,
                                                        .write_failed = ignore_error,
                                                        .read_failed = ignore_error,
                                                        .unseen = unseen,
                                                        .passed = on_passed};
static const struct transport_handler sink_handler = {.received = refuse_bytes,
                                                      .ended = ignore,
                                                      .drained = on_sink_drained,
                                                      .write_failed = ignore_error,
                                                      .read_failed = ignore_error};

static void
open_relay(struct relay *relay, bool tcp_source, bool tcp_sink)
{
    int source[2];
    int sink[2];
    memset(relay, 0, sizeof(*relay));
    signal(SIGPIPE, SIG_IGN);
    loop_open(&relay->loop);
    if (tcp_source)
        open_tcp_pair(source);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, source), 0);
    if (tcp_sink)
        open_tcp_pair(sink);
    else
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, sink), 0);
    relay->sender = source[1];
    relay->receiver = sink[1];
    relay->source = transport_new(relay->loop.base, relay->loop.reaper, source[0], &marks, &source_handler, relay);
    relay->sink = transport_new(relay->loop.base, relay->loop.reaper, sink[0], &marks, &sink_handler, relay);
    assert_non_null(relay->source);
    assert_non_null(relay->sink);
}

static void
close_relay(struct relay *relay)
{
    transport_close(relay->source);
    transport_close(relay->sink);
    close(relay->sender);
    if (relay->receiver >= 0)
        close(relay->receiver);
    loop_close(&relay->loop);
}

/* Sends `total` bytes and the end; the receiver reads only every `pace` turns. */
static void
check_relay(struct relay *relay, size_t total, unsigned pace)
{
    size_t sent = 0;
    size_t received = 0;
    for (unsigned turn = 0; received < total; turn++) {
        sent += peer_send_pattern(relay->sender, sent, total - sent);
        if (sent == total)
            shutdown(relay->sender, SHUT_WR);
        event_base_loop(relay->loop.base, EVLOOP_NONBLOCK);
        assert_true(transport_pending(relay->sink) <= 5 * marks.high);
        if (turn % pace == 0)
            received = peer_read_pattern(relay->receiver, received, total);
    }
    RUN_UNTIL(&relay->loop, relay->ended);
    assert_int_equal(relay->passed + relay->seen, total);
}

static void
bytes_that_need_not_be_seen_arrive_whole_and_in_order(void **state)
{
    (void)state;
    for (unsigned kinds = 0; kinds < 4; kinds++) {
        for (unsigned pace = 1; pace < 200; pace += 99) {
            struct relay relay;
            open_relay(&relay, kinds & 1, kinds & 2);
            relay.allowed = UINT64_MAX;
            check_relay(&relay, 8 * 1024 * 1024, pace);
            if (!(kinds & 1))
                assert_int_equal(relay.passed, 0); /* copying is cheaper out of a unix socket */
            close_relay(&relay);
        }
    }
}

static void
much_from_a_tcp_peer_does_pass_unseen(void **state)
{
    (void)state;
    struct relay relay;
    open_relay(&relay, true, false);
    relay.allowed = UINT64_MAX;
    check_relay(&relay, 16 * 1024 * 1024, 1);
    assert_true(relay.passed > 0);
    close_relay(&relay);
}

static void
not_a_byte_more_than_allowed_passes_unseen(void **state)
{
    (void)state;
    struct relay relay;
    open_relay(&relay, true, false);
    relay.allowed = 3 * 1024 * 1024 + 12345; /* on_passed looks at each piece */
    check_relay(&relay, 8 * 1024 * 1024, 1);
    assert_true(relay.seen >= 5 * 1024 * 1024 - 12345);
    close_relay(&relay);
}

static void
an_owner_may_close_when_told_that_bytes_passed(void **state)
{
    (void)state;
    struct relay relay;
    open_relay(&relay, true, false);
    relay.allowed = UINT64_MAX;
    relay.close_source_when_passed = true;
    size_t sent = 0;
    size_t received = 0;
    while (relay.source != NULL) {
        sent += peer_send_pattern(relay.sender, sent, 1024 * 1024);
        event_base_loop(relay.loop.base, EVLOOP_NONBLOCK);
        received = peer_read_pattern(relay.receiver, received, sent);
    }
    loop_settle(&relay.loop);
    received = peer_read_pattern(relay.receiver, received, sent);
    assert_int_equal(received, relay.passed + relay.seen);
    close_relay(&relay);
}

/* What a sink that is gone did not take must not come out of the next one. */
static void
a_sink_that_breaks_leaves_nothing_for_the_next(void **state)
{
    (void)state;
    struct relay broken;
    open_relay(&broken, true, false);
    broken.allowed = UINT64_MAX;
    size_t sent = 0;
    size_t received = 0;
    while (broken.passed == 0) {
        sent += peer_send_pattern(broken.sender, sent, 1024 * 1024);
        event_base_loop(broken.loop.base, EVLOOP_NONBLOCK);
        received = peer_read_pattern(broken.receiver, received, sent);
    }
    /* It breaks between the look at it and the move: all that was moved is in the conduit. */
    broken.break_sink_when_asked = true;
    size_t before = broken.passed;
    while (broken.receiver >= 0) {
        before = broken.passed;
        sent += peer_send_pattern(broken.sender, sent, 1024 * 1024);
        event_base_loop(broken.loop.base, EVLOOP_NONBLOCK);
        if (broken.receiver >= 0)
            received = peer_read_pattern(broken.receiver, received, sent);
    }
    assert_true(broken.passed > before);
    assert_true(transport_failed(broken.sink));
    struct relay next;
    open_relay(&next, true, false);
    next.allowed = UINT64_MAX;
    check_relay(&next, 8 * 1024 * 1024, 1);
    assert_true(next.passed > 0);
    close_relay(&next);
    close_relay(&broken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_that_need_not_be_seen_arrive_whole_and_in_order),
        cmocka_unit_test(much_from_a_tcp_peer_does_pass_unseen),
        cmocka_unit_test(not_a_byte_more_than_allowed_passes_unseen),
        cmocka_unit_test(an_owner_may_close_when_told_that_bytes_passed),
        cmocka_unit_test(a_sink_that_breaks_leaves_nothing_for_the_next),
    };
    return cmocka_run_group_tests_name("transport_bulk", tests, NULL, NULL);
}
