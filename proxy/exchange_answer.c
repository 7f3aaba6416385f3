#include "config.h"
#include "exchange_state.h"
#include "http_reader.h"
#include "reply.h"
#include "transport.h"
#include "tunnel.h"

#include <stdio.h>

static void
fail_answer(struct exchange *exchange, const char *reason, enum access_end end)
{
    if (exchange->answer_begun)
        exchange_finish(exchange, end, EXCHANGE_ABORT);
    else
        exchange_reply(exchange, 502, reason, end);
}

/* May the bytes behind this head be the raw stream of a taken-over connection? */
static bool
takes_over(const struct exchange *exchange, const struct http_head *head)
{
    if (!exchange_may_become_tunnel(exchange) || !http_body_is_complete(&exchange->request))
        return false;
    if (head->status == 101)
        return exchange->upgrade.data != NULL;
    return exchange->verdict.transport == TRANSPORT_HIJACK && head->status == 200 &&
           head->framing == HTTP_BODY_UNTIL_CLOSE && head->content_type.data != NULL &&
           policy_is_raw_stream_type(head->content_type);
}

static void
on_tunnel_ended(void *owner)
{
    struct exchange *exchange = owner;
    exchange_finish(exchange, exchange->ending ? ACCESS_SHUTDOWN : ACCESS_TUNNEL, EXCHANGE_CLOSE);
}

/* Sends the head that waits for what came behind it in the same piece, and those bytes: one system call for both. */
static void
send_with_head(struct exchange *exchange, struct slice bytes)
{
    struct slice pieces[] = {text_slice(&exchange->answer_head), bytes};
    if (pieces[0].length + pieces[1].length == 0)
        return;
    transport_write_pieces(exchange->client, pieces, 2);
    text_free(&exchange->answer_head);
}

static bool
queue_head(struct exchange *exchange, const struct forward_answer *answer)
{
    forward_write_answer(&exchange->answer_head, answer);
    return !exchange->answer_head.failed;
}

static bool
send_head(struct exchange *exchange, const struct forward_answer *answer)
{
    bool written = queue_head(exchange, answer);
    if (written)
        send_with_head(exchange, (struct slice){NULL, 0});
    return written;
}

static void
begin_tunnel(struct exchange *exchange, const struct http_head *head)
{
    struct forward_answer answer = {.head = head, .framing = HTTP_BODY_NONE, .upgrade = head->status == 101};
    exchange->answer_begun = true;
    exchange->status = head->status;
    exchange_set_phase(exchange, EXCHANGE_TUNNELLING);
    deadline_stop(exchange->limit);
    if (!send_head(exchange, &answer)) {
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
        return;
    }
    transport_release(exchange->client, HOLD_SINK_FULL);
    exchange->tunnel = tunnel_new(exchange->services->base, exchange->services->reaper, exchange->client,
                                  exchange->engine, on_tunnel_ended, exchange);
    if (exchange->tunnel == NULL)
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
}

static void
begin_answer(struct exchange *exchange, const struct http_head *head)
{
    bool has_body = http_answer_has_body(head->status, exchange->to_head);
    enum http_framing framing = has_body ? head->framing : HTTP_BODY_NONE;
    http_body_begin(&exchange->answer, framing, head->body_length);
    http_body_bound(&exchange->answer, exchange->config->max_chunk_extension_size, exchange->config->max_trailers_size);
    exchange->dechunk = framing == HTTP_BODY_CHUNKED && exchange->minor == 0;
    exchange->keep = framing != HTTP_BODY_UNTIL_CLOSE && !exchange->dechunk && exchange_can_keep(exchange);
    exchange->answer_begun = true;
    exchange->status = head->status;
    deadline_clear(exchange->limit);
    struct forward_answer answer = {
        .head = head,
        .framing = exchange->dechunk ? HTTP_BODY_UNTIL_CLOSE : framing,
        .keep_length = head->has_length && (exchange->to_head || head->status == 304),
        .connection = exchange->asked_for_upgrade ? FORWARD_SILENT
                      : !exchange->keep           ? FORWARD_CLOSE
                      : exchange->minor == 0      ? FORWARD_KEEP_ALIVE
                                                  : FORWARD_SILENT,
    };
    if (!queue_head(exchange, &answer)) {
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
    } else if (http_body_is_complete(&exchange->answer)) {
        send_with_head(exchange, (struct slice){NULL, 0});
        exchange_answer_complete(exchange);
    }
}

/* 100 is answered by us or not at all; other interim answers are the client's, if its version knows them. */
static void
pass_interim(struct exchange *exchange, const struct http_head *head)
{
    struct forward_answer answer = {.head = head, .framing = HTTP_BODY_NONE};
    if (head->status != 100 && exchange->minor == 1 && !send_head(exchange, &answer))
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
}

