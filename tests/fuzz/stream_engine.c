#include "stream_engine.h"
#include "support.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* WHEN_LATE: once the request is complete and the client has sent all that it has to send. */
enum answer_when { WHEN_COMPLETE, WHEN_HEAD, WHEN_CONNECTED, WHEN_LATE };

enum answer_then { THEN_WAIT, THEN_FIN, THEN_CLOSE };

enum { LARGE_PIECE = 64 }; /* at least, of an answer with filler: byte by byte it would take all turns that a run has */

struct engine_answer {
    const char *bytes; /* NULL: the raw one of the input */
    enum answer_when when;
    enum answer_then then;
    int status; /* of a benign one, else 0 */
    bool takes_over;
    bool certainly; /* takes over whatever hijacks */
    size_t filler;  /* bytes of body that follow, from a pattern */
};

const char engine_injected[] = "INJECTED-9f3c";

#define OK "HTTP/1.1 200 OK\r\n"

static const struct engine_answer answers[] = {
    {OK "Content-Length: 2\r\n\r\nok", WHEN_COMPLETE, THEN_WAIT, 200, false, false, 0},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;a=b\r\nokk\r\n0\r\n\r\n", WHEN_COMPLETE, THEN_WAIT, 200, false,
     false, 0},
    {"HTTP/1.1 204 No Content\r\n\r\n", WHEN_COMPLETE, THEN_CLOSE, 204, false, false, 0},
    {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" OK "Content-Length: 0\r\n\r\n",
     WHEN_COMPLETE, THEN_FIN, 200, false, false, 0},
    {"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"message\":\"x\"}",
     WHEN_COMPLETE, THEN_CLOSE, 404, false, false, 0},
    {OK "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nINJECTED-9f3c", WHEN_COMPLETE,
     THEN_WAIT, 200, false, false, 0},
    {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", WHEN_COMPLETE, THEN_WAIT, 304, false, false, 0},

    {OK "Content-Length: 2\r\n\r\nok", WHEN_HEAD, THEN_WAIT, 0, false, false, 0},
    {OK "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", WHEN_HEAD, THEN_WAIT, 0, false, false, 0},
    {OK "Content-Length: 2\r\n\r\nok", WHEN_CONNECTED, THEN_CLOSE, 0, false, false, 0},
    {"", WHEN_CONNECTED, THEN_CLOSE, 0, false, false, 0},
    {"", WHEN_HEAD, THEN_CLOSE, 0, false, false, 0},
    {"", WHEN_COMPLETE, THEN_CLOSE, 0, false, false, 0},
    {"", WHEN_COMPLETE, THEN_WAIT, 0, false, false, 0},
    {OK "Connection: close\r\n\r\nuntil the close", WHEN_COMPLETE, THEN_CLOSE, 0, false, false, 0},
    {"HTTP/1.0 200 OK\r\n\r\nuntil the close", WHEN_COMPLETE, THEN_FIN, 0, false, false, 0},
    {"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: "
     "tcp\r\n\r\nprompt",
     WHEN_COMPLETE, THEN_WAIT, 0, true, false, 0},
    {"HTTP/1.1 101 UPGRADED\r\n\r\n", WHEN_COMPLETE, THEN_FIN, 0, true, false, 0},
    {OK "Content-Type: application/vnd.docker.raw-stream\r\n\r\nprompt", WHEN_COMPLETE, THEN_WAIT, 0, true, true, 0},
    {OK "Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n", WHEN_COMPLETE, THEN_CLOSE, 0, true, false,
     0},
    {OK "Content-Length: 10\r\n\r\nshort", WHEN_COMPLETE, THEN_CLOSE, 0, false, false, 0},
    {OK "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloX", WHEN_COMPLETE, THEN_WAIT, 0, false, false, 0},
    {OK "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", WHEN_COMPLETE, THEN_WAIT, 0, false, false,
     0},
    {"nonsense\r\n\r\n", WHEN_COMPLETE, THEN_WAIT, 0, false, false, 0},
    {"\n", WHEN_HEAD, THEN_CLOSE, 0, false, false, 0},
    {NULL, WHEN_COMPLETE, THEN_CLOSE, 0, true, false, 0},
    {NULL, WHEN_HEAD, THEN_WAIT, 0, true, false, 0},
    {OK "Content-Length: 40000\r\n\r\n", WHEN_COMPLETE, THEN_WAIT, 200, false, false, 40000},
    {OK "Content-Length: 4\r\n\r\nlate", WHEN_LATE, THEN_WAIT, 200, false, false, 0},
    {OK "Content-Type: application/vnd.docker.raw-stream\r\n\r\nlate", WHEN_LATE, THEN_WAIT, 0, true, true, 0},
};

