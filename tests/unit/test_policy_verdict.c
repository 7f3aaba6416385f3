#include "policy_ask.h"

#define NEXT    "DIALECT=tecnativa-next"
#define LSIO    "DIALECT=linuxserver"
#define FLUENCE "DIALECT=fluencelabs"

struct cure_case {
    const char *settings;
    const char *method;
    const char *target;
    const char *rule;
    const char *cure; /* "" for a granted call */
};

static const struct cure_case CURES[] = {
    {"", "GET", "/_ping", "PING=1", ""},
    {"", "HEAD", "/version", "VERSION=1", ""},
    {"", "GET", "/info", "no grant", "needs INFO=1"},
    {"INFO=1", "GET", "/v1.41/info", "INFO=1", ""},
    {"INFO=1", "POST", "/info", "POST=0", "needs POST=1"},
    {"", "POST", "/info", "POST=0", "needs POST=1 and INFO=1"},
    {"POST=1", "POST", "/info", "no grant", "needs INFO=1"},
    {"", "OPTIONS", "/_ping", "POST=0", "needs POST=1"},
    {"", "get", "/info", "POST=0", "needs POST=1 and INFO=1"},
    {"POST=1 INFO=1", "get", "/info", "INFO=1", ""},
    {"", "POST", "/containers/create", "POST=0", "needs POST=1 and CONTAINERS=1"},
    {"CONTAINERS=1", "POST", "/containers/create", "POST=0", "needs POST=1"},
    {"POST=1", "POST", "/containers/create", "no grant", "needs CONTAINERS=1"},
    {"POST=1 CONTAINERS=1", "POST", "/containers/create", "CONTAINERS=1", ""},
    {"", "POST", "/containers/x/start", "POST=0", "needs POST=1 and (ALLOW_START=1 or CONTAINERS=1)"},
    {"POST=1", "POST", "/containers/x/start", "no grant", "needs ALLOW_START=1 or CONTAINERS=1"},
    {"ALLOW_START=1", "POST", "/containers/x/start", "POST=0", "needs POST=1"},
    {"ALLOW_START=1", "GET", "/containers/x/start", "ALLOW_START=1", ""},
    {"POST=1 ALLOW_START=1", "DELETE", "/v1.41/containers/x/start", "ALLOW_START=1", ""},
    {"POST=1 ALLOW_START=1", "POST", "/containers/x/stop", "no grant",
     "needs ALLOW_STOP=1, ALLOW_RESTARTS=1 or CONTAINERS=1"},
    {"POST=1 ALLOW_START=1", "POST", "/containers/x/starts", "no grant", "needs CONTAINERS=1"},
    {"POST=1 ALLOW_START=1", "POST", "/containers/x/start/y", "no grant", "needs CONTAINERS=1"},
    {"POST=1 ALLOW_START=1", "POST", "/containers/a/b/start", "no grant", "needs CONTAINERS=1"},
    {"POST=1 ALLOW_START=1", "POST", "/containers/a%20b/start", "no grant", "needs CONTAINERS=1"},
    {"POST=1 ALLOW_START=1", "POST", "/exec/x/start", "no grant", "needs EXEC=1"},
    {"POST=1 ALLOW_STOP=1", "POST", "/containers/x/stop", "ALLOW_STOP=1", ""},
    {"POST=1 ALLOW_STOP=1 ALLOW_RESTARTS=1", "POST", "/containers/x/stop", "ALLOW_RESTARTS=1", ""},
    {"POST=1 ALLOW_RESTARTS=1", "POST", "/containers/x/kill", "ALLOW_RESTARTS=1", ""},
    {"POST=1", "POST", "/containers/x/kill", "no grant", "needs ALLOW_RESTARTS=1 or CONTAINERS=1"},
    {"POST=1 ALLOW_RESTARTS=1", "POST", "/containers/x/pause", "no grant", "needs CONTAINERS=1"},
    {"POST=1 EXEC=1", "POST", "/containers/x/exec", "no grant", "needs CONTAINERS=1"},
    {"POST=1 CONTAINERS=1", "POST", "/containers/x/exec", "CONTAINERS=1", ""},
    {"", "GET", "/system/df", "no grant", "needs SYSTEM=1"},
    {"CONTAINERS=1", "GET", "/containers/x/nonsense", "CONTAINERS=1", ""},
    {"", "GET", "/", "no grant", "no setting of the tecnativa dialect grants this path"},
    {EVERYTHING, "GET", "/nosuch", "no grant", "no setting of the tecnativa dialect grants this path"},
    {EVERYTHING, "GET", "/debug/vars", "no grant", "no setting of the tecnativa dialect grants this path"},
    {EVERYTHING, "GET", "/libpod/info", "no grant",
     "no setting of the tecnativa dialect grants this path; the linuxserver dialect has LIBPOD_INFO"},
    {"DIALECT=fluencelabs POST=1", "POST", "/grpc", "no grant",
     "no setting of the fluencelabs dialect grants this path; the tecnativa dialect has GRPC"},
    {"", "POST", "/nosuch", "POST=0", "no setting of the tecnativa dialect grants this path"},
    {EVERYTHING, "GET", "/INFO", "no grant", "paths are case-sensitive: INFO is for /info"},
    {EVERYTHING, "GET", "/v1.41/Containers/json", "no grant",
     "paths are case-sensitive: CONTAINERS is for /containers"},
    {EVERYTHING, "GET", "/infofoo", "no grant", "no setting grants this path: INFO is for /info as a whole segment"},
    {EVERYTHING, "GET", "/info%20", "no grant", "no setting grants this path: INFO is for /info as a whole segment"},
    {EVERYTHING, "GET", "/v1/info", "no grant", "the path begins with no version prefix of the form /v1.41"},
    {EVERYTHING, "GET", "/V1.41/info", "no grant", "the path begins with no version prefix of the form /v1.41"},
    {EVERYTHING, "GET", "/v1.41", "no grant", "nothing stands behind the version prefix"},
    {EVERYTHING, "GET", "/v1.41/v1.41/info", "no grant", "a version prefix may come only once"},
    {EVERYTHING, "GET", "//info", "path form", "an empty path segment (//) is never passed on"},
    {EVERYTHING, "GET", "/version/../info", "path form", "a . or .. path segment is never passed on"},
    {EVERYTHING, "GET", "/version/%2e%2e/info", "path form", "a . or .. path segment is never passed on"},
    {EVERYTHING, "GET", "/info/", "path form", "the engine has no such path with a slash at its end"},
    {EVERYTHING, "GET", "/containers/", "path form", "the engine has no such path with a slash at its end"},
    {EVERYTHING, "GET", "/networks/", "NETWORKS=1", ""},
    {EVERYTHING, "POST", "/v1.41/networks/", "NETWORKS=1", ""},
    {"", "GET", "/networks/", "no grant", "needs NETWORKS=1"},
    {NEXT, "POST", "/containers/x/exec", "POST=0", "needs POST=1 and ALLOW_EXEC=1 and CONTAINERS=1"},
    {NEXT " POST=1 CONTAINERS=1", "POST", "/containers/x/exec", "ALLOW_EXEC=0", "needs ALLOW_EXEC=1"},
    {NEXT " POST=1 CONTAINERS=1 ALLOW_EXEC=1", "POST", "/containers/x/exec", "CONTAINERS=1", ""},
    {NEXT " POST=1 ALLOW_RESTARTS=1", "POST", "/containers/x/kill", "ALLOW_KILL=0", "needs ALLOW_KILL=1"},
    {NEXT " POST=1 CONTAINERS=1", "GET", "/containers/a/b/logs", "ALLOW_LOGS=0", "needs ALLOW_LOGS=1"},
    {NEXT " POST=1 CONTAINERS=1", "DELETE", "/containers/x", "DELETE=0", "needs DELETE=1"},
    {NEXT " POST=1 CONTAINERS=1", "OPTIONS", "/containers/x", "method",
     "no setting of the tecnativa-next dialect opens this method"},
    {LSIO, "POST", "/containers/x/start", "POST=0", "needs ALLOW_START=1, or POST=1 and CONTAINERS=1"},
    {LSIO " CONTAINERS=1", "POST", "/containers/x/stop", "POST=0", "needs ALLOW_STOP=1 or ALLOW_RESTARTS=1, or POST=1"},
    {LSIO " ALLOW_START=1", "POST", "/containers/x/start", "ALLOW_START=1", ""},
    {LSIO " ALLOW_START=1", "POST", "/v4.0.0/libpod/pods/x/start", "ALLOW_START=1", ""},
    {LSIO " POST=1", "POST", "/v4.0.0/libpod/pods/x/start", "no grant",
     "needs LIBPOD_ALLOW_POD_START=1, ALLOW_START=1 or LIBPOD_PODS=1"},
    {LSIO, "GET", "/v4.0.0/libpod/containers/x/logs", "ALLOW_LOGS=0", "needs ALLOW_LOGS=1 and LIBPOD_CONTAINERS=1"},
    {LSIO " LIBPOD_INFO=1", "GET", "/v5.8.2/libpod/info", "LIBPOD_INFO=1", ""},
    {LSIO " LIBPOD_INFO=1", "GET", "/v5.8.2-rc1/libpod/info", "no grant",
     "the linuxserver dialect takes no version prefix with letters behind its numbers"},
    {LSIO, "GET", "/libpod/kube/generate", "no grant", "no setting of the linuxserver dialect grants this path"},
    {LSIO, "GET", "/libpod/Info", "no grant", "paths are case-sensitive: LIBPOD_INFO is for /libpod/info"},
    {LSIO, "GET", "/Libpod/info", "no grant", "paths are case-sensitive: LIBPOD_INFO is for /libpod/info"},
    {FLUENCE, "POST", "/containers/create", "POST=0", "needs POST=1 and (CONTAINERS_CREATE=1 or CONTAINERS=1)"},
    {FLUENCE " POST=1 CONTAINERS_CREATE=1", "POST", "/containers/create", "CONTAINERS_CREATE=1", ""},
    {FLUENCE " CONTAINERS_ATTACH=1", "GET", "/containers/x/attach/ws", "CONTAINERS_ATTACH=1", ""},
    {FLUENCE " IMAGES_DELETE=1", "DELETE", "/images/a/b:c", "DELETE=0", "needs DELETE=1"},
    {FLUENCE " IMAGES_DELETE=1 DELETE=1", "DELETE", "/images/a/b:c", "IMAGES_DELETE=1", ""},
    {FLUENCE " DELETE=1", "DELETE", "/images/a/b:c", "no grant", "needs IMAGES_DELETE=1 or IMAGES=1"},
    {FLUENCE " CONTAINERS=1", "PUT", "/containers/x/archive", "method",
     "no setting of the fluencelabs dialect opens this method"},
};

