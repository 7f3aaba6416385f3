#include "compiled.h"
#include "cure.h"
#include "deciders.h"
#include "grants.h"

#include <stdio.h>

enum { SAMPLE_SIZE = 160, CLASSES_SIZE = 96, ORDER_SIZE = 1024 };

/* A row with the text that it points to. */
struct listed {
    struct policy_route row;
    struct deciders deciders;
    char classes[CLASSES_SIZE];
    char order[ORDER_SIZE];
    char cure[VERDICT_TEXT_SIZE];
};

/* A path that the row routes: an "x" for each name, under a version prefix where the row counts under some only. */
static void
sample_path(const struct route *route, char *path, size_t size)
{
    size_t length = 0;
    if (route_section(route) >= SECTION_LIBPOD_PING && route_section(route) < SECTION_NONE) {
        char digit = route->prefix_first != '\0' ? route->prefix_first : '4';
        length = (size_t)snprintf(path, size, "/v%c.0.0", digit);
    }
    for (const char *at = route->template; *at != '\0' && length + 2 < size; at++) {
        path[length++] = *at == '{' ? 'x' : *at;
        at = *at == '{' ? strchr(at, '}') : at;
    }
    path[length] = '\0';
}

static void
list_classes(unsigned classes, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (unsigned left = classes; left != 0 && length < size; left &= left - 1) {
        struct slice word = class_word((enum class)__builtin_ctz(left));
        length += (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : " ", word.data);
    }
}

/* The rule that grants OPTIONS of the path of a route; NULL where none does. */
static const struct rule *
grants_options(const struct policy *policy, const struct route *route)
{
    char path[SAMPLE_SIZE];
    char buffer[4 * SAMPLE_SIZE];
    struct call call;
    sample_path(route, path, sizeof(path));
    if (!policy_take_apart(policy, SLICE_LITERAL("OPTIONS"), slice_from_string(path), buffer, sizeof(buffer), &call))
        return NULL;
    struct decision decision = rules_decide(policy->rules, &call);
    return decision.rule != NULL && decision.rule->effect == RULE_ALLOW ? decision.rule : NULL;
}

/* The rule that grants OPTIONS of some path that has a route; NULL where none does. */
static const struct rule *
find_options(const struct policy *policy)
{
    const struct rule *rule = NULL;
    for (size_t i = 0; rule == NULL && i < ROUTE_COUNT; i++)
        rule = grants_options(policy, route_row(i));
    return rule;
}

/*
 * "OPTIONS of 84 paths", as OPTIONS has one route for all of them; beside another policy with one that the other does
 * not grant: "…, /containers/{id...}/top among them".
 */
static void
describe_options(const struct policy *policy, const struct policy *other, char *text, size_t size)
{
    const char *own = NULL;
    size_t count = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = route_row(i);
        size_t same = 0;
        while (same < i && strcmp(route_row(same)->template, route->template) != 0)
            same++;
        if (same < i || route->method == METHOD_OPTIONS || grants_options(policy, route) == NULL)
            continue;
        count++;
        if (own == NULL && other != NULL && grants_options(other, route) == NULL)
            own = route->template;
    }
    snprintf(text, size, "OPTIONS of %zu path%s%s%s%s", count, count == 1 ? "" : "s", own != NULL ? ", " : "",
             own != NULL ? own : "", own != NULL ? " among them" : "");
}

/* The rule that a conditional verdict is told by: the first that differs from what happens where none fits. */
static const struct rule *
telling_rule(const struct deciders *deciders)
{
    for (size_t i = 0; i < deciders->count; i++)
        if (deciders->conditional[i]->effect != deciders_effect(deciders))
            return deciders->conditional[i];
    return deciders->count > 0 ? deciders->conditional[0] : NULL;
}

static void
judge_row(const struct policy *policy, const struct route *route, enum method method, struct listed *listed)
{
    char path[SAMPLE_SIZE];
    char buffer[4 * SAMPLE_SIZE];
    struct call call;
    sample_path(route, path, sizeof(path));
    if (!policy_take_apart(policy, slice_from_string(method_text(method)), slice_from_string(path), buffer,
                           sizeof(buffer), &call))
        return;
    deciders_find(policy->rules, &call, &listed->deciders);
    /* What decides where no condition does. */
    struct decision decision = {listed->deciders.last, false, {"", 0}};
    bool granted = decision.rule != NULL && decision.rule->effect == RULE_ALLOW;
    const struct rule *condition = telling_rule(&listed->deciders);
    if (condition != NULL)
        deciders_write(&listed->deciders, listed->order, sizeof(listed->order));
    else if (!granted && route->method == METHOD_OPTIONS)
        condition = find_options(policy);
    const struct rule *rule = condition != NULL ? condition : decision.rule;
    if (condition != NULL && listed->deciders.count == 0)
        describe_options(policy, NULL, listed->order, sizeof(listed->order));
    listed->row.verdict = condition != NULL ? ROUTE_CONDITIONAL : granted ? ROUTE_ALLOWED : ROUTE_REFUSED;
    listed->row.dry = policy->dry_run && listed->row.verdict != ROUTE_ALLOWED;
    listed->row.rule = rule != NULL ? rule->text : "no grant";
    if (listed->row.verdict != ROUTE_REFUSED)
        return;
    cure_for_refusal(policy, &call, &decision, listed->cure, sizeof(listed->cure));
}

