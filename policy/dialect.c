#include "dialect.h"

enum { WIDTH_OF = 10, WIDTH_BELOW = 20 };

static const struct dialect_switch SWITCHES[SWITCH_COUNT] = {
#define NAMED(label) .name = #label, .rule_on = #label "=1", .rule_off = #label "=0"
#define GATE(label, enabled)                                                                                           \
    [ID_##label] = {NAMED(label),           .verbs = "",         .reads = "",                                          \
                    .writes = "",           .kind = SWITCH_GATE, .section = EVERY_PATH,                                \
                    .by_default = (enabled)},
#define ACTION(label, enabled, opens, place, words)                                                                    \
    [ID_##label] = {NAMED(label),          .verbs = (words),           .reads = "",      .writes = "",                 \
                    .kind = SWITCH_ACTION, .section = SECTION_##place, .width = (opens), .by_default = (enabled)},
#define GRANT(label, enabled, place, extent, reading, writing)                                                         \
    [ID_##label] = {NAMED(label),                                                                                      \
                    .verbs = "",                                                                                       \
                    .reads = (reading),                                                                                \
                    .writes = (writing),                                                                               \
                    .kind = SWITCH_GRANT,                                                                              \
                    .reach = REACH_##extent,                                                                           \
                    .section = SECTION_##place,                                                                        \
                    .width = REACH_##extent == REACH_OF ? WIDTH_OF : WIDTH_BELOW,                                      \
                    .by_default = (enabled)},
#include "dialect_tecnativa.def"
#undef GATE
#undef ACTION
#undef GRANT
#undef NAMED
};

const struct dialect_switch *
dialect_switch(enum switch_id id)
{
    return &SWITCHES[id];
}

const char *
environment_value(char *const environment[], const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            return environment[i] + length + 1;
        }
    }
    return NULL;
}

bool
dialect_is_true(const char *value)
{
    if (*value == '+' || *value == '-') {
        value++;
    }
    /* Any digit but 0 will do: the number may be longer than any integer type. */
    value += strspn(value, "0");
    return *value >= '1' && *value <= '9';
}

static void
sort_by_width(enum switch_id order[SWITCH_COUNT])
{
    size_t count = 0;
    for (int width = 0; width <= WIDTH_BELOW; width++) {
        for (size_t i = 0; i < SWITCH_COUNT; i++) {
            if (SWITCHES[i].width == width) {
                order[count++] = (enum switch_id)i;
            }
        }
    }
}

void
dialect_read(char *const environment[], struct switches *switches)
{
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        const char *value = environment_value(environment, SWITCHES[i].name);
        switches->on[i] = value != NULL ? dialect_is_true(value) : SWITCHES[i].by_default;
    }
    sort_by_width(switches->narrowest_first);
}

/* Takes the next word from a blank-separated list; false at its end. */
static bool
next_word(const char **list, struct slice *word)
{
    *list += strspn(*list, " ");
    *word = (struct slice){*list, strcspn(*list, " ")};
    *list += word->length;
    return word->length > 0;
}

static bool
compile_action(const struct dialect_switch *entry, struct rules *rules)
{
    struct rule rule = {RULE_ALLOW, METHODS_ALL, entry->section, {NULL, 0}, entry->rule_on};
    const char *verbs = entry->verbs;
    while (next_word(&verbs, &rule.verb)) {
        if (!rules_add(rules, &rule)) {
            return false;
        }
    }
    return true;
}

static bool
compile_switch(const struct dialect_switch *entry, bool on, struct rules *rules)
{
    switch (entry->kind) {
    case SWITCH_GATE: {
        struct rule gate = {RULE_DENY, METHODS_WRITE, EVERY_PATH, {NULL, 0}, entry->rule_off};
        return on || rules_add(rules, &gate);
    }
    case SWITCH_ACTION:
        return !on || compile_action(entry, rules);
    case SWITCH_GRANT: {
        struct rule grant = {RULE_ALLOW, METHODS_ALL, entry->section, {NULL, 0}, entry->rule_on};
        return !on || rules_add(rules, &grant);
    }
    }
    return false;
}

bool
dialect_compile(const struct switches *switches, struct rules *rules)
{
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        if (!compile_switch(&SWITCHES[i], switches->on[i], rules)) {
            return false;
        }
    }
    return true;
}

bool
dialect_covers(enum switch_id id, enum section section, const struct target *target)
{
    const struct dialect_switch *entry = &SWITCHES[id];
    if (entry->section != (int)section || section == SECTION_NONE) {
        return false;
    }
    if (entry->kind == SWITCH_GRANT) {
        return true;
    }
    const char *verbs = entry->verbs;
    struct slice verb;
    while (next_word(&verbs, &verb)) {
        if (rule_verb_fits(verb, target)) {
            return true;
        }
    }
    return false;
}
