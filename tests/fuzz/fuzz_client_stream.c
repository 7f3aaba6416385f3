/*
 * A client's bytes through the real client, exchange, tunnel and dial of the proxy, over sockets, to a fake engine, all
 * in one loop. Input, one byte each: the policy; how the client reads and ends, and whether there is an engine; four
 * sizes of the pieces it sends, in turn; six kinds of the engine's answers, in turn; the size of the engine's pieces;
 * the turn of a shutdown; two bytes: how long the raw answer at the end of the input is. Between these and that stands
 * what the client sends.
 *
 * Promises: the engine gets nothing but whole heads that the policy allows, as the client's bytes say in their order,
 * each on a connection of its own with its body or a part of it, and raw bytes only where it took the connection over;
 * the client gets an answer for each request and nothing else; what is plain is served; nothing is left behind.
 */

#include "proxy/client.h"
#include "proxy/config.h"
#include "proxy/health.h"
#include "proxy/log.h"
#include "proxy/reaper.h"
#include "proxy/upstream.h"
#include "stream_answers.h"
#include "stream_engine.h"
#include "stream_model.h"
#include "support.h"

#include <event2/event.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECES = 4, TURNS_MAX = 30000, QUIET_TURNS = 4, COLLECT_MAX = 1024, LAZY_TURNS = 8 };

static const size_t not_at_all = SIZE_MAX;

enum client_end { END_STAYS, END_FIN, END_CLOSES, END_FIN_AT_ONCE, END_COUNT };

struct run {
    struct exchange_services services;
    struct client *client;
    struct engine engine;
    struct slice stream; /* what the client sends */
    size_t sent;
    size_t pieces[PIECES];
    size_t turn_of_piece;
    enum client_end end;
    size_t shutdown_at;
    int fd; /* the client's own end */
    size_t output_length;
    bool lazy;  /* the client reads now and then only */
    bool ended; /* the client has sent FIN */
    bool closed;
};

static char output[ANSWERS_MAX]; /* what the client got in this run */
static int listening = -1;
static char engine_setting[64];

/* The engine's socket, which all runs share. */
static void
listen_as_engine(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(engine_setting, sizeof(engine_setting), "SOCKET_PATH=abns@sockwarden-fuzz-%d", (int)getpid());
    strcpy(address.sun_path + 1, engine_setting + strlen("SOCKET_PATH=abns@"));
    listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    CHECK(listening >= 0);
    CHECK(bind(listening, (struct sockaddr *)&address, sizeof(address)) == 0);
    CHECK(listen(listening, 128) == 0);
    signal(SIGPIPE, SIG_IGN);
    log_configure(LOG_LEVEL_EMERG, LOG_FORMAT_TEXT);
}

static struct config *
config_of(size_t index, bool unreachable)
{
    static struct config *configs[POLICY_COUNT][2];
    static char settings[][32] = {"LOG_LEVEL=emerg", "MAX_BODY_SIZE=1k", "BUFFER_HIGH=4k", "BUFFER_LOW=1k"};
    static char nowhere[] = "SOCKET_PATH=abns@sockwarden-fuzz-nobody";
    struct config **config = &configs[index][unreachable];
    if (*config == NULL) {
        char problem[CONFIG_PROBLEM_SIZE] = "";
        char *environment[64] = {unreachable ? nowhere : engine_setting};
        size_t count = 1;
        for (size_t i = 0; i < COUNT_OF(settings); i++)
            environment[count++] = settings[i];
        for (char *const *entry = fuzz_environment(index); *entry != NULL; entry++)
            environment[count++] = *entry;
        *config = config_from_environment(environment, problem);
        CHECK(*config != NULL);
    }
    return *config;
}

static void
on_client_closed(void *owner, struct client *client)
{
    struct run *run = owner;
    CHECK(run->client == client);
    run->client = NULL;
    run->closed = true;
}

static void
set_up(struct run *run, struct config *config)
{
    static const struct client_handler handler = {.closed = on_client_closed};
    int ends[2];
    run->services.base = event_base_new();
    CHECK(run->services.base != NULL);
    run->services.reaper = reaper_new(run->services.base);
    CHECK(run->services.reaper != NULL);
    run->services.upstream = upstream_new(run->services.base, run->services.reaper);
    CHECK(run->services.upstream != NULL);
    upstream_set(run->services.upstream, &config->engine, config->connect_timeout, config->tcp_keepalive);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    /* As small as the kernel lets it be, so that a large answer has to wait. */
    int smallest = 1;
    CHECK(setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &smallest, sizeof(smallest)) == 0);
    run->fd = ends[0];
    const struct client_origin origin = {.fd = ends[1], .name = "unix", .is_local = true};
    run->client = client_new(&run->services, config, &config->listeners[0], &origin, &handler, run);
    CHECK(run->client != NULL);
    run->engine.listening = listening;
}

static void
tear_down(struct run *run)
{
    if (run->client != NULL)
        client_close(run->client);
    CHECK(run->closed);
    engine_close(&run->engine);
    if (run->fd >= 0)
        close(run->fd);
    upstream_free(run->services.upstream);
    reaper_free(run->services.reaper);
    event_base_free(run->services.base);
}

