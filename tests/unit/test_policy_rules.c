#include "policy_build.h"
#include "routes.h"

struct rule_case {
    const char *lines;
    const char *method;
    const char *target;
    const char *rule;
    const char *cure; /* "" for a granted call */
};

static const struct rule_case CASES[] = {
    /* nothing is granted that is not said */
    {"", "GET", "/_ping", "no grant", "needs allow = SystemPing in [policy ops]"},
    {"allow = ContainerList", "GET", "/_ping", "no grant", "needs allow = SystemPing in [policy ops]"},
    {"allow = ContainerList", "GET", "/nosuch", "no grant", "no engine has this path, so that no rule can grant it"},
    {"allow = ContainerList", "GET", "/Info", "no grant", "paths are case-sensitive: it is /info"},
    {"allow = ContainerList", "GET", "/v1.41/V1.41/info", "no grant", "a version prefix may come only once"},
    {"allow = ContainerList", "GET", "/v1.41", "no grant", "nothing stands behind the version prefix"},
    {"allow = ContainerList", "GET", "/v1/info", "no grant",
     "the path begins with no version prefix of the form /v1.41"},
    {"allow = ContainerList", "PUT", "/networks/x", "no grant", "engines take this path with GET, DELETE only"},
    {"CONTAINERS = 1", "GET", "/nosuch", "no grant", "no setting of the tecnativa dialect grants this path"},
    {"CONTAINERS = 1 ; allow = SystemInfo", "POST", "/containers/x/frob", "POST=0", "needs POST=1 in [policy ops]"},
    {"allow = @read", "FROB", "/info", "no grant", "engines take this path with GET only"},

    /* operations, and HEAD with GET */
    {"allow = ContainerList", "GET", "/v1.41/containers/json?all=1", "allow = ContainerList", ""},
    {"allow = ContainerList", "HEAD", "/containers/json", "allow = ContainerList", ""},
    {"allow = ContainerList", "GET", "/containers/json/json", "no grant",
     "needs allow = ContainerInspect in [policy ops]"},
    {"allow = ContainerList , ContainerInspect", "GET", "/containers/x/json", "allow = ContainerInspect", ""},
    {"allow = SystemPing", "HEAD", "/_ping", "allow = SystemPing", ""},
    {"allow = SystemPingHead", "GET", "/_ping", "no grant", "needs allow = SystemPing in [policy ops]"},
    {"allow = SystemPingHead", "HEAD", "/_ping", "allow = SystemPingHead", ""},
    {"allow = ContainerArchive", "HEAD", "/containers/x/archive", "allow = ContainerArchive", ""},
    {"allow = ContainerArchiveInfo", "GET", "/containers/x/archive", "no grant",
     "needs allow = ContainerArchive in [policy ops]"},
    {"allow = NetworkDelete", "DELETE", "/networks/x", "allow = NetworkDelete", ""},

    /* the first match decides */
    {"deny = ContainerExec ; allow = @exec", "POST", "/containers/x/exec", "deny = ContainerExec",
     "[policy ops] has deny = ContainerExec; an allow before it would grant this"},
    {"allow = @exec ; deny = ContainerExec", "POST", "/containers/x/exec", "allow = @exec", ""},
    {"deny = ContainerExec ; allow = @exec", "POST", "/exec/x/start", "allow = @exec", ""},

    /* classes */
    {"allow = @read", "GET", "/containers/x/json", "allow = @read", ""},
    {"allow = @read", "GET", "/containers/x/logs", "allow = @read", ""},
    {"deny = @logs ; allow = @read", "GET", "/containers/x/logs", "deny = @logs",
     "[policy ops] has deny = @logs; an allow before it would grant this"},
    {"allow = @read", "GET", "/containers/x/archive", "no grant", "needs allow = ContainerArchive in [policy ops]"},
    {"allow = @read", "HEAD", "/containers/x/archive", "allow = @read", ""},
    {"allow = @read", "GET", "/containers/x/export", "no grant", "needs allow = ContainerExport in [policy ops]"},
    {"allow = @read", "GET", "/containers/x/attach/ws", "no grant",
     "needs allow = ContainerAttachWebsocket in [policy ops]"},
    {"allow = @read", "GET", "/secrets/x", "no grant", "needs allow = SecretInspect in [policy ops]"},
    {"allow = @read", "GET", "/swarm/unlockkey", "no grant", "needs allow = SwarmUnlockkey in [policy ops]"},
    {"allow = @read", "GET", "/v4.0.0/libpod/containers/x/healthcheck", "no grant",
     "needs allow = ContainerHealthcheckLibpod in [policy ops]"},
    {"allow = @read", "OPTIONS", "/containers/create", "no grant", "needs allow = Options in [policy ops]"},
    {"allow = @sensitive", "GET", "/containers/x/archive", "allow = @sensitive", ""},
    {"allow = @control", "POST", "/containers/x/restart", "allow = @control", ""},
    {"allow = @control", "POST", "/containers/x/pause", "allow = @control", ""},
    {"allow = @control", "POST", "/containers/create", "no grant", "needs allow = ContainerCreate in [policy ops]"},
    {"allow = @control", "DELETE", "/containers/x", "no grant", "needs allow = ContainerDelete in [policy ops]"},
    {"allow = @create", "POST", "/containers/create", "allow = @create", ""},
    {"allow = @destroy", "DELETE", "/volumes/x", "allow = @destroy", ""},
    {"allow = @destroy", "POST", "/build/prune", "allow = @destroy", ""},
    {"allow = @build", "POST", "/session", "allow = @build", ""},
    {"allow = @swarm", "POST", "/swarm/init", "allow = @swarm", ""},
    {"allow = @swarm", "GET", "/swarm", "no grant", "needs allow = SwarmInspect in [policy ops]"},

    /* sections */
    {"allow = section:networks", "POST", "/networks/create", "allow = section:networks", ""},
    {"allow = section:networks", "GET", "/networks", "allow = section:networks", ""},
    {"allow = section:networks", "POST", "/networks/frob", "no grant", "engines take this path with GET, DELETE only"},
    {"allow = section:containers", "GET", "/v4.0.0/libpod/containers/json", "no grant",
     "needs allow = ContainerListLibpod in [policy ops]"},
    {"allow = section:libpod/containers", "GET", "/v5.8.2-rc1/libpod/containers/json",
     "allow = section:libpod/containers", ""},

    /* a method in a section; OPTIONS goes by the path */
    {"allow = GET section:networks", "GET", "/networks/x", "allow = GET section:networks", ""},
    {"allow = GET section:networks", "HEAD", "/networks", "allow = GET section:networks", ""},
    {"allow = GET section:containers", "HEAD", "/containers/x/archive", "allow = GET section:containers", ""},
    {"allow = GET section:networks", "POST", "/networks/create", "no grant",
     "needs allow = NetworkCreate in [policy ops]"},
    {"allow = HEAD section:info", "HEAD", "/info", "allow = HEAD section:info", ""},
    {"allow = HEAD section:_ping", "HEAD", "/_ping", "allow = HEAD section:_ping", ""},
    {"allow = HEAD section:info", "GET", "/info", "no grant", "needs allow = SystemInfo in [policy ops]"},
    {"allow = DELETE section:networks", "DELETE", "/networks/x", "allow = DELETE section:networks", ""},
    {"allow = OPTIONS section:networks", "OPTIONS", "/v1.41/networks/x/frob", "allow = OPTIONS section:networks", ""},
    {"allow = OPTIONS section:networks", "GET", "/networks", "no grant", "needs allow = NetworkList in [policy ops]"},
    {"allow = OPTIONS section:networks", "OPTIONS", "/info", "no grant", "needs allow = Options in [policy ops]"},
    {"allow = OPTIONS section:networks", "OPTIONS", "/", "no grant", "needs allow = Options in [policy ops]"},
    {"allow = OPTIONS /containers/{id}/start", "OPTIONS", "/containers/x/start",
     "allow = OPTIONS /containers/{id}/start", ""},
    {"allow = OPTIONS /containers/{id}/start", "OPTIONS", "/containers/x/stop", "no grant",
     "needs allow = Options in [policy ops]"},
    {"allow = OPTIONS /containers/{id}/start", "POST", "/containers/x/start", "no grant",
     "needs allow = ContainerStart in [policy ops]"},
    {"allow = OPTIONS /containers/create ?name=a", "OPTIONS", "/containers/create?name=a",
     "allow = OPTIONS /containers/create ?name=a", ""},
    {"allow = OPTIONS /containers/create ?name=a", "OPTIONS", "/containers/create?name=b", "no grant",
     "needs allow = Options in [policy ops]"},
    {"deny = OPTIONS /containers/{id}/logs ; allow = OPTIONS section:containers", "OPTIONS", "/containers/x/logs",
     "deny = OPTIONS /containers/{id}/logs",
     "[policy ops] has deny = OPTIONS /containers/{id}/logs; an allow before it would grant this"},
    {"deny = OPTIONS /containers/{id}/logs ; allow = OPTIONS section:containers", "OPTIONS", "/containers/x/Logsmore",
     "deny = OPTIONS /containers/{id}/logs",
     "[policy ops] has deny = OPTIONS /containers/{id}/logs; an allow before it would grant this"},

    /* a method and a template */
    {"allow = GET /containers/{id}/json", "GET", "/containers/a/b/json", "allow = GET /containers/{id}/json", ""},
    {"allow = GET /containers/{id}/json", "HEAD", "/containers/a/json", "allow = GET /containers/{id}/json", ""},
    {"allow = GET  /containers/{name...}/json", "GET", "/containers/a/json", "allow = GET  /containers/{name...}/json",
     ""},
    {"allow = HEAD /containers/json", "HEAD", "/containers/json", "allow = HEAD /containers/json", ""},
    {"allow = HEAD /containers/json", "GET", "/containers/json", "no grant",
     "needs allow = ContainerList in [policy ops]"},
    {"deny = GET /containers/{id}/archive ; allow = @sensitive", "HEAD", "/containers/x/archive",
     "deny = GET /containers/{id}/archive",
     "[policy ops] has deny = GET /containers/{id}/archive; an allow before it would grant this"},
    {"allow = GET /networks", "GET", "/networks/", "no grant", "needs allow = NetworkListSlash in [policy ops]"},
    {"allow = OPTIONS /{path...}", "OPTIONS", "/info", "allow = OPTIONS /{path...}", ""},

    /* conditions */
    {"allow = POST /containers/{id}/kill ?signal=HUP|USR1", "POST", "/containers/x/kill?signal=HUP",
     "allow = POST /containers/{id}/kill ?signal=HUP|USR1", ""},
    {"allow = ContainerKill ?signal=HUP|USR1", "POST", "/containers/x/kill?signal=USR%31",
     "allow = ContainerKill ?signal=HUP|USR1", ""},
    {"allow = ContainerKill ?signal=HUP|USR1", "POST", "/containers/x/kill?%73ignal=HUP&x=1",
     "allow = ContainerKill ?signal=HUP|USR1", ""},
    {"allow = ContainerKill ?signal=HUP|USR1", "POST", "/containers/x/kill?signal=KILL", "no grant",
     "the query does not meet allow = ContainerKill ?signal=HUP|USR1 in [policy ops]"},
    {"allow = ContainerKill ?signal=HUP|USR1", "POST", "/containers/x/kill?signal=HUP|USR1", "no grant",
     "the query does not meet allow = ContainerKill ?signal=HUP|USR1 in [policy ops]"},
    {"allow = ContainerKill ?signal=HUP", "POST", "/containers/x/kill", "no grant",
     "the query does not meet allow = ContainerKill ?signal=HUP in [policy ops]"},
    {"allow = ContainerKill ?signal=HUP", "POST", "/containers/x/kill?signal=HUP+", "no grant",
     "the query does not meet allow = ContainerKill ?signal=HUP in [policy ops]"},
    {"allow = ContainerKill ?signal=HUP", "POST", "/containers/x/kill?signal=HUP&signal=KILL",
     "allow = ContainerKill ?signal=HUP",
     "signal is in the query twice or in another spelling, so that allow = ContainerKill ?signal=HUP can't be judged"},
    {"allow = ContainerKill ?signal=HUP ; allow = ContainerKill", "POST", "/containers/x/kill?signal=HUP&Signal=KILL",
     "allow = ContainerKill ?signal=HUP",
     "signal is in the query twice or in another spelling, so that allow = ContainerKill ?signal=HUP can't be judged"},
    {"allow = ContainerKill ?signal=HUP", "POST", "/containers/x/kill?SIGNAL=HUP", "allow = ContainerKill ?signal=HUP",
     "signal is in the query twice or in another spelling, so that allow = ContainerKill ?signal=HUP can't be judged"},
    {"allow = ContainerKill ?signal=HUP", "POST", "/containers/x/kill?signal=HUP&%c5%bfignal=KILL",
     "allow = ContainerKill ?signal=HUP",
     "signal is in the query twice or in another spelling, so that allow = ContainerKill ?signal=HUP can't be judged"},
    {"deny = ContainerKill ?signal=KILL ; allow = ContainerKill", "POST", "/containers/x/kill?signal=KILL",
     "deny = ContainerKill ?signal=KILL",
     "[policy ops] has deny = ContainerKill ?signal=KILL; an allow before it would grant this"},
    {"deny = ContainerKill ?signal=KILL ; allow = ContainerKill", "POST", "/containers/x/kill?signal=HUP",
     "allow = ContainerKill", ""},
    {"deny = ContainerKill ?signal=KILL ; allow = ContainerKill", "POST", "/containers/x/kill?signal=HUP&signal=KILL",
     "deny = ContainerKill ?signal=KILL",
     "signal is in the query twice or in another spelling, so that deny = ContainerKill ?signal=KILL can't be judged"},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop?t=60", "allow = ContainerStop ?t<=60", ""},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop?t=061", "no grant",
     "the query does not meet allow = ContainerStop ?t<=60 in [policy ops]"},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop?t=-1", "no grant",
     "the query does not meet allow = ContainerStop ?t<=60 in [policy ops]"},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop?t=", "no grant",
     "the query does not meet allow = ContainerStop ?t<=60 in [policy ops]"},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop", "no grant",
     "the query does not meet allow = ContainerStop ?t<=60 in [policy ops]"},
    {"allow = ContainerStop ?t<=60", "POST", "/containers/x/stop?t=18446744073709551620", "no grant",
     "the query does not meet allow = ContainerStop ?t<=60 in [policy ops]"},
    {"allow = ContainerStop ?t<=60 ; allow = ContainerStop ?!t", "POST", "/containers/x/stop",
     "allow = ContainerStop ?!t", ""},
    {"allow = ContainerStop ?!t", "POST", "/containers/x/stop?t=1", "no grant",
     "the query does not meet allow = ContainerStop ?!t in [policy ops]"},
    {"allow = ContainerStop ?!t", "POST", "/containers/x/stop?tt=1&=2&&x", "allow = ContainerStop ?!t", ""},
    {"allow = ContainerStop ?t>=5 ?t<=9", "POST", "/containers/x/stop?t=7", "allow = ContainerStop ?t>=5 ?t<=9", ""},
    {"allow = ContainerStop ?t>=5 ?t<=9", "POST", "/containers/x/stop?t=4", "no grant",
     "the query does not meet allow = ContainerStop ?t>=5 ?t<=9 in [policy ops]"},
    {"allow = ContainerList ?size", "GET", "/containers/json?size", "allow = ContainerList ?size", ""},
    {"allow = ContainerList ?all=", "GET", "/containers/json?all", "allow = ContainerList ?all=", ""},
    {"allow = ContainerStop, ContainerStart ?!t", "POST", "/containers/x/start", "allow = ContainerStart ?!t", ""},

    /* rules before switches */
    {"allow = ContainerKill ; CONTAINERS = 1", "POST", "/containers/x/kill", "allow = ContainerKill", ""},
    {"allow = ContainerKill ; CONTAINERS = 1", "GET", "/containers/json", "CONTAINERS=1", ""},
    {"allow = ContainerKill ; CONTAINERS = 1", "GET", "/_ping", "PING=1", ""},
    {"allow = ContainerKill ; CONTAINERS = yes", "POST", "/containers/create", "POST=0",
     "needs allow = ContainerCreate in [policy ops], or POST=1"},
    {"deny = ContainerArchive ; CONTAINERS = 1", "GET", "/containers/x/archive", "deny = ContainerArchive",
     "[policy ops] has deny = ContainerArchive; an allow before it would grant this"},
    {"CONTAINERS = 1 ; POST = false", "POST", "/containers/create", "POST=0", "needs POST=1 in [policy ops]"},
    {"dialect = linuxserver ; LIBPOD_INFO = on", "GET", "/v4.0.0/libpod/info", "LIBPOD_INFO=1", ""},
    {"dialect = linuxserver ; allow = SystemInfoLibpod", "GET", "/v6.0.0-dev/libpod/info", "allow = SystemInfoLibpod",
     ""},

    /* what no rule can grant */
    {"allow = @read", "GET", "//info", "path form", "an empty path segment (//) is never passed on"},
    {"allow = @read", "GET", "/info/", "path form", "the engine has no such path with a slash at its end"},
};

