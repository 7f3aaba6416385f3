#ifndef SOCKWARDEN_PROXY_ANNOUNCE_H
#define SOCKWARDEN_PROXY_ANNOUNCE_H

/*
 * What the log says of a configuration when it comes into force: which settings do nothing and what was probably meant,
 * and what is granted where. Called by main.c at the start and by server.c after a reload.
 */

struct config;

/* The remarks on the settings, which were read with `environment`; then the grants of each listener, a notice each. */
void announce_config(const struct config *config, char *const environment[]);

#endif
