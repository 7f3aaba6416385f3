/*
 * A rule with conditions, and a call. Input: a line of a rule without its "allow =", then a line "METHOD TARGET".
 * Promises: what is taken for an allow is taken for a deny; a call that the one grants the other refuses, whatever
 * stands behind it. Two plain readers of the query, one that reads as Docker does and one that reads as Podman does,
 * both find what a condition asks for where an allow holds, and neither does where a deny does not hold. A rule that is
 * told to never take effect, behind another one or before it, may go without the verdict on the call changing.
 */

#include "support.h"

#include <strings.h>

static const char EVERYTHING[] = "@read, @logs, @sensitive, @control, @create, @change, @destroy, @exec, @files, "
                                 "@pull, @push, @build, @swarm, @plugins, @host, @options";

/* The value of the parameter as an engine takes it, decoded; NULL where it is not there. The caller frees it. */
static char *
read_query(const char *query, const char *name, bool as_podman)
{
    char *found = NULL;
    char *copy = strdup(query);
    char *rest = copy;
    for (char *pair = strsep(&rest, "&"); pair != NULL; pair = strsep(&rest, "&")) {
        char *out = pair;
        char *value = NULL;
        for (const char *at = pair; *at != '\0'; at++) {
            if (*at == '=' && value == NULL) {
                *out++ = '\0';
                value = out;
            } else if (*at == '%') {
                char digits[3] = {at[1], at[2], '\0'};
                *out++ = (char)strtoul(digits, NULL, 16);
                at += 2;
            } else {
                *out++ = *at == '+' ? ' ' : *at;
            }
        }
        *out = '\0';
        bool ours = as_podman ? strcasecmp(pair, name) == 0 : strcmp(pair, name) == 0;
        if (ours && (found == NULL || as_podman)) {
            free(found);
            found = strdup(value != NULL ? value : "");
        }
    }
    free(copy);
    return found;
}

static bool
is_hup(const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    if (end != value && *end == '\0' && value[0] != ' ')
        return number == 1;
    return strcasecmp(strncasecmp(value, "SIG", 3) == 0 ? value + 3 : value, "HUP") == 0;
}

