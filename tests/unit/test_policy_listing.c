#include "policy_build.h"

/* Policies of all kinds, as lines. */
static const char *const POLICIES[] = {
    "",
    "allow = @read",
    "deny = @logs ; allow = @read, @control",
    "preset = portainer +swarm",
    "CONTAINERS = 1",
    "CONTAINERS = 1 ; POST = 1 ; ALLOW_START = 1",
    "dialect = linuxserver ; ALLOW_START = 1 ; CONTAINERS = 1 ; LIBPOD_CONTAINERS = 1",
    "dialect = tecnativa-next ; CONTAINERS = 1 ; DELETE = 1 ; POST = 1",
    "dialect = fluencelabs ; IMAGES_DELETE = 1 ; DELETE = 1",
    "allow = ContainerKill ; IMAGES = 1",
};

struct judged {
    const struct policy *policy;
    size_t row;
};

static void
compare_with_verdict(void *owner, const struct policy_route *listed)
{
    struct judged *judged = owner;
    const struct route *route = route_row(judged->row++);
    assert_string_equal(listed->operation, route->operation);
    assert_string_equal(listed->template, route->template);
    assert_string_equal(listed->method, method_text(route->method));
    if (route->method == METHOD_OPTIONS)
        return;
    struct asked asked = ask_route(judged->policy, route);
    bool allowed = asked.verdict.action == VERDICT_ALLOW;
    if (listed->verdict != (allowed ? ROUTE_ALLOWED : ROUTE_REFUSED) || strcmp(listed->rule, asked.verdict.rule) != 0 ||
        strcmp(listed->cure, asked.verdict.cure) != 0) {
        fail_msg("%s %s: listed %d by %s, judged %d by %s", listed->method, listed->template, listed->verdict,
                 listed->rule, asked.verdict.action, asked.verdict.rule);
    }
    asked_drop(&asked);
}

static void
each_route_is_listed_with_the_verdict_that_a_call_of_it_gets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(POLICIES) / sizeof(POLICIES[0]); i++) {
        struct policy *policy = build("ops", POLICIES[i]);
        struct judged judged = {policy, 0};
        policy_routes(policy, compare_with_verdict, &judged);
        assert_int_equal(judged.row, ROUTE_COUNT);
        policy_unref(policy);
    }
}

/* Looks for one operation. */
struct search {
    const char *operation;
    struct policy_route found;
    char classes[64];
};

static void
keep_found(void *owner, const struct policy_route *route)
{
    struct search *search = owner;
    if (strcmp(route->operation, search->operation) == 0) {
        search->found = *route;
        snprintf(search->classes, sizeof(search->classes), "%s", route->classes);
    }
}

struct conditional_case {
    const char *lines;
    const char *operation;
    enum policy_route_verdict verdict;
    const char *rule;
};

static const struct conditional_case CONDITIONALS[] = {
    {"allow = ContainerKill ?signal=HUP", "ContainerKill", ROUTE_CONDITIONAL, "allow = ContainerKill ?signal=HUP"},
    {"allow = ContainerKill ?!signal", "ContainerKill", ROUTE_CONDITIONAL, "allow = ContainerKill ?!signal"},
    {"deny = ContainerKill ?signal=KILL ; allow = @control", "ContainerKill", ROUTE_CONDITIONAL,
     "deny = ContainerKill ?signal=KILL"},
    {"deny = ContainerKill ?signal=KILL ; allow = @read", "ContainerKill", ROUTE_REFUSED, "no grant"},
    {"allow = ContainerKill ; deny = ContainerKill ?signal=KILL", "ContainerKill", ROUTE_ALLOWED,
     "allow = ContainerKill"},
    {"deny = ContainerKill ; allow = ContainerKill ?signal=HUP", "ContainerKill", ROUTE_REFUSED,
     "deny = ContainerKill"},
    {"allow = ContainerKill ?signal=HUP ; allow = ContainerKill", "ContainerKill", ROUTE_ALLOWED,
     "allow = ContainerKill"},
    {"POST = 1 ; CONTAINERS = 1 ; PING = 0", "Options", ROUTE_CONDITIONAL, "CONTAINERS=1"},
    {"CONTAINERS = 1", "Options", ROUTE_REFUSED, "POST=0"},
    {"allow = Options", "Options", ROUTE_ALLOWED, "allow = Options"},
};

