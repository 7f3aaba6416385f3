#ifndef SOCKWARDEN_POLICY_IDLE_SWITCHES_H
#define SOCKWARDEN_POLICY_IDLE_SWITCHES_H

/*
 * Switches that are on and of no use without another one: an action while the gate of its method is closed, a gate or a
 * guard with nothing behind it. Used inside the policy library only, for the sentences at the start.
 */

#include "dialect.h"

/* The switches to look at, what is known of where they come from, and who hears of them. */
struct idle_switches {
    const struct switches *switches;
    bool dialect_is_said; /* in a word, so that another one is no mend */
    bool exec_is_said;    /* EXEC has a value that somebody wrote */
    void (*line)(void *owner, const char *text);
    void *owner;
};

/* Calls `line` with a sentence for each. */
void idle_switches_list(const struct idle_switches *idle);

#endif
