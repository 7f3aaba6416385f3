#ifndef SOCKWARDEN_PROXY_SERVER_H
#define SOCKWARDEN_PROXY_SERVER_H

/*
 * The running proxy: event base, signals, listeners, the list of clients with its bound, and the order of a stop. One
 * server a process; main.c makes it. Connections beyond the bound wait in the kernel's backlog: the listeners are
 * paused, never spun. After SIGTERM or SIGINT nothing new is accepted, idle connections and endless streams end at
 * once, the rest has the grace; a second signal ends everything at once.
 */

struct config;
struct server;

enum { SERVER_PROBLEM_SIZE = 512 };

/* Takes a reference of `config`. On failure returns NULL and writes a sentence to `problem`. */
struct server *server_new(struct config *config, char *problem);

/* Serves until it was stopped by a signal and everything has ended. Returns the exit code of the process. */
int server_run(struct server *server);

/* NULL is let pass. */
void server_free(struct server *server);

#endif
