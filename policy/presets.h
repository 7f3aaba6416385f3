#ifndef SOCKWARDEN_POLICY_PRESETS_H
#define SOCKWARDEN_POLICY_PRESETS_H

/*
 * The presets of presets.def: which operations a client takes, under which conditions, and which features of it are
 * wanted. Used inside the policy library only. A preset grants the rows that it names and nothing else.
 */

#include "rules.h"

enum { PRESET_ERROR_SIZE = 192 };

/* A preset with its features chosen: rows of the table from `first` on, and a bit for each row that counts. */
struct preset_choice {
    size_t first;
    size_t count; /* 0: none is chosen */
    uint64_t wanted;
};

/*
 * Reads "watchtower +lifecycle-hooks -ping-fallback". On a mistake returns false and writes what is wrong, and the
 * nearest right word, to `error`, of PRESET_ERROR_SIZE bytes.
 */
bool preset_parse(struct slice text, struct preset_choice *choice, char *error);

/* Routes that a choice grants under the same conditions. */
struct preset_grant {
    struct route_set routes;
    const char *operations; /* with conditions only, else "": they are told with them */
    const char *conditions; /* "" for none */
};

/*
 * Takes the grants of a choice one after another, from *at = 0: first all that have no conditions, then each row with
 * some. False behind the last.
 */
bool preset_next_grant(const struct preset_choice *choice, size_t *at, struct preset_grant *grant);

/* Adds the routes that the features would grant which are not wanted. */
void preset_add_missing(const struct preset_choice *choice, struct route_set *routes);

/*
 * The narrowest feature of the preset that would grant the route and is not wanted; NULL where there is none.
 * `conditions` are those under which it would.
 */
const char *preset_missing_feature(const struct preset_choice *choice, const struct route *route,
                                   const char **conditions);

/* "watchtower" */
const char *preset_name(const struct preset_choice *choice);

#endif
