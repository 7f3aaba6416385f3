#ifndef SOCKWARDEN_POLICY_TARGET_H
#define SOCKWARDEN_POLICY_TARGET_H

/*
 * A request target, taken apart as the engine's own router will take it apart: decoded once, its version prefix set
 * aside, split into segments, its query kept. What comes out is canonical: the re-encoded form of exactly what was
 * judged. Used inside the policy library only. Nothing is allocated: everything lives in the buffer that the caller
 * hands in, and the slices are valid as long as that buffer is.
 */

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

enum target_state {
    TARGET_CLEAN,   /* may be judged */
    TARGET_UNCLEAN, /* well formed, but not a path that a router serves as it stands (//, dot segments): never allow */
    TARGET_MALFORMED, /* not a target that a strict server takes; only `reason` means anything */
};

/* Segments that are kept one by one, from either end; names in between may span any number of them. */
enum { TARGET_HEAD = 4, TARGET_TAIL = 2 };

struct target {
    struct slice canonical;         /* what may be forwarded: prefix, path and query */
    struct slice version;           /* the prefix as in "/v1.41", or empty */
    bool version_has_suffix;        /* it is one that Podman alone takes, as in "/v5.8.2-rc1" */
    struct slice path;              /* the canonical path without prefix and query */
    struct slice decoded;           /* the same path, decoded; the segments point into it */
    struct slice query;             /* what follows the first '?'; data is NULL where there is none */
    struct slice head[TARGET_HEAD]; /* the first segments, decoded */
    struct slice tail[TARGET_TAIL]; /* the last segments, decoded, the very last one first */
    size_t count;                   /* segments of the path without prefix */
    bool trailing_slash;            /* the path ends in a slash behind its last segment, or is "/" */
    const char *reason;             /* what is wrong, where the state is not TARGET_CLEAN; a static string */
};

/* Bytes of buffer that a target of this length may need. */
size_t target_buffer_size(size_t length);

/* Takes `text` apart; `buffer` must hold target_buffer_size(text.length) bytes. */
enum target_state target_parse(struct slice text, char *buffer, size_t buffer_size, struct target *target);

/* True for a segment such as "v1.41": two or three numbers without leading zeros. */
bool target_is_version(struct slice segment);

/* True for a version of a Podman that is not released: "v5.8.2-rc1", "v6.0.0-dev". It counts before /libpod/ only. */
bool target_is_podman_version(struct slice segment);

/* The byte that "%XX" at `text` stands for, or -1. */
int target_unescape(const char *text, const char *end);

/*
 * A boolean parameter as the engine reads it: of several the first counts; empty, 0, no, false and none (any case,
 * blanks around it ignored) are false, everything else is true. `absent` is the answer where the query lacks it.
 */
bool target_flag(const struct target *target, struct slice name, bool absent);

#endif
