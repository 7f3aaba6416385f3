/* How the log's records get out: gathered, into a pipe that is full, to a reader that is gone. */

#include "log_capture.h"

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
        cmocka_unit_test(a_full_pipe_loses_records_without_blocking_and_tells_their_count),
        cmocka_unit_test(gathered_records_go_out_together_in_order_and_none_waits_for_ever),
        cmocka_unit_test(gathered_records_that_find_a_full_pipe_are_counted_one_by_one),
        cmocka_unit_test(a_closed_standard_error_loses_records_and_nothing_else),
    };
    return cmocka_run_group_tests_name("log writing", tests, NULL, NULL);
}
