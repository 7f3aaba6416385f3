#include "cure.h"

#include <stdio.h>

/* The switches that would open the path, narrowest first. */
struct openers {
    enum switch_id list[SWITCH_COUNT];
    size_t count;
    bool one_is_on;
};

static void
find_openers(const struct switches *switches, enum section section, const struct target *target,
             struct openers *openers)
{
    openers->count = 0;
    openers->one_is_on = false;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        enum switch_id id = switches->narrowest_first[i];
        if (dialect_covers(id, section, target)) {
            openers->list[openers->count++] = id;
            openers->one_is_on |= switches->on[id];
        }
    }
}

/* True for what the original takes for a version prefix, or a user might: v1, V1.41, v1..2, v1.41-rc1. */
static bool
looks_like_version(struct slice segment)
{
    return segment.length >= 2 && (segment.data[0] | 0x20) == 'v' &&
           ((segment.data[1] >= '0' && segment.data[1] <= '9') || segment.data[1] == '.');
}

static bool
begins_with_segment(struct slice text, struct slice segment)
{
    return text.length > segment.length && strncasecmp(text.data, segment.data, segment.length) == 0;
}

/* A path that no switch opens: near misses get told what they missed. */
static void
explain_unknown_path(const struct target *target, char *text, size_t size)
{
    struct slice first = target->count > 0 ? target->head[0] : SLICE_LITERAL("");
    if (target->version.length > 0 && looks_like_version(first)) {
        snprintf(text, size, "a version prefix may come only once");
        return;
    }
    if (looks_like_version(first)) {
        snprintf(text, size, "the path begins with no version prefix of the form /v1.41");
        return;
    }
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        const struct dialect_switch *entry = dialect_switch((enum switch_id)i);
        struct slice segment = section_segment((enum section)entry->section);
        if (entry->kind != SWITCH_GRANT) {
            continue;
        }
        if (slice_equals_ignoring_case(first, segment)) {
            snprintf(text, size, "paths are case-sensitive: %s is for /%s", entry->name, segment.data);
            return;
        }
        if (begins_with_segment(first, segment)) {
            snprintf(text, size, "no setting grants this path: %s is for /%s as a whole segment", entry->name,
                     segment.data);
            return;
        }
    }
    snprintf(text, size, "no setting of the tecnativa dialect grants this path");
}

void
cure_for_refusal(const struct switches *switches, enum method method, enum section section, const struct target *target,
                 char *text, size_t size)
{
    struct openers openers;
    find_openers(switches, section, target, &openers);
    if (openers.count == 0) {
        explain_unknown_path(target, text, size);
        return;
    }
    bool gated = !switches->on[ID_POST] && (METHODS_READ & METHOD_BIT(method)) == 0;
    size_t length = (size_t)snprintf(text, size, "needs %s", gated ? dialect_switch(ID_POST)->rule_on : "");
    if (openers.one_is_on) {
        return;
    }
    for (size_t i = 0; i < openers.count && length < size; i++) {
        const char *joint = i == 0 ? (gated ? " and " : "") : i + 1 == openers.count ? " or " : ", ";
        length +=
            (size_t)snprintf(text + length, size - length, "%s%s", joint, dialect_switch(openers.list[i])->rule_on);
    }
}
