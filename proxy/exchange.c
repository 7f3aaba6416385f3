#include "exchange.h"
#include "access_log.h"
#include "config.h"
#include "exchange_state.h"
#include "health.h"
#include "policy/phrase.h"
#include "reaper.h"
#include "reply.h"
#include "tunnel.h"
#include "upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SHOWN_PATH_SIZE = 256 };

static uint64_t
now_microseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Which phase may follow which; anything else is a bug. */
static const unsigned legal_phases[] = {
    [EXCHANGE_NEW] =
        1u << EXCHANGE_DRAINING | 1u << EXCHANGE_COLLECTING | 1u << EXCHANGE_DIALLING | 1u << EXCHANGE_OVER,
    [EXCHANGE_DRAINING] = 1u << EXCHANGE_OVER,
    [EXCHANGE_COLLECTING] = 1u << EXCHANGE_DIALLING | 1u << EXCHANGE_OVER,
    [EXCHANGE_DIALLING] = 1u << EXCHANGE_RELAYING | 1u << EXCHANGE_OVER,
    [EXCHANGE_RELAYING] = 1u << EXCHANGE_TUNNELLING | 1u << EXCHANGE_OVER,
    [EXCHANGE_TUNNELLING] = 1u << EXCHANGE_OVER,
    [EXCHANGE_OVER] = 0,
};

void
exchange_set_phase(struct exchange *exchange, enum exchange_phase phase)
{
    if ((legal_phases[exchange->phase] & 1u << phase) == 0)
        abort();
    exchange->phase = phase;
}

bool
exchange_may_become_tunnel(const struct exchange *exchange)
{
    enum verdict_transport transport = exchange->verdict.transport;
    return transport == TRANSPORT_HIJACK || transport == TRANSPORT_WEBSOCKET || transport == TRANSPORT_H2C;
}

static void
free_exchange(struct reaper_entry *entry)
{
    struct exchange *exchange = (struct exchange *)entry;
    text_free(&exchange->head);
    text_free(&exchange->partial);
    text_free(&exchange->body);
    text_free(&exchange->answer_head);
    free(exchange);
}

/* Lets go of the engine's side; the exchange is over for everybody but its owner. */
static void
release(struct exchange *exchange)
{
    exchange_set_phase(exchange, EXCHANGE_OVER);
    deadline_clear(exchange->limit);
    dial_cancel(exchange->dial);
    exchange->dial = NULL;
    tunnel_free(exchange->tunnel);
    exchange->tunnel = NULL;
    transport_close(exchange->engine);
    exchange->engine = NULL;
    transport_release(exchange->client, HOLD_SINK_FULL);
    reaper_take(exchange->services->reaper, &exchange->dead, free_exchange);
}

static void
write_access_record(const struct exchange *exchange, enum access_end end)
{
    struct access_record record = {
        .client = exchange->client_name,
        .listener = exchange->listener->own_name,
        .method = exchange->method,
        .target = end == ACCESS_REFUSED ? exchange->path : exchange->target,
        .status = exchange->status,
        .operation = exchange->verdict.operation,
        .rule = exchange->verdict.rule,
        .cure = exchange->verdict.cure,
        .received = exchange->received,
        .sent = exchange->sent,
        .microseconds = now_microseconds() - exchange->began,
        .end = end,
        .dry = exchange->verdict.dry && !exchange->asks_health,
        .routine = exchange->asks_health && end == ACCESS_COMPLETE,
    };
    access_log_write(&record);
}

void
exchange_finish(struct exchange *exchange, enum access_end end, enum exchange_outcome outcome)
{
    if (exchange->phase == EXCHANGE_OVER)
        return;
    if (exchange->tunnel != NULL) {
        exchange->received += tunnel_received(exchange->tunnel);
        exchange->sent += tunnel_sent(exchange->tunnel);
    }
    write_access_record(exchange, end);
    const struct exchange_handler *handler = exchange->handler;
    void *owner = exchange->owner;
    release(exchange);
    handler->done(owner, outcome);
}

bool
exchange_can_keep(const struct exchange *exchange)
{
    const struct exchange_services *services = exchange->services;
    if (!exchange->wants_keep || services->stopping || services->crowded)
        return false;
    /* Bytes behind a request that might have become a stream are not known to be a request. A refused one can't. */
    return exchange->verdict.action != VERDICT_ALLOW || !exchange_may_become_tunnel(exchange) ||
           (!exchange->followed && transport_kept(exchange->client) == 0 &&
            (!exchange->raw_behind_head || exchange->request_framing != HTTP_BODY_CHUNKED));
}