static void
take_head(struct exchange *exchange, struct slice bytes)
{
    struct http_head head;
    struct http_problem problem;
    if (!http_parse_answer(bytes, &head, &problem))
        fail_answer(exchange, problem.reason, ACCESS_ENGINE_ERROR);
    else if (!http_reader_agrees_on_answer(bytes, &head))
        fail_answer(exchange, "the engine's answer can be read in two ways", ACCESS_ENGINE_ERROR);
    else if (takes_over(exchange, &head))
        begin_tunnel(exchange, &head);
    else if (head.status == 101)
        fail_answer(exchange, "the engine switched protocols although nobody asked for it", ACCESS_ENGINE_ERROR);
    else if (head.status < 200)
        pass_interim(exchange, &head);
    else if (exchange->asks_health)
        exchange_answer_health(exchange, head.status);
    else
        begin_answer(exchange, &head);
}

/* Collects the head of the answer; returns how many bytes belonged to it. */
static size_t
read_head(struct exchange *exchange, const char *bytes, size_t length)
{
    const struct http_limits limits = {
        .head = exchange->config->max_answer_head_size, .target = 0, .fields = HTTP_FIELDS_MAX};
    size_t consumed;
    enum http_scan_result result = http_scan(&exchange->scanner, &limits, false, bytes, length, &consumed);
    struct slice head = {bytes, consumed};
    if (result == HTTP_SCAN_BAD) {
        fail_answer(exchange, "the engine's answer is no HTTP/1 head", ACCESS_ENGINE_ERROR);
        return length;
    }
    if (result == HTTP_SCAN_MORE || exchange->partial.length > 0) {
        text_append(&exchange->partial, head);
        head = text_slice(&exchange->partial);
    }
    if (exchange->partial.failed) {
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
        return length;
    }
    if (result == HTTP_SCAN_COMPLETE) {
        exchange->scanner = (struct http_scanner){0};
        take_head(exchange, head);
        /* After an interim answer the next head begins from nothing. */
        exchange->partial.length = 0;
    }
    return consumed;
}

static void
end_stream_early(struct exchange *exchange)
{
    if (!exchange->dechunk && exchange->answer.framing == HTTP_BODY_CHUNKED)
        transport_write(exchange->client, SLICE_LITERAL("0\r\n\r\n"));
    exchange_finish(exchange, ACCESS_SHUTDOWN, EXCHANGE_CLOSE);
}

/*
 * Passes the body on as it comes. A chunked one travels with its own framing, which was looked over byte by byte: each
 * chunk reaches the client as the chunk it was.
 */
static size_t
relay_body(struct exchange *exchange, const char *bytes, size_t length)
{
    size_t taken = 0;
    size_t sound = 0;
    enum http_body_result result = HTTP_BODY_MORE;
    while (taken < length) {
        size_t consumed;
        struct slice payload;
        sound = taken;
        result = http_body_read(&exchange->answer, bytes + taken, length - taken, &consumed, &payload);
        taken += consumed;
        exchange->sent += payload.length;
        if (exchange->dechunk && payload.length > 0)
            send_with_head(exchange, payload);
        if (result == HTTP_BODY_ERROR || result == HTTP_BODY_END)
            break;
        if (exchange->ending && http_body_is_between_chunks(&exchange->answer))
            break;
    }
    if (result != HTTP_BODY_ERROR)
        sound = taken;
    send_with_head(exchange, (struct slice){bytes, exchange->dechunk ? 0 : sound});
    if (result == HTTP_BODY_ERROR) {
        fail_answer(exchange, NULL, ACCESS_ENGINE_ERROR);
        return length;
    }
    if (http_body_is_complete(&exchange->answer))
        exchange_answer_complete(exchange);
    else if (exchange->ending && http_body_is_between_chunks(&exchange->answer))
        end_stream_early(exchange);
    else if (transport_congested(exchange->client))
        transport_hold(exchange->engine, HOLD_SINK_FULL);
    return taken;
}

static size_t
on_received(void *owner, const char *bytes, size_t length)
{
    struct exchange *exchange = owner;
    size_t taken = 0;
    /* A head and what follows it come in one piece more often than not; interim heads may come before. */
    while (taken < length && exchange->phase == EXCHANGE_RELAYING) {
        if (exchange->answer_begun)
            taken += relay_body(exchange, bytes + taken, length - taken);
        else
            taken += read_head(exchange, bytes + taken, length - taken);
    }
    if (exchange->phase == EXCHANGE_RELAYING)
        send_with_head(exchange, (struct slice){NULL, 0});
    /* What follows in a tunnel is offered to it; what follows a complete answer belongs to nobody. */
    return taken;
}

/* Payload that goes out with the framing that it came in may pass unseen. */
static uint64_t
unseen(void *owner, struct transport **sink)
{
    const struct exchange *exchange = owner;
    *sink = exchange->client;
    bool looked_at = exchange->phase != EXCHANGE_RELAYING || !exchange->answer_begun || exchange->dechunk ||
                     exchange->ending || exchange->answer_head.length > 0;
    return looked_at ? 0 : http_body_unseen(&exchange->answer);
}

static void
on_passed(void *owner, size_t length)
{
    struct exchange *exchange = owner;
    exchange->sent += length;
    http_body_pass(&exchange->answer, length);
    if (http_body_is_complete(&exchange->answer))
        exchange_answer_complete(exchange);
    else if (transport_congested(exchange->client))
        transport_hold(exchange->engine, HOLD_SINK_FULL);
}

