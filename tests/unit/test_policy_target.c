#include "policy_data.h"
#include "target.h"

/* Parses with a target and a buffer that are exactly as long as promised. */
struct parsed {
    struct slice text;
    char *buffer;
    enum target_state state;
    struct target target;
};

static struct parsed
parse(struct slice text)
{
    struct parsed parsed = {.text = data_exact_copy(text)};
    size_t size = target_buffer_size(text.length);
    parsed.buffer = malloc(size > 0 ? size : 1);
    assert_non_null(parsed.buffer);
    parsed.state = target_parse(parsed.text, parsed.buffer, size, &parsed.target);
    return parsed;
}

static void
drop(struct parsed *parsed)
{
    free((char *)parsed->text.data);
    free(parsed->buffer);
}

static void
check_spelling(struct slice columns[DATA_COLUMNS], void *owner)
{
    (void)owner;
    struct parsed parsed = parse(columns[1]);
    if (slice_equals(columns[0], SLICE_LITERAL("clean"))) {
        if (parsed.state != TARGET_CLEAN)
            fail_msg("%s: %s", columns[1].data, parsed.target.reason);
        assert_slice_equal(parsed.target.canonical, columns[3]);
        bool bare = slice_equals(columns[2], SLICE_LITERAL("-"));
        assert_slice_equal(parsed.target.version, bare ? SLICE_LITERAL("") : columns[2]);
    } else {
        enum target_state expected =
            slice_equals(columns[0], SLICE_LITERAL("unclean")) ? TARGET_UNCLEAN : TARGET_MALFORMED;
        if (parsed.state != expected || strstr(parsed.target.reason, columns[2].data) == NULL) {
            fail_msg("%s: state %d, %s", columns[1].data, parsed.state,
                     parsed.target.reason != NULL ? parsed.target.reason : "no reason");
        }
    }
    drop(&parsed);
}

static void
each_spelling_of_a_target_is_taken_as_the_table_says(void **state)
{
    (void)state;
    assert_true(data_for_each("targets.txt", check_spelling, NULL) > 100);
}

static void
check_canonical_is_stable(struct slice columns[DATA_COLUMNS], void *owner)
{
    (void)owner;
    struct parsed first = parse(columns[1]);
    if (first.state == TARGET_CLEAN) {
        struct parsed second = parse(first.target.canonical);
        assert_int_equal(second.state, TARGET_CLEAN);
        assert_slice_equal(second.target.canonical, first.target.canonical);
        assert_slice_equal(second.target.decoded, first.target.decoded);
        drop(&second);
    }
    drop(&first);
}

static void
a_canonical_target_is_its_own_canonical_form_and_means_the_same(void **state)
{
    (void)state;
    data_for_each("targets.txt", check_canonical_is_stable, NULL);
}

static void
each_raw_byte_is_forwarded_as_a_printable_one_or_refused(void **state)
{
    (void)state;
    for (int place = 0; place < 2; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[] = "/a?b";
            text[place == 0 ? 2 : 3] = (char)byte;
            struct parsed parsed = parse((struct slice){text, 4});
            bool printable = byte > 0x20 && byte < 0x7F && byte != '#' && byte != '%';
            bool expected = printable && !(byte == ';' && place == 1);
            assert_int_equal(parsed.state == TARGET_CLEAN, expected);
            for (size_t i = 0; expected && i < parsed.target.canonical.length; i++) {
                unsigned char out = (unsigned char)parsed.target.canonical.data[i];
                assert_true(out > 0x20 && out < 0x7F && strchr("\"<>[]{}|\\^`#", out) == NULL);
            }
            drop(&parsed);
        }
    }
}

static void
each_encoded_byte_is_decoded_once_judged_and_encoded_again(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[16];
        int length = snprintf(text, sizeof(text), "/a%%%02xb", byte);
        struct parsed parsed = parse((struct slice){text, (size_t)length});
        bool refused = byte < 0x20 || byte >= 0x7F || byte == '%';
        assert_int_equal(parsed.state == TARGET_MALFORMED, refused);
        if (!refused) {
            char decoded[] = {'/', 'a', (char)byte, 'b'};
            assert_slice_equal(parsed.target.decoded, (struct slice){decoded, 4});
        }
        drop(&parsed);
    }
}

static void
segments_are_kept_from_both_ends(void **state)
{
    (void)state;
    struct parsed parsed = parse(SLICE_LITERAL("/v1.41/images/a/b%2Fc/d%20e/json?x"));
    assert_int_equal(parsed.target.count, 6);
    assert_slice_equal(parsed.target.head[0], SLICE_LITERAL("images"));
    assert_slice_equal(parsed.target.head[3], SLICE_LITERAL("c"));
    assert_slice_equal(parsed.target.tail[0], SLICE_LITERAL("json"));
    assert_slice_equal(parsed.target.tail[1], SLICE_LITERAL("d e"));
    assert_slice_equal(parsed.target.path, SLICE_LITERAL("/images/a/b/c/d%20e/json"));
    assert_slice_equal(parsed.target.query, SLICE_LITERAL("x"));
    assert_false(parsed.target.trailing_slash);
    drop(&parsed);
}

