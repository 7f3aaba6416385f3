#include "dialect.h"
#include "names.h"

enum { WIDTH_OF = 10, WIDTH_BELOW = 20 };

/* Clang's formatter would put one member a line here. */
/* clang-format off */
#define NAMED(label) .rule_on = #label "=1", .name_length = sizeof(#label) - 1
#define GATE(label, enabled, refused)                                                                                  \
    {NAMED(label), .rule_off = #label "=0", .words = "", .kind = SWITCH_GATE, .methods = (refused),                    \
     .sections = EVERY_SECTION, .by_default = (enabled)},
#define NEVER(refused)                                                                                                 \
    {.rule_on = "", .rule_off = "method", .words = "", .kind = SWITCH_GATE, .methods = (refused),          \
     .sections = EVERY_SECTION},
#define NARROW(label, off, enabled, sort, allowed, opens, places, texts)                                               \
    {NAMED(label), .rule_off = (off), .words = (texts), .kind = (sort), .methods = (allowed), .sections = (places),    \
     .width = (opens), .by_default = (enabled)},
#define GUARD(label, enabled, places, texts)                                                                           \
    NARROW(label, #label "=0", enabled, SWITCH_GUARD, METHODS_ALL, 0, places, texts)
#define ACTION(label, enabled, opens, places, texts)                                                                   \
    NARROW(label, "", enabled, SWITCH_ACTION, METHODS_ALL, opens, places, texts)
#define CALL(label, enabled, opens, place, text)                                                                       \
    NARROW(label, "", enabled, SWITCH_CALL, METHODS_ALL, opens, IN(place), text)
#define REMOVAL(label, enabled, opens, place)                                                                          \
    NARROW(label, "", enabled, SWITCH_REMOVAL, METHOD_BIT(METHOD_DELETE), opens, IN(place), "")
#define GRANT(label, enabled, place, extent, reading, writing)                                                         \
    {NAMED(label), .reads = (reading), .writes = (writing), .kind = SWITCH_GRANT, .reach = REACH_##extent,             \
     .methods = METHODS_ALL, .sections = IN(place), .width = REACH_##extent == REACH_OF ? WIDTH_OF : WIDTH_BELOW,      \
     .by_default = (enabled)},
/* clang-format on */

static const struct dialect_switch STEPS_TECNATIVA[] = {
#include "dialect_tecnativa.def"
};

static const struct dialect_switch STEPS_TECNATIVA_NEXT[] = {
#include "dialect_tecnativa_next.def"
};

static const struct dialect_switch STEPS_LINUXSERVER[] = {
#include "dialect_linuxserver.def"
};

static const struct dialect_switch STEPS_FLUENCELABS[] = {
#include "dialect_fluencelabs.def"
};

#undef GATE
#undef NEVER
#undef GUARD
#undef ACTION
#undef CALL
#undef REMOVAL
#undef GRANT
#undef NARROW
#undef NAMED

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const struct dialect DIALECTS[] = {
#define DIALECT(id, text, brand, ipv4_only, bind, zone)                                                                \
    {(text), (brand), (ipv4_only), (bind), (zone), STEPS_##id, COUNT_OF(STEPS_##id)},
#include "dialects.def"
#undef DIALECT
};

#define DIALECT(id, text, brand, ipv4_only, bind, zone)                                                                \
    _Static_assert(COUNT_OF(STEPS_##id) <= SWITCHES_MAX, "the switches of a dialect");
#include "dialects.def"
#undef DIALECT

const struct dialect *
dialect_at(size_t index)
{
    return index < COUNT_OF(DIALECTS) ? &DIALECTS[index] : NULL;
}

const struct dialect *
dialect_find(const char *word)
{
    for (size_t i = 0; i < COUNT_OF(DIALECTS); i++)
        if (strcmp(DIALECTS[i].word, word) == 0)
            return &DIALECTS[i];
    return NULL;
}

const struct dialect_switch *
dialect_switch_find(const struct dialect *dialect, struct slice name)
{
    for (size_t i = 0; name.length > 0 && i < dialect->count; i++)
        if (slice_equals(name, dialect_name(&dialect->switches[i])))
            return &dialect->switches[i];
    return NULL;
}

enum section
dialect_section(const struct dialect_switch *entry)
{
    return (enum section)__builtin_ctzll(entry->sections);
}

static const char *
value_of(char *const environment[], struct slice name)
{
    for (size_t i = 0; environment[i] != NULL; i++)
        if (strncmp(environment[i], name.data, name.length) == 0 && environment[i][name.length] == '=')
            return environment[i] + name.length + 1;
    return NULL;
}

const char *
environment_value(char *const environment[], const char *name)
{
    return value_of(environment, slice_from_string(name));
}

const char *
dialect_value(const struct dialect_switch *entry, char *const environment[])
{
    return entry->name_length > 0 ? value_of(environment, dialect_name(entry)) : NULL;
}

bool
dialect_is_true(const char *value)
{
    if (*value == '+' || *value == '-')
        value++;
    /* Any digit but 0 will do: the number may be longer than any integer type. */
    value += strspn(value, "0");
    return *value >= '1' && *value <= '9';
}

/* True for the name of a dialect's variable: of a switch, or of where it listens. */
static bool
has_variable(const struct dialect *dialect, struct slice name)
{
    return dialect_switch_find(dialect, name) != NULL ||
           (dialect->binds != NULL && slice_equals(name, slice_from_string(dialect->binds)));
}

/* How many dialects have a variable of this name. */
static size_t
count_dialects_with(struct slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(DIALECTS); i++)
        count += has_variable(&DIALECTS[i], name);
    return count;
}

/* The variable that this dialect alone has; NULL where there is none, or one that only another dialect has. */
static struct slice
telling_variable(const struct dialect *dialect, char *const environment[])
{
    struct slice telling = {NULL, 0};
    for (size_t i = 0; environment[i] != NULL; i++) {
        struct slice name = {environment[i], strcspn(environment[i], "=")};
        size_t known = environment[i][name.length] == '=' ? count_dialects_with(name) : 0;
        if (known == 0)
            continue;
        if (!has_variable(dialect, name))
            return (struct slice){NULL, 0};
        if (known == 1 && telling.length == 0)
            telling = name;
    }
    return telling;
}

struct dialect_choice
dialect_choose(char *const environment[])
{
    const char *word = environment_value(environment, "DIALECT");
    if (word != NULL && *word != '\0')
        return (struct dialect_choice){.dialect = dialect_find(word)};
    for (size_t i = 0; i < COUNT_OF(DIALECTS); i++) {
        struct slice telling = telling_variable(&DIALECTS[i], environment);
        if (telling.length > 0)
            return (struct dialect_choice){&DIALECTS[i], telling};
    }
    return (struct dialect_choice){.dialect = &DIALECTS[0]};
}

void
dialect_defaults(const struct dialect *dialect, struct switches *switches)
{
    size_t count = 0;
    switches->dialect = dialect;
    for (size_t i = 0; i < dialect->count; i++)
        switches->on[i] = dialect->switches[i].by_default;
    for (unsigned width = 0; width <= WIDTH_BELOW; width++) {
        for (size_t i = 0; i < dialect->count; i++)
            if (dialect->switches[i].width == width)
                switches->narrowest_first[count++] = (uint8_t)i;
    }
}

void
dialect_read(const struct dialect *dialect, char *const environment[], struct switches *switches)
{
    dialect_defaults(dialect, switches);
    for (size_t i = 0; i < dialect->count; i++) {
        const char *value = dialect_value(&dialect->switches[i], environment);
        if (value != NULL)
            switches->on[i] = dialect_is_true(value);
    }
}

static enum rule_reach
reach_of(const struct dialect_switch *entry)
{
    switch (entry->kind) {
    case SWITCH_GUARD:
        return RULE_GUARD;
    case SWITCH_ACTION:
        return RULE_ACTION;
    case SWITCH_CALL:
        return RULE_CALL;
    case SWITCH_REMOVAL:
        return RULE_REMOVAL;
    case SWITCH_GATE:
    case SWITCH_GRANT:
        break;
    }
    return RULE_WHOLE;
}

static bool
compile_switch(const struct dialect_switch *entry, bool on, struct rules *rules)
{
    bool refuses = entry->kind == SWITCH_GATE || entry->kind == SWITCH_GUARD;
    if (on == refuses)
        return true;
    struct rule rule = {.effect = refuses ? RULE_DENY : RULE_ALLOW,
                        .reach = reach_of(entry),
                        .methods = entry->methods,
                        .sections = entry->sections,
                        .text = on ? entry->rule_on : entry->rule_off};
    const char *words = dialect_words(entry);
    do {
        names_next(&words, &rule.word);
        if (!rules_add(rules, &rule))
            return false;
    } while (*words != '\0');
    return true;
}

bool
dialect_compile(const struct switches *switches, struct rules *rules)
{
    for (size_t i = 0; i < switches->dialect->count; i++)
        if (!compile_switch(&switches->dialect->switches[i], switches->on[i], rules))
            return false;
    return true;
}

bool
dialect_covers(const struct dialect_switch *entry, const struct call *call)
{
    if (!dialect_concerns(entry, call))
        return false;
    const char *words = dialect_words(entry);
    struct slice word = {words, 0};
    if (*words == '\0')
        return rule_covers(reach_of(entry), word, call);
    do {
        names_next(&words, &word);
        if (rule_covers(reach_of(entry), word, call))
            return true;
    } while (*words != '\0');
    return false;
}
