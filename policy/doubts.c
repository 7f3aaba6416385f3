#include "compiled.h"

#include <stdio.h>

enum { DOUBT_SIZE = 512 };

/* The calls of a route: by its own method, and for a GET those by HEAD. */
enum manner { BY_OWN_METHOD, BY_HEAD, MANNER_COUNT };

/* Which rule so far decides all calls of a route that reach it; NULL where none does. */
struct closed {
    const struct rule *by[ROUTE_COUNT][MANNER_COUNT];
};

/* What covers a rule. */
struct cover {
    const struct rule *first;
    bool several;
    bool whole; /* nothing of the rule is left */
};

static bool
has_cell(const struct rule *rule, size_t row, enum manner manner)
{
    enum method method = route_row(row)->method;
    if (rule->reach != RULE_ROUTES || !route_set_has(&rule->routes, row))
        return false;
    if (manner == BY_OWN_METHOD)
        return (rule->methods & METHOD_BIT(method)) != 0;
    return method == METHOD_GET && !rule->exact && (rule->methods & METHOD_BIT(METHOD_HEAD)) != 0;
}

/* Where the later rule holds, or can't tell, the former one has held or could not tell. */
static bool
former_holds(const struct rule *former, const struct rule *rule)
{
    static const struct conditions none = {.count = 0};
    const struct conditions *conditions = rule->conditions != NULL ? rule->conditions : &none;
    return former->conditions == NULL ||
           conditions_imply(conditions, rule->effect == RULE_DENY, former->conditions, former->effect == RULE_DENY);
}

/* Rules for OPTIONS go by the path: true where the former one covers all paths of the other. */
static bool
covers_paths(const struct rule *former, const struct rule *rule)
{
    if (former->reach == RULE_ROUTES) {
        for (size_t row = 0; row < ROUTE_COUNT; row++)
            if (route_row(row)->method == METHOD_OPTIONS && has_cell(former, row, BY_OWN_METHOD))
                return true;
        return false;
    }
    /* What grants by the path stops at prefixes that what refuses does not stop at. */
    bool narrower = former->effect == RULE_ALLOW && rule->effect == RULE_DENY;
    if (narrower || (rule->methods & ~former->methods) != 0 || (rule->sections & ~former->sections) != 0)
        return false;
    bool guards = former->reach == RULE_GUARD && rule->reach == RULE_ACTION;
    return former->reach == RULE_WHOLE ||
           ((former->reach == rule->reach || guards) && slice_equals(former->word, rule->word));
}

static void
add_cover(struct cover *cover, const struct rule *by)
{
    cover->several = cover->several || (cover->first != NULL && cover->first != by);
    if (cover->first == NULL || by->line < cover->first->line)
        cover->first = by;
}

static struct cover
find_path_cover(const struct rules *rules, size_t index)
{
    const struct rule *rule = rules_at(rules, index);
    struct cover cover = {.whole = false};
    for (size_t i = 0; i < index && !cover.whole; i++) {
        const struct rule *former = rules_at(rules, i);
        cover.whole = covers_paths(former, rule) && former_holds(former, rule);
        if (cover.whole)
            add_cover(&cover, former);
    }
    return cover;
}

/* The first rule before this one that covers one kind of its calls; NULL where none does. */
static const struct rule *
find_former(const struct rules *rules, size_t index, size_t row, enum manner manner)
{
    const struct rule *rule = rules_at(rules, index);
    for (size_t i = 0; i < index; i++) {
        const struct rule *former = rules_at(rules, i);
        if (former->conditions != NULL && has_cell(former, row, manner) && former_holds(former, rule))
            return former;
    }
    return NULL;
}

static struct cover
find_cover(const struct rules *rules, size_t index, const struct closed *closed)
{
    const struct rule *rule = rules_at(rules, index);
    if (rule->reach != RULE_ROUTES)
        return find_path_cover(rules, index);
    struct cover cover = {.whole = true};
    for (size_t cell = 0; cell < (size_t)ROUTE_COUNT * MANNER_COUNT && cover.whole; cell++) {
        size_t row = cell / MANNER_COUNT;
        enum manner manner = (enum manner)(cell % MANNER_COUNT);
        if (!has_cell(rule, row, manner))
            continue;
        const struct rule *by = closed->by[row][manner];
        if (by == NULL)
            by = find_former(rules, index, row, manner);
        cover.whole = by != NULL;
        if (by != NULL)
            add_cover(&cover, by);
    }
    return cover;
}

static void
close_cells(struct closed *closed, const struct rule *rule)
{
    for (size_t row = 0; rule->conditions == NULL && row < ROUTE_COUNT; row++)
        for (int manner = 0; manner < MANNER_COUNT; manner++)
            if (closed->by[row][manner] == NULL && has_cell(rule, row, (enum manner)manner))
                closed->by[row][manner] = rule;
}

/* Who hears of doubts. */
struct hearing {
    void (*doubt)(void *owner, unsigned line, const char *text);
    void *owner;
};

static void
say_idle(const struct hearing *hearing, const struct rule *rule, const struct cover *cover)
{
    char text[DOUBT_SIZE];
    char where[48] = "";
    const struct rule *former = cover->first;
    if (former->line > 0 && former->line == rule->line)
        snprintf(where, sizeof(where), " in the same line");
    else if (former->line > 0)
        snprintf(where, sizeof(where), " in line %u", former->line);
    snprintf(text, sizeof(text), "%.160s never takes effect: %.160s%s%s first", rule->text, former->text, where,
             cover->several ? " and others come" : " comes");
    hearing->doubt(hearing->owner, rule->line, text);
}

static void
say_unknown(const struct hearing *hearing, const struct rule *rule)
{
    for (size_t i = 0; rule->conditions != NULL && i < rule->conditions->count; i++) {
        struct slice name = rule->conditions->list[i].name;
        char text[DOUBT_SIZE];
        if (parameter_is_known(name))
            continue;
        snprintf(text, sizeof(text), "%.160s asks for %.*s, a parameter that no engine is known to have", rule->text,
                 name.length < 64 ? (int)name.length : 64, name.data);
        hearing->doubt(hearing->owner, rule->line, text);
    }
}

/* One entry, a selector or all rules of a preset; returns the index behind it. */
static size_t
hear_entry(const struct hearing *hearing, const struct policy *policy, size_t index, struct closed *closed)
{
    const struct rule *told = rules_at(policy->rules, index);
    struct cover all = {.whole = true};
    size_t end = index;
    for (; end < policy->written && rules_at(policy->rules, end)->entry == told->entry; end++) {
        const struct rule *rule = rules_at(policy->rules, end);
        struct cover cover = all.whole ? find_cover(policy->rules, end, closed) : all;
        all.whole = cover.whole;
        all.several = all.several || cover.several;
        if (cover.first != NULL)
            add_cover(&all, cover.first);
        /* What a preset grants without a condition is called by the preset's own words. */
        if (rule->conditions == NULL && rules_at(policy->rules, index)->conditions != NULL)
            told = rule;
        say_unknown(hearing, rule);
    }
    for (size_t i = index; i < end; i++)
        close_cells(closed, rules_at(policy->rules, i));
    if (all.whole && all.first != NULL)
        say_idle(hearing, told, &all);
    return end;
}

void
policy_doubts(const struct policy *policy, void (*doubt)(void *owner, unsigned line, const char *text), void *owner)
{
    const struct hearing hearing = {doubt, owner};
    struct closed closed = {0};
    for (size_t i = 0; i < policy->written;)
        i = hear_entry(&hearing, policy, i, &closed);
}
