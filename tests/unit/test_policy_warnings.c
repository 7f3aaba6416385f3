#include "policy_ask.h"

enum { LINES = 64, LINE_SIZE = 400 };

struct lines {
    char text[LINES][LINE_SIZE];
    size_t count;
};

static void
keep_line(void *owner, const char *text)
{
    struct lines *lines = owner;
    assert_true(lines->count < LINES);
    assert_true(strlen(text) < LINE_SIZE);
    snprintf(lines->text[lines->count++], LINE_SIZE, "%s", text);
}

/* What the proxy reads itself, as it hands it in. */
static const char *const PROXY_NAMES[] = {"LISTEN",         "SOCKET_PATH",   "DISABLE_IPV6",    "LOG_LEVEL",
                                          "LOG_FORMAT",     "HEAD_TIMEOUT",  "IDLE_TIMEOUT",    "ANSWER_TIMEOUT",
                                          "SHUTDOWN_GRACE", "MAX_BODY_SIZE", "MAX_CONNECTIONS", NULL};

static void
collect(char *const environment[], struct lines *lines)
{
    lines->count = 0;
    policy_warnings(environment, PROXY_NAMES, keep_line, lines);
}

/* One variable, and words that its one warning must hold; NULL: there must be none. */
struct warning_case {
    const char *entry;
    const char *words;
};

static const struct warning_case VALUES[] = {
    {"CONTAINERS=0", NULL},
    {"CONTAINERS=1", NULL},
    {"CONTAINERS=2", NULL},
    {"CONTAINERS=01", NULL},
    {"CONTAINERS=", NULL},
    {"CONTAINERS=false", NULL},
    {"CONTAINERS=No", NULL},
    {"CONTAINERS=off", NULL},
    {"EVENTS=0", NULL},
    {"EVENTS=false", NULL},
    {"EVENTS=", "EVENTS= is empty and so off"},
    {"CONTAINERS=true",
     "CONTAINERS=true is off: only a number other than 0 switches it on; did you mean CONTAINERS=1?"},
    {"IMAGES=TRUE", "did you mean IMAGES=1?"},
    {"IMAGES=yes", "did you mean IMAGES=1?"},
    {"IMAGES=on", "did you mean IMAGES=1?"},
    {"IMAGES=y", "did you mean IMAGES=1?"},
    {"IMAGES= 1", "IMAGES=' 1' is off"},
    {"IMAGES=\t1", "did you mean IMAGES=1?"},
    {"IMAGES=0x1", "IMAGES=0x1 is off"},
    {"IMAGES=\"1\"", "did you mean IMAGES=1?"},
    {"IMAGES='true'", "did you mean IMAGES=1?"},
    {"IMAGES=--1", "did you mean IMAGES=1?"},
    {"EVENTS=true", "EVENTS=true is off"},
    {"IMAGES=-1", "IMAGES=-1 is on"},
    {"IMAGES=+1", "IMAGES=+1 is on"},
    {"IMAGES=1 ", "IMAGES='1 ' is on"},
    {"IMAGES=1abc", "IMAGES is on"},
    {"IMAGES=1.5", "IMAGES is on"},
    {"IMAGES=0.9", "IMAGES is off"},
    {"IMAGES=abc1", "IMAGES is off"},
};