/* The whole answer; with its filler, in a buffer of its own that is made once. */
static struct slice
bytes_of(const struct engine_answer *answer)
{
    static char *large;
    size_t head = strlen(answer->bytes);
    if (answer->filler == 0)
        return slice_from_string(answer->bytes);
    if (large == NULL) {
        large = malloc(head + answer->filler);
        CHECK(large != NULL);
        memcpy(large, answer->bytes, head);
        for (size_t i = 0; i < answer->filler; i++)
            large[head + i] = (char)('a' + i % 23);
    }
    return (struct slice){large, head + answer->filler};
}

size_t
engine_kind_count(void)
{
    return COUNT_OF(answers);
}

const struct engine_answer *
engine_kind(size_t index)
{
    return &answers[index];
}

bool
engine_is_benign(const struct engine *engine)
{
    for (size_t i = 0; i < ENGINE_KINDS && !engine->unreachable; i++)
        if (engine->kinds[i]->status == 0)
            return false;
    return true;
}

bool
engine_is_late(const struct engine *engine)
{
    for (size_t i = 0; i < ENGINE_KINDS; i++)
        if (engine->kinds[i]->when != WHEN_LATE)
            return false;
    return true;
}

struct slice
engine_bytes(const struct engine *engine, size_t number)
{
    return bytes_of(engine->kinds[number % ENGINE_KINDS]);
}

int
engine_status(const struct engine *engine, size_t number)
{
    return engine->unreachable ? 503 : engine->kinds[number % ENGINE_KINDS]->status;
}

