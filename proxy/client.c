#include "client.h"
#include "access_log.h"
#include "config.h"
#include "deadline.h"
#include "http_reader.h"
#include "reaper.h"
#include "reply.h"
#include "text.h"
#include "transport.h"

#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    NAME_SIZE = 80,
    LINGER_MILLISECONDS = 2000,
    LINGER_STOPPING_MILLISECONDS = 250,
    LINGER_BYTES = 1024 * 1024,
};

enum client_state {
    CLIENT_IDLE,     /* between requests */
    CLIENT_HEAD,     /* a head has begun */
    CLIENT_EXCHANGE, /* a request is being served */
    CLIENT_CLOSING,  /* FIN is on its way; input is thrown away */
    CLIENT_CLOSED,
};

struct client {
    struct reaper_entry dead; /* first: the reaper hands this address back */
    struct client *link[2];
    const struct exchange_services *services;
    struct config *config; /* one reference */
    const struct listener_config *listener;
    const struct client_handler *handler;
    void *owner;
    enum client_state state;
    uint64_t entrance;
    int fd; /* the transport's */
    struct transport *transport;
    struct exchange *exchange;
    struct deadline limit; /* idle, head or linger limit, by state; the exchange's while there is one */
    struct http_scanner scanner;
    struct text partial; /* of a head that comes in parts */
    size_t discarded;
    bool served;   /* at least one request */
    bool local;    /* it is of this host */
    bool barred;   /* by the listener's allow_from */
    bool outdated; /* there are new settings for the next request */
    bool retired;  /* this request is the last one */
    char name[NAME_SIZE];
};

static const struct transport_handler client_handler;

static void on_limit(void *owner);

static void
set_limit(struct client *client, uint64_t duration)
{
    deadline_set(&client->limit, duration, on_limit, client);
}

static void
free_client(struct reaper_entry *entry)
{
    struct client *client = (struct client *)entry;
    text_free(&client->partial);
    config_unref(client->config);
    free(client);
}

/* The end of the object. Nothing may touch it afterwards. */
static void
close_now(struct client *client, bool reset)
{
    if (client->state == CLIENT_CLOSED)
        return;
    client->state = CLIENT_CLOSED;
    deadline_stop(&client->limit);
    exchange_free(client->exchange);
    client->exchange = NULL;
    if (reset)
        transport_abort(client->transport);
    else
        transport_close(client->transport);
    reaper_take(client->services->reaper, &client->dead, free_client);
    client->handler->closed(client->owner, client);
}

/* Closes once the output is out and the client has sent FIN, or has had its time. */
static void
check_closing(struct client *client)
{
    if (transport_failed(client->transport)) {
        close_now(client, false);
        return;
    }
    if (transport_pending(client->transport) > 0)
        return;
    if (transport_input_ended(client->transport))
        close_now(client, false);
    else if (!deadline_is_set(&client->limit))
        set_limit(client, client->services->stopping ? LINGER_STOPPING_MILLISECONDS : LINGER_MILLISECONDS);
}

static void
close_in_order(struct client *client)
{
    client->state = CLIENT_CLOSING;
    deadline_clear(&client->limit);
    /* Where nothing is owed to a client that has ended, the close ends our direction as well. */
    if (!transport_input_ended(client->transport) || transport_pending(client->transport) > 0) {
        transport_end(client->transport);
        transport_offer(client->transport);
    }
    check_closing(client);
}

static void
refuse_head(struct client *client, int status, const char *reason)
{
    access_log_malformed(client->name, status, reason);
    reply_write(client->transport, &(struct reply){.status = status, .message = reason, .connection = REPLY_CLOSE});
    close_in_order(client);
}

static void
tell_outdated(struct client *client)
{
    client->outdated = false;
    client->handler->outdated(client->owner, client);
}

static void
become_idle(struct client *client)
{
    client->state = CLIENT_IDLE;
    client->scanner = (struct http_scanner){0};
    text_free(&client->partial);
    if (client->outdated)
        tell_outdated(client);
    if (client->state != CLIENT_IDLE)
        return;
    if (client->services->stopping || client->retired) {
        close_in_order(client);
        return;
    }
    /* One that asks on and reads no answers is stopped: what it is sent must not grow without bound. */
    if (transport_congested(client->transport))
        transport_hold(client->transport, HOLD_SINK_FULL);
    /* An end of input is told again behind what is still to be offered: requests may wait before it. */
    set_limit(client, client->config->idle_timeout);
    transport_offer(client->transport);
}

