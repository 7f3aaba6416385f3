#ifndef SOCKWARDEN_POLICY_RULES_H
#define SOCKWARDEN_POLICY_RULES_H

/*
 * Ordered rules: the first that fits a call decides, and where none fits the call is refused. Used inside the policy
 * library only. A list is built once by whoever compiles a policy and only read afterwards; a decision allocates
 * nothing. A rule that grants covers whole path segments, so a grant is never wider than its words; one that guards
 * covers everything that begins with its words, so it is never narrower.
 */

#include "conditions.h"
#include "routes.h"

/* The call as it was taken apart. */
struct call {
    enum method method;
    enum section section;
    const struct route *route; /* NULL where no engine has one */
    struct target target;
};

/* A set of rows of the route table. */
struct route_set {
    uint64_t bits[(ROUTE_COUNT + 63) / 64];
};

static inline void
route_set_add(struct route_set *set, size_t row)
{
    set->bits[row / 64] |= UINT64_C(1) << row % 64;
}

static inline bool
route_set_has(const struct route_set *set, size_t row)
{
    return (set->bits[row / 64] >> row % 64 & 1) != 0;
}

enum rule_effect { RULE_DENY, RULE_ALLOW };

/* Which paths of its sections a rule covers. */
enum rule_reach {
    RULE_WHOLE,   /* the section's path and all below it; with EVERY_SECTION every path */
    RULE_ACTION,  /* exactly /section/{id}/word, with an {id} of letters, digits, '_', '.' and '-' */
    RULE_CALL,    /* exactly /section/word */
    RULE_REMOVAL, /* /section/{name} and all below it, with a name that begins as an {id} does */
    RULE_GUARD,   /* /section/{id}/word and all that begins so in any case; an {id} of several segments, too */
    RULE_ROUTES,  /* the routes of a set and nothing else, where the conditions hold */
};

struct rule {
    enum rule_effect effect;
    enum rule_reach reach;
    unsigned methods;
    uint64_t sections;
    struct slice word;
    struct route_set routes;             /* of RULE_ROUTES */
    bool exact;                          /* of RULE_ROUTES: the HEAD of a GET route is not covered */
    const struct conditions *conditions; /* of RULE_ROUTES; NULL where it has none; must outlive the list */
    const char *text;                    /* what a log calls the rule; must outlive the list */
    unsigned line;                       /* where it was written; 0: nobody said */
    unsigned entry;                      /* of written rules: the same for all that one preset makes */
};

/* What the rules make of a call. */
struct decision {
    const struct rule *rule; /* NULL where none fits */
    bool unclear;            /* the rule asks for a parameter that engines could read in several ways: refuse */
    struct slice parameter;  /* then: its name */
};

struct rules;

/* An empty list, or NULL when memory is short. */
struct rules *rules_new(void);

void rules_free(struct rules *rules);

/* Appends a copy; false when memory is short, and then the list must not be used to decide. */
bool rules_add(struct rules *rules, const struct rule *rule);

/* The first rule that fits the call. */
struct decision rules_decide(const struct rules *rules, const struct call *call);

/* Before this index no rule is about the call. */
size_t rules_first(const struct rules *rules, const struct call *call);

/* The rules in their order, for whoever lists or explains them; NULL behind the last. */
const struct rule *rules_at(const struct rules *rules, size_t index);

/* True when the rule is about the call, whatever its conditions say of the query. */
bool rule_concerns(const struct rule *rule, const struct call *call);

/* True when the path of the call is one that a rule of this reach covers. Sections and methods are not looked at. */
bool rule_covers(enum rule_reach reach, struct slice word, const struct call *call);

#endif
