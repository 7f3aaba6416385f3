#include "server.h"
#include "access_log.h"
#include "admission.h"
#include "announce.h"
#include "client.h"
#include "conduit.h"
#include "config.h"
#include "confine.h"
#include "descriptors.h"
#include "exchange.h"
#include "listener_set.h"
#include "log.h"
#include "passed.h"
#include "reaper.h"
#include "systemd.h"
#include "text.h"
#include "upstream.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RESUME_MILLISECONDS = 100, /* after accept failed for want of descriptors or memory */
    FLUSH_MILLISECONDS = 250,  /* for the last bytes once the grace is over */
    STOP_MILLISECONDS = 5000,  /* what a manager is asked to wait beyond the grace */
    STATUS_SECONDS = 5,        /* how often a service manager may be told a new status */
    STATUS_SIZE = 900,
};

/* The last is what HAProxy's image is stopped with, so a container that takes its place may be, too. */
enum { STOP_SIGNALS = 3 };
static const int stop_signals[STOP_SIGNALS] = {SIGTERM, SIGINT, SIGUSR1};

struct server {
    struct config *config; /* one reference */
    struct event_base *base;
    struct exchange_services services;
    struct listener_set *listeners;
    struct admission *admission;
    struct client *clients; /* doubly linked through client_link */
    size_t client_count;
    size_t client_limit;
    bool paused;
    bool flushing;
    bool hurried;
    server_load *load;
    struct event stops[STOP_SIGNALS];
    struct event hangup;
    struct event watchdog;
    struct event status;
    char status_text[STATUS_SIZE];
    char problem[CONFIG_PROBLEM_SIZE]; /* of the last reload; empty where it went well */
    struct event resume;
    struct event grace;
};

static struct timeval
milliseconds(uint64_t duration)
{
    return (struct timeval){.tv_sec = (time_t)(duration / 1000), .tv_usec = (suseconds_t)(duration % 1000) * 1000};
}

static void
set_paused(struct server *server, bool paused)
{
    if (server->paused == paused)
        return;
    server->paused = paused;
    listener_set_pause(server->listeners, paused);
}

static void
link_client(struct server *server, struct client *client)
{
    client_link(client)[0] = NULL;
    client_link(client)[1] = server->clients;
    if (server->clients != NULL)
        client_link(server->clients)[0] = client;
    server->clients = client;
    server->client_count++;
}

static void
unlink_client(struct server *server, struct client *client)
{
    struct client *previous = client_link(client)[0];
    struct client *next = client_link(client)[1];
    if (previous != NULL)
        client_link(previous)[1] = next;
    else
        server->clients = next;
    if (next != NULL)
        client_link(next)[0] = previous;
    server->client_count--;
}

/* The one that was accepted first among those that idle stands last in the list that has one. */
static void
make_room(struct server *server)
{
    struct client *oldest = server->clients;
    while (oldest != NULL && client_link(oldest)[1] != NULL)
        oldest = client_link(oldest)[1];
    while (oldest != NULL && !client_make_room(oldest))
        oldest = client_link(oldest)[0];
}

static void
on_client_closed(void *owner, struct client *client)
{
    struct server *server = owner;
    unlink_client(server, client);
    admission_cancel(server->admission, client);
    if (server->services.stopping) {
        if (server->client_count == 0)
            event_base_loopexit(server->base, NULL);
        return;
    }
    server->services.crowded = server->client_count >= server->client_limit;
    if (!server->services.crowded && server->paused && !event_pending(&server->resume, EV_TIMEOUT, NULL))
        set_paused(server, false);
}

static void
on_admission(void *owner, bool admitted)
{
    client_admit(owner, admitted);
}

static void
decide_admission(struct server *server, struct client *client, const struct listener_config *listener,
                 const struct sockaddr *peer)
{
    enum admission_answer answer =
        admission_ask(server->admission, listener, client_socket(client), peer, on_admission, client);
    if (answer == ADMISSION_PENDING)
        client_await_admission(client);
    else
        client_admit(client, answer == ADMITTED);
}

