#include "upstream.h"
#include "confine.h"
#include "log.h"
#include "reaper.h"
#include "tcp.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CAUSE_SIZE = 330,
    BACKLOG_RETRY_MILLISECONDS = 5, /* a unix socket with a full backlog has no event to wait for */
};

struct upstream {
    struct event_base *base;
    struct reaper *reaper;
    struct address address;
    uint64_t connect_timeout;
    uint64_t keepalive;
    struct dial *probe; /* on its way, or NULL */
    int trouble;        /* the errno that was logged last, 0 while the engine answers */
};

struct dial {
    struct reaper_entry dead;
    struct upstream *upstream;
    struct event connected; /* the TCP handshake */
    struct event retry;     /* the full backlog */
    struct event deadline;
    int fd;
    void (*done)(void *owner, const struct dial_result *result);
    void *owner;
};

static struct timeval
milliseconds(uint64_t duration)
{
    return (struct timeval){.tv_sec = (time_t)(duration / 1000), .tv_usec = (suseconds_t)(duration % 1000) * 1000};
}

/* Which folder on the way to the socket lets the process not through. */
static void
explain_folder(const char *path, char *text, size_t size)
{
    char folder[sizeof(((struct address *)NULL)->path)];
    struct stat closed = {0};
    struct stat status;
    size_t last = 1;
    stat("/", &closed);
    for (size_t length = 1; path[length - 1] != '\0'; length++) {
        if (path[length] != '/' && path[length] != '\0')
            continue;
        snprintf(folder, sizeof(folder), "%.*s", (int)length, path);
        if (stat(folder, &status) != 0)
            break;
        closed = status;
        last = length;
    }
    snprintf(text, size,
             "permission denied: the folder %.*s above the socket, mode %04o of %u:%u, is closed to the process, which "
             "has uid %u and gid %u",
             (int)last, path, (unsigned)closed.st_mode & 07777, (unsigned)closed.st_uid, (unsigned)closed.st_gid,
             (unsigned)geteuid(), (unsigned)getegid());
}

/* For a refused permission, says which group opens the socket, so that the operator need not look. */
static void
explain_permission(const struct address *address, char *text, size_t size)
{
    struct stat status;
    if (address->path[0] == '\0') {
        snprintf(text, size, "permission denied%s", confine_hint(EACCES));
        return;
    }
    if (stat(address->path, &status) != 0) {
        explain_folder(address->path, text, size);
        return;
    }
    if ((status.st_mode & S_IWGRP) == 0) {
        snprintf(text, size,
                 "permission denied: the socket has mode %04o, so its owner alone may open it, and the process has uid "
                 "%u; run it as uid %u (--user %u, or User=) or as root",
                 (unsigned)status.st_mode & 07777, (unsigned)geteuid(), (unsigned)status.st_uid,
                 (unsigned)status.st_uid);
        return;
    }
    const struct group *group = getgrgid(status.st_gid);
    char mend[96] = "restart it, for it gave up root when it had started";
    if (!confine_gave_up_root())
        snprintf(mend, sizeof(mend), "give it that group (--group-add %u, or SupplementaryGroups=)",
                 (unsigned)status.st_gid);
    snprintf(text, size,
             "permission denied: the socket has mode %04o and belongs to gid %u (%s), the process has uid %u and gid "
             "%u; %s",
             (unsigned)status.st_mode & 07777, (unsigned)status.st_gid, group != NULL ? group->gr_name : "no name",
             (unsigned)geteuid(), (unsigned)getegid(), mend);
}

static void
explain(const struct address *address, int error, char *text, size_t size)
{
    struct stat status;
    bool found = address->path[0] != '\0' && stat(address->path, &status) == 0;
    if (error == EACCES || error == EPERM)
        explain_permission(address, text, size);
    else if (found && S_ISDIR(status.st_mode))
        snprintf(text, size,
                 "the path is a directory, not a socket (a container engine makes one when it mounts a "
                 "path that is missing)");
    else if (found && !S_ISSOCK(status.st_mode))
        snprintf(text, size, "the path is no socket");
    else if (error == ENOENT)
        snprintf(text, size, "no such file: the engine is not running, or its socket is not mounted here");
    else if (error == ECONNREFUSED && found && status.st_nlink == 0)
        snprintf(
            text, size,
            "connection refused: this socket file was mounted from an engine that was restarted since, and is gone "
            "outside; restart this container (mount the socket's directory rather than the file)");
    else if (error == ECONNREFUSED)
        snprintf(text, size,
                 "connection refused: the engine is not running, or this is the socket file of one that "
                 "was restarted (mount the socket's directory rather than the file)");
    else
        snprintf(text, size, "%s", strerror(error));
}

static void
report_failure(struct upstream *upstream, int error, struct dial_result *result)
{
    char cause[CAUSE_SIZE];
    explain(&upstream->address, error, cause, sizeof(cause));
    result->fd = -1;
    /* An engine that accepts and resets at once may do so before the handshake is seen here: it is there, and broken.
     */
    result->status = error == ETIMEDOUT ? 504 : error == ECONNRESET ? 502 : 503;
    snprintf(result->problem, sizeof(result->problem), "cannot connect to %s: %s", upstream->address.name, cause);
    /* Our own shortage says nothing about the engine. */
    bool own = error == EMFILE || error == ENFILE || error == ENOMEM;
    if (!own && upstream->trouble != error) {
        upstream->trouble = error;
        log_text(LOG_LEVEL_ERR, "engine", "%s", result->problem);
    } else if (own) {
        log_text(LOG_LEVEL_WARNING, "engine", "%s", result->problem);
    }
}

