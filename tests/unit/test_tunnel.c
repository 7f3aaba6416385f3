/* Two connections joined as bytes: both ways, each with its own end, its own pressure and its own failure. */

#include "proxy/tunnel.h"
#include "recorder.h"

#include <signal.h>

/* One side: the transport that the tunnel has, and the peer at the other end of its socket. */
struct side {
    struct transport *transport;
    int peer;
};

struct fixture {
    struct loop loop;
    struct recorder before; /* had the transports before the tunnel */
    struct side client;
    struct side engine;
    struct tunnel *tunnel;
    int ended;
};

static const struct transport_marks marks = {.high = 65536, .low = 16384};

static void
on_ended(void *owner)
{
    ((struct fixture *)owner)->ended++;
}

static void
open_side(struct fixture *fixture, struct side *side)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    side->transport =
        transport_new(fixture->loop.base, fixture->loop.reaper, ends[0], &marks, &recorder_handler, &fixture->before);
    assert_non_null(side->transport);
    side->peer = ends[1];
}

static void
open_tunnel(struct fixture *fixture)
{
    fixture->tunnel = tunnel_new(fixture->loop.base, fixture->loop.reaper, fixture->client.transport,
                                 fixture->engine.transport, on_ended, fixture);
    assert_non_null(fixture->tunnel);
}

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    signal(SIGPIPE, SIG_IGN);
    loop_open(&fixture->loop);
    recorder_open(&fixture->before);
    open_side(fixture, &fixture->client);
    open_side(fixture, &fixture->engine);
    *state = fixture;
    return 0;
}

static void
hang_up(struct side *side)
{
    if (side->peer >= 0)
        close(side->peer);
    side->peer = -1;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    tunnel_free(fixture->tunnel);
    transport_close(fixture->client.transport);
    transport_close(fixture->engine.transport);
    hang_up(&fixture->client);
    hang_up(&fixture->engine);
    recorder_close(&fixture->before);
    loop_close(&fixture->loop);
    free(fixture);
    return 0;
}

static void
bytes_pass_both_ways_and_are_counted(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->client.peer, "ls -l\n");
    peer_send(fixture->engine.peer, "total 0\n");
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->engine.peer, "ls -l\n");
    check_peer_receives(fixture->client.peer, "total 0\n");
    assert_int_equal(tunnel_received(fixture->tunnel), 6);
    assert_int_equal(tunnel_sent(fixture->tunnel), 8);
    assert_int_equal(fixture->ended, 0);
}

static void
bytes_that_were_kept_before_go_first(void **state)
{
    struct fixture *fixture = *state;
    fixture->before.allowance = 0;
    peer_send(fixture->client.peer, "early ");
    peer_send(fixture->engine.peer, "prompt");
    shutdown(fixture->engine.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    open_tunnel(fixture);
    peer_send(fixture->client.peer, "late");
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->engine.peer, "early late");
    check_peer_receives(fixture->client.peer, "prompt");
    assert_true(peer_sees_end(fixture->client.peer));
}

static void
the_end_of_a_client_is_passed_on_and_the_engine_still_answers(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->client.peer, "data");
    shutdown(fixture->client.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->engine.peer, "data");
    assert_true(peer_sees_end(fixture->engine.peer));
    assert_int_equal(fixture->ended, 0);
    peer_send(fixture->engine.peer, "answer");
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->client.peer, "answer");
    assert_int_equal(fixture->ended, 0);
    shutdown(fixture->engine.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->client.peer));
    assert_int_equal(fixture->ended, 1);
}

static void
the_end_of_an_engine_is_passed_on_and_the_client_still_sends(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->engine.peer, "output");
    shutdown(fixture->engine.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->client.peer, "output");
    assert_true(peer_sees_end(fixture->client.peer));
    assert_int_equal(fixture->ended, 0);
    peer_send(fixture->client.peer, "input");
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->engine.peer, "input");
    shutdown(fixture->client.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->engine.peer));
    assert_int_equal(fixture->ended, 1);
}

static void
an_engine_that_closed_altogether_ends_the_tunnel_behind_its_output(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->engine.peer, "output");
    hang_up(&fixture->engine);
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->client.peer, "output");
    assert_true(peer_sees_end(fixture->client.peer));
    assert_int_equal(fixture->ended, 1);
}

static void
a_client_that_is_gone_ends_the_tunnel_at_the_next_output(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    hang_up(&fixture->client);
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->engine.peer));
    peer_send(fixture->engine.peer, "output");
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 1);
}

static void
an_engine_that_takes_no_more_is_read_to_its_end(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    shutdown(fixture->engine.peer, SHUT_RD);
    peer_send(fixture->client.peer, "input");
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 0);
    peer_send(fixture->client.peer, "more input");
    peer_send(fixture->engine.peer, "last words");
    loop_settle(&fixture->loop);
    check_peer_receives(fixture->client.peer, "last words");
    assert_int_equal(fixture->ended, 0);
    shutdown(fixture->engine.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->client.peer));
    assert_int_equal(fixture->ended, 1);
}

