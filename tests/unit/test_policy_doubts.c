/* Written rules that do nothing are told, and only those: taken away, they leave every verdict as it was. */

#include "policy_build.h"

struct doubt_case {
    const char *lines;  /* the first is line 1 */
    const char *doubts; /* "2: sentence | 3: sentence"; "" for none */
};

static const struct doubt_case CASES[] = {
    /* the same calls again, in whatever words */
    {"allow = ContainerList ; allow = ContainerList",
     "2: allow = ContainerList never takes effect: allow = ContainerList in line 1 comes first"},
    {"allow = ContainerList ; deny = GET /containers/json",
     "2: deny = GET /containers/json never takes effect: allow = ContainerList in line 1 comes first"},
    {"deny = ContainerKill ; allow = ContainerKill",
     "2: allow = ContainerKill never takes effect: deny = ContainerKill in line 1 comes first"},
    {"allow = @read ; allow = @logs", "2: allow = @logs never takes effect: allow = @read in line 1 comes first"},
    {"allow = @read, @logs", "1: allow = @logs never takes effect: allow = @read in the same line comes first"},
    {"allow = section:info ; deny = SystemInfo",
     "2: deny = SystemInfo never takes effect: allow = section:info in line 1 comes first"},
    {"allow = @read ; deny = @exec ; allow = HEAD /containers/json",
     "3: allow = HEAD /containers/json never takes effect: allow = @read in line 1 comes first"},
    {"allow = ContainerList, ContainerInspect ; deny = ContainerTop ; allow = GET section:containers", ""},
    {"allow = ContainerStop, ContainerStart ; deny = ContainerStart, ContainerStop ; deny = ContainerPause",
     "2: deny = ContainerStart never takes effect: allow = ContainerStart in line 1 comes first | "
     "2: deny = ContainerStop never takes effect: allow = ContainerStop in line 1 comes first"},
    {"allow = SystemPing ; deny = SystemVersion ; allow = section:version, section:_ping",
     "3: allow = section:version never takes effect: deny = SystemVersion in line 2 comes first | "
     "3: allow = section:_ping never takes effect: allow = SystemPing in line 1 comes first"},
    {"allow = SystemAuth ; allow = ContainerWait ; deny = GET section:version ; allow = SystemInfo ; "
     "deny = section:info, section:auth",
     "5: deny = section:info never takes effect: allow = SystemInfo in line 4 comes first | "
     "5: deny = section:auth never takes effect: allow = SystemAuth in line 1 comes first"},
    {"allow = NetworkList ; allow = NetworkListSlash ; allow = NetworkInspect ; allow = GET section:networks",
     "4: allow = GET section:networks never takes effect: allow = NetworkList in line 1 and others come first"},

    /* what is left of a rule is enough */
    {"allow = ContainerList ; deny = @read", ""},
    {"allow = HEAD /containers/json ; deny = ContainerList", ""},
    {"deny = GET /containers/{id}/archive ; allow = @sensitive ; allow = @read", ""},
    {"deny = @logs ; allow = @read", ""},
    {"allow = SystemPingHead ; allow = SystemPing", ""},
    {"deny = ContainerStart ; deny = ContainerStop", ""},
    {"allow = @control ; deny = @control ?signal=KILL",
     "2: deny = @control ?signal=KILL never takes effect: allow = @control in line 1 comes first"},

    /* conditions */
    {"allow = ContainerStop ?t<=60 ; allow = ContainerStop ?t<=30",
     "2: allow = ContainerStop ?t<=30 never takes effect: allow = ContainerStop ?t<=60 in line 1 comes first"},
    {"allow = ContainerStop ?t<=30 ; allow = ContainerStop ?t<=60", ""},
    {"allow = ContainerStop ?t<=60 ; deny = ContainerStop ?t<=30", ""}, /* which also refuses t=x */
    {"deny = ContainerStop ?t<=60 ; allow = ContainerStop ?t=7|60",
     "2: allow = ContainerStop ?t=7|60 never takes effect: deny = ContainerStop ?t<=60 in line 1 comes first"},
    {"deny = ContainerStop ?t<=60 ; allow = ContainerStop ?t=7|61", ""},
    {"allow = ContainerStop ?t>=5 ; allow = ContainerStop ?t>=6 ?t<=9",
     "2: allow = ContainerStop ?t>=6 ?t<=9 never takes effect: allow = ContainerStop ?t>=5 in line 1 comes first"},
    {"allow = ContainerStop ?t<=60 ; allow = ContainerStop ?!t", ""},
    {"allow = ContainerStop ?t ; allow = ContainerStop ?t<=60",
     "2: allow = ContainerStop ?t<=60 never takes effect: allow = ContainerStop ?t in line 1 comes first"},
    {"allow = ContainerStop ?t ; deny = ContainerStop ?t>=60",
     "2: deny = ContainerStop ?t>=60 never takes effect: allow = ContainerStop ?t in line 1 comes first"},
    {"allow = ContainerKill ?signal=HUP|USR1 ; allow = ContainerKill ?signal=SIGHUP",
     "2: allow = ContainerKill ?signal=SIGHUP never takes effect: allow = ContainerKill ?signal=HUP|USR1 in line 1 "
     "comes first"},
    {"allow = ContainerKill ?signal=HUP ; allow = ContainerKill ?signal=HUP|USR1", ""},
    {"deny = ContainerKill ?signal=KILL ; allow = ContainerKill", ""},
    {"allow = ContainerKill ?signal ; deny = ContainerKill ?signal=KILL", ""}, /* which also refuses its absence */
    {"allow = ContainerStop ?signal=HUP ; allow = ContainerStop ?signal=HUP ?t=1", ""}, /* t twice is refused there */
    {"allow = ContainerList ?all=1 ; allow = ContainerList ?all=true",
     "2: allow = ContainerList ?all=true never takes effect: allow = ContainerList ?all=1 in line 1 comes first"},
    {"allow = @read ; allow = ContainerList ?all=1",
     "2: allow = ContainerList ?all=1 never takes effect: allow = @read in line 1 comes first"},
    {"allow = ImageBuild ?zzqqy=1",
     "1: allow = ImageBuild ?zzqqy=1 asks for zzqqy, a parameter that no engine is known to have"},

    /* OPTIONS goes by the path */
    {"allow = OPTIONS section:containers ; allow = OPTIONS /containers/{id}/start",
     "2: allow = OPTIONS /containers/{id}/start never takes effect: allow = OPTIONS section:containers in line 1 comes "
     "first"},
    {"allow = OPTIONS section:containers ; deny = OPTIONS /containers/{id}/start", ""}, /* under v6.0.0-dev */
    {"deny = OPTIONS /containers/{id}/start ; allow = OPTIONS /containers/{id}/start",
     "2: allow = OPTIONS /containers/{id}/start never takes effect: deny = OPTIONS /containers/{id}/start in line 1 "
     "comes first"},
    {"allow = @options ; deny = OPTIONS section:info",
     "2: deny = OPTIONS section:info never takes effect: allow = @options in line 1 comes first"},
    {"allow = OPTIONS section:networks ; allow = OPTIONS section:containers", ""},

    /* a preset is one rule */
    {"preset = traefik ; preset = traefik",
     "2: preset = traefik never takes effect: preset = traefik in line 1 comes first"},
    {"preset = traefik ; preset = traefik +ping-fallback", ""},
    {"allow = @read ; preset = traefik +ping-fallback",
     "2: preset = traefik +ping-fallback never takes effect: allow = @read in line 1 comes first"},
    {"preset = docker-gen +notify-sighup ; allow = ContainerKill ?signal=1",
     "2: allow = ContainerKill ?signal=1 never takes effect: preset = docker-gen: ContainerKill ?signal=HUP in line 1 "
     "comes first"},
    {"preset = docker-gen +notify-sighup ; preset = docker-gen +notify-sighup",
     "2: preset = docker-gen +notify-sighup never takes effect: preset = docker-gen +notify-sighup in line 1 and "
     "others come first"},
    {"preset = traefik ; allow = ContainerList", ""}, /* which grants HEAD */

    /* switches are no rules */
    {"allow = section:networks ; NETWORKS = 1", ""},
};

