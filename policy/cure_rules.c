#include "cure.h"

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

/*
 * "+lifecycle-hooks with preset watchtower": what a preset of the policy would grant the call by; `whole`: whatever its
 * query says. `before` and `behind` stand around it; nothing is said where there is none.
 */
static void
suggest_feature(const struct policy *policy, const struct route *route, bool whole, const char *before,
                const char *behind, struct phrase *cure)
{
    for (const struct policy_part *part = policy->parts; part != NULL; part = part->next) {
        bool offered = part->preset.count > 0 && route_set_has(&part->missing, route_index(route));
        const char *conditions = "";
        const char *feature = offered ? preset_missing_feature(&part->preset, route, &conditions) : NULL;
        if (feature != NULL && (!whole || *conditions == '\0')) {
            phrase_add(cure, before);
            phrase_add(cure, "+");
            phrase_add(cure, feature);
            phrase_add(cure, " with preset ");
            phrase_add(cure, preset_name(&part->preset));
            phrase_add(cure, *conditions != '\0' ? " and " : "");
            phrase_add(cure, conditions);
            phrase_add(cure, behind);
            return;
        }
    }
}

/* "[policy ops]", or "the policy" where it has no name. */
static void
begin_place(const struct policy *policy, struct phrase *cure)
{
    phrase_add(cure, policy->name != NULL ? "[policy " : "the policy");
    phrase_add_cut(cure, slice_from_string(policy->name != NULL ? policy->name : ""), LONGEST_NAME);
    phrase_add(cure, policy->name != NULL ? "]" : "");
}

/* " in [policy ops]", or nothing where the policy has no name. */
static void
add_place(const struct policy *policy, struct phrase *cure)
{
    phrase_add(cure, policy->name != NULL ? " in " : "");
    if (policy->name != NULL)
        begin_place(policy, cure);
}

/* What the switches behind the rules would need. */
static void
add_switches(const struct policy *policy, const struct call *call, struct phrase *cure)
{
    char other[VERDICT_TEXT_SIZE];
    cure_for_switches(&policy->switches, call, other, sizeof(other));
    if (strncmp(other, "needs ", 6) == 0) {
        phrase_add(cure, ", or ");
        phrase_add(cure, other + 6);
    }
}

/* "GET, DELETE": the methods that engines have for the path of the call. False where there are none. */
static bool
add_methods(const struct policy *policy, const struct call *call, const char *begin, struct phrase *cure)
{
    const char *joint = begin;
    for (int method = 0; method < METHOD_OTHER; method++) {
        const struct route *route = route_find(policy->routes, (enum method)method, call->section, &call->target);
        if (route == NULL || route->method != (enum method)method || method == METHOD_OPTIONS)
            continue;
        phrase_add(cure, joint);
        phrase_add(cure, method_text((enum method)method));
        joint = ", ";
    }
    return joint != begin;
}

/* The section that the path would be in with other letters; SECTION_NONE where there is none. */
static enum section
misspelt_section(const struct target *target)
{
    int section = 0;
    while (section < SECTION_NONE &&
           (target->count == 0 || !slice_equals_ignoring_case(target->head[0], section_segment((enum section)section))))
        section++;
    return (enum section)section;
}

/* What the switches alone would need, and in which policy. */
static void
say_switches(const struct policy *policy, const struct call *call, struct phrase *cure)
{
    char needed[VERDICT_TEXT_SIZE];
    cure_for_switches(&policy->switches, call, needed, sizeof(needed));
    phrase_add(cure, needed);
    if (strncmp(needed, "needs ", 6) == 0)
        add_place(policy, cure);
}

/* A call that no engine has: rules are about those that engines have, switches about paths. */
static void
explain_unknown(const struct policy *policy, const struct call *call, struct phrase *cure)
{
    if (policy->switches.dialect != NULL) {
        say_switches(policy, call, cure);
        return;
    }
    if (cure_for_version(&call->target, cure))
        return;
    if (add_methods(policy, call, "engines take this path with ", cure)) {
        phrase_add(cure, " only");
        return;
    }
    enum section misspelt = call->section == SECTION_NONE ? misspelt_section(&call->target) : SECTION_NONE;
    if (misspelt != SECTION_NONE) {
        phrase_add(cure, "paths are case-sensitive: it is /");
        phrase_add_slice(cure, section_segment(misspelt));
        return;
    }
    phrase_add(cure, "no engine has this path, so that no rule can grant it");
}

void
cure_for_refusal(const struct policy *policy, const struct call *call, const struct decision *decision, char *text,
                 size_t size)
{
    struct phrase cure = phrase_begin(text, size);
    if (policy->written == 0 && policy->switches.dialect != NULL) {
        say_switches(policy, call, &cure);
        return;
    }
    if (decision->unclear) {
        phrase_add_cut(&cure, decision->parameter, LONGEST_NAME);
        phrase_add(&cure, " is in the query twice or in another spelling, so that ");
        phrase_add_cut(&cure, slice_from_string(decision->rule->text), LONGEST_RULE);
        phrase_add(&cure, " can't be judged");
        return;
    }
    if (is_written(policy, decision->rule)) {
        begin_place(policy, &cure);
        phrase_add(&cure, " has ");
        phrase_add_cut(&cure, slice_from_string(decision->rule->text), LONGEST_RULE);
        phrase_add(&cure, "; an allow before it would grant this");
        return;
    }
    if (call->route == NULL) {
        explain_unknown(policy, call, &cure);
        return;
    }
    const struct rule *unfulfilled = find_unfulfilled(policy, call);
    if (unfulfilled != NULL) {
        phrase_add(&cure, "the query does not meet ");
        phrase_add_cut(&cure, slice_from_string(unfulfilled->text), LONGEST_RULE);
        add_place(policy, &cure);
        suggest_feature(policy, call->route, true, "; ", " grants any", &cure);
        return;
    }
    phrase_add(&cure, "needs ");
    suggest_feature(policy, call->route, false, "", ", or ", &cure);
    phrase_add(&cure, "allow = ");
    phrase_add(&cure, call->route->operation);
    add_place(policy, &cure);
    if (policy->switches.dialect != NULL)
        add_switches(policy, call, &cure);
}