static enum reply_connection
reply_connection(const struct exchange *exchange, bool keep)
{
    if (exchange->asked_for_upgrade)
        return REPLY_SILENT;
    if (!keep)
        return REPLY_CLOSE;
    return exchange->minor == 0 ? REPLY_KEEP_ALIVE_10 : REPLY_SILENT;
}

static void
answer_here(struct exchange *exchange, int status, const char *message, bool keep)
{
    struct reply reply = {.status = status,
                          .message = message,
                          .to_head = exchange->to_head,
                          .with_cause = exchange->verdict.for_podman,
                          .connection = reply_connection(exchange, keep)};
    exchange->status = status;
    exchange->sent += reply_write(exchange->client, &reply);
}

void
exchange_reply(struct exchange *exchange, int status, const char *message, enum access_end end)
{
    /* Neither trouble with the engine nor our health says nothing about the client's framing, once its request is
     * complete. */
    bool keep =
        (status >= 500 || status == 200) && http_body_is_complete(&exchange->request) && exchange_can_keep(exchange);
    answer_here(exchange, status, message, keep);
    exchange_finish(exchange, end, keep ? EXCHANGE_KEEP : EXCHANGE_CLOSE);
}

/*
 * A refusal keeps the connection where the framing is not in doubt: no body, or one whose length is known and small
 * enough to be read and thrown away. A client that waits for 100 Continue may or may not send its body, so that is
 * doubt.
 */
static void
refuse(struct exchange *exchange)
{
    char message[VERDICT_TEXT_SIZE * 3];
    struct phrase phrase = phrase_begin(message, sizeof(message));
    phrase_add_slice(&phrase, exchange->method);
    phrase_add(&phrase, " ");
    phrase_add_cut(&phrase, exchange->path, SHOWN_PATH_SIZE);
    phrase_add(&phrase, " refused: ");
    phrase_add(&phrase, exchange->listener->terse ? "not granted here" : exchange->verdict.cure);
    bool drain = exchange->request_framing == HTTP_BODY_LENGTH &&
                 exchange->request_length <= exchange->config->max_refused_body_size && !exchange->expects_continue;
    bool keep = exchange_can_keep(exchange) && (exchange->request_framing == HTTP_BODY_NONE || drain);
    answer_here(exchange, 403, message, keep);
    if (keep && drain) {
        exchange_set_phase(exchange, EXCHANGE_DRAINING);
        transport_offer(exchange->client);
        return;
    }
    exchange_finish(exchange, ACCESS_REFUSED, keep ? EXCHANGE_KEEP : EXCHANGE_CLOSE);
}

/* The protocol to ask the engine for; the value is fixed by the route, the client only says that it wants one. */
static struct slice
upgrade_to_ask_for(const struct http_head *head, enum verdict_transport transport)
{
    const struct slice none = {NULL, 0};
    if (head->upgrade.data == NULL)
        return none;
    switch (transport) {
    case TRANSPORT_HIJACK:
        return SLICE_LITERAL("tcp");
    case TRANSPORT_WEBSOCKET:
        return slice_equals_ignoring_case(head->upgrade, SLICE_LITERAL("websocket")) ? SLICE_LITERAL("websocket")
                                                                                     : none;
    case TRANSPORT_H2C:
        return slice_equals(head->upgrade, SLICE_LITERAL("h2c")) ? SLICE_LITERAL("h2c") : none;
    default:
        return none;
    }
}

