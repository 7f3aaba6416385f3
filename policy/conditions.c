#include "conditions.h"

#include <stdio.h>

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static bool
is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           byte == '_' || byte == '-' || byte == '.';
}

static bool
complain(char *error, struct slice word, const char *what)
{
    snprintf(error, CONDITION_ERROR_SIZE, "%.*s: %s", word.length < 64 ? (int)word.length : 64, word.data, what);
    return false;
}

static bool
parse_limit(struct slice digits, enum condition_kind kind, struct condition *condition)
{
    condition->kind = kind;
    condition->limit = 0;
    for (size_t i = 0; i < digits.length; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        condition->limit = condition->limit * 10 + (unsigned)(digits.data[i] - '0');
    }
    return digits.length > 0 && digits.length <= QUERY_DIGITS;
}

/* `word` is one condition, the question mark included. */
static bool
parse_one(struct slice word, struct condition *condition, char *error)
{
    const char *end = word.data + word.length;
    bool absent = word.length > 1 && word.data[1] == '!';
    const char *at = word.data + (absent ? 2 : 1);
    condition->name.data = at;
    while (at < end && is_name_byte(*at))
        at++;
    condition->name.length = (size_t)(at - condition->name.data);
    if (word.data[0] != '?' || condition->name.length == 0)
        return complain(error, word, "a condition is ?name=VALUE|VALUE, ?name<=NUMBER, ?name>=NUMBER, ?name or ?!name");
    if (at == end) {
        condition->kind = absent ? CONDITION_ABSENT : CONDITION_PRESENT;
        return true;
    }
    if (!absent && *at == '=') {
        condition->kind = CONDITION_IS;
        condition->values = (struct slice){at + 1, (size_t)(end - at - 1)};
        return true;
    }
    bool compares = !absent && end - at >= 2 && (*at == '<' || *at == '>') && at[1] == '=';
    if (!compares)
        return complain(error, word, absent ? "?!name has no value" : "behind the name comes =, <= or >=");
    enum condition_kind kind = *at == '<' ? CONDITION_AT_MOST : CONDITION_AT_LEAST;
    if (!parse_limit((struct slice){at + 2, (size_t)(end - at - 2)}, kind, condition))
        return complain(error, word, "behind <= and >= comes a number of up to 18 digits");
    return true;
}

bool
conditions_parse(struct slice text, struct conditions *conditions, char *error)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    conditions->count = 0;
    for (;;) {
        while (at < end && is_blank(*at))
            at++;
        if (at == end)
            return true;
        struct slice word = {at, 0};
        while (at < end && !is_blank(*at))
            at++;
        word.length = (size_t)(at - word.data);
        if (conditions->count == CONDITIONS_MAX)
            return complain(error, word, "a rule takes up to 8 conditions");
        if (!parse_one(word, &conditions->list[conditions->count++], error))
            return false;
    }
}

static bool
is_one_of(struct slice value, struct slice values)
{
    const char *end = values.data + values.length;
    for (const char *at = values.data;; at++) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        const char *stop = bar != NULL ? bar : end;
        if (query_text_equals(value, (struct slice){at, (size_t)(stop - at)}))
            return true;
        if (bar == NULL)
            return false;
        at = bar;
    }
}

static bool
holds(const struct condition *condition, bool there, struct slice value)
{
    uint64_t number;
    switch (condition->kind) {
    case CONDITION_IS:
        return there && is_one_of(value, condition->values);
    case CONDITION_AT_MOST:
        return there && query_number(value, &number) && number <= condition->limit;
    case CONDITION_AT_LEAST:
        return there && query_number(value, &number) && number >= condition->limit;
    case CONDITION_PRESENT:
        return there;
    case CONDITION_ABSENT:
        return !there;
    }
    return false;
}

enum condition_answer
conditions_ask(const struct conditions *conditions, const struct target *target, struct slice *name)
{
    enum condition_answer answer = CONDITIONS_HOLD;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->list[i];
        struct slice value = {"", 0};
        enum query_count count = query_find(target->query, condition->name, &value);
        if (count == QUERY_UNCLEAR) {
            *name = condition->name;
            return CONDITIONS_UNCLEAR;
        }
        if (!holds(condition, count == QUERY_ONCE, value))
            answer = CONDITIONS_FAIL;
    }
    return answer;
}

/* True where every one of `values` is one of `others`. */
static bool
is_subset(struct slice values, struct slice others)
{
    const char *at = values.data;
    const char *end = values.data + values.length;
    for (;;) {
        const char *bar = memchr(at, '|', (size_t)(end - at));
        const char *stop = bar != NULL ? bar : end;
        const char *begin = others.data;
        const char *others_end = others.data + others.length;
        bool found = false;
        while (!found) {
            const char *next = memchr(begin, '|', (size_t)(others_end - begin));
            const char *limit = next != NULL ? next : others_end;
            found =
                slice_equals((struct slice){at, (size_t)(stop - at)}, (struct slice){begin, (size_t)(limit - begin)});
            if (next == NULL)
                break;
            begin = next + 1;
        }
        if (!found || bar == NULL)
            return found;
        at = bar + 1;
    }
}

static bool
asks_the_same(const struct condition *one, const struct condition *other)
{
    if (one->kind != other->kind || !slice_equals(one->name, other->name))
        return false;
    switch (one->kind) {
    case CONDITION_IS:
        return is_subset(one->values, other->values) && is_subset(other->values, one->values);
    case CONDITION_AT_MOST:
    case CONDITION_AT_LEAST:
        return one->limit == other->limit;
    case CONDITION_PRESENT:
    case CONDITION_ABSENT:
        break;
    }
    return true;
}

static bool
covers(const struct conditions *one, const struct conditions *other)
{
    for (size_t i = 0; i < one->count; i++) {
        size_t j = 0;
        while (j < other->count && !asks_the_same(&one->list[i], &other->list[j]))
            j++;
        if (j == other->count)
            return false;
    }
    return true;
}

bool
conditions_equal(const struct conditions *one, const struct conditions *other)
{
    return covers(one, other) && covers(other, one);
}