static void
a_route_whose_verdict_depends_on_the_query_is_listed_as_such(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CONDITIONALS) / sizeof(CONDITIONALS[0]); i++) {
        struct policy *policy = build(NULL, CONDITIONALS[i].lines);
        struct search search = {.operation = CONDITIONALS[i].operation};
        policy_routes(policy, keep_found, &search);
        if (search.found.verdict != CONDITIONALS[i].verdict || strcmp(search.found.rule, CONDITIONALS[i].rule) != 0) {
            fail_msg("%s: %s: %d by %s", CONDITIONALS[i].lines, CONDITIONALS[i].operation, search.found.verdict,
                     search.found.rule);
        }
        policy_unref(policy);
    }
}

static void
a_listed_route_has_its_section_and_its_classes(void **state)
{
    (void)state;
    struct policy *policy = build(NULL, "allow = @read");
    struct search search = {.operation = "ContainerLogs"};
    policy_routes(policy, keep_found, &search);
    assert_string_equal(search.found.section, "containers");
    assert_string_equal(search.classes, "read logs");
    assert_string_equal(search.found.since, "1.24");
    search.operation = "KubeApplyLibpod";
    policy_routes(policy, keep_found, &search);
    assert_string_equal(search.found.section, "libpod/kube");
    assert_string_equal(search.classes, "create host");
    policy_unref(policy);
}

/* The differences as "+ContainerStart" for what becomes allowed, "-" for refused, "?" for conditional. */
static void
keep_difference(void *owner, const struct policy_route *before, const struct policy_route *after)
{
    struct lines *lines = owner;
    char text[64];
    assert_string_equal(before->method, after->method);
    static const char MARKS[] = {[ROUTE_REFUSED] = '-', [ROUTE_ALLOWED] = '+', [ROUTE_CONDITIONAL] = '?'};
    assert_string_equal(before->operation, after->operation);
    snprintf(text, sizeof(text), "%c%s%s%s", MARKS[after->verdict], after->operation,
             strcmp(after->method, "HEAD") == 0 ? " as HEAD" : "", after->dry && !before->dry ? " (dry)" : "");
    lines_keep(lines, text);
}

struct difference_case {
    const char *before;
    const char *after;
    const char *differences;
};

static const struct difference_case DIFFERENCES[] = {
    {"allow = @read", "allow = @read", ""},
    {"allow = ContainerList", "allow = GET /containers/json", ""},
    {"allow = ContainerList", "allow = ContainerInspect", "-ContainerList +ContainerInspect"},
    {"allow = @control", "deny = ContainerKill, PodKillLibpod, ContainerKillLibpod ; allow = @control",
     "-ContainerKill -ContainerKillLibpod -PodKillLibpod"},
    {"allow = ContainerKill", "allow = ContainerKill ?signal=HUP", "?ContainerKill"},
    {"allow = ContainerKill ?signal=HUP", "allow = ContainerKill ?signal=INT", "?ContainerKill"},
    {"allow = ContainerKill ?signal=HUP|INT", "allow = POST /containers/{id}/kill ?signal=INT|HUP", ""},
    {"allow = ContainerStop ?signal=HUP ?t", "allow = ContainerStop ?t ?signal=HUP", ""},
    {"allow = ContainerKill ?signal=HUP", "allow = ContainerKill ?signal=sighup|1", ""},
    {"allow = ContainerList ?all=1", "allow = ContainerList ?all=true", ""},
    {"allow = ContainerList ?all=1", "allow = ContainerList ?all=0", "?ContainerList"},
    {"allow = ContainerStop ?t<=60", "allow = ContainerStop ?t<=61", "?ContainerStop"},
    {"allow = ContainerStop ?t<=60", "allow = ContainerStop ?t>=60", "?ContainerStop"},
    {"allow = ContainerStop ?t", "allow = ContainerStop ?!t", "?ContainerStop"},
    /* Only the second of the rules with conditions is another. */
    {"allow = ContainerKill ?signal=HUP ; allow = ContainerKill ?signal=INT",
     "allow = ContainerKill ?signal=HUP ; allow = ContainerKill ?signal=KILL", "?ContainerKill"},
    {"allow = ContainerKill ?signal=HUP ; deny = ContainerKill ?signal ; allow = ContainerKill",
     "allow = ContainerKill ?signal=HUP ; deny = ContainerKill ?!signal ; allow = ContainerKill", "?ContainerKill"},
    /* A refusal in front of the general one changes nothing. */
    {"allow = ContainerKill ?signal=HUP", "allow = ContainerKill ?signal=HUP ; deny = ContainerKill ?signal", ""},
    {"allow = ContainerKill ; allow = ContainerKill ?signal", "allow = ContainerKill", ""},
    {"preset = traefik", "allow = SystemVersion, ContainerList, ContainerInspect, SystemEvents",
     "-SystemPingHead as HEAD +ContainerList as HEAD +ContainerInspect as HEAD +SystemEvents as HEAD +SystemVersion as "
     "HEAD"},
    {"ALLOW_START = 1", "dialect = linuxserver ; ALLOW_START = 1 ; LIBPOD_PING = 0 ; LIBPOD_VERSION = 0",
     "+ContainerStart ?Options +ContainerStartLibpod +PodStartLibpod"},
    {"preset = traefik", "preset = traefik +ping-fallback -watch", "+SystemPing -SystemEvents"},
};

