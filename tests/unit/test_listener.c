/* Listening sockets: what is replaced, what is left alone, what is told about clients. */

#include "proxy/listener.h"
#include "support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct fixture {
    struct loop loop;
    char folder[64];
    char path[96];
    struct address address; /* unix:path */
    struct listener *listener;
    char problem[LISTENER_PROBLEM_SIZE];
    int accepted;
    int fd;
    char name[128];
    int exhausted;
};

static void
on_accepted(void *owner, int fd, const struct sockaddr *peer, const char *name)
{
    (void)peer;
    struct fixture *fixture = owner;
    fixture->accepted++;
    snprintf(fixture->name, sizeof(fixture->name), "%s", name);
    if (fixture->fd >= 0)
        close(fixture->fd);
    fixture->fd = fd;
}

static void
on_exhausted(void *owner, int error)
{
    struct fixture *fixture = owner;
    fixture->exhausted = error;
    listener_pause(fixture->listener, true);
}

static const struct listener_handler handler = {.accepted = on_accepted, .exhausted = on_exhausted};

static int
set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    char text[128];
    const char *problem = NULL;
    loop_open(&fixture->loop);
    strcpy(fixture->folder, "/tmp/sockwarden-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof(fixture->path), "%s/s.sock", fixture->folder);
    snprintf(text, sizeof(text), "unix:%s", fixture->path);
    assert_true(address_parse_listen(text, &fixture->address, &problem));
    fixture->fd = -1;
    *state = fixture;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *fixture = *state;
    listener_free(fixture->listener);
    if (fixture->fd >= 0)
        close(fixture->fd);
    loop_close(&fixture->loop);
    unlink(fixture->path);
    rmdir(fixture->path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static bool
listen_at(struct fixture *fixture, const struct address *address)
{
    memset(fixture->problem, 0, sizeof(fixture->problem));
    fixture->listener = listener_new(fixture->loop.base, address, false, 30000, &handler, fixture, fixture->problem);
    return fixture->listener != NULL;
}

static struct address
parse(const char *text)
{
    struct address address;
    const char *problem = NULL;
    CHECK(text, address_parse_listen(text, &address, &problem));
    return address;
}

static int
open_client(const struct address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (connect(fd, (const struct sockaddr *)&address->socket, address->length) == 0)
        return fd;
    close(fd);
    return -1;
}

/* A socket file at the fixture's path that another one made; it listens with a backlog of 0 or more. */
static int
bind_foreign(struct fixture *fixture, int type, int backlog)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&fixture->address.socket, fixture->address.length), 0);
    if (backlog >= 0)
        assert_int_equal(listen(fd, backlog), 0);
    return fd;
}

static bool
exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

static void
a_client_of_a_unix_socket_is_accepted(void **state)
{
    struct fixture *fixture = *state;
    struct stat status;
    assert_true(listen_at(fixture, &fixture->address));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_true(S_ISSOCK(status.st_mode));
    assert_int_equal(status.st_mode & 07777, 0660);
    assert_string_equal(listener_address(fixture->listener)->name, fixture->address.name);
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    RUN_UNTIL(&fixture->loop, fixture->accepted == 1);
    char expected[64];
    snprintf(expected, sizeof(expected), "uid:%u,pid:%d", getuid(), getpid());
    assert_string_equal(fixture->name, expected);
    assert_true(fcntl(fixture->fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fixture->fd, F_GETFD) & FD_CLOEXEC);
    close(client);
}

static void
the_file_is_removed_with_the_listener(void **state)
{
    struct fixture *fixture = *state;
    assert_true(listen_at(fixture, &fixture->address));
    assert_true(exists(fixture->path));
    listener_free(fixture->listener);
    fixture->listener = NULL;
    assert_false(exists(fixture->path));
    listener_free(NULL);
}

static void
a_foreign_file_in_its_place_is_not_removed(void **state)
{
    struct fixture *fixture = *state;
    assert_true(listen_at(fixture, &fixture->address));
    char aside[128];
    snprintf(aside, sizeof(aside), "%s.aside", fixture->path);
    assert_int_equal(rename(fixture->path, aside), 0); /* its inode stays in use */
    int other = bind_foreign(fixture, SOCK_STREAM, 1);
    listener_free(fixture->listener);
    fixture->listener = NULL;
    assert_true(exists(fixture->path));
    assert_true(exists(aside));
    unlink(aside);
    close(other);
}

