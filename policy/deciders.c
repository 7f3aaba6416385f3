#include "deciders.h"

#include <stdio.h>

enum rule_effect
deciders_effect(const struct deciders *deciders)
{
    return deciders->last != NULL ? deciders->last->effect : RULE_DENY;
}

/* Just before the end a condition that leads to the same verdict as the end says nothing. */
static void
drop_idle(struct deciders *deciders)
{
    while (!deciders->cut && deciders->count > 0 &&
           deciders->conditional[deciders->count - 1]->effect == deciders_effect(deciders))
        deciders->count--;
}

void
deciders_find(const struct rules *rules, const struct call *call, struct deciders *deciders)
{
    const struct rule *rule;
    *deciders = (struct deciders){.count = 0};
    for (size_t i = 0; (rule = rules_at(rules, i)) != NULL; i++) {
        if (!rule_concerns(rule, call))
            continue;
        if (rule->conditions == NULL) {
            deciders->last = rule;
            break;
        }
        if (deciders->count < DECIDERS_MAX)
            deciders->conditional[deciders->count++] = rule;
        else
            deciders->cut = true;
    }
    drop_idle(deciders);
}

bool
deciders_equal(const struct deciders *one, const struct deciders *other)
{
    if (one->cut || other->cut || one->count != other->count || deciders_effect(one) != deciders_effect(other))
        return false;
    for (size_t i = 0; i < one->count; i++)
        if (one->conditional[i]->effect != other->conditional[i]->effect ||
            !conditions_equal(one->conditional[i]->conditions, other->conditional[i]->conditions))
            return false;
    return true;
}

void
deciders_write(const struct deciders *deciders, char *text, size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < deciders->count && length < size; i++)
        length += (size_t)snprintf(text + length, size - length, "%s; ", deciders->conditional[i]->text);
    if (length < size)
        snprintf(text + length, size - length, "%selse %s", deciders->cut ? "…; " : "",
                 deciders_effect(deciders) == RULE_ALLOW ? "allowed" : "refused");
}
