#ifndef SOCKWARDEN_PROXY_SERVER_H
#define SOCKWARDEN_PROXY_SERVER_H

/*
 * The running proxy: event base, signals, listeners, the list of clients with its bound, and the order of a stop. One
 * server a process; main.c makes it. Connections beyond the bound wait in the kernel's backlog: the listeners are
 * paused, never spun. SIGHUP reads the settings anew: a new snapshot holds for the connections that are accepted from
 * then on, a bad one changes nothing. A service manager is told of each of these. After SIGTERM or SIGINT nothing new
 * is accepted, idle connections and endless streams end at once, the rest has the grace; a second signal ends
 * everything at once.
 */

struct config;
struct server;

enum { SERVER_PROBLEM_SIZE = 512 };

/* Reads the settings anew for a reload. NULL with a sentence in `problem` (CONFIG_PROBLEM_SIZE bytes) where it can't.
 */
typedef struct config *server_load(char *problem);

/* Before the settings are read for the first time: a SIGHUP that comes until it serves is met by a reload then. */
void server_hold_reloads(void);

/* Listens; takes a reference of `config`. On failure returns NULL and writes a sentence to `problem`. */
struct server *server_new(struct config *config, server_load *load, char *problem);

/* Serves until it was stopped by a signal and everything has ended. Returns the exit code of the process. */
int server_run(struct server *server);

/* NULL is let pass. */
void server_free(struct server *server);

#endif
