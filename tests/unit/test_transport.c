/* One socket in the loop: what is offered, kept, held back, and handed over to another handler. */

#include "transport_fixture.h"

/* ---- reading
 * --------------------------------------------------------------------------------------------------------- */

static void
what_arrives_is_offered(void **state)
{
    struct fixture *fixture = *state;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    CHECK_BYTES(&fixture->recorder, "hello");
    assert_int_equal(transport_kept(fixture->transport), 0);
}

static void
what_is_not_taken_is_offered_again_with_what_comes_later(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 2;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r"); /* once: nobody asks again and again */
    assert_int_equal(transport_kept(fixture->transport), 3);
    fixture->recorder.allowance = 3;
    peer_send(fixture->peer, "!?");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rr");
    assert_int_equal(fixture->recorder.offered, 5);
    CHECK_BYTES(&fixture->recorder, "hello");
    assert_int_equal(transport_kept(fixture->transport), 2);
}

static void
what_is_kept_is_offered_on_request_in_the_next_turn(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 0;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    fixture->recorder.allowance = SIZE_MAX;
    transport_offer(fixture->transport);
    CHECK_EVENTS(&fixture->recorder, "r");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rr");
    CHECK_BYTES(&fixture->recorder, "hello");
    transport_offer(fixture->transport); /* nothing is left to offer */
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rr");
}

static void
nothing_is_read_or_offered_while_held(void **state)
{
    struct fixture *fixture = *state;
    transport_hold(fixture->transport, HOLD_SINK_FULL);
    peer_send(fixture->peer, "hello");
    transport_offer(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "");
    transport_release(fixture->transport, HOLD_SINK_FULL);
    CHECK_EVENTS(&fixture->recorder, "");
    loop_settle(&fixture->loop);
    CHECK_BYTES(&fixture->recorder, "hello");
}

static void
kept_bytes_wait_for_the_release_of_a_hold(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 1;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    transport_hold(fixture->transport, HOLD_SINK_FULL);
    fixture->recorder.allowance = SIZE_MAX;
    peer_send(fixture->peer, "!");
    transport_offer(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    transport_release(fixture->transport, HOLD_SINK_FULL);
    loop_settle(&fixture->loop);
    CHECK_BYTES(&fixture->recorder, "hello!");
}

static void
what_is_kept_is_bounded_and_nothing_is_lost(void **state)
{
    struct fixture *fixture = *state;
    const size_t total = 3 * 1024 * 1024;
    size_t sent = 0;
    fixture->recorder.allowance = 0;
    for (int turn = 0; turn < 100; turn++) {
        sent += peer_send_pattern(fixture->peer, sent, total - sent);
        loop_settle(&fixture->loop);
    }
    assert_true(sent < total);
    assert_in_range(transport_kept(fixture->transport), marks.high, 2 * marks.high);
    fixture->recorder.allowance = SIZE_MAX;
    transport_offer(fixture->transport);
    while (sent < total || fixture->recorder.length < total) {
        sent += peer_send_pattern(fixture->peer, sent, total - sent);
        size_t before = fixture->recorder.length;
        RUN_UNTIL(&fixture->loop, fixture->recorder.length > before || fixture->recorder.length == sent);
    }
    assert_int_equal(fixture->recorder.length, total);
    for (size_t i = 0; i < total; i++)
        if (fixture->recorder.bytes[i] != pattern(i))
            fail_msg("byte %zu is another one", i);
}

static void
an_end_is_told_once_and_the_other_direction_lives(void **state)
{
    struct fixture *fixture = *state;
    peer_send(fixture->peer, "hello");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "re");
    assert_true(transport_input_ended(fixture->transport));
    assert_false(transport_failed(fixture->transport));
    transport_offer(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "re");
    transport_write(fixture->transport, SLICE_LITERAL("still here"));
    check_peer_receives(fixture->peer, "still here");
}

static void
an_end_is_told_behind_what_is_kept(void **state)
{
    struct fixture *fixture = *state;
    fixture->recorder.allowance = 0;
    peer_send(fixture->peer, "hello");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    assert_true(transport_input_ended(fixture->transport));
    fixture->recorder.allowance = 4;
    transport_offer(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rr");
    fixture->recorder.allowance = 1;
    transport_offer(fixture->transport);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "rrre");
    CHECK_BYTES(&fixture->recorder, "hello");
}

/* ---- another handler
 * -------------------------------------------------------------------------------------------------- */

static void
another_handler_gets_what_is_kept_and_the_end(void **state)
{
    struct fixture *fixture = *state;
    struct recorder other;
    recorder_open(&other);
    fixture->recorder.allowance = 2;
    peer_send(fixture->peer, "hello");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    transport_set_handler(fixture->transport, &recorder_handler, &other);
    CHECK_EVENTS(&other, "");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    CHECK_EVENTS(&other, "re");
    CHECK_BYTES(&other, "llo");
    /* An end that was told to one is told to the next. */
    transport_set_handler(fixture->transport, &recorder_handler, &fixture->recorder);
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "re");
    recorder_close(&other);
}

static void
a_handler_that_hands_over_while_it_is_called_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct recorder other;
    recorder_open(&other);
    fixture->recorder.allowance = 2;
    fixture->recorder.hand_over_to = &other;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    CHECK_EVENTS(&fixture->recorder, "r");
    CHECK_BYTES(&fixture->recorder, "he");
    CHECK_EVENTS(&other, "r");
    CHECK_BYTES(&other, "llo");
    recorder_close(&other);
}

static void
a_handler_that_hands_over_kept_bytes_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct recorder other;
    recorder_open(&other);
    fixture->recorder.allowance = 1;
    peer_send(fixture->peer, "hello");
    loop_settle(&fixture->loop);
    fixture->recorder.allowance = 1;
    fixture->recorder.hand_over_to = &other;
    peer_send(fixture->peer, "!");
    shutdown(fixture->peer, SHUT_WR);
    loop_settle(&fixture->loop);
    CHECK_BYTES(&fixture->recorder, "he");
    CHECK_EVENTS(&other, "re");
    CHECK_BYTES(&other, "llo!");
    recorder_close(&other);
}

int
main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(what_arrives_is_offered),
        WITH_FIXTURE(what_is_not_taken_is_offered_again_with_what_comes_later),
        WITH_FIXTURE(what_is_kept_is_offered_on_request_in_the_next_turn),
        WITH_FIXTURE(nothing_is_read_or_offered_while_held),
        WITH_FIXTURE(kept_bytes_wait_for_the_release_of_a_hold),
        WITH_FIXTURE(what_is_kept_is_bounded_and_nothing_is_lost),
        WITH_FIXTURE(an_end_is_told_once_and_the_other_direction_lives),
        WITH_FIXTURE(an_end_is_told_behind_what_is_kept),
        WITH_FIXTURE(another_handler_gets_what_is_kept_and_the_end),
        WITH_FIXTURE(a_handler_that_hands_over_while_it_is_called_loses_nothing),
        WITH_FIXTURE(a_handler_that_hands_over_kept_bytes_loses_nothing),
    };
    return cmocka_run_group_tests_name("transport", tests, NULL, NULL);
}