static void
on_exchange_done(void *owner, enum exchange_outcome outcome)
{
    struct client *client = owner;
    client->exchange = NULL;
    client->served = true;
    /* After a tunnel the transport still has that for its handler. */
    transport_set_handler(client->transport, &client_handler, client);
    switch (outcome) {
    case EXCHANGE_KEEP:
        become_idle(client);
        break;
    case EXCHANGE_CLOSE:
        close_in_order(client);
        break;
    case EXCHANGE_ABORT:
        close_now(client, true);
        break;
    }
}

static void
begin_exchange(struct client *client, struct slice bytes, size_t followed)
{
    static const struct exchange_handler exchange_handler = {.done = on_exchange_done};
    struct http_head head;
    struct http_problem problem;
    deadline_clear(&client->limit);
    if (!http_parse_request(bytes, &head, &problem)) {
        refuse_head(client, problem.status, problem.reason);
        return;
    }
    if (!http_reader_agrees_on_request(bytes, &head)) {
        refuse_head(client, 400, "the head can be read in two ways");
        return;
    }
    const struct exchange_client side = {.transport = client->transport,
                                         .limit = &client->limit,
                                         .name = client->name,
                                         .config = client->config,
                                         .listener = client->listener,
                                         .local = client->local,
                                         .last = client->retired,
                                         .followed = followed};
    client->exchange = exchange_new(client->services, &side, &head, &exchange_handler, client);
    if (client->exchange == NULL) {
        close_now(client, true);
        return;
    }
    client->state = CLIENT_EXCHANGE;
    if (client->barred)
        exchange_bar(client->exchange);
    else
        exchange_start(client->exchange);
}

/* Reads on in a head; returns how many bytes belonged to it. */
static size_t
read_head(struct client *client, const char *bytes, size_t length)
{
    const struct config *config = client->config;
    const struct http_limits limits = {config->max_head_size, config->max_target_size, config->max_head_fields};
    size_t consumed;
    bool begins = client->state == CLIENT_IDLE;
    client->state = CLIENT_HEAD;
    enum http_scan_result result = http_scan(&client->scanner, &limits, true, bytes, length, &consumed);
    if (result == HTTP_SCAN_BAD) {
        refuse_head(client, client->scanner.status, client->scanner.reason);
        return length;
    }
    struct slice head = {bytes, consumed};
    if (result == HTTP_SCAN_MORE || client->partial.length > 0) {
        text_append(&client->partial, head);
        head = text_slice(&client->partial);
    }
    if (client->partial.failed) {
        close_now(client, true);
        return length;
    }
    if (result == HTTP_SCAN_MORE && begins)
        set_limit(client, config->head_timeout);
    if (result == HTTP_SCAN_COMPLETE)
        begin_exchange(client, head, length - consumed);
    return consumed;
}

static size_t
on_received(void *owner, const char *bytes, size_t length)
{
    struct client *client = owner;
    size_t taken = 0;
    if (client->state == CLIENT_CLOSING) {
        client->discarded += length;
        /* A client that pushes on is stopped rather than reset: its writes block, and it gets to read the answer. */
        if (client->discarded > LINGER_BYTES)
            transport_hold(client->transport, HOLD_SINK_FULL);
        return length;
    }
    /* One head, and what follows it as far as it is that request's body; a next request waits in the transport. */
    if (client->state == CLIENT_IDLE || client->state == CLIENT_HEAD)
        taken = read_head(client, bytes, length);
    if (client->state == CLIENT_EXCHANGE && taken < length)
        taken += exchange_client_received(client->exchange, bytes + taken, length - taken);
    return taken;
}

static uint64_t
unseen(void *owner, struct transport **sink)
{
    const struct client *client = owner;
    return client->state == CLIENT_EXCHANGE ? exchange_client_unseen(client->exchange, sink) : 0;
}

static void
on_passed(void *owner, size_t length)
{
    struct client *client = owner;
    exchange_client_passed(client->exchange, length);
}

