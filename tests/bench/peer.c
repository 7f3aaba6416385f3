/*
 * The two ends of a measurement, as one program, so that neither is the slower part: `peer engine PATH` plays an engine
 * on a unix socket, the other verbs play clients. What a client measured is one line of JSON on standard output.
 *
 *   engine PATH                  GET /export?bytes=N&chunked=1 → N bytes; PUT /…/archive → 200 once the body was read;
 *                                POST /…/attach → 101, then everything comes back; GET /events → a head, then silence
 *   download PORT BYTES CHUNKED  one answer of that size
 *   upload PORT BYTES CHUNKED    one body of that size
 *   tunnel PORT BYTES            so many bytes each way at once
 *   echo PORT COUNT              one byte there and back, COUNT times
 *   calls PORT COUNT PATH        COUNT calls of PATH, one after the other on one connection
 *   idle PORT COUNT              opens COUNT event streams, says how many it got, and holds them until standard input
 * ends
 *
 * Blocking sockets, a process a connection in the engine: simple, and the sizes of its reads and writes are large.
 */

#include <arpa/inet.h>
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
#include <time.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024, HEAD_MAX = 16 * 1024 };

static char block[BLOCK];

static void
fail(const char *what)
{
    perror(what);
    exit(1);
}

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = send(fd, bytes, length, MSG_NOSIGNAL);
        if (written <= 0)
            fail("send");
        bytes += written;
        length -= (size_t)written;
    }
}

static void
write_text(int fd, const char *text)
{
    write_all(fd, text, strlen(text));
}

/* Reads a head byte by byte, so that what follows stays in the socket. */
static void
read_head(int fd, char *head)
{
    size_t length = 0;
    head[0] = '\0';
    while (length < 4 || memcmp(head + length - 4, "\r\n\r\n", 4) != 0) {
        if (length == HEAD_MAX - 1 || recv(fd, head + length, 1, 0) != 1)
            exit(length == 0 ? 0 : 1);
        head[++length] = '\0';
    }
}

static void
write_body(int fd, unsigned long long bytes, bool chunked)
{
    char line[32];
    while (bytes > 0) {
        size_t length = bytes < BLOCK ? (size_t)bytes : BLOCK;
        if (chunked) {
            snprintf(line, sizeof(line), "%zx\r\n", length);
            write_text(fd, line);
        }
        write_all(fd, block, length);
        if (chunked)
            write_text(fd, "\r\n");
        bytes -= length;
    }
    if (chunked)
        write_text(fd, "0\r\n\r\n");
}

/* Reads until so many bytes came, or, without a number, until the last chunk stands at the end of what came. */
static unsigned long long
read_body(int fd, unsigned long long bytes, bool chunked)
{
    unsigned long long got = 0;
    char tail[5] = "";
    while (chunked || got < bytes) {
        ssize_t length = recv(fd, block, BLOCK, 0);
        if (length <= 0)
            fail("recv");
        got += (unsigned long long)length;
        if (!chunked)
            continue;
        size_t keep = length >= 5 ? 0 : 5 - (size_t)length;
        memmove(tail, tail + 5 - keep, keep);
        memcpy(tail + keep, block + (size_t)length - (5 - keep), 5 - keep);
        if (memcmp(tail, "0\r\n\r\n", 5) == 0)
            break;
    }
    return got;
}

/* ---- the engine ---- */

static void
send_back(int fd)
{
    ssize_t length;
    while ((length = recv(fd, block, BLOCK, 0)) > 0)
        write_all(fd, block, (size_t)length);
    shutdown(fd, SHUT_WR);
}

static unsigned long long
number_behind(const char *text, const char *word)
{
    const char *found = strcasestr(text, word);
    return found != NULL ? strtoull(found + strlen(word), NULL, 10) : 0;
}

