#include "passed.h"
#include "address.h"
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_FD = 3, NAME_SIZE = 256, NAMES_SIZE = 512 };

static struct {
    struct {
        int fd;
        char name[NAME_SIZE];
        bool used;
    } sockets[PASSED_MAX];
    size_t count;
    unsigned long stranger; /* the process that they are meant for, where that is not this one */
} passed;

static bool
parse_number(const char *text, unsigned long *number)
{
    char *end;
    errno = 0;
    *number = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static int
option_of(int fd, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

/* What keeps a descriptor from being accepted from, with the mend; NULL: nothing does. */
static const char *
fault_of(int fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    int family = option_of(fd, SO_DOMAIN);
    int type = option_of(fd, SO_TYPE);
    if (fcntl(fd, F_GETFD) < 0)
        return "it is not open";
    if (type < 0)
        return "it is no socket";
    if (family != AF_UNIX && family != AF_INET && family != AF_INET6)
        return "it is neither a TCP nor a unix socket";
    if (type != SOCK_STREAM)
        return "it is no stream socket; the socket unit must have ListenStream= and nothing else";
    if (option_of(fd, SO_ACCEPTCONN) == 1)
        return NULL;
    return getpeername(fd, (struct sockaddr *)&peer, &length) == 0
               ? "it is a connection, not a socket to listen on; the socket unit must have Accept=no"
               : "nobody listens on it; it must be passed listening";
}

/* Without names each socket is called "unknown", as in sd_listen_fds_with_names(3). */
static bool
take_names(const char *names, char *problem)
{
    size_t given = 1;
    for (const char *at = names; at != NULL && *at != '\0'; at++)
        given += *at == ':';
    if (names != NULL && given != passed.count) {
        snprintf(problem, PASSED_PROBLEM_SIZE, "LISTEN_FDNAMES=%.128s: has %zu names for the %zu sockets of LISTEN_FDS",
                 names, given, passed.count);
        return false;
    }
    for (size_t i = 0; i < passed.count; i++) {
        size_t length = names != NULL ? strcspn(names, ":") : 0;
        snprintf(passed.sockets[i].name, NAME_SIZE, "%.*s", names != NULL ? (int)length : NAME_SIZE,
                 names != NULL ? names : "unknown");
        if (names != NULL)
            names += length + (names[length] == ':');
    }
    return true;
}

static bool
take_sockets(char *problem)
{
    for (size_t i = 0; i < passed.count; i++) {
        int fd = FIRST_FD + (int)i;
        const char *fault = fault_of(fd);
        if (fault != NULL) {
            snprintf(problem, PASSED_PROBLEM_SIZE, "the passed descriptor %d, named %.64s, is of no use: %s", fd,
                     passed.sockets[i].name, fault);
            return false;
        }
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        passed.sockets[i].fd = fd;
    }
    return true;
}

static bool
take(const char *process, const char *count, const char *names, char *problem)
{
    unsigned long number;
    if (count == NULL || process == NULL)
        return true;
    if (!parse_number(process, &number)) {
        snprintf(problem, PASSED_PROBLEM_SIZE, "LISTEN_PID=%.64s: not taken; takes a process id", process);
        return false;
    }
    if (number != (unsigned long)getpid()) {
        passed.stranger = number;
        return true;
    }
    if (!parse_number(count, &number) || number > PASSED_MAX) {
        snprintf(problem, PASSED_PROBLEM_SIZE, "LISTEN_FDS=%.64s: not taken; takes a number of sockets up to %d", count,
                 PASSED_MAX);
        return false;
    }
    passed.count = number;
    return number == 0 || (take_names(names, problem) && take_sockets(problem));
}

bool
passed_begin(char *problem)
{
    bool taken = take(getenv("LISTEN_PID"), getenv("LISTEN_FDS"), getenv("LISTEN_FDNAMES"), problem);
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!taken)
        passed.count = 0;
    return taken;
}

size_t
passed_find(const char *name, int *fds)
{
    size_t found = 0;
    for (size_t i = 0; i < passed.count; i++) {
        if (strcmp(passed.sockets[i].name, name) != 0)
            continue;
        passed.sockets[i].used = true;
        fds[found++] = passed.sockets[i].fd;
    }
    return found;
}

static void
address_of(int fd, struct address *address)
{
    *address = (struct address){.length = sizeof(address->socket)};
    getsockname(fd, (struct sockaddr *)&address->socket, &address->length);
    address_set_name(address);
}

const char *
passed_at(const struct address *address)
{
    for (size_t i = 0; i < passed.count; i++) {
        struct address own;
        address_of(passed.sockets[i].fd, &own);
        if (strcmp(own.name, address->name) == 0)
            return passed.sockets[i].name;
    }
    return NULL;
}

const char *
passed_names(void)
{
    static char text[NAMES_SIZE];
    size_t used = 0;
    if (passed.stranger > 0)
        snprintf(text, sizeof(text), "none, for LISTEN_PID named the process %lu and this is %ld", passed.stranger,
                 (long)getpid());
    else
        snprintf(text, sizeof(text), "none");
    for (size_t i = 0; i < passed.count; i++) {
        int written = snprintf(text + used, sizeof(text) - used, "%s%s", used > 0 ? ", " : "", passed.sockets[i].name);
        if (written < 0 || (size_t)written >= sizeof(text) - used)
            break;
        used += (size_t)written;
    }
    return text;
}

void
passed_close_unused(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < passed.count; i++) {
        if (passed.sockets[i].used) {
            passed.sockets[kept++] = passed.sockets[i];
            continue;
        }
        struct address address;
        address_of(passed.sockets[i].fd, &address);
        log_text(LOG_LEVEL_WARNING, "systemd",
                 "the passed socket %s at %s is closed: no listener has address = systemd:%s", passed.sockets[i].name,
                 address.name, passed.sockets[i].name);
        close(passed.sockets[i].fd);
    }
    passed.count = kept;
}