static void
a_verdict_names_its_rule_and_a_refusal_exactly_what_is_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CURES) / sizeof(CURES[0]); i++) {
        struct policy *policy = policy_of(CURES[i].settings);
        struct asked asked = ask(policy, CURES[i].method, CURES[i].target);
        enum verdict_action expected = CURES[i].cure[0] != '\0' ? VERDICT_DENY : VERDICT_ALLOW;
        bool right = asked.verdict.action == expected && strcmp(asked.verdict.rule, CURES[i].rule) == 0 &&
                     strcmp(asked.verdict.cure, CURES[i].cure) == 0;
        if (!right) {
            fail_msg("%s: %s %s: action %d, rule %s, cure %s", CURES[i].settings, CURES[i].method, CURES[i].target,
                     asked.verdict.action, asked.verdict.rule, asked.verdict.cure);
        }
        asked_drop(&asked);
        policy_unref(policy);
    }
}

static void
what_is_forwarded_and_shown_is_what_was_judged(void **state)
{
    (void)state;
    struct policy *policy = policy_of("CONTAINERS=1");
    struct asked asked = ask(policy, "GET", "/v1.41%2f%63ontainers/a%2Fb/json?filters={\"a\":1}&size=1");
    assert_int_equal(asked.verdict.action, VERDICT_ALLOW);
    assert_slice_equal(asked.verdict.canonical,
                       SLICE_LITERAL("/v1.41/containers/a/b/json?filters=%7B%22a%22:1%7D&size=1"));
    assert_slice_equal(asked.verdict.path, SLICE_LITERAL("/containers/a/b/json"));
    assert_string_equal(asked.verdict.operation, "ContainerInspect");
    asked_drop(&asked);
    policy_unref(policy);
}