static void
a_buffer_that_is_too_small_is_refused_and_not_written(void **state)
{
    (void)state;
    char buffer[8] = "untaken";
    struct target target;
    assert_int_equal(target_parse(SLICE_LITERAL("/info"), buffer, sizeof(buffer), &target), TARGET_MALFORMED);
    assert_string_equal(buffer, "untaken");
    assert_int_equal(target_parse(SLICE_LITERAL("/info"), NULL, 0, &target), TARGET_MALFORMED);
}

static void
a_target_of_a_megabyte_of_bytes_to_encode_fits_its_buffer(void **state)
{
    (void)state;
    size_t length = 1 << 20;
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, '"', length);
    text[0] = '/';
    text[length / 2] = '?';
    struct parsed parsed = parse((struct slice){text, length});
    assert_int_equal(parsed.state, TARGET_CLEAN);
    assert_int_equal(parsed.target.canonical.length, 2 + 3 * (length - 2));
    drop(&parsed);
    free(text);
}

struct flag_case {
    const char *sentence;
    const char *query;
    bool absent;
    bool expected;
};

static const struct flag_case FLAGS[] = {
    {"no query", "/x", false, false},
    {"no query, true by default", "/x", true, true},
    {"an empty query", "/x?", true, true},
    {"1 is true", "/x?follow=1", false, true},
    {"true is true", "/x?follow=true", false, true},
    {"off is true, as in the engine", "/x?follow=off", false, true},
    {"any word is true", "/x?follow=banana", false, true},
    {"0 is false", "/x?follow=0", true, false},
    {"no is false", "/x?follow=no", true, false},
    {"false is false in any case", "/x?follow=FaLsE", true, false},
    {"none is false", "/x?follow=NONE", true, false},
    {"falsey is true", "/x?follow=falsey", false, true},
    {"00 is true", "/x?follow=00", false, true},
    {"an empty value is false", "/x?follow=", true, false},
    {"a name without value is false", "/x?follow", true, false},
    {"blanks around it are ignored", "/x?follow=%20%09false+", true, false},
    {"only blanks are false", "/x?follow=+++", true, false},
    {"a blank inside makes it true", "/x?follow=fal+se", false, true},
    {"many blanks in front are ignored", "/x?follow=++++++++++++0", true, false},
    {"the first value counts", "/x?follow=0&follow=1", true, false},
    {"the first value counts, the other way", "/x?follow=1&follow=0", false, true},
    {"the name is decoded", "/x?%66ollo%77=1", false, true},
    {"a plus in a name is a blank", "/x?follow+=1", false, false},
    {"names are case-sensitive", "/x?Follow=1", false, false},
    {"a longer name is another one", "/x?followed=1", false, false},
    {"a shorter name is another one", "/x?follo=1", false, false},
    {"empty pairs are skipped", "/x?&&follow=1", false, true},
    {"an encoded & does not part", "/x?a=%26follow=1", false, false},
    {"an encoded = does not part", "/x?follow%3D1", false, false},
    {"the second = belongs to the value", "/x?follow==", false, true},
    {"a question mark belongs to the name", "/x??follow=1", false, false},
};

static void
a_boolean_parameter_is_read_as_the_engine_reads_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
        struct parsed parsed = parse(slice_from_string(FLAGS[i].query));
        assert_int_equal(parsed.state, TARGET_CLEAN);
        if (target_flag(&parsed.target, SLICE_LITERAL("follow"), FLAGS[i].absent) != FLAGS[i].expected)
            fail_msg("%s: %s", FLAGS[i].query, FLAGS[i].sentence);
        drop(&parsed);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_spelling_of_a_target_is_taken_as_the_table_says),
        cmocka_unit_test(a_canonical_target_is_its_own_canonical_form_and_means_the_same),
        cmocka_unit_test(each_raw_byte_is_forwarded_as_a_printable_one_or_refused),
        cmocka_unit_test(each_encoded_byte_is_decoded_once_judged_and_encoded_again),
        cmocka_unit_test(segments_are_kept_from_both_ends),
        cmocka_unit_test(a_buffer_that_is_too_small_is_refused_and_not_written),
        cmocka_unit_test(a_target_of_a_megabyte_of_bytes_to_encode_fits_its_buffer),
        cmocka_unit_test(a_boolean_parameter_is_read_as_the_engine_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
