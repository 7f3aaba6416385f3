#include "cli_health.h"
#include "complaint.h"
#include "config.h"
#include "health.h"
#include "json.h"
#include "options.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HEALTHY = 0, UNHEALTHY = 1, USAGE = 2, ANSWER_SIZE = 8192 };

struct question {
    const struct listener_config *listener;
    uint64_t deadline; /* in milliseconds of the monotonic clock */
    int fd;
    char answer[ANSWER_SIZE];
    size_t length;
};

static uint64_t
now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits until the descriptor can be used. False, with errno, at the deadline. */
static bool
await(const struct question *question, short events)
{
    struct pollfd polled = {.fd = question->fd, .events = events};
    for (;;) {
        uint64_t now = now_milliseconds();
        int left = now < question->deadline ? (int)(question->deadline - now) : 0;
        int ready = poll(&polled, 1, left);
        if (ready > 0)
            return true;
        if (ready < 0 && errno == EINTR)
            continue;
        errno = ready == 0 ? ETIMEDOUT : errno;
        return false;
    }
}

/* Where clients of this host reach the listener: any address by IPv4's loopback, for [::] may be 0.0.0.0 in truth. */
static struct address
reachable(const struct address *address)
{
    struct address reached = *address;
    if (address_is_unix(address) || !address_is_any(address))
        return reached;
    if (address->socket.ss_family == AF_INET6)
        address_to_ipv4_any(&reached);
    ((struct sockaddr_in *)&reached.socket)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return reached;
}

static bool
dial(struct question *question)
{
    struct address address = reachable(&question->listener->address);
    int error = 0;
    socklen_t size = sizeof(error);
    question->fd = socket(address.socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (question->fd < 0)
        return false;
    while (connect(question->fd, (const struct sockaddr *)&address.socket, address.length) != 0) {
        if (errno == EAGAIN && now_milliseconds() < question->deadline) {
            poll(NULL, 0, 5); /* a full backlog of a unix socket has no event to wait for */
            continue;
        }
        if (errno != EINPROGRESS || !await(question, POLLOUT))
            return false;
        if (getsockopt(question->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0)
            errno = error;
        return errno == 0;
    }
    return true;
}

static bool
ask(struct question *question)
{
    static const char request[] = "GET " HEALTH_TARGET " HTTP/1.1\r\nHost: sockwarden\r\nConnection: close\r\n\r\n";
    if (!dial(question) || send(question->fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != sizeof(request) - 1)
        return false;
    while (question->length < ANSWER_SIZE - 1) {
        if (!await(question, POLLIN))
            return false;
        ssize_t length = recv(question->fd, question->answer + question->length, ANSWER_SIZE - 1 - question->length, 0);
        if (length == 0)
            break;
        if (length < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        question->length += length > 0 ? (size_t)length : 0;
    }
    question->answer[question->length] = '\0';
    return true;
}

static int
report(const struct question *question, FILE *output)
{
    static const char mark[] = "sockwarden: ";
    bool healthy = strncmp(question->answer, "HTTP/1.1 200 ", 13) == 0;
    const char *body = strstr(question->answer, "\r\n\r\n");
    char *message = body != NULL ? json_message(body + 4) : NULL;
    bool ours = message != NULL && strncmp(message, mark, sizeof(mark) - 1) == 0;
    if (ours) {
        config_make_printable(message); /* whoever it is that answers, it does nothing to a terminal */
        fprintf(output, "%s%s\n", healthy ? "" : "unhealthy: ", message + sizeof(mark) - 1);
    } else {
        fprintf(output, "unhealthy: what answers at %s is not sockwarden\n", question->listener->address.name);
    }
    free(message);
    return ours && healthy ? HEALTHY : UNHEALTHY;
}

static int
refuse(FILE *errors, const char *text, const char *word)
{
    complaint_write(errors, "health", "%s%.64s", text, word);
    return USAGE;
}

static bool
has_known_port(const struct address *address)
{
    return address_is_unix(address) || !address_has_free_port(address);
}

bool
cli_health_can_ask(const struct listener_config *listener)
{
    return listener->address.passed[0] == '\0' && has_known_port(&listener->address);
}

int
cli_health(const struct listener_config *listener, const char *timeout, FILE *output, FILE *errors)
{
    uint64_t duration = 3000;
    struct question question = {.listener = listener, .fd = -1};
    if (timeout != NULL && (!config_parse_duration(timeout, &duration) || duration == 0 || duration > 3600000))
        return refuse(errors, "--timeout takes a time such as 500ms or 3s, 1h at most, but got: ", timeout);
    if (listener->address.passed[0] != '\0')
        return refuse(errors, "only the service manager knows where this listener is; name another with --listener: ",
                      listener->name);
    if (!has_known_port(&listener->address))
        return refuse(
            errors, "the port of this listener was chosen when it was opened and is not known here: ", listener->name);
    question.deadline = now_milliseconds() + duration;
    bool answered = ask(&question);
    int error = errno;
    if (question.fd >= 0)
        close(question.fd);
    if (answered)
        return report(&question, output);
    bool nobody = error == ECONNREFUSED || error == ENOENT;
    fprintf(output, "unhealthy: no answer at %s: %s%s\n", listener->address.name,
            error == ETIMEDOUT ? "it took too long" : strerror(error), nobody ? "; nobody listens there" : "");
    return UNHEALTHY;
}