static void
a_file_that_is_gone_already_is_no_matter(void **state)
{
    struct fixture *fixture = *state;
    assert_true(listen_at(fixture, &fixture->address));
    assert_int_equal(unlink(fixture->path), 0);
    listener_free(fixture->listener);
    fixture->listener = NULL;
    assert_false(exists(fixture->path));
}

static void
a_stale_file_is_replaced(void **state)
{
    struct fixture *fixture = *state;
    close(bind_foreign(fixture, SOCK_STREAM, 1));
    assert_true(exists(fixture->path));
    assert_true(listen_at(fixture, &fixture->address));
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    RUN_UNTIL(&fixture->loop, fixture->accepted == 1);
    close(client);
}

static void
a_live_socket_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    int other = bind_foreign(fixture, SOCK_STREAM, 4);
    assert_false(listen_at(fixture, &fixture->address));
    assert_non_null(strstr(fixture->problem, "another listener of this process listens there"));
    assert_non_null(strstr(fixture->problem, fixture->address.name));
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    close(client);
    close(other);
}

static void
a_live_socket_with_a_full_backlog_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    int other = bind_foreign(fixture, SOCK_STREAM, 0);
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    assert_false(listen_at(fixture, &fixture->address));
    assert_non_null(strstr(fixture->problem, "another listener of this process listens there"));
    assert_true(exists(fixture->path));
    close(client);
    close(other);
}

static void
a_datagram_socket_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    int other = bind_foreign(fixture, SOCK_DGRAM, -1);
    assert_false(listen_at(fixture, &fixture->address));
    assert_true(exists(fixture->path));
    close(other);
}