static bool
accept_connections(struct engine *engine)
{
    bool happened = false;
    int fd;
    while (engine->count < ENGINE_CONNECTIONS_MAX &&
           (fd = accept4(engine->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct engine_connection *connection = &engine->connections[engine->count];
        const struct engine_answer *answer = engine->kinds[engine->count % ENGINE_KINDS];
        *connection = (struct engine_connection){.fd = fd, .answer = answer};
        connection->bytes = answer->bytes != NULL ? bytes_of(answer) : engine->raw;
        engine->count++;
        happened = true;
    }
    return happened;
}

static void
grow(struct engine_connection *connection)
{
    connection->capacity = connection->capacity > 0 ? connection->capacity * 4 : 1024;
    CHECK(connection->capacity <= ENGINE_BYTES_MAX);
    connection->received = realloc(connection->received, connection->capacity);
    CHECK(connection->received != NULL);
}

/* Reads what is there. */
static bool
receive(struct engine_connection *connection)
{
    bool happened = false;
    while (!connection->ended) {
        if (connection->length == connection->capacity)
            grow(connection);
        ssize_t length = recv(connection->fd, connection->received + connection->length,
                              connection->capacity - connection->length, 0);
        if (length < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        happened = true;
        connection->ended = length <= 0;
        connection->length += length > 0 ? (size_t)length : 0;
    }
    return happened;
}

/* As far as a server can tell from the framing. */
static bool
is_complete(const struct engine_connection *connection, struct plain_head *head)
{
    struct slice bytes = {connection->received, connection->length};
    if (plain_head_read(bytes, head) != PLAIN_END)
        return false;
    struct slice rest = {bytes.data + head->size, bytes.length - head->size};
    if (plain_is_chunked(head)) {
        static char payload[ENGINE_BYTES_MAX];
        size_t length;
        size_t consumed;
        return plain_chunked(rest, payload, &length, &consumed) == PLAIN_END;
    }
    return plain_length(head) <= (long long)rest.length;
}

static bool
is_due(const struct engine_connection *connection, bool client_done)
{
    static struct plain_head head;
    switch (connection->answer->when) {
    case WHEN_CONNECTED:
        return true;
    case WHEN_HEAD:
        return plain_head_read((struct slice){connection->received, connection->length}, &head) == PLAIN_END;
    case WHEN_LATE:
        return client_done && is_complete(connection, &head);
    default:
        return is_complete(connection, &head);
    }
}

static bool
answer(struct engine_connection *connection, size_t piece, bool client_done)
{
    if (connection->hung_up || (!connection->answering && !is_due(connection, client_done)))
        return false;
    if (!connection->answering)
        connection->ended_first = connection->ended;
    connection->answering = true;
    size_t left = connection->bytes.length - connection->sent;
    if (connection->answer->filler > 0 && piece > 0 && piece < LARGE_PIECE)
        piece = LARGE_PIECE;
    size_t size = piece > 0 && piece < left ? piece : left;
    if (size > 0) {
        ssize_t length = send(connection->fd, connection->bytes.data + connection->sent, size, MSG_NOSIGNAL);
        if (length > 0)
            connection->sent += (size_t)length;
        if (length > 0 && connection->sent < connection->bytes.length)
            return true;
        if (length <= 0)
            connection->sent = connection->bytes.length; /* the proxy has gone */
    }
    if (connection->answer->then == THEN_FIN)
        shutdown(connection->fd, SHUT_WR);
    if (connection->answer->then == THEN_CLOSE && !connection->answer->takes_over) {
        close(connection->fd);
        connection->fd = -1;
    } else if (connection->answer->then == THEN_CLOSE) {
        shutdown(connection->fd, SHUT_WR);
    }
    connection->hung_up = true;
    return true;
}

bool
engine_step(struct engine *engine, bool client_done)
{
    bool happened = accept_connections(engine);
    for (size_t i = 0; i < engine->count; i++) {
        struct engine_connection *connection = &engine->connections[i];
        if (connection->fd >= 0)
            happened = receive(connection) || happened;
        if (connection->fd >= 0)
            happened = answer(connection, engine->piece, client_done) || happened;
    }
    return happened;
}

void
engine_close(struct engine *engine)
{
    for (size_t i = 0; i < engine->count; i++) {
        if (engine->connections[i].fd >= 0)
            close(engine->connections[i].fd);
        free(engine->connections[i].received);
    }
    engine->count = 0;
    CHECK(accept4(engine->listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC) < 0);
}

/* ---- judgement
 * ---------------------------------------------------------------------------------------------------------- */

static void
check_verdict(const struct plain_head *head, const struct model_request *request, const struct policy *policy)
{
    char buffer[ENGINE_BYTES_MAX];
    struct verdict verdict;
    struct policy_request asked = {.method = head->words[0],
                                   .target = head->words[1],
                                   .has_body = plain_is_chunked(head) || plain_length(head) > 0};
    plain_find(head, "Content-Type", &asked.content_type);
    policy_check_head(policy, &asked, buffer, sizeof(buffer), &verdict);
    CHECK(verdict.action == VERDICT_ALLOW);
    CHECK(slice_equals(verdict.canonical, head->words[1]));
    CHECK(slice_equals(head->words[0], request->head.words[0]));
    CHECK(slice_equals(head->words[1], request->verdict.canonical));
    CHECK(slice_equals(head->words[2], SLICE_LITERAL("HTTP/1.1")));
}

/* What the proxy writes itself; everything else comes from the client, in its order. */
static bool
is_own(struct slice name)
{
    return plain_same_word(name, "Host") || plain_same_word(name, "Connection") || plain_same_word(name, "Upgrade") ||
           plain_same_word(name, "Content-Length") || plain_same_word(name, "Transfer-Encoding");
}

/* "Connection: Upgrade", then "Connection: close". */
static bool
begins_upgrade(const struct plain_head *head)
{
    size_t at = 0;
    while (at < head->count && !plain_same_word(head->fields[at].name, "Connection"))
        at++;
    return at + 1 < head->count && slice_equals(head->fields[at].value, SLICE_LITERAL("Upgrade")) &&
           plain_same_word(head->fields[at + 1].name, "Connection") &&
           slice_equals(head->fields[at + 1].value, SLICE_LITERAL("close"));
}

static void
check_own_fields(const struct plain_head *head, const struct model_request *request)
{
    struct slice value;
    struct slice upgrade;
    CHECK(plain_find(head, "Host", &value) == 1 && slice_equals(value, SLICE_LITERAL("docker")));
    size_t connections = plain_find(head, "Connection", &value);
    if (connections == 1 && slice_equals(value, SLICE_LITERAL("close"))) {
        CHECK(plain_find(head, "Upgrade", &upgrade) == 0);
    } else {
        enum verdict_transport transport = request->verdict.transport;
        const char *protocol = transport == TRANSPORT_HIJACK      ? "tcp"
                               : transport == TRANSPORT_WEBSOCKET ? "websocket"
                                                                  : "h2c";
        CHECK(connections == 2 && begins_upgrade(head) && request->may_become_tunnel);
        CHECK(plain_find(head, "Upgrade", &upgrade) == 1 && plain_same_word(upgrade, protocol));
        CHECK(plain_find(&request->head, "Upgrade", &value) == 1);
    }
}

static void
check_fields(const struct plain_head *head, const struct model_request *request)
{
    const struct plain_head *asked = &request->head;
    size_t at = 0;
    check_own_fields(head, request);
    for (size_t i = 0; i < head->count; i++) {
        const struct plain_field *field = &head->fields[i];
        if (is_own(field->name))
            continue;
        CHECK(policy_forwards_field(field->name) && plain_is_token(field->name));
        while (at < asked->count && !(slice_equals(asked->fields[at].name, field->name) &&
                                      slice_equals(asked->fields[at].value, field->value)))
            at++;
        CHECK(at < asked->count);
        at++;
    }
}

static bool
is_begin_of(struct slice bytes, const char *whole, size_t length)
{
    return bytes.length <= length && (bytes.length == 0 || memcmp(bytes.data, whole, bytes.length) == 0);
}

/* Checks the body; returns how many bytes it has on the wire. */
static size_t
check_body(const struct plain_head *head, struct slice rest, const struct model_request *request, bool *complete)
{
    struct slice value;
    long long length = plain_length(head);
    CHECK(plain_find(head, "Content-Length", &value) + plain_find(head, "Transfer-Encoding", &value) <= 1);
    if (plain_is_chunked(head)) {
        char *payload = malloc(rest.length + 1);
        size_t payload_length;
        size_t consumed = rest.length;
        CHECK(payload != NULL);
        enum plain_result result = plain_chunked(rest, payload, &payload_length, &consumed);
        CHECK(result != PLAIN_BAD);
        CHECK(is_begin_of((struct slice){payload, payload_length}, request->body, request->body_length));
        *complete = result == PLAIN_END;
        CHECK(!*complete || (request->whole && payload_length == request->body_length));
        free(payload);
        return consumed;
    }
    size_t declared = length > 0 ? (size_t)length : 0;
    size_t there = rest.length < declared ? rest.length : declared;
    CHECK(is_begin_of((struct slice){rest.data, there}, request->body, request->body_length));
    CHECK(!request->whole || declared == request->body_length);
    *complete = there == declared;
    CHECK(!*complete || (request->whole && there == request->body_length));
    return there;
}

static bool
may_take_over(const struct engine_connection *connection, const struct plain_head *head,
              const struct model_request *request)
{
    struct slice value;
    if (!connection->answer->takes_over || !request->may_become_tunnel || connection->sent == 0)
        return false;
    return plain_find(head, "Upgrade", &value) == 1 || request->verdict.transport == TRANSPORT_HIJACK;
}

static bool
check_connection(const struct engine_connection *connection, const struct model_request *request,
                 const struct policy *policy)
{
    static struct plain_head head;
    struct slice bytes = {connection->received, connection->length};
    bool complete = false;
    if (bytes.length == 0)
        return false; /* it was closed before the head could be sent */
    CHECK(plain_head_read(bytes, &head) == PLAIN_END);
    check_verdict(&head, request, policy);
    check_fields(&head, request);
    struct slice rest = {bytes.data + head.size, bytes.length - head.size};
    size_t taken = check_body(&head, rest, request, &complete);
    rest = (struct slice){rest.data + taken, rest.length - taken};
    if (rest.length > 0)
        CHECK(complete && may_take_over(connection, &head, request));
    CHECK(is_begin_of(rest, request->bytes.data + request->raw, request->bytes.length - request->raw));
    return complete;
}

/* A tunnel that begins with the first request, whose bytes must all arrive, and its end behind them. */
static void
check_tunnel(const struct engine_connection *connection, const struct model_request *request)
{
    static struct plain_head head;
    if (!connection->answer->certainly || !connection->hung_up || !request->sure ||
        request->verdict.transport != TRANSPORT_HIJACK)
        return;
    struct slice bytes = {connection->received, connection->length};
    size_t raw = request->bytes.length - request->raw;
    CHECK(plain_head_read(bytes, &head) == PLAIN_END);
    size_t body = plain_length(&head) > 0 ? (size_t)plain_length(&head) : 0;
    CHECK(bytes.length == head.size + body + raw);
    CHECK(!connection->ended_first);
}

void
engine_check(const struct engine *engine, const struct model *model, const struct policy *policy, bool undisturbed)
{
    bool must = engine_is_benign(engine) && undisturbed;
    CHECK(!engine->unreachable || engine->count == 0);
    if (engine->count > 0 && undisturbed && model_allowed(model, 0) == &model->requests[0])
        check_tunnel(&engine->connections[0], &model->requests[0]);
    size_t next = 0;
    for (size_t i = 0; i < engine->count; i++) {
        const struct model_request *request = model_allowed(model, i);
        CHECK(request != NULL);
        bool complete = check_connection(&engine->connections[i], request, policy);
        /* While everything is plain, each request arrives whole. */
        for (; next < model->count && &model->requests[next] != request; next++)
            must = must && model->requests[next].keeps;
        CHECK(complete || !(must && request->sure));
    }
}
