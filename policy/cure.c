#include "cure.h"

/* Switches that would open the path, narrowest first. */
struct openers {
    const struct dialect_switch *list[SWITCHES_MAX];
    size_t count;
    bool one_is_on;
};

/* What stands between a call and its grant. */
struct needs {
    const struct dialect_switch *gate; /* that is closed for the method; NULL where none is */
    const struct dialect_switch *guards[SWITCHES_MAX];
    size_t guard_count;
    struct openers free;  /* they come before the gate */
    struct openers gated; /* all others */
};

static void
add_opener(struct openers *openers, const struct dialect_switch *entry, bool on)
{
    openers->list[openers->count++] = entry;
    openers->one_is_on |= on;
}

static void
find_needs(const struct switches *switches, const struct call *call, struct needs *needs)
{
    const struct dialect *dialect = switches->dialect;
    needs->gate = NULL;
    needs->guard_count = 0;
    needs->free.count = needs->gated.count = 0;
    needs->free.one_is_on = needs->gated.one_is_on = false;
    uint64_t covering = 0;
    for (size_t i = 0; i < dialect->count; i++) {
        const struct dialect_switch *entry = &dialect->switches[i];
        if (!dialect_concerns(entry, call) || !dialect_covers(entry, call))
            continue;
        covering |= UINT64_C(1) << i;
        if (switches->on[i])
            continue;
        if (entry->kind == SWITCH_GATE && needs->gate == NULL)
            needs->gate = entry;
        else if (entry->kind == SWITCH_GUARD)
            needs->guards[needs->guard_count++] = entry;
    }
    for (size_t i = 0; covering != 0 && i < dialect->count; i++) {
        size_t id = switches->narrowest_first[i];
        if ((covering >> id & 1) == 0)
            continue;
        const struct dialect_switch *entry = &dialect->switches[id];
        if (entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD) {
            bool before_gate = needs->gate != NULL && entry < needs->gate;
            add_opener(before_gate ? &needs->free : &needs->gated, entry, switches->on[id]);
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

/* The first segment, or the first two where the first is libpod in any case: what could be a section. */
static struct slice
would_be_section(const struct target *target)
{
    struct slice first = target->count > 0 ? target->head[0] : SLICE_LITERAL("");
    if (target->count > 1 && slice_equals_ignoring_case(first, SLICE_LITERAL("libpod")))
        first.length = (size_t)(target->head[1].data + target->head[1].length - first.data);
    return first;
}

bool
cure_for_version(const struct target *target, struct phrase *cure)
{
    if (!looks_like_version(would_be_section(target)))
        return false;
    if (target->version.length > 0)
        phrase_add(cure, "a version prefix may come only once");
    else if (target->count == 1)
        phrase_add(cure, "nothing stands behind the version prefix");
    else
        phrase_add(cure, "the path begins with no version prefix of the form /v1.41");
    return true;
}

/* The switch of another dialect that opens the section of a call, such as LIBPOD_INFO. */
static void
name_other_dialect(const struct call *call, struct phrase *cure)
{
    const struct dialect *other;
    for (size_t i = 0; call->route != NULL && (other = dialect_at(i)) != NULL; i++) {
        for (size_t j = 0; j < other->count; j++) {
            const struct dialect_switch *entry = &other->switches[j];
            if (entry->kind == SWITCH_GRANT && (entry->sections & UINT64_C(1) << call->section) != 0) {
                phrase_add(cure, "; the ");
                phrase_add(cure, other->word);
                phrase_add(cure, " dialect has ");
                phrase_add_slice(cure, dialect_name(entry));
                return;
            }
        }
    }
}

/* A path that no switch opens: near misses get told what they missed. */
static void
explain_unknown_path(const struct dialect *dialect, const struct call *call, struct phrase *cure)
{
    struct slice first = would_be_section(&call->target);
    if (cure_for_version(&call->target, cure))
        return;
    for (size_t i = 0; i < dialect->count; i++) {
        const struct dialect_switch *entry = &dialect->switches[i];
        if (entry->kind != SWITCH_GRANT)
            continue;
        struct slice segment = section_segment(dialect_section(entry));
        bool same = slice_equals_ignoring_case(first, segment);
        if (same || begins_with_segment(first, segment)) {
            phrase_add(cure, same ? "paths are case-sensitive: " : "no setting grants this path: ");
            phrase_add_slice(cure, dialect_name(entry));
            phrase_add(cure, " is for /");
            phrase_add_slice(cure, segment);
            phrase_add(cure, same ? "" : " as a whole segment");
            return;
        }
    }
    phrase_add(cure, "no setting of the ");
    phrase_add(cure, dialect->word);
    phrase_add(cure, " dialect grants this path");
    name_other_dialect(call, cure);
}

/* "POST=1 and ALLOW_LOGS=1 and (ALLOW_START=1 or CONTAINERS=1)", or as much of it as is missing. */
static void
add_group(struct phrase *cure, const struct needs *needs, const struct openers *openers, bool gated)
{
    const char *joint = "";
    if (gated) {
        phrase_add(cure, needs->gate->rule_on);
        joint = " and ";
    }
    for (size_t i = 0; i < needs->guard_count; i++) {
        phrase_add(cure, joint);
        phrase_add(cure, needs->guards[i]->rule_on);
        joint = " and ";
    }
    bool grouped = !openers->one_is_on && openers->count > 1 && joint[0] != '\0';
    for (size_t i = 0; !openers->one_is_on && i < openers->count; i++) {
        joint = i == 0 ? grouped ? " and (" : joint : i + 1 == openers->count ? " or " : ", ";
        phrase_add(cure, joint);
        phrase_add(cure, openers->list[i]->rule_on);
    }
    phrase_add(cure, grouped ? ")" : "");
}

void
cure_for_switches(const struct switches *switches, const struct call *call, char *text, size_t size)
{
    struct phrase cure = phrase_begin(text, size);
    struct needs needs;
    if (call->target.version_has_suffix) {
        phrase_add(&cure, "the ");
        phrase_add(&cure, switches->dialect->word);
        phrase_add(&cure, " dialect takes no version prefix with letters behind its numbers");
        return;
    }
    find_needs(switches, call, &needs);
    if (needs.free.count + needs.gated.count == 0) {
        explain_unknown_path(switches->dialect, call, &cure);
        return;
    }
    bool never = needs.gate != NULL && needs.gate->name_length == 0;
    if (never && needs.free.count == 0) {
        phrase_add(&cure, "no setting of the ");
        phrase_add(&cure, switches->dialect->word);
        phrase_add(&cure, " dialect opens this method");
        return;
    }
    phrase_add(&cure, "needs ");
    if (needs.free.count > 0)
        add_group(&cure, &needs, &needs.free, false);
    if (needs.gated.count > 0 && !never) {
        phrase_add(&cure, needs.free.count > 0 ? ", or " : "");
        add_group(&cure, &needs, &needs.gated, needs.gate != NULL);
    }
}