static void
what_is_no_socket_is_left_alone(void **state)
{
    struct fixture *fixture = *state;
    int file = open(fixture->path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    close(file);
    assert_false(listen_at(fixture, &fixture->address));
    assert_non_null(strstr(fixture->problem, "is there, and no socket"));
    assert_true(exists(fixture->path));
    assert_int_equal(unlink(fixture->path), 0);

    assert_int_equal(mkdir(fixture->path, 0700), 0);
    assert_false(listen_at(fixture, &fixture->address));
    assert_non_null(strstr(fixture->problem, "is there, and no socket"));
    assert_int_equal(rmdir(fixture->path), 0);

    assert_int_equal(symlink("/nowhere", fixture->path), 0);
    assert_false(listen_at(fixture, &fixture->address));
    assert_non_null(strstr(fixture->problem, "is there, and no socket"));
    assert_true(exists(fixture->path));
}

static void
a_missing_folder_is_named(void **state)
{
    struct fixture *fixture = *state;
    char text[128];
    snprintf(text, sizeof(text), "unix:%s/none/s.sock", fixture->folder);
    struct address address = parse(text);
    assert_false(listen_at(fixture, &address));
    assert_non_null(strstr(fixture->problem, text));
    assert_non_null(strstr(fixture->problem, "/none does not exist; make it"));
}

/* In a process of its own, which may not remove the stale file: exits 0 when the problem says so. */
static void
try_without_permission(struct fixture *fixture)
{
    if (geteuid() == 0 && (setegid(65534) != 0 || seteuid(65534) != 0))
        _exit(2);
    bool listens = listen_at(fixture, &fixture->address);
    bool told = strstr(fixture->problem, fixture->address.name) != NULL &&
                strstr(fixture->problem, "Permission denied") != NULL;
    _exit(listens ? 3 : told ? 0 : 4);
}

static void
a_stale_file_that_may_not_be_removed_is_told(void **state)
{
    struct fixture *fixture = *state;
    close(bind_foreign(fixture, SOCK_STREAM, 1));
    assert_int_equal(chmod(fixture->path, 0777), 0);
    assert_int_equal(chmod(fixture->folder, 0555), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        try_without_permission(fixture);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(chmod(fixture->folder, 0700), 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void
port_0_becomes_the_port_of_the_kernel_and_clients_are_named(void **state)
{
    struct fixture *fixture = *state;
    struct address address = parse("tcp://127.0.0.1:0");
    assert_true(listen_at(fixture, &address));
    const struct address *real = listener_address(fixture->listener);
    assert_string_not_equal(real->name, "tcp://127.0.0.1:0");
    int client = open_client(real);
    assert_true(client >= 0);
    RUN_UNTIL(&fixture->loop, fixture->accepted == 1);
    struct sockaddr_in local;
    socklen_t length = sizeof(local);
    char expected[64];
    assert_int_equal(getsockname(client, (struct sockaddr *)&local, &length), 0);
    snprintf(expected, sizeof(expected), "127.0.0.1:%u", ntohs(local.sin_port));
    assert_string_equal(fixture->name, expected);
    close(client);
}

static void
the_any_address_of_ipv6_takes_ipv4_with_or_without_ipv6(void **state)
{
    struct fixture *fixture = *state;
    struct address address = parse("tcp://[::]:0");
    assert_true(listen_at(fixture, &address));
    const struct address *real = listener_address(fixture->listener);
    const char *port = strrchr(real->name, ':');
    char text[64];
    snprintf(text, sizeof(text), "tcp://127.0.0.1%s", port);
    address = parse(text);
    int client = open_client(&address);
    assert_true(client >= 0);
    RUN_UNTIL(&fixture->loop, fixture->accepted == 1);
    assert_memory_equal(fixture->name, "127.0.0.1:", 10);
    close(client);
}

static void
a_port_in_use_is_told_with_its_mend(void **state)
{
    struct fixture *fixture = *state;
    struct address address = parse("tcp://127.0.0.1:0");
    assert_true(listen_at(fixture, &address));
    struct listener *first = fixture->listener;
    address = *listener_address(first);
    assert_false(listen_at(fixture, &address));
    fixture->listener = first;
    assert_non_null(strstr(fixture->problem, address.name));
    assert_non_null(strstr(fixture->problem, "the address is in use by another listener of this process"));
}

static void
while_paused_clients_wait_and_are_accepted_later(void **state)
{
    struct fixture *fixture = *state;
    assert_true(listen_at(fixture, &fixture->address));
    listener_pause(fixture->listener, true);
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    loop_settle(&fixture->loop);
    assert_int_equal(fixture->accepted, 0);
    listener_pause(fixture->listener, false);
    RUN_UNTIL(&fixture->loop, fixture->accepted == 1);
    close(client);
}

static void
want_of_descriptors_is_told_and_passes(void **state)
{
    struct fixture *fixture = *state;
    struct rlimit limit;
    assert_true(listen_at(fixture, &fixture->address));
    int client = open_client(&fixture->address);
    assert_true(client >= 0);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    int next = dup(client);
    close(next);
    struct rlimit none = {.rlim_cur = (rlim_t)next, .rlim_max = limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (int turn = 0; turn < 100 && fixture->exhausted == 0; turn++)
        event_base_loop(fixture->loop.base, EVLOOP_NONBLOCK);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(fixture->exhausted, EMFILE);
    assert_int_equal(fixture->accepted, 0);
    listener_pause(fixture->listener, false);
    int later = open_client(&fixture->address); /* valgrind, which plays the limit, loses the first one */
    assert_true(later >= 0);
    RUN_UNTIL(&fixture->loop, fixture->accepted >= 1);
    close(client);
    close(later);
}

int
main(void)
{
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_client_of_a_unix_socket_is_accepted),
        WITH_FIXTURE(the_file_is_removed_with_the_listener),
        WITH_FIXTURE(a_foreign_file_in_its_place_is_not_removed),
        WITH_FIXTURE(a_file_that_is_gone_already_is_no_matter),
        WITH_FIXTURE(a_stale_file_is_replaced),
        WITH_FIXTURE(a_live_socket_is_left_alone),
        WITH_FIXTURE(a_live_socket_with_a_full_backlog_is_left_alone),
        WITH_FIXTURE(a_datagram_socket_is_left_alone),
        WITH_FIXTURE(what_is_no_socket_is_left_alone),
        WITH_FIXTURE(a_missing_folder_is_named),
        WITH_FIXTURE(a_stale_file_that_may_not_be_removed_is_told),
        WITH_FIXTURE(port_0_becomes_the_port_of_the_kernel_and_clients_are_named),
        WITH_FIXTURE(the_any_address_of_ipv6_takes_ipv4_with_or_without_ipv6),
        WITH_FIXTURE(a_port_in_use_is_told_with_its_mend),
        WITH_FIXTURE(while_paused_clients_wait_and_are_accepted_later),
        WITH_FIXTURE(want_of_descriptors_is_told_and_passes),
    };
    return cmocka_run_group_tests_name("listener", tests, NULL, NULL);
}
