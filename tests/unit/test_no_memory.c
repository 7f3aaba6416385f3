/*
 * Every allocation of a connection's life fails once, one after the other, in our code and in libevent's: the client
 * is closed or served, the process lives on, and nothing is left behind. The engine is a process of its own, so that
 * it does not count.
 */

#include "support.h"

#include "policy/policy.h"
#include "proxy/client.h"
#include "proxy/config.h"
#include "proxy/log.h"
#include "proxy/reaper.h"
#include "proxy/upstream.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TURNS_MAX = 2000, TURN_MILLISECONDS = 5, ALLOCATIONS_MAX = 500 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static struct {
    unsigned countdown; /* the allocation that fails; 0: none */
    bool failed;
    long live;
} allocations;

static bool
fails(void)
{
    if (allocations.countdown == 0 || --allocations.countdown > 0)
        return false;
    allocations.failed = true;
    errno = ENOMEM;
    return true;
}

void *
__wrap_malloc(size_t size)
{
    void *block = fails() ? NULL : __real_malloc(size);
    allocations.live += block != NULL;
    return block;
}

void *
__wrap_calloc(size_t count, size_t size)
{
    void *block = fails() ? NULL : __real_calloc(count, size);
    allocations.live += block != NULL;
    return block;
}

void *
__wrap_realloc(void *block, size_t size)
{
    void *grown = fails() ? NULL : __real_realloc(block, size);
    allocations.live += grown != NULL && block == NULL;
    return grown;
}

void
__wrap_free(void *block)
{
    allocations.live -= block != NULL;
    __real_free(block);
}

static void
serve_engine(int listening)
{
    char bytes[4096];
    for (;;) {
        int fd = accept(listening, NULL, NULL);
        ssize_t length = fd < 0 ? 0 : recv(fd, bytes, sizeof(bytes) - 1, 0);
        bytes[length > 0 ? length : 0] = '\0';
        if (strstr(bytes, "/attach") != NULL) {
            const char *answer = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
            while ((length = recv(fd, bytes, sizeof(bytes), 0)) > 0)
                send(fd, bytes, (size_t)length, MSG_NOSIGNAL);
        } else if (length > 0) {
            while (strstr(bytes, "chunked") != NULL && strstr(bytes, "0\r\n\r\n") == NULL) {
                ssize_t more = recv(fd, bytes + length, sizeof(bytes) - 1 - (size_t)length, 0);
                if (more <= 0)
                    break;
                length += more;
                bytes[length] = '\0';
            }
            const char *answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n";
            send(fd, answer, strlen(answer), MSG_NOSIGNAL);
        }
        close(fd);
    }
}

struct rig {
    struct event_base *base;
    struct exchange_services services;
    struct config *config;
    pid_t engine;
    bool closed;
};

static void
on_closed(void *owner, struct client *client)
{
    (void)client;
    ((struct rig *)owner)->closed = true;
}

static void
set_up(struct rig *rig)
{
    char setting[64];
    char *environment[] = {setting, "CONTAINERS=1", "POST=1", "IMAGES=1", "EXEC=1", NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(setting, sizeof(setting), "SOCKET_PATH=abns@sockwarden-no-memory-%d", (int)getpid());
    snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "sockwarden-no-memory-%d", (int)getpid());
    int listening = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listening, 64), 0);
    rig->engine = fork();
    if (rig->engine == 0)
        serve_engine(listening);
    close(listening);
    signal(SIGPIPE, SIG_IGN);
    log_configure(LOG_LEVEL_EMERG, LOG_FORMAT_TEXT);
    event_set_mem_functions(__wrap_malloc, __wrap_realloc, __wrap_free);
    rig->base = event_base_new();
    rig->config = config_from_environment(environment, problem);
    assert_non_null(rig->config);
    rig->services = (struct exchange_services){.base = rig->base, .reaper = reaper_new(rig->base)};
    rig->services.upstream = upstream_new(rig->base, rig->services.reaper);
    upstream_set(rig->services.upstream, &rig->config->engine, 1000, 30000);
}

static void
stop_engine(struct rig *rig)
{
    if (rig->engine > 0) {
        kill(rig->engine, SIGKILL);
        waitpid(rig->engine, NULL, 0);
    }
    rig->engine = 0;
}

static void
tear_down(struct rig *rig)
{
    stop_engine(rig);
    upstream_free(rig->services.upstream);
    reaper_free(rig->services.reaper);
    config_unref(rig->config);
    event_base_free(rig->base);
}