static const struct warning_case NAMES[] = {
    {"INF0=1", "INF0=1 is no setting and does nothing; did you mean INFO=1?"},
    {"CONTAINER=1", "did you mean CONTAINERS=1?"},
    {"CONTAINRES=1", "did you mean CONTAINERS=1?"},
    {"CONTAINERS_=1", "did you mean CONTAINERS=1?"},
    {"containers=1", "did you mean CONTAINERS=1?"},
    {"Post=true", "did you mean POST=1?"},
    {"EVENT=1", "did you mean EVENTS=1?"},
    {"ALLOWSTART=1", "did you mean ALLOW_START=1?"},
    {"ALLOW_STARTS=1", "did you mean ALLOW_START=1?"},
    {"ALLOW_CONTAINERS=1", "did you mean CONTAINERS=1?"},
    {"ENABLE_INFO=true", "did you mean INFO=1?"},
    {"NETWORKS_READ=1", "did you mean NETWORKS=1?"},
    {"ALLOW_FOO=1", "ALLOW_START, ALLOW_STOP and ALLOW_RESTARTS are"},
    {"SOCKETPATH=/run/docker.sock", "SOCKETPATH is no setting and does nothing; did you mean SOCKET_PATH?"},
    {"LOGLEVEL=debug", "did you mean LOG_LEVEL?"},
    {"LISTENS=tcp://0.0.0.0:2375", "did you mean LISTEN?"},
    {"DISABLE_IPV_6=1", "did you mean DISABLE_IPV6?"},
    {"HEADTIMEOUT=3s", "did you mean HEAD_TIMEOUT?"},
    {"LOGS=1", "LOGS=1 is no setting and does nothing; CONTAINERS governs logs"},
    {"LOGS=true", "CONTAINERS governs logs"},
    {"DELETE=1", "POST=1 opens every method"},
    {"DELETES=1", "POST=1 opens every method"},
    {"START=1", "ALLOW_START"},
    {"RESTART=1", "ALLOW_RESTARTS"},
    {"PULL=1", "IMAGES"},
    {"DF=1", "SYSTEM"},
    {"READ_ONLY=1", "POST=0"},
    {"ALLOWED_PATHS=/containers,/images", "ALLOWED_PATHS is no setting"},
    {"ALLOW_LOGS=1", "linuxserver"},
    {"ALLOW_RESTART=1", "ALLOW_RESTARTS"},
    {"CONTAINER_START=1", "CONTAINERS_START may be meant; DIALECT=fluencelabs reads it"},
    {"DIALECT=linuxserver IMAGE_DELETE=1", "IMAGES_DELETE may be meant; DIALECT=fluencelabs reads it"},
    {"DIALECT=fluencelabs CONTAINER_START=1", "did you mean CONTAINERS_START=1?"},
    {"CONTAINERS_STOP=1", "CONTAINERS_STOP=1 is no setting and does nothing; CONTAINERS governs its section"},
    {"IMAGES_PULL=true", "IMAGES governs its section"},
    {"SP_ALLOW_GET=/version", "wollomatic/socket-proxy and does nothing here; rules in a file govern it"},
    {"SP_ALLOWFROM=10.0.0.0/8", "allow_from"},
    {"SP_PROXYSOCKETENDPOINTFILEMODE=0600", "LISTEN"},
    {"SP_LOGJSON=true", "LOG_FORMAT=json"},
    {"SP_WATCHDOGINTERVAL=60", "wollomatic/socket-proxy and does nothing here"},
    {"CETUSGUARD_RULES=GET /x", "cetusguard"},
    {"SOCKET_PROXY_UID=1000", "11notes"},
    {"DOCKER_BACKEND=/x", "SOCKET_PATH"},
};