static void
on_client_outdated(void *owner, struct client *client)
{
    struct server *server = owner;
    struct sockaddr_storage peer = {.ss_family = AF_UNIX};
    socklen_t length = sizeof(peer);
    const struct listener_config *listener = listener_set_settings(server->listeners, client_entrance(client));
    if (listener == NULL) {
        client_retire(client);
        return;
    }
    client_take_settings(client, server->config, listener);
    admission_cancel(server->admission, client);
    getpeername(client_socket(client), (struct sockaddr *)&peer, &length); /* one that is gone is told so elsewhere */
    decide_admission(server, client, listener, (const struct sockaddr *)&peer);
}

static void
on_accepted(void *owner, listener_set_entrance entrance, struct config *config, const struct listener_config *listener,
            int fd, const struct sockaddr *peer, const char *name)
{
    static const struct client_handler client_handler = {.closed = on_client_closed, .outdated = on_client_outdated};
    struct server *server = owner;
    const struct client_origin origin = {entrance, fd, name, address_is_of_this_host(peer)};
    struct client *client = client_new(&server->services, config, listener, &origin, &client_handler, server);
    if (client == NULL)
        return;
    link_client(server, client);
    decide_admission(server, client, listener, peer);
    if (server->client_count >= server->client_limit) {
        log_text(LOG_LEVEL_DEBUG, "limit", "%zu clients are connected; further ones wait", server->client_count);
        set_paused(server, true);
        server->services.crowded = true;
        make_room(server);
    }
}

static void
on_exhausted(void *owner, int error)
{
    struct server *server = owner;
    log_text(LOG_LEVEL_WARNING, "limit", "cannot accept a connection: %s; clients wait", strerror(error));
    set_paused(server, true);
    struct timeval delay = milliseconds(RESUME_MILLISECONDS);
    event_add(&server->resume, &delay);
}

static void
on_resume(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct server *server = argument;
    if (!server->services.stopping && server->client_count < server->client_limit)
        set_paused(server, false);
}

static void
outdate_clients(struct server *server)
{
    struct client *client = server->clients;
    while (client != NULL) {
        struct client *next = client_link(client)[1];
        client_outdate(client);
        client = next;
    }
}

static void
shut_clients_down(struct server *server, bool now)
{
    struct client *client = server->clients;
    while (client != NULL) {
        struct client *next = client_link(client)[1];
        client_shutdown(client, now);
        client = next;
    }
}

static void
on_grace_over(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct server *server = argument;
    if (server->flushing) {
        event_base_loopbreak(server->base);
        return;
    }
    server->flushing = true;
    shut_clients_down(server, true);
    struct timeval delay = milliseconds(FLUSH_MILLISECONDS);
    event_add(&server->grace, &delay);
}

static void
on_stop(evutil_socket_t number, short what, void *argument)
{
    (void)what;
    struct server *server = argument;
    if (server->hurried)
        return;
    if (server->services.stopping) {
        server->hurried = true;
        log_text(LOG_LEVEL_NOTICE, "stopping", "a second signal: at once");
        event_del(&server->grace);
        server->flushing = false;
        on_grace_over(-1, 0, server);
        return;
    }
    server->services.stopping = true;
    systemd_notify("STOPPING=1\nSTATUS=stopping\nEXTEND_TIMEOUT_USEC=%llu",
                   (unsigned long long)(server->config->shutdown_grace + STOP_MILLISECONDS) * 1000);
    const char *name = number == SIGTERM ? "SIGTERM" : number == SIGINT ? "SIGINT" : "SIGUSR1";
    log_text(LOG_LEVEL_NOTICE, "stopping", "%s: %zu client%s may take up to %llu ms", name, server->client_count,
             text_plural(server->client_count), (unsigned long long)server->config->shutdown_grace);
    listener_set_close(server->listeners);
    shut_clients_down(server, false);
    if (server->client_count == 0) {
        event_base_loopexit(server->base, NULL);
        return;
    }
    struct timeval delay = milliseconds(server->config->shutdown_grace);
    event_add(&server->grace, &delay);
}

