#include "compiled.h"
#include "grants.h"
#include "names.h"

#include <stdio.h>

enum { LINE_SIZE = 121, SENTENCE_SIZE = 384 };

/* Where the lines go. */
struct sheet {
    void (*line)(void *owner, const char *text);
    void *owner;
};

/* A sentence as comments, broken at blanks. */
static void
comment(const struct sheet *sheet, const char *sentence)
{
    const char *at = sentence;
    while (*at != '\0') {
        char text[LINE_SIZE];
        size_t length = strlen(at);
        if (length > LINE_SIZE - 3) {
            for (length = LINE_SIZE - 3; length > 1 && at[length] != ' '; length--) {
            }
        }
        snprintf(text, sizeof(text), "# %.*s", (int)length, at);
        sheet->line(sheet->owner, text);
        at += length;
        at += *at == ' ' ? 1 : 0;
    }
}

static void
convert_switch(const struct sheet *sheet, const struct switches *switches, size_t step, const char *value)
{
    const struct dialect_switch *entry = &switches->dialect->switches[step];
    bool grants = entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD;
    char sentence[SENTENCE_SIZE];
    char text[LINE_SIZE];
    if (switches->on[step] && grants) {
        grant_describe(switches, step, sentence, sizeof(sentence));
        comment(sheet, sentence);
    }
    bool plain = strcmp(value, switches->on[step] ? "1" : "0") == 0;
    if (!plain) {
        snprintf(sentence, sizeof(sentence), "%.*s was written in another way, which counts as %s.",
                 (int)entry->name_length, entry->rule_on, switches->on[step] ? "on" : "off");
        comment(sheet, sentence);
    }
    snprintf(text, sizeof(text), "%.*s = %d", (int)entry->name_length, entry->rule_on, switches->on[step]);
    sheet->line(sheet->owner, text);
}

static void
convert_switches(const struct sheet *sheet, const struct switches *switches, char *const environment[])
{
    char text[LINE_SIZE];
    snprintf(text, sizeof(text), "dialect = %s", switches->dialect->word);
    sheet->line(sheet->owner, text);
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const char *value = dialect_value(&switches->dialect->switches[i], environment);
        if (value != NULL)
            convert_switch(sheet, switches, i, value);
    }
}

/* The verdict on each row, and what decided. */
struct table {
    bool allowed[ROUTE_COUNT];
    const char *rules[ROUTE_COUNT];
    size_t count;
};

static void
keep_verdict(void *owner, const struct policy_route *route)
{
    struct table *table = owner;
    table->allowed[table->count] = route->verdict == ROUTE_ALLOWED;
    table->rules[table->count++] = route->rule;
}

/* The rows of an operation may have different verdicts: then its name says too much. */
static bool
name_is_exact(const struct table *table, size_t row)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (strcmp(route_row(i)->operation, route_row(row)->operation) == 0 && !table->allowed[i])
            return false;
    return true;
}

/* True when a row before this one has said the same operation, or the GET whose HEAD it is. */
static bool
is_said(const struct table *table, size_t row)
{
    const struct route *route = route_row(row);
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *other = route_row(i);
        bool head_of = route->method == METHOD_HEAD && other->method == METHOD_GET &&
                       strcmp(route->template, other->template) == 0;
        bool same = i < row && strcmp(route->operation, other->operation) == 0 && name_is_exact(table, row);
        if (table->allowed[i] && (head_of || same))
            return true;
    }
    return false;
}

/* A line of rules as it fills. */
struct filling {
    char text[LINE_SIZE];
    size_t length;
};

static void
flush(const struct sheet *sheet, struct filling *filling)
{
    if (filling->length > 0) {
        sheet->line(sheet->owner, filling->text);
        filling->length = 0;
    }
}

static void
add_word(const struct sheet *sheet, struct filling *filling, const char *word)
{
    if (filling->length + strlen(word) + 2 >= LINE_SIZE)
        flush(sheet, filling);
    const char *joint = filling->length == 0 ? "allow = " : ", ";
    filling->length +=
        (size_t)snprintf(filling->text + filling->length, LINE_SIZE - filling->length, "%s%s", joint, word);
}

/* The rows that one switch grants, each by its operation, or by its template where that says less. */
static void
convert_grant(const struct sheet *sheet, const struct table *table, const char *rule)
{
    struct filling filling = {"", 0};
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const struct route *route = route_row(row);
        bool ours = table->allowed[row] && strcmp(table->rules[row], rule) == 0;
        if (!ours || route->method == METHOD_OPTIONS || is_said(table, row))
            continue;
        char word[LINE_SIZE / 2 + 40];
        if (name_is_exact(table, row))
            snprintf(word, sizeof(word), "%s", route->operation);
        else
            snprintf(word, sizeof(word), "%s %s", method_text(route->method), route->template);
        add_word(sheet, &filling, word);
    }
    flush(sheet, &filling);
}

