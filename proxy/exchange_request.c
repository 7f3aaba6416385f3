#include "config.h"
#include "exchange_state.h"
#include "reply.h"
#include "transport.h"
#include "tunnel.h"

/* A body that is broken or ends too early is never completed towards the engine: its connection is cut. */
static void
break_off(struct exchange *exchange, int status, const char *reason)
{
    if (exchange->engine != NULL) {
        transport_abort(exchange->engine);
        exchange->engine = NULL;
    }
    if (exchange->answer_begun)
        exchange_finish(exchange, ACCESS_BAD_BODY, EXCHANGE_ABORT);
    else
        exchange_reply(exchange, status, reason, ACCESS_BAD_BODY);
}

static void
forward_payload(struct exchange *exchange, struct slice payload)
{
    exchange->received += payload.length;
    if (exchange->abandoned || payload.length == 0)
        return;
    if (exchange->framing.framing == HTTP_BODY_CHUNKED) {
        char line[HTTP_CHUNK_LINE_SIZE];
        struct slice pieces[] = {{line, http_chunk_line(line, payload.length)}, payload, SLICE_LITERAL("\r\n")};
        transport_write_pieces(exchange->engine, pieces, 3);
    } else {
        transport_write(exchange->engine, payload);
    }
    if (transport_congested(exchange->engine))
        transport_hold(exchange->client, HOLD_SINK_FULL);
}

static void
end_body(struct exchange *exchange)
{
    if (exchange->framing.framing == HTTP_BODY_CHUNKED && !exchange->abandoned)
        transport_write(exchange->engine, SLICE_LITERAL("0\r\n\r\n"));
}

static void
collect_payload(struct exchange *exchange, struct slice payload)
{
    exchange->received += payload.length;
    if (!exchange->discard)
        text_append(&exchange->body, payload);
}

/* Reads the body as far as the bytes go; returns how many were taken. The exchange may be over afterwards. */
static size_t
read_body(struct exchange *exchange, const char *bytes, size_t length)
{
    size_t taken = 0;
    while (!http_body_is_complete(&exchange->request)) {
        size_t consumed;
        struct slice payload;
        enum http_body_result result =
            http_body_read(&exchange->request, bytes + taken, length - taken, &consumed, &payload);
        taken += consumed;
        if (result == HTTP_BODY_ERROR) {
            break_off(exchange, 400, "the chunked request body is malformed");
            return length;
        }
        if (result == HTTP_BODY_MORE)
            break;
        if (exchange->phase == EXCHANGE_COLLECTING)
            collect_payload(exchange, payload);
        else if (exchange->phase == EXCHANGE_RELAYING)
            forward_payload(exchange, payload);
        if (exchange->phase == EXCHANGE_COLLECTING && exchange->received > exchange->config->max_body_size) {
            break_off(exchange, 413, "the request body is larger than MAX_BODY_SIZE");
            return length;
        }
    }
    return taken;
}

size_t
exchange_client_received(struct exchange *exchange, const char *bytes, size_t length)
{
    bool reading = exchange->phase == EXCHANGE_DRAINING || exchange->phase == EXCHANGE_COLLECTING ||
                   exchange->phase == EXCHANGE_RELAYING;
    /* Bytes behind the request are kept by the transport, within its bound, until it is known what they are. */
    if (!reading || http_body_is_complete(&exchange->request))
        return 0;
    size_t taken = read_body(exchange, bytes, length);
    exchange->followed = taken < length;
    if (exchange->phase == EXCHANGE_OVER || !http_body_is_complete(&exchange->request))
        return taken;
    if (exchange->phase == EXCHANGE_DRAINING)
        exchange_finish(exchange, ACCESS_REFUSED, EXCHANGE_KEEP);
    else if (exchange->phase == EXCHANGE_COLLECTING)
        exchange_body_collected(exchange);
    else
        end_body(exchange);
    return taken;
}

uint64_t
exchange_client_unseen(const struct exchange *exchange, struct transport **sink)
{
    *sink = exchange->engine;
    bool as_it_is = exchange->request_framing == HTTP_BODY_LENGTH && exchange->framing.framing == HTTP_BODY_LENGTH;
    if (exchange->phase != EXCHANGE_RELAYING || exchange->engine == NULL || exchange->abandoned || !as_it_is)
        return 0;
    return http_body_unseen(&exchange->request);
}

void
exchange_client_passed(struct exchange *exchange, size_t length)
{
    exchange->received += length;
    http_body_pass(&exchange->request, length);
    if (transport_congested(exchange->engine))
        transport_hold(exchange->client, HOLD_SINK_FULL);
}

void
exchange_client_ended(struct exchange *exchange)
{
    if (!http_body_is_complete(&exchange->request)) {
        /* A part of a body is not the body. Nobody is left who would read a refusal. */
        if (exchange->engine != NULL)
            transport_abort(exchange->engine);
        exchange->engine = NULL;
        exchange_finish(exchange, exchange->phase == EXCHANGE_DRAINING ? ACCESS_REFUSED : ACCESS_CLIENT_CLOSED,
                        EXCHANGE_CLOSE);
        return;
    }
    /*
     * The engine learns of the client's FIN as it would on its own socket. Where a tunnel may follow, the FIN belongs
     * to that stream; the transport keeps it and tells the tunnel.
     */
    if (exchange->phase == EXCHANGE_RELAYING && !exchange_may_become_tunnel(exchange)) {
        exchange->left_stream = exchange->verdict.transport == TRANSPORT_STREAM;
        transport_end(exchange->engine);
    }
}

void
exchange_client_drained(struct exchange *exchange)
{
    if (exchange->engine != NULL)
        transport_release(exchange->engine, HOLD_SINK_FULL);
}

void
exchange_client_failed(struct exchange *exchange)
{
    if (exchange->engine != NULL)
        transport_abort(exchange->engine);
    exchange->engine = NULL;
    exchange_finish(exchange, ACCESS_CLIENT_CLOSED, EXCHANGE_ABORT);
}