static void
the_first_rule_that_fits_decides_and_a_refusal_says_what_is_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct policy *policy = build("ops", CASES[i].lines);
        struct asked asked = ask(policy, CASES[i].method, CASES[i].target);
        enum verdict_action expected = CASES[i].cure[0] != '\0' ? VERDICT_DENY : VERDICT_ALLOW;
        bool right = asked.verdict.action == expected && strcmp(asked.verdict.rule, CASES[i].rule) == 0 &&
                     strcmp(asked.verdict.cure, CASES[i].cure) == 0 && !asked.verdict.dry;
        if (!right) {
            fail_msg("%s: %s %s: action %d, rule %s, cure %s", CASES[i].lines, CASES[i].method, CASES[i].target,
                     asked.verdict.action, asked.verdict.rule, asked.verdict.cure);
        }
        asked_drop(&asked);
        policy_unref(policy);
    }
}

static void
judge_spelling(struct slice columns[DATA_COLUMNS], void *owner)
{
    char text[4][256];
    (void)owner;
    for (size_t i = 0; i < 4; i++) {
        assert_true(columns[i].length < sizeof(text[i]));
        snprintf(text[i], sizeof(text[i]), "%.*s", (int)columns[i].length, columns[i].data);
    }
    struct policy *policy = build("ops", text[0]);
    struct asked asked = ask(policy, text[1], text[2]);
    if ((asked.verdict.action == VERDICT_ALLOW) != (strcmp(text[3], "allow") == 0))
        fail_msg("%s: %s %s is not %s: %s", text[0], text[1], text[2], text[3], asked.verdict.cure);
    asked_drop(&asked);
    policy_unref(policy);
}

