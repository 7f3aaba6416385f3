#include "policy_build.h"
#include "selector.h"

enum { ROWS = 1024, FEATURES = 64 };

/* The columns of the case file. The queries are there where a client takes only a part of the calls. */
enum { PRESET, METHOD, TEMPLATE, TAKERS, GRANTED_QUERY, REFUSED_QUERY };

/* The calls of every preset, as the case file has them. */
struct table {
    struct slice rows[ROWS][DATA_COLUMNS];
    size_t count;
};

static void
keep_row(struct slice columns[DATA_COLUMNS], void *owner)
{
    struct table *table = owner;
    assert_true(table->count < ROWS);
    for (size_t i = 0; i < DATA_COLUMNS; i++)
        table->rows[table->count][i] = data_exact_copy(columns[i]);
    table->count++;
}

static struct table *
read_table(void)
{
    struct table *table = calloc(1, sizeof(*table));
    assert_non_null(table);
    data_for_each("presets.txt", keep_row, table);
    assert_true(table->count > 600);
    return table;
}

static void
drop_table(struct table *table)
{
    for (size_t i = 0; i < table->count; i++)
        for (size_t j = 0; j < DATA_COLUMNS; j++)
            free((char *)table->rows[i][j].data);
    free(table);
}

/* True when the blank-separated list has the word. */
static bool
list_has(struct slice list, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= list.length; at++) {
        bool begins = at == 0 || list.data[at - 1] == ' ';
        bool ends = at + length == list.length || list.data[at + length] == ' ';
        if (begins && ends && memcmp(list.data + at, word, length) == 0)
            return true;
    }
    return false;
}

/* The features of a preset, each once. */
struct features {
    char names[FEATURES][32];
    size_t count;
};

static void
collect_features(const struct table *table, const char *preset, struct features *features)
{
    features->count = 0;
    for (size_t i = 0; i < table->count; i++) {
        const struct slice *row = table->rows[i];
        if (!slice_equals(row[PRESET], slice_from_string(preset)))
            continue;
        char text[256];
        snprintf(text, sizeof(text), "%.*s", (int)row[TAKERS].length, row[TAKERS].data);
        struct words words;
        words_split(text, &words);
        for (size_t w = 0; words.list[w] != NULL; w++) {
            bool known = false;
            for (size_t f = 0; f < features->count; f++)
                known |= strcmp(features->names[f], words.list[w]) == 0;
            assert_true(features->count < FEATURES);
            if (!known)
                snprintf(features->names[features->count++], sizeof(features->names[0]), "%s", words.list[w]);
        }
    }
}

static bool
is_about(const struct slice *row, const char *preset, const char *method, const char *template)
{
    return slice_equals(row[PRESET], slice_from_string(preset)) &&
           slice_equals(row[METHOD], slice_from_string(method)) && selector_template_equals(row[TEMPLATE], template);
}

/* True when the rows have the call under the features whose bits are set; `query` is that of a row, or "". */
static bool
is_row(const struct table *table, const char *preset, const struct features *features, uint64_t wanted,
       const char *method, const char *template, struct slice query)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct slice *row = table->rows[i];
        if (!is_about(row, preset, method, template) || (query.length > 0 && slice_equals(row[REFUSED_QUERY], query)))
            continue;
        bool granted = row[TAKERS].length == 0;
        for (size_t f = 0; f < features->count; f++)
            granted |= (wanted >> f & 1) != 0 && list_has(row[TAKERS], features->names[f]);
        if (granted)
            return true;
    }
    return false;
}

static struct policy *
preset_policy(const char *preset, const struct features *features, uint64_t wanted)
{
    char line[1024];
    size_t length = (size_t)snprintf(line, sizeof(line), "preset = %s", preset);
    for (size_t f = 0; f < features->count; f++) {
        bool on = (wanted >> f & 1) != 0;
        length += (size_t)snprintf(line + length, sizeof(line) - length, " %c%s", on ? '+' : '-', features->names[f]);
    }
    assert_true(length < sizeof(line));
    return build(NULL, line);
}

/* A preset with some of its features. */
struct chosen {
    const struct table *table;
    const char *preset;
    const struct features *features;
    uint64_t wanted;
    const struct policy *policy;
};