static bool
is_one_of(const char *value, const char *words)
{
    size_t length = strlen(value);
    for (const char *at = words; (at = strstr(at, value)) != NULL; at++)
        if (length > 0 && (at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
            return true;
    return false;
}

/* Podman takes these for a flag, and refuses others. */
static const char PODMAN_YES[] = "1 t T true True TRUE on";
static const char PODMAN_NO[] = "0 f F false False FALSE";

/* Docker takes these for no, and all others for yes. */
static bool
is_no_to_docker(const char *value)
{
    static const char *const words[] = {"", "0", "no", "false", "none"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

static bool
is_surely_no(const char *value)
{
    return is_no_to_docker(value) && is_one_of(value, PODMAN_NO);
}

static bool
is_perhaps_no(const char *value)
{
    return is_no_to_docker(value) || is_one_of(value, PODMAN_NO);
}

static bool
is_surely_yes(const char *value)
{
    return !is_no_to_docker(value) && is_one_of(value, PODMAN_YES);
}

static bool
is_perhaps_yes(const char *value)
{
    return !is_no_to_docker(value) || is_one_of(value, PODMAN_YES);
}

static bool
is_at_most_sixty(const char *value)
{
    char *end;
    long number = strtol(value, &end, 10);
    return end != value && *end == '\0' && value[0] != ' ' && number <= 60;
}

static bool
is_surely_at_most_sixty(const char *value)
{
    return is_at_most_sixty(value) && value[0] != '-' && value[0] != '+';
}

/* What both readers must find where a rule that allows asks for it, and neither may find where one that refuses did. */
static const struct {
    const char *condition;
    const char *name;
    bool (*surely)(const char *value);
    bool (*perhaps)(const char *value);
} readings[] = {
    {"?signal=HUP", "signal", is_hup, is_hup},
    {"?stream=0", "stream", is_surely_no, is_perhaps_no},
    {"?all=1", "all", is_surely_yes, is_perhaps_yes},
    {"?t<=60", "t", is_surely_at_most_sixty, is_at_most_sixty},
};

static void
check_reading(size_t index, const char *target, bool allowed)
{
    const char *mark = strchr(target, '?');
    for (int podman = 0; podman < 2; podman++) {
        char *value = read_query(mark != NULL ? mark + 1 : "", readings[index].name, podman == 1);
        if (allowed)
            CHECK(value != NULL && readings[index].surely(value));
        else
            CHECK(value == NULL || !readings[index].perhaps(value));
        free(value);
    }
}

/* NULL where the line is not taken. */
static struct policy *
build(const char *rule, bool allows)
{
    struct policy_builder *builder = policy_builder_new("fuzz");
    CHECK(builder != NULL);
    bool taken = allows ? policy_builder_allow(builder, rule) : policy_builder_deny(builder, rule);
    if (!taken) {
        const char *error = policy_builder_error(builder);
        CHECK(*error != '\0' && strchr(error, '\n') == NULL);
        policy_builder_free(builder);
        return NULL;
    }
    CHECK(allows || policy_builder_allow(builder, EVERYTHING));
    return policy_builder_finish(builder);
}

static enum verdict_action
ask(const struct policy *policy, const char *method, const char *target)
{
    struct policy_request request = {.method = slice_from_string(method), .target = slice_from_string(target)};
    size_t size = policy_buffer_size(request.target.length);
    char *buffer = malloc(size > 0 ? size : 1);
    struct verdict verdict;
    policy_check_head(policy, &request, buffer, size, &verdict);
    free(buffer);
    return verdict.action;
}

/* A rule that has this condition and no other, without it: the words that it names. NULL for another rule. */
static char *
cut_condition(const char *rule, const char *condition)
{
    const char *mark = strchr(rule, '?');
    return mark != NULL && mark > rule && mark[-1] == ' ' && strcmp(mark, condition) == 0
               ? strndup(rule, (size_t)(mark - rule))
               : NULL;
}

/* The call is one that the rule names, and a rule with this one condition let it pass behind a deny, or granted it. */
static void
check_readings(const char *rule, const char *method, const char *target, bool allowed)
{
    for (size_t i = 0; i < COUNT_OF(readings); i++) {
        char *words = cut_condition(rule, readings[i].condition);
        struct policy *named = words != NULL ? build(words, true) : NULL;
        if (named != NULL && ask(named, method, target) == VERDICT_ALLOW)
            check_reading(i, target, allowed);
        policy_unref(named);
        free(words);
    }
}

/* Rules that cover parts of what others name. */
static const char *const neighbours[] = {
    "@read",
    "@control",
    "ContainerKill",
    "ContainerKill ?signal=HUP|9",
    "ContainerStats ?stream",
    "ContainerStop ?t<=60",
    "ContainerList ?all=1",
    "HEAD /containers/json",
    "OPTIONS section:containers",
    "@options",
};

static void
note_idle(void *owner, unsigned line, const char *text)
{
    bool *idle = owner;
    CHECK(line == 1 || line == 2);
    CHECK(strchr(text, '\n') == NULL);
    if (strstr(text, " never takes effect: ") != NULL)
        idle[line - 1] = true;
}

/* One or two rules, then everything; NULL where a line is not taken. The lines that are idle are noted. */
static struct policy *
build_two(const char *const rules[2], const bool allows[2], bool idle[2])
{
    struct policy_builder *builder = policy_builder_new("fuzz");
    CHECK(builder != NULL);
    for (unsigned i = 0; i < 2; i++) {
        policy_builder_at(builder, i + 1);
        if (rules[i] == NULL)
            continue;
        bool taken = allows[i] ? policy_builder_allow(builder, rules[i]) : policy_builder_deny(builder, rules[i]);
        CHECK(taken);
    }
    policy_builder_at(builder, 2);
    if (idle == NULL)
        CHECK(policy_builder_allow(builder, EVERYTHING));
    struct policy *policy = policy_builder_finish(builder);
    CHECK(policy != NULL);
    if (idle != NULL)
        policy_doubts(policy, note_idle, idle);
    return policy;
}

static enum verdict_action
judge_two(const char *first, const char *second, const bool allows[2], const char *method, const char *target)
{
    const char *const rules[2] = {first, second};
    struct policy *policy = build_two(rules, allows, NULL);
    enum verdict_action action = ask(policy, method, target);
    policy_unref(policy);
    return action;
}

/* The line has one selector, so that all of it is idle or none. Which neighbour it gets, and where, is the input's. */
static void
check_idle(const char *rule, const char *method, const char *target)
{
    unsigned choice = 0;
    for (const char *at = target; *at != '\0'; at++)
        choice = choice * 31 + (unsigned char)*at;
    if (strchr(rule, ',') != NULL)
        return;
    const char *neighbour = neighbours[choice / 8 % COUNT_OF(neighbours)];
    bool before = (choice & 1) != 0;
    const char *const rules[2] = {before ? rule : neighbour, before ? neighbour : rule};
    const bool allows[2] = {(choice & 2) != 0, (choice & 4) != 0};
    bool idle[2] = {false, false};
    policy_unref(build_two(rules, allows, idle));
    CHECK(!idle[0]);
    if (idle[1])
        CHECK(judge_two(rules[0], rules[1], allows, method, target) ==
              judge_two(rules[0], NULL, allows, method, target));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    char *target = text;
    const char *rule = strsep(&target, "\n");
    const char *method = strsep(&target, " ");
    struct policy *grants = method != NULL && target != NULL ? build(rule, true) : NULL;
    struct policy *refuses = grants != NULL ? build(rule, false) : NULL;
    CHECK((grants == NULL) == (refuses == NULL));
    if (grants != NULL) {
        bool granted = ask(grants, method, target) == VERDICT_ALLOW;
        bool passed = ask(refuses, method, target) == VERDICT_ALLOW;
        CHECK(!(granted && passed));
        if (granted || passed)
            check_readings(rule, method, target, granted);
        check_idle(rule, method, target);
    }
    policy_unref(grants);
    policy_unref(refuses);
    free(text);
    return 0;
}