/* Writes the engine's head, and decides how the body travels. */
static void
prepare_request(struct exchange *exchange, const struct http_head *head)
{
    /* Everything behind the head of an attach or a session belongs to the stream that may begin there. */
    exchange->raw_behind_head = exchange_may_become_tunnel(exchange) && !exchange->verdict.hijack_after_body;
    /*
     * But a body of declared length (dockerode repeats the options of an attach in one) is none of the stream; the
     * engine throws it away with what it read along with the head. It is read to its end here, and not sent at all.
     */
    exchange->discard = exchange->raw_behind_head && exchange->request_framing == HTTP_BODY_LENGTH;
    if (exchange->raw_behind_head && !exchange->discard)
        http_body_begin(&exchange->request, HTTP_BODY_NONE, 0);
    exchange->framing = (struct forward_framing){
        .framing = exchange->raw_behind_head ? HTTP_BODY_NONE : exchange->request_framing,
        .length = exchange->request_length,
        .announce_length = head->has_length,
    };
    exchange->upgrade = upgrade_to_ask_for(head, exchange->verdict.transport);
    forward_begin_request(&exchange->head, head, exchange->verdict.canonical);
    /*
     * The engine reads exec start's JSON, then raw bytes: the end of a chunked body would reach the process as input.
     * So that body is collected first and sent with its length, for which the head must wait.
     */
    exchange->collect =
        exchange->discard || (exchange->verdict.hijack_after_body && exchange->request_framing == HTTP_BODY_CHUNKED);
    if (!exchange->collect)
        forward_end_request(&exchange->head, &exchange->framing, exchange->upgrade);
}

static void
copy_words(struct exchange *exchange, const struct http_head *head, char *words)
{
    memcpy(words, head->method.data, head->method.length);
    exchange->method = (struct slice){words, head->method.length};
    words += head->method.length;
    memcpy(words, head->target.data, head->target.length);
    exchange->target = (struct slice){words, head->target.length};
}

/*
 * A question for our own health, whatever the policy says of it, which has no such path; a body or a wish for another
 * protocol makes it a call like any other. In place of it the engine gets a question of ours.
 */
static void
look_for_health(struct exchange *exchange, const struct http_head *head)
{
    static const char target[] = POLICY_PING_TARGET;
    struct verdict *verdict = &exchange->verdict;
    bool asks = exchange->to_head || slice_equals(head->method, SLICE_LITERAL("GET"));
    if (!asks || !slice_equals(exchange->target, SLICE_LITERAL(HEALTH_TARGET)) || head->upgrade.data != NULL ||
        head->framing != HTTP_BODY_NONE || head->has_length)
        return;
    exchange->asks_health = true;
    *verdict = (struct verdict){.action = VERDICT_ALLOW,
                                .transport = TRANSPORT_PLAIN,
                                .operation = HEALTH_OPERATION,
                                .rule = HEALTH_RULE,
                                .canonical = {target, sizeof(target) - 1},
                                .path = exchange->target};
}

void
exchange_answer_health(struct exchange *exchange, int status)
{
    char text[256] = "";
    char message[512];
    const struct exchange_services *services = exchange->services;
    if (status != 200) {
        snprintf(message, sizeof(message), "the engine %s answers " POLICY_PING_TARGET " with %d",
                 exchange->config->engine.name, status);
        exchange_reply(exchange, 503, message, ACCESS_ENGINE_ERROR);
        return;
    }
    if (services->describe != NULL && !exchange->listener->terse)
        services->describe(services->describer, text, sizeof(text));
    snprintf(message, sizeof(message), "healthy%s%s", text[0] != '\0' ? ": " : "", text);
    exchange_reply(exchange, 200, message, ACCESS_COMPLETE);
}

struct exchange *
exchange_new(const struct exchange_services *services, const struct exchange_client *client,
             const struct http_head *head, const struct exchange_handler *handler, void *owner)
{
    size_t canonical_size = policy_buffer_size(head->target.length);
    size_t words_size = head->method.length + head->target.length;
    /* The C library has faster ways for malloc than for calloc. */
    struct exchange *exchange = malloc(sizeof(*exchange) + words_size + canonical_size);
    if (exchange == NULL)
        return NULL;
    memset(exchange, 0, sizeof(*exchange));
    char *words = (char *)(exchange + 1);
    exchange->services = services;
    exchange->client = client->transport;
    exchange->limit = client->limit;
    exchange->client_name = client->name;
    exchange->config = client->config;
    exchange->listener = client->listener;
    exchange->followed = client->followed;
    exchange->local = client->local;
    exchange->handler = handler;
    exchange->owner = owner;
    exchange->began = now_microseconds();
    exchange->minor = head->minor;
    exchange->wants_keep = !client->last && !head->close && (head->minor == 1 || head->keep_alive);
    exchange->expects_continue = head->expects_continue;
    exchange->to_head = slice_equals(head->method, SLICE_LITERAL("HEAD"));
    exchange->request_framing = head->framing;
    exchange->request_length = head->body_length;
    http_body_begin(&exchange->request, head->framing, head->body_length);
    http_body_bound(&exchange->request, exchange->config->max_chunk_extension_size,
                    exchange->config->max_trailers_size);
    copy_words(exchange, head, words);
    struct policy_request request = {.method = exchange->method,
                                     .target = exchange->target,
                                     .content_type = head->content_type,
                                     .has_body = head->framing != HTTP_BODY_NONE};
    policy_check_head(client->listener->policy, &request, words + words_size, canonical_size, &exchange->verdict);
    look_for_health(exchange, head);
    exchange->path = exchange->verdict.path.data != NULL ? exchange->verdict.path : exchange->target;
    exchange->asked_for_upgrade = head->upgrade.data != NULL && exchange_may_become_tunnel(exchange);
    /* What a client sends behind a wish for another protocol that it is not granted may not be HTTP. */
    if (head->upgrade.data != NULL &&
        (exchange->verdict.action != VERDICT_ALLOW || !exchange_may_become_tunnel(exchange)))
        exchange->wants_keep = false;
    if (exchange->verdict.action == VERDICT_ALLOW)
        prepare_request(exchange, head);
    return exchange;
}