struct hearing {
    char text[2048];
    size_t length;
    unsigned line; /* the last that was told */
};

static void
hear(void *owner, unsigned line, const char *text)
{
    struct hearing *hearing = owner;
    hearing->length += (size_t)snprintf(hearing->text + hearing->length, sizeof(hearing->text) - hearing->length,
                                        "%s%u: %s", hearing->length > 0 ? " | " : "", line, text);
    assert_true(hearing->length < sizeof(hearing->text));
    hearing->line = strstr(text, "never takes effect") != NULL ? line : hearing->line;
}

static void
rules_that_do_nothing_are_told_with_what_comes_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct hearing hearing = {.length = 0};
        struct policy *policy = build("ops", CASES[i].lines);
        policy_doubts(policy, hear, &hearing);
        if (strcmp(hearing.text, CASES[i].doubts) != 0)
            fail_msg("%s: %s", CASES[i].lines, hearing.text);
        policy_unref(policy);
    }
}

/* Words of rules, which are tried in pairs, as allow and deny. */
static const char *const WORDS[] = {
    "ContainerKill",
    "ContainerKill ?signal=KILL",
    "ContainerKill ?signal=9|HUP",
    "ContainerKill ?signal",
    "ContainerKill ?!signal",
    "ContainerStats ?stream=1",
    "ContainerStats ?stream",
    "ContainerStats ?!stream",
    "ContainerStats",
    "ContainerStop ?t<=60",
    "ContainerStop ?t=7|60",
    "ContainerStop ?t>=7 ?t<=9",
    "ContainerStop ?t ?signal=9",
    "GET /containers/json",
    "HEAD /containers/json",
    "ContainerList ?all=1",
    "@read",
    "@logs",
    "@control",
    "section:containers",
    "OPTIONS section:containers",
    "OPTIONS /containers/{id}/kill",
    "@options",
};

