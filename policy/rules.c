#include "rules.h"

#include <stdlib.h>

struct rules {
    struct rule *list;
    size_t count;
    size_t capacity;
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

bool
rules_add(struct rules *rules, const struct rule *rule)
{
    if (rules->count == rules->capacity) {
        size_t capacity = rules->capacity == 0 ? 32 : rules->capacity * 2;
        struct rule *list = realloc(rules->list, capacity * sizeof(*list));
        if (list == NULL) {
            return false;
        }
        rules->list = list;
        rules->capacity = capacity;
    }
    rules->list[rules->count++] = *rule;
    return true;
}

static bool
is_plain_id(struct slice segment)
{
    for (size_t i = 0; i < segment.length; i++) {
        char byte = segment.data[i];
        bool plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
                     byte == '_' || byte == '.' || byte == '-';
        if (!plain) {
            return false;
        }
    }
    return segment.length > 0;
}

bool
rule_verb_fits(struct slice verb, const struct target *target)
{
    return target->count == 3 && !target->trailing_slash && slice_equals(target->head[2], verb) &&
           is_plain_id(target->head[1]);
}

const struct rule *
rules_decide(const struct rules *rules, enum method method, enum section section, const struct target *target)
{
    for (size_t i = 0; i < rules->count; i++) {
        const struct rule *rule = &rules->list[i];
        bool fits = (rule->methods & METHOD_BIT(method)) != 0 &&
                    (rule->section == EVERY_PATH || (rule->section == (int)section && section != SECTION_NONE));
        if (fits && (rule->verb.data == NULL || rule_verb_fits(rule->verb, target))) {
            return rule;
        }
    }
    return NULL;
}