struct malformed_case {
    const char *method;
    const char *target;
    const char *reason;
};

static const struct malformed_case MALFORMED[] = {
    {"GET", "", "must begin with /"},
    {"GET", "*", "must begin with /"},
    {"OPTIONS", "*", "must begin with /"},
    {"GET", "http://docker/info", "must begin with /"},
    {"GET", "/info%zz", "bad percent escape"},
    {"GET", "/%2569nfo", "encoded twice"},
    {"GET", "/info#", "fragment"},
    {"GET", "/info?a;b", "raw ;"},
    {"POST", "/info%00", "control byte"},
    {"CONNECT", "/info", "CONNECT"},
    {"", "/info", "token"},
    {"GE T", "/info", "token"},
    {"GET:", "/info", "token"},
    {"G\xc3\x89T", "/info", "token"},
};

static void
a_malformed_call_is_malformed_under_every_policy(void **state)
{
    (void)state;
    static const char *const SETTINGS[] = {"", EVERYTHING};
    for (size_t s = 0; s < 2; s++) {
        struct policy *policy = policy_of(SETTINGS[s]);
        for (size_t i = 0; i < sizeof(MALFORMED) / sizeof(MALFORMED[0]); i++) {
            struct asked asked = ask(policy, MALFORMED[i].method, MALFORMED[i].target);
            if (asked.verdict.action != VERDICT_MALFORMED || strstr(asked.verdict.cure, MALFORMED[i].reason) == NULL) {
                fail_msg("%s %s: action %d, %s", MALFORMED[i].method, MALFORMED[i].target, asked.verdict.action,
                         asked.verdict.cure);
            }
            assert_int_equal(asked.verdict.canonical.length, 0);
            assert_string_equal(asked.verdict.operation, "unknown");
            asked_drop(&asked);
        }
        policy_unref(policy);
    }
}