static bool
lets_options_pass(const struct switches *switches, size_t step)
{
    const struct dialect_switch *entry = &switches->dialect->switches[step];
    bool grants = entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD;
    return grants && switches->on[step] && (grant_methods(switches, step) & METHOD_BIT(METHOD_OPTIONS)) != 0;
}

/* What stands behind /section/{id}/ in a template; NULL where it has another form. */
static const char *
word_of_template(const char *template, struct slice segment)
{
    const char *rest = template + segment.length + 2;
    const char *slash = strlen(template) > segment.length + 2 && *rest == '{' ? strchr(rest, '/') : NULL;
    return slash != NULL && strchr(slash, '{') == NULL ? slash + 1 : NULL;
}

/* True when a row before this one has the same template. */
static bool
has_former(size_t row)
{
    for (size_t i = 0; i < row; i++)
        if (strcmp(route_row(i)->template, route_row(row)->template) == 0)
            return true;
    return false;
}

/* The paths of a guard or an action that routes have, as "deny = OPTIONS …" or "allow = OPTIONS …", if not said yet. */
static void
convert_options_of(const struct sheet *sheet, const struct dialect_switch *entry, struct route_set *said)
{
    bool guards = entry->kind == SWITCH_GUARD;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const struct route *route = route_row(row);
        enum section section = route_section(route);
        const char *path_word = word_of_template(route->template, section_segment(section));
        bool ours = path_word != NULL && section < SECTION_NONE && (entry->sections & UINT64_C(1) << section) != 0;
        const char *words = dialect_words(entry);
        struct slice word;
        while (ours && !has_former(row) && names_next(&words, &word)) {
            char text[LINE_SIZE];
            bool fits = guards ? strncasecmp(path_word, word.data, word.length) == 0
                               : slice_equals(word, slice_from_string(path_word));
            snprintf(text, sizeof(text), "%s = OPTIONS %s", guards ? "deny" : "allow", route->template);
            if (fits && !route_set_has(said, row))
                sheet->line(sheet->owner, text);
            if (fits)
                route_set_add(said, row);
        }
    }
}

/* OPTIONS goes by the path alone: what guards refuse, then what sections and actions let pass. */
static void
convert_options(const struct sheet *sheet, const struct switches *switches)
{
    size_t passes = 0;
    for (size_t i = 0; i < switches->dialect->count; i++)
        passes += lets_options_pass(switches, i);
    if (passes == 0)
        return;
    struct route_set said = {0};
    comment(sheet, "OPTIONS, which asks what a path takes, passes below what is granted.");
    for (size_t i = 0; i < switches->dialect->count; i++)
        if (switches->dialect->switches[i].kind == SWITCH_GUARD && !switches->on[i])
            convert_options_of(sheet, &switches->dialect->switches[i], &said);
    struct filling filling = {"", 0};
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const struct dialect_switch *entry = &switches->dialect->switches[i];
        char word[LINE_SIZE / 2];
        if (!lets_options_pass(switches, i) || entry->kind != SWITCH_GRANT)
            continue;
        snprintf(word, sizeof(word), "OPTIONS section:%s", section_segment(dialect_section(entry)).data);
        add_word(sheet, &filling, word);
        for (size_t row = 0; row < ROUTE_COUNT; row++)
            if (route_section(route_row(row)) == dialect_section(entry))
                route_set_add(&said, row);
    }
    flush(sheet, &filling);
    for (size_t i = 0; i < switches->dialect->count; i++)
        if (lets_options_pass(switches, i) && switches->dialect->switches[i].kind == SWITCH_ACTION)
            convert_options_of(sheet, &switches->dialect->switches[i], &said);
}

static void
convert_rules(const struct sheet *sheet, const struct policy *policy)
{
    const struct switches *switches = &policy->switches;
    struct table table = {.count = 0};
    policy_routes(policy, keep_verdict, &table);
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const struct dialect_switch *entry = &switches->dialect->switches[i];
        bool grants = entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD;
        if (!grants || !switches->on[i])
            continue;
        char sentence[SENTENCE_SIZE];
        grant_describe(switches, i, sentence, sizeof(sentence));
        comment(sheet, sentence);
        convert_grant(sheet, &table, entry->rule_on);
    }
    convert_options(sheet, switches);
}

bool
policy_convert(char *const environment[], enum policy_form form, void (*line)(void *owner, const char *text),
               void *owner)
{
    struct policy *policy = policy_from_environment(environment);
    if (policy == NULL)
        return false;
    struct sheet sheet = {line, owner};
    char sentence[SENTENCE_SIZE];
    snprintf(sentence, sizeof(sentence), "The environment of a proxy, in the %s dialect.", policy_dialect(policy));
    comment(&sheet, policy_dialect_note(policy) != NULL ? policy_dialect_note(policy) : sentence);
    if (form == POLICY_AS_SWITCHES)
        convert_switches(&sheet, &policy->switches, environment);
    else
        convert_rules(&sheet, policy);
    policy_unref(policy);
    return true;
}
