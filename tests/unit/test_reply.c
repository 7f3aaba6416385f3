/* Answers that are made here, as they leave over a socket. */

#include "proxy/reply.h"
#include "proxy/transport.h"
#include "support.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct transport_handler silent; /* nothing is ever read here */

/* Sends one answer through a transport; `answer` gets what the peer sees. */
static size_t
send_reply(struct reply reply, char *answer, size_t size)
{
    static const struct transport_marks marks = {65536, 16384};
    struct loop loop;
    int ends[2];
    loop_open(&loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    struct transport *transport = transport_new(loop.base, loop.reaper, ends[0], &marks, &silent, NULL);
    assert_non_null(transport);
    unsigned long written = reply_write(transport, &reply);
    ssize_t length = recv(ends[1], answer, size - 1, 0);
    assert_true(length > 0);
    answer[length] = '\0';
    assert_int_equal(written, length);
    transport_close(transport);
    close(ends[1]);
    loop_close(&loop);
    return (size_t)length;
}

static void
answers_have_the_form_of_the_engine(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        struct reply reply;
        const char *expected;
    } rows[] = {
        {"a refusal that keeps the connection",
         {.status = 403, .message = "no"},
         "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
         "{\"message\":\"sockwarden: no\"}\n"},
        {"a refusal that keeps the connection of HTTP/1.0",
         {.status = 403, .message = "no", .connection = REPLY_KEEP_ALIVE_10},
         "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 29\r\nConnection: "
         "keep-alive\r\n\r\n{\"message\":\"sockwarden: no\"}\n"},
        {"a malformed request",
         {.status = 400, .message = "Host stands twice", .connection = REPLY_CLOSE},
         "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 44\r\nConnection: close\r\n\r\n"
         "{\"message\":\"sockwarden: Host stands twice\"}\n"},
        {"an answer to HEAD has the length and not the body",
         {.status = 403, .message = "no", .to_head = true},
         "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"},
        {"503 says when to come again",
         {.status = 503, .message = "", .connection = REPLY_CLOSE},
         "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 27\r\nRetry-After: "
         "1\r\nConnection: close\r\n\r\n{\"message\":\"sockwarden: \"}\n"},
        {"quotes, backslashes and controls are escaped",
         {.status = 502, .message = "a\"b\\c\nd\x7f", .connection = REPLY_CLOSE},
         "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: 47\r\nConnection: close\r\n\r\n"
         "{\"message\":\"sockwarden: a\\\"b\\\\c\\u000ad\\u007f\"}\n"},
        {"letters beyond ASCII stay what they are, and bytes that are no letters are escaped",
         {.status = 403, .message = "[policy \xc3\xa4] \xe2\x80\xa6 \xc3 \xc2\x9b"},
         "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 62\r\n\r\n"
         "{\"message\":\"sockwarden: [policy \xc3\xa4] \xe2\x80\xa6 \\u00c3 \\u00c2\\u009b\"}\n"},
        {"to a client of Podman's own API",
         {.status = 403, .message = "no", .with_cause = true},
         "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 64\r\n\r\n"
         "{\"cause\":\"Forbidden\",\"message\":\"sockwarden: no\",\"response\":403}\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char answer[4096];
        send_reply(rows[i].reply, answer, sizeof(answer));
        CHECK_TEXT(rows[i].sentence, answer, rows[i].expected);
    }
}

static void
a_message_of_any_length_and_bytes_leaves_a_whole_answer(void **state)
{
    (void)state;
    static const char fillers[] = {'x', '"', '\n', (char)0xff};
    static char message[4096];
    for (size_t filler = 0; filler < COUNT_OF(fillers); filler++) {
        for (size_t length = 300; length < sizeof(message); length += length < 2100 ? 1 : 97) {
            char answer[8192];
            memset(message, fillers[filler], length);
            message[length] = '\0';
            struct reply reply = {
                .status = 400, .message = message, .with_cause = length % 2 == 1, .connection = REPLY_CLOSE};
            size_t size = send_reply(reply, answer, sizeof(answer));
            const char *start = reply.with_cause ? "{\"cause\":\"Bad Request\",\"message\":\"sockwarden: "
                                                 : "{\"message\":\"sockwarden: ";
            const char *stop = reply.with_cause ? "\",\"response\":400}\n" : "\"}\n";
            const char *body = strstr(answer, "\r\n\r\n");
            const char *field = strstr(answer, "Content-Length: ");
            assert_non_null(body);
            assert_non_null(field);
            body += 4;
            assert_int_equal(strtoul(field + 16, NULL, 10), answer + size - body);
            assert_memory_equal(body, start, strlen(start));
            assert_string_equal(answer + size - strlen(stop), stop);
            /* No escape is cut in two, and none is left open. */
            const char *at = body + strlen(start);
            const char *end = answer + size - strlen(stop);
            while (at < end)
                at += *at != '\\' ? 1 : at[1] == 'u' ? 6 : 2;
            assert_ptr_equal(at, end);
        }
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_have_the_form_of_the_engine),
        cmocka_unit_test(a_message_of_any_length_and_bytes_leaves_a_whole_answer),
    };
    return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
