#include "compiled.h"
#include "grants.h"

#include <stdio.h>

/* What only documents have a use for: a file of its own, which the program does not carry. */

enum { PART_SIZE = 160, SWITCH_TEXT_SIZE = 384 };

static const char *const CLASS_DOES[CLASS_COUNT] = {
#define CLASS(id, text, sentence) [CLASS_##id] = (sentence),
#include "classes.def"
#undef CLASS
};

/* "of" a path that is one call, "below" one that has none itself. */
static void
describe_section(const struct dialect_switch *entry, char *text, size_t size)
{
    const char *segment = section_segment(dialect_section(entry)).data;
    const char *form = entry->reach == REACH_OF ? "/%s" : entry->reach == REACH_BELOW ? "below /%s" : "/%s and below";
    char where[PART_SIZE];
    snprintf(where, sizeof(where), form, segment);
    bool both = entry->reads[0] != '\0' && entry->writes[0] != '\0' && strcmp(entry->reads, entry->writes) != 0;
    snprintf(text, size, "%s%s%s%s%s", where, entry->reads[0] != '\0' || entry->writes[0] != '\0' ? "; " : "",
             entry->reads, both ? "; with writing methods " : "", both || entry->reads[0] == '\0' ? entry->writes : "");
}

static void
describe(const struct dialect_switch *entry, char *text, size_t size)
{
    char part[PART_SIZE];
    switch (entry->kind) {
    case SWITCH_GATE:
        switch_describe_methods(entry->methods, part, sizeof(part));
        snprintf(text, size, "while it is 0, refused whatever else is on: %s; opens no path by itself",
                 entry->methods == METHODS_WRITE ? "every method but GET and HEAD" : part);
        return;
    case SWITCH_GUARD:
        switch_describe_action(entry, part, sizeof(part));
        snprintf(text, size, "while it is 0, refused whatever else is on: %s; opens no path by itself", part);
        return;
    case SWITCH_ACTION:
    case SWITCH_CALL:
    case SWITCH_REMOVAL:
        switch_describe_paths(entry, part, sizeof(part));
        snprintf(text, size, "%s%s", entry->kind == SWITCH_REMOVAL ? "DELETE of " : "", part);
        return;
    case SWITCH_GRANT:
        describe_section(entry, text, size);
        return;
    }
}

bool
policy_dialect_switches(const char *word, void (*line)(void *owner, const struct policy_switch *entry), void *owner)
{
    const struct dialect *dialect = dialect_find(word);
    struct switches switches;
    if (dialect == NULL)
        return false;
    dialect_defaults(dialect, &switches);
    for (size_t i = 0; i < dialect->count; i++) {
        const struct dialect_switch *entry = &dialect->switches[i];
        char text[SWITCH_TEXT_SIZE];
        describe(entry, text, sizeof(text));
        struct policy_switch told = {.text = text, .on = switches.on[i], .by_default = entry->by_default};
        memcpy(told.name, entry->rule_on, entry->name_length);
        if (entry->name_length > 0)
            line(owner, &told);
    }
    return true;
}

void
policy_classes(void (*line)(void *owner, const char *word, const char *text), void *owner)
{
    for (int class = 0; class < CLASS_COUNT; class ++)
        line(owner, class_word((enum class) class).data, CLASS_DOES[class]);
}
