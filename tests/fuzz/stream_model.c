#include "stream_model.h"
#include "support.h"

/* Only bytes that no reader has two opinions about. */
static bool
is_simple(struct slice text, const char *extra)
{
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.data[i];
        bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        if (!letter && (byte == '\0' || strchr(extra, byte) == NULL))
            return false;
    }
    return true;
}

static bool
is_known_method(struct slice method)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"};
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (slice_equals(method, slice_from_string(methods[i])))
            return true;
    return false;
}

static size_t
count_of(const struct plain_head *head, const char *name)
{
    struct slice ignored;
    return plain_find(head, name, &ignored);
}

static bool
has_sure_fields(const struct plain_head *head)
{
    struct slice value;
    for (size_t i = 0; i < head->count; i++) {
        const struct plain_field *field = &head->fields[i];
        if (field->name.length == 0 || !is_simple(field->name, "-_") || !is_simple(field->value, " ./*;=,:-_"))
            return false;
        /* http-parser takes any name that begins so for this one. */
        if (field->name.length > 17 && plain_same_word((struct slice){field->name.data, 17}, "Transfer-Encoding"))
            return false;
    }
    if (plain_find(head, "Host", &value) != 1 || !is_simple(value, ".:-") || head->count > 100)
        return false;
    if (count_of(head, "Content-Length") + count_of(head, "Transfer-Encoding") > 1)
        return false;
    if (count_of(head, "Content-Length") == 1 && plain_length(head) < 0)
        return false;
    if (count_of(head, "Transfer-Encoding") == 1 && !plain_is_chunked(head))
        return false;
    if (plain_find(head, "Connection", &value) == 1 && !plain_same_word(value, "keep-alive"))
        return false;
    return count_of(head, "Connection") <= 1 && count_of(head, "Content-Type") <= 1 && count_of(head, "Expect") == 0 &&
           count_of(head, "Upgrade") == 0;
}

/* The proxy must serve it, whatever else: it is well formed beyond any doubt. */
static bool
is_sure(const struct model_request *request)
{
    const struct plain_head *head = &request->head;
    const char *first_end = memmem(request->bytes.data, head->size, "\r\n", 2);
    /* http-parser takes a tab behind a length for a part of it. */
    if (memchr(request->bytes.data, '\t', head->size) != NULL)
        return false;
    size_t line = (size_t)(first_end - request->bytes.data);
    size_t words = head->words[0].length + head->words[1].length + head->words[2].length;
    return is_known_method(head->words[0]) && line == words + 2 &&
           slice_equals(head->words[2], SLICE_LITERAL("HTTP/1.1")) && head->words[1].length > 0 &&
           head->words[1].data[0] == '/' && is_simple(head->words[1], "/._-?=&%") && has_sure_fields(head) &&
           request->verdict.action != VERDICT_MALFORMED;
}

static void
read_body(struct model_request *request)
{
    struct slice rest = {request->bytes.data + request->head.size, request->bytes.length - request->head.size};
    long long length = plain_length(&request->head);
    request->body = malloc(rest.length + 1);
    CHECK(request->body != NULL);
    if (plain_is_chunked(&request->head)) {
        size_t consumed = 0;
        enum plain_result result = plain_chunked(rest, request->body, &request->body_length, &consumed);
        request->whole = result == PLAIN_END;
        request->end = request->whole ? request->head.size + consumed : 0;
        return;
    }
    size_t declared = length > 0 ? (size_t)length : 0;
    request->body_length = declared < rest.length ? declared : rest.length;
    request->whole = declared <= rest.length;
    request->end = request->whole ? request->head.size + declared : 0;
    memcpy(request->body, rest.data, request->body_length);
}

