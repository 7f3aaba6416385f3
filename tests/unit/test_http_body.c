/* The body reader: chunked bodies good and bad, at every split; the other framings; bounds. */

#include "proxy/http_body.h"
#include "support.h"

enum { PAYLOAD_MAX = 16384 };

struct outcome {
    enum http_body_result result; /* never HTTP_BODY_DATA */
    size_t consumed;
    size_t length;
    char payload[PAYLOAD_MAX];
};

/* Reads what is there; true while more bytes may be read. */
static bool
read_piece(struct http_body *body, const char *bytes, size_t length, struct outcome *outcome)
{
    char *piece = copy_exactly(bytes, length);
    size_t taken = 0;
    do {
        size_t consumed;
        struct slice payload;
        outcome->result = http_body_read(body, piece + taken, length - taken, &consumed, &payload);
        assert_true(consumed <= length - taken);
        assert_true(payload.length <= PAYLOAD_MAX - outcome->length);
        if (outcome->result == HTTP_BODY_DATA) {
            assert_true(payload.length > 0);
            memcpy(outcome->payload + outcome->length, payload.data, payload.length);
            outcome->length += payload.length;
        } else {
            assert_int_equal(payload.length, 0);
        }
        taken += consumed;
    } while (outcome->result == HTTP_BODY_DATA);
    assert_true(outcome->result != HTTP_BODY_MORE || taken == length);
    outcome->consumed += taken;
    free(piece);
    return outcome->result == HTTP_BODY_MORE;
}

static void
read_in_pieces(struct http_body *body, const char *bytes, size_t length, size_t first, size_t second,
               struct outcome *outcome)
{
    outcome->consumed = 0;
    outcome->length = 0;
    if (read_piece(body, bytes, first, outcome) && read_piece(body, bytes + first, second - first, outcome))
        read_piece(body, bytes + second, length - second, outcome);
    assert_int_equal(http_body_is_complete(body), outcome->result == HTTP_BODY_END);
}

