/* Text that grows. */

#include "proxy/text.h"
#include "support.h"

static void
a_zeroed_text_is_empty_and_may_be_freed(void **state)
{
    (void)state;
    struct text text = {0};
    assert_int_equal(text_slice(&text).length, 0);
    text_free(&text);
    text_free(&text);
}

static void
appended_pieces_stand_in_their_order(void **state)
{
    (void)state;
    struct text text = {0};
    text_append(&text, SLICE_LITERAL("a\0b"));
    text_append(&text, (struct slice){NULL, 0});
    text_append_string(&text, "");
    text_append_string(&text, "-");
    text_append_number(&text, 0);
    text_append_number(&text, UINT64_MAX);
    static const char expected[] = "a\0b-018446744073709551615";
    assert_int_equal(text.length, sizeof(expected) - 1);
    assert_memory_equal(text.data, expected, sizeof(expected) - 1);
    text_free(&text);
    assert_null(text.data);
}

static void
it_grows_without_losing_a_byte(void **state)
{
    (void)state;
    struct text text = {0};
    for (int i = 0; i < 100000; i++) {
        char byte = (char)(i % 251);
        text_append(&text, (struct slice){&byte, 1});
    }
    assert_int_equal(text.length, 100000);
    assert_true(text.capacity >= text.length);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(text.data[i], (char)(i % 251));
    text_free(&text);
}

static void
a_letter_is_told_from_what_is_none(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
    } rows[] = {
        {"", 0},
        {"a", 0},
        {"\xc3\xa4x", 2},
        {"\xe2\x80\xa6", 3},
        {"\xf0\x9f\x90\xb3", 4},
        {"\xc3", 0},
        {"\xc3(", 0},
        {"\xe2\x80", 0},
        {"\xc2\x9b", 0},
        {"\xc1\x81", 0},
        {"\xe0\x81\x81", 0},
        {"\xed\xa0\x80", 0},
        {"\xf4\x90\x80\x80", 0},
        {"\xff", 0},
        {"\xe2\x80\xa8", 0},
        {"\xe2\x80\xae", 0},
        {"\xe2\x81\xa6", 0},
        {"\xe2\x80\x8e", 0},
        {"\xe2\x80\x93", 3},
        {"\xc2\xa0", 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(text_letter_length(rows[i].bytes, strlen(rows[i].bytes)), rows[i].length);
    assert_int_equal(text_letter_length("\xc3\xa4", 1), 0);
}

static void
room_that_was_made_is_not_made_again(void **state)
{
    (void)state;
    struct text text = {0};
    text_reserve(&text, 5000);
    const char *data = text.data;
    assert_true(text.capacity >= 5000);
    text_reserve(&text, 10);
    for (int i = 0; i < 5000; i++)
        text_append(&text, SLICE_LITERAL("x"));
    assert_ptr_equal(text.data, data);
    text_free(&text);
}

static void
a_failed_text_keeps_what_it_had_and_takes_nothing_more(void **state)
{
    (void)state;
    struct text text = {0};
    text_append_string(&text, "kept");
    text.failed = true;
    text_append_string(&text, "lost");
    text_reserve(&text, 100000);
    CHECK_SLICE("failed", text_slice(&text), "kept");
    text_free(&text);
    assert_false(text.failed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zeroed_text_is_empty_and_may_be_freed),
        cmocka_unit_test(appended_pieces_stand_in_their_order),
        cmocka_unit_test(it_grows_without_losing_a_byte),
        cmocka_unit_test(a_letter_is_told_from_what_is_none),
        cmocka_unit_test(room_that_was_made_is_not_made_again),
        cmocka_unit_test(a_failed_text_keeps_what_it_had_and_takes_nothing_more),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