static void
list_row(const struct policy *policy, const struct route *route, enum method method, struct listed *listed)
{
    *listed = (struct listed){.row = {.method = method_text(method),
                                      .template = route->template,
                                      .operation = route->operation,
                                      .section = section_segment(route_section(route)).data,
                                      .since = route->since,
                                      .classes = listed->classes,
                                      .rule = "no grant",
                                      .order = listed->order,
                                      .cure = listed->cure,
                                      .verdict = ROUTE_REFUSED}};
    list_classes(route->classes, listed->classes, sizeof(listed->classes));
    judge_row(policy, route, method, listed);
}

void
policy_routes(const struct policy *policy, void (*route)(void *owner, const struct policy_route *route), void *owner)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        struct listed listed;
        list_row(policy, route_row(i), route_row(i)->method, &listed);
        route(owner, &listed.row);
    }
}

/* A route under two policies. */
struct pair {
    struct listed before;
    struct listed after;
};

/* True where the two make something else of OPTIONS of some path that has a route. */
static bool
options_differ(const struct policy *before, const struct policy *after)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if ((grants_options(before, route_row(i)) == NULL) != (grants_options(after, route_row(i)) == NULL))
            return true;
    return false;
}

static bool
differs(const struct policy *before_policy, const struct policy *after_policy, const struct pair *pair)
{
    const struct policy_route *before = &pair->before.row;
    const struct policy_route *after = &pair->after.row;
    if (before->verdict != after->verdict || before->dry != after->dry)
        return true;
    if (before->verdict != ROUTE_CONDITIONAL)
        return false;
    bool by_query = pair->before.deciders.count > 0 || pair->after.deciders.count > 0;
    return by_query ? !deciders_equal(&pair->before.deciders, &pair->after.deciders)
                    : options_differ(before_policy, after_policy);
}

static void
list_pair(const struct policy *before, const struct policy *after, const struct route *route, enum method method,
          struct pair *pair)
{
    list_row(before, route, method, &pair->before);
    list_row(after, route, method, &pair->after);
}

static void
describe_both_options(const struct policy *before, const struct policy *after, struct pair *pair)
{
    if (pair->before.row.order[0] != '\0' && pair->before.deciders.count == 0)
        describe_options(before, after, pair->before.order, sizeof(pair->before.order));
    if (pair->after.row.order[0] != '\0' && pair->after.deciders.count == 0)
        describe_options(after, before, pair->after.order, sizeof(pair->after.order));
}

static bool
has_own_head(const struct route *get)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (route_row(i)->method == METHOD_HEAD && strcmp(route_row(i)->template, get->template) == 0)
            return true;
    return false;
}

void
policy_diff(const struct policy *before, const struct policy *after,
            void (*route)(void *owner, const struct policy_route *before, const struct policy_route *after),
            void *owner)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *row = route_row(i);
        struct pair pair;
        struct pair head;
        list_pair(before, after, row, row->method, &pair);
        bool different = differs(before, after, &pair);
        if (different && row->method == METHOD_OPTIONS)
            describe_both_options(before, after, &pair);
        if (different)
            route(owner, &pair.before.row, &pair.after.row);
        if (row->method != METHOD_GET || has_own_head(row))
            continue;
        list_pair(before, after, row, METHOD_HEAD, &head);
        bool follows =
            head.before.row.verdict == pair.before.row.verdict && head.after.row.verdict == pair.after.row.verdict;
        if (differs(before, after, &head) && !(different && follows))
            route(owner, &head.before.row, &head.after.row);
    }
}

bool
policy_has_switches(const struct policy *policy)
{
    return policy->switches.dialect != NULL;
}

void
policy_switches(const struct policy *policy, void (*line)(void *owner, const struct policy_switch *entry), void *owner)
{
    const struct switches *switches = &policy->switches;
    for (size_t i = 0; switches->dialect != NULL && i < switches->dialect->count; i++) {
        const struct dialect_switch *entry = &switches->dialect->switches[i];
        struct policy_switch told = {.text = "", .on = switches->on[i], .by_default = entry->by_default};
        memcpy(told.name, entry->rule_on, entry->name_length);
        if (entry->name_length > 0)
            line(owner, &told);
    }
}

void
policy_dialects(void (*dialect)(void *owner, const char *word, const char *product), void *owner)
{
    const struct dialect *entry;
    for (size_t i = 0; (entry = dialect_at(i)) != NULL; i++)
        dialect(owner, entry->word, entry->product);
}
