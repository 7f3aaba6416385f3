#ifndef SOCKWARDEN_POLICY_RULES_H
#define SOCKWARDEN_POLICY_RULES_H

/*
 * Ordered rules: the first that fits a call decides, and where none fits the call is refused. Used inside the policy
 * library only. A list is built once by whoever compiles a policy and only read afterwards; a decision allocates
 * nothing. A rule covers whole path segments, so a grant is never wider than its words.
 */

#include "routes.h"

enum rule_effect { RULE_DENY, RULE_ALLOW };

/* A rule for every path stands where a section would. */
enum { EVERY_PATH = SECTION_COUNT };

struct rule {
    enum rule_effect effect;
    unsigned methods;
    int section;       /* an enum section, or EVERY_PATH */
    struct slice verb; /* where it has data: exactly /section/{id}/verb; else the section's path and all below */
    const char *text;  /* what a log calls the rule; must outlive the list */
};

struct rules;

/* An empty list, or NULL when memory is short. */
struct rules *rules_new(void);

void rules_free(struct rules *rules);

/* Appends a copy; false when memory is short, and then the list must not be used to decide. */
bool rules_add(struct rules *rules, const struct rule *rule);

/* The rule that decides about the call, or NULL where none fits. `section` is section_of(target). */
const struct rule *rules_decide(const struct rules *rules, enum method method, enum section section,
                                const struct target *target);

/* True when the target is exactly /section/{id}/verb, with an {id} of letters, digits, '_', '.' and '-'. */
bool rule_verb_fits(struct slice verb, const struct target *target);

#endif