/* The same in a dialect that is named. */
static const struct warning_case IN_DIALECTS[] = {
    {"DIALECT=tecnativa BIND_CONFIG=*:2375", "LISTEN says where to listen, or DIALECT=tecnativa-next reads it"},
    {"DIALECT=linuxserver BIND_CONFIG=*:2375", "DIALECT=tecnativa-next reads it"},
    {"BIND_CONFIG=*:2375", NULL},
    {"DIALECT=tecnativa-next BIND_CONFIG=*:2375 LISTEN=unix:/run/a.sock", "BIND_CONFIG does nothing beside LISTEN"},
    {"DIALECT=tecnativa ALLOW_EXEC=0", "newer tecnativa/docker-socket-proxy and does nothing here"},
    {"DIALECT=tecnativa LIBPOD_CONTAINERS=1",
     "linuxserver/socket-proxy and does nothing here; DIALECT=linuxserver reads"},
    {"DIALECT=tecnativa CONTAINERS_CREATE=1", "POST and CONTAINERS govern create; DIALECT=fluencelabs reads it"},
    {"ALLOW_LOGS=1", "CONTAINERS governs logs; DIALECT=tecnativa-next or DIALECT=linuxserver reads it"},
    {"DELETE=1", "DIALECT=tecnativa-next or DIALECT=fluencelabs reads it"},
    {"DIALECT=linuxserver LIBPOD_PODS=1", NULL},
    {"DIALECT=linuxserver ALLOW_START=1", NULL},
    {"LIBPOD_ALLOW_POD_START=1", NULL},
    {"DIALECT=linuxserver LIBPOD_PODS=true", "LIBPOD_PODS=true is off"},
    {"DIALECT=linuxserver LIBPOD_POD=1", "did you mean LIBPOD_PODS=1?"},
    {"DIALECT=linuxserver PODS=1", "did you mean LIBPOD_PODS=1?"},
    {"DIALECT=linuxserver CONTAINERS_CREATE=1",
     "does nothing in the linuxserver dialect; DIALECT=fluencelabs reads it"},
    {"DIALECT=linuxserver CONTAINERS=1 LOGS=1", "did you mean ALLOW_LOGS=1?"},
    {"DIALECT=linuxserver ALLOW_LOGS=1", "ALLOW_LOGS=1 opens no path by itself, it only lifts a refusal"},
    {"DIALECT=linuxserver ALLOW_LOGS=1 LIBPOD_CONTAINERS=1", NULL},
    {"DIALECT=linuxserver BUILD=1", "BUILD=1 does nothing while POST=0"},
    {"DIALECT=tecnativa-next ALLOW_START=1", "ALLOW_START=1 does nothing while POST=0, which refuses POST"},
    {"DIALECT=tecnativa-next DELETE=1", "DELETE=1 opens no path by itself"},
    {"DIALECT=tecnativa-next DELETE=1 IMAGES=1", NULL},
    {"DIALECT=fluencelabs IMAGES_PULL=1",
     "IMAGES_PULL=1 is no setting and does nothing; IMAGES_CREATE, IMAGES_PRUNE and IMAGES_DELETE are"},
    {"DIALECT=fluencelabs CONTAINERS_LOGS=1",
     "CONTAINERS_EXEC, CONTAINERS_CREATE, CONTAINERS_PRUNE and CONTAINERS_DELETE are"},
    {"DIALECT=linuxserver TZ=Europe/Berlin", "TZ does nothing: the times of the log are UTC"},
    {"DIALECT=linuxserver TZ=Etc/UTC", NULL},
    {"DIALECT=tecnativa TZ=Europe/Berlin", NULL},
    {"DIALECT=linuxserver VOLUMES_LIST=1", "VOLUMES governs its section"},
    {"DIALECT=linuxserver LIBPOD_ALLOW_REMOVAL=1", "LIBPOD_ALLOW_RESTARTS"},
    {"DIALECT=tecnativa-next POST=1 CONTAINERS=1 EXEC=0", NULL},
    {"DIALECT=tecnativa-next POST=1 CONTAINERS=1 EXEC=0 ALLOW_EXEC=1", "EXEC=0 does not close exec creation"},
    {"DIALECT=tecnativa-next ALLOW_FOO=1", "ALLOW_EXEC, ALLOW_KILL"},
    {"DIALECT=fluencelabs CONTAINERS_CREATE=1", "CONTAINERS_CREATE=1 does nothing while POST=0"},
    {"DIALECT=fluencelabs IMAGES_DELETE=1", "did you mean DELETE=1 too?"},
    {"DIALECT=fluencelabs IMAGES_DELETE=1 DELETE=1", NULL},
    {"DIALECT=fluencelabs GRPC=1", "GRPC=1 does nothing in the fluencelabs dialect; DIALECT=tecnativa"},
    {"DIALECT=fluencelabs IMAGES=1 CREATE=1", "did you mean CONTAINERS_CREATE=1?"},
};