static void
report_success(struct upstream *upstream)
{
    if (upstream->trouble == 0)
        return;
    upstream->trouble = 0;
    log_text(LOG_LEVEL_NOTICE, "engine", "%s answers again", upstream->address.name);
}

static void
free_dial(struct reaper_entry *entry)
{
    free(entry);
}

static void
stop_dial(struct dial *dial)
{
    event_del(&dial->connected);
    event_del(&dial->retry);
    event_del(&dial->deadline);
    reaper_take(dial->upstream->reaper, &dial->dead, free_dial);
}

/* Ends a dial and tells its owner, last. `error` is 0 for success. */
static void
finish(struct dial *dial, int error)
{
    struct dial_result result = {.fd = dial->fd};
    if (error == 0) {
        report_success(dial->upstream);
    } else {
        if (dial->fd >= 0)
            close(dial->fd);
        report_failure(dial->upstream, error, &result);
    }
    stop_dial(dial);
    dial->done(dial->owner, &result);
}

static void
on_connected(evutil_socket_t fd, short what, void *argument)
{
    (void)what;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    finish(argument, error);
}

static void
on_retry(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct dial *dial = argument;
    const struct address *address = &dial->upstream->address;
    struct timeval delay = milliseconds(BACKLOG_RETRY_MILLISECONDS);
    if (connect(dial->fd, (const struct sockaddr *)&address->socket, address->length) == 0)
        finish(dial, 0);
    else if (errno == EAGAIN)
        event_add(&dial->retry, &delay);
    else
        finish(dial, errno);
}

static void
on_deadline(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    finish(argument, ETIMEDOUT);
}

static struct dial *
wait_for(struct upstream *upstream, int fd, int error, void (*done)(void *, const struct dial_result *), void *owner)
{
    struct dial *dial = calloc(1, sizeof(*dial));
    if (dial == NULL)
        return NULL;
    dial->upstream = upstream;
    dial->fd = fd;
    dial->done = done;
    dial->owner = owner;
    event_assign(&dial->connected, upstream->base, fd, EV_WRITE, on_connected, dial);
    event_assign(&dial->retry, upstream->base, -1, 0, on_retry, dial);
    event_assign(&dial->deadline, upstream->base, -1, 0, on_deadline, dial);
    struct timeval delay = milliseconds(BACKLOG_RETRY_MILLISECONDS);
    struct timeval limit = milliseconds(upstream->connect_timeout);
    event_add(&dial->deadline, &limit);
    if (error == EAGAIN)
        event_add(&dial->retry, &delay);
    else
        event_add(&dial->connected, NULL);
    return dial;
}

struct dial *
upstream_dial(struct upstream *upstream, void (*done)(void *owner, const struct dial_result *result), void *owner)
{
    const struct address *address = &upstream->address;
    struct dial_result result;
    result.fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    result.status = 0;
    result.problem[0] = '\0';
    int error = result.fd < 0 ? errno : 0;
    if (error == 0) {
        if (!address_is_unix(address))
            tcp_tune(result.fd, upstream->keepalive);
        if (connect(result.fd, (const struct sockaddr *)&address->socket, address->length) != 0)
            error = errno;
    }
    if (error == EINPROGRESS || error == EAGAIN) {
        struct dial *dial = wait_for(upstream, result.fd, error, done, owner);
        if (dial != NULL)
            return dial;
        error = ENOMEM;
    }
    if (error == 0) {
        report_success(upstream);
    } else {
        if (result.fd >= 0)
            close(result.fd);
        report_failure(upstream, error, &result);
    }
    done(owner, &result);
    return NULL;
}

void
dial_cancel(struct dial *dial)
{
    if (dial == NULL)
        return;
    close(dial->fd);
    stop_dial(dial);
}

static void
on_probed(void *owner, const struct dial_result *result)
{
    struct upstream *upstream = owner;
    upstream->probe = NULL;
    if (result->fd >= 0)
        close(result->fd);
}

void
upstream_probe(struct upstream *upstream)
{
    struct dial *pending = upstream_dial(upstream, on_probed, upstream);
    /* Where it ended at once there is none. */
    if (pending != NULL)
        upstream->probe = pending;
}

struct upstream *
upstream_new(struct event_base *base, struct reaper *reaper)
{
    struct upstream *upstream = calloc(1, sizeof(*upstream));
    if (upstream == NULL)
        return NULL;
    upstream->base = base;
    upstream->reaper = reaper;
    return upstream;
}

void
upstream_set(struct upstream *upstream, const struct address *address, uint64_t connect_timeout, uint64_t keepalive)
{
    upstream->address = *address;
    upstream->connect_timeout = connect_timeout;
    upstream->keepalive = keepalive;
    upstream->trouble = 0;
}

void
upstream_free(struct upstream *upstream)
{
    if (upstream == NULL)
        return;
    dial_cancel(upstream->probe);
    free(upstream);
}