static void
two_policies_differ_in_what_becomes_allowed_refused_or_conditional(void **state)
{
    (void)state;
    struct lines *lines = lines_new();
    for (size_t i = 0; i < sizeof(DIFFERENCES) / sizeof(DIFFERENCES[0]); i++) {
        struct policy *before = build(NULL, DIFFERENCES[i].before);
        struct policy *after = build(NULL, DIFFERENCES[i].after);
        char found[512] = "";
        lines->count = 0;
        policy_diff(before, after, keep_difference, lines);
        for (size_t j = 0; j < lines->count; j++) {
            size_t length = strlen(found);
            snprintf(found + length, sizeof(found) - length, "%s%s", j == 0 ? "" : " ", lines->text[j]);
        }
        assert_string_equal(found, DIFFERENCES[i].differences);
        policy_unref(before);
        policy_unref(after);
    }
    free(lines);
}

static void
count_dry(void *owner, const struct policy_route *before, const struct policy_route *after)
{
    size_t *count = owner;
    assert_true(!before->dry && after->dry && after->verdict != ROUTE_ALLOWED);
    ++*count;
}

static void
a_policy_on_trial_differs_in_everything_that_it_would_refuse(void **state)
{
    (void)state;
    struct policy *before = build(NULL, "allow = ContainerKill ?signal=HUP ; allow = @read");
    struct policy *after = build(NULL, "allow = ContainerKill ?signal=HUP ; allow = @read ; dry_run = yes");
    size_t allowed = 0;
    size_t dry = 0;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        struct asked asked = ask_route(before, route_row(i));
        allowed += asked.verdict.action == VERDICT_ALLOW;
        asked_drop(&asked);
    }
    policy_diff(before, after, count_dry, &dry);
    assert_true(allowed > 10);
    assert_int_equal(dry, ROUTE_COUNT - allowed);
    policy_unref(before);
    policy_unref(after);
}

/* Environments in every dialect. */
static const char *const ENVIRONMENTS[] = {
    "",
    "CONTAINERS=1 POST=1",
    "CONTAINERS=true IMAGES=2 EVENTS= POST=0",
    "PING=0 VERSION=0 EVENTS=0",
    EVERYTHING,
    "ALLOW_START=1 ALLOW_RESTARTS=1 POST=1",
    "DIALECT=tecnativa-next POST=1 DELETE=1 CONTAINERS=1 NETWORKS=1 ALLOW_LOGS=1",
    "DIALECT=tecnativa-next POST=1 PUT=1 CONTAINERS=1 ALLOW_ARCHIVE=1 ALLOW_PAUSE=1",
    "DIALECT=linuxserver ALLOW_RESTARTS=1 CONTAINERS=1 LIBPOD_CONTAINERS=1 LIBPOD_PODS=1 ALLOW_TOP=1",
    "LIBPOD_ALLOW_POD_START=1 LIBPOD_MANIFESTS=1 LIBPOD_IMAGES=1 POST=1",
    "DIALECT=fluencelabs POST=1 DELETE=1 CONTAINERS_CREATE=1 NETWORKS_DELETE=1 CONTAINERS_ATTACH=1 IMAGES_DELETE=1",
    "CONTAINERS_WAIT=1 VOLUMES=1",
};

