#include "compiled.h"
#include "names.h"
#include "selector.h"
#include "suggest.h"
#include "takes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUILDER_ERROR_SIZE = 384 };

struct policy_builder {
    struct policy *policy;
    bool set[SWITCHES_MAX]; /* which switches were set by name */
    bool no_memory;
    unsigned line;    /* of what comes next */
    unsigned entries; /* selectors and presets so far */
    char error[BUILDER_ERROR_SIZE];
};

static bool fail(struct policy_builder *builder, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool
fail(struct policy_builder *builder, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(builder->error, sizeof(builder->error), format, arguments);
    va_end(arguments);
    return false;
}

static bool
out_of_memory(struct policy_builder *builder)
{
    builder->no_memory = true;
    return fail(builder, "out of memory");
}

/* Room that lives as long as the policy; NULL when memory is short. */
static struct policy_part *
new_part(struct policy *policy, const char *text)
{
    size_t length = strlen(text);
    struct policy_part *part = malloc(sizeof(*part) + length + 1);
    if (part != NULL) {
        memcpy(part->text, text, length + 1);
        part->conditions.count = 0;
        part->preset.count = 0;
        part->next = policy->parts;
        policy->parts = part;
    }
    return part;
}

struct policy_builder *
policy_builder_new(const char *name)
{
    struct policy_builder *builder = calloc(1, sizeof(*builder));
    if (builder == NULL)
        return NULL;
    builder->policy = policy_new();
    struct policy_part *part = builder->policy != NULL && name != NULL ? new_part(builder->policy, name) : NULL;
    if (builder->policy == NULL || (name != NULL && part == NULL)) {
        policy_builder_free(builder);
        return NULL;
    }
    builder->policy->name = part != NULL ? part->text : NULL;
    return builder;
}

void
policy_builder_free(struct policy_builder *builder)
{
    if (builder != NULL) {
        policy_unref(builder->policy);
        free(builder);
    }
}

const char *
policy_builder_error(const struct policy_builder *builder)
{
    return builder->error;
}

void
policy_builder_at(struct policy_builder *builder, unsigned line)
{
    builder->line = line;
}

void
policy_builder_dry_run(struct policy_builder *builder, bool on)
{
    builder->policy->dry_run = on;
}

/* A name as it may be repeated: its length, and not too much of it. */
static int
shown(const char *text)
{
    size_t length = strlen(text);
    return length < 64 ? (int)length : 64;
}

/* The dialect's word that is nearest to this one; NULL where none is near. */
static const char *
nearest_dialect(const char *word)
{
    struct slice name = slice_from_string(word);
    const char *nearest = NULL;
    unsigned least = NAME_FAR;
    const struct dialect *dialect;
    for (size_t i = 0; (dialect = dialect_at(i)) != NULL; i++) {
        struct slice known = slice_from_string(dialect->word);
        unsigned distance = name_equals_loosely(name, known) ? 0 : name_distance(name, known);
        bool begun =
            name.length > 2 && name.length < known.length && strncasecmp(word, dialect->word, name.length) == 0;
        if (distance < least || (begun && nearest == NULL)) {
            least = distance < least ? distance : least;
            nearest = dialect->word;
        }
    }
    return nearest;
}

bool
policy_is_dialect(const char *word, char *takes, size_t size)
{
    if (*word == '\0' || dialect_find(word) != NULL)
        return true;
    size_t length = 0;
    const struct dialect *dialect;
    for (size_t i = 0; (dialect = dialect_at(i)) != NULL && length < size; i++) {
        const char *joint = i == 0 ? "" : dialect_at(i + 1) == NULL ? " or " : ", ";
        length += (size_t)snprintf(takes + length, size - length, "%s%s", joint, dialect->word);
    }
    const char *nearest = nearest_dialect(word);
    if (nearest != NULL && length < size)
        snprintf(takes + length, size - length, "; did you mean %s?", nearest);
    return false;
}

bool
policy_builder_dialect(struct policy_builder *builder, const char *word)
{
    char takes[BUILDER_ERROR_SIZE / 2];
    if (*word == '\0' || !policy_is_dialect(word, takes, sizeof(takes))) {
        policy_is_dialect(*word == '\0' ? "?" : word, takes, sizeof(takes));
        return fail(builder, "dialect = %.*s: not taken; takes %s", shown(word), word, takes);
    }
    if (builder->policy->switches.dialect != NULL)
        return fail(builder, "dialect = %s: it must be said once, above the switches", word);
    dialect_defaults(dialect_find(word), &builder->policy->switches);
    return true;
}

bool
policy_builder_has_switch(const struct policy_builder *builder, const char *name)
{
    const struct dialect *dialect = builder->policy->switches.dialect;
    return dialect_switch_find(dialect != NULL ? dialect : dialect_at(0), slice_from_string(name)) != NULL;
}

/* The words that a file takes for on and off; false for any other. */
static bool
read_truth(const char *value, bool *on)
{
    static const char *const WORDS[][2] = {{"0", "1"}, {"no", "yes"}, {"false", "true"}, {"off", "on"}};
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        for (int truth = 0; truth < 2; truth++) {
            if (strcasecmp(value, WORDS[i][truth]) == 0) {
                *on = truth == 1;
                return true;
            }
        }
    }
    return false;
}

