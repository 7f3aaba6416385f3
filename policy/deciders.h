#ifndef SOCKWARDEN_POLICY_DECIDERS_H
#define SOCKWARDEN_POLICY_DECIDERS_H

/*
 * The rules that could decide a call, whatever its query says: those with conditions that stand before the first one
 * without, and that one. Used by listing.c only, to say of a route that its verdict depends on the query, and to tell
 * whether it depends on it in the same way under another policy. Pure; points into the policy.
 */

#include "rules.h"

enum { DECIDERS_MAX = 64 };

struct deciders {
    /* With conditions, in their order; those behind which the verdict is the same anyway are left out. */
    const struct rule *conditional[DECIDERS_MAX];
    size_t count;
    bool cut;                /* there are more than fit */
    const struct rule *last; /* without conditions; NULL: what none of them fits is refused */
};

/* `call` is one without a query. */
void deciders_find(const struct rules *rules, const struct call *call, struct deciders *deciders);

/* Of the rule that stands last, or of none. */
enum rule_effect deciders_effect(const struct deciders *deciders);

/* True where both make the same of every query: the same conditions with the same effects in the same order. */
bool deciders_equal(const struct deciders *one, const struct deciders *other);

/* "allow = ContainerKill ?signal=HUP; else refused"; cut where `size` is too small. */
void deciders_write(const struct deciders *deciders, char *text, size_t size);

#endif