static void
on_ended(void *owner)
{
    struct client *client = owner;
    switch (client->state) {
    case CLIENT_EXCHANGE:
        exchange_client_ended(client->exchange);
        break;
    case CLIENT_HEAD:
        refuse_head(client, 400, "the client closed the connection within a request head");
        break;
    case CLIENT_IDLE:
        close_in_order(client);
        break;
    default:
        check_closing(client);
        break;
    }
}

static void
on_drained(void *owner)
{
    struct client *client = owner;
    if (client->state == CLIENT_EXCHANGE)
        exchange_client_drained(client->exchange);
    else if (client->state == CLIENT_CLOSING)
        check_closing(client);
    else
        transport_release(client->transport, HOLD_SINK_FULL);
}

static void
on_failed(void *owner, int error)
{
    (void)error;
    struct client *client = owner;
    if (client->state == CLIENT_EXCHANGE)
        exchange_client_failed(client->exchange);
    else
        close_now(client, false);
}

static const struct transport_handler client_handler = {
    .received = on_received,
    .ended = on_ended,
    .drained = on_drained,
    .write_failed = on_failed,
    .read_failed = on_failed,
    .unseen = unseen,
    .passed = on_passed,
};

static void
on_limit(void *owner)
{
    struct client *client = owner;
    if (client->state == CLIENT_HEAD)
        refuse_head(client, 408, "the request head was not complete in time (HEAD_TIMEOUT)");
    else if (client->state == CLIENT_IDLE)
        close_in_order(client);
    else
        close_now(client, false);
}

struct client *
client_new(const struct exchange_services *services, struct config *config, const struct listener_config *listener,
           const struct client_origin *origin, const struct client_handler *handler, void *owner)
{
    struct client *client = calloc(1, sizeof(*client));
    if (client == NULL) {
        evutil_closesocket(origin->fd);
        return NULL;
    }
    client->transport =
        transport_new(services->base, services->reaper, origin->fd, &config->marks, &client_handler, client);
    if (client->transport == NULL || !deadline_init(&client->limit, services->base)) {
        transport_close(client->transport);
        free(client);
        return NULL;
    }
    client->services = services;
    client->config = config_ref(config);
    client->listener = listener;
    client->handler = handler;
    client->owner = owner;
    snprintf(client->name, sizeof(client->name), "%s", origin->name);
    client->local = origin->is_local;
    client->entrance = origin->entrance;
    client->fd = origin->fd;
    set_limit(client, config->idle_timeout);
    return client;
}

uint64_t
client_entrance(const struct client *client)
{
    return client->entrance;
}

int
client_socket(const struct client *client)
{
    return client->fd;
}

void
client_outdate(struct client *client)
{
    client->outdated = true;
    if (client->state == CLIENT_IDLE || client->state == CLIENT_HEAD)
        tell_outdated(client);
}

void
client_take_settings(struct client *client, struct config *config, const struct listener_config *listener)
{
    struct config *former = client->config;
    client->config = config_ref(config);
    client->listener = listener;
    config_unref(former);
    if (client->state == CLIENT_IDLE)
        set_limit(client, config->idle_timeout);
}

void
client_retire(struct client *client)
{
    client->retired = true;
    if (client->state == CLIENT_IDLE && client->served)
        close_in_order(client);
    else if (client->state == CLIENT_IDLE) /* one that has just come is about to ask */
        set_limit(client, client->config->head_timeout);
}

void
client_await_admission(struct client *client)
{
    transport_hold(client->transport, HOLD_ADMISSION);
}

void
client_admit(struct client *client, bool admitted)
{
    client->barred = !admitted;
    transport_release(client->transport, HOLD_ADMISSION);
}

bool
client_make_room(struct client *client)
{
    /* One that was accepted and has not asked for anything yet is about to. */
    if (client->state != CLIENT_IDLE || !client->served)
        return false;
    close_in_order(client);
    return true;
}

void
client_shutdown(struct client *client, bool now)
{
    switch (client->state) {
    case CLIENT_IDLE:
        close_now(client, false);
        break;
    case CLIENT_HEAD:
        if (now)
            close_now(client, false);
        break;
    case CLIENT_EXCHANGE:
        exchange_shutdown(client->exchange, now);
        break;
    default:
        break;
    }
}

void
client_close(struct client *client)
{
    close_now(client, false);
}

struct client **
client_link(struct client *client)
{
    return client->link;
}
