#include "systemd.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_FD = 3, FDS_MAX = 64, STATE_SIZE = 1024, NAMES_SIZE = 512 };

/* A path, or a name of Linux' abstract space behind an @. */
static bool
notify_address(struct sockaddr_un *address, socklen_t *length)
{
    const char *path = getenv("NOTIFY_SOCKET");
    if (path == NULL || (path[0] != '/' && path[0] != '@') || strlen(path) >= sizeof(address->sun_path))
        return false;
    memset(address, 0, sizeof(*address));
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    return true;
}

bool
systemd_is_notified(void)
{
    struct sockaddr_un address;
    socklen_t length;
    return notify_address(&address, &length);
}

void
systemd_notify(const char *format, ...)
{
    struct sockaddr_un address;
    socklen_t length;
    if (!notify_address(&address, &length))
        return;
    char state[STATE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(state, sizeof(state), format, arguments);
    va_end(arguments);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    sendto(fd, state, size < STATE_SIZE ? (size_t)size : STATE_SIZE - 1, MSG_NOSIGNAL,
           (const struct sockaddr *)&address, length);
    close(fd);
}

void
systemd_notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    systemd_notify("RELOADING=1\nMONOTONIC_USEC=%llu",
                   (unsigned long long)now.tv_sec * 1000000ULL + (unsigned long long)now.tv_nsec / 1000ULL);
}

/* A variable that names a process is meant for that one only. */
static bool
is_for_us(const char *variable, bool when_absent)
{
    const char *value = getenv(variable);
    return value == NULL ? when_absent : strtoul(value, NULL, 10) == (unsigned long)getpid();
}

uint64_t
systemd_watchdog_interval(void)
{
    const char *value = getenv("WATCHDOG_USEC");
    if (value == NULL || !is_for_us("WATCHDOG_PID", true))
        return 0;
    uint64_t limit = strtoull(value, NULL, 10) / 1000;
    return limit / 2 > 0 ? limit / 2 : limit;
}

static size_t
passed_count(void)
{
    const char *value = getenv("LISTEN_FDS");
    if (value == NULL || !is_for_us("LISTEN_PID", false))
        return 0;
    unsigned long count = strtoul(value, NULL, 10);
    return count < FDS_MAX ? count : FDS_MAX;
}

/* Cuts the next name off the list of LISTEN_FDNAMES. Without names, each socket is called "unknown". */
static size_t
next_name(const char **names, const char **name)
{
    if (*names == NULL) {
        *name = "unknown";
        return strlen(*name);
    }
    size_t length = strcspn(*names, ":");
    *name = *names;
    *names += length + ((*names)[length] == ':');
    return length;
}

size_t
systemd_listen_fds(const char *name, int *fds, size_t size)
{
    const char *names = getenv("LISTEN_FDNAMES");
    size_t count = passed_count();
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const char *passed;
        size_t length = next_name(&names, &passed);
        int fd = FIRST_FD + (int)i;
        if (length != strlen(name) || strncmp(passed, name, length) != 0 || found == size)
            continue;
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
        fds[found++] = fd;
    }
    return found;
}

const char *
systemd_listen_names(void)
{
    static char text[NAMES_SIZE];
    const char *names = getenv("LISTEN_FDNAMES");
    size_t count = passed_count();
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name;
        int length = (int)next_name(&names, &name);
        int written = snprintf(text + used, sizeof(text) - used, "%s%.*s", used > 0 ? ", " : "", length, name);
        if (written < 0 || (size_t)written >= sizeof(text) - used)
            break;
        used += (size_t)written;
    }
    return used > 0 ? text : "none";
}