static void
a_condition_is_not_evaded_by_another_spelling(void **state)
{
    (void)state;
    assert_true(data_for_each("conditions.txt", judge_spelling, NULL) > 100);
}

static void
a_policy_without_a_name_has_none_in_its_refusals(void **state)
{
    (void)state;
    struct policy *policy = build(NULL, "allow = ContainerList");
    struct asked asked = ask(policy, "POST", "/containers/create");
    assert_string_equal(asked.verdict.cure, "needs allow = ContainerCreate");
    assert_string_equal(policy_dialect(policy), "none");
    assert_null(policy_dialect_note(policy));
    asked_drop(&asked);
    policy_unref(policy);
}

static void
a_dry_run_lets_refused_calls_pass_and_says_what_would_have_been(void **state)
{
    (void)state;
    struct policy *policy = build("ops", "dry_run = yes ; allow = ContainerList ; deny = @exec");
    struct asked asked = ask(policy, "GET", "/containers/json");
    assert_int_equal(asked.verdict.action, VERDICT_ALLOW);
    assert_false(asked.verdict.dry);
    asked_drop(&asked);
    asked = ask(policy, "POST", "/exec/x/start");
    assert_int_equal(asked.verdict.action, VERDICT_ALLOW);
    assert_true(asked.verdict.dry);
    assert_int_equal(asked.verdict.transport, TRANSPORT_HIJACK);
    assert_string_equal(asked.verdict.rule, "deny = @exec");
    assert_string_equal(asked.verdict.cure, "[policy ops] has deny = @exec; an allow before it would grant this");
    asked_drop(&asked);
    asked = ask(policy, "GET", "/nosuch");
    assert_true(asked.verdict.dry);
    asked_drop(&asked);
    asked = ask(policy, "GET", "//info");
    assert_int_equal(asked.verdict.action, VERDICT_DENY);
    assert_false(asked.verdict.dry);
    asked_drop(&asked);
    asked = ask(policy, "GET", "/info%zz");
    assert_int_equal(asked.verdict.action, VERDICT_MALFORMED);
    asked_drop(&asked);
    policy_unref(policy);
}

