#include "stream_answers.h"
#include "support.h"

/* Reads answers one by one. */
struct reading {
    struct slice rest;
    struct plain_head head;
    int status;
    size_t payload_length;
    char payload[ANSWERS_MAX];
};

static int
read_status(const struct plain_head *head)
{
    struct slice digits = head->words[1];
    CHECK(slice_equals(head->words[0], SLICE_LITERAL("HTTP/1.1")));
    CHECK(digits.length == 3);
    for (size_t i = 0; i < 3; i++)
        CHECK(digits.data[i] >= '0' && digits.data[i] <= '9');
    return (digits.data[0] - '0') * 100 + (digits.data[1] - '0') * 10 + (digits.data[2] - '0');
}

static bool
has_raw_type(const struct plain_head *head)
{
    struct slice type;
    return plain_find(head, "Content-Type", &type) >= 1 && policy_is_raw_stream_type(type);
}

/* The next final head; false where there is none that is whole. */
static bool
next_head(struct reading *reading)
{
    do {
        enum plain_result result = plain_head_read(reading->rest, &reading->head);
        CHECK(result != PLAIN_BAD);
        if (result != PLAIN_END)
            return false;
        reading->status = read_status(&reading->head);
        reading->rest =
            (struct slice){reading->rest.data + reading->head.size, reading->rest.length - reading->head.size};
    } while (reading->status < 200 && reading->status != 101);
    return true;
}

/*
 * Passes the body and keeps its payload; false where the output ends before it, or with it because only a close ends
 * it.
 */
static bool
read_body(struct reading *reading, bool to_head)
{
    struct slice value;
    size_t framings =
        plain_find(&reading->head, "Content-Length", &value) + plain_find(&reading->head, "Transfer-Encoding", &value);
    size_t consumed = 0;
    CHECK(framings <= 1);
    reading->payload_length = 0;
    if (to_head || reading->status == 204 || reading->status == 304)
        return true;
    if (plain_is_chunked(&reading->head)) {
        if (plain_chunked(reading->rest, reading->payload, &reading->payload_length, &consumed) != PLAIN_END)
            return false;
    } else {
        long long length = plain_length(&reading->head);
        if (length < 0 || (size_t)length > reading->rest.length)
            return false;
        consumed = (size_t)length;
        reading->payload_length = consumed;
        memcpy(reading->payload, reading->rest.data, consumed);
    }
    reading->rest = (struct slice){reading->rest.data + consumed, reading->rest.length - consumed};
    return true;
}

/* The engine's answer, read by the same plain means, has the payload that the client got. */
static void
check_payload(const struct reading *reading, const struct model_request *request, struct slice bytes)
{
    static struct reading sent;
    sent.rest = bytes;
    CHECK(next_head(&sent) && read_body(&sent, request->to_head));
    CHECK(sent.payload_length == reading->payload_length);
    CHECK(memcmp(sent.payload, reading->payload, sent.payload_length) == 0);
}

static bool
is_client_error(int status)
{
    return status == 400 || status == 408 || status == 413 || status == 414 || status == 417 || status == 431;
}

/* Where nobody can be dialled, the connection is kept behind a request that was whole by then. */
static bool
keeps(const struct model_request *request, const struct engine *engine)
{
    bool has_body = plain_is_chunked(&request->head) || plain_length(&request->head) > 0;
    return request->keeps && !(engine->unreachable && request->allowed && has_body);
}

/* What was refused by the policy is answered so, and what must be served by what the engine answers. */
static void
check_status(const struct model_request *request, const struct engine *engine, size_t number, int status, bool must,
             bool stopped)
{
    if (request->verdict.action == VERDICT_DENY)
        CHECK(status == 403 || is_client_error(status) || (stopped && status == 503));
    if (!must || !request->sure)
        return;
    CHECK(status == (request->allowed ? engine_status(engine, number) : 403));
}

void
answers_check(struct slice output, const struct model *model, const struct engine *engine, bool undisturbed,
              bool stopped)
{
    static struct reading reading;
    bool must = undisturbed && engine_is_benign(engine);
    size_t number = 0; /* of the engine's connection */
    size_t answered = 0;
    bool goes_on = true;
    reading.rest = output;
    while (goes_on && next_head(&reading)) {
        if (answered == model->count) {
            /* What is no request, as far as the model goes: one more answer, and the end. */
            CHECK(is_client_error(reading.status) || (stopped && reading.status == 503));
            CHECK(read_body(&reading, false) && reading.rest.length == 0);
            return;
        }
        const struct model_request *request = &model->requests[answered++];
        check_status(request, engine, number, reading.status, must, stopped);
        bool raw = reading.status == 101 || (reading.status == 200 && has_raw_type(&reading.head));
        if (reading.status == 101)
            CHECK(request->may_become_tunnel);
        goes_on = !(raw && request->may_become_tunnel) && read_body(&reading, request->to_head);
        if (must && request->sure && request->allowed && !engine->unreachable)
            check_payload(&reading, request, engine_bytes(engine, number));
        must = must && keeps(request, engine);
        number += request->allowed ? 1 : 0;
    }
    must = undisturbed && engine_is_benign(engine);
    for (size_t i = 0; i < model->count && must && model->requests[i].sure; i++) {
        CHECK(i < answered);
        must = keeps(&model->requests[i], engine);
    }
}