static const struct {
    const char *sentence;
    const char *bytes;
    const char *payload; /* NULL: the framing is broken */
    size_t rest;         /* bytes at the end that don't belong to the body */
} chunked[] = {
    {"no chunk but the last", "0\r\n\r\n", "", 0},
    {"one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {"two chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!", 0},
    {"sizes in upper and lower case", "A\r\n0123456789\r\na\r\nabcdefghij\r\n0\r\n\r\n", "0123456789abcdefghij", 0},
    {"a size of eight digits", "00000005\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {"a last chunk of eight zeros", "00000000\r\n\r\n", "", 0},
    {"an extension", "5;a=b\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {"an empty extension", "5;\r\nhello\r\n0\r\n\r\n", "hello", 0},
    {"an extension with blanks, quotes and UTF-8", "5;a = \"b;c\"\t\xc3\xa4\r\nhello\r\n0;z\r\n\r\n", "hello", 0},
    {"a trailer", "0\r\nA: b\r\n\r\n", "", 0},
    {"trailers, one of them empty", "1\r\nx\r\n0\r\nA:\r\nB-c: d: e\t\r\n\r\n", "x", 0},
    {"payload that looks like framing", "a\r\n\r\n0\r\n\r\n5\r\n\r\n0\r\n\r\n", "\r\n0\r\n\r\n5\r\n", 0},
    {"what follows is left alone", "1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n", "x", 16},
    {"a CRLF that follows is left alone", "0\r\n\r\n\r\n", "", 2},

    {"no size", "\r\nhello\r\n", NULL, 0},
    {"no blank before the size", " 5\r\nhello\r\n", NULL, 0},
    {"no blank behind the size", "5 \r\nhello\r\n", NULL, 0},
    {"no tab behind the size", "5\t\r\nhello\r\n", NULL, 0},
    {"no blank before an extension", "5 ;a\r\nhello\r\n", NULL, 0},
    {"no 0x", "0x5\r\nhello\r\n", NULL, 0},
    {"no sign", "+5\r\nhello\r\n", NULL, 0},
    {"no negative size", "-5\r\nhello\r\n", NULL, 0},
    {"no underscore", "0_5\r\nhello\r\n", NULL, 0},
    {"no letter beyond f", "g\r\n", NULL, 0},
    {"no size of nine digits", "000000005\r\nhello\r\n", NULL, 0},
    {"no last chunk of nine zeros", "000000000\r\n\r\n", NULL, 0},
    {"no size ended by a line feed", "5\nhello\r\n", NULL, 0},
    {"no size ended by CR and a byte", "5\rXhello\r\n", NULL, 0},
    {"no line feed in an extension", "5;a\nhello\r\n", NULL, 0},
    {"no CR and a byte in an extension", "5;a\rXhello\r\n", NULL, 0},
    {"no control byte in an extension", "5;a\x01\r\nhello\r\n", NULL, 0},
    {"no DEL in an extension", "5;a\x7f\r\nhello\r\n", NULL, 0},
    {"a chunk that is longer than said", "5\r\nhello!\r\n0\r\n\r\n", NULL, 0},
    {"a chunk that is shorter than said", "5\r\nhell\r\n0\r\n\r\n", NULL, 0},
    {"chunk data ended by a line feed", "5\r\nhello\n0\r\n\r\n", NULL, 0},
    {"chunk data ended by CR and a byte", "5\r\nhello\rX0\r\n\r\n", NULL, 0},
    {"chunk data ended by nothing", "5\r\nhello0\r\n\r\n", NULL, 0},
    {"a last chunk ended by a line feed", "0\n\r\n", NULL, 0},
    {"an end of a line feed", "0\r\n\n", NULL, 0},
    {"an end of CR and a byte", "0\r\n\rX", NULL, 0},
    {"no fold in front of the trailers", "0\r\n A: b\r\n\r\n", NULL, 0},
    {"no fold in the trailers", "0\r\nA: b\r\n\tc\r\n\r\n", NULL, 0},
    {"no trailer without a name", "0\r\n: b\r\n\r\n", NULL, 0},
    {"no trailer without a colon", "0\r\nA\r\n\r\n", NULL, 0},
    {"no blank in the name of a trailer", "0\r\nA b: c\r\n\r\n", NULL, 0},
    {"no blank behind the name of a trailer", "0\r\nA : c\r\n\r\n", NULL, 0},
    {"no quote first in the name of a trailer", "0\r\n\"A: c\r\n\r\n", NULL, 0},
    {"no bracket in the name of a trailer", "0\r\nA(: c\r\n\r\n", NULL, 0},
    {"no UTF-8 first in the name of a trailer", "0\r\n\xc3\xa4: c\r\n\r\n", NULL, 0},
    {"no trailer ended by a line feed", "0\r\nA: b\n\r\n", NULL, 0},
    {"no trailer ended by CR and a byte", "0\r\nA: b\rX\r\n\r\n", NULL, 0},
    {"no control byte in a trailer", "0\r\nA: \x02\r\n\r\n", NULL, 0},
    {"a request instead of a size", "GET / HTTP/1.1\r\n\r\n", NULL, 0},
};

/* A broken body stays so. */
static void
check_broken(const char *sentence, struct http_body *body)
{
    size_t consumed;
    struct slice payload;
    CHECK(sentence, !http_body_is_complete(body) && !http_body_is_between_chunks(body));
    CHECK(sentence, http_body_read(body, "0\r\n\r\n", 5, &consumed, &payload) == HTTP_BODY_ERROR);
    CHECK(sentence, consumed == 0 && http_body_read(body, "", 0, &consumed, &payload) == HTTP_BODY_ERROR);
}

static void
chunked_bodies_are_read_whole_or_refused_at_every_split(void **state)
{
    (void)state;
    static struct outcome outcome;
    for (size_t i = 0; i < COUNT_OF(chunked); i++) {
        size_t length = strlen(chunked[i].bytes);
        const char *payload = chunked[i].payload;
        for (size_t first = 0; first <= length; first++) {
            for (size_t second = first; second <= length; second++) {
                struct http_body body;
                http_body_begin(&body, HTTP_BODY_CHUNKED, i); /* the length is for another framing */
                read_in_pieces(&body, chunked[i].bytes, length, first, second, &outcome);
                CHECK(chunked[i].sentence, outcome.result == (payload != NULL ? HTTP_BODY_END : HTTP_BODY_ERROR));
                if (payload == NULL) {
                    check_broken(chunked[i].sentence, &body);
                    continue;
                }
                CHECK(chunked[i].sentence, outcome.consumed + chunked[i].rest == length);
                CHECK_SLICE(chunked[i].sentence, ((struct slice){outcome.payload, outcome.length}), payload);
            }
        }
    }
}

static void
a_chunked_body_that_is_cut_anywhere_is_not_complete(void **state)
{
    (void)state;
    static const char bytes[] = "5;a\r\nhello\r\n0\r\nA: b\r\n\r\n";
    static struct outcome outcome;
    for (size_t length = 0; length < sizeof(bytes) - 1; length++) {
        struct http_body body;
        http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
        read_in_pieces(&body, bytes, length, length, length, &outcome);
        assert_int_equal(outcome.result, HTTP_BODY_MORE);
        assert_int_equal(outcome.consumed, length);
    }
}

/* Reads prefix, `count` times `filler`, suffix. */
static enum http_body_result
read_filled(const char *prefix, char filler, size_t count, const char *suffix)
{
    static struct outcome outcome;
    static char bytes[PAYLOAD_MAX];
    size_t begin = strlen(prefix);
    size_t end = strlen(suffix);
    struct http_body body;
    assert_true(begin + count + end <= sizeof(bytes));
    memcpy(bytes, prefix, begin);
    memset(bytes + begin, filler, count);
    memcpy(bytes + begin + count, suffix, end);
    http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
    read_in_pieces(&body, bytes, begin + count + end, 1, begin + count / 2, &outcome);
    return outcome.result;
}

static void
extensions_and_trailers_are_bounded(void **state)
{
    (void)state;
    enum { EXTENSION = 1024, TRAILERS = 8192 };
    static const char trailer[] = "A: \r\n\r"; /* counted with what fills it, up to the last line feed */
    const size_t fits = TRAILERS - (sizeof(trailer) - 1);
    assert_int_equal(read_filled("1;", 'e', EXTENSION, "\r\nx\r\n0\r\n\r\n"), HTTP_BODY_END);
    assert_int_equal(read_filled("1;", 'e', EXTENSION + 1, "\r\nx\r\n0\r\n\r\n"), HTTP_BODY_ERROR);
    assert_int_equal(read_filled("1;e\r\nx\r\n0;", 'e', EXTENSION, "\r\n\r\n"), HTTP_BODY_END);
    assert_int_equal(read_filled("1;e\r\nx\r\n0;", 'e', EXTENSION + 1, "\r\n\r\n"), HTTP_BODY_ERROR);
    assert_int_equal(read_filled("0\r\nA: ", 'v', fits, "\r\n\r\n"), HTTP_BODY_END);
    assert_int_equal(read_filled("0\r\nA: ", 'v', fits + 1, "\r\n\r\n"), HTTP_BODY_ERROR);
    assert_int_equal(read_filled("0\r\n", 'n', TRAILERS + 1, ": v\r\n\r\n"), HTTP_BODY_ERROR);
}

static void
a_body_of_known_length_ends_there(void **state)
{
    (void)state;
    static const char bytes[] = "hello, next";
    static struct outcome outcome;
    for (size_t first = 0; first < sizeof(bytes); first++) {
        struct http_body body;
        http_body_begin(&body, HTTP_BODY_LENGTH, 5);
        assert_false(http_body_is_complete(&body));
        read_in_pieces(&body, bytes, sizeof(bytes) - 1, first, first, &outcome);
        assert_int_equal(outcome.result, HTTP_BODY_END);
        assert_int_equal(outcome.consumed, 5);
        CHECK_SLICE("payload", ((struct slice){outcome.payload, outcome.length}), "hello");
    }
}

static void
a_body_longer_than_any_buffer_is_counted_right(void **state)
{
    (void)state;
    static char bytes[PAYLOAD_MAX];
    struct http_body body;
    size_t consumed;
    struct slice payload;
    http_body_begin(&body, HTTP_BODY_LENGTH, 999999999999999999);
    assert_int_equal(http_body_read(&body, bytes, sizeof(bytes), &consumed, &payload), HTTP_BODY_DATA);
    assert_int_equal(payload.length, sizeof(bytes));
    assert_int_equal(body.left, 999999999999999999 - sizeof(bytes));
    http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
    assert_int_equal(http_body_read(&body, "ffffffff\r\n", 10, &consumed, &payload), HTTP_BODY_MORE);
    assert_int_equal(body.left, 0xffffffff);
}

static void
without_a_body_nothing_is_consumed(void **state)
{
    (void)state;
    static const struct {
        enum http_framing framing;
        uint64_t length;
    } rows[] = {{HTTP_BODY_NONE, 0}, {HTTP_BODY_NONE, 7}, {HTTP_BODY_LENGTH, 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_body body;
        size_t consumed = 9;
        struct slice payload;
        http_body_begin(&body, rows[i].framing, rows[i].length);
        assert_true(http_body_is_complete(&body));
        assert_int_equal(http_body_read(&body, "GET", 3, &consumed, &payload), HTTP_BODY_END);
        assert_int_equal(consumed, 0);
        assert_int_equal(http_body_read(&body, "", 0, &consumed, &payload), HTTP_BODY_END);
    }
}

static void
a_body_until_the_close_takes_everything(void **state)
{
    (void)state;
    struct http_body body;
    size_t consumed;
    struct slice payload;
    http_body_begin(&body, HTTP_BODY_UNTIL_CLOSE, 0);
    assert_int_equal(http_body_read(&body, "", 0, &consumed, &payload), HTTP_BODY_MORE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_body_read(&body, "0\r\n\r\n", 5, &consumed, &payload), HTTP_BODY_DATA);
        assert_int_equal(consumed, 5);
        CHECK_SLICE("payload", payload, "0\r\n\r\n");
        assert_false(http_body_is_complete(&body));
        assert_false(http_body_is_between_chunks(&body));
    }
}

static void
the_border_between_chunks_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool between;
    } rows[] = {
        {"", true},
        {"2", false},
        {"2\r", false},
        {"2\r\n", false},
        {"2\r\na", false},
        {"2\r\nab", false},
        {"2\r\nab\r", false},
        {"2\r\nab\r\n", true},
        {"2\r\nab\r\n2", false},
        {"2\r\nab\r\n1\r\nc\r\n", true},
        {"2\r\nab\r\n0", false},
        {"2\r\nab\r\n0\r\n", false},
        {"2\r\nab\r\n0\r\n\r\n", false},
    };
    static struct outcome outcome;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_body body;
        size_t length = strlen(rows[i].bytes);
        http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
        read_in_pieces(&body, rows[i].bytes, length, length, length, &outcome);
        CHECK(rows[i].bytes, http_body_is_between_chunks(&body) == rows[i].between);
    }
    struct http_body body;
    http_body_begin(&body, HTTP_BODY_LENGTH, 5);
    assert_false(http_body_is_between_chunks(&body));
    http_body_begin(&body, HTTP_BODY_NONE, 0);
    assert_false(http_body_is_between_chunks(&body));
}