/* What machines, shells and orchestrators set, and what is nobody's business here. */
static const struct warning_case ORDINARY[] = {
    {"PATH=/usr/bin:/bin", NULL},
    {"HOME=/root", NULL},
    {"HOSTNAME=1", NULL},
    {"HOST=1", NULL},
    {"PORT=1", NULL},
    {"TZ=Europe/Berlin", NULL},
    {"LANG=C.UTF-8", NULL},
    {"LC_ALL=C", NULL},
    {"TERM=xterm", NULL},
    {"SHLVL=1", NULL},
    {"_=/usr/bin/env", NULL},
    {"PWD=/", NULL},
    {"LINES=24", NULL},
    {"container=docker", NULL},
    {"CI=true", NULL},
    {"DEBUG=1", NULL},
    {"DOCKER_HOST=unix:///var/run/docker.sock", NULL},
    {"DOCKER_TLS_VERIFY=1", NULL},
    {"DOCKER_BUILDKIT=1", NULL},
    {"COMPOSE_PROJECT_NAME=web", NULL},
    {"COMPOSE_DOCKER_CLI_BUILD=1", NULL},
    {"KUBERNETES_SERVICE_HOST=10.0.0.1", NULL},
    {"KUBERNETES_SERVICE_PORT_HTTPS=443", NULL},
    {"SERVICE_NAME=proxy", NULL},
    {"SERVICE_PORT=1", NULL},
    {"SERVICE_TAGS=1", NULL},
    {"SOCKET_PROXY_SERVICE_HOST=10.0.0.1", NULL},
    {"SOCKET_PROXY_PORT=tcp://10.0.0.1:2375", NULL},
    {"SOCKET_PROXY_PORT_2375_TCP_PORT=2375", NULL},
    {"CETUSGUARD_SERVICE_PORT=2375", NULL},
    {"INFO_SERVICE_PORT=1", NULL},
    {"LISTEN_FDS=1", NULL},
    {"LISTEN_PID=1", NULL},
    {"LISTEN_FDNAMES=a", NULL},
    {"NOTIFY_SOCKET=/run/systemd/notify", NULL},
    {"INVOCATION_ID=1", NULL},
    {"JOURNAL_STREAM=8:1", NULL},
    {"WATCHDOG_USEC=1", NULL},
    {"MAINPID=1", NULL},
    {"SYSTEMD_EXEC_PID=1", NULL},
    {"XDG_SESSION_ID=1", NULL},
    {"DESKTOP_SESSION=gnome", NULL},
    {"SSH_AUTH_SOCK=/tmp/x", NULL},
    {"NODE_ENV=production", NULL},
    {"NODE_VERSION=18", NULL},
    {"PYTHONUNBUFFERED=1", NULL},
    {"PUID=0", NULL},
    {"PGID=0", NULL},
    {"UMASK=022", NULL},
    {"ASAN_OPTIONS=a=1", NULL},
    {"MALLOC_ARENA_MAX=1", NULL},
    {"START=now", NULL},
    {"PULL=always-x", NULL},
    {"RUN=/x", NULL},
    {"SOCKET_PATH=/x", NULL},
    {"LOG_LEVEL=info", NULL},
    {"DISABLE_IPV6=1", NULL},
    {"LISTEN=tcp://127.0.0.1:1", NULL},
    {"MAX_BODY_SIZE=1", NULL},
    {"=x", NULL},
    {"NOEQUALS", NULL},
    {"", NULL},
};

static void
check_warnings(const struct warning_case cases[], size_t count)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    for (size_t i = 0; i < count; i++) {
        const char *entry = cases[i].entry;
        struct words words;
        char *whole[] = {words.text, NULL};
        /* A value may have blanks in it: only where a dialect is named are there several variables. */
        bool several = strncmp(entry, "DIALECT=", 8) == 0;
        words_split(several ? entry : "", &words);
        if (!several)
            snprintf(words.text, sizeof(words.text), "%s", entry);
        collect(several ? words.list : whole, lines);
        if (lines->count != (cases[i].words != NULL ? 1 : 0))
            fail_msg("%s: %zu warnings: %s", entry, lines->count, lines->count > 0 ? lines->text[0] : "");
        if (cases[i].words != NULL && strstr(lines->text[0], cases[i].words) == NULL)
            fail_msg("%s: %s", entry, lines->text[0]);
    }
    free(lines);
}

