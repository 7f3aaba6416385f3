#include "cure.h"

#include <stdio.h>

/* The first allow rule that covers the route, but for its conditions; NULL where there is none. */
static const struct rule *
find_unfulfilled(const struct policy *policy, const struct call *call)
{
    const struct rule *rule;
    for (size_t i = 0; i < policy->written && (rule = rules_at(policy->rules, i)) != NULL; i++) {
        bool covers = (rule->methods & METHOD_BIT(call->method)) != 0 && call->route != NULL &&
                      route_set_has(&rule->routes, route_index(call->route));
        if (covers && rule->effect == RULE_ALLOW && rule->conditions != NULL) {
            return rule;
        }
    }
    return NULL;
}

/* True where a rule that was written refuses; the switches' own rules come behind all of those. */
static bool
is_written(const struct policy *policy, const struct rule *rule)
{
    return rule != NULL && rule < rules_at(policy->rules, 0) + policy->written;
}

/* "+lifecycle-hooks with preset watchtower, or ": what a preset of the policy would grant the call by. */
static void
suggest_feature(const struct policy *policy, const struct route *route, char *text, size_t size)
{
    text[0] = '\0';
    for (const struct policy_part *part = policy->parts; part != NULL; part = part->next) {
        const char *feature = part->preset.count > 0 ? preset_missing_feature(&part->preset, route) : NULL;
        if (feature != NULL) {
            snprintf(text, size, "+%s with preset %s, or ", feature, preset_name(&part->preset));
        }
    }
}

/* " in [policy ops]", or nothing where the policy has no name. */
static void
place(const struct policy *policy, char *text, size_t size)
{
    text[0] = '\0';
    if (policy->name != NULL) {
        snprintf(text, size, " in [policy %.64s]", policy->name);
    }
}

void
cure_for_rules(const struct policy *policy, const struct call *call, const struct decision *decision, char *text,
               size_t size)
{
    char where[96];
    place(policy, where, sizeof(where));
    if (decision->unclear) {
        snprintf(text, size, "%.*s is there twice or in another spelling, and %s asks for it",
                 (int)(decision->parameter.length < 32 ? decision->parameter.length : 32), decision->parameter.data,
                 decision->rule->text);
        return;
    }
    if (is_written(policy, decision->rule)) {
        snprintf(text, size, "refused by %.96s%s", decision->rule->text, where);
        return;
    }
    if (call->route == NULL) {
        snprintf(text, size, "no engine has this call, and rules grant no other");
        return;
    }
    const struct rule *unfulfilled = find_unfulfilled(policy, call);
    if (unfulfilled != NULL) {
        snprintf(text, size, "needs what %.96s asks for%s", unfulfilled->text, where);
        return;
    }
    char feature[80];
    suggest_feature(policy, call->route, feature, sizeof(feature));
    int length = snprintf(text, size, "needs %sallow = %s%s", feature, call->route->operation, where);
    if (policy->switches.dialect != NULL && length > 0 && (size_t)length < size) {
        char other[VERDICT_TEXT_SIZE];
        cure_for_refusal(&policy->switches, call, other, sizeof(other));
        if (strncmp(other, "needs ", 6) == 0) {
            snprintf(text + length, size - (size_t)length, ", or %s", other + 6);
        }
    }
}