static void
end_client(struct run *run)
{
    run->ended = true;
    if (run->end == END_FIN || run->end == END_FIN_AT_ONCE) {
        shutdown(run->fd, SHUT_WR);
    } else if (run->end == END_CLOSES) {
        close(run->fd);
        run->fd = -1;
    }
}

/* Sends the next piece; the FIN comes with the last one, or in a turn of its own. */
static bool
feed(struct run *run)
{
    if (run->ended || run->fd < 0)
        return false;
    if (run->sent == run->stream.length && run->end == END_STAYS)
        return false;
    if (run->sent == run->stream.length) {
        end_client(run);
        return true;
    }
    size_t left = run->stream.length - run->sent;
    size_t size = run->pieces[run->turn_of_piece++ % PIECES];
    size = size == 0 || size > left ? left : size;
    ssize_t length = send(run->fd, run->stream.data + run->sent, size, MSG_NOSIGNAL);
    if (length > 0)
        run->sent += (size_t)length;
    else if (run->closed)
        run->ended = true;
    if (run->sent == run->stream.length && run->end == END_FIN_AT_ONCE)
        end_client(run);
    return length > 0;
}

static bool
read_output(struct run *run)
{
    if (run->fd < 0)
        return false;
    ssize_t length = recv(run->fd, output + run->output_length, ANSWERS_MAX - run->output_length, 0);
    if (length <= 0)
        return false;
    run->output_length += (size_t)length;
    CHECK(run->output_length < ANSWERS_MAX);
    return true;
}

static void
run_loop(struct run *run)
{
    size_t quiet = 0;
    size_t done_for = 0;
    const size_t enough = run->lazy ? QUIET_TURNS + LAZY_TURNS : QUIET_TURNS;
    for (size_t turn = 0; turn < TURNS_MAX && quiet < enough; turn++) {
        bool happened = feed(run);
        CHECK(event_base_loop(run->services.base, EVLOOP_NONBLOCK) >= 0);
        /* Two turns after the last byte, or the FIN, the proxy has read it. */
        bool done = run->ended || (run->end == END_STAYS && run->sent == run->stream.length);
        done_for = done ? done_for + 1 : 0;
        happened = engine_step(&run->engine, done_for > 2) || happened || done_for <= 2;
        if (!run->lazy || turn % LAZY_TURNS == 0)
            happened = read_output(run) || happened;
        if (turn == run->shutdown_at && run->client != NULL) {
            run->services.stopping = true;
            client_shutdown(run->client, turn % 2 == 1);
        }
        quiet = happened ? 0 : quiet + 1;
    }
    CHECK(quiet >= enough);
}

static bool
contains(struct slice bytes, const char *text)
{
    return bytes.length > 0 && memmem(bytes.data, bytes.length, text, strlen(text)) != NULL;
}

static void
judge(const struct run *run, const struct policy *policy)
{
    static struct model model;
    struct slice answers = {output, run->output_length};
    bool undisturbed = run->shutdown_at == not_at_all && run->end != END_CLOSES;
    model_read(&model, run->stream, policy, COLLECT_MAX, run->pieces[0] == 0 || engine_is_late(&run->engine));
    engine_check(&run->engine, &model, policy, undisturbed);
    answers_check(answers, &model, &run->engine, undisturbed, run->shutdown_at != not_at_all);
    if (!contains(run->stream, engine_injected) && !contains(run->engine.raw, engine_injected))
        CHECK(!contains(answers, engine_injected));
    model_free(&model);
}

static void
read_input(struct run *run, struct input *input, size_t *policy)
{
    *policy = input_choice(input, POLICY_COUNT);
    size_t end = input_choice(input, 4 * END_COUNT);
    run->end = (enum client_end)(end % END_COUNT);
    run->engine.unreachable = end / END_COUNT % 2 == 1;
    run->lazy = end / END_COUNT >= 2;
    for (size_t i = 0; i < PIECES; i++)
        run->pieces[i] = input_choice(input, 256);
    for (size_t i = 0; i < ENGINE_KINDS; i++)
        run->engine.kinds[i] = engine_kind(input_choice(input, engine_kind_count()));
    run->engine.piece = input_choice(input, 64);
    size_t shutdown = input_choice(input, 64);
    run->shutdown_at = shutdown == 0 ? not_at_all : shutdown - 1;
    size_t raw = input_number(input, 65536);
    struct slice rest = input_rest(input);
    raw = raw < rest.length ? raw : rest.length;
    run->stream = (struct slice){rest.data, rest.length - raw};
    run->engine.raw = (struct slice){rest.data + rest.length - raw, raw};
}

/* The lowest free descriptor: the same before and after, or one was left open. */
static int
free_descriptor(void)
{
    int fd = dup(listening);
    close(fd);
    return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run run;
    struct input input = {data, size};
    size_t policy;
    if (listening < 0)
        listen_as_engine();
    run = (struct run){.fd = -1};
    read_input(&run, &input, &policy);
    /* The model knows no health; tests/fault/test_health.py asks for it. */
    if (contains(run.stream, HEALTH_TARGET))
        return -1;
    int before = free_descriptor();
    set_up(&run, config_of(policy, run.engine.unreachable));
    run_loop(&run);
    judge(&run, fuzz_policy(policy));
    tear_down(&run);
    CHECK(free_descriptor() == before);
    return 0;
}
