#include "grants.h"

#include <stdio.h>

enum { GRANT_TEXT_SIZE = 256 };

/* "/containers/{id}/stop, restart or kill" */
static void
describe_action(const struct dialect_switch *entry, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "/%s/{id}/", section_segment((enum section)entry->section).data);
    for (const char *verb = entry->verbs; *verb != '\0' && length < size;) {
        size_t span = strcspn(verb, " ");
        const char *rest = verb + span + (verb[span] == ' ' ? 1 : 0);
        const char *joint = verb == entry->verbs ? "" : *rest == '\0' ? " or " : ", ";
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", joint, (int)span, verb);
        verb = rest;
    }
}

static void
describe_paths(const struct dialect_switch *entry, char *text, size_t size)
{
    if (entry->kind == SWITCH_ACTION) {
        describe_action(entry, text, size);
        return;
    }
    const char *segment = section_segment((enum section)entry->section).data;
    const char *below = entry->reach == REACH_BOTH ? " and all below" : "";
    snprintf(text, size, "/%s%s", segment, below);
}

static void
describe_grant(const struct dialect_switch *entry, bool writes, char *text, size_t size)
{
    char paths[GRANT_TEXT_SIZE / 2];
    describe_paths(entry, paths, sizeof(paths));
    const char *methods = writes ? "every method" : "GET and HEAD";
    const char *where = entry->kind == SWITCH_GRANT && entry->reach == REACH_BELOW ? "below" : "of";
    const char *note = writes ? entry->writes : entry->reads;
    if (entry->kind == SWITCH_ACTION && !writes) {
        note = "the engine has no such call, it would need POST=1";
    }
    snprintf(text, size, "%s%s: %s %s %s%s%s", entry->rule_on, writes ? " with POST=1" : "", methods, where, paths,
             note[0] != '\0' ? "; " : "", note);
}

void
grants_list(const struct switches *switches, void (*line)(void *owner, const char *text), void *owner)
{
    bool any = false;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        enum switch_id id = switches->narrowest_first[i];
        const struct dialect_switch *entry = dialect_switch(id);
        if (entry->kind != SWITCH_GATE && switches->on[id]) {
            char text[GRANT_TEXT_SIZE];
            describe_grant(entry, switches->on[ID_POST], text, sizeof(text));
            line(owner, text);
            any = true;
        }
    }
    if (!any) {
        line(owner, "nothing: every request is refused");
    }
}
