/* One socket in the loop: what goes out and when, what is told of failures, and the ends of a transport. */

#include "transport_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>

/* ---- writing
 * ---------------------------------------------------------------------------------------------------------- */

static void
what_the_socket_takes_goes_out_at_once(void **state)
{
    struct fixture *fixture = *state;
    transport_write(fixture->transport, SLICE_LITERAL("hello"));
    check_peer_receives(fixture->peer, "hello");
    const struct slice pieces[] = {SLICE_LITERAL("a"), {NULL, 0}, SLICE_LITERAL("bc"), SLICE_LITERAL("d")};
    transport_write_pieces(fixture->transport, pieces, COUNT_OF(pieces));
    check_peer_receives(fixture->peer, "abcd");
    assert_int_equal(transport_pending(fixture->transport), 0);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "");
}

/* Writes the pattern until the high mark is passed. */
static size_t
congest(struct fixture *fixture)
{
    size_t written = 0;
    while (!transport_congested(fixture->transport)) {
        char bytes[3 * 1000];
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = pattern(written + i);
        const struct slice pieces[] = {{bytes, 1000}, {bytes + 1000, 1500}, {bytes + 2500, 500}};
        transport_write_pieces(fixture->transport, pieces, COUNT_OF(pieces));
        written += sizeof(bytes);
    }
    return written;
}

static void
what_the_socket_does_not_take_is_queued_in_order_and_told_when_drained(void **state)
{
    struct fixture *fixture = *state;
    for (int round = 1; round <= 2; round++) {
        size_t written = congest(fixture);
        size_t read = 0;
        assert_true(transport_pending(fixture->transport) > marks.high);
        loop_settle(&fixture->loop);
        while (transport_pending(fixture->transport) > marks.low) {
            assert_int_equal(strlen(fixture->recorder.events), round - 1);
            read = peer_read_pattern(fixture->peer, read, written);
            event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
        }
        loop_settle(&fixture->loop);
        assert_int_equal(strlen(fixture->recorder.events), round);
        while (read < written) {
            read = peer_read_pattern(fixture->peer, read, written);
            event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
        }
        assert_int_equal(transport_pending(fixture->transport), 0);
        loop_settle(&fixture->loop);
        CHECK_EVENTS(&fixture->recorder, round == 1 ? "d" : "dd");
    }
}

static void
an_end_goes_out_at_once_where_nothing_waits(void **state)
{
    struct fixture *fixture = *state;
    transport_write(fixture->transport, SLICE_LITERAL("bye"));
    transport_end(fixture->transport);
    check_peer_receives(fixture->peer, "bye");
    assert_true(peer_sees_end(fixture->peer));
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    CHECK_BYTES(&fixture->recorder, "hello");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "re");
}

static void
an_end_goes_out_behind_what_is_queued_and_is_told(void **state)
{
    struct fixture *fixture = *state;
    size_t written = congest(fixture);
    transport_end(fixture->transport);
    size_t read = 0;
    while (read < written) {
        read = peer_read_pattern(fixture->peer, read, written);
        event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
    }
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->peer));
    /* At least once behind the end; once more, perhaps, at the low mark. */
    assert_true(strspn(fixture->recorder.events, "d") == strlen(fixture->recorder.events));
    assert_in_range(strlen(fixture->recorder.events), 1, 2);
}

/* ---- failures
 * --------------------------------------------------------------------------------------------------------- */

static void
a_failed_write_is_told_once_from_the_loop_and_reading_goes_on(void **state)
{
    struct fixture *fixture = *state;
    shutdown(fixture->peer, SHUT_RD);
    transport_write(fixture->transport, SLICE_LITERAL("hello"));
    CHECK_EVENTS(&fixture->recorder, "");
    assert_true(transport_failed(fixture->transport));
    assert_int_equal(transport_pending(fixture->transport), 0);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "w");
    assert_int_equal(fixture->recorder.error, EPIPE);
    transport_write(fixture->transport, SLICE_LITERAL("again"));
    transport_end(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "w");
    peer_send(fixture->peer, "last words");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "wre");
    CHECK_BYTES(&fixture->recorder, "last words");
}

static void
a_queue_that_can_not_go_out_any_more_is_dropped_and_told(void **state)
{
    struct fixture *fixture = *state;
    congest(fixture);
    peer_send(fixture->peer, "last words");
    hang_up(fixture);
    RUN_UNTIL(&fixture->loop, strchr(fixture->recorder.events, 'f') != NULL);
    transport_write(fixture->transport, SLICE_LITERAL("ignored"));
    assert_int_equal(transport_pending(fixture->transport), 0);
    assert_false(transport_congested(fixture->transport));
    CHECK_BYTES(&fixture->recorder, "last words");
}

static void
a_failed_write_is_told_to_the_next_handler_too(void **state)
{
    struct fixture *fixture = *state;
    struct recorder other;
    recorder_open(&other);
    shutdown(fixture->peer, SHUT_RD);
    transport_write(fixture->transport, SLICE_LITERAL("hello"));
    loop_settle(&fixture->loop);
    transport_set_handler(fixture->transport, &recorder_handler, &other);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "w");
    CHECK_EVENTS(&other, "w");
    recorder_close(&other);
}

/* A unix socket that is closed with unread bytes resets its peer. */
static void
reset(struct fixture *fixture)
{
    transport_write(fixture->transport, SLICE_LITERAL("unread"));
    hang_up(fixture);
}

