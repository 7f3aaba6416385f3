/* The log: records that parse whatever bytes they hold, cut or whole, in both formats; and a reader that is gone. */

#include "proxy/log.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { CAPTURE_SIZE = 65536, VALUE_SIZE = 16384 };

/* Standard error, led into a pipe. No check may fail in between: it would speak into the pipe. */
static struct {
    int saved;
    int reader;
    char text[CAPTURE_SIZE + 1];
    size_t length;
} capture;

static void
begin_capture(void)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    fflush(stderr);
    capture.saved = dup(STDERR_FILENO);
    capture.reader = ends[0];
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
}

/* Takes out of the pipe what is there. */
static void
read_capture(void)
{
    capture.length = 0;
    ssize_t length;
    while (capture.length < CAPTURE_SIZE &&
           (length = read(capture.reader, capture.text + capture.length, CAPTURE_SIZE - capture.length)) > 0)
        capture.length += (size_t)length;
    capture.text[capture.length] = '\0';
}

static void
end_capture(void)
{
    read_capture();
    dup2(capture.saved, STDERR_FILENO);
    close(capture.saved);
    close(capture.reader);
}

/* ---- records are taken apart ---------------------------------------------------------------------------------------
 */

struct value {
    char key[32];
    char bytes[VALUE_SIZE];
    size_t length;
    bool quoted;
};

struct parsed {
    size_t count;
    struct value values[8]; /* of JSON: time, level and event, too */
};

static bool
take_byte(const char **at, char byte)
{
    if (**at != byte)
        return false;
    ++*at;
    return true;
}

/* A quoted string with the escapes \" \\ \uXXXX, which are the same in both formats. */
static bool
take_string(const char **at, struct value *value)
{
    value->length = 0;
    value->quoted = true;
    if (!take_byte(at, '"'))
        return false;
    while (**at != '"') {
        unsigned char byte = (unsigned char)*(*at)++;
        if (byte < 0x20 || byte >= 0x7f)
            return false;
        if (byte == '\\') {
            byte = (unsigned char)*(*at)++;
            unsigned code;
            int taken = 0;
            if (byte == 'u' && sscanf(*at, "%4x%n", &code, &taken) == 1 && taken == 4 && code < 256) {
                byte = (unsigned char)code;
                *at += 4;
            } else if (byte != '"' && byte != '\\') {
                return false;
            }
        }
        value->bytes[value->length++] = (char)byte;
    }
    ++*at;
    return true;
}

static bool
take_bare(const char **at, struct value *value, const char *stop)
{
    value->length = strcspn(*at, stop);
    value->quoted = false;
    memcpy(value->bytes, *at, value->length);
    *at += value->length;
    return value->length > 0;
}

static bool
is_word(const char *text, size_t length)
{
    return length > 0 && strspn(text, "abcdefghijklmnopqrstuvwxyz-") >= length;
}

static bool
is_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    for (size_t i = 0; i < sizeof(form) - 1; i++)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    return true;
}

static bool
parse_json(const char **at, struct parsed *parsed)
{
    static struct value key;
    parsed->count = 0;
    if (!take_byte(at, '{'))
        return false;
    do {
        struct value *value = &parsed->values[parsed->count++];
        if (parsed->count > COUNT_OF(parsed->values) || !take_string(at, &key) || !take_byte(at, ':'))
            return false;
        snprintf(value->key, sizeof(value->key), "%.*s", (int)key.length, key.bytes);
        if (**at == '"' ? !take_string(at, value) : !take_bare(at, value, ",}\n"))
            return false;
        if (!value->quoted && strspn(value->bytes, "0123456789.") < value->length)
            return false;
    } while (take_byte(at, ','));
    return take_byte(at, '}') && take_byte(at, '\n') && parsed->count >= 3 &&
           strcmp(parsed->values[0].key, "time") == 0 && parsed->values[0].length == 24 &&
           is_time(parsed->values[0].bytes);
}

/* Leaves level and event as the values 1 and 2, as JSON does. */
static bool
parse_text(const char **at, struct parsed *parsed)
{
    parsed->count = 3;
    if (!is_time(*at))
        return false;
    *at += 24;
    for (size_t i = 1; i <= 2; i++) {
        struct value *value = &parsed->values[i];
        if (!take_byte(at, ' ') || !take_bare(at, value, " \n") || !is_word(value->bytes, value->length))
            return false;
    }
    while (take_byte(at, ' ')) {
        struct value *value = &parsed->values[parsed->count++];
        size_t length = strcspn(*at, "= \n");
        if (parsed->count > COUNT_OF(parsed->values) || !is_word(*at, length))
            return false;
        snprintf(value->key, sizeof(value->key), "%.*s", (int)length, *at);
        *at += length;
        if (!take_byte(at, '='))
            return false;
        if (**at == '"' ? !take_string(at, value) : !take_bare(at, value, " \"=\\\n"))
            return false;
    }
    return take_byte(at, '\n');
}

/* Takes the next record of the capture apart. */
static bool
parse_record(const char **at, enum log_format format, struct parsed *parsed)
{
    const char *begin = *at;
    bool good = format == LOG_FORMAT_JSON ? parse_json(at, parsed) : parse_text(at, parsed);
    return good && *at - begin <= LOG_RECORD_SIZE;
}

static const struct value *
find(const struct parsed *parsed, const char *key)
{
    for (size_t i = 3; i < parsed->count; i++)
        if (strcmp(parsed->values[i].key, key) == 0)
            return &parsed->values[i];
    return NULL;
}