static void
on_dialled(void *owner, const struct dial_result *result)
{
    struct exchange *exchange = owner;
    exchange->dial = NULL;
    if (result->fd < 0) {
        exchange_reply(exchange, result->status, result->problem,
                       result->status == 504 ? ACCESS_TIMEOUT : ACCESS_UNAVAILABLE);
        return;
    }
    exchange_connected(exchange, result->fd);
}

static void
dial(struct exchange *exchange)
{
    exchange_set_phase(exchange, EXCHANGE_DIALLING);
    struct dial *pending = upstream_dial(exchange->services->upstream, on_dialled, exchange);
    /* Where the dial ended at once the exchange may be over by now; it is freed at the end of the turn, not before. */
    if (pending != NULL)
        exchange->dial = pending;
}

void
exchange_bar(struct exchange *exchange)
{
    if (exchange->asks_health && exchange->local) {
        exchange_start(exchange);
        return;
    }
    exchange->verdict.action = VERDICT_DENY;
    exchange->verdict.rule = "allow_from";
    snprintf(exchange->verdict.cure, sizeof(exchange->verdict.cure), "%.64s is not in allow_from of listener %.48s",
             exchange->client_name, exchange->listener->name);
    exchange->wants_keep = false;
    refuse(exchange);
}

static void
collect(struct exchange *exchange)
{
    exchange_set_phase(exchange, EXCHANGE_COLLECTING);
    if (exchange->expects_continue)
        transport_write(exchange->client, SLICE_LITERAL("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void
tell_dry_run(const struct exchange *exchange)
{
    const struct access_record record = {
        .client = exchange->client_name,
        .listener = exchange->listener->own_name,
        .method = exchange->method,
        .target = exchange->path,
        .operation = exchange->verdict.operation,
        .rule = exchange->verdict.rule,
        .cure = exchange->verdict.cure,
    };
    access_log_dry_run(exchange->listener->trial, &record);
}

void
exchange_start(struct exchange *exchange)
{
    switch (exchange->verdict.action) {
    case VERDICT_DENY:
        refuse(exchange);
        break;
    case VERDICT_MALFORMED:
        exchange_reply(exchange, 400, exchange->verdict.cure, ACCESS_MALFORMED);
        break;
    case VERDICT_ALLOW:
        if (exchange->verdict.dry)
            tell_dry_run(exchange);
        if (exchange->head.failed)
            exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
        else if (exchange->collect)
            collect(exchange);
        else
            dial(exchange);
        break;
    }
}

void
exchange_body_collected(struct exchange *exchange)
{
    if (!exchange->discard) {
        exchange->framing.framing = HTTP_BODY_LENGTH;
        exchange->framing.length = exchange->body.length;
    }
    forward_end_request(&exchange->head, &exchange->framing, exchange->upgrade);
    if (exchange->head.failed || exchange->body.failed)
        exchange_finish(exchange, ACCESS_NO_MEMORY, EXCHANGE_ABORT);
    else
        dial(exchange);
}

void
exchange_free(struct exchange *exchange)
{
    if (exchange == NULL || exchange->phase == EXCHANGE_OVER)
        return;
    write_access_record(exchange, ACCESS_CLIENT_CLOSED);
    release(exchange);
}
