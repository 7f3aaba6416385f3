/* Whole heads: what passes, what is refused and with which sentence; limits; splits. */

#include "head_cases.h"
#include "head_judge.h"

static void
check_rows(const struct head_row *rows, size_t count, bool request)
{
    struct http_head head;
    for (size_t i = 0; i < count; i++) {
        struct outcome outcome = judge(rows[i].bytes, strlen(rows[i].bytes), request, &head);
        if (outcome.status != rows[i].status)
            fail_msg("%s: status %d, expected %d", rows[i].sentence, outcome.status, rows[i].status);
        if (rows[i].status != 0)
            CHECK_TEXT(rows[i].sentence, outcome.reason, rows[i].reason);
        else
            CHECK(rows[i].sentence, outcome.complete && outcome.consumed == strlen(rows[i].bytes));
    }
}

static void
every_request_head_passes_or_is_refused_with_its_sentence(void **state)
{
    (void)state;
    check_rows(requests, COUNT_OF(requests), true);
}

static void
every_answer_head_passes_or_is_refused_with_its_sentence(void **state)
{
    (void)state;
    check_rows(answers, COUNT_OF(answers), false);
}

static bool
same_outcome(const struct outcome *one, const struct outcome *other)
{
    return one->status == other->status && one->complete == other->complete && one->consumed == other->consumed &&
           (one->status == 0 || strcmp(one->reason, other->reason) == 0);
}

static void
check_splits(const struct head_row *rows, size_t count, bool request)
{
    struct http_head head;
    for (size_t i = 0; i < count; i++) {
        /* What follows a head must not be read as part of it. */
        char bytes[512];
        int written = snprintf(bytes, sizeof(bytes), "%sGET /next", rows[i].bytes);
        assert_in_range(written, 1, sizeof(bytes) - 1);
        size_t length = (size_t)written;
        struct outcome whole = judge(bytes, length, request, &head);
        CHECK(rows[i].sentence, whole.status != 0 || whole.consumed == strlen(rows[i].bytes));
        for (size_t split = 0; split <= length; split++) {
            struct outcome halves = judge_in_pieces(bytes, length, split, length, request, &head);
            CHECK(rows[i].sentence, same_outcome(&whole, &halves));
            size_t next = split < length ? split + 1 : length;
            struct outcome with_one_byte = judge_in_pieces(bytes, length, split, next, request, &head);
            CHECK(rows[i].sentence, same_outcome(&whole, &with_one_byte));
        }
    }
}

static void
a_split_anywhere_changes_nothing(void **state)
{
    (void)state;
    check_splits(requests, COUNT_OF(requests), true);
    check_splits(answers, COUNT_OF(answers), false);
}

static int
scan_under(const struct http_limits *limits, const char *bytes)
{
    struct http_scanner scanner = {0};
    size_t consumed;
    enum http_scan_result result = http_scan(&scanner, limits, true, bytes, strlen(bytes), &consumed);
    assert_int_not_equal(result, HTTP_SCAN_MORE);
    return result == HTTP_SCAN_COMPLETE ? 0 : scanner.status;
}

static void
limits_are_exact(void **state)
{
    (void)state;
    static const char head[] = "GET /abcdef?g=h HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n";
    const size_t size = sizeof(head) - 1;
    const size_t target = strlen("/abcdef?g=h");
    const struct {
        const char *sentence;
        struct http_limits limits;
        int status;
    } rows[] = {
        {"all limits are just met", {size, target, 3}, 0},
        {"a head of one byte more is 431", {size - 1, target, 3}, 431},
        {"a head that is much larger is 431", {10, target, 3}, 431},
        {"a target of one byte more is 414", {size, target - 1, 3}, 414},
        {"a field more is 431", {size, target, 2}, 431},
        {"no field at all is allowed", {size, target, 0}, 431},
        {"the target is looked at before the fields", {size, 1, 0}, 414},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].sentence, scan_under(&rows[i].limits, head) == rows[i].status);
}

static void
a_head_of_more_fields_than_fit_is_refused_by_the_parser(void **state)
{
    (void)state;
    static const struct http_limits limits = {.head = 65536, .target = 100, .fields = 1000};
    for (size_t fields = HTTP_FIELDS_MAX - 1; fields <= HTTP_FIELDS_MAX + 1; fields++) {
        char bytes[8192] = "GET / HTTP/1.0\r\n";
        for (size_t i = 0; i < fields; i++)
            strcat(bytes, "A: b\r\n");
        strcat(bytes, "\r\n");
        assert_int_equal(scan_under(&limits, bytes), 0);
        struct http_head head;
        struct http_problem problem = {0};
        bool passes = http_parse_request(slice_from_string(bytes), &head, &problem);
        assert_int_equal(passes, fields <= HTTP_FIELDS_MAX);
        if (passes)
            assert_int_equal(head.field_count, fields);
        else
            assert_int_equal(problem.status, 431);
        memcpy(bytes, "HTTP/1.1 200 O", 14);
        passes = http_parse_answer(slice_from_string(bytes), &head, &problem);
        assert_int_equal(passes, fields <= HTTP_FIELDS_MAX);
        assert_true(passes || problem.status == 502);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_request_head_passes_or_is_refused_with_its_sentence),
        cmocka_unit_test(every_answer_head_passes_or_is_refused_with_its_sentence),
        cmocka_unit_test(a_split_anywhere_changes_nothing),
        cmocka_unit_test(limits_are_exact),
        cmocka_unit_test(a_head_of_more_fields_than_fit_is_refused_by_the_parser),
    };
    return cmocka_run_group_tests_name("http_head", tests, NULL, NULL);
}