static bool
complain_of_switch(struct policy_builder *builder, const char *name)
{
    const struct dialect *dialect = builder->policy->switches.dialect;
    struct slice text = slice_from_string(name);
    const struct dialect *other;
    char words[96] = "";
    size_t length = 0;
    for (size_t i = 0; (other = dialect_at(i)) != NULL && length < sizeof(words); i++) {
        if (dialect_switch_find(other, text) != NULL) {
            length +=
                (size_t)snprintf(words + length, sizeof(words) - length, "%s%s", length > 0 ? " or " : "", other->word);
        }
    }
    if (length > 0)
        return fail(builder, "%.*s: no switch of the %s dialect; dialect = %s, above it, has it", shown(name), name,
                    dialect->word, words);
    const struct dialect_switch *near = suggest_switch(dialect, text, true);
    if (near == NULL)
        return fail(builder, "%.*s: no key of a policy, and no switch of the %s dialect", shown(name), name,
                    dialect->word);
    return fail(builder, "%.*s: no switch of the %s dialect; did you mean %.*s?", shown(name), name, dialect->word,
                (int)near->name_length, near->rule_on);
}

bool
policy_builder_switch(struct policy_builder *builder, const char *name, const char *value)
{
    struct switches *switches = &builder->policy->switches;
    if (switches->dialect == NULL)
        dialect_defaults(dialect_at(0), switches);
    const struct dialect_switch *entry = dialect_switch_find(switches->dialect, slice_from_string(name));
    if (entry == NULL)
        return complain_of_switch(builder, name);
    size_t place = (size_t)(entry - switches->dialect->switches);
    if (builder->set[place])
        return fail(builder, "%s: it is set twice", name);
    if (!read_truth(value, &switches->on[place]))
        return fail(builder, "%s = %.*s: not taken; takes 1 or 0", name, shown(value), value);
    builder->set[place] = true;
    return true;
}

static struct slice
trim(struct slice text)
{
    while (text.length > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && (text.data[text.length - 1] == ' ' || text.data[text.length - 1] == '\t'))
        text.length--;
    return text;
}

/* Splits "selectors ?conditions" at the first question mark behind a blank. */
static struct slice
cut_conditions(struct slice *text)
{
    for (size_t i = 1; i < text->length; i++) {
        if (text->data[i] == '?' && (text->data[i - 1] == ' ' || text->data[i - 1] == '\t')) {
            struct slice conditions = trim((struct slice){text->data + i, text->length - i});
            *text = trim((struct slice){text->data, i});
            return conditions;
        }
    }
    return (struct slice){text->data + text->length, 0};
}

/* Reads the conditions of a selector into what lives as long as the policy. */
static bool
read_conditions(struct policy_builder *builder, struct slice text, const struct selector *selector, struct slice word,
                struct policy_part *part)
{
    char problem[TAKES_ERROR_SIZE];
    bool read = conditions_parse(text, &part->conditions, problem) && conditions_can_hold(&part->conditions, problem);
    if (read && selector->reach == RULE_ROUTES)
        read = takes_check(&part->conditions, &selector->routes, word, problem);
    return read || fail(builder, "%.*s = %s", (int)strcspn(part->text, " "), part->text, problem);
}