static void
check_call(const struct chosen *chosen, const char *method, const struct route *route, struct slice query)
{
    char path[256];
    char target[512];
    route_sample(route, path, sizeof(path));
    snprintf(target, sizeof(target), "%s%s%.*s", path, query.length > 0 ? "?" : "", (int)query.length, query.data);
    struct asked asked = ask(chosen->policy, method, target);
    bool expected =
        is_row(chosen->table, chosen->preset, chosen->features, chosen->wanted, method, route->template, query);
    if ((asked.verdict.action == VERDICT_ALLOW) != expected) {
        fail_msg("%s, features %llx: %s %s is %s", chosen->preset, (unsigned long long)chosen->wanted, method, target,
                 expected ? "refused" : "granted");
    }
    asked_drop(&asked);
}

/* With the queries that the rows have for it, or without one where they have none. */
static void
check_route(const struct chosen *chosen, const char *method, const struct route *route)
{
    bool asked = false;
    for (size_t i = 0; i < chosen->table->count; i++) {
        const struct slice *row = chosen->table->rows[i];
        if (!is_about(row, chosen->preset, method, route->template) || row[GRANTED_QUERY].length == 0)
            continue;
        check_call(chosen, method, route, row[GRANTED_QUERY]);
        check_call(chosen, method, route, row[REFUSED_QUERY]);
        asked = true;
    }
    if (!asked)
        check_call(chosen, method, route, (struct slice){"", 0});
}

/* Asks for every route of the table, and for the HEAD of every GET, and compares with the rows. */
static void
check_matrix(const struct table *table, const char *preset, const struct features *features, uint64_t wanted)
{
    struct policy *policy = preset_policy(preset, features, wanted);
    struct chosen chosen = {table, preset, features, wanted, policy};
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = route_row(i);
        check_route(&chosen, method_text(route->method), route);
        if (route->method == METHOD_GET)
            check_route(&chosen, "HEAD", route);
    }
    policy_unref(policy);
}

struct matrix {
    const struct table *table;
    size_t presets;
};

static void
check_preset(void *owner, const char *name, const char *client)
{
    struct matrix *matrix = owner;
    struct features features;
    assert_true(strlen(client) > 1);
    collect_features(matrix->table, name, &features);
    check_matrix(matrix->table, name, &features, 0);
    check_matrix(matrix->table, name, &features, features.count == 0 ? 0 : (UINT64_C(1) << features.count) - 1);
    for (size_t f = 0; f < features.count; f++)
        check_matrix(matrix->table, name, &features, UINT64_C(1) << f);
    matrix->presets++;
}

static void
a_preset_grants_each_of_its_rows_and_never_more(void **state)
{
    (void)state;
    struct table *table = read_table();
    struct matrix matrix = {table, 0};
    policy_presets(check_preset, &matrix);
    assert_int_equal(matrix.presets, 44);
    drop_table(table);
}

/* A call as a client writes it, with a real name in each place. */
static const char *const CALLS[][4] = {
    {"traefik", "GET", "/v1.51/events?filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D", "allow"},
    {"traefik", "GET", "/_ping", "deny"},
    {"traefik +ping-fallback", "GET", "/_ping", "allow"},
    {"traefik -watch", "GET", "/v1.51/events", "deny"},
    {"traefik", "GET", "/v1.51/containers/web/logs", "deny"},
    {"homepage +stats", "GET", "/containers/web/stats?stream=false", "allow"},
    {"homepage +stats", "GET", "/containers/web/stats", "allow"},
    {"homepage", "GET", "/containers/web/stats?stream=false", "deny"},
    {"beszel", "GET", "/containers/0123456789ab/stats?stream=0&one-shot=1", "allow"},
    {"docker-gen +notify-sighup", "POST", "/containers/nginx/kill?signal=1", "allow"},
    {"docker-gen +notify-sighup", "POST", "/containers/nginx/kill", "deny"},
    {"docker-gen +notify-sighup", "POST", "/containers/nginx/kill?signal=SIGKILL", "deny"},
    {"docker-gen +notify-sighup +notify-container", "POST", "/containers/nginx/kill?signal=SIGUSR1", "allow"},
    {"acme-companion", "POST", "/containers/nginx/kill?signal=SIGHUP", "allow"},
    {"acme-companion", "POST", "/containers/nginx/kill?signal=", "deny"},
    {"acme-companion", "POST", "/containers/nginx/kill?signal=HUP&signal=KILL", "deny"},
    {"acme-companion", "POST", "/containers/nginx/kill?Signal=KILL&signal=HUP", "deny"},
    {"acme-companion", "POST", "/containers/nginx/kill?signal=%53IGHUP", "allow"},
    {"autoheal", "POST", "/containers/web/restart?t=10", "allow"},
    {"watchtower", "POST", "/v1.25/images/create?fromImage=r.io%2Fa&tag=1", "allow"},
    {"watchtower", "GET", "/v1.25/images/r.io:5000/a/b:1/json", "allow"},
    {"watchtower", "POST", "/v1.25/containers/web/exec", "deny"},
    {"watchtower +lifecycle-hooks", "POST", "/v1.25/containers/web/exec", "allow"},
    {"watchtower +lifecycle-hooks", "POST", "/v1.25/exec/0af/start", "allow"},
    {"wud", "GET", "/events", "allow"},
    {"buildx +docker-container", "PUT", "/v1.51/containers/builder/archive?path=%2F", "allow"},
};

