#ifndef SOCKWARDEN_PROXY_CONFINE_H
#define SOCKWARDEN_PROXY_CONFINE_H

/*
 * The order in which the process gives up what it no longer needs, once its listeners are open and before it serves:
 * root and capabilities first (privileges.c), then what the kernel can forbid it (sandbox.c), each as the settings say;
 * one record tells what became of it. Called once, by main.c; what
 * fails later because of it asks for words.
 */

#include <stdbool.h>

struct config;

enum { CONFINE_PROBLEM_SIZE = 512 };

/*
 * `settings_file` is what a reload reads, or NULL. Returns false with a sentence in `problem` where the settings
 * require more than there is to be had.
 */
bool confine(const struct config *config, const char *settings_file, char *problem);

/* Words for the end of a sentence on this errno, where what was given up may be its cause, else ""; static. */
const char *confine_hint(int error);

/* How much of the sandbox holds, in two or three words; static. */
const char *confine_summary(void);

/* True where the process was root once, and is no more. */
bool confine_gave_up_root(void);

/*
 * True where the process can reach the engine of `config` in place of the former one; false, with a sentence of
 * CONFINE_PROBLEM_SIZE bytes at most, where what it gave up for that one keeps it from this.
 */
bool confine_lets_reach(const struct config *former, const struct config *config, char *problem);

/* True where these settings ask for another user, group or sandbox than those of the start, which can't be had again.
 */
bool confine_differs(const struct config *config);

#endif