static void
serve(int fd)
{
    static char head[HEAD_MAX];
    char answer[160];
    read_head(fd, head);
    bool chunked = strstr(head, "chunked=1") != NULL;
    if (strstr(head, "/attach") != NULL) {
        write_text(fd, "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
                       "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        send_back(fd);
    } else if (strncmp(head, "PUT", 3) == 0) {
        read_body(fd, number_behind(head, "Content-Length: "), strcasestr(head, "Transfer-Encoding") != NULL);
        write_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    } else {
        unsigned long long bytes = number_behind(head, "bytes=");
        snprintf(answer, sizeof(answer),
                 chunked ? "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nTransfer-Encoding: chunked\r\n\r\n"
                         : "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nContent-Length: %llu\r\n\r\n",
                 bytes);
        write_text(fd, answer);
        write_body(fd, bytes, chunked);
    }
}

/* Short calls and idle streams are many: they are answered, and watched, by the parent; the rest gets a process each.
 */
static void
take(int listening, int epoll)
{
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        fail("accept");
    if (recv(fd, block, 11, MSG_PEEK | MSG_WAITALL) == 11 && memcmp(block, "GET /_ping ", 11) == 0) {
        /* As fast as can be, so that the proxy is what limits a chain; one that was just stopped takes no answer. */
        static const char answer[] =
            "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 2\r\nConnection: close\r\n\r\nOK";
        static char head[HEAD_MAX];
        if (recv(fd, head, sizeof(head), 0) > 0)
            send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
        close(fd);
        return;
    }
    if (recv(fd, block, 12, MSG_PEEK | MSG_WAITALL) == 12 && memcmp(block, "GET /events ", 12) == 0) {
        static char head[HEAD_MAX];
        struct epoll_event gone = {.events = EPOLLIN, .data = {.fd = fd}};
        read_head(fd, head);
        write_text(fd, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &gone);
        return;
    }
    if (fork() == 0) {
        close(listening);
        serve(fd);
        exit(0);
    }
    close(fd);
}

static void
engine(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    umask(0); /* for proxies that give up root, too */
    if (listening < 0 || bind(listening, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listening, 4096) != 0)
        fail(path);
    signal(SIGCHLD, SIG_IGN);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listening}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listening, &event);
    puts("{\"listening\":true}");
    fflush(stdout);
    while (epoll_wait(epoll, &event, 1, -1) >= 0) {
        if (event.data.fd == listening)
            take(listening, epoll);
        else
            close(event.data.fd); /* nothing is expected on an event stream but its end */
    }
}

/* ---- clients ---- */

static int
dial(const char *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return fd;
}

/* Ends with 1 unless the answer has this status. */
static void
expect(int fd, const char *status)
{
    static char head[HEAD_MAX];
    read_head(fd, head);
    if (strncmp(head + strlen("HTTP/1.1 "), status, 3) != 0) {
        fprintf(stderr, "wanted %s, got: %s", status, head);
        exit(1);
    }
}

static void
report_rate(unsigned long long bytes, double began)
{
    double took = seconds() - began;
    printf("{\"bytes\":%llu,\"seconds\":%.6f,\"mb_per_second\":%.1f}\n", bytes, took, (double)bytes / took / 1e6);
}

static void
download(const char *port, unsigned long long bytes, bool chunked)
{
    char request[160];
    int fd = dial(port);
    double began = seconds();
    snprintf(request, sizeof(request), "GET /containers/a/export?bytes=%llu&chunked=%d HTTP/1.1\r\nHost: a\r\n\r\n",
             bytes, chunked);
    write_text(fd, request);
    expect(fd, "200");
    read_body(fd, bytes, chunked);
    report_rate(bytes, began);
}

static void
upload(const char *port, unsigned long long bytes, bool chunked)
{
    char request[240];
    int fd = dial(port);
    double began = seconds();
    snprintf(request, sizeof(request),
             chunked ? "PUT /containers/a/archive?path=/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-tar\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n"
                     : "PUT /containers/a/archive?path=/ HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-tar\r\n"
                       "Content-Length: %llu\r\n\r\n",
             bytes);
    write_text(fd, request);
    write_body(fd, bytes, chunked);
    expect(fd, "200");
    report_rate(bytes, began);
}

