#include "support.h"

#include "proxy/nearest.h"

static void
the_word_that_was_meant_is_found_or_none(void **state)
{
    (void)state;
    static const char *const words[] = {"address", "policy", "allow_from", "mode", NULL};
    static const struct {
        const char *word;
        const char *nearest;
    } rows[] = {
        {"adress", "address"},
        {"addres", "address"},
        {"adderss", "address"},
        {"Policy", "policy"},
        {"allowfrom", "allow_from"},
        {"mod", "mode"},
        {"modes", "mode"},
        {"", NULL},
        {"listen", NULL},
        {"xyz", NULL},
        {"poilcy", "policy"},
        {"allow-form", "allow_from"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *nearest = nearest_word(words, rows[i].word);
        if (rows[i].nearest == NULL)
            CHECK(rows[i].word, nearest == NULL);
        else
            CHECK_TEXT(rows[i].word, nearest != NULL ? nearest : "none", rows[i].nearest);
    }
}

static void
a_value_is_near_one_that_it_begins_with_or_that_begins_with_it(void **state)
{
    (void)state;
    static const char *const levels[] = {"debug", "info", "warning", "err", NULL};
    assert_string_equal(nearest_value(levels, "warn"), "warning");
    assert_string_equal(nearest_value(levels, "ERROR"), "err");
    assert_string_equal(nearest_value(levels, "inf"), "info");
    assert_string_equal(nearest_truth("true"), "yes");
    assert_string_equal(nearest_truth("Off"), "no");
    assert_null(nearest_truth("maybe"));
    assert_null(nearest_value(levels, "wa"));
    assert_null(nearest_value(levels, "trace"));
}

static void
words_of_any_length_are_let_pass(void **state)
{
    (void)state;
    char word[300];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    const char *const words[] = {word, "b", NULL};
    assert_null(nearest_word(words, word));
    assert_null(nearest_word(words, "c"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_that_was_meant_is_found_or_none),
        cmocka_unit_test(a_value_is_near_one_that_it_begins_with_or_that_begins_with_it),
        cmocka_unit_test(words_of_any_length_are_let_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
