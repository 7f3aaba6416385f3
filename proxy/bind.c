#include "bind.h"
#include "address.h"
#include "confine.h"
#include "owner.h"
#include "passed.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    UNIX_MODE = 0660,
    LOCK_TRIES = 100, /* of ten milliseconds: nobody who holds a folder's lock can keep us from starting */
    LOCK_PAUSE_MILLISECONDS = 10,
    PATH_SIZE = sizeof(((struct address *)NULL)->path),
};

static bool fail(const struct address *address, char *problem, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool
fail(const struct address *address, char *problem, const char *format, ...)
{
    va_list arguments;
    int used = snprintf(problem, BIND_PROBLEM_SIZE, "cannot listen on %s: ", address->name);
    va_start(arguments, format);
    vsnprintf(problem + used, BIND_PROBLEM_SIZE - (size_t)used, format, arguments);
    va_end(arguments);
    return false;
}

static void
folder_of(const char *path, char *folder)
{
    size_t length = (size_t)(strrchr(path, '/') - path);
    snprintf(folder, PATH_SIZE, "%.*s", length > 0 ? (int)length : 1, path);
}

/* ---- messages ---------------------------------------------------------------------------------------------------- */

/* A folder that is not there, is none, or may not be written to. */
static void
explain_folder(const struct address *address, int error, char *problem)
{
    char folder[PATH_SIZE];
    struct stat status;
    folder_of(address->path, folder);
    bool there = stat(folder, &status) == 0;
    if (error == ENOENT && there)
        fail(address, problem, "in %s no socket can be made; choose a path below /run", folder);
    else if (error == ENOENT)
        fail(address, problem, "the folder %s does not exist; make it (under systemd RuntimeDirectory= does)", folder);
    else if (error == ENOTDIR)
        fail(address, problem, "a part of %s is no folder", folder);
    else if (error == EROFS)
        fail(address, problem,
             "the file system of %s can't be written to; choose a path below /run (under systemd in a "
             "RuntimeDirectory=)",
             folder);
    else if (error == EACCES && there && faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) == 0)
        fail(address, problem,
             "the sandbox was made for the folders of the start, /run and /tmp, and %s is in none of them; choose a "
             "path "
             "below these, or restart",
             folder);
    else if (!there)
        fail(address, problem, "the user %u, as which this runs, may not enter %s%s", geteuid(), folder,
             confine_hint(error));
    else
        fail(address, problem,
             "the user %u, as which this runs, may not make files in %s, which is of user %u, group %u and mode %04o; "
             "choose a folder of its own (under systemd a RuntimeDirectory=)%s",
             geteuid(), folder, status.st_uid, status.st_gid, status.st_mode & 07777, confine_hint(error));
}

static bool
is_loopback_of_ipv6(const struct address *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->socket;
    return v6->sin6_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void
explain_tcp(const struct address *address, int error, char *problem)
{
    bool no_ipv6 = error == EAFNOSUPPORT || (error == EADDRNOTAVAIL && is_loopback_of_ipv6(address));
    if (no_ipv6)
        fail(address, problem, "this host has no IPv6; choose an IPv4 address");
    else if (error == EADDRNOTAVAIL)
        fail(address, problem, "this host has no such address (ip address shows those that it has)");
    else if (error == EACCES || error == EPERM)
        fail(address, problem,
             "this port needs a right that this process lacks; choose one from 1024 on, or let systemd open it (a "
             "socket unit and address = systemd:NAME)%s",
             confine_hint(error));
    else
        fail(address, problem, "%s", strerror(error));
}

/* The address of a socket unit stands in the settings once more. */
static bool
explain_passed(const struct address *address, char *problem)
{
    const char *name = passed_at(address);
    if (name != NULL)
        fail(address, problem, "the socket %s, which was passed, is there already; say address = systemd:%s", name,
             name);
    return name != NULL;
}

static void
explain(const struct address *address, int error, char *problem)
{
    char owner[OWNER_SIZE];
    if (error == EADDRINUSE && explain_passed(address, problem))
        return;
    if (error == EADDRINUSE) {
        owner_of_address(address, owner);
        fail(address, problem, "the address is in use by %s; stop that, or listen elsewhere", owner);
    } else if (!address_is_unix(address)) {
        explain_tcp(address, error, problem);
    } else if (error == ENOENT || error == ENOTDIR || error == EROFS || error == EACCES || error == EPERM) {
        explain_folder(address, error, problem);
    } else {
        fail(address, problem, "%s", strerror(error));
    }
}

/* ---- what is at the path already --------------------------------------------------------------------------------- */

/*
 * Looking at what is there, removing it and listening must be one step among all that begin here: of two that start at
 * once the second would remove the socket of the first as stale. The lock is the folder's own, so it leaves no file;
 * where the folder can't be opened for reading it is done without.
 */
static int
lock_folder(const struct address *address)
{
    char folder[PATH_SIZE];
    folder_of(address->path, folder);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && i < LOCK_TRIES; i++)
        poll(NULL, 0, LOCK_PAUSE_MILLISECONDS);
    return fd;
}

