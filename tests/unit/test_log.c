/* The log: records that parse whatever bytes they hold, cut or whole, in both formats; and its levels. */

#include "log_capture.h"

static const enum log_format formats[] = {LOG_FORMAT_TEXT, LOG_FORMAT_JSON};

/* Writes one record with the value between two others and takes it apart again. */
static void
write_value(enum log_format format, const char *bytes, size_t length)
{
    struct log_record record;
    log_configure(LOG_LEVEL_INFO, format);
    begin_capture();
    log_begin(&record, LOG_LEVEL_INFO, "event");
    log_number(&record, "before", 7);
    log_slice(&record, "value", (struct slice){bytes, length});
    log_seconds(&record, "after", 1500000);
    log_string(&record, "last", "z");
    log_end(&record);
    end_capture();
    const char *at = capture.text;
    if (!parse_record(&at, format, &parsed) || *at != '\0')
        fail_msg("does not parse: %s", capture.text);
    CHECK("the level stands second", memcmp(parsed.values[1].bytes, "info", 4) == 0);
    CHECK("the event stands third", memcmp(parsed.values[2].bytes, "event", 5) == 0);
    const struct value *before = find(&parsed, "before");
    CHECK("what stood before is whole", before != NULL && before->length == 1 && before->bytes[0] == '7');
}

static void
every_byte_comes_back_out_of_a_record(void **state)
{
    (void)state;
    char all[256];
    for (size_t i = 0; i < COUNT_OF(all); i++)
        all[i] = (char)i;
    for (size_t format = 0; format < COUNT_OF(formats); format++) {
        write_value(formats[format], all, sizeof(all));
        const struct value *value = find(&parsed, "value");
        assert_int_equal(value->length, sizeof(all));
        assert_memory_equal(value->bytes, all, sizeof(all));
        for (size_t i = 0; i < COUNT_OF(all); i++) {
            write_value(formats[format], &all[i], 1);
            value = find(&parsed, "value");
            assert_int_equal(value->length, 1);
            assert_int_equal(value->bytes[0], all[i]);
        }
    }
}

static void
a_value_can_not_pass_for_another_or_for_a_record(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "a b",
        "x status=200",
        "x\" status=200 y=\"",
        "x\\\" status=200",
        "x\n2026-11-25T01:02:03.456Z notice grant text=everything",
        "\",\"status\":\"200",
        "\"}\n{\"time\":\"",
        "=",
        "\xc3\xa4\xe2\x80\xa6\xf0\x9f\x90\xb3",
        "\xc3\xe2\x80\xa8\xc2\x9b\xed\xa0\x80\xff",
        "\x1b]0;title\x07",
        "\\u0041",
    };
    for (size_t format = 0; format < COUNT_OF(formats); format++) {
        for (size_t i = 0; i < COUNT_OF(values); i++) {
            write_value(formats[format], values[i], strlen(values[i]));
            assert_int_equal(parsed.count, 7);
            const struct value *value = find(&parsed, "value");
            CHECK_SLICE(values[i], ((struct slice){value->bytes, value->length}), values[i]);
            assert_null(find(&parsed, "status"));
        }
    }
}

static void
a_plain_value_stands_bare_in_text(void **state)
{
    (void)state;
    write_value(LOG_FORMAT_TEXT, "/v1.41/info?a&b;c", 17);
    assert_false(find(&parsed, "value")->quoted);
    CHECK("number", memcmp(find(&parsed, "after")->bytes, "1.500000", 8) == 0);
    write_value(LOG_FORMAT_TEXT, "a=b", 3);
    assert_true(find(&parsed, "value")->quoted);
}