/* Feeds converted lines to a builder, comments left out. */
struct feed {
    struct policy_builder *builder;
    size_t comments;
};

static void
feed_line(void *owner, const char *text)
{
    struct feed *feed = owner;
    assert_true(strlen(text) <= 120);
    if (text[0] == '#')
        feed->comments++;
    else if (!build_line(feed->builder, text))
        fail_msg("%s: %s", text, policy_builder_error(feed->builder));
}

static void
check_conversion(const char *environment, enum policy_form form)
{
    struct words words;
    words_split(environment, &words);
    struct policy *original = policy_of(environment);
    struct feed feed = {policy_builder_new(NULL), 0};
    struct lines *lines = lines_new();
    assert_true(policy_convert(words.list, form, feed_line, &feed));
    assert_true(feed.comments > 0);
    struct policy *converted = policy_builder_finish(feed.builder);
    assert_non_null(converted);
    policy_diff(original, converted, keep_difference, lines);
    for (size_t i = 0; i < lines->count; i++)
        if (form == POLICY_AS_SWITCHES || strcmp(lines->text[i], "-Options") != 0)
            fail_msg("%s: %s", environment, lines->text[i]);
    policy_unref(original);
    policy_unref(converted);
    free(lines);
}

static void
an_environment_is_converted_to_lines_that_grant_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ENVIRONMENTS) / sizeof(ENVIRONMENTS[0]); i++) {
        check_conversion(ENVIRONMENTS[i], POLICY_AS_SWITCHES);
        check_conversion(ENVIRONMENTS[i], POLICY_AS_RULES);
    }
}

static void
a_conversion_says_what_each_line_grants_and_repeats_no_value(void **state)
{
    (void)state;
    struct words words;
    struct lines *lines = lines_new();
    words_split("CONTAINERS=hunter2 INFO=1 LIBPOD_INFO=1", &words);
    assert_true(policy_convert(words.list, POLICY_AS_SWITCHES, lines_keep, lines));
    assert_string_equal(lines->text[0],
                        "# linuxserver: detected by LIBPOD_INFO; DIALECT=linuxserver says it for certain");
    assert_string_equal(lines->text[1], "dialect = linuxserver");
    assert_string_equal(lines->text[2], "# CONTAINERS was written in another way, which counts as off.");
    assert_string_equal(lines->text[3], "CONTAINERS = 0");
    assert_string_equal(lines->text[4], "# INFO=1: GET and HEAD of /info");
    assert_string_equal(lines->text[5], "INFO = 1");
    lines->count = 0;
    assert_true(policy_convert(words.list, POLICY_AS_RULES, lines_keep, lines));
    assert_string_equal(lines->text[2], "allow = SystemEvents");
    lines->count = 0;
    words_split("DIALECT=nosuch", &words);
    assert_false(policy_convert(words.list, POLICY_AS_RULES, lines_keep, lines));
    assert_int_equal(lines->count, 0);
    free(lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_route_is_listed_with_the_verdict_that_a_call_of_it_gets),
        cmocka_unit_test(a_route_whose_verdict_depends_on_the_query_is_listed_as_such),
        cmocka_unit_test(a_listed_route_has_its_section_and_its_classes),
        cmocka_unit_test(two_policies_differ_in_what_becomes_allowed_refused_or_conditional),
        cmocka_unit_test(a_policy_on_trial_differs_in_everything_that_it_would_refuse),
        cmocka_unit_test(an_environment_is_converted_to_lines_that_grant_the_same),
        cmocka_unit_test(a_conversion_says_what_each_line_grants_and_repeats_no_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