static void
on_ended(void *owner)
{
    struct exchange *exchange = owner;
    if (!exchange->answer_begun)
        fail_answer(exchange, "the engine closed the connection before it answered", ACCESS_ENGINE_CLOSED);
    else if (exchange->answer.framing == HTTP_BODY_UNTIL_CLOSE)
        exchange_answer_complete(exchange);
    else
        fail_answer(exchange, NULL, ACCESS_ENGINE_CLOSED);
}

static void
on_drained(void *owner)
{
    struct exchange *exchange = owner;
    transport_release(exchange->client, HOLD_SINK_FULL);
}

/* The engine reads no further, but it may have said why: the rest of the body is thrown away, the answer awaited. */
static void
on_write_failed(void *owner, int error)
{
    (void)error;
    struct exchange *exchange = owner;
    exchange->abandoned = true;
    transport_release(exchange->client, HOLD_SINK_FULL);
}

static void
on_read_failed(void *owner, int error)
{
    (void)error;
    fail_answer(owner, "the engine broke the connection off before it answered", ACCESS_ENGINE_CLOSED);
}

static const struct transport_handler engine_handler = {
    .received = on_received,
    .ended = on_ended,
    .drained = on_drained,
    .write_failed = on_write_failed,
    .read_failed = on_read_failed,
    .unseen = unseen,
    .passed = on_passed,
};

static void
on_answer_late(void *owner)
{
    exchange_reply(owner, 504, "the engine did not begin its answer in time (ANSWER_TIMEOUT)", ACCESS_TIMEOUT);
}

static void
start_deadline(struct exchange *exchange)
{
    uint64_t limit = exchange->config->answer_timeout;
    bool plain = exchange->verdict.transport == TRANSPORT_PLAIN &&
                 (exchange->to_head || slice_equals(exchange->method, SLICE_LITERAL("GET")));
    if (plain && limit > 0)
        deadline_set(exchange->limit, limit, on_answer_late, exchange);
}

void
exchange_connected(struct exchange *exchange, int fd)
{
    exchange->engine = transport_new(exchange->services->base, exchange->services->reaper, fd, &exchange->config->marks,
                                     &engine_handler, exchange);
    if (exchange->engine == NULL) {
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
        return;
    }
    exchange_set_phase(exchange, EXCHANGE_RELAYING);
    struct slice pieces[] = {text_slice(&exchange->head), text_slice(&exchange->body)};
    transport_write_pieces(exchange->engine, pieces, 2);
    text_free(&exchange->head);
    text_free(&exchange->body);
    start_deadline(exchange);
    if (exchange->expects_continue && !exchange->collect)
        transport_write(exchange->client, SLICE_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"));
    /* The body that came with the head, or the FIN that came while this was dialled. */
    transport_offer(exchange->client);
    if (transport_input_ended(exchange->client) && transport_kept(exchange->client) == 0 &&
        http_body_is_complete(&exchange->request))
        exchange_client_ended(exchange);
}

void
exchange_answer_complete(struct exchange *exchange)
{
    /* An answer before the request was complete: the rest of the request can't be told from a next one. */
    bool whole = http_body_is_complete(&exchange->request);
    exchange_finish(exchange, exchange->left_stream ? ACCESS_CLIENT_CLOSED : ACCESS_COMPLETE,
                    exchange->keep && whole ? EXCHANGE_KEEP : EXCHANGE_CLOSE);
}

/* An answer that would last for as long as its peers do. */
static bool
is_endless(const struct exchange *exchange)
{
    bool under_way = exchange->phase == EXCHANGE_DIALLING || exchange->phase == EXCHANGE_RELAYING;
    return under_way && exchange->verdict.transport == TRANSPORT_STREAM;
}

/* Can it end here and now without cutting a chunk? */
static bool
can_end_in_order(const struct exchange *exchange)
{
    return exchange->answer.framing == HTTP_BODY_UNTIL_CLOSE || http_body_is_between_chunks(&exchange->answer);
}

void
exchange_shutdown(struct exchange *exchange, bool now)
{
    bool endless = is_endless(exchange);
    exchange->ending = exchange->ending || endless || now;
    if (endless && exchange->answer_begun && can_end_in_order(exchange))
        end_stream_early(exchange);
    else if (!exchange->answer_begun && (endless || now) && exchange->phase != EXCHANGE_DRAINING)
        exchange_reply(exchange, 503, "it is being stopped", ACCESS_SHUTDOWN);
    else if (!now)
        return;
    else if (exchange->phase == EXCHANGE_TUNNELLING)
        tunnel_shutdown(exchange->tunnel);
    else if (exchange->phase == EXCHANGE_DRAINING)
        exchange_finish(exchange, ACCESS_REFUSED, EXCHANGE_CLOSE);
    else
        exchange_finish(exchange, ACCESS_SHUTDOWN, EXCHANGE_ABORT);
}