static void
on_watchdog(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    (void)argument;
    /* From the loop itself: a loop that hangs sends none. */
    systemd_notify("WATCHDOG=1");
}

static void
on_status(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct server *server = argument;
    char text[STATUS_SIZE];
    const char *refusal = access_log_last_refusal();
    snprintf(text, sizeof(text), "%zu listener%s, %zu client%s%s%s%s%s", server->config->listener_count,
             text_plural(server->config->listener_count), server->client_count, text_plural(server->client_count),
             refusal[0] != '\0' ? ", last refused: " : "", refusal,
             server->problem[0] != '\0' ? "; the last reload failed: " : "", server->problem);
    if (strcmp(text, server->status_text) == 0 || server->services.stopping)
        return;
    snprintf(server->status_text, sizeof(server->status_text), "%s", text);
    systemd_notify_status(text);
}

static void
describe(void *owner, char *text, size_t size)
{
    const struct server *server = owner;
    snprintf(text, size, "engine %s answers; %zu listener%s, %zu client%s; version " SOCKWARDEN_VERSION "; uid %u, %s",
             server->config->engine.name, server->config->listener_count, text_plural(server->config->listener_count),
             server->client_count, text_plural(server->client_count), (unsigned)geteuid(), confine_summary());
}

static void
start_telling(struct server *server)
{
    uint64_t interval = systemd_watchdog_interval();
    struct timeval delay = milliseconds(interval);
    struct timeval status_delay = {.tv_sec = STATUS_SECONDS};
    if (!systemd_is_notified())
        return;
    if (interval > 0)
        event_add(&server->watchdog, &delay);
    event_add(&server->status, &status_delay);
    systemd_notify("READY=1");
    on_status(-1, 0, server);
}

/* The new snapshot is opened whole, or nothing changes. */
static bool
take_over(struct server *server, struct config *config, char *problem)
{
    if (!confine_lets_reach(server->config, config, problem) || !listener_set_open(server->listeners, config, problem))
        return false;
    config_unref(server->config);
    server->config = config_ref(config);
    admission_set_config(server->admission, config);
    server->client_limit = descriptors_for_clients(config->max_connections, config->listener_count);
    server->services.crowded = server->client_count >= server->client_limit;
    if (!event_pending(&server->resume, EV_TIMEOUT, NULL))
        set_paused(server, server->services.crowded);
    upstream_set(server->services.upstream, &config->engine, config->connect_timeout, config->tcp_keepalive);
    outdate_clients(server);
    for (size_t i = server->client_limit; i <= server->client_count; i++)
        make_room(server);
    return true;
}

static void
on_hangup(evutil_socket_t number, short what, void *argument)
{
    (void)number;
    (void)what;
    struct server *server = argument;
    if (server->services.stopping)
        return;
    char problem[CONFIG_PROBLEM_SIZE] = "";
    systemd_notify_reloading();
    struct config *config = server->load(problem);
    bool confined_anew = config != NULL && confine_differs(config);
    if (config != NULL && take_over(server, config, problem)) {
        problem[0] = '\0';
        log_configure(config->log_level, config->log_format);
        log_text(LOG_LEVEL_NOTICE, "reload", "new settings for each request from now on");
        announce_config(config, environ);
        if (confined_anew)
            log_text(LOG_LEVEL_WARNING, "reload",
                     "user, group and sandbox are taken at a start alone; restart for them");
    } else {
        log_text(LOG_LEVEL_ERR, "reload", "the settings stay as they were: %s", problem);
    }
    memcpy(server->problem, problem, sizeof(server->problem));
    config_unref(config);
    systemd_notify("READY=1");
    on_status(-1, 0, server);
}

static void
on_library_message(int severity, const char *text)
{
    log_text(severity >= EVENT_LOG_WARN ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "libevent", "%s", text);
}

static const struct listener_set_handler listener_set_handler = {.accepted = on_accepted, .exhausted = on_exhausted};