static void
calls_of_real_clients_get_the_verdict_of_their_preset(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
        char line[128];
        snprintf(line, sizeof(line), "preset = %s", CALLS[i][0]);
        struct policy *policy = build("p", line);
        struct asked asked = ask(policy, CALLS[i][1], CALLS[i][2]);
        if ((asked.verdict.action == VERDICT_ALLOW) != (strcmp(CALLS[i][3], "allow") == 0))
            fail_msg("%s: %s %s: %s", CALLS[i][0], CALLS[i][1], CALLS[i][2], asked.verdict.cure);
        asked_drop(&asked);
        policy_unref(policy);
    }
}

static void
a_refusal_names_the_feature_that_would_grant_the_call(void **state)
{
    (void)state;
    struct policy *policy = build("updates", "preset = watchtower +cleanup ; preset = traefik");
    struct asked asked = ask(policy, "POST", "/exec/x/start");
    assert_string_equal(asked.verdict.cure,
                        "needs +lifecycle-hooks with preset watchtower, or allow = ExecStart in [policy updates]");
    asked_drop(&asked);
    asked = ask(policy, "POST", "/swarm/init");
    assert_string_equal(asked.verdict.cure, "needs allow = SwarmInit in [policy updates]");
    asked_drop(&asked);
    asked = ask(policy, "DELETE", "/images/x");
    assert_string_equal(asked.verdict.rule, "preset = watchtower +cleanup");
    asked_drop(&asked);
    policy_unref(policy);
    policy = build("proxy", "preset = docker-gen +notify-sighup");
    asked = ask(policy, "POST", "/containers/x/kill?signal=KILL");
    assert_string_equal(asked.verdict.cure,
                        "the query does not meet preset = docker-gen: ContainerKill ?signal=HUP in [policy proxy]; "
                        "+notify-container with preset docker-gen grants any");
    asked_drop(&asked);
    policy_unref(policy);
    policy = build("proxy", "preset = cli-readonly");
    asked = ask(policy, "GET", "/events");
    assert_string_equal(asked.verdict.cure,
                        "needs +events with preset cli-readonly, or allow = SystemEvents in [policy proxy]");
    asked_drop(&asked);
    policy_unref(policy);
    policy = build("proxy", "preset = homepage");
    asked = ask(policy, "GET", "/containers/x/stats");
    assert_string_equal(asked.verdict.cure,
                        "needs +stats with preset homepage, or allow = ContainerStats in [policy proxy]");
    asked_drop(&asked);
    policy_unref(policy);
}

static void
a_line_may_name_several_presets_with_commas_between_them(void **state)
{
    (void)state;
    static const char *const calls[][4] = {
        {"GET", "/events", "", "preset = traefik"},
        {"GET", "/info", "", "preset = watchtower +registry-mirrors"},
        {"POST", "/containers/a/kill?signal=HUP", "", "preset = docker-gen: ContainerKill ?signal=HUP"},
        {"GET", "/images/json", "no grant", ""},
    };
    struct policy *policy = build("p", "preset = docker-gen +notify-sighup, watchtower +registry-mirrors ,traefik");
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        struct asked asked = ask(policy, calls[i][0], calls[i][1]);
        assert_true((asked.verdict.action == VERDICT_ALLOW) == (*calls[i][2] == '\0'));
        assert_string_equal(asked.verdict.rule, *calls[i][2] != '\0' ? calls[i][2] : calls[i][3]);
        asked_drop(&asked);
    }
    policy_unref(policy);
}

