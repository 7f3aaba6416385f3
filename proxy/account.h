#ifndef SOCKWARDEN_PROXY_ACCOUNT_H
#define SOCKWARDEN_PROXY_ACCOUNT_H

/*
 * Users and groups as settings name them, by number or by a name that this machine has. Used by whoever reads such a
 * setting: options.c, config_keys.c and allow_from.c. A number needs no list of users, which an image may not have.
 * Programs that add a user put a new file in the place of /etc/passwd, and the sandbox lets the process read the old
 * one only: names are remembered for that case.
 */

#include <stdbool.h>
#include <stdint.h>

enum account_kind { ACCOUNT_USER, ACCOUNT_GROUP };

/* Digits and nothing else, up to 4294967294: the number above it stands for "as it is" in system calls. */
bool account_parse_number(const char *text, uint32_t *id);

/* False where this machine has no user or group of this name. */
bool account_look_up(enum account_kind kind, const char *name, uint32_t *id);

/* Before the sandbox closes: remembers whom this machine's own lists have. */
void account_remember_all(void);

/* True once a name was taken out of memory: the lists are others by now, and may say something else. */
bool account_was_recalled(void);

/* Why the last one that was looked up was not found; static. */
const char *account_problem(void);

/* Either of the two. */
bool account_find(enum account_kind kind, const char *text, uint32_t *id);

#endif