#define CHECK(cases) check_warnings((cases), sizeof(cases) / sizeof((cases)[0]))

static void
a_value_that_is_read_in_another_way_than_it_looks_is_told(void **state)
{
    (void)state;
    CHECK(VALUES);
}

static void
a_misspelt_invented_or_foreign_name_is_told_with_what_it_should_be(void **state)
{
    (void)state;
    CHECK(NAMES);
}

static void
a_name_is_told_by_what_the_dialect_in_force_makes_of_it(void **state)
{
    (void)state;
    CHECK(IN_DIALECTS);
}

static void
an_ordinary_environment_is_not_warned_about(void **state)
{
    (void)state;
    CHECK(ORDINARY);
}

static void
each_switch_at_1_and_0_is_no_reason_to_warn_when_POST_is_on_with_a_section(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    char all[] = EVERYTHING;
    char *environment[64];
    size_t count = 0;
    char *rest = all;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " "))
        environment[count++] = word;
    environment[count] = NULL;
    collect(environment, lines);
    assert_int_equal(lines->count, 0);
    char *empty[] = {NULL};
    collect(empty, lines);
    assert_int_equal(lines->count, 0);
    free(lines);
}

struct together_case {
    const char *const entries[4];
    const char *words;
};

static const struct together_case TOGETHER[] = {
    {{"ALLOW_START=1"}, "ALLOW_START=1 does nothing while POST=0"},
    {{"ALLOW_RESTARTS=1", "CONTAINERS=1"}, "did you mean POST=1 too?"},
    {{"ALLOW_STOP=1"}, "did you mean POST=1 too? With DIALECT=linuxserver it needs none"},
    {{"ALLOW_KILL=1", "ALLOW_PAUSE=0", "CONTAINERS=1", "ALLOW_STOP=1"}, "With DIALECT=linuxserver it needs none"},
    {{"ALLOW_STOP=1", "DIALECT=tecnativa"}, "GET and HEAD; did you mean POST=1 too?\n"},
    {{"CONTAINERS_START=1", "DIALECT=fluencelabs"}, "which refuses POST; did you mean POST=1 too?\n"},
    {{"CONTAINERS_ATTACH=1", "DIALECT=fluencelabs"}, NULL}, /* a GET of attach/ws is a console */
    {{"BUILD=1", "DIALECT="}, "did you mean POST=1 too?\n"},
    {{"ALLOW_START=1", "POST=1"}, NULL},
    {{"BUILD=1"}, "BUILD=1 does nothing while POST=0"},
    {{"SESSION=1"}, "SESSION=1 does nothing while POST=0"},
    {{"SERVICES=1"}, NULL},
    {{"EXEC=1"}, NULL},
    {{"POST=1"}, "POST=1 opens no path by itself"},
    {{"POST=1", "EVENTS=1"}, "POST=1 opens no path by itself"},
    {{"POST=1", "INFO=1"}, NULL},
    {{"POST=1", "CONTAINERS=1"}, NULL},
    {{"POST=1", "CONTAINERS=1", "EXEC=0"}, "EXEC=0 does not close exec creation"},
    {{"POST=1", "CONTAINERS=1", "EXEC=1"}, NULL},
    {{"POST=0", "CONTAINERS=1", "EXEC=0"}, NULL},
};

static void
switches_that_are_of_no_use_without_another_are_told(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    for (size_t i = 0; i < sizeof(TOGETHER) / sizeof(TOGETHER[0]); i++) {
        char entries[4][32];
        char *environment[5] = {NULL};
        for (size_t j = 0; j < 4 && TOGETHER[i].entries[j] != NULL; j++) {
            snprintf(entries[j], sizeof(entries[j]), "%s", TOGETHER[i].entries[j]);
            environment[j] = entries[j];
        }
        collect(environment, lines);
        assert_int_equal(lines->count, TOGETHER[i].words != NULL ? 1 : 0);
        char whole[sizeof(lines->text[0]) + 2]; /* with its end, which some of the words name */
        snprintf(whole, sizeof(whole), "%s\n", lines->count > 0 ? lines->text[0] : "");
        if (TOGETHER[i].words != NULL && strstr(whole, TOGETHER[i].words) == NULL)
            fail_msg("%s: %s", TOGETHER[i].entries[0], whole);
    }
    free(lines);
}

