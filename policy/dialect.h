#ifndef SOCKWARDEN_POLICY_DIALECT_H
#define SOCKWARDEN_POLICY_DIALECT_H

/*
 * The environment dialects as data: which switches each has, how a value is read, and which rules they make. Used
 * inside the policy library only. The tables are dialects.def and the files that it includes; nothing else knows a
 * switch by name. On every path that an engine routes the compiled rules decide as the original does; elsewhere they
 * may be stricter, because a rule that grants covers whole segments, and are never wider.
 */

#include "rules.h"

enum switch_kind { SWITCH_GATE, SWITCH_GUARD, SWITCH_ACTION, SWITCH_CALL, SWITCH_REMOVAL, SWITCH_GRANT };

enum switch_reach { REACH_OF, REACH_BELOW, REACH_BOTH };

/* One step of a dialect. */
struct dialect_switch {
    const char *rule_on; /* "NAME=1"; "" where no variable rules over the step: a gate that nothing opens */
    union {
        const char *rule_off; /* "NAME=0", of a gate or a guard: what refuses */
        const char *writes;   /* of a grant */
    };
    union {
        const char *words; /* of all others, blank-separated, "" for none */
        const char *reads; /* of a grant */
    };
    uint64_t sections;
    enum switch_kind kind : 8;
    enum switch_reach reach : 8;
    unsigned methods : 8; /* of a gate: those that it refuses; else those that it may grant */
    unsigned width : 8;   /* how much it opens, for "narrowest first" */
    bool by_default;
    uint8_t name_length;
};

struct dialect {
    const char *word;
    const char *product;
    const char *disables_ipv6; /* values of DISABLE_IPV6, blank-separated */
    const char *binds;         /* the variable that says where the original listens; or NULL */
    bool has_zone;             /* TZ is a setting of the original */
    const struct dialect_switch *switches;
    size_t count;
};

enum { SWITCHES_MAX = 64 };

/* The state of all switches, and their order for whoever names them: narrowest first, as in the table among equals. */
struct switches {
    const struct dialect *dialect;
    bool on[SWITCHES_MAX];
    uint8_t narrowest_first[SWITCHES_MAX];
};

/* The value of a name in an environ-like array, the first where there are several; NULL where it is missing. */
const char *environment_value(char *const environment[], const char *name);

/* The same for a switch. */
const char *dialect_value(const struct dialect_switch *entry, char *const environment[]);

/* The originals' truth: one optional sign, then decimal digits up to another byte; true when the number isn't 0. */
bool dialect_is_true(const char *value);

/* The dialects in their order, the default first; NULL behind the last. */
const struct dialect *dialect_at(size_t index);

/* NULL where there is none of this word. */
const struct dialect *dialect_find(const char *word);

/* The switch of this name, or NULL. */
const struct dialect_switch *dialect_switch_find(const struct dialect *dialect, struct slice name);

/* The section of a grant, a call or a removal: the only one that it has. */
enum section dialect_section(const struct dialect_switch *entry);

/* Which dialect an environment is in, and why. */
struct dialect_choice {
    const struct dialect *dialect; /* NULL where DIALECT is no dialect's word */
    struct slice detected_by;      /* the variable that told; empty where DIALECT says it or nothing does */
};

/*
 * DIALECT says it; without it, a variable that one dialect alone has tells, if every such variable is one of
 * that dialect; else it is the first dialect.
 */
struct dialect_choice dialect_choose(char *const environment[]);

/* Every switch at its default. */
void dialect_defaults(const struct dialect *dialect, struct switches *switches);

/* Reads every switch from the environment, with the original's defaults for what is missing. */
void dialect_read(const struct dialect *dialect, char *const environment[], struct switches *switches);

/* Appends the rules that the switches make; false when memory is short. */
bool dialect_compile(const struct switches *switches, struct rules *rules);

/* False where a look at method and section tells already that the step does not rule over this call. */
static inline bool
dialect_concerns(const struct dialect_switch *entry, const struct call *call)
{
    return (entry->methods & METHOD_BIT(call->method)) != 0 && (entry->sections & UINT64_C(1) << call->section) != 0;
}

/* Of its variable; empty where it has none. */
static inline struct slice
dialect_name(const struct dialect_switch *entry)
{
    return (struct slice){entry->rule_on, entry->name_length};
}

/* The words behind the name in a path, of steps that are about such words; "" for all others. */
static inline const char *
dialect_words(const struct dialect_switch *entry)
{
    return entry->kind != SWITCH_GRANT ? entry->words : "";
}

/* True when the step rules over this call: grants it, or refuses it, in one of its two states. */
bool dialect_covers(const struct dialect_switch *entry, const struct call *call);

#endif
