#include "listener.h"
#include "bind.h"
#include "log.h"
#include "passed.h"
#include "tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HANDSHAKE_MILLISECONDS = 2 };

struct listener {
    struct evconnlistener *connections[PASSED_MAX]; /* one, or as many as were passed under a name */
    size_t count;
    const struct listener_handler *handler;
    void *owner;
    struct address address;
    bool paused;
    bool owns_file;
    dev_t device; /* of the socket file, so that another one in its place is not removed */
    ino_t inode;
};

/* As allow_from would name it; a process of another name space has no number here. */
static void
name_process(int fd, char *name, size_t size)
{
    struct ucred credentials;
    socklen_t length = sizeof(credentials);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
        snprintf(name, size, "unix");
    else if (credentials.pid > 0)
        snprintf(name, size, "uid:%u,pid:%d", credentials.uid, credentials.pid);
    else
        snprintf(name, size, "uid:%u", credentials.uid);
}

static void
name_client(const struct sockaddr *peer, int fd, char *name, size_t size)
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
        name_process(fd, name, size);
    }
}

static void
on_accept(struct evconnlistener *connections, evutil_socket_t fd, struct sockaddr *peer, int length, void *argument)
{
    (void)connections;
    (void)length;
    struct listener *listener = argument;
    char name[INET6_ADDRSTRLEN + 16];
    name_client(peer, fd, name, sizeof(name));
    listener->handler->accepted(listener->owner, fd, peer, name);
}

static void
on_error(struct evconnlistener *connections, void *argument)
{
    (void)connections;
    struct listener *listener = argument;
    listener->handler->exhausted(listener->owner, errno);
}

static sa_family_t
family_of(int fd)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(address);
    getsockname(fd, (struct sockaddr *)&address, &length);
    return address.ss_family;
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
add_socket(struct listener *listener, struct event_base *base, int fd, unsigned flags, char *problem)
{
    struct evconnlistener *connections =
        evconnlistener_new(base, on_accept, listener, flags | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (connections == NULL) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: out of memory", listener->address.name);
        return false;
    }
    evconnlistener_set_error_cb(connections, on_error);
    listener->connections[listener->count++] = connections;
    return true;
}

/* The manager's sockets are not ours to close: a reload may want them again. */
static bool
open_passed(struct listener *listener, struct event_base *base, char *problem)
{
    int fds[PASSED_MAX];
    size_t count = passed_find(listener->address.passed, fds);
    if (count == 0)
        snprintf(problem, LISTENER_PROBLEM_SIZE,
                 "cannot listen on %s: no socket of that name was passed at the start (start the socket unit that has "
                 "FileDescriptorName=%s first, then this); those that were: %.128s",
                 listener->address.name, listener->address.passed, passed_names());
    for (size_t i = 0; i < count; i++)
        if (!add_socket(listener, base, fds[i], 0, problem))
            return false;
    return count > 0;
}

static bool
open_own(struct listener *listener, struct event_base *base, bool beside, char *problem)
{
    int fd = bind_listen(&listener->address, beside, problem);
    if (fd < 0)
        return false;
    learn_address(listener, fd);
    if (add_socket(listener, base, fd, LEV_OPT_CLOSE_ON_FREE, problem))
        return true;
    close(fd);
    return false;
}

static void
tune(struct listener *listener, uint64_t keepalive)
{
    for (size_t i = 0; i < listener->count; i++) {
        int fd = evconnlistener_get_fd(listener->connections[i]);
        if (family_of(fd) != AF_UNIX)
            tcp_tune(fd, keepalive);
    }
}

struct listener *
listener_new(struct event_base *base, const struct address *address, bool beside, uint64_t keepalive,
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
    bool open =
        address->passed[0] != '\0' ? open_passed(listener, base, problem) : open_own(listener, base, beside, problem);
    if (!open) {
        listener_free(listener);
        return NULL;
    }
    tune(listener, keepalive);
    return listener;
}

const struct address *
listener_address(const struct listener *listener)
{
    return &listener->address;
}

void
listener_list_sockets(const struct listener *listener, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < listener->count; i++) {
        struct address own = {.length = sizeof(own.socket)};
        getsockname(evconnlistener_get_fd(listener->connections[i]), (struct sockaddr *)&own.socket, &own.length);
        address_set_name(&own);
        int written = snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", own.name);
        if (written < 0 || (size_t)written >= size - used)
            return;
        used += (size_t)written;
    }
}

/* The file of a unix socket, as long as it is the one that was made; -1 with errno where it is not. */
static int
open_file(const struct listener *listener)
{
    struct stat status;
    int file = open(listener->address.path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && status.st_dev == listener->device && status.st_ino == listener->inode)
        return file;
    close(file);
    errno = ENOENT;
    return -1;
}