/* A socket file that nobody listens on is left over from a process that is gone; only a refusal proves that. */
static bool
is_stale(const struct address *address, char *problem)
{
    char owner[OWNER_SIZE];
    if (explain_passed(address, problem))
        return false;
    int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0)
        return fail(address, problem, "%s", strerror(errno));
    int error = connect(probe, (const struct sockaddr *)&address->socket, address->length) == 0 ? 0 : errno;
    if (error == 0)
        owner_of_peer(probe, owner);
    else if (error == EAGAIN) /* its backlog is full */
        owner_of_address(address, owner);
    close(probe);
    switch (error) {
    case ECONNREFUSED:
    case ENOENT: /* gone since */
        return true;
    case 0:
    case EAGAIN:
        return fail(address, problem, "%s listens there; stop that, or choose another path", owner);
    case EPROTOTYPE:
        return fail(address, problem, "a socket of another kind is there, and in use; choose another path");
    default:
        return fail(address, problem, "a socket is there, and whether it is in use can't be told: %s", strerror(error));
    }
}

static const char *
kind_of(mode_t mode)
{
    return S_ISDIR(mode)   ? "a folder"
           : S_ISLNK(mode) ? "a symbolic link"
           : S_ISREG(mode) ? "a file"
                           : "a pipe or device";
}

static bool
clear_path(const struct address *address, char *problem)
{
    struct stat status;
    if (lstat(address->path, &status) != 0)
        return true; /* bind tells what is wrong with the folder */
    if (!S_ISSOCK(status.st_mode))
        return fail(address, problem, "%s is there, and no socket; remove it or choose another path",
                    kind_of(status.st_mode));
    if (!is_stale(address, problem))
        return false;
    if (unlink(address->path) == 0 || errno == ENOENT)
        return true;
    return fail(address, problem, "the socket file of a process that is gone is there, and it can't be removed: %s%s",
                strerror(errno), confine_hint(errno));
}

/* ---- the socket -------------------------------------------------------------------------------------------------- */

static mode_t
mode_of(const struct address *address)
{
    return address->has_mode ? address->mode : (mode_t)UNIX_MODE;
}

static bool
fail_access(const struct address *address, int error, char *problem)
{
    char ids[64];
    bool owned = address->owner != (uid_t)-1;
    int used = 0;
    if (owned)
        used += snprintf(ids, sizeof(ids), "user %u", address->owner);
    if (address->group != (gid_t)-1)
        snprintf(ids + used, sizeof(ids) - (size_t)used, "%sgroup %u", owned ? " and " : "", address->group);
    return fail(
        address, problem,
        "its file can't be given to %s: %s (the user %u, as which this runs, can give files to groups of its own "
        "only)%s",
        ids, strerror(error), geteuid(), confine_hint(error));
}

/* Until it listens, clients are refused; the file is never wider open than it will be. */
static int
bind_unix(const struct address *address, char *problem)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t mask = umask(0777 & ~mode_of(address));
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address->socket, address->length) == 0;
    int error = errno;
    umask(mask);
    if (!bound) {
        explain(address, error, problem);
    } else if ((address->owner != (uid_t)-1 || address->group != (gid_t)-1) &&
               fchownat(AT_FDCWD, address->path, address->owner, address->group, AT_SYMLINK_NOFOLLOW) != 0) {
        fail_access(address, errno, problem);
    } else if (listen(fd, BACKLOG) != 0) {
        fail(address, problem, "%s", strerror(errno));
    } else {
        return fd;
    }
    if (bound)
        unlink(address->path);
    if (fd >= 0)
        close(fd);
    return -1;
}

static int
listen_unix(const struct address *address, char *problem)
{
    int lock = lock_folder(address);
    int fd = clear_path(address, problem) ? bind_unix(address, problem) : -1;
    if (lock >= 0)
        close(lock);
    return fd;
}

static int
try_tcp(const struct address *address, bool beside)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1;
    int off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->socket.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, address_is_any(address) ? &off : &on, sizeof(on));
    if (beside)
        bind_share(fd, true);
    if (bind(fd, (const struct sockaddr *)&address->socket, address->length) == 0 && listen(fd, BACKLOG) == 0) {
        bind_share(fd, false);
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int
listen_tcp(struct address *address, bool beside, char *problem)
{
    int fd = try_tcp(address, beside);
    /* A kernel without IPv6, or with it switched off. */
    if (fd < 0 && address->socket.ss_family == AF_INET6 && address_is_any(address) &&
        (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        address_to_ipv4_any(address);
        fd = try_tcp(address, beside);
    }
    if (fd < 0)
        explain(address, errno, problem);
    return fd;
}

int
bind_listen(struct address *address, bool beside, char *problem)
{
    return address_is_unix(address) ? listen_unix(address, problem) : listen_tcp(address, beside, problem);
}

void
bind_share(int fd, bool share)
{
    int value = share;
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &value, sizeof(value));
}

bool
bind_set_access(int file, const struct address *address, char *problem)
{
    char path[32];
    struct stat status;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    if (fstat(file, &status) != 0)
        return fail(address, problem, "%s", strerror(errno));
    bool owned = (address->owner == (uid_t)-1 || address->owner == status.st_uid) &&
                 (address->group == (gid_t)-1 || address->group == status.st_gid);
    if (!owned && fchownat(file, "", address->owner, address->group, AT_EMPTY_PATH) != 0)
        return fail_access(address, errno, problem);
    if ((status.st_mode & 07777) != mode_of(address) && chmod(path, mode_of(address)) != 0)
        return fail(address, problem, "its file can't be given the mode %04o: %s", mode_of(address), strerror(errno));
    return true;
}
