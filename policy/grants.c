#include "grants.h"
#include "names.h"

#include <stdio.h>

enum { GRANT_TEXT_SIZE = 384, PART_SIZE = 160 };

/* "stop, restart or kill" */
static void
list_words(const char *words, const char *last_joint, char *text, size_t size)
{
    size_t length = 0;
    const char *rest = words;
    struct slice word;
    text[0] = '\0';
    while (names_next(&rest, &word) && length < size) {
        const char *joint = word.data == words ? "" : *rest == '\0' ? last_joint : ", ";
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", joint, (int)word.length, word.data);
    }
}

/* "/libpod/containers and /libpod/pods": the sections of the set but the first. */
static void
list_other_sections(uint64_t sections, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (sections &= sections - 1; sections != 0 && length < size; sections &= sections - 1) {
        enum section section = (enum section)__builtin_ctzll(sections);
        const char *joint = length == 0 ? "" : (sections & (sections - 1)) == 0 ? " and " : ", ";
        length += (size_t)snprintf(text + length, size - length, "%s/%s", joint, section_segment(section).data);
    }
}

void
switch_describe_action(const struct dialect_switch *entry, char *text, size_t size)
{
    char words[PART_SIZE];
    list_words(dialect_words(entry), " or ", words, sizeof(words));
    /* A guard is for all that begins with its word. */
    size_t length = (size_t)snprintf(text, size, "/%s/{id}/%s%s", section_segment(dialect_section(entry)).data, words,
                                     entry->kind == SWITCH_GUARD ? "*" : "");
    if ((entry->sections & (entry->sections - 1)) == 0 || length >= size)
        return;
    length += (size_t)snprintf(text + length, size - length, ", and the same below ");
    if (length < size)
        list_other_sections(entry->sections, text + length, size - length);
}

void
switch_describe_paths(const struct dialect_switch *entry, char *text, size_t size)
{
    if (entry->kind == SWITCH_ACTION || entry->kind == SWITCH_GUARD) {
        switch_describe_action(entry, text, size);
        return;
    }
    const char *segment = section_segment(dialect_section(entry)).data;
    if (entry->kind == SWITCH_CALL)
        snprintf(text, size, "/%s/%s", segment, dialect_words(entry));
    else if (entry->kind == SWITCH_REMOVAL)
        snprintf(text, size, "/%s/{name} and all below", segment);
    else
        snprintf(text, size, "/%s%s", segment, entry->reach == REACH_BOTH ? " and all below" : "");
}

void
switch_describe_methods(unsigned methods, char *text, size_t size)
{
    if (methods == METHODS_ALL || methods == 0) {
        snprintf(text, size, methods == 0 ? "nothing" : "every method");
        return;
    }
    size_t length = 0;
    for (unsigned left = methods; left != 0 && length < size; left &= left - 1) {
        const char *joint = left == methods ? "" : (left & (left - 1)) == 0 ? " and " : ", ";
        const char *name = method_text((enum method)__builtin_ctz(left));
        length += (size_t)snprintf(text + length, size - length, "%s%s", joint, name);
    }
}

/* The gates that the step stands behind: the methods that pass them, and "POST=1 and DELETE=1" of those that are on. */
static unsigned
pass_gates(const struct switches *switches, size_t step, char *text, size_t size)
{
    unsigned methods = switches->dialect->switches[step].methods;
    unsigned meant = methods;
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < step; i++) {
        const struct dialect_switch *gate = &switches->dialect->switches[i];
        if (gate->kind != SWITCH_GATE || (gate->methods & meant) == 0)
            continue;
        if (!switches->on[i]) {
            methods &= ~gate->methods;
        } else if (length < size) {
            length +=
                (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? " with " : " and ", gate->rule_on);
        }
    }
    return methods;
}

bool
grant_has_reads(const struct dialect_switch *entry)
{
    const struct route *route;
    for (size_t i = 0; (route = route_row(i)) != NULL; i++) {
        struct slice template = slice_from_string(route->template);
        const char *words = dialect_words(entry);
        struct slice word;
        bool read = route->method == METHOD_GET && (entry->sections & UINT64_C(1) << route_section(route)) != 0;
        while (read && names_next(&words, &word)) {
            size_t before = template.length - word.length - 2;
            bool last = word.length + 2 < template.length && memcmp(template.data + before, "}/", 2) == 0 &&
                        memcmp(template.data + before + 2, word.data, word.length) == 0;
            if (last)
                return true;
        }
    }
    return false;
}

