#ifndef SOCKWARDEN_PROXY_SYSTEMD_H
#define SOCKWARDEN_PROXY_SYSTEMD_H

/*
 * What a service tells its manager, as sd_notify(3) and sd_watchdog_enabled(3) document it; small enough to need no
 * library. Without a manager (no NOTIFY_SOCKET) every call does nothing. Used by server.c; one caller, one thread. The
 * sockets that a manager passes are those of passed.c.
 */

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that nothing inherits them. Called
 * before any other call; what was taken stays taken. A value that is none is told in the log and stands for no manager.
 */
void systemd_begin(void);

/* True when a manager listens; abstract: at a name without a file. */
bool systemd_is_notified(void);
bool systemd_is_abstract(void);

/*
 * Sends a state such as "READY=1", printf-like; several assignments are parted by line feeds. Never blocks: a manager
 * that does not read misses it.
 */
void systemd_notify(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* STATUS=, for a person: what is not printable ASCII becomes a question mark, for a manager drops the rest. */
void systemd_notify_status(const char *text);

/* Tells that a reload begins, with the clock that Type=notify-reload asks for. systemd_notify("READY=1") ends it. */
void systemd_notify_reloading(void);

/* How often the manager wants to hear WATCHDOG=1, in milliseconds: half its limit; 0 where it does not. */
uint64_t systemd_watchdog_interval(void);

#endif
