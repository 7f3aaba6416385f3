/* What is read out of a head that passed: its parts, the framing, Connection and Expect. */

#include "head_judge.h"

static void
parse(const char *bytes, bool request, struct http_head *head)
{
    struct outcome outcome = judge(bytes, strlen(bytes), request, head);
    CHECK(bytes, outcome.status == 0 && outcome.complete);
}

static void
a_request_head_is_taken_apart(void **state)
{
    (void)state;
    struct http_head head;
    parse("POST /v1.41/a%20b?c=d HTTP/1.1\r\nHost: h:1\r\ncontent-TYPE:\t application/json; x=\"y z\" \t\r\n"
          "X-Empty:\r\nUpgrade: tcp\r\nX: a: b\r\n\r\n",
          true, &head);
    CHECK_SLICE("method", head.method, "POST");
    CHECK_SLICE("target", head.target, "/v1.41/a%20b?c=d");
    assert_int_equal(head.minor, 1);
    assert_int_equal(head.field_count, 5);
    CHECK_SLICE("a name keeps its case", head.fields[1].name, "content-TYPE");
    CHECK_SLICE("a value is trimmed at both ends", head.fields[1].value, "application/json; x=\"y z\"");
    CHECK_SLICE("content type", head.content_type, "application/json; x=\"y z\"");
    CHECK_SLICE("an empty value is empty", head.fields[2].value, "");
    CHECK_SLICE("upgrade", head.upgrade, "tcp");
    CHECK_SLICE("the first colon ends the name", head.fields[4].name, "X");
    CHECK_SLICE("later colons are value", head.fields[4].value, "a: b");
    parse("GET / HTTP/1.0\r\nUpgrade: tcp\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", true, &head);
    assert_int_equal(head.minor, 0);
    assert_null(head.upgrade.data);
    assert_null(head.content_type.data);
    assert_false(head.expects_continue);
}

static void
an_answer_head_is_taken_apart(void **state)
{
    (void)state;
    struct http_head head;
    parse("HTTP/1.0 404 Not  Found \r\nContent-Type: text/plain\r\nUpgrade: a\r\n\r\n", false, &head);
    assert_int_equal(head.status, 404);
    assert_int_equal(head.minor, 0);
    CHECK_SLICE("the reason is kept as it is", head.reason, "Not  Found ");
    CHECK_SLICE("content type", head.content_type, "text/plain");
    parse("HTTP/1.1 101\r\nUpgrade: tcp\r\n\r\n", false, &head);
    assert_int_equal(head.reason.length, 0);
    CHECK_SLICE("upgrade", head.upgrade, "tcp");
}

