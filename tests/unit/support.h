#ifndef SOCKWARDEN_TESTS_UNIT_SUPPORT_H
#define SOCKWARDEN_TESTS_UNIT_SUPPORT_H

/*
 * What the unit tests of proxy/ share: checks that name the row of a table they failed in, copies of exact size (so
 * that a sanitizer sees a read beyond the end), and an event loop that runs until a condition holds. Only the tests
 * include it. Nothing here sleeps: a condition that never comes fails the test at a deadline, and "nothing happens" is
 * asked of a loop that has nothing left to do.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/slice.h"
#include "proxy/reaper.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Fails with the sentence of the row, not with a line of the loop that all rows share. */
#define CHECK(sentence, condition)                                                                                     \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            fail_msg("%s [%s]", (sentence), #condition);                                                               \
    } while (0)

#define CHECK_TEXT(sentence, is, expected)                                                                             \
    do {                                                                                                               \
        const char *check_is = (is);                                                                                   \
        const char *check_expected = (expected);                                                                       \
        if (strcmp(check_is, check_expected) != 0)                                                                     \
            fail_msg("%s: is \"%s\", expected \"%s\"", (sentence), check_is, check_expected);                          \
    } while (0)

#define CHECK_SLICE(sentence, is, expected)                                                                            \
    do {                                                                                                               \
        struct slice check_slice = (is);                                                                               \
        const char *check_expected = (expected);                                                                       \
        if (!slice_equals(check_slice, slice_from_string(check_expected)))                                             \
            fail_msg("%s: is \"%.*s\", expected \"%s\"", (sentence), (int)check_slice.length, check_slice.data,        \
                     check_expected);                                                                                  \
    } while (0)

/* A copy on the heap of exactly this length. */
static inline char *
copy_exactly(const char *bytes, size_t length)
{
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    return copy;
}

struct loop {
    struct event_base *base;
    struct reaper *reaper;
};

static inline void
loop_open(struct loop *loop)
{
    loop->base = event_base_new();
    assert_non_null(loop->base);
    loop->reaper = reaper_new(loop->base);
    assert_non_null(loop->reaper);
}

static inline void
loop_close(struct loop *loop)
{
    reaper_free(loop->reaper);
    event_base_free(loop->base);
}

static inline void
loop_note_deadline(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    *(bool *)argument = true;
}

enum { LOOP_DEADLINE_SECONDS = 20, LOOP_SETTLE_TURNS = 16 };

/* Runs the loop until the condition holds. */
#define RUN_UNTIL(loop, condition)                                                                                     \
    do {                                                                                                               \
        bool deadline_passed = false;                                                                                  \
        struct event *deadline = evtimer_new((loop)->base, loop_note_deadline, &deadline_passed);                      \
        struct timeval deadline_after = {.tv_sec = LOOP_DEADLINE_SECONDS};                                             \
        assert_non_null(deadline);                                                                                     \
        event_add(deadline, &deadline_after);                                                                          \
        while (!(condition) && !deadline_passed)                                                                       \
            event_base_loop((loop)->base, EVLOOP_ONCE);                                                                \
        event_free(deadline);                                                                                          \
        if (deadline_passed)                                                                                           \
            fail_msg("never came: %s", #condition);                                                                    \
    } while (0)

/* Runs everything that is ready now, and what becomes ready by that. */
static inline void
loop_settle(struct loop *loop)
{
    for (int turn = 0; turn < LOOP_SETTLE_TURNS; turn++)
        event_base_loop(loop->base, EVLOOP_NONBLOCK);
}

#endif