/* A line that is not understood, behind lines that are, and words that the error must hold. */
static const char *const MISTAKES[][3] = {
    {"", "allow = ContainerLst", "ContainerLst: no operation of the API is called so; did you mean ContainerList?"},
    {"", "allow = containerlist", "did you mean ContainerList?"},
    {"", "allow = ContainersList", "did you mean ContainerList?"},
    {"", "allow = Frobnicate", "allow = Frobnicate: no operation of the API is called so"},
    {"", "deny = @raed", "deny = @raed: there is no such class; did you mean @read?"},
    {"", "deny = @", "deny = @: there is no such class"},
    {"", "allow = @everything", "@everything: there is no such class"},
    {"", "allow = section:container", "did you mean section:containers?"},
    {"", "allow = section:", "section:: no operation"},
    {"", "allow = section:libpod/pod", "did you mean section:libpod/pods?"},
    {"", "allow = GET /containers/{id}/jsn", "did you mean GET /containers/{id...}/json?"},
    {"", "allow = GET /containers/web/json",
     "no engine has this route; a template is its path with names in braces; "
     "did you mean GET /containers/{id...}/json?"},
    {"", "allow = GET /containers/create", "no engine has this method there, it has POST"},
    {"", "allow = GET /v1.41/containers/json", "a template has no version prefix"},
    {"", "allow = get /containers/json",
     "get: no method; a rule takes GET, HEAD, POST, PUT, DELETE or OPTIONS; did you "
     "mean GET?"},
    {"", "allow = GET section:container", "there is no such section; did you mean section:containers?"},
    {"", "allow = DELETE section:info", "DELETE section:info: no engine has a call of this method there"},
    {"", "allow = OPTIONS /containers/{id}", "a rule for OPTIONS takes section:NAME, /SECTION/{id}/WORD"},
    {"", "allow = OPTIONS /info", "a rule for OPTIONS takes section:NAME"},
    {"", "allow = OPTIONS /containers/{id}/frob", "a rule for OPTIONS takes section:NAME"},
    {"", "allow = /containers/json", "a template needs its method, as in GET /containers/json"},
    {"", "allow = GET containers", "no engine has this route"},
    {"", "allow =", "a rule takes operations (ContainerList), classes (@read), section:NAME, or METHOD /template"},
    {"", "allow = ContainerList,", "a rule takes operations"},
    {"", "allow = ContainerList,,ContainerTop", "a rule takes operations"},
    {"", "allow = ?t=1", "?t=1: conditions stand behind a blank"},
    {"", "allow = ContainerStop ?", "?: a condition is ?name=VALUE|VALUE"},
    {"", "allow = ContainerStop ?t<5", "?t<5: behind the name comes =, <= or >="},
    {"", "allow = ContainerStop ?t<=x", "behind <= and >= comes a number"},
    {"", "allow = ContainerStop ?t<=", "behind <= and >= comes a number"},
    {"", "allow = ContainerStop ?t<=1234567890123456789", "a number of up to 18 digits"},
    {"", "allow = ContainerStop ?!t=1", "?!name has no value"},
    {"", "allow = ContainerStop ?t=1 t=2", "t=2: a condition is"},
    {"", "allow = ContainerKill ?singal=HUP", "?singal=HUP: no engine has this parameter; did you mean signal?"},
    {"", "deny = ContainerDelete ?Force", "did you mean force?"},
    {"", "deny = ContainerStop ?T>=9", "did you mean t?"},
    {"", "allow = ImageCreate ?!fromsrc", "did you mean fromSrc?"},
    {"", "allow = ContainerKill ?signal=HUP,USR1", "?signal=HUP,USR1: several values are parted by |"},
    {"", "allow = ContainerStop ?t=<60", "?t=<60: a comparison is =, <= or >="},
    {"", "allow = ContainerList?all=1", "ContainerList?all=1: conditions stand behind a blank"},
    {"", "allow = GET /containers/json?all=1", "conditions stand behind a blank, as in GET /containers/json ?all=1"},
    {"", "allow = GET /containers/*", "there are no wildcards; all of a section is section:containers"},
    {"", "allow = read", "did you mean @read?"},
    {"", "allow = CONTAINERS", "did you mean section:containers?"},
    {"", "allow = all", "there is no word for everything"},
    {"", "deny = *", "there is no word for everything"},
    {"", "allow = @all", "@all: there is no word for everything"},
    {"", "allow = GET,HEAD /_ping", "GET: a method needs the template of a route"},
    {"", "allow = @read @exec", "@read @exec: several are parted by commas"},
    {"", "allow = ContainerList ContainerInspect", "several are parted by commas"},
    {"", "allow = ContainerStop ! t", "conditions begin with a question mark"},
    {"", "allow = ContainerStop ?t<=5, ContainerStart", "?t<=5,: conditions end a line and are for all that it names"},
    {"", "allow = ContainerWait ?condition=a, ContainerStart", "what follows needs a line of its own"},
    {"", "allow = ContainerDelete ?force=yes", "?force=yes: this parameter is a flag: it takes 1 or 0"},
    {"", "allow = ContainerKill ?signal=HPU",
     "?signal=HPU: no signal; it takes names (HUP) and numbers (1); did you mean HUP?"},
    {"", "allow = ContainerKill ?signal=HUP|sigtrem", "did you mean TERM?"},
    {"", "allow = ContainerKill ?signal=nothing", "takes names (HUP) and numbers (1)"},
    {"", "allow = ContainerKill ?signal=HUP|99", "no signal"},
    {"", "allow = ContainerKill ?signal=RTMIN+", "no signal"},
    {"", "allow = ContainerStop ?a ?b ?c ?d ?e ?f ?g ?h ?i", "?i: a rule takes up to 8 conditions"},
    {"", "CONTAINER = 1", "CONTAINER: no switch of the tecnativa dialect; did you mean CONTAINERS?"},
    {"", "LIBPOD_PODS = 1", "LIBPOD_PODS: no switch of the tecnativa dialect; dialect = linuxserver, above it, has it"},
    {"", "FROBNICATE = 1", "FROBNICATE: no key of a policy, and no switch of the tecnativa dialect"},
    {"", "CONTAINERS = maybe", "CONTAINERS = maybe: not taken; takes 1 or 0"},
    {"", "CONTAINERS = 2", "CONTAINERS = 2: not taken; takes 1 or 0"},
    {"CONTAINERS = 1", "CONTAINERS = 0", "CONTAINERS: it is set twice"},
    {"CONTAINERS = 1", "dialect = linuxserver", "it must be said once, above the switches"},
    {"dialect = linuxserver", "dialect = linuxserver", "it must be said once, above the switches"},
    {"", "dialect = linxserver",
     "dialect = linxserver: not taken; takes tecnativa, tecnativa-next, linuxserver or fluencelabs; did "
     "you mean linuxserver?"},
    {"", "dialect =", "takes tecnativa, tecnativa-next"},
};

