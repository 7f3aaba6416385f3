#ifndef SOCKWARDEN_PROXY_CONFIG_DRAFT_H
#define SOCKWARDEN_PROXY_CONFIG_DRAFT_H

/*
 * A file's settings while they are read: listeners and policies that do not know each other yet. Shared by the reader
 * of files (config_file.c: sections, what belongs together) and the readers of values (config_keys.c); nobody else
 * includes this.
 */

#include "config.h"
#include "ini_file.h"
#include "keys.h"
#include "options.h"
#include "policy/policy.h"
#include "settings.h"

enum { POLICIES_MAX = CONFIG_LISTENERS_MAX, NAME_SIZE = 64, INI_VALUE_SIZE = 256 };

/* A listener as the file describes it, until the policies are known. */
struct draft_listener {
    char name[NAME_SIZE];
    unsigned line; /* of its section */
};

struct draft_policy {
    char name[NAME_SIZE];
    unsigned line;
    struct policy_builder *builder; /* NULL once finished */
    struct policy *policy;          /* one reference, then */
};

struct draft {
    struct config *config;
    struct draft_listener listeners[CONFIG_LISTENERS_MAX];
    struct draft_policy policies[POLICIES_MAX];
    size_t policy_count;
    unsigned sockwarden_line; /* of the section; 0: it was not there */
    unsigned upstream_line;
    unsigned bare_line; /* of a key whose value is expected in the next line; 0: none is */
    unsigned open_line; /* of a value that ended with a comma, so that the next line goes on with it */
    char bare_key[NAME_SIZE];
};

bool draft_fail(struct ini_problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The words around one that is not there, and around those that are: "a listener has no key", "it has". */
struct draft_lack {
    const char *lacks;
    const char *has;
};

/* A word that is not one of `words`, which is NULL-terminated, with the nearest that is. */
bool draft_fail_unknown(struct ini_problem *problem, const struct draft_lack *lack, const char *word,
                        const char *const *words);

/* Reads one value of the section that was begun last. */
bool draft_take(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem);

/* A key that still waits for its value is a fault, when its section or the file ends. */
bool draft_end_section(struct draft *draft, struct ini_problem *problem);

#endif