/* One selector of a line as a rule of its own, so that a log can name it. */
static bool
add_selector(struct policy_builder *builder, enum rule_effect effect, const struct selector *selector,
             struct slice word, struct slice conditions)
{
    char text[POLICY_RULE_SIZE];
    const char *verb = effect == RULE_ALLOW ? "allow" : "deny";
    int length = snprintf(text, sizeof(text), "%s = %.*s%s%.*s", verb, (int)word.length, word.data,
                          conditions.length > 0 ? " " : "", (int)conditions.length, conditions.data);
    if (length >= (int)sizeof(text))
        return fail(builder, "%s = %.*s …: the rule is too long", verb, 64, text + strlen(verb) + 3);
    struct policy_part *part = new_part(builder->policy, text);
    if (part == NULL)
        return out_of_memory(builder);
    struct slice own = {part->text + (size_t)length - conditions.length, conditions.length};
    if (!read_conditions(builder, own, selector, word, part))
        return false;
    /* What refuses covers all that begins with its word; see rules.h. */
    bool guards = effect == RULE_DENY && selector->reach == RULE_ACTION;
    struct rule rule = {.effect = effect,
                        .reach = guards ? RULE_GUARD : selector->reach,
                        .methods = selector->methods,
                        .sections = selector->sections,
                        .word = selector->word,
                        .routes = selector->routes,
                        .conditions = part->conditions.count > 0 ? &part->conditions : NULL,
                        .text = part->text,
                        .line = builder->line,
                        .entry = ++builder->entries};
    if (selector->word.length > 0)
        rule.word.data = part->text + strlen(verb) + strlen(" = ") + (selector->word.data - word.data);
    if (!rules_add(builder->policy->rules, &rule))
        return out_of_memory(builder);
    builder->policy->written++;
    return true;
}

/* A line as it is read: what it names so far. */
struct line {
    const char *verb;
    struct slice selectors;
    struct slice conditions;
    struct route_set routes;
    bool by_path; /* it names paths, too, whose calls may have any parameter */
};

static bool
take_selector(struct policy_builder *builder, enum rule_effect effect, struct slice word, struct line *line)
{
    struct selector selector;
    char problem[SELECTOR_ERROR_SIZE];
    if (!selector_parse(word, &selector, problem))
        return fail(builder, "%s = %s", line->verb, problem);
    for (size_t row = 0; row < ROUTE_COUNT; row++)
        if (route_set_has(&selector.routes, row))
            route_set_add(&line->routes, row);
    line->by_path = line->by_path || selector.reach != RULE_ROUTES;
    return add_selector(builder, effect, &selector, word, line->conditions);
}

/* What must not be there may be a parameter of any call of the line. */
static bool
check_absent(struct policy_builder *builder, const struct line *line)
{
    struct conditions conditions;
    char problem[TAKES_ERROR_SIZE];
    return line->by_path || !conditions_parse(line->conditions, &conditions, problem) ||
           takes_check_absent(&conditions, &line->routes, line->selectors, problem) ||
           fail(builder, "%s = %s", line->verb, problem);
}

/* Reads a whole line. What stands before a mistake in it is in force, but a caller that saw one throws all away. */
static bool
add_line(struct policy_builder *builder, enum rule_effect effect, const char *text)
{
    struct line line = {.verb = effect == RULE_ALLOW ? "allow" : "deny", .selectors = trim(slice_from_string(text))};
    line.conditions = cut_conditions(&line.selectors);
    const char *end = line.selectors.data + line.selectors.length;
    for (const char *at = line.selectors.data;; at++) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        const char *stop = comma != NULL ? comma : end;
        if (!take_selector(builder, effect, trim((struct slice){at, (size_t)(stop - at)}), &line))
            return false;
        if (comma == NULL)
            return check_absent(builder, &line);
        at = comma;
    }
}

bool
policy_builder_allow(struct policy_builder *builder, const char *text)
{
    return add_line(builder, RULE_ALLOW, text);
}

bool
policy_builder_deny(struct policy_builder *builder, const char *text)
{
    return add_line(builder, RULE_DENY, text);
}

