/* The second gate: where it agrees with the first, and where the two read a head in different ways. */

#include "proxy/http_reader.h"
#include "support.h"

struct row {
    const char *sentence;
    const char *bytes;
    bool agrees;
};

/* Each of them passes the first gate. */
static const struct row requests[] = {
    {"no field at all", "GET / HTTP/1.0\r\n\r\n", true},
    {"an ordinary request", "GET /v1.41/info?a=b HTTP/1.1\r\nHost: docker\r\nAccept: */*\r\n\r\n", true},
    {"HEAD", "HEAD /_ping HTTP/1.1\r\nHost: a\r\n\r\n", true},
    {"POST with a length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n", true},
    {"POST with a length of 0", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", true},
    {"POST with the largest length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999999999\r\n\r\n", true},
    {"PUT with chunks", "PUT /a HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n", true},
    {"DELETE", "DELETE /a HTTP/1.1\r\nHost: a\r\n\r\n", true},
    {"PATCH", "PATCH /a HTTP/1.1\r\nHost: a\r\n\r\n", true},
    {"OPTIONS", "OPTIONS /a HTTP/1.1\r\nHost: a\r\n\r\n", true},
    {"a wish to upgrade changes nothing", "POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
     true},
    {"every byte that a target may hold, but a fragment",
     "GET /!\"$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~ "
     "HTTP/1.1\r\nHost: a\r\n\r\n",
     true},
    {"UTF-8 in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\xff\r\n\r\n", true},
    {"every byte that a name may hold",
     "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ: b\r\n"
     "\r\n",
     true},
    {"blanks around a length", "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length:  5  \r\n\r\n", true},
    {"a tab behind a length: http-parser takes it for garbage",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\t\r\n\r\n", false},
    {"a tab behind chunked: http-parser takes it for another coding",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\t\r\n\r\n", false},
    {"a name that begins like Transfer-Encoding switches chunked off in http-parser",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-EncodingX: a\r\n\r\n", false},
};

static const struct row answers[] = {
    {"no field at all", "HTTP/1.1 200 OK\r\n\r\n", true},
    {"no reason", "HTTP/1.1 200\r\n\r\n", true},
    {"HTTP/1.0", "HTTP/1.0 404 Not Found\r\nContent-Type: text/plain\r\n\r\n", true},
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", true},
    {"101", "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n", true},
    {"100", "HTTP/1.1 100 Continue\r\n\r\n", true},
    {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", true},
    {"304", "HTTP/1.1 304 Not Modified\r\n\r\n", true},
    {"a tab behind a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\t\r\n\r\n", false},
    {"a name that begins like Transfer-Encoding",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-EncodingX: a\r\n\r\n", false},
};

static struct slice
parse(const char *bytes, bool request, struct http_head *head)
{
    struct slice slice = slice_from_string(bytes);
    struct http_problem problem = {0};
    bool passes = request ? http_parse_request(slice, head, &problem) : http_parse_answer(slice, head, &problem);
    CHECK(bytes, passes);
    return slice;
}

static void
both_gates_read_requests_alike_or_they_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct http_head head;
        struct slice bytes = parse(requests[i].bytes, true, &head);
        CHECK(requests[i].sentence, http_reader_agrees_on_request(bytes, &head) == requests[i].agrees);
    }
}

static void
both_gates_read_answers_alike_or_they_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct http_head head;
        struct slice bytes = parse(answers[i].bytes, false, &head);
        CHECK(answers[i].sentence, http_reader_agrees_on_answer(bytes, &head) == answers[i].agrees);
    }
}

/* Each point that must be agreed on, by a first gate that lies about it. */
static void
no_point_is_passed_over_in_a_request(void **state)
{
    (void)state;
    static const char bytes[] = "POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    static const char chunked[] = "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    struct http_head truth;
    struct slice slice = parse(bytes, true, &truth);
    struct http_head lie = truth;
    assert_true(http_reader_agrees_on_request(slice, &lie));
    lie.method = SLICE_LITERAL("PUT");
    assert_false(http_reader_agrees_on_request(slice, &lie));
    lie = truth;
    lie.target.length--;
    assert_false(http_reader_agrees_on_request(slice, &lie));
    lie = truth;
    lie.minor = 0;
    assert_false(http_reader_agrees_on_request(slice, &lie));
    lie = truth;
    lie.body_length = 6;
    assert_false(http_reader_agrees_on_request(slice, &lie));
    lie = truth;
    lie.has_length = false;
    assert_false(http_reader_agrees_on_request(slice, &lie));
    lie = truth;
    lie.framing = HTTP_BODY_CHUNKED;
    assert_false(http_reader_agrees_on_request(slice, &lie));
    slice = parse(chunked, true, &lie);
    lie.framing = HTTP_BODY_NONE;
    assert_false(http_reader_agrees_on_request(slice, &lie));
}

static void
no_point_is_passed_over_in_an_answer(void **state)
{
    (void)state;
    struct http_head truth;
    struct slice slice = parse("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, &truth);
    struct http_head lie = truth;
    lie.status = 201;
    assert_false(http_reader_agrees_on_answer(slice, &lie));
    lie = truth;
    lie.minor = 0;
    assert_false(http_reader_agrees_on_answer(slice, &lie));
    lie = truth;
    lie.body_length = 4;
    assert_false(http_reader_agrees_on_answer(slice, &lie));
    lie = truth;
    lie.has_length = false;
    assert_false(http_reader_agrees_on_answer(slice, &lie));
    slice = parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, &lie);
    lie.framing = HTTP_BODY_UNTIL_CLOSE;
    assert_false(http_reader_agrees_on_answer(slice, &lie));
}

static void
a_head_must_end_where_the_first_gate_says(void **state)
{
    (void)state;
    struct http_head head;
    struct slice slice = parse("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, &head);
    assert_true(http_reader_agrees_on_request(slice, &head));
    for (size_t length = 0; length < slice.length; length++)
        assert_false(http_reader_agrees_on_request((struct slice){slice.data, length}, &head));
    slice = slice_from_string("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n");
    assert_false(http_reader_agrees_on_request(slice, &head));
}

static void
a_head_larger_than_the_default_of_http_parser_passes(void **state)
{
    (void)state;
    enum { LARGE = 256 * 1024 };
    char *bytes = malloc(LARGE + 64);
    assert_non_null(bytes);
    size_t length = (size_t)sprintf(bytes, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    memset(bytes + length, 'x', LARGE);
    strcpy(bytes + length + LARGE, "\r\n\r\n");
    struct http_head head;
    struct slice slice = parse(bytes, true, &head);
    assert_true(http_reader_agrees_on_request(slice, &head));
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_gates_read_requests_alike_or_they_are_refused),
        cmocka_unit_test(both_gates_read_answers_alike_or_they_are_refused),
        cmocka_unit_test(no_point_is_passed_over_in_a_request),
        cmocka_unit_test(no_point_is_passed_over_in_an_answer),
        cmocka_unit_test(a_head_must_end_where_the_first_gate_says),
        cmocka_unit_test(a_head_larger_than_the_default_of_http_parser_passes),
    };
    return cmocka_run_group_tests_name("http_reader", tests, NULL, NULL);
}