static const enum log_format formats[] = {LOG_FORMAT_TEXT, LOG_FORMAT_JSON};
static struct parsed parsed;

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
        "\xc3\xa4\xe2\x80\xa8",
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

/* ---- levels
 * ---------------------------------------------------------------------------------------------------------- */

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

/* ---- a reader that is gone
 * -------------------------------------------------------------------------------------------- */

static void
fill_standard_error(void)
{
    static const char filler[4096];
    int flags = fcntl(STDERR_FILENO, F_GETFL);
    fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
    while (write(STDERR_FILENO, filler, sizeof(filler)) > 0)
        continue;
    fcntl(STDERR_FILENO, F_SETFL, flags);
}

static void
a_full_pipe_loses_records_without_blocking_and_tells_their_count(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    begin_capture();
    fill_standard_error();
    for (int i = 0; i < 5; i++)
        log_text(LOG_LEVEL_INFO, "lost", "record %d", i); /* blocks for ever where it blocks */
    log_text(LOG_LEVEL_DEBUG, "hidden", "not counted");
    while (read(capture.reader, capture.text, CAPTURE_SIZE) > 0)
        continue;
    log_text(LOG_LEVEL_INFO, "first", "x");
    log_text(LOG_LEVEL_INFO, "second", "x");
    end_capture();
    const char *at = capture.text;
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    CHECK("the count comes first", memcmp(parsed.values[2].bytes, "log", 3) == 0);
    const struct value *text = find(&parsed, "text");
    CHECK_SLICE("the count", ((struct slice){text->bytes, text->length}),
                "5 records were lost: standard error took no more");
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    CHECK("then the record", memcmp(parsed.values[2].bytes, "first", 5) == 0);
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    CHECK("the count is told once", memcmp(parsed.values[2].bytes, "second", 6) == 0);
    assert_int_equal(*at, '\0');
}

static void
a_closed_standard_error_loses_records_and_nothing_else(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    begin_capture();
    close(STDERR_FILENO);
    log_text(LOG_LEVEL_INFO, "lost", "x");
    int here = open("/dev/null", O_WRONLY | O_CLOEXEC); /* takes the free descriptor */
    log_text(LOG_LEVEL_INFO, "told", "x");
    end_capture();
    assert_int_equal(here, STDERR_FILENO);
    begin_capture();
    log_text(LOG_LEVEL_INFO, "again", "x");
    end_capture();
    const char *at = capture.text;
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    CHECK("nothing is told twice", memcmp(parsed.values[2].bytes, "again", 5) == 0);
}

/* How many records stand in the capture, each with the number that follows the one before it. */
static int
count_numbered(int first)
{
    char number[16];
    const char *at = capture.text;
    int count = 0;
    while (parse_record(&at, LOG_FORMAT_TEXT, &parsed)) {
        snprintf(number, sizeof(number), "n%d", first + count++);
        const struct value *text = find(&parsed, "text");
        CHECK_SLICE("the order", ((struct slice){text->bytes, text->length}), number);
    }
    assert_int_equal(*at, '\0');
    return count;
}

static void
gathered_records_go_out_together_in_order_and_none_waits_for_ever(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    begin_capture();
    log_gather(true);
    log_text(LOG_LEVEL_INFO, "x", "n0");
    read_capture();
    size_t too_early = capture.length;
    log_text(LOG_LEVEL_INFO, "x", "n1");
    log_flush();
    log_flush();
    end_capture();
    assert_int_equal(too_early, 0);
    assert_int_equal(count_numbered(0), 2);
    begin_capture();
    for (int i = 2; i < 302; i++)
        log_text(LOG_LEVEL_INFO, "x", "n%d", i);
    read_capture();
    int before_the_end = count_numbered(2);
    log_gather(false);
    read_capture();
    int at_the_end = count_numbered(2 + before_the_end);
    log_text(LOG_LEVEL_INFO, "x", "n302");
    end_capture();
    CHECK("a full buffer is written", before_the_end > 200 && at_the_end > 0);
    assert_int_equal(before_the_end + at_the_end, 300);
    assert_int_equal(count_numbered(302), 1);
}

static void
gathered_records_that_find_a_full_pipe_are_counted_one_by_one(void **state)
{
    (void)state;
    log_configure(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    begin_capture();
    fill_standard_error();
    log_gather(true);
    for (int i = 0; i < 300; i++)
        log_text(LOG_LEVEL_INFO, "lost", "record %d", i);
    log_flush();
    while (read(capture.reader, capture.text, CAPTURE_SIZE) > 0)
        continue;
    log_text(LOG_LEVEL_INFO, "told", "x");
    log_gather(false);
    end_capture();
    const char *at = capture.text;
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    const struct value *text = find(&parsed, "text");
    CHECK_SLICE("the count", ((struct slice){text->bytes, text->length}),
                "300 records were lost: standard error took no more");
    assert_true(parse_record(&at, LOG_FORMAT_TEXT, &parsed));
    assert_int_equal(*at, '\0');
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
        cmocka_unit_test(a_full_pipe_loses_records_without_blocking_and_tells_their_count),
        cmocka_unit_test(gathered_records_go_out_together_in_order_and_none_waits_for_ever),
        cmocka_unit_test(gathered_records_that_find_a_full_pipe_are_counted_one_by_one),
        cmocka_unit_test(a_closed_standard_error_loses_records_and_nothing_else),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