static void
a_mistake_is_told_with_the_nearest_right_word(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(MISTAKES) / sizeof(MISTAKES[0]); i++) {
        struct policy_builder *builder = policy_builder_new("ops");
        assert_non_null(builder);
        assert_true(MISTAKES[i][0][0] == '\0' || build_line(builder, MISTAKES[i][0]));
        if (build_line(builder, MISTAKES[i][1]))
            fail_msg("%s was taken", MISTAKES[i][1]);
        if (strstr(policy_builder_error(builder), MISTAKES[i][2]) == NULL)
            fail_msg("%s: %s", MISTAKES[i][1], policy_builder_error(builder));
        policy_builder_free(builder);
    }
    policy_builder_free(NULL);
}

static void
an_overlong_rule_is_refused_and_its_error_is_cut(void **state)
{
    (void)state;
    char line[2000];
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    struct policy_builder *builder = policy_builder_new(NULL);
    assert_false(policy_builder_allow(builder, line));
    memcpy(line, "ContainerList ?a=", 17);
    assert_false(policy_builder_allow(builder, line));
    assert_non_null(strstr(policy_builder_error(builder), "the rule is too long"));
    memcpy(line, "GET /containers/", 16);
    assert_false(policy_builder_allow(builder, line));
    assert_true(strlen(policy_builder_error(builder)) < 300);
    policy_builder_free(builder);
}

