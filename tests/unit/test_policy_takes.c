/* Conditions that could never hold, or always would, are mistakes; the table of what calls take knows what it names. */

#include "parameters.h"
#include "policy_build.h"
#include "takes.h"

static const char *const MISTAKES[][2] = {
    /* a parameter that no call of the rule takes */
    {"allow = ContainerStop ?tt<=60", "allow = ?tt<=60: ContainerStop takes no such parameter; did you mean t?"},
    {"deny = ContainerStop ?timeout>=9", "deny = ?timeout>=9: ContainerStop takes no such parameter; did you mean t?"},
    {"allow = ContainerRestart ?time=5", "ContainerRestart takes no such parameter; it takes t and signal"},
    {"allow = ContainerList ?signal=HUP", "it takes all, limit, size, filters, since and before"},
    {"allow = ContainerKill ?t", "ContainerKill takes no such parameter; it takes signal"},
    {"allow = SystemInfo ?size", "SystemInfo takes no such parameter; it takes none"},
    {"allow = GET /containers/{id}/archive ?size",
     "ContainerArchive takes no such parameter; it takes path and rename"},
    {"allow = GET /containers/{id}/json ?sizes=1", "did you mean size?"},
    {"allow = section:info ?all=1", "SystemInfo takes no such parameter"},
    {"allow = @read ?signal=HUP", "?signal=HUP: no call of @read takes this parameter"},
    {"allow = @control ?follow=1", "no call of @control takes this parameter"},
    {"allow = @push ?signal", "no call of @push takes this parameter"},
    {"allow = GET section:networks ?signal", "no call of GET section:networks takes this parameter"},
    {"allow = ContainerStopLibpod ?signal=9", "ContainerStopLibpod takes no such parameter"},
    {"allow = ContainerStopLibpod ?t<=60",
     "?t<=60: ContainerStopLibpod takes no such parameter; did you mean timeout?"},
    {"allow = PodPauseLibpod ?t", "PodPauseLibpod takes no such parameter"},
    {"allow = ContainerStop, ContainerList ?t<=60", "ContainerList takes no such parameter"},
    {"deny = ContainerList ?zzqqy=1", "?zzqqy=1: ContainerList takes no such parameter"},
    {"allow = SystemInfo ?!zzqqy", "?!zzqqy: SystemInfo takes no such parameter; it takes none"},
    {"allow = SystemInfo, SystemVersion ?!t", "?!t: no call of SystemInfo, SystemVersion takes this parameter"},

    /* conditions that exclude each other */
    {"allow = ContainerStop ?t<=5 ?t>=6", "?t<=5 ?t>=6: these exclude each other, and the rule would never hold"},
    {"allow = ContainerStop ?t>=6 ?t<=5", "exclude each other"},
    {"allow = ContainerStop ?t=7 ?t<=6", "exclude each other"},
    {"allow = ContainerStop ?t>=8 ?t=7|x", "exclude each other"},
    {"allow = ContainerStop ?t ?!t", "exclude each other"},
    {"deny = ContainerStop ?!t ?t<=5", "exclude each other"},
    {"allow = ContainerKill ?signal=HUP ?signal=TERM",
     "exclude each other, and the rule would never hold; several values "
     "are parted by |"},
    {"deny = ContainerList ?all=1 ?all=false", "exclude each other"},

    {"allow = ContainerExec ?privileged=0", "it takes none; conditions are on the query, not on the body"},

    /* what has another place or form */
    {"allow = class:read", "class:read: a class is named by its @, as in @read"},
    {"allow = preset:traefik", "a preset has a line of its own: preset = traefik"},
    {"allow = traefik", "a preset has a line of its own: preset = traefik"},
    {"allow = !ContainerExec", "an exception has a line of its own, above"},
    {"allow = @read, -ContainerLogs", "an exception has a line of its own, above"},
    {"allow = @readonly", "@readonly: there is no such class; did you mean @read?"},
    {"allow = @write",
     "@write: there is no such class; there are @read, @logs, @sensitive, @control, @create, @change, "
     "@destroy, @exec, @files, @pull, @push, @build, @swarm, @plugins, @host, @options"},
    {"allow = GET POST /containers/json", "one method and one template a rule; several rules are parted by commas"},

    /* values that there are not */
    {"allow = ContainerStop ?t==60", "?t==60: a comparison is =, <= or >="},
    {"allow = ContainerStop ?t <= 60", "<=: a condition is ?name=VALUE|VALUE, ?name<=NUMBER, ?name>=NUMBER, ?name or "
                                       "?!name, without blanks"},
    {"allow = ContainerCreate ?name=web&platform=x",
     "?name=web&platform=x: each condition has a ?, and a blank before it"},
    {"allow = ContainerCreate ?name=web*", "there are no wildcards; a value is compared letter for letter"},
    {"allow = ContainerCreate ?name=db|*web", "there are no wildcards"},
    {"allow = ContainerKill ?signal=HUP|", "?signal=HUP|: nothing stands beside a |; the empty value alone is ?name="},
    {"allow = ContainerKill ?signal=|HUP", "nothing stands beside a |"},
    {"allow = ContainerKill ?signal=HUP||TERM", "nothing stands beside a |"},
    {"allow = ContainerStop ?t=|", "nothing stands beside a |"},
    {"allow = ContainerKill ?signal<=9", "signals have no order; name them, as in ?signal=HUP|TERM"},
    {"allow = ContainerList ?all<=1", "this parameter is a flag: it takes =1 or =0"},
    {"deny = ContainerStats ?stream>=1", "this parameter is a flag"},
};

