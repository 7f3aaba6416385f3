#include "rules.h"

#include <stdlib.h>

/*
 * `first` is the jump of a verdict: where on a route the rules begin that can have a say, so that the length of a list
 * of written rules does not matter. Where there is none, it is the number of rules so far.
 */
struct rules {
    struct rule *list;
    size_t count;
    size_t capacity;
    size_t first[ROUTE_COUNT];
};

struct rules *
rules_new(void)
{
    return calloc(1, sizeof(struct rules));
}

void
rules_free(struct rules *rules)
{
    if (rules != NULL) {
        free(rules->list);
        free(rules);
    }
}

/* A dialect's rules go by the path, which the route does not tell. */
static bool
may_concern(const struct rule *rule, size_t route)
{
    return rule->reach != RULE_ROUTES || route_set_has(&rule->routes, route);
}

bool
rules_add(struct rules *rules, const struct rule *rule)
{
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity == 0 ? 32 : rules->capacity * 2;
        struct rule *list = realloc(rules->list, capacity * sizeof(*list));
        if (list == NULL)
            return false;
        rules->list = list;
        rules->capacity = capacity;
    }
    for (size_t route = 0; route < ROUTE_COUNT; route++)
        if (rules->first[route] == rules->count && !may_concern(rule, route))
            rules->first[route]++;
    rules->list[rules->count++] = *rule;
    return true;
}

static bool
is_id_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '.' || byte == '-';
}

static bool
is_plain_id(struct slice segment)
{
    for (size_t i = 0; i < segment.length; i++)
        if (!is_id_byte(segment.data[i]))
            return false;
    return segment.length > 0;
}

static bool
begins_ignoring_case(struct slice text, struct slice word)
{
    /* A look at the first letter spares most calls of the library. */
    return text.length >= word.length && ((text.data[0] ^ word.data[0]) & ~0x20) == 0 &&
           strncasecmp(text.data, word.data, word.length) == 0;
}

/* What stands behind the section and one more segment: "attach/ws" of /containers/{id}/attach/ws. */
static struct slice
rest_behind_id(const struct target *target, size_t depth)
{
    const char *begin = target->head[depth + 1].data;
    const char *end = target->decoded.data + target->decoded.length;
    return (struct slice){begin, (size_t)(end - begin)};
}

/* The engine lets an {id} span slashes: the word is looked for behind the first segment of it and at the end. */
static bool
guard_covers(struct slice word, const struct target *target, size_t depth)
{
    if (target->count < depth + 2)
        return false;
    return begins_ignoring_case(target->head[depth + 1], word) || begins_ignoring_case(target->tail[0], word) ||
           (target->count > depth + 2 && begins_ignoring_case(target->tail[1], word));
}

bool
rule_covers(enum rule_reach reach, struct slice word, const struct call *call)
{
    const struct target *target = &call->target;
    size_t depth = section_depth(call->section);
    switch (reach) {
    case RULE_WHOLE:
        return true;
    case RULE_ACTION:
        return target->count > depth + 1 && is_plain_id(target->head[depth]) &&
               slice_equals(rest_behind_id(target, depth), word);
    case RULE_CALL:
        return target->count == depth + 1 && !target->trailing_slash && slice_equals(target->head[depth], word);
    case RULE_REMOVAL:
        return target->count > depth && is_id_byte(target->head[depth].data[0]);
    case RULE_GUARD:
        return guard_covers(word, target, depth);
    case RULE_ROUTES:
        break;
    }
    return false;
}

/*
 * Of a dialect's rule. No original takes the version prefix of an unreleased Podman, so none of its switches may grant
 * behind one.
 */
static bool
path_fits(const struct rule *rule, const struct call *call)
{
    if (rule->effect == RULE_ALLOW && call->target.version_has_suffix)
        return false;
    return rule_covers(rule->reach, rule->word, call);
}

bool
rule_concerns(const struct rule *rule, const struct call *call)
{
    if ((rule->methods & METHOD_BIT(call->method)) == 0 || (rule->sections & UINT64_C(1) << call->section) == 0)
        return false;
    if (rule->reach != RULE_ROUTES)
        return path_fits(rule, call);
    return call->route != NULL && route_set_has(&rule->routes, route_index(call->route)) &&
           (!rule->exact || call->route->method == call->method);
}

static enum condition_answer
ask_conditions(const struct rule *rule, const struct call *call, struct slice *parameter)
{
    if (rule->conditions == NULL)
        return CONDITIONS_HOLD;
    const char *operation = call->route != NULL ? call->route->operation : "";
    struct condition_case asked = {call->target.query, operation, rule->effect == RULE_DENY};
    return conditions_ask(rule->conditions, &asked, parameter);
}

size_t
rules_first(const struct rules *rules, const struct call *call)
{
    return call->route != NULL ? rules->first[route_index(call->route)] : 0;
}

struct decision
rules_decide(const struct rules *rules, const struct call *call)
{
    struct decision decision = {NULL, false, {"", 0}};
    for (size_t i = rules_first(rules, call); i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];
        if (!rule_concerns(rule, call))
            continue;
        enum condition_answer answer = ask_conditions(rule, call, &decision.parameter);
        if (answer != CONDITIONS_FAIL) {
            decision.rule = rule;
            decision.unclear = answer == CONDITIONS_UNCLEAR;
            return decision;
        }
    }
    return decision;
}

const struct rule *
rules_at(const struct rules *rules, size_t index)
{
    return index < rules->count ? &rules->list[index] : NULL;
}
