#ifndef SOCKWARDEN_POLICY_COMPILED_H
#define SOCKWARDEN_POLICY_COMPILED_H

/*
 * A compiled policy from the inside: made by builder.c, asked by policy.c and listing.c, and seen by no one else.
 * Nothing changes in it once its builder has handed it out.
 */

#include "dialect.h"
#include "presets.h"

enum { POLICY_NOTE_SIZE = 160, POLICY_RULE_SIZE = 320 };

/* Text or conditions that rules point to, or a preset that was chosen. */
struct policy_part {
    struct policy_part *next;
    struct conditions conditions;
    struct preset_choice preset;
    struct route_set missing; /* what features of the preset would grant that are not wanted */
    char text[];
};

struct policy {
    unsigned references;
    const char *name;         /* as its section is called, or NULL; in `parts` */
    struct switches switches; /* its dialect is NULL where no switch has a say */
    struct route_table *routes;
    struct rules *rules; /* those that were written, then those that the switches make */
    size_t written;      /* how many were written */
    bool dry_run;
    char note[POLICY_NOTE_SIZE];
    struct policy_part *parts;
};

/* An empty policy with one reference, or NULL when memory is short. */
struct policy *policy_new(void);

/* The request as it is taken apart and looked up; false where it is malformed, with the reason in the target. */
bool policy_take_apart(const struct policy *policy, struct slice method, struct slice target, char *buffer,
                       size_t buffer_size, struct call *call);

#endif