static const char *const CALLS[][2] = {
    {"POST", "/containers/x/kill"},
    {"POST", "/containers/x/stop"},
    {"GET", "/containers/x/stats"},
    {"HEAD", "/containers/x/stats"},
    {"GET", "/containers/json"},
    {"HEAD", "/containers/json"},
    {"GET", "/containers/x/logs"},
    {"GET", "/info"},
    {"OPTIONS", "/containers/x/kill"},
    {"OPTIONS", "/containers/x/KILLx"},
    {"OPTIONS", "/info"},
    {"OPTIONS", "/v6.0.0-dev/containers/x/kill"},
};

static const char *const QUERIES[] = {
    "",
    "?signal=KILL",
    "?signal=sighup",
    "?signal=frob",
    "?signal=9&signal=9",
    "?t=7",
    "?t=8&signal=9",
    "?t=61",
    "?t=x",
    "?T=7",
    "?t=7&t=7",
    "?stream=1",
    "?stream=no",
    "?stream=0",
    "?Stream=1",
    "?all=true",
    "?all=maybe",
    "?t=60&Signal=9",
    "?t=&signal=KILL",
    "?signal",
};

/* Whether two policies judge all the calls alike. */
static void
expect_alike(const char *what, const char *one_lines, const char *other_lines)
{
    struct policy *one = build("ops", one_lines);
    struct policy *other = build("ops", other_lines);
    for (size_t i = 0; i < sizeof(CALLS) / sizeof(CALLS[0]); i++) {
        for (size_t j = 0; j < sizeof(QUERIES) / sizeof(QUERIES[0]); j++) {
            char target[96];
            snprintf(target, sizeof(target), "%s%s", CALLS[i][1], QUERIES[j]);
            struct asked before = ask(one, CALLS[i][0], target);
            struct asked after = ask(other, CALLS[i][0], target);
            if (before.verdict.action != after.verdict.action)
                fail_msg("%s: %s: %s %s", what, one_lines, CALLS[i][0], target);
            asked_drop(&before);
            asked_drop(&after);
        }
    }
    policy_unref(one);
    policy_unref(other);
}