static void
chunk_lines_are_hexadecimal(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        const char *line;
    } rows[] = {
        {0, "0\r\n"}, {1, "1\r\n"}, {255, "ff\r\n"}, {65536, "10000\r\n"}, {SIZE_MAX, "ffffffffffffffff\r\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char line[HTTP_CHUNK_LINE_SIZE];
        size_t length = http_chunk_line(line, rows[i].length);
        CHECK_SLICE("line", ((struct slice){line, length}), rows[i].line);
    }
}

static uint64_t
unseen_after(enum http_framing framing, uint64_t length, const char *bytes)
{
    struct http_body body;
    struct slice payload;
    size_t consumed = 0;
    size_t taken = 0;
    http_body_begin(&body, framing, length);
    while (taken < strlen(bytes)) {
        if (http_body_read(&body, bytes + taken, strlen(bytes) - taken, &consumed, &payload) == HTTP_BODY_ERROR)
            break;
        taken += consumed;
    }
    return http_body_unseen(&body);
}

static void
payload_alone_may_pass_unseen_and_never_a_byte_of_framing(void **state)
{
    (void)state;
    assert_int_equal(unseen_after(HTTP_BODY_NONE, 0, ""), 0);
    assert_int_equal(unseen_after(HTTP_BODY_LENGTH, 0, ""), 0);
    assert_int_equal(unseen_after(HTTP_BODY_LENGTH, 10, ""), 10);
    assert_int_equal(unseen_after(HTTP_BODY_LENGTH, 10, "abc"), 7);
    assert_int_equal(unseen_after(HTTP_BODY_LENGTH, 3, "abc"), 0);
    assert_true(unseen_after(HTTP_BODY_UNTIL_CLOSE, 0, "abc") == UINT64_MAX);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, ""), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a\r"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a\r\n"), 10);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a\r\n012345678"), 1);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a\r\n0123456789"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "a\r\n0123456789\r"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "0\r\n"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "0\r\n\r\n"), 0);
    assert_int_equal(unseen_after(HTTP_BODY_CHUNKED, 0, "g"), 0);
}

