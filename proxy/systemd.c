#include "systemd.h"
#include "log.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STATE_SIZE = 1024 };

static struct {
    struct sockaddr_un address;
    socklen_t length;           /* 0: nobody listens */
    uint64_t watchdog_interval; /* in milliseconds */
    bool failure_told;
} manager;

/* A path, or a name of Linux' abstract space behind an @. */
static void
take_address(const char *path)
{
    struct sockaddr_un *address = &manager.address;
    if (path == NULL || path[0] == '\0')
        return;
    if ((path[0] != '/' && path[0] != '@') || path[1] == '\0' || strlen(path) >= sizeof(address->sun_path)) {
        log_text(LOG_LEVEL_WARNING, "systemd",
                 "NOTIFY_SOCKET=%.128s: neither a path nor @NAME of 107 bytes at most; nobody is told of readiness",
                 path);
        return;
    }
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, strlen(path));
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    manager.length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

/* A whole number above 0, or 0. */
static uint64_t
number_of(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 ? number : 0;
}

/* A limit that names a process is meant for that one only. */
static void
take_watchdog(const char *limit, const char *process)
{
    if (limit == NULL || (process != NULL && number_of(process) != (uint64_t)getpid()))
        return;
    uint64_t microseconds = number_of(limit);
    if (microseconds == 0)
        log_text(LOG_LEVEL_WARNING, "systemd", "WATCHDOG_USEC=%.128s: no number of microseconds; there is no watchdog",
                 limit);
    else
        manager.watchdog_interval = microseconds >= 2000 ? microseconds / 2000 : 1;
}

void
systemd_begin(void)
{
    take_address(getenv("NOTIFY_SOCKET"));
    take_watchdog(getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID"));
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

bool
systemd_is_notified(void)
{
    return manager.length > 0;
}

bool
systemd_is_abstract(void)
{
    return systemd_is_notified() && manager.address.sun_path[0] == '\0';
}

/* Once: a manager that hears nothing ends the service, and its log should say why. */
static void
tell_failure(int error)
{
    if (!manager.failure_told)
        log_text(LOG_LEVEL_WARNING, "systemd",
                 "the service manager can't be told anything at NOTIFY_SOCKET=%s%.107s: %s",
                 systemd_is_abstract() ? "@" : "", manager.address.sun_path + systemd_is_abstract(), strerror(error));
    manager.failure_told = true;
}

void
systemd_notify(const char *format, ...)
{
    if (!systemd_is_notified())
        return;
    char state[STATE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(state, sizeof(state), format, arguments);
    va_end(arguments);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (sendto(fd, state, size < STATE_SIZE ? (size_t)size : STATE_SIZE - 1, MSG_NOSIGNAL,
               (const struct sockaddr *)&manager.address, manager.length) < 0)
        tell_failure(errno);
    close(fd);
}

void
systemd_notify_status(const char *text)
{
    char plain[STATE_SIZE - 16];
    snprintf(plain, sizeof(plain), "%s", text);
    for (char *at = plain; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    systemd_notify("STATUS=%s", plain);
}

void
systemd_notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    systemd_notify("RELOADING=1\nMONOTONIC_USEC=%llu",
                   (unsigned long long)now.tv_sec * 1000000ULL + (unsigned long long)now.tv_nsec / 1000ULL);
}

uint64_t
systemd_watchdog_interval(void)
{
    return manager.watchdog_interval;
}
