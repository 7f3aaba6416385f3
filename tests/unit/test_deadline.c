/* The limit of a connection: written down often, met rarely. */

#include "support.h"

#include "proxy/deadline.h"

#include <event2/event.h>
#include <unistd.h>

struct rig {
    struct event_base *base;
    struct deadline deadline;
    char told[8]; /* one letter for each time that a limit passed */
    size_t count;
};

static void
tell(struct rig *rig, char letter)
{
    if (rig->count < sizeof(rig->told) - 1)
        rig->told[rig->count++] = letter;
}

static void
passed(void *owner)
{
    tell(owner, 'p');
}

static void
other_passed(void *owner)
{
    tell(owner, 'o');
}

static int
set_up(void **state)
{
    static struct rig rig;
    rig = (struct rig){.base = event_base_new()};
    *state = &rig;
    return rig.base != NULL && deadline_init(&rig.deadline, rig.base) ? 0 : -1;
}

static int
tear_down(void **state)
{
    struct rig *rig = *state;
    deadline_stop(&rig->deadline);
    event_base_free(rig->base);
    return 0;
}

/* The loop ends by itself when no event is left that it could wait for. */
static void
run(struct rig *rig)
{
    assert_true(event_base_loop(rig->base, 0) >= 0);
}

static void
a_limit_passes_once(void **state)
{
    struct rig *rig = *state;
    assert_false(deadline_is_set(&rig->deadline));
    deadline_set(&rig->deadline, 5, passed, rig);
    assert_true(deadline_is_set(&rig->deadline));
    run(rig);
    assert_string_equal(rig->told, "p");
    assert_false(deadline_is_set(&rig->deadline));
}

static void
the_last_one_that_was_set_counts_whichever_is_longer(void **state)
{
    struct rig *rig = *state;
    deadline_set(&rig->deadline, 5, passed, rig);
    deadline_set(&rig->deadline, 50, other_passed, rig);
    run(rig);
    assert_string_equal(rig->told, "o");
    deadline_set(&rig->deadline, 60000, passed, rig);
    deadline_set(&rig->deadline, 5, other_passed, rig);
    run(rig);
    assert_string_equal(rig->told, "oo");
}

static void
a_longer_one_is_not_met_by_the_event_of_the_shorter(void **state)
{
    struct rig *rig = *state;
    deadline_set(&rig->deadline, 5, passed, rig);
    deadline_set(&rig->deadline, 60000, passed, rig);
    usleep(20000);
    event_base_loop(rig->base, EVLOOP_ONCE);
    assert_string_equal(rig->told, "");
    assert_true(deadline_is_set(&rig->deadline));
}

static void
what_is_cleared_never_passes_and_can_be_set_again(void **state)
{
    struct rig *rig = *state;
    deadline_set(&rig->deadline, 5, passed, rig);
    deadline_clear(&rig->deadline);
    assert_false(deadline_is_set(&rig->deadline));
    run(rig);
    assert_string_equal(rig->told, "");
    deadline_set(&rig->deadline, 5, passed, rig);
    run(rig);
    assert_string_equal(rig->told, "p");
}

static void
one_that_is_stopped_leaves_no_event(void **state)
{
    struct rig *rig = *state;
    deadline_set(&rig->deadline, 60000, passed, rig);
    deadline_stop(&rig->deadline);
    run(rig);
    assert_string_equal(rig->told, "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_limit_passes_once),
        TEST(the_last_one_that_was_set_counts_whichever_is_longer),
        TEST(a_longer_one_is_not_met_by_the_event_of_the_shorter),
        TEST(what_is_cleared_never_passes_and_can_be_set_again),
        TEST(one_that_is_stopped_leaves_no_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
