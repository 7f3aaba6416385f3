#ifndef SOCKWARDEN_POLICY_SUGGEST_H
#define SOCKWARDEN_POLICY_SUGGEST_H

/*
 * Which switch a name was probably meant to be, and which names are none at all though they look like one. Used inside
 * the policy library only, by whoever words a warning or an error.
 */

#include "dialect.h"

/*
 * The switch that a name is like: misspelt, or with ALLOW_, _READ and the like around it; with `longer` also one that
 * begins with ALLOW_, CONTAINERS_ or LIBPOD_ where the name does not. NULL where there is none.
 */
const struct dialect_switch *suggest_switch(const struct dialect *dialect, struct slice name, bool longer);

/* True for what orchestrators and container links set for a service of any name: X_SERVICE_HOST, X_PORT_80_TCP … */
bool suggest_is_of_a_service(struct slice name);

/* True for names that are one edit away from a switch and mean something else everywhere. */
bool suggest_is_ordinary(struct slice name);

#endif
