/* Heads byte by byte: every byte value at every class of position, and that a bad one is refused when it comes. */

#include "head_judge.h"

static bool
is_token(unsigned char byte)
{
    static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    return memchr(token, byte, sizeof(token) - 1) != NULL;
}

static bool
is_token_or_colon(unsigned char byte)
{
    return is_token(byte) || byte == ':';
}

static bool
is_value(unsigned char byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool
is_target(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

static bool
is_host(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f;
}

static bool
is_blank_or_host(unsigned char byte)
{
    return is_host(byte) || byte == ' ' || byte == '\t';
}

static bool
is_digit(unsigned char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
is_blank_or_digit(unsigned char byte)
{
    return is_digit(byte) || byte == ' ' || byte == '\t';
}

static bool
is_0_or_1(unsigned char byte)
{
    return byte == '0' || byte == '1';
}

static bool
is_slash(unsigned char byte)
{
    return byte == '/';
}

static bool
is_space(unsigned char byte)
{
    return byte == ' ';
}

static bool
is_colon(unsigned char byte)
{
    return byte == ':';
}

static bool
is_cr(unsigned char byte)
{
    return byte == '\r';
}

static bool
is_lf(unsigned char byte)
{
    return byte == '\n';
}

static bool
is_e(unsigned char byte)
{
    return byte == 'E';
}

static bool
is_1_to_5(unsigned char byte)
{
    return byte >= '1' && byte <= '5';
}

static bool
is_option(unsigned char byte)
{
    return is_token(byte) || byte == ',' || byte == ' ' || byte == '\t';
}

static const struct {
    const char *sentence;
    const char *before;
    const char *after;
    bool (*passes)(unsigned char byte);
    bool answer;
} positions[] = {
    {"in the method", "G", "T / HTTP/1.0\r\n\r\n", is_e, false},
    {"behind the method", "GET", "/ HTTP/1.0\r\n\r\n", is_space, false},
    {"first in the target", "GET ", "a HTTP/1.0\r\n\r\n", is_slash, false},
    {"in the target", "GET /a", "b HTTP/1.0\r\n\r\n", is_target, false},
    {"last in the target", "GET /a", " HTTP/1.0\r\n\r\n", is_target, false},
    {"in a query", "GET /?a=", " HTTP/1.0\r\n\r\n", is_target, false},
    {"behind the target", "GET /", "HTTP/1.0\r\n\r\n", is_space, false},
    {"in the slash of the version", "GET / HTTP", "1.0\r\n\r\n", is_slash, false},
    {"in the minor version", "GET / HTTP/1.", "\r\nHost: a\r\n\r\n", is_0_or_1, false},
    {"in the CR of the request line", "GET / HTTP/1.0", "\n\r\n", is_cr, false},
    {"in the LF of the request line", "GET / HTTP/1.0\r", "\r\n", is_lf, false},
    {"first in a field line", "GET / HTTP/1.0\r\n", "b: c\r\n\r\n", is_token, false},
    {"in a name", "GET / HTTP/1.0\r\na", "b: c\r\n\r\n", is_token_or_colon, false},
    {"in the colon", "GET / HTTP/1.0\r\na", "\r\n\r\n", is_colon, false},
    {"first in a value", "GET / HTTP/1.0\r\na:", "b\r\n\r\n", is_value, false},
    {"in a value", "GET / HTTP/1.0\r\na: b", "c\r\n\r\n", is_value, false},
    {"last in a value", "GET / HTTP/1.0\r\na: b", "\r\n\r\n", is_value, false},
    {"in the CR of a field", "GET / HTTP/1.0\r\na: b\r\nc: d", "\n\r\n", is_cr, false},
    {"in the LF of a field", "GET / HTTP/1.0\r\na: b\r", "\r\n", is_lf, false},
    {"in the CR of the empty line", "GET / HTTP/1.0\r\na: b\r\n", "\n", is_cr, false},
    {"in the LF of the empty line", "GET / HTTP/1.0\r\na: b\r\n\r", "", is_lf, false},
    {"in Host", "GET / HTTP/1.0\r\nHost: a", "b\r\n\r\n", is_host, false},
    {"last in Host", "GET / HTTP/1.0\r\nHost: a", "\r\n\r\n", is_blank_or_host, false},
    {"in Content-Length", "GET / HTTP/1.0\r\nContent-Length: 1", "1\r\n\r\n", is_digit, false},
    {"first in Content-Length", "GET / HTTP/1.0\r\nContent-Length:", "1\r\n\r\n", is_blank_or_digit, false},
    {"in Connection", "GET / HTTP/1.0\r\nConnection: a,", ",b\r\n\r\n", is_option, false},
    {"in the minor version of an answer", "HTTP/1.", " 200 OK\r\n\r\n", is_0_or_1, true},
    {"behind the version of an answer", "HTTP/1.1", "200 OK\r\n\r\n", is_space, true},
    {"first in the status", "HTTP/1.1 ", "00 OK\r\n\r\n", is_1_to_5, true},
    {"in the status", "HTTP/1.1 2", "0 OK\r\n\r\n", is_digit, true},
    {"last in the status", "HTTP/1.1 20", " OK\r\n\r\n", is_digit, true},
    {"behind the status", "HTTP/1.1 200", "OK\r\n\r\n", is_space, true},
    {"in the reason", "HTTP/1.1 200 O", "K\r\n\r\n", is_value, true},
    {"in a value of an answer", "HTTP/1.1 200 OK\r\na: b", "c\r\n\r\n", is_value, true},
};

static void
each_position_takes_its_bytes_and_no_other(void **state)
{
    (void)state;
    struct http_head head;
    for (size_t i = 0; i < COUNT_OF(positions); i++) {
        for (int byte = 0; byte < 256; byte++) {
            char bytes[256];
            size_t before = strlen(positions[i].before);
            size_t after = strlen(positions[i].after);
            memcpy(bytes, positions[i].before, before);
            bytes[before] = (char)byte;
            memcpy(bytes + before + 1, positions[i].after, after);
            size_t length = before + 1 + after;
            struct outcome outcome = judge(bytes, length, !positions[i].answer, &head);
            bool passes = outcome.status == 0 && outcome.complete && outcome.consumed == length;
            if (passes != positions[i].passes((unsigned char)byte))
                fail_msg("byte 0x%02x %s: %s", (unsigned)byte, positions[i].sentence,
                         passes ? "passed" : "was refused");
        }
    }
}

static void
a_bad_byte_is_refused_when_it_comes(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t good; /* bytes in front of the bad one */
    } rows[] = {
        {"\n", 0},
        {" ", 0},
        {"\r\n", 1},
        {"G\x01", 1},
        {"GET  / ", 6},
        {"GET / HTTP/1.1\rx", 15},
        {"GET / HTTP/1.1\n", 14},
        {"GET / HTTP/1.1 ", 14},
        {"GET / HTTP/1.1\r\n ", 16},
        {"GET / HTTP/1.1\r\nA: b\n", 20},
        {"GET / HTTP/1.1\r\nA: \x7f", 19},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct http_scanner scanner = {0};
        size_t consumed;
        assert_int_equal(http_scan(&scanner, &wide, true, rows[i].bytes, rows[i].good, &consumed), HTTP_SCAN_MORE);
        CHECK(rows[i].bytes,
              http_scan(&scanner, &wide, true, rows[i].bytes + rows[i].good, 1, &consumed) == HTTP_SCAN_BAD);
        CHECK(rows[i].bytes, consumed == 1 && scanner.status == 400);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_position_takes_its_bytes_and_no_other),
        cmocka_unit_test(a_bad_byte_is_refused_when_it_comes),
    };
    return cmocka_run_group_tests_name("http_head_bytes", tests, NULL, NULL);
}
