#ifndef SOCKWARDEN_POLICY_CURE_H
#define SOCKWARDEN_POLICY_CURE_H

/*
 * Words for a refusal: what would grant the call, narrowest first, or why nothing can. Used inside the policy library
 * only, on the way to a refusal; a granted call never comes here. Nothing is allocated; text that does not fit is cut.
 */

#include "compiled.h"
#include "phrase.h"

/* What would grant a call that was refused: "needs allow = ContainerCreate in [policy ops]". */
void cure_for_refusal(const struct policy *policy, const struct call *call, const struct decision *decision, char *text,
                      size_t size);

/* The same of the switches alone: "needs POST=1 and CONTAINERS=1". In cure.c, for cure_rules.c. */
void cure_for_switches(const struct switches *switches, const struct call *call, char *text, size_t size);

/* Tells what is wrong with the version prefix of a path that no route fits; false where nothing is. */
bool cure_for_version(const struct target *target, struct phrase *cure);

#endif
