#ifndef SOCKWARDEN_POLICY_GRANTS_H
#define SOCKWARDEN_POLICY_GRANTS_H

/*
 * The effective policy in words, for the start-up log: one sentence a grant in force. Used inside the policy library
 * only.
 */

#include "compiled.h"

/*
 * Calls `line` for each rule that was written, in its order, then for each switch that grants, narrowest first; once
 * with a sentence that says so where nothing is granted.
 */
void grants_list(const struct policy *policy, void (*line)(void *owner, const char *text), void *owner);

/* The sentence of one switch that is on and grants: "CONTAINERS=1: GET and HEAD below /containers; …". */
void grant_describe(const struct switches *switches, size_t step, char *text, size_t size);

/* True where a GET of the engine's is behind a switch for single calls: the console of attach/ws. */
bool grant_has_reads(const struct dialect_switch *entry);

/* The methods that a switch grants, with the gates before it as they are. */
unsigned grant_methods(const struct switches *switches, size_t step);

/* The parts of such a sentence: of an action or a guard, of whatever a step is about, "GET and HEAD". */
void switch_describe_action(const struct dialect_switch *entry, char *text, size_t size);
void switch_describe_paths(const struct dialect_switch *entry, char *text, size_t size);
void switch_describe_methods(unsigned methods, char *text, size_t size);

#endif
