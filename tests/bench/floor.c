/*
 * The least that any proxy can take: the system calls of a call and nothing else. It judges nothing, parses nothing but
 * where an answer ends, logs nothing, and passes bytes on as they come.
 *
 *   floor ENGINE PORT PATH [kept]
 *
 * It listens on a port of loopback and at a path. A call costs recv, socket, connect, send, epoll_ctl, recv, send and
 * close; with `kept`, connections to the engine stay and are used again, which costs recv, send, recv, send. A call for
 * the path that the measurements have refused gets a fixed 403: recv, send. It is no proxy: a request must come in one
 * piece.
 */

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024, EVENTS = 64, FILES = 32768 };

#define REFUSED "GET /secrets "
#define ANSWER                                                                                                         \
    "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: "                                     \
    "22\r\n\r\n{\"message\":\"refused\"}\n"

enum role { UNUSED, LISTENING, CLIENT, ENGINE };

/* By descriptor. `peer` is the other end of an exchange that is under way; `rest` what is to come of its answer. */
static struct {
    enum role role;
    int peer;
    long rest;
} ends[FILES];

static struct sockaddr_un engine = {.sun_family = AF_UNIX};
static char block[BLOCK];
static int epoll;
static bool keeps;
static int kept[FILES];
static int kept_count;

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static void
watch(int fd, enum role role, int peer)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    ends[fd].role = role;
    ends[fd].peer = peer;
    ends[fd].rest = -1;
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* What a socket does not take at once (a client that reads slowly) is waited for: there is none in the measurements. */
static void
pass(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void
ask(int client, size_t length)
{
    int fd = kept_count > 0 ? kept[--kept_count] : -1;
    bool fresh = fd < 0;
    if (fresh) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&engine, sizeof(engine)) != 0)
            fail("connect");
    }
    pass(fd, block, length);
    if (fresh)
        watch(fd, ENGINE, client);
    ends[fd].peer = client;
    ends[fd].rest = -1;
    ends[client].peer = fd;
}

static void
on_client(int fd)
{
    ssize_t length = recv(fd, block, sizeof(block), MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        if (ends[fd].peer >= 0)
            close(ends[fd].peer);
        close(fd);
    } else if (memcmp(block, REFUSED, sizeof(REFUSED) - 1) == 0) {
        pass(fd, ANSWER, sizeof(ANSWER) - 1);
    } else {
        ask(fd, (size_t)length);
    }
}

/* What is still to come of an answer whose first piece this is; without a length, until its last chunk. */
static long
rest_of(const char *piece)
{
    const char *number = strstr(piece, "Content-Length: ");
    const char *body = strstr(piece, "\r\n\r\n");
    if (number == NULL || body == NULL)
        return LONG_MAX;
    return body + 4 - piece + atol(number + strlen("Content-Length: "));
}

/* A stream ends with its connection; one that was kept is kept no longer. */
static void
end_engine(int fd)
{
    if (ends[fd].rest > 0 && ends[ends[fd].peer].peer == fd) {
        shutdown(ends[fd].peer, SHUT_WR);
        ends[ends[fd].peer].peer = -1;
    }
    for (int i = 0; i < kept_count; i++)
        if (kept[i] == fd)
            kept[i] = kept[--kept_count];
    close(fd);
}

static void
on_engine(int fd)
{
    int client = ends[fd].peer;
    ssize_t length = recv(fd, block, sizeof(block) - 1, MSG_DONTWAIT);
    if (length < 0 && errno == EAGAIN)
        return;
    if (length <= 0) {
        end_engine(fd);
        return;
    }
    block[length] = '\0';
    if (ends[fd].rest < 0)
        ends[fd].rest = rest_of(block);
    ends[fd].rest -= length;
    pass(client, block, (size_t)length);
    bool last_chunk = length > 4 && memcmp(block + length - 5, "0\r\n\r\n", 5) == 0;
    if (ends[fd].rest > 0 && !last_chunk)
        return;
    ends[client].peer = -1;
    if (keeps)
        kept[kept_count++] = fd;
    else
        close(fd);
}

static void
take(int listening)
{
    int one = 1;
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (ends[listening].peer == AF_INET)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    watch(fd, CLIENT, -1);
}

static void
listen_at(int family, const struct sockaddr *address, socklen_t length)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, address, length) != 0 || listen(fd, 4096) != 0)
        fail("listen");
    watch(fd, LISTENING, family);
}

int
main(int argc, char *argv[])
{
    struct epoll_event events[EVENTS];
    struct rlimit files = {FILES, FILES};
    struct sockaddr_in port = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_un path = {.sun_family = AF_UNIX};
    if (argc < 4)
        return 2;
    keeps = argc > 4;
    setrlimit(RLIMIT_NOFILE, &files);
    snprintf(engine.sun_path, sizeof(engine.sun_path), "%s", argv[1]);
    port.sin_port = htons((uint16_t)atoi(argv[2]));
    snprintf(path.sun_path, sizeof(path.sun_path), "%s", argv[3]);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    unlink(path.sun_path);
    umask(0);
    listen_at(AF_INET, (struct sockaddr *)&port, sizeof(port));
    listen_at(AF_UNIX, (struct sockaddr *)&path, sizeof(path));
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (ends[fd].role == LISTENING)
                take(fd);
            else if (ends[fd].role == CLIENT)
                on_client(fd);
            else
                on_engine(fd);
        }
    }
}