bool
listener_is_at(const struct listener *listener, const struct address *address)
{
    struct stat status;
    const char *own = strrchr(listener->address.path, '/');
    const char *other = strrchr(address->path, '/');
    return listener->owns_file && other != NULL && own != NULL && strcmp(own, other) == 0 &&
           lstat(address->path, &status) == 0 && status.st_dev == listener->device && status.st_ino == listener->inode;
}

bool
listener_is_reachable(const struct listener *listener)
{
    if (!listener->owns_file)
        return true;
    int file = open_file(listener);
    if (file < 0)
        return false;
    close(file);
    return true;
}

bool
listener_adapt(struct listener *listener, const struct address *address, uint64_t keepalive, char *problem)
{
    tune(listener, keepalive);
    if (!listener->owns_file)
        return true;
    int file = open_file(listener);
    if (file < 0) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "cannot listen on %s: its file can't be opened: %s", address->name,
                 strerror(errno));
        return false;
    }
    struct address wanted = *address;
    /* Named no more: as a file that is made now. */
    if (wanted.owner == (uid_t)-1 && listener->address.owner != (uid_t)-1)
        wanted.owner = geteuid();
    if (wanted.group == (gid_t)-1 && listener->address.group != (gid_t)-1)
        wanted.group = getegid();
    bool set = bind_set_access(file, &wanted, problem);
    close(file);
    if (set) {
        listener->address.owner = address->owner;
        listener->address.group = address->group;
    }
    return set;
}

void
listener_yield(struct listener *listener, bool yields)
{
    if (listener->address.passed[0] == '\0' && !address_is_unix(&listener->address))
        bind_share(evconnlistener_get_fd(listener->connections[0]), yields);
}

static bool
has_family(const struct listener *listener, bool is_unix)
{
    for (size_t i = 0; i < listener->count; i++)
        if ((family_of(evconnlistener_get_fd(listener->connections[i])) == AF_UNIX) == is_unix)
            return true;
    return false;
}

bool
listener_has_tcp(const struct listener *listener)
{
    return has_family(listener, false);
}

bool
listener_has_unix(const struct listener *listener)
{
    return has_family(listener, true);
}

void
listener_pause(struct listener *listener, bool pause)
{
    listener->paused = pause;
    for (size_t i = 0; i < listener->count; i++) {
        if (pause)
            evconnlistener_disable(listener->connections[i]);
        else
            evconnlistener_enable(listener->connections[i]);
    }
}

static void
remove_file(struct listener *listener)
{
    bool ours = listener->owns_file && listener_is_reachable(listener);
    listener->owns_file = false;
    if (ours && unlink(listener->address.path) != 0)
        log_text(LOG_LEVEL_NOTICE, "listener",
                 "%s: the file stays behind, for it can't be removed (%s); the next start replaces it",
                 listener->address.name, strerror(errno));
}

/* Drops what begins a connection (SYN without ACK, in the flags of the TCP header) and lets pass what completes one. */
static void
drop_newcomers(int fd)
{
    enum { FLAGS_AT = 13, SYN = 0x02, ACK = 0x10 };
    static struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_AT),   BPF_STMT(BPF_ALU | BPF_AND | BPF_K, SYN | ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYN, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    static const struct sock_fprog filter = {.len = sizeof(program) / sizeof(program[0]), .filter = program};
    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter));
}

/*
 * Whoever comes between the last accept and the close would be cut off. So the door is shut first: a path that is gone
 * is found by nobody, and a TCP client whose first packet is dropped tries again and meets who listens then. Handshakes
 * that are under way have a moment to end.
 */
void
listener_retire(struct listener *listener)
{
    /* Who waits for a passed socket waits for the manager's next service. */
    if (listener->address.passed[0] != '\0')
        return;
    struct pollfd waiting = {.fd = evconnlistener_get_fd(listener->connections[0]), .events = POLLIN};
    if (address_is_unix(&listener->address))
        remove_file(listener);
    else
        drop_newcomers(waiting.fd);
    while (!listener->paused && poll(&waiting, 1, HANDSHAKE_MILLISECONDS) == 1) {
        struct sockaddr_storage peer = {.ss_family = AF_UNIX};
        socklen_t length = sizeof(peer);
        int fd = accept4(waiting.fd, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        on_accept(listener->connections[0], fd, (struct sockaddr *)&peer, (int)length, listener);
    }
}

void
listener_free(struct listener *listener)
{
    if (listener == NULL)
        return;
    remove_file(listener);
    for (size_t i = 0; i < listener->count; i++)
        evconnlistener_free(listener->connections[i]);
    free(listener);
}