static void
what_passed_unseen_counts_as_what_was_read(void **state)
{
    (void)state;
    struct http_body body;
    struct slice payload;
    size_t consumed;
    http_body_begin(&body, HTTP_BODY_LENGTH, 10);
    http_body_pass(&body, 4);
    assert_int_equal(http_body_unseen(&body), 6);
    assert_false(http_body_is_complete(&body));
    http_body_pass(&body, 6);
    assert_true(http_body_is_complete(&body));
    http_body_begin(&body, HTTP_BODY_UNTIL_CLOSE, 0);
    http_body_pass(&body, 4);
    assert_true(http_body_unseen(&body) == UINT64_MAX);
    http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
    assert_int_equal(http_body_read(&body, "a\r\n", 3, &consumed, &payload), HTTP_BODY_MORE);
    http_body_pass(&body, 10);
    assert_int_equal(http_body_unseen(&body), 0);
    assert_false(http_body_is_between_chunks(&body)); /* its CRLF is still to come, and looked at */
    assert_int_equal(http_body_read(&body, "\r\n0\r\n\r\n", 7, &consumed, &payload), HTTP_BODY_END);
    http_body_begin(&body, HTTP_BODY_CHUNKED, 0);
    http_body_read(&body, "a\r\n", 3, &consumed, &payload);
    http_body_pass(&body, 10);
    assert_int_equal(http_body_read(&body, "0\r\n\r\n", 5, &consumed, &payload), HTTP_BODY_ERROR);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunked_bodies_are_read_whole_or_refused_at_every_split),
        cmocka_unit_test(a_chunked_body_that_is_cut_anywhere_is_not_complete),
        cmocka_unit_test(extensions_and_trailers_are_bounded),
        cmocka_unit_test(a_body_of_known_length_ends_there),
        cmocka_unit_test(a_body_longer_than_any_buffer_is_counted_right),
        cmocka_unit_test(without_a_body_nothing_is_consumed),
        cmocka_unit_test(a_body_until_the_close_takes_everything),
        cmocka_unit_test(the_border_between_chunks_is_known),
        cmocka_unit_test(chunk_lines_are_hexadecimal),
        cmocka_unit_test(payload_alone_may_pass_unseen_and_never_a_byte_of_framing),
        cmocka_unit_test(what_passed_unseen_counts_as_what_was_read),
    };
    return cmocka_run_group_tests_name("http_body", tests, NULL, NULL);
}