static void
calls(const char *port, unsigned long long count, const char *path)
{
    char request[240];
    char head[HEAD_MAX];
    int fd = dial(port);
    double began = seconds();
    snprintf(request, sizeof(request),
             "GET %s HTTP/1.1\r\nHost: a\r\nUser-Agent: Docker-Client/20.10.24 (linux)\r\nAccept: */*\r\n\r\n", path);
    for (unsigned long long i = 0; i < count; i++) {
        write_text(fd, request);
        read_head(fd, head);
        read_body(fd, number_behind(head, "Content-Length: "), false);
    }
    printf("{\"calls\":%llu,\"us_per_call\":%.2f}\n", count, (seconds() - began) / (double)count * 1e6);
}

static int
attach(const char *port)
{
    int fd = dial(port);
    write_text(fd, "POST /containers/a/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                   "Upgrade: tcp\r\n\r\n");
    expect(fd, "101");
    return fd;
}

static void
tunnel(const char *port, unsigned long long bytes)
{
    int fd = attach(port);
    double began = seconds();
    pid_t child = fork();
    if (child == 0) {
        write_body(fd, bytes, false);
        shutdown(fd, SHUT_WR);
        _exit(0);
    }
    read_body(fd, bytes, false);
    if (recv(fd, block, 1, 0) != 0)
        fail("the end of the tunnel");
    report_rate(bytes, began);
}

static int
compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void
echo(const char *port, size_t count)
{
    double *took = calloc(count, sizeof(*took));
    int fd = attach(port);
    char byte = 'a';
    for (size_t i = 0; took != NULL && i < count; i++) {
        double began = seconds();
        write_all(fd, &byte, 1);
        if (recv(fd, &byte, 1, 0) != 1)
            fail("recv");
        took[i] = seconds() - began;
    }
    qsort(took, count, sizeof(*took), compare);
    printf("{\"p50_us\":%.2f,\"p99_us\":%.2f}\n", took[count / 2] * 1e6, took[count * 99 / 100] * 1e6);
    free(took);
}

/*
 * All are asked for before the first answer is read: HAProxy holds the head of a stream back for 200 ms, in case that
 * more comes. A proxy that takes no more is waited for a moment only: what it holds by then counts.
 */
static void
idle(const char *port, size_t count)
{
    struct timeval patience = {.tv_sec = 3};
    int *streams = calloc(count, sizeof(*streams));
    size_t held = 0;
    for (size_t i = 0; streams != NULL && i < count; i++) {
        streams[i] = dial(port);
        setsockopt(streams[i], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        write_text(streams[i], "GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    }
    while (streams != NULL && held < count && recv(streams[held], block, BLOCK, 0) > 0)
        held++;
    printf("{\"open\":%zu}\n", held);
    fflush(stdout);
    while (read(STDIN_FILENO, block, 1) > 0) {
    }
    free(streams);
}

int
main(int argc, char *argv[])
{
    const char *verb = argc > 2 ? argv[1] : "";
    unsigned long long number = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
    bool chunked = argc > 4 && argv[4][0] == '1';
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    memset(block, 'a', sizeof(block));
    if (strcmp(verb, "engine") == 0)
        engine(argv[2]);
    else if (strcmp(verb, "download") == 0)
        download(argv[2], number, chunked);
    else if (strcmp(verb, "upload") == 0)
        upload(argv[2], number, chunked);
    else if (strcmp(verb, "tunnel") == 0)
        tunnel(argv[2], number);
    else if (strcmp(verb, "echo") == 0 && number > 0)
        echo(argv[2], (size_t)number);
    else if (strcmp(verb, "calls") == 0 && argc > 4)
        calls(argv[2], number, argv[4]);
    else if (strcmp(verb, "idle") == 0)
        idle(argv[2], (size_t)number);
    else
        return 2;
    return 0;
}
