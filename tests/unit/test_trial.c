/* What a policy on trial tells: each call once, strangers by their form, and no more of these than a number. */

#include "proxy/trial.h"
#include "support.h"

enum { OPERATIONS = 500, STRANGERS = 10000 };

static int
begin(void **state)
{
    *state = trial_new();
    return *state == NULL;
}

static int
end(void **state)
{
    trial_free(*state);
    return 0;
}

static enum trial_news
ask(struct trial *trial, const char *method, const char *path)
{
    return trial_note_stranger(trial, slice_from_string(method), slice_from_string(path));
}

static void
an_operation_is_news_once(void **state)
{
    assert_int_equal(trial_note(*state, "ContainerList"), TRIAL_FIRST);
    assert_int_equal(trial_note(*state, "ContainerKill"), TRIAL_FIRST);
    char again[] = "ContainerList"; /* at another address */
    assert_int_equal(trial_note(*state, again), TRIAL_TOLD);
}

static void
a_stranger_is_known_again_by_its_form(void **state)
{
    static const struct {
        const char *method, *path;
        enum trial_news news;
    } rows[] = {
        {"GET", "/jobs", TRIAL_FIRST},
        {"GET", "/jobs", TRIAL_TOLD},
        {"POST", "/jobs", TRIAL_FIRST},
        {"GET", "/job", TRIAL_FIRST},
        {"GET", "/job/s", TRIAL_FIRST},
        {"GETj", "ob/s", TRIAL_FIRST},
        {"GET", "/jobs/4711", TRIAL_FIRST},
        {"GET", "/jobs/0815", TRIAL_TOLD},
        {"GET", "/jobs/c0ffee", TRIAL_TOLD},
        {"GET", "/jobs/a-name-of-more-than-thirty-two-bytes", TRIAL_TOLD},
        {"GET", "/jobs/all", TRIAL_FIRST},
        {"GET", "/jobs/one/stop", TRIAL_FIRST},
        {"GET", "/jobs/other/stop", TRIAL_TOLD},
        {"GET", "/jobs/other/start", TRIAL_FIRST},
        {"GET", "/libpod/jobs/one/stop", TRIAL_FIRST},
        {"GET", "/libpod/jobs/other/stop", TRIAL_TOLD},
        {"GET", "/libpod", TRIAL_FIRST},
        {"GET", "/", TRIAL_FIRST},
        {"GET", "", TRIAL_FIRST},
        {"GET", "", TRIAL_TOLD},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].path, ask(*state, rows[i].method, rows[i].path) == rows[i].news);
}

static void
the_first_stranger_too_many_is_told_and_no_other_while_operations_have_their_room(void **state)
{
    size_t first = 0;
    size_t limit = 0;
    char word[32];
    for (int i = 0; i < STRANGERS; i++) {
        snprintf(word, sizeof(word), "/%c%c%c%c", 'a' + i % 10, 'a' + i / 10 % 10, 'a' + i / 100 % 10, 'a' + i / 1000);
        enum trial_news news = ask(*state, "GET", word);
        first += news == TRIAL_FIRST;
        limit += news == TRIAL_LIMIT;
    }
    assert_int_equal(first, TRIAL_STRANGERS_MAX);
    assert_int_equal(limit, 1);
    for (int i = 0; i < OPERATIONS; i++) {
        snprintf(word, sizeof(word), "Operation%d", i);
        assert_int_equal(trial_note(*state, word), TRIAL_FIRST);
        assert_int_equal(trial_note(*state, word), TRIAL_TOLD);
    }
    assert_int_equal(ask(*state, "GET", "/aaaa"), TRIAL_TOLD);
}

static void
one_that_is_known_again_at_the_limit_is_no_stranger_too_many(void **state)
{
    char word[32];
    for (int i = 0; i < TRIAL_STRANGERS_MAX; i++) {
        snprintf(word, sizeof(word), "/%c%c", 'a' + i % 26, 'a' + i / 26);
        assert_int_equal(ask(*state, "GET", word), TRIAL_FIRST);
    }
    assert_int_equal(ask(*state, "GET", "/aa"), TRIAL_TOLD);
    assert_int_equal(ask(*state, "GET", "/zz"), TRIAL_LIMIT);
    assert_int_equal(ask(*state, "GET", "/zz"), TRIAL_TOLD);
}

/* No list of operations is that long; a table that is full ends in TOLD and not in an endless search. */
static void
a_full_table_tells_nothing_more(void **state)
{
    char word[32];
    size_t told = 0;
    for (int i = 0; i < STRANGERS; i++) {
        snprintf(word, sizeof(word), "Operation%d", i);
        told += trial_note(*state, word) == TRIAL_FIRST;
    }
    assert_true(told > OPERATIONS && told < STRANGERS);
    assert_int_equal(trial_note(*state, "Other"), TRIAL_TOLD);
    assert_int_equal(ask(*state, "GET", "/one"), TRIAL_FIRST);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_operation_is_news_once, begin, end),
        cmocka_unit_test_setup_teardown(a_stranger_is_known_again_by_its_form, begin, end),
        cmocka_unit_test_setup_teardown(
            the_first_stranger_too_many_is_told_and_no_other_while_operations_have_their_room, begin, end),
        cmocka_unit_test_setup_teardown(one_that_is_known_again_at_the_limit_is_no_stranger_too_many, begin, end),
        cmocka_unit_test_setup_teardown(a_full_table_tells_nothing_more, begin, end),
    };
    return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