struct body_case {
    const char *method;
    const char *target;
    const char *content_type; /* NULL: absent */
    bool has_body;
    enum verdict_action action;
};

static const struct body_case BODIES[] = {
    {"GET", "/info", NULL, false, VERDICT_ALLOW},
    {"GET", "/info", NULL, true, VERDICT_MALFORMED},
    {"HEAD", "/info", NULL, true, VERDICT_MALFORMED},
    {"OPTIONS", "/info", NULL, true, VERDICT_MALFORMED},
    {"DELETE", "/info", NULL, true, VERDICT_ALLOW},
    {"POST", "/info", NULL, true, VERDICT_ALLOW},
    {"POST", "/info", "", true, VERDICT_ALLOW},
    {"POST", "/info", "application/json", true, VERDICT_ALLOW},
    {"POST", "/info", "application/json; charset=utf-8", true, VERDICT_ALLOW},
    {"POST", "/info", "application/x-tar", true, VERDICT_ALLOW},
    {"POST", "/info", "text/plain", true, VERDICT_ALLOW},
    {"POST", "/info", "application/x-www-form-urlencoded", true, VERDICT_MALFORMED},
    {"POST", "/info", "APPLICATION/X-WWW-Form-URLencoded", true, VERDICT_MALFORMED},
    {"POST", "/info", "application/x-www-form-urlencoded; charset=utf-8", true, VERDICT_MALFORMED},
    {"POST", "/info", "application/x-www-form-urlencoded;;;", true, VERDICT_MALFORMED},
    {"POST", "/info", " \tapplication/x-www-form-urlencoded \t; a=b", true, VERDICT_MALFORMED},
    {"PUT", "/info", "application/x-www-form-urlencoded", true, VERDICT_MALFORMED},
    {"DELETE", "/info", "application/x-www-form-urlencoded", true, VERDICT_MALFORMED},
    {"POST", "/info",
     "appl\xc4\xb0"
     "cation/x-www-form-urlencoded",
     true, VERDICT_MALFORMED},
    {"POST", "/info", "application/x-www-form-urlencoded\xc2\xa0", true, VERDICT_MALFORMED},
    {"POST", "/info", "multipart/form-data; boundary=x", true, VERDICT_MALFORMED},
    {"POST", "/info", "MultiPart/Form-Data", true, VERDICT_MALFORMED},
    {"POST", "/info", "multipart/mixed", true, VERDICT_MALFORMED},
    {"POST", "/info", "application/x-www-form-urlencoded", false, VERDICT_ALLOW},
    {"GET", "/info", "multipart/form-data", false, VERDICT_ALLOW},
    {"GET", "/info", "application/grpc", false, VERDICT_MALFORMED},
    {"POST", "/info", "Application/gRPC+proto", true, VERDICT_MALFORMED},
    {"POST", "/images/json", "application/x-www-form-urlencoded", true, VERDICT_DENY},
    {"GET", "/images/json", NULL, true, VERDICT_DENY},
};

