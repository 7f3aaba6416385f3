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

static int
cut(struct slice word)
{
    return word.length < 64 ? (int)word.length : 64;
}

/* For two in one message. */
static int
cut_short(struct slice word)
{
    return word.length < 32 ? (int)word.length : 32;
}

static bool
complain(char *error, struct slice word, const char *what)
{
    snprintf(error, CONDITION_ERROR_SIZE, "%.*s: %s", cut(word), word.data, what);
    return false;
}

static bool
complain_of_value(char *error, struct slice word, const char *what, const char *nearest)
{
    snprintf(error, CONDITION_ERROR_SIZE, "%.*s: %s; did you mean %s?", cut(word), word.data, what, nearest);
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

/* Takes the next of "A|B|C"; false at the end. `*at` is NULL behind it. */
static bool
next_value(const char **at, const char *end, struct slice *value)
{
    if (*at == NULL)
        return false;
    const char *bar = memchr(*at, '|', (size_t)(end - *at));
    const char *stop = bar != NULL ? bar : end;
    *value = (struct slice){*at, (size_t)(stop - *at)};
    *at = bar != NULL ? bar + 1 : NULL;
    return true;
}

/* "web&platform=x": a query, not a value. */
static bool
holds_two(struct slice value)
{
    const char *end = value.data + value.length;
    const char *at = memchr(value.data, '&', value.length);
    if (at == NULL)
        return false;
    do
        at++;
    while (at < end && is_name_byte(*at));
    return at < end && *at == '=';
}

static bool
check_values(struct slice word, struct condition *condition, char *error)
{
    const char *at = condition->values.data;
    const char *end = at + condition->values.length;
    struct slice value;
    condition->values_are = parameter_kind(condition->name);
    bool several = memchr(at, '|', condition->values.length) != NULL;
    while (next_value(&at, end, &value)) {
        if (several && value.length == 0)
            return complain(error, word, "nothing stands beside a |; the empty value alone is ?name=");
        const char *fault = parameter_fault(condition->values_are, value);
        bool comma = memchr(value.data, ',', value.length) != NULL;
        const char *nearest = fault != NULL && !comma ? parameter_nearest(condition->values_are, value) : NULL;
        if (nearest != NULL)
            return complain_of_value(error, word, fault, nearest);
        if (fault != NULL && comma)
            fault = "several values are parted by |";
        else if (value.length > 0 && strchr("<>=", value.data[0]) != NULL)
            fault = "a comparison is =, <= or >=";
        else if (value.length > 0 && (value.data[0] == '*' || value.data[value.length - 1] == '*'))
            fault = "there are no wildcards; a value is compared letter for letter";
        else if (holds_two(value))
            fault = "each condition has a ?, and a blank before it";
        if (fault != NULL)
            return complain(error, word, fault);
    }
    return true;
}

/* A name that is nearly that of a parameter would never be there, and a deny would never hold. */
static bool
check_name(struct slice word, struct slice name, char *error)
{
    const char *meant = parameter_meant(name);
    if (meant == NULL)
        return true;
    snprintf(error, CONDITION_ERROR_SIZE, "%.*s: no engine has this parameter; did you mean %s?", cut(word), word.data,
             meant);
    return false;
}

/* `word` is one condition, the question mark included. */
static bool
parse_one(struct slice word, struct condition *condition, char *error)
{
    const char *end = word.data + word.length;
    if (end[-1] == ',')
        return complain(error, word,
                        "conditions end a line and are for all that it names; what follows needs a line of its own");
    condition->text = word;
    bool absent = word.length > 1 && word.data[1] == '!';
    const char *at = word.data + (absent ? 2 : 1);
    condition->name.data = at;
    while (at < end && is_name_byte(*at))
        at++;
    condition->name.length = (size_t)(at - condition->name.data);
    if (word.data[0] != '?' || condition->name.length == 0)
        return complain(
            error, word,
            "a condition is ?name=VALUE|VALUE, ?name<=NUMBER, ?name>=NUMBER, ?name or ?!name, without blanks");
    if (!check_name(word, condition->name, error))
        return false;
    if (at == end) {
        condition->kind = absent ? CONDITION_ABSENT : CONDITION_PRESENT;
        return true;
    }
    if (!absent && *at == '=') {
        condition->kind = CONDITION_IS;
        condition->values = (struct slice){at + 1, (size_t)(end - at - 1)};
        return check_values(word, condition, error);
    }
    bool compares = !absent && end - at >= 2 && (*at == '<' || *at == '>') && at[1] == '=';
    if (!compares)
        return complain(error, word, absent ? "?!name has no value" : "behind the name comes =, <= or >=");
    if (parameter_kind(condition->name) == PARAMETER_FLAG)
        return complain(error, word, "this parameter is a flag: it takes =1 or =0");
    if (parameter_kind(condition->name) == PARAMETER_SIGNAL)
        return complain(error, word, "signals have no order; name them, as in ?signal=HUP|TERM");
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

/* The nearest that the value, raw as in a query, comes to one of those that are asked for. */
static enum parameter_answer
compare(const struct condition *condition, struct slice raw)
{
    const char *at = condition->values.data;
    const char *end = at + condition->values.length;
    enum parameter_answer best = PARAMETER_IS_NOT;
    struct slice value;
    while (best != PARAMETER_IS && next_value(&at, end, &value)) {
        enum parameter_answer answer = parameter_compare(condition->values_are, raw, value);
        best = answer > best ? answer : best;
    }
    return best;
}

static enum parameter_answer
compare_number(const struct condition *condition, struct slice raw)
{
    uint64_t number;
    if (!query_number(raw, &number))
        return PARAMETER_MAY_BE;
    bool holds = condition->kind == CONDITION_AT_MOST ? number <= condition->limit : number >= condition->limit;
    return holds ? PARAMETER_IS : PARAMETER_IS_NOT;
}

/* Of a parameter that is not there. */
static enum parameter_answer
compare_absent(const struct condition *condition, const struct condition_case *asked)
{
    const char *value =
        asked->refuses && condition->kind == CONDITION_IS ? parameter_default(asked->operation, condition->name) : NULL;
    return value != NULL ? compare(condition, slice_from_string(value)) : PARAMETER_IS_NOT;
}

static bool
holds(const struct condition *condition, const struct condition_case *asked, bool there, struct slice raw)
{
    enum parameter_answer answer = PARAMETER_IS_NOT;
    switch (condition->kind) {
    case CONDITION_IS:
        answer = there ? compare(condition, raw) : compare_absent(condition, asked);
        break;
    case CONDITION_AT_MOST:
    case CONDITION_AT_LEAST:
        answer = there ? compare_number(condition, raw) : PARAMETER_IS_NOT;
        break;
    case CONDITION_PRESENT:
        return there;
    case CONDITION_ABSENT:
        return !there;
    }
    return answer == PARAMETER_IS || (asked->refuses && answer == PARAMETER_MAY_BE);
}

enum condition_answer
conditions_ask(const struct conditions *conditions, const struct condition_case *asked, struct slice *name)
{
    enum condition_answer answer = CONDITIONS_HOLD;
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->list[i];
        struct slice value = {"", 0};
        enum query_count count = query_find(asked->query, condition->name, &value);
        if (count == QUERY_UNCLEAR) {
            *name = condition->name;
            return CONDITIONS_UNCLEAR;
        }
        if (!holds(condition, asked, count == QUERY_ONCE, value))
            answer = CONDITIONS_FAIL;
    }
    return answer;
}

/* Two values as rules have them; those of flags and signals have no escapes, and can be read as if from a query. */
static bool
means_the_same(enum parameter_kind kind, struct slice value, struct slice other)
{
    return slice_equals(value, other) ||
           (kind != PARAMETER_TEXT && parameter_compare(kind, value, other) == PARAMETER_IS);
}

/* True where every one of `values` is one of `others`. */
static bool
is_subset(enum parameter_kind kind, struct slice values, struct slice others)
{
    const char *at = values.data;
    struct slice value;
    while (next_value(&at, values.data + values.length, &value)) {
        const char *begin = others.data;
        struct slice other = {NULL, 0};
        bool found = false;
        while (!found && next_value(&begin, others.data + others.length, &other))
            found = means_the_same(kind, value, other);
        if (!found)
            return false;
    }
    return true;
}

static bool
asks_the_same(const struct condition *one, const struct condition *other)
{
    if (one->kind != other->kind || !slice_equals(one->name, other->name))
        return false;
    switch (one->kind) {
    case CONDITION_IS:
        return is_subset(one->values_are, one->values, other->values) &&
               is_subset(one->values_are, other->values, one->values);
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

/* True where one of the values is a number for which the bound holds. */
static bool
has_number_within(struct slice values, const struct condition *bound)
{
    const char *at = values.data;
    struct slice value;
    while (next_value(&at, values.data + values.length, &value))
        if (compare_number(bound, value) == PARAMETER_IS)
            return true;
    return false;
}

/* The same of all values, each of which must be a number. */
static bool
has_only_numbers_within(struct slice values, const struct condition *bound)
{
    const char *at = values.data;
    struct slice value;
    while (next_value(&at, values.data + values.length, &value))
        if (compare_number(bound, value) != PARAMETER_IS)
            return false;
    return true;
}

static bool
have_a_common_value(const struct condition *one, const struct condition *other)
{
    const char *at = one->values.data;
    struct slice value;
    while (next_value(&at, one->values.data + one->values.length, &value))
        if (is_subset(one->values_are, value, other->values))
            return true;
    return false;
}

static bool
is_bound(const struct condition *condition)
{
    return condition->kind == CONDITION_AT_MOST || condition->kind == CONDITION_AT_LEAST;
}

/* Of two about the same parameter. */
static bool
exclude_each_other(const struct condition *one, const struct condition *other)
{
    if (one->kind == CONDITION_ABSENT || other->kind == CONDITION_ABSENT)
        return one->kind != other->kind;
    if (one->kind == CONDITION_IS && other->kind == CONDITION_IS)
        return !have_a_common_value(one, other);
    if (one->kind == CONDITION_IS && is_bound(other))
        return !has_number_within(one->values, other);
    if (other->kind == CONDITION_IS && is_bound(one))
        return !has_number_within(other->values, one);
    if (one->kind == CONDITION_AT_MOST && other->kind == CONDITION_AT_LEAST)
        return one->limit < other->limit;
    if (one->kind == CONDITION_AT_LEAST && other->kind == CONDITION_AT_MOST)
        return other->limit < one->limit;
    return false;
}

bool
conditions_can_hold(const struct conditions *conditions, char *error)
{
    for (size_t i = 0; i < conditions->count; i++) {
        for (size_t j = i + 1; j < conditions->count; j++) {
            const struct condition *one = &conditions->list[i];
            const struct condition *other = &conditions->list[j];
            if (!slice_equals(one->name, other->name) || !exclude_each_other(one, other))
                continue;
            bool values = one->kind == CONDITION_IS && other->kind == CONDITION_IS;
            snprintf(error, CONDITION_ERROR_SIZE,
                     "%.*s %.*s: these exclude each other, and the rule would never hold%s", cut_short(one->text),
                     one->text.data, cut_short(other->text), other->text.data,
                     values ? "; several values are parted by |" : "");
            return false;
        }
    }
    return true;
}

/* What is doubtful holds for a rule that refuses and not for one that allows. */
struct implication {
    const struct condition *one;
    const struct condition *other;
    bool refuses;
    bool other_refuses;
};

/* Of two about the same parameter, which is there once at most, in a spelling that is clear. */
static bool
implies(const struct implication *asked)
{
    const struct condition *one = asked->one;
    const struct condition *other = asked->other;
    bool keeps_doubt = !asked->refuses || asked->other_refuses;
    switch (other->kind) {
    case CONDITION_IS:
        return one->kind == CONDITION_IS && keeps_doubt && is_subset(one->values_are, one->values, other->values);
    case CONDITION_AT_MOST:
    case CONDITION_AT_LEAST:
        if (one->kind == CONDITION_IS)
            return !asked->refuses && has_only_numbers_within(one->values, other);
        return one->kind == other->kind && keeps_doubt &&
               (one->kind == CONDITION_AT_MOST ? one->limit <= other->limit : one->limit >= other->limit);
    case CONDITION_PRESENT:
        /* A rule that refuses may know a default, and hold without the parameter. */
        return one->kind == CONDITION_PRESENT || is_bound(one) || (one->kind == CONDITION_IS && !asked->refuses);
    case CONDITION_ABSENT:
        return one->kind == CONDITION_ABSENT;
    }
    return false;
}

static bool
asks_for(const struct conditions *conditions, struct slice name)
{
    for (size_t i = 0; i < conditions->count; i++)
        if (slice_equals(conditions->list[i].name, name))
            return true;
    return false;
}

bool
conditions_imply(const struct conditions *one, bool refuses, const struct conditions *other, bool other_refuses)
{
    if (other->count == 0)
        return true;
    /* A parameter that is unclear to the one must be so to the other, which could fail else. */
    for (size_t i = 0; i < one->count; i++)
        if (!asks_for(other, one->list[i].name))
            return false;
    for (size_t i = 0; i < other->count; i++) {
        bool implied = false;
        for (size_t j = 0; j < one->count && !implied; j++) {
            const struct implication asked = {&one->list[j], &other->list[i], refuses, other_refuses};
            implied = slice_equals(asked.one->name, asked.other->name) && implies(&asked);
        }
        if (!implied)
            return false;
    }
    return true;
}