static void
what_is_told_may_go_without_any_verdict_changing(void **state)
{
    (void)state;
    static const char tail[] = " ; allow = @control, @read, @logs, @options";
    size_t count = sizeof(WORDS) / sizeof(WORDS[0]);
    size_t told = 0;
    for (size_t i = 0; i < count * count * 4; i++) {
        char first[128];
        char lines[512];
        char without[512];
        struct hearing hearing = {.length = 0};
        const char *word = WORDS[i / 4 / count];
        const char *verb = i % 2 == 0 ? "allow" : "deny";
        snprintf(first, sizeof(first), "%s = %s", verb, word);
        snprintf(without, sizeof(without), "%s%s", first, tail);
        snprintf(lines, sizeof(lines), "%s ; %s = %s", first, i % 4 < 2 ? "allow" : "deny", WORDS[i / 4 % count]);
        struct policy *policy = build("ops", lines);
        policy_doubts(policy, hear, &hearing);
        policy_unref(policy);
        if (hearing.line != 2)
            continue;
        told++;
        snprintf(lines + strlen(lines), sizeof(lines) - strlen(lines), "%s", tail);
        expect_alike(hearing.text, lines, without);
    }
    assert_true(told > 200);
}

static void
keep_preset(void *owner, const char *name, const char *client)
{
    char line[128];
    (void)client;
    snprintf(line, sizeof(line), "preset = %s", name);
    struct policy *policy = build("ops", line);
    policy_doubts(policy, hear, owner);
    policy_unref(policy);
}

static void
no_preset_is_doubted(void **state)
{
    (void)state;
    struct hearing hearing = {.length = 0};
    policy_presets(keep_preset, &hearing);
    assert_string_equal(hearing.text, "");
}

static void
take_line(void *owner, const char *text)
{
    if (*text != '#' && *text != '\0' && *text != '[' && !build_line(owner, text + strspn(text, " ")))
        fail_msg("%s: %s", text, policy_builder_error(owner));
}

static void
what_is_converted_to_rules_is_not_doubted(void **state)
{
    (void)state;
    static const char *const environments[] = {
        "",
        EVERYTHING,
        "CONTAINERS=1 ALLOW_START=1 POST=1",
        "DIALECT=linuxserver CONTAINERS=1 ALLOW_STOP=1 POST=1",
        "DIALECT=tecnativa-next CONTAINERS=1 POST=1 ALLOW_LOGS=1 DELETE=1 EXEC=1",
        "DIALECT=fluencelabs POST=1 CONTAINERS=1 CONTAINERS_CREATE=1 IMAGES=1 IMAGES_DELETE=1 DELETE=1"};
    for (size_t i = 0; i < sizeof(environments) / sizeof(environments[0]); i++) {
        struct words words;
        struct hearing hearing = {.length = 0};
        words_split(environments[i], &words);
        struct policy_builder *builder = policy_builder_new("converted");
        assert_non_null(builder);
        assert_true(policy_convert(words.list, POLICY_AS_RULES, take_line, builder));
        struct policy *policy = policy_builder_finish(builder);
        assert_non_null(policy);
        policy_doubts(policy, hear, &hearing);
        if (hearing.length > 0)
            fail_msg("%s: %s", environments[i], hearing.text);
        policy_unref(policy);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_that_do_nothing_are_told_with_what_comes_first),
        cmocka_unit_test(what_is_told_may_go_without_any_verdict_changing),
        cmocka_unit_test(no_preset_is_doubted),
        cmocka_unit_test(what_is_converted_to_rules_is_not_doubted),
    };
    return cmocka_run_group_tests_name("policy_doubts", tests, NULL, NULL);
}
