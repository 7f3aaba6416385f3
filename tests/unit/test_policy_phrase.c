/* A sentence in a buffer: what does not fit is cut between letters, and that is shown. */

#include "policy_data.h"

#include "phrase.h"

/* `pieces`, parted by |, in a buffer of exactly `size` bytes. */
static void
expect(const char *pieces, size_t size, const char *expected)
{
    char *text = malloc(size);
    assert_non_null(text);
    struct phrase phrase = phrase_begin(text, size);
    while (*pieces != '\0') {
        size_t length = strcspn(pieces, "|");
        phrase_add_slice(&phrase, (struct slice){pieces, length});
        pieces += length + (pieces[length] != '\0');
    }
    assert_string_equal(text, expected);
    assert_int_equal(phrase.length, strlen(expected));
    free(text);
}

static void
what_fits_is_whole(void **state)
{
    (void)state;
    expect("", 1, "");
    expect("one|two|", 7, "onetwo");
    expect("grün", 6, "grün");
}

static void
what_does_not_fit_ends_in_an_ellipsis_and_takes_nothing_more(void **state)
{
    (void)state;
    expect("one|two", 6, "on…");
    expect("onetwo|a|b", 6, "on…");
    expect("grün", 5, "g…");
    expect("ggrün|x", 6, "gg…");
    expect("agrün|x", 7, "agr…");
    expect("ααα|x", 7, "α…");
    expect("onetwo", 4, "…");
    expect("onetwo", 3, "");
    expect("onetwo", 1, "");
}

static void
a_part_may_be_cut_by_itself(void **state)
{
    (void)state;
    char text[64];
    struct phrase phrase = phrase_begin(text, sizeof(text));
    phrase_add_cut(&phrase, SLICE_LITERAL("grün"), 3);
    phrase_add_cut(&phrase, SLICE_LITERAL(" blau"), 5);
    phrase_add_cut(&phrase, SLICE_LITERAL(" gelb"), 4);
    assert_string_equal(text, "gr… blau gel…");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_whole),
        cmocka_unit_test(what_does_not_fit_ends_in_an_ellipsis_and_takes_nothing_more),
        cmocka_unit_test(a_part_may_be_cut_by_itself),
    };
    return cmocka_run_group_tests_name("phrase", tests, NULL, NULL);
}