/* The name of a rule that a preset makes: as it was written, and of a grant with conditions the grant itself. */
static void
name_grant(const struct preset_choice *choice, struct slice words, const struct preset_grant *grant, char *text,
           size_t size)
{
    int length;
    if (*grant->conditions != '\0')
        length = snprintf(text, size, "preset = %s: %s %s", preset_name(choice), grant->operations, grant->conditions);
    else
        length = snprintf(text, size, "preset = %.*s", (int)words.length, words.data);
    /* Very many features are not repeated in each record of a log. */
    if (length >= (int)size)
        snprintf(text, size, "preset = %s …", preset_name(choice));
}

static bool
add_grant(struct policy_builder *builder, const struct preset_choice *choice, const struct preset_grant *grant,
          const char *text)
{
    char problem[CONDITION_ERROR_SIZE];
    struct policy_part *part = new_part(builder->policy, text);
    if (part == NULL)
        return out_of_memory(builder);
    if (!conditions_parse(slice_from_string(grant->conditions), &part->conditions, problem))
        return fail(builder, "%s: %s", text, problem);
    if (part->conditions.count == 0) {
        part->preset = *choice;
        memset(&part->missing, 0, sizeof(part->missing));
        preset_add_missing(choice, &part->missing);
    }
    struct rule rule = {.effect = RULE_ALLOW,
                        .reach = RULE_ROUTES,
                        .methods = METHODS_ALL,
                        .sections = EVERY_SECTION,
                        .exact = true,
                        .routes = grant->routes,
                        .conditions = part->conditions.count > 0 ? &part->conditions : NULL,
                        .text = part->text,
                        .line = builder->line,
                        .entry = builder->entries};
    if (!rules_add(builder->policy->rules, &rule))
        return out_of_memory(builder);
    builder->policy->written++;
    return true;
}

static bool
add_preset(struct policy_builder *builder, struct slice words)
{
    struct preset_choice choice;
    char problem[PRESET_ERROR_SIZE];
    char text[POLICY_RULE_SIZE];
    if (!preset_parse(words, &choice, problem))
        return fail(builder, "%s", problem);
    struct preset_grant grant;
    builder->entries++;
    for (size_t at = 0; preset_next_grant(&choice, &at, &grant);) {
        name_grant(&choice, words, &grant, text, sizeof(text));
        if (!add_grant(builder, &choice, &grant, text))
            return false;
    }
    return true;
}

bool
policy_builder_preset(struct policy_builder *builder, const char *words)
{
    for (size_t length = strcspn(words, ","); words[length] == ','; length = strcspn(words, ",")) {
        if (!add_preset(builder, trim((struct slice){words, length})))
            return false;
        words += length + 1;
    }
    return add_preset(builder, trim(slice_from_string(words)));
}

struct policy *
policy_builder_finish(struct policy_builder *builder)
{
    struct policy *policy = builder->policy;
    bool whole = !builder->no_memory;
    if (whole && policy->switches.dialect != NULL)
        whole = dialect_compile(&policy->switches, policy->rules);
    if (whole)
        builder->policy = NULL;
    policy_builder_free(builder);
    return whole ? policy : NULL;
}

/* "linuxserver: detected by LIBPOD_CONTAINERS", where the environment does not say it in a word. */
static void
note_dialect(struct policy *policy, const struct dialect_choice *choice)
{
    if (choice->detected_by.length > 0) {
        snprintf(policy->note, sizeof(policy->note), "%s: detected by %.*s; DIALECT=%s says it for certain",
                 choice->dialect->word, (int)choice->detected_by.length, choice->detected_by.data,
                 choice->dialect->word);
    }
}

struct policy *
policy_from_environment(char *const environment[])
{
    struct dialect_choice choice = dialect_choose(environment);
    struct policy *policy = choice.dialect != NULL ? policy_new() : NULL;
    if (policy == NULL)
        return NULL;
    note_dialect(policy, &choice);
    dialect_read(choice.dialect, environment, &policy->switches);
    if (!dialect_compile(&policy->switches, policy->rules)) {
        policy_unref(policy);
        return NULL;
    }
    return policy;
}