static const char *const MISTAKES[][2] = {
    {"preset = traefk", "preset = traefk: there is no such preset; did you mean traefik?"},
    {"preset = Traefik", "did you mean traefik?"},
    {"preset = frobnicator", "preset = frobnicator: there is no such preset"},
    {"preset =", "preset = takes a name, and features as +name"},
    {"preset = prometheus", "did you mean prometheus-sd?"},
    {"preset = traefik-v3", "did you mean traefik?"},
    {"preset = promtail", "did you mean alloy?"},
    {"preset = cli", "did you mean cli-readonly?"},
    {"preset = traefik, watchtowr", "preset = watchtowr: there is no such preset; did you mean watchtower?"},
    {"preset = traefik +cleanup, watchtower", "preset = traefik +cleanup: it has no such feature"},
    {"preset = watchtower +cleanup,+fatal-exit",
     "preset = +fatal-exit: a feature stands behind the name of its preset"},
    {"preset = traefik,, dozzle", "preset = takes a name, and features as +name"},
    {"preset = cli-readonly +all", "\"sockwarden presets cli-readonly\" lists what it has"},
    {"preset = watchtower + cleanup", "preset = watchtower +: a feature is +name or -name"},
    {"preset = watchtower +lifecycle", "did you mean +lifecycle-hooks?"},
    {"preset = frobnicator", "\"sockwarden presets\" lists them"},
    {"preset = watchtower +frob", "\"sockwarden presets watchtower\" lists what it has"},
    {"preset = watchtower +lifecycle-hook",
     "preset = watchtower +lifecycle-hook: it has no such feature; did you mean +lifecycle-hooks?"},
    {"preset = watchtower -cleanups", "did you mean -cleanup?"},
    {"preset = watchtower cleanup", "preset = watchtower cleanup: a feature is +name or -name"},
    {"preset = watchtower +frobnicate", "it has no such feature"},
    {"preset = watchtower +", "a feature is +name or -name"},
};

static void
a_mistake_is_told_with_the_nearest_right_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(MISTAKES[0]); i++) {
        struct policy_builder *builder = policy_builder_new(NULL);
        assert_non_null(builder);
        assert_false(build_line(builder, MISTAKES[i][0]));
        if (strstr(policy_builder_error(builder), MISTAKES[i][1]) == NULL)
            fail_msg("%s: %s", MISTAKES[i][0], policy_builder_error(builder));
        policy_builder_free(builder);
    }
}

struct tally {
    size_t calls;
    size_t granted;
    size_t features;
};

static void
count_call(void *owner, const struct policy_preset_call *call)
{
    struct tally *tally = owner;
    assert_true(strlen(call->operation) > 0 && call->template[0] == '/' && strlen(call->method) >= 3);
    tally->calls++;
    tally->granted += call->granted;
    tally->features += call->feature[0] != '\0';
}

static void
the_calls_of_a_preset_are_listed_with_their_features(void **state)
{
    (void)state;
    char problem[256];
    struct tally tally = {0, 0, 0};
    assert_true(policy_preset_calls("traefik", count_call, &tally, problem, sizeof(problem)));
    assert_int_equal(tally.calls, 6);
    assert_int_equal(tally.granted, 5);
    assert_int_equal(tally.features, 2);
    tally = (struct tally){0, 0, 0};
    assert_true(policy_preset_calls("traefik -watch +ping-fallback", count_call, &tally, problem, sizeof(problem)));
    assert_int_equal(tally.granted, 5);
    assert_false(policy_preset_calls("nosuch", count_call, &tally, problem, sizeof(problem)));
    assert_non_null(strstr(problem, "there is no such preset"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preset_grants_each_of_its_rows_and_never_more),
        cmocka_unit_test(calls_of_real_clients_get_the_verdict_of_their_preset),
        cmocka_unit_test(a_refusal_names_the_feature_that_would_grant_the_call),
        cmocka_unit_test(a_line_may_name_several_presets_with_commas_between_them),
        cmocka_unit_test(a_mistake_is_told_with_the_nearest_right_word),
        cmocka_unit_test(the_calls_of_a_preset_are_listed_with_their_features),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
