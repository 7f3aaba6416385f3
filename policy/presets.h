#ifndef SOCKWARDEN_POLICY_PRESETS_H
#define SOCKWARDEN_POLICY_PRESETS_H

/*
 * The presets of presets.def: which operations a client takes, and which features of it are wanted. Used inside the
 * policy library only. A preset grants the rows that it names and nothing else.
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

/* Adds the routes that the choice grants. */
void preset_add_routes(const struct preset_choice *choice, struct route_set *routes);

/* Adds the routes that the features would grant which are not wanted. */
void preset_add_missing(const struct preset_choice *choice, struct route_set *routes);

/* The feature of the preset that would grant the route and is not wanted; NULL where there is none. */
const char *preset_missing_feature(const struct preset_choice *choice, const struct route *route);

/* "watchtower" */
const char *preset_name(const struct preset_choice *choice);

#endif