static void
conditions_that_say_nothing_of_the_calls_are_mistakes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(MISTAKES[0]); i++) {
        struct policy_builder *builder = policy_builder_new("ops");
        assert_non_null(builder);
        if (build_line(builder, MISTAKES[i][0]))
            fail_msg("%s: taken", MISTAKES[i][0]);
        if (strstr(policy_builder_error(builder), MISTAKES[i][1]) == NULL)
            fail_msg("%s: %s", MISTAKES[i][0], policy_builder_error(builder));
        policy_builder_free(builder);
    }
}

static void
conditions_that_some_call_of_the_rule_takes_are_none(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "allow = @control ?t<=60",
        "allow = @control ?signal=HUP",
        "deny = @read ?follow=1",
        "allow = section:containers ?signal=HUP",
        "allow = ContainerStop, ContainerStart ?!t",
        "allow = ContainerStop ?t<=5 ?t>=5",
        "allow = ContainerStop ?t=7|80 ?t<=7",
        "allow = ContainerKill ?signal=HUP|TERM ?signal=1",
        "allow = ContainerList ?all=",
        "allow = ContainerRestartLibpod ?timeout<=5",
        "allow = ContainerKillLibpod, PodKillLibpod ?signal=HUP",
        "allow = ImageBuild, ImageBuildLibpod, PodStopLibpod ?t",
        "allow = ImageBuild ?remote",
        "allow = ContainerList ?filters={\"name\":[\"a&b*c\"]}",
        "allow = HEAD /containers/{id}/archive ?path=/tmp",
        "allow = OPTIONS section:containers ?anything",
        "allow = @options ?!anything",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        policy_unref(build("ops", lines[i]));
}

struct row {
    const char *operations;
    const char *names;
};

static const struct row ROWS[] = {
#define TAKES(operation, names) {#operation, (names)},
#define ONLY(name, operations)  {(operations), (name)},
#include "takes.def"
};

static bool
is_operation(struct slice word)
{
    for (size_t row = 0; row < ROUTE_COUNT; row++)
        if (slice_equals(word, slice_from_string(route_row(row)->operation)))
            return true;
    return false;
}

static bool
is_parameter(struct slice word)
{
    return parameter_is_known(word);
}

static void
check_words(const char *words, bool (*is_right)(struct slice word))
{
    for (const char *at = words; *at != '\0';) {
        struct slice word = {at, strcspn(at, " ")};
        if (!is_right(word))
            fail_msg("%.*s in %s", (int)word.length, word.data, words);
        at += word.length + strspn(at + word.length, " ");
    }
}

static void
the_table_names_operations_and_parameters_that_there_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        check_words(ROWS[i].operations, is_operation);
        check_words(ROWS[i].names, is_parameter);
    }
    assert_true(takes_parameter("ContainerStop", SLICE_LITERAL("t")));
    assert_false(takes_parameter("ContainerStop", SLICE_LITERAL("timeout")));
    assert_true(takes_parameter("ImageBuild", SLICE_LITERAL("anything")));
}

static void
check_call(void *owner, const struct policy_preset_call *call)
{
    (void)owner;
    size_t name = strspn(call->conditions, "?!");
    struct slice parameter = {call->conditions + name, strcspn(call->conditions + name, "=<>")};
    if (parameter.length > 0 && !takes_parameter(call->operation, parameter))
        fail_msg("%s %s", call->operation, call->conditions);
}

static void
check_preset(void *owner, const char *name, const char *client)
{
    char problem[256];
    (void)client;
    assert_true(policy_preset_calls(name, check_call, owner, problem, sizeof(problem)));
}

static void
presets_ask_for_what_their_calls_take(void **state)
{
    (void)state;
    policy_presets(check_preset, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_that_say_nothing_of_the_calls_are_mistakes),
        cmocka_unit_test(conditions_that_some_call_of_the_rule_takes_are_none),
        cmocka_unit_test(the_table_names_operations_and_parameters_that_there_are),
        cmocka_unit_test(presets_ask_for_what_their_calls_take),
    };
    return cmocka_run_group_tests_name("policy_takes", tests, NULL, NULL);
}
