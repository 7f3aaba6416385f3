#include "listener.h"
#include "confine.h"
#include "systemd.h"
#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 1024, UNIX_MODE = 0660, SOCKETS_MAX = 8 };

struct listener {
    struct evconnlistener *connections[SOCKETS_MAX]; /* one, or as many as were passed under a name */
    size_t count;
    const struct listener_handler *handler;
    void *owner;
    struct address address;
    bool owns_file;
    dev_t device; /* of the socket file, so that another one in its place is not removed */
    ino_t inode;
};

static void
name_client(const struct sockaddr *peer, char *name, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    if (peer->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)peer;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(name, size, "%s:%u", host, ntohs(v4->sin_port));
    } else if (peer->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
            inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], host, sizeof(host));
            snprintf(name, size, "%s:%u", host, ntohs(v6->sin6_port));
        } else {
            inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
            snprintf(name, size, "[%s]:%u", host, ntohs(v6->sin6_port));
        }
    } else {
        snprintf(name, size, "unix");
    }
}

static void
on_accept(struct evconnlistener *connections, evutil_socket_t fd, struct sockaddr *peer, int length, void *argument)
{
    (void)connections;
    (void)length;
    struct listener *listener = argument;
    char name[INET6_ADDRSTRLEN + 16];
    name_client(peer, name, sizeof(name));
    listener->handler->accepted(listener->owner, fd, peer, name);
}

static void
on_error(struct evconnlistener *connections, void *argument)
{
    (void)connections;
    struct listener *listener = argument;
    listener->handler->exhausted(listener->owner, errno);
}

/* A socket file that nobody listens on is left over from a process that is gone. */
static bool
clear_path(const struct address *address, char *problem)
{
    struct stat status;
    if (lstat(address->path, &status) != 0)
        return true;
    if (!S_ISSOCK(status.st_mode)) {
        snprintf(problem, LISTENER_PROBLEM_SIZE,
                 "cannot listen on %s: a file that is no socket is there; remove it or "
                 "choose another path",
                 address->name);
        return false;
    }
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool refused = probe >= 0 && connect(probe, (const struct sockaddr *)&address->socket, address->length) != 0 &&
                   errno == ECONNREFUSED;
    if (probe >= 0)
        close(probe);
    if (!refused) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: another process listens there", address->name);
        return false;
    }
    if (unlink(address->path) == 0 || errno == ENOENT)
        return true;
    snprintf(problem, LISTENER_PROBLEM_SIZE,
             "cannot listen on %s: the socket file of a process that is gone is there, "
             "and it can't be removed: %s%s",
             address->name, strerror(errno), confine_hint(errno));
    return false;
}

static int
open_socket(const struct address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    if (!address_is_unix(address))
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->socket.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address_is_any(address) ? &off : &on, sizeof(on));
    /* The file must never be wider open than it will be. */
    mode_t mask = umask(0777 & ~(address->has_mode ? address->mode : (mode_t)UNIX_MODE));
    int result = bind(fd, (const struct sockaddr *)&address->socket, address->length);
    umask(mask);
    bool owned = address->owner == (uid_t)-1 && address->group == (gid_t)-1;
    if (result == 0 &&
        (owned || !address_is_unix(address) || chown(address->path, address->owner, address->group) == 0))
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int
open_any(struct address *address)
{
    int fd = open_socket(address);
    /* A kernel without IPv6, or with it switched off. */
    if (fd < 0 && address->socket.ss_family == AF_INET6 && address_is_any(address) &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        address_to_ipv4_any(address);
        fd = open_socket(address);
    }
    return fd;
}

static void
learn_address(struct listener *listener, int fd)
{
    struct stat status;
    if (address_is_unix(&listener->address)) {
        listener->owns_file = lstat(listener->address.path, &status) == 0;
        listener->device = listener->owns_file ? status.st_dev : 0;
        listener->inode = listener->owns_file ? status.st_ino : 0;
        return;
    }
    socklen_t length = sizeof(listener->address.socket);
    getsockname(fd, (struct sockaddr *)&listener->address.socket, &length);
    address_set_name(&listener->address);
}

static bool
add_socket(struct listener *listener, struct event_base *base, int fd, unsigned flags, int backlog)
{
    struct evconnlistener *connections =
        evconnlistener_new(base, on_accept, listener, flags | LEV_OPT_CLOSE_ON_EXEC, backlog, fd);
    if (connections == NULL)
        return false;
    evconnlistener_set_error_cb(connections, on_error);
    listener->connections[listener->count++] = connections;
    return true;
}

/* The manager's sockets are not ours to close: a reload may want them again. */
static bool
open_passed(struct listener *listener, struct event_base *base, char *problem)
{
    int fds[SOCKETS_MAX];
    size_t count = systemd_listen_fds(listener->address.passed, fds, SOCKETS_MAX);
    if (count == 0)
        snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: no socket of that name was passed; there is %s",
                 listener->address.name, systemd_listen_names());
    for (size_t i = 0; i < count; i++) {
        if (add_socket(listener, base, fds[i], 0, 0))
            continue;
        snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: %s", listener->address.name, strerror(errno));
        return false;
    }
    return count > 0;
}

static bool
open_own(struct listener *listener, struct event_base *base, uint64_t keepalive, char *problem)
{
    const struct address *address = &listener->address;
    if (address_is_unix(address) && !clear_path(address, problem))
        return false;
    int fd = open_any(&listener->address);
    if (fd >= 0 && !address_is_unix(address))
        tcp_tune(fd, keepalive);
    if (fd >= 0 && add_socket(listener, base, fd, LEV_OPT_CLOSE_ON_FREE, BACKLOG)) {
        learn_address(listener, fd);
        return true;
    }
    int error = errno;
    snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: %s%s", address->name,
             error == EADDRINUSE ? "the address is in use; stop what listens there or set LISTEN" : strerror(error),
             confine_hint(error));
    if (fd >= 0)
        close(fd);
    return false;
}

struct listener *
listener_new(struct event_base *base, const struct address *address, uint64_t keepalive,
             const struct listener_handler *handler, void *owner, char *problem)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "out of memory");
        return NULL;
    }
    listener->handler = handler;
    listener->owner = owner;
    listener->address = *address;
    bool open = address->passed[0] != '\0' ? open_passed(listener, base, problem)
                                           : open_own(listener, base, keepalive, problem);
    if (open)
        return listener;
    listener_free(listener);
    return NULL;
}

const struct address *
listener_address(const struct listener *listener)
{
    return &listener->address;
}

void
listener_pause(struct listener *listener, bool pause)
{
    for (size_t i = 0; i < listener->count; i++) {
        if (pause)
            evconnlistener_disable(listener->connections[i]);
        else
            evconnlistener_enable(listener->connections[i]);
    }
}

void
listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    struct stat status;
    if (listener->owns_file && lstat(listener->address.path, &status) == 0 && status.st_dev == listener->device &&
        status.st_ino == listener->inode)
        unlink(listener->address.path);
    for (size_t i = 0; i < listener->count; i++)
        evconnlistener_free(listener->connections[i]);
    free(listener);
}
