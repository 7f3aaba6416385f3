#ifndef SOCKWARDEN_POLICY_TAKES_H
#define SOCKWARDEN_POLICY_TAKES_H

/*
 * Whether the conditions of a rule can say anything of the calls that it names: takes.def as functions. Used inside the
 * policy library only, by whoever builds a policy. A condition on a parameter that no such call takes would never hold,
 * or always; two that exclude each other never do. All of these are mistakes.
 */

#include "conditions.h"
#include "rules.h"

enum { TAKES_ERROR_SIZE = 256 };

/* Whether calls of an operation may take a parameter; true where that is not known. */
bool takes_parameter(const char *operation, struct slice name);

/*
 * False, with what is wrong and the nearest right name in `error`, of TAKES_ERROR_SIZE bytes, where no route of the set
 * takes a parameter that must be there. `word` is what names the routes in the rule.
 */
bool takes_check(const struct conditions *conditions, const struct route_set *routes, struct slice word, char *error);

/* The same for those that must not be there, over all the routes of a line. */
bool takes_check_absent(const struct conditions *conditions, const struct route_set *routes, struct slice word,
                        char *error);

#endif