static void
a_record_that_is_cut_stays_well_formed(void **state)
{
    (void)state;
    static const char fillers[] = {'x', '"', '\n', '=', '\\', (char)0xff};
    /* Around each length at which something is cut: a byte takes one, two or six in the record. */
    static const struct {
        size_t least;
        size_t most;
    } windows[] = {{640, 700}, {1970, 2060}, {3950, 4110}};
    static char bytes[VALUE_SIZE];
    for (size_t format = 0; format < COUNT_OF(formats); format++) {
        for (size_t filler = 0; filler < COUNT_OF(fillers); filler++) {
            memset(bytes, fillers[filler], sizeof(bytes));
            for (size_t window = 0; window < COUNT_OF(windows); window++) {
                for (size_t length = windows[window].least; length < windows[window].most; length++) {
                    write_value(formats[format], bytes, length);
                    const struct value *value = find(&parsed, "value");
                    assert_true(value->length > 0 && value->length <= length);
                    assert_memory_equal(value->bytes, bytes, value->length);
                }
            }
            write_value(formats[format], bytes, 9000);
            assert_int_equal(parsed.count, 5); /* there is no room for what follows */
        }
    }
}

static void
many_values_end_where_the_record_is_full(void **state)
{
    (void)state;
    static char bytes[600];
    memset(bytes, '=', sizeof(bytes));
    for (size_t format = 0; format < COUNT_OF(formats); format++) {
        for (size_t length = 1; length < sizeof(bytes); length += 5) {
            struct log_record record;
            log_configure(LOG_LEVEL_INFO, formats[format]);
            begin_capture();
            log_begin(&record, LOG_LEVEL_INFO, "event");
            log_slice(&record, "filler", (struct slice){bytes, length});
            log_string(&record, "text", "");
            for (int i = 0; i < 60; i++) {
                log_slice(&record, "value", (struct slice){bytes, length});
                log_number(&record, "number", UINT64_MAX);
                log_seconds(&record, "seconds", UINT64_MAX);
            }
            log_end(&record);
            end_capture();
            assert_in_range(capture.length, 1, LOG_RECORD_SIZE);
            assert_int_equal(capture.text[capture.length - 1], '\n');
            assert_ptr_equal(strchr(capture.text, '\n'), capture.text + capture.length - 1);
            if (formats[format] == LOG_FORMAT_JSON)
                assert_int_equal(capture.text[capture.length - 2], '}');
        }
    }
}

static void
until_it_is_configured_notices_are_written_as_text(void **state)
{
    (void)state;
    begin_capture();
    log_text(LOG_LEVEL_INFO, "hidden", "x");
    log_text(LOG_LEVEL_NOTICE, "seen", "%d %s", 4, "words");
    end_capture();
    const char *at = capture.text;
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    assert_int_equal(*at, '\0');
    CHECK("event", memcmp(parsed.values[2].bytes, "seen", 4) == 0);
    CHECK("text", memcmp(find(&parsed, "text")->bytes, "4 words", 7) == 0);
}

static void
each_level_is_a_word_and_hides_what_is_less_grave(void **state)
{
    (void)state;
    static const char *const words[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        enum log_level level;
        CHECK(words[i], log_level_from_word(words[i], &level) && level == (enum log_level)i);
        log_configure(level, LOG_FORMAT_TEXT);
        for (size_t j = 0; j < COUNT_OF(words); j++) {
            assert_int_equal(log_wanted((enum log_level)j), j <= i);
            begin_capture();
            log_text((enum log_level)j, "event", "x");
            end_capture();
            assert_int_equal(capture.length > 0, j <= i);
            if (capture.length > 0)
                CHECK_SLICE(words[j], ((struct slice){capture.text + 25, strcspn(capture.text + 25, " ")}), words[j]);
        }
    }
    enum log_level level = LOG_LEVEL_CRIT;
    static const char *const none[] = {"", "INFO", "warn", "error", "information", "inf", " info", "silent"};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        CHECK(none[i], !log_level_from_word(none[i], &level) && level == LOG_LEVEL_CRIT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(until_it_is_configured_notices_are_written_as_text), /* first: nothing is configured yet */
        cmocka_unit_test(every_byte_comes_back_out_of_a_record),
        cmocka_unit_test(a_value_can_not_pass_for_another_or_for_a_record),
        cmocka_unit_test(a_plain_value_stands_bare_in_text),
        cmocka_unit_test(a_record_that_is_cut_stays_well_formed),
        cmocka_unit_test(many_values_end_where_the_record_is_full),
        cmocka_unit_test(each_level_is_a_word_and_hides_what_is_less_grave),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
