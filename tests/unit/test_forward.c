/* The heads that are passed on, byte by byte. */

#include "proxy/forward.h"
#include "support.h"

static void
parse(const char *bytes, bool request, struct http_head *head)
{
    struct slice slice = slice_from_string(bytes);
    struct http_problem problem = {0};
    bool passes = request ? http_parse_request(slice, head, &problem) : http_parse_answer(slice, head, &problem);
    CHECK(bytes, passes);
}

static const struct {
    const char *sentence;
    const char *head;
    const char *canonical;
    struct forward_framing framing;
    const char *upgrade;
    const char *expected;
} requests[] = {
    {"the target is the canonical one, the Host ours, the connection ends",
     "GET /v1.41/%69nfo HTTP/1.1\r\nHost: evil\r\n\r\n",
     "/v1.41/info",
     {.framing = HTTP_BODY_NONE},
     NULL,
     "GET /v1.41/info HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"},
    {"the version is always 1.1",
     "GET / HTTP/1.0\r\n\r\n",
     "/",
     {.framing = HTTP_BODY_NONE},
     NULL,
     "GET / HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"},
    {"fields that the engine reads pass as they are, in their order",
     "POST /a HTTP/1.1\r\nHost: a\r\nx-REGISTRY-auth:  e30= \r\nUser-Agent: Docker-Client/28 (linux)\r\nContent-Type: "
     "application/json\r\nAccept: */*\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_NONE},
     NULL,
     "POST /a HTTP/1.1\r\nHost: docker\r\nx-REGISTRY-auth: e30=\r\nUser-Agent: Docker-Client/28 (linux)\r\n"
     "Content-Type: application/json\r\nAccept: */*\r\nConnection: close\r\n\r\n"},
    {"everything else is dropped",
     "GET /a HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\nKeep-Alive: 5\r\nTE: trailers\r\nTrailer: x\r\n"
     "Proxy-Connection: keep-alive\r\nProxy-Authorization: b\r\nX-Forwarded-For: 1.2.3.4\r\nForwarded: for=x\r\n"
     "Authorization: Basic eA==\r\nCookie: a=b\r\nExpect: 100-continue\r\nUpgrade: h2c\r\nRange: bytes=0-\r\n"
     "If-None-Match: x\r\nX-HTTP-Method-Override: DELETE\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_NONE},
     NULL,
     "GET /a HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n"},
    {"a length is written anew",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0012\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_LENGTH, .length = 12},
     NULL,
     "POST /a HTTP/1.1\r\nHost: docker\r\nContent-Length: 12\r\nConnection: close\r\n\r\n"},
    {"a length of 0 that the client sent is sent",
     "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_NONE, .announce_length = true},
     NULL,
     "POST /a HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
    {"chunks are announced",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_CHUNKED},
     NULL,
     "POST /a HTTP/1.1\r\nHost: docker\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
    {"a collected body has its length, whatever the client sent",
     "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_LENGTH, .length = 18446744073709551615u},
     NULL,
     "POST /a HTTP/1.1\r\nHost: docker\r\nContent-Length: 18446744073709551615\r\nConnection: close\r\n\r\n"},
    {"an upgrade is asked for in our words, with the close beside it",
     "POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: anything\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_NONE},
     "tcp",
     "POST /a HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nConnection: close\r\nUpgrade: tcp\r\n\r\n"},
    {"a websocket handshake keeps its fields",
     "GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nOrigin: http://b\r\nSec-WebSocket-Key: eA==\r\n"
     "Sec-WebSocket-Version: 13\r\n\r\n",
     "/a",
     {.framing = HTTP_BODY_NONE},
     "websocket",
     "GET /a HTTP/1.1\r\nHost: docker\r\nOrigin: http://b\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
     "Connection: Upgrade\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n"},
};

static void
request_heads_are_written_anew(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct http_head head;
        struct text text = {0};
        struct slice upgrade = {NULL, 0};
        if (requests[i].upgrade != NULL)
            upgrade = slice_from_string(requests[i].upgrade);
        parse(requests[i].head, true, &head);
        forward_begin_request(&text, &head, slice_from_string(requests[i].canonical));
        forward_end_request(&text, &requests[i].framing, upgrade);
        assert_false(text.failed);
        CHECK_SLICE(requests[i].sentence, text_slice(&text), requests[i].expected);
        text_free(&text);
    }
}

static const struct {
    const char *sentence;
    const char *head;
    enum http_framing framing;
    bool keep_length;
    bool upgrade;
    enum forward_connection connection;
    const char *expected;
} answers[] = {
    {"the fields of the engine pass in their order",
     "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10 (linux)\r\nDate: x\r\nContent-Length: 2\r\n\r\n",
     HTTP_BODY_LENGTH, false, false, FORWARD_SILENT,
     "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nServer: Docker/20.10 (linux)\r\nDate: x\r\nContent-Length: 2\r\n\r\n"},
    {"what belongs to the engine's connection does not",
     "HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: a\r\nTrailer: b\r\nTransfer-Encoding: chunked\r\nUpgrade: "
     "c\r\nA: d\r\n\r\n",
     HTTP_BODY_CHUNKED, false, false, FORWARD_CLOSE,
     "HTTP/1.1 200 OK\r\nA: d\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
    {"the status and its reason stay, the version is ours", "HTTP/1.0 409 Conflict, really\r\n\r\n",
     HTTP_BODY_UNTIL_CLOSE, false, false, FORWARD_CLOSE, "HTTP/1.1 409 Conflict, really\r\nConnection: close\r\n\r\n"},
    {"an empty reason stays empty", "HTTP/1.1 200\r\n\r\n", HTTP_BODY_NONE, false, false, FORWARD_SILENT,
     "HTTP/1.1 200 \r\n\r\n"},
    {"keep-alive is said to who asked for it", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", HTTP_BODY_LENGTH, false,
     false, FORWARD_KEEP_ALIVE, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
    {"the length of an answer to HEAD stays", "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", HTTP_BODY_NONE, true,
     false, FORWARD_SILENT, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"},
    {"the length of a 204 does not", "HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", HTTP_BODY_NONE, false,
     false, FORWARD_SILENT, "HTTP/1.1 204 No Content\r\n\r\n"},
    {"a 101 keeps Connection and Upgrade",
     "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: "
     "tcp\r\nContent-Length: 5\r\n\r\n",
     HTTP_BODY_NONE, false, true, FORWARD_SILENT,
     "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: "
     "tcp\r\n\r\n"},
};

static void
answer_heads_lose_what_belongs_to_one_connection(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct http_head head;
        struct text text = {0};
        parse(answers[i].head, false, &head);
        struct forward_answer answer = {
            .head = &head,
            .framing = answers[i].framing,
            .keep_length = answers[i].keep_length,
            .upgrade = answers[i].upgrade,
            .connection = answers[i].connection,
        };
        forward_write_answer(&text, &answer);
        assert_false(text.failed);
        CHECK_SLICE(answers[i].sentence, text_slice(&text), answers[i].expected);
        text_free(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_heads_are_written_anew),
        cmocka_unit_test(answer_heads_lose_what_belongs_to_one_connection),
    };
    return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