static void
grants_are_the_rules_in_their_words_and_the_switches_behind_them(void **state)
{
    (void)state;
    struct lines *lines = lines_new();
    struct policy *policy = build("ops", "allow = ContainerList, @control ?!x ; deny = @exec ; PING = 0 ; EVENTS = 0");
    policy_grants(policy, lines_keep, lines);
    assert_int_equal(lines->count, 4);
    assert_string_equal(lines->text[0], "allow = ContainerList ?!x");
    assert_string_equal(lines->text[1], "allow = @control ?!x");
    assert_string_equal(lines->text[2], "deny = @exec");
    assert_string_equal(lines->text[3], "VERSION=1: GET and HEAD of /version");
    policy_unref(policy);
    lines->count = 0;
    policy = build("ops", "deny = @exec");
    policy_grants(policy, lines_keep, lines);
    assert_string_equal(lines->text[1], "nothing: every request is refused");
    policy_unref(policy);
    lines->count = 0;
    policy = build("ops", "dry_run = yes");
    policy_grants(policy, lines_keep, lines);
    assert_int_equal(lines->count, 1);
    assert_non_null(strstr(lines->text[0], "dry run"));
    policy_unref(policy);
    free(lines);
}

static void
every_operation_and_template_names_its_own_rows_and_no_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = route_row(i);
        char line[256];
        snprintf(line, sizeof(line), "allow = %s %s", method_text(route->method), route->template);
        struct policy *by_template = build(NULL, line);
        snprintf(line, sizeof(line), "allow = %s", route->operation);
        struct policy *by_operation = build(NULL, line);
        for (size_t j = 0; j < ROUTE_COUNT; j++) {
            const struct route *other = route_row(j);
            struct asked first = ask_route(by_template, other);
            struct asked second = ask_route(by_operation, other);
            bool head_of_it = route->method == METHOD_GET && other->method == METHOD_HEAD &&
                              strcmp(route->template, other->template) == 0;
            bool same_operation = strcmp(route->operation, other->operation) == 0;
            bool wanted = i == j || head_of_it;
            if ((first.verdict.action == VERDICT_ALLOW) != wanted) {
                fail_msg("allow = %s %s and %s %s: action %d", method_text(route->method), route->template,
                         method_text(other->method), other->template, first.verdict.action);
            }
            if ((second.verdict.action == VERDICT_ALLOW) != (wanted || same_operation))
                fail_msg("allow = %s and %s: action %d", route->operation, other->operation, second.verdict.action);
            asked_drop(&first);
            asked_drop(&second);
        }
        policy_unref(by_template);
        policy_unref(by_operation);
    }
}

