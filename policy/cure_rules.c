#include "cure.h"
#include "phrase.h"

enum { LONGEST_NAME = 64, LONGEST_RULE = 96 };

/* The first allow rule that covers the route, but for its conditions; NULL where there is none. */
static const struct rule *
find_unfulfilled(const struct policy *policy, const struct call *call)
{
    const struct rule *rule;
    size_t first = rules_first(policy->rules, call);
    for (size_t i = first; i < policy->written && (rule = rules_at(policy->rules, i)) != NULL; i++) {
        bool covers = (rule->methods & METHOD_BIT(call->method)) != 0 && call->route != NULL &&
                      route_set_has(&rule->routes, route_index(call->route));
        if (covers && rule->effect == RULE_ALLOW && rule->conditions != NULL)
            return rule;
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
suggest_feature(const struct policy *policy, const struct route *route, struct phrase *cure)
{
    for (const struct policy_part *part = policy->parts; part != NULL; part = part->next) {
        bool offered = part->preset.count > 0 && route_set_has(&part->missing, route_index(route));
        const char *conditions = "";
        const char *feature = offered ? preset_missing_feature(&part->preset, route, &conditions) : NULL;
        if (feature != NULL) {
            phrase_add(cure, "+");
            phrase_add(cure, feature);
            phrase_add(cure, " with preset ");
            phrase_add(cure, preset_name(&part->preset));
            phrase_add(cure, *conditions != '\0' ? " and " : "");
            phrase_add(cure, conditions);
            phrase_add(cure, ", or ");
            return;
        }
    }
}

/* " in [policy ops]", or nothing where the policy has no name. */
static void
add_place(const struct policy *policy, struct phrase *cure)
{
    if (policy->name != NULL) {
        phrase_add(cure, " in [policy ");
        phrase_add_cut(cure, slice_from_string(policy->name), LONGEST_NAME);
        phrase_add(cure, "]");
    }
}

/* What the switches behind the rules would need. */
static void
add_switches(const struct policy *policy, const struct call *call, struct phrase *cure)
{
    char other[VERDICT_TEXT_SIZE];
    cure_for_refusal(&policy->switches, call, other, sizeof(other));
    if (strncmp(other, "needs ", 6) == 0) {
        phrase_add(cure, ", or ");
        phrase_add(cure, other + 6);
    }
}

void
cure_for_rules(const struct policy *policy, const struct call *call, const struct decision *decision, char *text,
               size_t size)
{
    struct phrase cure = phrase_begin(text, size);
    if (decision->unclear) {
        phrase_add_cut(&cure, decision->parameter, LONGEST_NAME);
        phrase_add(&cure, " is there twice or in another spelling, and ");
        phrase_add(&cure, decision->rule->text);
        phrase_add(&cure, " asks for it");
        return;
    }
    if (is_written(policy, decision->rule)) {
        phrase_add(&cure, "refused by ");
        phrase_add_cut(&cure, slice_from_string(decision->rule->text), LONGEST_RULE);
        add_place(policy, &cure);
        return;
    }
    if (call->route == NULL) {
        phrase_add(&cure, "no engine has this call, and rules grant no other");
        return;
    }
    const struct rule *unfulfilled = find_unfulfilled(policy, call);
    if (unfulfilled != NULL) {
        phrase_add(&cure, "needs what ");
        phrase_add_cut(&cure, slice_from_string(unfulfilled->text), LONGEST_RULE);
        phrase_add(&cure, " asks for");
        add_place(policy, &cure);
        return;
    }
    phrase_add(&cure, "needs ");
    suggest_feature(policy, call->route, &cure);
    phrase_add(&cure, "allow = ");
    phrase_add(&cure, call->route->operation);
    add_place(policy, &cure);
    if (policy->switches.dialect != NULL)
        add_switches(policy, call, &cure);
}