/* One connection from accept to close; true when the client got an answer. */
static bool
serve_one(struct rig *rig, const char *request)
{
    static const struct client_handler client_handler = {.closed = on_closed};
    int pair[2];
    char answer[4096];
    size_t length = 0;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    rig->closed = false;
    assert_true(write(pair[1], request, strlen(request)) == (ssize_t)strlen(request));
    shutdown(pair[1], SHUT_WR);
    const struct client_origin origin = {.fd = pair[0], .name = "test", .is_local = true};
    if (client_new(&rig->services, rig->config, &rig->config->listeners[0], &origin, &client_handler, rig) == NULL)
        rig->closed = true;
    for (int turn = 0; !rig->closed && turn < TURNS_MAX; turn++) {
        struct pollfd loop = {.fd = pair[1], .events = POLLIN};
        event_base_loop(rig->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
        poll(&loop, 1, rig->closed ? 0 : TURN_MILLISECONDS);
        ssize_t more = recv(pair[1], answer + length, sizeof(answer) - length, 0);
        length += more > 0 ? (size_t)more : 0;
        if (more == 0)
            event_base_loop(rig->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
    }
    /* The reaper's turn. */
    event_base_loop(rig->base, EVLOOP_NONBLOCK);
    close(pair[1]);
    return length > 0;
}

static void
check(const char *request, bool with_engine)
{
    struct rig rig = {0};
    set_up(&rig);
    if (!with_engine)
        stop_engine(&rig);
    /* What the loop makes once for all connections is made now. */
    assert_true(serve_one(&rig, request));
    assert_true(serve_one(&rig, request));
    long live = allocations.live;
    unsigned failures = 0;
    for (unsigned number = 1; number < ALLOCATIONS_MAX; number++) {
        allocations.countdown = number;
        allocations.failed = false;
        serve_one(&rig, request);
        bool failed = allocations.failed;
        allocations.countdown = 0;
        if (!rig.closed)
            fail_msg("with allocation %u failed the connection was left open", number);
        if (allocations.live != live)
            fail_msg("with allocation %u failed %ld blocks were left", number, allocations.live - live);
        if (!failed)
            break;
        failures++;
    }
    assert_true(failures >= 2); /* at least client and transport */
    assert_true(failures < ALLOCATIONS_MAX - 1);
    assert_true(serve_one(&rig, request));
    tear_down(&rig);
}

static void
check_request(const char *request)
{
    check(request, true);
}

static void
a_get_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("GET /containers/json HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void
a_refusal_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("POST /swarm/init HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd");
}

static void
an_upload_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("POST /images/load HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n");
}

static void
a_tunnel_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("POST /containers/a/attach HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello");
}

static void
a_malformed_head_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("GET /containers/json HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
}

static void
a_body_that_is_collected_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("POST /exec/a/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n");
}

static void
an_expected_100_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("POST /images/load HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd");
}

static void
an_answer_without_its_chunks_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_request("GET /containers/json HTTP/1.0\r\n\r\n");
}

static void
two_requests_in_a_row_survive_each_failed_allocation(void **state)
{
    (void)state;
    check_request("GET /containers/json HTTP/1.1\r\nHost: a\r\n\r\nGET /swarm HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void
a_missing_engine_survives_each_failed_allocation(void **state)
{
    (void)state;
    check("POST /images/load HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n", false);
}

/* Settings as a start and a reload read them: refused or taken, nothing is left. `path` is NULL for the environment. */
static struct config *
read_settings(const char *path)
{
    char *environment[] = {"CONTAINERS=1",      "POST=1",        "LISTEN=tcp://127.0.0.1:0,unix:/tmp/a.sock",
                           "DIALECT=tecnativa", "LOG_LEVEL=err", NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    return path != NULL ? config_from_file(path, environment, problem) : config_from_environment(environment, problem);
}

static void
check_settings(const char *path)
{
    unsigned failures = 0;
    bool failed = true;
    config_unref(read_settings(path));
    long live = allocations.live;
    for (unsigned number = 1; failed && number < ALLOCATIONS_MAX; number++) {
        allocations.countdown = number;
        allocations.failed = false;
        struct config *config = read_settings(path);
        failed = allocations.failed;
        allocations.countdown = 0;
        assert_true(failed || config != NULL);
        config_unref(config);
        if (allocations.live != live)
            fail_msg("with allocation %u failed %ld blocks were left", number, allocations.live - live);
        failures += failed;
    }
    assert_true(failures > 2 && !failed);
}

static void
settings_survive_each_failed_allocation(void **state)
{
    (void)state;
    check_settings(NULL);
}

static void
a_file_survives_each_failed_allocation(void **state)
{
    (void)state;
    check_settings(TEST_DATA_DIR "/../examples/sockwarden.ini");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_survives_each_failed_allocation),
        cmocka_unit_test(a_refusal_survives_each_failed_allocation),
        cmocka_unit_test(an_upload_survives_each_failed_allocation),
        cmocka_unit_test(a_tunnel_survives_each_failed_allocation),
        cmocka_unit_test(a_malformed_head_survives_each_failed_allocation),
        cmocka_unit_test(a_body_that_is_collected_survives_each_failed_allocation),
        cmocka_unit_test(an_expected_100_survives_each_failed_allocation),
        cmocka_unit_test(an_answer_without_its_chunks_survives_each_failed_allocation),
        cmocka_unit_test(two_requests_in_a_row_survive_each_failed_allocation),
        cmocka_unit_test(a_missing_engine_survives_each_failed_allocation),
        cmocka_unit_test(settings_survive_each_failed_allocation),
        cmocka_unit_test(a_file_survives_each_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