static void
the_table_of_classes_in_the_documentation_is_the_one_in_force(void **state)
{
    (void)state;
    static const char *const does[CLASS_COUNT] = {
#define CLASS(id, text, sentence) [CLASS_##id] = (sentence),
#include "classes.def"
#undef CLASS
    };
    FILE *stream = fopen(TEST_DATA_DIR "/../docs/rules.md", "r");
    assert_non_null(stream);
    char line[512];
    size_t class = 0;
    while (fgets(line, sizeof(line), stream) != NULL) {
        if (strncmp(line, "| `@", 4) != 0 || strncmp(line, "| `@read` | an access class", 27) == 0)
            continue;
        char wanted[512];
        assert_true(class < CLASS_COUNT);
        snprintf(wanted, sizeof(wanted), "| `@%s` | %s |\n", class_word((enum class) class).data, does[class]);
        class ++;
        assert_string_equal(line, wanted);
    }
    fclose(stream);
    assert_int_equal(class, CLASS_COUNT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_fits_decides_and_a_refusal_says_what_is_missing),
        cmocka_unit_test(a_condition_is_not_evaded_by_another_spelling),
        cmocka_unit_test(a_policy_without_a_name_has_none_in_its_refusals),
        cmocka_unit_test(a_dry_run_lets_refused_calls_pass_and_says_what_would_have_been),
        cmocka_unit_test(a_mistake_is_told_with_the_nearest_right_word),
        cmocka_unit_test(an_overlong_rule_is_refused_and_its_error_is_cut),
        cmocka_unit_test(grants_are_the_rules_in_their_words_and_the_switches_behind_them),
        cmocka_unit_test(the_table_of_classes_in_the_documentation_is_the_one_in_force),
        cmocka_unit_test(every_operation_and_template_names_its_own_rows_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