static void
a_value_that_could_be_a_secret_is_never_repeated(void **state)
{
    (void)state;
    static const char *const ENTRIES[] = {"AUTH=hunter2",    "SECRETS=s3cret",      "SP_ALLOW_GET=hunter2",
                                          "AUTHS=hunter2",   "LISTENS=hunter2",     "ALLOWED_PATHS=hunter2",
                                          "VERSION=hunter2", "CETUSGUARD_X=s3cret", NULL};
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    for (size_t i = 0; ENTRIES[i] != NULL; i++) {
        char entry[64];
        snprintf(entry, sizeof(entry), "%s", ENTRIES[i]);
        char *environment[] = {entry, NULL};
        collect(environment, lines);
        for (size_t j = 0; j < lines->count; j++) {
            assert_null(strstr(lines->text[j], "hunter2"));
            assert_null(strstr(lines->text[j], "s3cret"));
        }
    }
    free(lines);
}

static void
an_overlong_name_or_value_is_cut_in_a_warning(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    char *entry = malloc(100000);
    assert_non_null(lines);
    assert_non_null(entry);
    memset(entry, 'A', 99999);
    entry[99999] = '\0';
    memcpy(entry, "LIBPOD_", 7);
    memcpy(entry + 50000, "=1", 2);
    char *environment[] = {entry, NULL};
    collect(environment, lines);
    assert_int_equal(lines->count, 1);
    memcpy(entry, "INFO=", 5);
    collect(environment, lines);
    assert_int_equal(lines->count, 1);
    free(entry);
    free(lines);
}

struct grant_case {
    const char *settings;
    const char *const lines[8];
};