/* Nothing is served behind a request that says so, or that is of HTTP/1.0 and does not ask for more. */
static bool
says_close(const struct plain_head *head)
{
    bool close = false;
    bool keep_alive = false;
    for (size_t i = 0; i < head->count; i++) {
        struct slice value = head->fields[i].value;
        if (!plain_same_word(head->fields[i].name, "Connection"))
            continue;
        while (value.length > 0) {
            const char *comma = memchr(value.data, ',', value.length);
            size_t length = comma != NULL ? (size_t)(comma - value.data) : value.length;
            size_t passed = comma != NULL ? length + 1 : length;
            struct slice option = plain_trim((struct slice){value.data, length});
            close = close || plain_same_word(option, "close");
            keep_alive = keep_alive || plain_same_word(option, "keep-alive");
            value = (struct slice){value.data + passed, value.length - passed};
        }
    }
    return close || (slice_equals(head->words[2], SLICE_LITERAL("HTTP/1.0")) && !keep_alive);
}

/* What belongs to a tunnel behind the head is no body, and none of a declared length is passed on (see exchange.c). */
static void
mind_tunnel(struct model_request *request)
{
    enum verdict_transport transport = request->verdict.transport;
    request->may_become_tunnel = request->allowed && (transport == TRANSPORT_HIJACK ||
                                                      transport == TRANSPORT_WEBSOCKET || transport == TRANSPORT_H2C);
    request->raw_behind_head = request->may_become_tunnel && !request->verdict.hijack_after_body;
    request->raw = request->end;
    if (!request->raw_behind_head)
        return;
    request->body_length = 0;
    if (plain_is_chunked(&request->head)) {
        request->whole = true;
        request->end = 0;
        request->raw = request->head.size;
    }
}

static void
judge(struct model_request *request, const struct policy *policy)
{
    const struct plain_head *head = &request->head;
    struct policy_request asked = {.method = head->words[0],
                                   .target = head->words[1],
                                   .has_body = plain_is_chunked(head) || plain_length(head) > 0};
    plain_find(head, "Content-Type", &asked.content_type);
    size_t size = policy_buffer_size(asked.target.length);
    request->buffer = malloc(size + 1);
    CHECK(request->buffer != NULL);
    policy_check_head(policy, &asked, request->buffer, size, &request->verdict);
    request->allowed = request->verdict.action == VERDICT_ALLOW;
    request->to_head = slice_equals(asked.method, SLICE_LITERAL("HEAD"));
}

/* What must be served, and what must be kept behind it, whatever the timing. */
static void
promise(struct model_request *request, size_t collect_max)
{
    bool chunked = plain_is_chunked(&request->head);
    request->sure = is_sure(request) && request->whole;
    if (request->allowed && request->verdict.hijack_after_body && request->body_length > collect_max)
        request->sure = false;
    if (request->raw_behind_head && plain_length(&request->head) > (long long)collect_max)
        request->sure = false;
    /* A refused body is thrown away up to a bound, where its length is known. */
    request->keeps = request->sure && !request->may_become_tunnel &&
                     (request->allowed || (!chunked && request->body_length <= 65536));
}

void
model_read(struct model *model, struct slice stream, const struct policy *policy, size_t collect_max, bool at_once)
{
    model->count = 0;
    while (model->count < MODEL_REQUESTS_MAX && stream.length > 0) {
        struct model_request *request = &model->requests[model->count];
        *request = (struct model_request){.bytes = stream};
        if (plain_head_read(stream, &request->head) != PLAIN_END)
            return;
        model->count++;
        judge(request, policy);
        read_body(request);
        mind_tunnel(request);
        promise(request, collect_max);
        if (request->end == 0 || says_close(&request->head) || (at_once && request->may_become_tunnel))
            return;
        stream = (struct slice){stream.data + request->end, stream.length - request->end};
    }
}

const struct model_request *
model_allowed(const struct model *model, size_t number)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->requests[i].allowed && number-- == 0)
            return &model->requests[i];
    return NULL;
}

void
model_free(struct model *model)
{
    for (size_t i = 0; i < model->count; i++) {
        free(model->requests[i].body);
        free(model->requests[i].buffer);
    }
    model->count = 0;
}
