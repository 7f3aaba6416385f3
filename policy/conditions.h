#ifndef SOCKWARDEN_POLICY_CONDITIONS_H
#define SOCKWARDEN_POLICY_CONDITIONS_H

/*
 * What a rule asks of the query: "?signal=HUP|USR1 ?t<=60 ?!force". Used inside the policy library only. Conditions
 * point into the text that they were read from; a look at a query allocates nothing. Where a value could be read in
 * two ways, they hold for a rule that refuses and fail for one that allows.
 *
 *   ?name=VALUE|VALUE   the parameter is there and is one of these; for flags and signals: in any spelling
 *   ?name<=N  ?name>=N  it is there and is a number in decimal digits, at most or at least N
 *   ?name               it is there
 *   ?!name              it is not
 */

#include "parameters.h"
#include "query.h"

enum { CONDITIONS_MAX = 8, CONDITION_ERROR_SIZE = 224 };

enum condition_kind { CONDITION_IS, CONDITION_AT_MOST, CONDITION_AT_LEAST, CONDITION_PRESENT, CONDITION_ABSENT };

struct condition {
    enum condition_kind kind;
    enum parameter_kind values_are;
    struct slice text; /* as it was written */
    struct slice name;
    struct slice values; /* of CONDITION_IS, with | between them */
    uint64_t limit;
};

struct conditions {
    struct condition list[CONDITIONS_MAX];
    size_t count;
};

/*
 * Reads blank-separated conditions. On a mistake returns false and writes what is wrong to `error`, of
 * CONDITION_ERROR_SIZE bytes.
 */
bool conditions_parse(struct slice text, struct conditions *conditions, char *error);

enum condition_answer {
    CONDITIONS_HOLD,
    CONDITIONS_FAIL,
    CONDITIONS_UNCLEAR, /* engines could differ about a parameter that is asked for: the call must be refused */
};

/* The call that is asked about, and for which kind of rule. */
struct condition_case {
    struct slice query;
    const char *operation;
    bool refuses; /* the rule does: doubt is a yes, and a parameter that is not there is what the engine takes for it */
};

/* Asks for all of them. Where the answer is unclear `name` is the parameter's. */
enum condition_answer conditions_ask(const struct conditions *conditions, const struct condition_case *asked,
                                     struct slice *name);

/* False, with the two in `error`, where two of them exclude each other, so that all never hold. */
bool conditions_can_hold(const struct conditions *conditions, char *error);

/*
 * True where `other` holds, or is unclear, for every query for which `one` does or is, for calls of whatever operation.
 * `refuses` and `other_refuses` say which kind of rule each belongs to. A no may also be a "not known".
 */
bool conditions_imply(const struct conditions *one, bool refuses, const struct conditions *other, bool other_refuses);

/* True where both ask for the same, in whatever order. */
bool conditions_equal(const struct conditions *one, const struct conditions *other);

#endif