static bool
prepare(struct server *server, char *problem)
{
    struct config *config = server->config;
    snprintf(problem, SERVER_PROBLEM_SIZE, "out of memory");
    event_set_log_callback(on_library_message);
    server->base = event_base_new();
    if (server->base == NULL)
        return false;
    server->services = (struct exchange_services){.base = server->base, .describe = describe, .describer = server};
    server->services.reaper = reaper_new(server->base);
    server->listeners = listener_set_new(server->base, &listener_set_handler, server);
    server->admission = admission_new(server->base);
    if (server->services.reaper == NULL || server->listeners == NULL || server->admission == NULL)
        return false;
    server->services.upstream = upstream_new(server->base, server->services.reaper);
    if (server->services.upstream == NULL)
        return false;
    upstream_set(server->services.upstream, &config->engine, config->connect_timeout, config->tcp_keepalive);
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        evsignal_assign(&server->stops[i], server->base, stop_signals[i], on_stop, server);
    evsignal_assign(&server->hangup, server->base, SIGHUP, on_hangup, server);
    event_assign(&server->watchdog, server->base, -1, EV_PERSIST, on_watchdog, server);
    event_assign(&server->status, server->base, -1, EV_PERSIST, on_status, server);
    event_assign(&server->resume, server->base, -1, 0, on_resume, server);
    event_assign(&server->grace, server->base, -1, 0, on_grace_over, server);
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        if (event_add(&server->stops[i], NULL) != 0)
            return false;
    return event_add(&server->hangup, NULL) == 0;
}

struct server *
server_new(struct config *config, server_load *load, char *problem)
{
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL) {
        snprintf(problem, SERVER_PROBLEM_SIZE, "out of memory");
        return NULL;
    }
    server->config = config_ref(config);
    server->load = load;
    signal(SIGPIPE, SIG_IGN);
    systemd_begin();
    server->client_limit = descriptors_for_clients(config->max_connections, config->listener_count);
    if (!passed_begin(problem) || !prepare(server, problem) || !listener_set_open(server->listeners, config, problem)) {
        server_free(server);
        return NULL;
    }
    passed_close_unused();
    conduit_open();
    admission_set_config(server->admission, config);
    return server;
}

static void
mask_hangup(int how)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGHUP);
    sigprocmask(how, &signals, NULL);
}

void
server_hold_reloads(void)
{
    mask_hangup(SIG_BLOCK);
}

/* A signal that comes while all is put away would find no handler and end a run that went well as a killed one. */
static void
hold_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < STOP_SIGNALS; i++)
        sigaddset(&signals, stop_signals[i]);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}

int
server_run(struct server *server)
{
    int result;
    mask_hangup(SIG_UNBLOCK);
    upstream_probe(server->services.upstream);
    start_telling(server);
    log_gather(true);
    do {
        result = event_base_loop(server->base, EVLOOP_ONCE);
        log_flush();
    } while (result == 0 && !event_base_got_exit(server->base) && !event_base_got_break(server->base));
    log_gather(false);
    hold_signals();
    log_text(LOG_LEVEL_NOTICE, "stopped", "%s", result < 0 ? "the event loop failed" : "everything has ended");
    return result < 0 ? 1 : 0;
}

void
server_free(struct server *server)
{
    if (server == NULL)
        return;
    listener_set_free(server->listeners);
    server->services.stopping = true;
    while (server->clients != NULL)
        client_close(server->clients);
    if (event_initialized(&server->stops[0])) {
        for (size_t i = 0; i < STOP_SIGNALS; i++)
            event_del(&server->stops[i]);
        event_del(&server->hangup);
        event_del(&server->watchdog);
        event_del(&server->status);
        event_del(&server->resume);
        event_del(&server->grace);
    }
    upstream_free(server->services.upstream);
    admission_free(server->admission);
    reaper_free(server->services.reaper);
    if (server->base != NULL)
        event_base_free(server->base);
    config_unref(server->config);
    free(server);
}
