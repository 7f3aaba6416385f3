#ifndef SOCKWARDEN_POLICY_DIALECT_H
#define SOCKWARDEN_POLICY_DIALECT_H

/*
 * The environment dialect as data: which switches there are, how a value is read, and which rules they make. Used
 * inside the policy library only. The table is dialect_tecnativa.def; nothing else knows a switch by name. On every
 * path that the engine routes the compiled rules decide as the original does; elsewhere they may be stricter, because
 * a rule here covers whole segments, and are never wider.
 */

#include "rules.h"

enum switch_kind { SWITCH_GATE, SWITCH_ACTION, SWITCH_GRANT };

enum switch_reach { REACH_OF, REACH_BELOW, REACH_BOTH };

enum switch_id {
#define GATE(name, by_default)                                 ID_##name,
#define ACTION(name, by_default, width, section, verbs)        ID_##name,
#define GRANT(name, by_default, section, reach, reads, writes) ID_##name,
#include "dialect_tecnativa.def"
#undef GATE
#undef ACTION
#undef GRANT
    SWITCH_COUNT
};

struct dialect_switch {
    const char *name;
    const char *rule_on;  /* "NAME=1" */
    const char *rule_off; /* "NAME=0" */
    const char *verbs;    /* of an action, blank-separated */
    const char *reads;
    const char *writes;
    enum switch_kind kind;
    enum switch_reach reach;
    int section;
    int width; /* how much it opens, for "narrowest first" */
    bool by_default;
};

/* The state of all switches, and their order for whoever names them: narrowest first, as in the table among equals. */
struct switches {
    bool on[SWITCH_COUNT];
    enum switch_id narrowest_first[SWITCH_COUNT];
};

/* The value of a name in an environ-like array, the first where there are several; NULL where it is missing. */
const char *environment_value(char *const environment[], const char *name);

/* The original's truth: one optional sign, then decimal digits up to another byte; true when the number isn't 0. */
bool dialect_is_true(const char *value);

const struct dialect_switch *dialect_switch(enum switch_id id);

/* Reads every switch from the environment, with the original's defaults for what is missing. */
void dialect_read(char *const environment[], struct switches *switches);

/* Appends the rules that the switches make; false when memory is short. */
bool dialect_compile(const struct switches *switches, struct rules *rules);

/* True when the switch, being on, would grant this path. A gate grants none. */
bool dialect_covers(enum switch_id id, enum section section, const struct target *target);

#endif