unsigned
grant_methods(const struct switches *switches, size_t step)
{
    char gates[PART_SIZE / 2];
    return pass_gates(switches, step, gates, sizeof(gates));
}

/* What a reader should not have to guess of a step, with the methods that its gates let pass. */
static void
describe_reach(const struct dialect_switch *entry, unsigned open, char *text, size_t size)
{
    static const char deletes[] = " and delete";
    bool posts = (open & METHOD_BIT(METHOD_POST)) != 0;
    bool all = posts && (open & METHOD_BIT(METHOD_DELETE)) != 0;
    const char *note = posts ? entry->writes : entry->reads;
    if (entry->kind != SWITCH_GRANT) {
        bool removal = entry->kind == SWITCH_REMOVAL;
        bool reads = !removal && grant_has_reads(entry);
        bool useful = removal ? (open & METHOD_BIT(METHOD_DELETE)) != 0 : posts;
        note = reads     ? "the attach/ws console of GET included"
               : useful  ? ""
               : removal ? "it would need DELETE=1"
                         : "the engine has no such call, it would need POST=1";
    }
    const char *part = strstr(note, deletes);
    int cut = part != NULL && !all ? (int)(part - note) : (int)strlen(note);
    snprintf(text, size, "%.*s%s", cut, note, part != NULL && !all ? part + strlen(deletes) : "");
}

void
grant_describe(const struct switches *switches, size_t step, char *text, size_t size)
{
    const struct dialect_switch *entry = &switches->dialect->switches[step];
    char paths[PART_SIZE];
    char gates[PART_SIZE / 2];
    char methods[PART_SIZE / 2];
    unsigned open = pass_gates(switches, step, gates, sizeof(gates));
    switch_describe_paths(entry, paths, sizeof(paths));
    switch_describe_methods(open, methods, sizeof(methods));
    const char *where = entry->kind == SWITCH_GRANT && entry->reach == REACH_BELOW ? "below" : "of";
    char note[PART_SIZE];
    describe_reach(entry, open, note, sizeof(note));
    snprintf(text, size, "%s%s: %s %s %s%s%s", entry->rule_on, gates, methods, where, paths,
             note[0] != '\0' ? "; " : "", note);
}

/* True when something that is on grants calls in one of these sections. */
static bool
is_granted(const struct switches *switches, uint64_t sections)
{
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const struct dialect_switch *entry = &switches->dialect->switches[i];
        bool grants = entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD;
        if (grants && switches->on[i] && (entry->sections & sections) != 0)
            return true;
    }
    return false;
}

/* True when a switch grants something. */
static bool
list_switches(const struct switches *switches, void (*line)(void *owner, const char *text), void *owner)
{
    const struct dialect *dialect = switches->dialect;
    char text[GRANT_TEXT_SIZE];
    bool any = false;
    for (size_t i = 0; i < dialect->count; i++) {
        size_t id = switches->narrowest_first[i];
        const struct dialect_switch *entry = &dialect->switches[id];
        if (entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD && switches->on[id]) {
            grant_describe(switches, id, text, sizeof(text));
            line(owner, text);
            any = true;
        }
    }
    for (size_t i = 0; i < dialect->count; i++) {
        const struct dialect_switch *entry = &dialect->switches[i];
        if (entry->kind == SWITCH_GUARD && !switches->on[i] && is_granted(switches, entry->sections)) {
            char paths[PART_SIZE];
            switch_describe_paths(entry, paths, sizeof(paths));
            snprintf(text, sizeof(text), "%s: refuses %s, whatever else is on", entry->rule_off, paths);
            line(owner, text);
        }
    }
    return any;
}

void
grants_list(const struct policy *policy, void (*line)(void *owner, const char *text), void *owner)
{
    bool any = false;
    for (size_t i = 0; i < policy->written; i++) {
        const struct rule *rule = rules_at(policy->rules, i);
        line(owner, rule->text);
        any |= rule->effect == RULE_ALLOW;
    }
    if (policy->switches.dialect != NULL)
        any |= list_switches(&policy->switches, line, owner);
    if (policy->dry_run)
        line(owner, "dry run: what these grants do not cover passes, too, and is told in the log");
    else if (!any)
        line(owner, "nothing: every request is refused");
}
