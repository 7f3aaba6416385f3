#ifndef SOCKWARDEN_POLICY_NAMES_H
#define SOCKWARDEN_POLICY_NAMES_H

/*
 * Likeness of names and values of settings: what a misspelt name was meant to be, whether a value looks like a
 * switch's; and lists of names. Used inside the policy library only. Pure functions over text, no table of settings is
 * known here.
 */

#include "slice.h"

/* Edits (insert, delete, replace, swap of neighbours) between two names; above NAME_FAR it says NAME_FAR. */
enum { NAME_FAR = 3 };
unsigned name_distance(struct slice name, struct slice other);

/* True when the names differ only in case and in '_', '-' and '.'. */
bool name_equals_loosely(struct slice name, struct slice other);

/* Takes the next name from a blank-separated list; false at its end. */
bool names_next(const char **list, struct slice *name);

enum value_look {
    LOOK_EMPTY,
    LOOK_NUMBER, /* decimal digits and nothing else */
    LOOK_TRUE,   /* a word, or a number in disguise, by which somebody means on: true, yes, "1", 0x1 */
    LOOK_FALSE,  /* the same for off */
    LOOK_OTHER,
};

enum value_look value_look(const char *value);

#endif