static void
a_reset_of_either_side_ends_the_tunnel_once(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->client.peer, "unread");
    loop_settle(&fixture->loop);
    hang_up(&fixture->engine); /* with unread bytes: a reset */
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 1);
    hang_up(&fixture->client);
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 1);
}

/* Pumps a few megabytes from one peer to the other, which reads nothing at first. */
static void
check_pressure(struct fixture *fixture, struct side *from, struct side *to)
{
    const size_t total = 4 * 1024 * 1024;
    size_t sent = 0;
    size_t received = 0;
    for (int turn = 0; turn < 100; turn++) {
        sent += peer_send_pattern(from->peer, sent, total - sent);
        loop_settle(&fixture->loop);
    }
    assert_true(sent < total); /* the source was paused */
    /* One read may stand above the mark, a large one where the sink had kept up so far. */
    assert_in_range(transport_pending(to->transport), marks.high, 5 * marks.high);
    /* The other way is free all the while. */
    peer_send(to->peer, "other way");
    loop_settle(&fixture->loop);
    check_peer_receives(from->peer, "other way");
    while (received < total) {
        sent += peer_send_pattern(from->peer, sent, total - sent);
        if (sent == total)
            shutdown(from->peer, SHUT_WR);
        event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
        received = peer_read_pattern(to->peer, received, total);
    }
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(to->peer));
    assert_int_equal(fixture->ended, 0);
}

static void
a_slow_engine_pauses_the_client_and_loses_no_byte(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    check_pressure(fixture, &fixture->client, &fixture->engine);
    assert_int_equal(tunnel_received(fixture->tunnel), 4 * 1024 * 1024);
}

static void
a_slow_client_pauses_the_engine_and_loses_no_byte(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    check_pressure(fixture, &fixture->engine, &fixture->client);
    assert_int_equal(tunnel_sent(fixture->tunnel), 4 * 1024 * 1024);
}

static void
both_ends_wait_for_what_is_queued_to_the_engine(void **state)
{
    struct fixture *fixture = *state;
    size_t sent = 0;
    open_tunnel(fixture);
    for (int turn = 0; turn < 20; turn++) {
        sent += peer_send_pattern(fixture->client.peer, sent, SIZE_MAX - sent);
        loop_settle(&fixture->loop);
    }
    shutdown(fixture->client.peer, SHUT_WR);
    shutdown(fixture->engine.peer, SHUT_WR);
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 0);
    size_t received = 0;
    while (received < sent) {
        received = peer_read_pattern(fixture->engine.peer, received, sent);
        event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
    }
    loop_settle(&fixture->loop);
    assert_true(peer_sees_end(fixture->engine.peer));
    assert_int_equal(fixture->ended, 1);
}

static void
a_shutdown_ends_both_ways_at_once(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    tunnel_shutdown(fixture->tunnel);
    assert_int_equal(fixture->ended, 1);
    assert_true(peer_sees_end(fixture->client.peer));
    assert_true(peer_sees_end(fixture->engine.peer));
    tunnel_shutdown(fixture->tunnel);
    peer_send(fixture->client.peer, "ignored");
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->ended, 1);
}

static void
a_freed_tunnel_tells_nothing_more(void **state)
{
    struct fixture *fixture = *state;
    open_tunnel(fixture);
    peer_send(fixture->client.peer, "on its way");
    tunnel_free(fixture->tunnel);
    fixture->tunnel = NULL;
    transport_set_handler(fixture->client.transport, &recorder_handler, &fixture->before);
    transport_set_handler(fixture->engine.transport, &recorder_handler, &fixture->before);
    loop_settle(&fixture->loop);
    CHECK_BYTES(&fixture->before, "on its way");
    assert_int_equal(fixture->ended, 0);
    tunnel_free(NULL);
}

int
main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(bytes_pass_both_ways_and_are_counted),
        WITH_FIXTURE(bytes_that_were_kept_before_go_first),
        WITH_FIXTURE(the_end_of_a_client_is_passed_on_and_the_engine_still_answers),
        WITH_FIXTURE(the_end_of_an_engine_is_passed_on_and_the_client_still_sends),
        WITH_FIXTURE(an_engine_that_closed_altogether_ends_the_tunnel_behind_its_output),
        WITH_FIXTURE(a_client_that_is_gone_ends_the_tunnel_at_the_next_output),
        WITH_FIXTURE(an_engine_that_takes_no_more_is_read_to_its_end),
        WITH_FIXTURE(a_reset_of_either_side_ends_the_tunnel_once),
        WITH_FIXTURE(a_slow_engine_pauses_the_client_and_loses_no_byte),
        WITH_FIXTURE(a_slow_client_pauses_the_engine_and_loses_no_byte),
        WITH_FIXTURE(both_ends_wait_for_what_is_queued_to_the_engine),
        WITH_FIXTURE(a_shutdown_ends_both_ways_at_once),
        WITH_FIXTURE(a_freed_tunnel_tells_nothing_more),
    };
    return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
