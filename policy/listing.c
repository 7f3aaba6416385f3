#include "compiled.h"
#include "cure.h"

#include <stdio.h>

enum { SAMPLE_SIZE = 160, CLASSES_SIZE = 96 };

/* A row with the text that it points to. */
struct listed {
    struct policy_route row;
    char classes[CLASSES_SIZE];
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
        const struct class_words *words = class_words((enum class)__builtin_ctz(left));
        length += (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : " ", words->word.data);
    }
}

/*
 * A rule with conditions that comes before the one that decides a call without parameters, and has the other effect:
 * with the right query it would decide. NULL where there is none.
 */
static const struct rule *
find_condition(const struct policy *policy, const struct call *call, const struct rule *decisive)
{
    enum rule_effect effect = decisive != NULL ? decisive->effect : RULE_DENY;
    size_t row = route_index(call->route);
    const struct rule *rule;
    for (size_t i = 0; i < policy->written && (rule = rules_at(policy->rules, i)) != decisive; i++) {
        bool covers = (rule->methods & METHOD_BIT(call->method)) != 0 && route_set_has(&rule->routes, row);
        if (covers && rule->conditions != NULL && rule->effect != effect)
            return rule;
    }
    /* A condition that holds where there are no parameters (?!name) would fail with one. */
    return decisive != NULL && decisive->conditions != NULL ? decisive : NULL;
}

/* The rule that grants OPTIONS of some path that has a route; NULL where none does. */
static const struct rule *
find_options(const struct policy *policy)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        char path[SAMPLE_SIZE];
        char buffer[4 * SAMPLE_SIZE];
        struct call call;
        sample_path(route_row(i), path, sizeof(path));
        if (!policy_take_apart(policy, SLICE_LITERAL("OPTIONS"), slice_from_string(path), buffer, sizeof(buffer),
                               &call))
            continue;
        struct decision decision = rules_decide(policy->rules, &call);
        if (decision.rule != NULL && decision.rule->effect == RULE_ALLOW)
            return decision.rule;
    }
    return NULL;
}

static void
judge_row(const struct policy *policy, const struct route *route, struct listed *listed)
{
    char path[SAMPLE_SIZE];
    char buffer[4 * SAMPLE_SIZE];
    struct call call;
    sample_path(route, path, sizeof(path));
    if (!policy_take_apart(policy, slice_from_string(method_text(route->method)), slice_from_string(path), buffer,
                           sizeof(buffer), &call))
        return;
    struct decision decision = rules_decide(policy->rules, &call);
    bool granted = decision.rule != NULL && decision.rule->effect == RULE_ALLOW;
    const struct rule *condition = find_condition(policy, &call, decision.rule);
    if (condition == NULL && !granted && route->method == METHOD_OPTIONS)
        condition = find_options(policy);
    const struct rule *rule = condition != NULL ? condition : decision.rule;
    listed->row.verdict = condition != NULL ? ROUTE_CONDITIONAL : granted ? ROUTE_ALLOWED : ROUTE_REFUSED;
    listed->row.rule = rule != NULL ? rule->text : "no grant";
    if (listed->row.verdict != ROUTE_REFUSED)
        return;
    if (policy->written > 0 || policy->switches.dialect == NULL)
        cure_for_rules(policy, &call, &decision, listed->cure, sizeof(listed->cure));
    else
        cure_for_refusal(&policy->switches, &call, listed->cure, sizeof(listed->cure));
}

static void
list_row(const struct policy *policy, const struct route *route, struct listed *listed)
{
    *listed = (struct listed){.row = {.method = method_text(route->method),
                                      .template = route->template,
                                      .operation = route->operation,
                                      .section = section_segment(route_section(route)).data,
                                      .since = route->since,
                                      .classes = listed->classes,
                                      .rule = "no grant",
                                      .cure = listed->cure,
                                      .verdict = ROUTE_REFUSED}};
    list_classes(route->classes, listed->classes, sizeof(listed->classes));
    judge_row(policy, route, listed);
}

void
policy_routes(const struct policy *policy, void (*route)(void *owner, const struct policy_route *route), void *owner)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        struct listed listed;
        list_row(policy, route_row(i), &listed);
        route(owner, &listed.row);
    }
}

void
policy_diff(const struct policy *before, const struct policy *after,
            void (*route)(void *owner, const struct policy_route *before, const struct policy_route *after),
            void *owner)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        struct listed first;
        struct listed second;
        list_row(before, route_row(i), &first);
        list_row(after, route_row(i), &second);
        bool conditional = first.row.verdict == ROUTE_CONDITIONAL;
        if (first.row.verdict != second.row.verdict || (conditional && strcmp(first.row.rule, second.row.rule) != 0))
            route(owner, &first.row, &second.row);
    }
}