static void
a_reset_is_told_once_and_nothing_after_it(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 0;
    peer_send(fixture->peer, "kept");
    loop_settle(&fixture->loop);
    reset(fixture);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rf");
    assert_int_equal(fixture->recorder.error, ECONNRESET);
    assert_true(transport_failed(fixture->transport));
    fixture->recorder.allowance = SIZE_MAX;
    transport_offer(fixture->transport);
    transport_hold(fixture->transport, HOLD_SINK_FULL);
    transport_release(fixture->transport, HOLD_SINK_FULL);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rf");
}

static void
a_reset_is_told_to_the_next_handler_too(void **state)
{
    struct fixture *fixture = *state;
    struct recorder other;
    recorder_open(&other);
    reset(fixture);
    loop_settle(&fixture->loop);
    transport_set_handler(fixture->transport, &recorder_handler, &other);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&other, "f");
    recorder_close(&other);
}

/* ---- closing
 * ---------------------------------------------------------------------------------------------------------- */

static void
a_close_is_seen_at_once_and_nothing_is_told_any_more(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 0;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    transport_offer(fixture->transport);
    transport_close(fixture->transport);
    transport_close(fixture->transport);
    assert_true(peer_sees_end(fixture->peer));
    transport_write(fixture->transport, SLICE_LITERAL("ignored"));
    assert_int_equal(transport_pending(fixture->transport), 0);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    fixture->transport = NULL; /* it was freed in that turn */
    transport_close(NULL);
}

static void
a_handler_may_close_within_any_call(void **state)
{
    struct fixture *fixture = *state;
    static const char events[] = "redwf";
    transport_close(fixture->transport);
    hang_up(fixture);
    for (const char *event = events; *event != '\0'; event++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        open_over(fixture, ends[0], ends[1]);
        memset(fixture->recorder.events, 0, sizeof(fixture->recorder.events));
        fixture->recorder.length = 0;
        fixture->recorder.close_at = *event;
        fixture->recorder.allowance = *event == 'r' ? 2 : SIZE_MAX;
        if (*event == 'd') {
            size_t written = congest(fixture);
            size_t read = 0;
            while (strchr(fixture->recorder.events, 'd') == NULL) {
                read = peer_read_pattern(fixture->peer, read, written);
                event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
            }
        } else if (*event == 'w') {
            shutdown(fixture->peer, SHUT_RD);
            transport_write(fixture->transport, SLICE_LITERAL("hello"));
        } else if (*event == 'f') {
            reset(fixture);
        } else {
            peer_send(fixture->peer, "hello");
            shutdown(fixture->peer, SHUT_WR);
        }
        loop_settle(&fixture->loop);
        CHECK_TEXT("closed at", fixture->recorder.events, *event == 'e' ? "re" : ((char[]){*event, '\0'}));
        fixture->transport = NULL;
        if (fixture->peer >= 0)
            hang_up(fixture);
    }
}

static void
an_abort_resets_a_tcp_peer_and_a_close_does_not(void **state)
{
    struct fixture *fixture = *state;
    for (int aborts = 0; aborts <= 1; aborts++) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t length = sizeof(address);
        int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        int peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(listening, (struct sockaddr *)&address, length), 0);
        assert_int_equal(listen(listening, 1), 0);
        assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &length), 0);
        assert_int_equal(connect(peer, (struct sockaddr *)&address, length), 0);
        int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        assert_true(fd >= 0);
        close(listening);
        transport_close(fixture->transport);
        hang_up(fixture);
        open_over(fixture, fd, peer);
        if (aborts)
            transport_abort(fixture->transport);
        else
            transport_close(fixture->transport);
        char byte;
        ssize_t received = recv(peer, &byte, 1, 0);
        assert_int_equal(received, aborts ? -1 : 0);
        assert_true(!aborts || errno == ECONNRESET);
    }
    transport_abort(fixture->transport);
    transport_abort(NULL);
    fixture->transport = NULL;
}

static void
a_peer_that_closed_both_ways_is_told_from_one_that_ended(void **state)
{
    struct fixture *fixture = *state;
    assert_false(transport_peer_closed(fixture->transport));
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    assert_false(transport_peer_closed(fixture->transport));
    hang_up(fixture);
    assert_true(transport_peer_closed(fixture->transport));
}

int
main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_the_socket_takes_goes_out_at_once),
        WITH_FIXTURE(what_the_socket_does_not_take_is_queued_in_order_and_told_when_drained),
        WITH_FIXTURE(an_end_goes_out_at_once_where_nothing_waits),
        WITH_FIXTURE(an_end_goes_out_behind_what_is_queued_and_is_told),
        WITH_FIXTURE(a_failed_write_is_told_once_from_the_loop_and_reading_goes_on),
        WITH_FIXTURE(a_queue_that_can_not_go_out_any_more_is_dropped_and_told),
        WITH_FIXTURE(a_failed_write_is_told_to_the_next_handler_too),
        WITH_FIXTURE(a_reset_is_told_once_and_nothing_after_it),
        WITH_FIXTURE(a_reset_is_told_to_the_next_handler_too),
        WITH_FIXTURE(a_close_is_seen_at_once_and_nothing_is_told_any_more),
        WITH_FIXTURE(a_handler_may_close_within_any_call),
        WITH_FIXTURE(an_abort_resets_a_tcp_peer_and_a_close_does_not),
        WITH_FIXTURE(a_peer_that_closed_both_ways_is_told_from_one_that_ended),
    };
    return cmocka_run_group_tests_name("transport_writing", tests, NULL, NULL);
}
