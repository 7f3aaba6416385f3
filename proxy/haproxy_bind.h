#ifndef SOCKWARDEN_PROXY_HAPROXY_BIND_H
#define SOCKWARDEN_PROXY_HAPROXY_BIND_H

/*
 * Where to listen in the words of HAProxy's `bind`, as an original takes them from its environment: addresses with
 * commas between them, then parameters (HAProxy's configuration manual, 5.1). Those that mean something here are read;
 * any other is refused by its name, because most of them narrow who may connect. Used by config_environment.c.
 */

#include "config.h"

/*
 * Makes the listeners of the snapshot from the value of this variable, and keeps what it says among the settings. On a
 * fault returns false and writes a message to `problem`, of CONFIG_PROBLEM_SIZE bytes.
 */
bool haproxy_bind_read(struct config *config, const char *variable, const char *value, char *problem);

#endif
