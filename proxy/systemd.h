#ifndef SOCKWARDEN_PROXY_SYSTEMD_H
#define SOCKWARDEN_PROXY_SYSTEMD_H

/*
 * The two protocols that a service manager speaks with a service, as sd_notify(3) and sd_listen_fds(3) document them;
 * both are small enough to need no library. Without a manager (no NOTIFY_SOCKET, no LISTEN_FDS) every call does
 * nothing. Used by server.c and listener.c; one caller, one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Sends a state such as "READY=1" or "STATUS=…", printf-like; several assignments are parted by line feeds. Never
 * blocks: a manager that does not read misses it.
 */
void systemd_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* True when a manager listens. */
bool systemd_is_notified(void);

/* Tells that a reload begins, with the clock that Type=notify-reload asks for. systemd_notify("READY=1") ends it. */
void systemd_notify_reloading(void);

/* How often the manager wants to hear WATCHDOG=1, in milliseconds: half its limit; 0 where it does not. */
uint64_t systemd_watchdog_interval(void);

/*
 * The passed sockets of this name (FileDescriptorName= of the socket unit) are written to `fds`, at most `size`, made
 * non-blocking and close-on-exec; they stay the process's for its whole life. Returns how many there are, 0 where none
 * was passed under this name.
 */
size_t systemd_listen_fds(const char *name, int *fds, size_t size);

/* The names that sockets were passed under, for a message: "traefik, ops", or "none"; static. */
const char *systemd_listen_names(void);

#endif