static void
the_framing_is_that_of_the_fields(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        const char *fields;
        enum http_framing request;
        enum http_framing answer;
        uint64_t length;
        bool has_length;
    } rows[] = {
        {"no field: a request has no body, an answer lasts until the close", "", HTTP_BODY_NONE, HTTP_BODY_UNTIL_CLOSE,
         0, false},
        {"a length", "Content-Length: 12\r\n", HTTP_BODY_LENGTH, HTTP_BODY_LENGTH, 12, true},
        {"a length of 0: a request has no body", "Content-Length: 0\r\n", HTTP_BODY_NONE, HTTP_BODY_LENGTH, 0, true},
        {"leading zeros are decimal", "content-length: 010\r\n", HTTP_BODY_LENGTH, HTTP_BODY_LENGTH, 10, true},
        {"blanks around the length", "Content-Length: \t7\t \r\n", HTTP_BODY_LENGTH, HTTP_BODY_LENGTH, 7, true},
        {"18 digits", "Content-Length: 999999999999999999\r\n", HTTP_BODY_LENGTH, HTTP_BODY_LENGTH, 999999999999999999,
         true},
        {"chunked", "Transfer-Encoding: chunked\r\n", HTTP_BODY_CHUNKED, HTTP_BODY_CHUNKED, 0, false},
        {"chunked in any case", "TRANSFER-encoding:CHUNKED\t\r\n", HTTP_BODY_CHUNKED, HTTP_BODY_CHUNKED, 0, false},
        {"names that only begin so say nothing", "Content-Lengths: 5\r\nX-Transfer-Encoding: chunked\r\n",
         HTTP_BODY_NONE, HTTP_BODY_UNTIL_CLOSE, 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char bytes[256];
        struct http_head head;
        snprintf(bytes, sizeof(bytes), "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].fields);
        parse(bytes, true, &head);
        CHECK(rows[i].sentence, head.framing == rows[i].request && head.body_length == rows[i].length);
        CHECK(rows[i].sentence, head.has_length == rows[i].has_length);
        snprintf(bytes, sizeof(bytes), "HTTP/1.1 200 OK\r\n%s\r\n", rows[i].fields);
        parse(bytes, false, &head);
        CHECK(rows[i].sentence, head.framing == rows[i].answer && head.body_length == rows[i].length);
        CHECK(rows[i].sentence, head.has_length == rows[i].has_length);
    }
}

static void
connection_and_expect_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *fields;
        bool close;
        bool keep_alive;
        bool expects_continue;
    } rows[] = {
        {"", false, false, false},
        {"Connection: close\r\n", true, false, false},
        {"Connection: Keep-Alive\r\n", false, true, false},
        {"Connection: upgrade,\tCLOSE ,x\r\n", true, false, false},
        {"Connection: keep-alive\r\nconnection: close\r\n", true, true, false},
        {"Connection: closed, not-close\r\n", false, false, false},
        {"Proxy-Connection: close\r\n", false, false, false},
        {"Expect: 100-continue\r\n", false, false, false}, /* there is no body to wait for */
        {"Expect: 100-continue\r\nContent-Length: 0\r\n", false, false, false},
        {"Expect: 100-continue\r\nContent-Length: 1\r\n", false, false, true},
        {"Expect: 100-CONTINUE\r\nTransfer-Encoding: chunked\r\n", false, false, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char bytes[256];
        struct http_head head;
        snprintf(bytes, sizeof(bytes), "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n", rows[i].fields);
        parse(bytes, true, &head);
        CHECK(rows[i].fields, head.close == rows[i].close);
        CHECK(rows[i].fields, head.keep_alive == rows[i].keep_alive);
        CHECK(rows[i].fields, head.expects_continue == rows[i].expects_continue);
    }
}

static void
an_answer_has_a_body_by_status_and_method(void **state)
{
    (void)state;
    for (int status = 100; status < 600; status++) {
        bool expected = status >= 200 && status != 204 && status != 304;
        assert_int_equal(http_answer_has_body(status, false), expected);
        assert_false(http_answer_has_body(status, true));
    }
}

static void
fields_of_one_connection_are_known_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool hop;
    } rows[] = {
        {"Connection", true},
        {"keep-alive", true},
        {"PROXY-CONNECTION", true},
        {"TE", true},
        {"Trailer", true},
        {"Transfer-Encoding", true},
        {"Upgrade", true},
        {"Proxy-Authenticate", true},
        {"Proxy-Authorization", true},
        {"Content-Length", true},
        {"Expect", true},
        {"Host", true},
        {"Content-Type", false},
        {"Date", false},
        {"Connections", false},
        {"", false},
        {"T", false},
        {"Ostype", false},
        {"Docker-Experimental", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(rows[i].name, http_field_is_hop_by_hop(slice_from_string(rows[i].name)) == rows[i].hop);
}

static void
each_status_that_is_answered_here_has_its_reason(void **state)
{
    (void)state;
    static const int statuses[] = {400, 403, 408, 413, 414, 417, 431, 502, 503, 504};
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        assert_string_not_equal(http_reason(statuses[i]), http_reason(500));
    assert_string_equal(http_reason(403), "Forbidden");
    assert_string_equal(http_reason(500), "Internal Server Error");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_head_is_taken_apart),
        cmocka_unit_test(an_answer_head_is_taken_apart),
        cmocka_unit_test(the_framing_is_that_of_the_fields),
        cmocka_unit_test(connection_and_expect_are_read),
        cmocka_unit_test(an_answer_has_a_body_by_status_and_method),
        cmocka_unit_test(fields_of_one_connection_are_known_in_any_case),
        cmocka_unit_test(each_status_that_is_answered_here_has_its_reason),
    };
    return cmocka_run_group_tests_name("http_head_fields", tests, NULL, NULL);
}