static const struct grant_case GRANTS[] = {
    {"",
     {"EVENTS=1: GET and HEAD of /events", "PING=1: GET and HEAD of /_ping", "VERSION=1: GET and HEAD of /version"}},
    {"EVENTS=0 PING=0 VERSION=0", {"nothing: every request is refused"}},
    {"EVENTS=0 PING=0 VERSION=0 POST=1", {"nothing: every request is refused"}},
    {"EVENTS=0 PING=0 VERSION=0 CONTAINERS=1",
     {"CONTAINERS=1: GET and HEAD below /containers; environment, logs, archive, export and the attach/ws console "
      "included"}},
    {"EVENTS=0 PING=0 VERSION=0 CONTAINERS=1 POST=1 ALLOW_START=1 ALLOW_RESTARTS=1 INFO=1",
     {"ALLOW_START=1 with POST=1: every method of /containers/{id}/start",
      "ALLOW_RESTARTS=1 with POST=1: every method of /containers/{id}/stop, restart or kill",
      "INFO=1 with POST=1: every method of /info",
      "CONTAINERS=1 with POST=1: every method below /containers; create, delete, attach and exec creation included"}},
    {"EVENTS=0 PING=0 VERSION=0 ALLOW_STOP=1",
     {"ALLOW_STOP=1: GET and HEAD of /containers/{id}/stop; the engine has no such call, it would need POST=1"}},
    {"EVENTS=0 PING=0 VERSION=0 NETWORKS=1", {"NETWORKS=1: GET and HEAD of /networks and all below"}},
    {"DIALECT=tecnativa-next EVENTS=0 PING=0 VERSION=0 POST=1 DELETE=1 ALLOW_EXEC=1 ALLOW_KILL=1 ALLOW_ATTACH=1 "
     "ALLOW_ARCHIVE=1 ALLOW_EXPORT=1 NETWORKS=1 ALLOW_START=1",
     {"ALLOW_START=1 with POST=1 and DELETE=1: GET, HEAD, POST and DELETE of /containers/{id}/start",
      "NETWORKS=1 with POST=1 and DELETE=1: GET, HEAD, POST and DELETE of /networks and all below; create, connect and "
      "delete included",
      "ALLOW_LOGS=0: refuses /containers/{id}/logs*, whatever else is on"}},
    {"DIALECT=linuxserver EVENTS=0 PING=0 VERSION=0 LIBPOD_PING=0 LIBPOD_VERSION=0 ALLOW_START=1 ALLOW_TOP=1 "
     "ALLOW_CHANGES=1 ALLOW_EXPORT=1 ALLOW_ARCHIVE=1",
     {"ALLOW_START=1: every method of /containers/{id}/start, and the same below /libpod/containers and /libpod/pods",
      "ALLOW_LOGS=0: refuses /containers/{id}/logs*, and the same below /libpod/containers and /libpod/pods, whatever "
      "else is on"}},
    {"DIALECT=fluencelabs EVENTS=0 PING=0 VERSION=0 POST=1 CONTAINERS_CREATE=1 CONTAINERS_ATTACH=1 IMAGES_DELETE=1",
     {"CONTAINERS_ATTACH=1 with POST=1: GET, HEAD and POST of /containers/{id}/attach or attach/ws; the attach/ws "
      "console of GET included",
      "CONTAINERS_CREATE=1 with POST=1: GET, HEAD and POST of /containers/create",
      "IMAGES_DELETE=1: nothing of /images/{name} and all below; it would need DELETE=1"}},
    {"DIALECT=fluencelabs EVENTS=0 PING=0 VERSION=0 CONTAINERS_ATTACH=1 CONTAINERS_START=1 DELETE=1 IMAGES=1",
     {"CONTAINERS_START=1 with DELETE=1: GET, HEAD and DELETE of /containers/{id}/start; the engine has no such call, "
      "it "
      "would need POST=1",
      "CONTAINERS_ATTACH=1 with DELETE=1: GET, HEAD and DELETE of /containers/{id}/attach or attach/ws; the attach/ws "
      "console of GET included",
      "IMAGES=1 with DELETE=1: GET, HEAD and DELETE below /images; export included"}},
    {"DIALECT=tecnativa-next EVENTS=0 PING=0 VERSION=0 POST=1 NETWORKS=1 NODES=1",
     {"NETWORKS=1 with POST=1: GET, HEAD and POST of /networks and all below; create, connect included",
      "NODES=1 with POST=1: GET, HEAD and POST of /nodes and all below; update included"}},
};

static void
each_grant_in_force_is_one_sentence_the_narrowest_first(void **state)
{
    (void)state;
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    for (size_t i = 0; i < sizeof(GRANTS) / sizeof(GRANTS[0]); i++) {
        struct policy *policy = policy_of(GRANTS[i].settings);
        lines->count = 0;
        policy_grants(policy, keep_line, lines);
        policy_unref(policy);
        size_t wanted = 0;
        for (; GRANTS[i].lines[wanted] != NULL; wanted++) {
            assert_true(wanted < lines->count);
            assert_string_equal(lines->text[wanted], GRANTS[i].lines[wanted]);
        }
        assert_int_equal(lines->count, wanted);
    }
    free(lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_that_is_read_in_another_way_than_it_looks_is_told),
        cmocka_unit_test(a_misspelt_invented_or_foreign_name_is_told_with_what_it_should_be),
        cmocka_unit_test(a_name_is_told_by_what_the_dialect_in_force_makes_of_it),
        cmocka_unit_test(an_ordinary_environment_is_not_warned_about),
        cmocka_unit_test(each_switch_at_1_and_0_is_no_reason_to_warn_when_POST_is_on_with_a_section),
        cmocka_unit_test(switches_that_are_of_no_use_without_another_are_told),
        cmocka_unit_test(a_value_that_could_be_a_secret_is_never_repeated),
        cmocka_unit_test(an_overlong_name_or_value_is_cut_in_a_warning),
        cmocka_unit_test(each_grant_in_force_is_one_sentence_the_narrowest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