static void
a_body_that_could_change_what_was_judged_is_refused_once_the_call_is_granted(void **state)
{
    (void)state;
    struct policy *policy = policy_of("POST=1 INFO=1");
    for (size_t i = 0; i < sizeof(BODIES) / sizeof(BODIES[0]); i++) {
        struct policy_request request = {
            slice_from_string(BODIES[i].method), slice_from_string(BODIES[i].target), {NULL, 0}, BODIES[i].has_body};
        struct slice type = {NULL, 0};
        if (BODIES[i].content_type != NULL) {
            type = data_exact_copy(slice_from_string(BODIES[i].content_type));
            request.content_type = type;
        }
        struct asked asked = ask_request(policy, request);
        if (asked.verdict.action != BODIES[i].action) {
            fail_msg("%s %s, type %s, body %d: action %d", BODIES[i].method, BODIES[i].target,
                     BODIES[i].content_type != NULL ? BODIES[i].content_type : "absent", BODIES[i].has_body,
                     asked.verdict.action);
        }
        asked_drop(&asked);
        free((char *)type.data);
    }
    policy_unref(policy);
}

static void
a_cure_never_runs_over_its_room(void **state)
{
    (void)state;
    struct policy *policy = policy_of("");
    for (size_t i = 0; i < sizeof(CURES) / sizeof(CURES[0]); i++) {
        struct asked asked = ask(policy, CURES[i].method, CURES[i].target);
        assert_true(strlen(asked.verdict.cure) < VERDICT_TEXT_SIZE - 32);
        asked_drop(&asked);
    }
    policy_unref(policy);
}

static void
only_calls_below_libpod_are_of_podman_s_own_api(void **state)
{
    (void)state;
    static const char *const targets[] = {"/v4.3.1/libpod/containers/json", "/libpod/_ping", "/libpod/nosuch",
                                          "/v1.41/containers/json",         "/_ping",        "/containers/libpod/json"};
    struct policy *policy = policy_of("");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        struct asked asked = ask(policy, "GET", targets[i]);
        if (asked.verdict.for_podman != (i < 3))
            fail_msg("%s: %d", targets[i], asked.verdict.for_podman);
        asked_drop(&asked);
    }
    policy_unref(policy);
}

static void
a_policy_lives_as_long_as_its_last_reference(void **state)
{
    (void)state;
    struct policy *policy = policy_of("INFO=1");
    assert_ptr_equal(policy_ref(policy), policy);
    policy_unref(policy);
    struct asked asked = ask(policy, "GET", "/info");
    assert_int_equal(asked.verdict.action, VERDICT_ALLOW);
    asked_drop(&asked);
    policy_unref(policy);
    policy_unref(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verdict_names_its_rule_and_a_refusal_exactly_what_is_missing),
        cmocka_unit_test(what_is_forwarded_and_shown_is_what_was_judged),
        cmocka_unit_test(a_malformed_call_is_malformed_under_every_policy),
        cmocka_unit_test(a_body_that_could_change_what_was_judged_is_refused_once_the_call_is_granted),
        cmocka_unit_test(a_cure_never_runs_over_its_room),
        cmocka_unit_test(only_calls_below_libpod_are_of_podman_s_own_api),
        cmocka_unit_test(a_policy_lives_as_long_as_its_last_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
