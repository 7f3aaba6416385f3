/* The settings that are no quantities: words, accounts, addresses; what each takes and what is said of the rest. */

#include "config_take.h"

static void
DIALECT_is_a_word_or_told_by_a_switch(void **state)
{
    (void)state;
    struct config *config = take("DIALECT=fluencelabs", NULL);
    assert_string_equal(config->dialect, "fluencelabs");
    config_unref(config);
    config = take("LIBPOD_INFO=1", NULL);
    assert_string_equal(config->dialect, "linuxserver");
    config_unref(config);
    config = take("DIALECT=", NULL);
    assert_string_equal(config->dialect, "tecnativa");
    config_unref(config);
    expect_refusal("DIALECT=linuxservr", "did you mean linuxserver?");
    expect_refusal("DIALECT=haproxy", "tecnativa, tecnativa-next, linuxserver or fluencelabs");
}

static void
PUID_and_PGID_are_numbers_or_names(void **state)
{
    (void)state;
    struct config *config = take("PUID=1000", "PGID=0");
    assert_int_equal(config->user, 1000);
    assert_int_equal(config->group, 0);
    config_unref(config);
    config = take("PUID=daemon", "PGID=daemon");
    assert_int_equal(config->user, 1);
    assert_int_equal(config->group, 1);
    config_unref(config);
    config = take("PUID=4294967294", NULL);
    assert_int_equal(config->user, 4294967294U);
    config_unref(config);
    expect_refusal("PUID=4294967295", "the number of a user");
    expect_refusal("PUID=", "the number of a user");
    expect_refusal("PUID=-1", "the number of a user");
    expect_refusal("PUID=0x10", "the number of a user");
    expect_refusal("PUID=10000000000", "the number of a user");
    expect_refusal("PGID=1000:1000", "the number of a group");
    expect_refusal("PGID=nosuchgroup", "the name of one that this machine has");
}

static void
SANDBOX_is_one_of_three_words(void **state)
{
    (void)state;
    struct config *config = take("SANDBOX=require", NULL);
    assert_int_equal(config->sandbox, SANDBOX_REQUIRE);
    config_unref(config);
    config = take("SANDBOX=no", NULL);
    assert_int_equal(config->sandbox, SANDBOX_NO);
    config_unref(config);
    expect_refusal("SANDBOX=1", "yes, no or require");
}

static void
listeners_are_a_list(void **state)
{
    (void)state;
    struct config *config = take("LISTEN=tcp://127.0.0.1:0 ,  unix:/run/a.sock,tcp://[::1]:5,", NULL);
    assert_int_equal(config->listener_count, 3);
    assert_string_equal(config->listeners[0].address.name, "tcp://127.0.0.1:0");
    assert_string_equal(config->listeners[1].address.name, "unix:/run/a.sock");
    assert_string_equal(config->listeners[2].address.name, "tcp://[::1]:5");
    config_unref(config);
    char many[16 * CONFIG_LISTENERS_MAX] = "LISTEN=unix:/a";
    for (size_t i = 1; i < CONFIG_LISTENERS_MAX; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), ",unix:/a%zu", i);
    config = take(many, NULL);
    assert_int_equal(config->listener_count, CONFIG_LISTENERS_MAX);
    config_unref(config);
    char problem[CONFIG_PROBLEM_SIZE];
    strcat(many, ",unix:/b");
    assert_null(configure(problem, many, NULL));
    assert_non_null(strstr(problem, "more than 512"));
    expect_refusal("LISTEN=", "it names no address");
    expect_refusal("LISTEN=,", "there is no address");
    expect_refusal("LISTEN=tcp://127.0.0.1:1,,unix:/a", "there is no address");
    expect_refusal("LISTEN=unix:/a unix:/b", "commas stand between addresses");
    expect_refusal("LISTEN=unix:/a;unix:/b", "commas stand between addresses");
    expect_refusal("LISTEN=unix:/a,tcp://127.0.0.1:99999", "(tcp://127.0.0.1:99999: the port is a number");
    expect_refusal("LISTEN=127.0.0.1:2375", "a comma list of tcp://ADDRESS:PORT, unix:PATH and systemd:NAME");
    expect_refusal("LISTEN=unix:/a,tcp://localhost:1", "must be numeric");
    assert_null(configure(problem, "LISTEN=unix:/a,unix:/b,unix:///a", NULL));
    assert_string_equal(problem, "LISTEN=unix:/a: not taken: it stands twice; takes each place once");
    assert_null(configure(problem, "LISTEN=tcp://[::]:1,tcp://[::1]:1", NULL));
    assert_string_equal(problem,
                        "LISTEN=tcp://[::1]:1: not taken: it overlaps with tcp://[::]:1; takes each place once");
    config = take("LISTEN=tcp://0.0.0.0:1,tcp://[::1]:1,tcp://127.0.0.1:2", "SOCKET_PATH=tcp://192.0.2.1:1");
    assert_int_equal(config->listener_count, 3);
    config_unref(config);
    assert_null(configure(problem, "LISTEN=unix:/a", "SOCKET_PATH=/a"));
    assert_string_equal(problem, "LISTEN=unix:/a: not taken: that is where the engine is; takes another place");
}

static void
the_engine_is_an_address(void **state)
{
    (void)state;
    struct config *config = take("SOCKET_PATH=unix@/a/b.sock", NULL);
    assert_string_equal(config->engine.name, "unix:/a/b.sock");
    config_unref(config);
    expect_refusal("SOCKET_PATH=", "an absolute path, unix:PATH");
    expect_refusal("SOCKET_PATH=docker.sock", "neither an absolute path nor HOST:PORT");
    expect_refusal("SOCKET_PATH=http://127.0.0.1:2375", "http:// is no scheme here");
}

static void
three_words_disable_ipv6_and_for_linuxserver_one(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        bool disables;
    } rows[] = {
        {"DISABLE_IPV6=1", true},   {"DISABLE_IPV6=true", true}, {"DISABLE_IPV6=TRUE", true},
        {"DISABLE_IPV6=Yes", true}, {"DISABLE_IPV6=", false},    {"DISABLE_IPV6=0", false},
        {"DISABLE_IPV6=no", false}, {"DISABLE_IPV6=2", false},   {"DISABLE_IPV6=on", false},
        {"DISABLE_IPV6= 1", false}, {"DISABLE_IPV6=01", false},  {"DISABLE_IPV6=y", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = take(rows[i].setting, "LISTEN=tcp://[::]:5,unix:/a");
        CHECK_TEXT(rows[i].setting, config->listeners[0].address.name,
                   rows[i].disables ? "tcp://0.0.0.0:5" : "tcp://[::]:5");
        assert_string_equal(config->listeners[1].address.name, "unix:/a");
        config_unref(config);
    }
    static const char *const words[] = {"DISABLE_IPV6=1", "DISABLE_IPV6=true", "DISABLE_IPV6=yes"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        /* A switch of linuxserver's: there 1 alone counts. */
        char *environment[] = {"LISTEN=tcp://[::]:5", (char *)(size_t)words[i], "LIBPOD_INFO=1", NULL};
        char problem[CONFIG_PROBLEM_SIZE];
        struct config *config = config_from_environment(environment, problem);
        CHECK_TEXT(words[i], config->listeners[0].address.name, i == 0 ? "tcp://0.0.0.0:5" : "tcp://[::]:5");
        config_unref(config);
    }
    char problem[CONFIG_PROBLEM_SIZE];
    assert_null(configure(problem, "DISABLE_IPV6=1", "LISTEN=tcp://[::1]:5"));
    assert_string_equal(problem,
                        "LISTEN=tcp://[::1]:5: not taken; takes IPv4 addresses and unix:PATH while DISABLE_IPV6 is on");
}

/* What a newer Tecnativa proxy takes, in HAProxy's words: the names of the listeners, with commas. */
static const struct {
    const char *value;
    const char *listeners;
} BINDS[] = {
    {"", "tcp://127.0.0.1:2375"},
    {"*:2375", "tcp://0.0.0.0:2375"},
    {":2375", "tcp://0.0.0.0:2375"},
    {"[::]:2375 v4v6", "tcp://[::]:2375"},
    {":::2375 v4v6", "tcp://[::]:2375"},
    {"::1:2375", "tcp://[::1]:2375"},
    {"ipv4@:2375", "tcp://0.0.0.0:2375"},
    {"ipv6@:2375", "tcp://[::]:2375"},
    {"ipv4@10.0.0.1:80,ipv6@[::1]:81", "tcp://10.0.0.1:80,tcp://[::1]:81"},
    {"/run/a.sock", "unix:/run/a.sock"},
    {"unix@/run/a.sock,127.0.0.1:2375", "unix:/run/a.sock,tcp://127.0.0.1:2375"},
    {"  /run/a.sock \t mode  660  ", "unix:/run/a.sock"},
};

static const struct {
    const char *value;
    const char *words; /* at the end of the message */
} BAD_BINDS[] = {
    {" ", "(it names no address)"},
    {",", "(it names no address)"},
    {"mode 660", "(mode: there is no port, as in 0.0.0.0:2375)"},
    {"2375", "(2375: there is no port, as in 0.0.0.0:2375)"},
    {"fd@3", "(fd@3: it is neither ADDRESS:PORT nor a path)"},
    {"abns@x", "(abns@x: it is neither ADDRESS:PORT nor a path)"},
    {"ipv4@[::1]:2375", "(ipv4@[::1]:2375: the address is of another family)"},
    {"ipv6@127.0.0.1:2375", "(ipv6@127.0.0.1:2375: the address is of another family)"},
    {"localhost:2375", "(localhost:2375: the address must be numeric: [::] for all, 127.0.0.1 for this host)"},
    {":2375-2380", "(:2375-2380: the port is a number from 1 to 65535, without leading zeros (0: any that is free))"},
    {"/run/", "(/run/: the path names a folder; a socket has a name in one, as in /run/x.sock)"},
    {":2375 ssl crt /x.pem", "(ssl: it has no meaning here)"},
    {":2375 v6only", "(v6only: it has no meaning here)"},
    {":2375 accept-proxy", "(accept-proxy: it has no meaning here)"},
    {":2375 mode 660", "(mode, user and group are of a unix socket, and there is none)"},
    {"/run/a.sock mode", "(mode: its value is missing)"},
    {"/run/a.sock mode 888", "(888: a mode is an octal number such as 660)"},
    {"/run/a.sock mode 7777", "(7777: a mode is an octal number such as 660)"},
    {"/run/a.sock user nobody-there", "(nobody-there: this machine has no such user)"},
    {"/run/a.sock gid -1", "(-1: this machine has no such group)"},
};

static struct config *
bind_config(const char *value, const char *more, char *problem)
{
    char setting[256];
    char *environment[] = {setting, (char *)(size_t) "DIALECT=tecnativa-next", (char *)(size_t)more, NULL};
    snprintf(setting, sizeof(setting), "BIND_CONFIG=%s", value);
    return config_from_environment(environment, problem);
}

static void
bind_config_says_where_to_listen_in_haproxys_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(BINDS); i++) {
        char problem[CONFIG_PROBLEM_SIZE] = "";
        char names[256] = "";
        struct config *config = bind_config(BINDS[i].value, "DISABLE_IPV6=1", problem);
        CHECK_TEXT(BINDS[i].value, problem, "");
        for (size_t j = 0; j < config->listener_count; j++) {
            size_t length = strlen(names);
            snprintf(names + length, sizeof(names) - length, "%s%s", j > 0 ? "," : "", config->listeners[j].name);
        }
        CHECK_TEXT(BINDS[i].value, names, BINDS[i].listeners);
        config_unref(config);
    }
}

static void
bind_config_with_words_that_mean_nothing_here_is_no_start(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(BAD_BINDS); i++) {
        char problem[CONFIG_PROBLEM_SIZE] = "";
        assert_null(bind_config(BAD_BINDS[i].value, "A=b", problem));
        size_t length = strlen(problem);
        size_t end = strlen(BAD_BINDS[i].words);
        CHECK_TEXT(BAD_BINDS[i].value, problem + (length > end ? length - end : 0), BAD_BINDS[i].words);
    }
}

static void
mode_user_and_group_of_bind_config_are_those_of_its_sockets(void **state)
{
    (void)state;
    char problem[CONFIG_PROBLEM_SIZE] = "";
    struct config *config = bind_config("/run/a.sock,:2375 mode 604 uid 12 group root", "A=b", problem);
    CHECK_TEXT("mode", problem, "");
    const struct address *there = &config->listeners[0].address;
    assert_true(there->has_mode);
    assert_int_equal(there->mode, 0604);
    assert_int_equal(there->owner, 12);
    assert_int_equal(there->group, 0);
    assert_false(config->listeners[1].address.has_mode);
    config_unref(config);
}

static void
listen_stands_above_bind_config_and_other_dialects_have_none(void **state)
{
    (void)state;
    static const char *const more[] = {"LISTEN=unix:/run/b.sock", "DIALECT=tecnativa", "DIALECT=linuxserver"};
    for (size_t i = 0; i < COUNT_OF(more); i++) {
        char problem[CONFIG_PROBLEM_SIZE] = "";
        char *environment[] = {(char *)(size_t) "BIND_CONFIG=/run/a.sock ssl", (char *)(size_t)more[i], NULL};
        struct config *config = config_from_environment(environment, problem);
        CHECK_TEXT(more[i], problem, "");
        CHECK_TEXT(more[i], config->listeners[0].name, i == 0 ? "unix:/run/b.sock" : "tcp://127.0.0.1:2375");
        config_unref(config);
    }
}

static void
levels_and_formats_are_words(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        enum log_level level;
    } rows[] = {
        {"LOG_LEVEL=debug", LOG_LEVEL_DEBUG},     {"LOG_LEVEL=info", LOG_LEVEL_INFO},
        {"LOG_LEVEL=", LOG_LEVEL_INFO},           {"LOG_LEVEL=notice", LOG_LEVEL_NOTICE},
        {"LOG_LEVEL=warning", LOG_LEVEL_WARNING}, {"LOG_LEVEL=err", LOG_LEVEL_ERR},
        {"LOG_LEVEL=crit", LOG_LEVEL_CRIT},       {"LOG_LEVEL=alert", LOG_LEVEL_ALERT},
        {"LOG_LEVEL=emerg", LOG_LEVEL_EMERG},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = take(rows[i].setting, NULL);
        CHECK(rows[i].setting, config->log_level == rows[i].level);
        config_unref(config);
    }
    expect_refusal("LOG_LEVEL=INFO", "debug, info, notice, warning, err, crit, alert or emerg");
    expect_refusal("LOG_LEVEL=warn", "debug, info");
    expect_refusal("LOG_LEVEL=7", "debug, info");
    static const struct {
        const char *setting;
        enum log_format format;
    } formats[] = {
        {"LOG_FORMAT=auto", LOG_FORMAT_AUTO},
        {"LOG_FORMAT=text", LOG_FORMAT_TEXT},
        {"LOG_FORMAT=json", LOG_FORMAT_JSON},
        {"LOG_FORMAT=journal", LOG_FORMAT_JOURNAL},
    };
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct config *config = take(formats[i].setting, NULL);
        CHECK(formats[i].setting, config->log_format == formats[i].format);
        config_unref(config);
    }
    expect_refusal("LOG_FORMAT=", "auto, text, json or journal");
    expect_refusal("LOG_FORMAT=JSON", "auto, text, json or journal");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(DIALECT_is_a_word_or_told_by_a_switch),
        cmocka_unit_test(PUID_and_PGID_are_numbers_or_names),
        cmocka_unit_test(SANDBOX_is_one_of_three_words),
        cmocka_unit_test(listeners_are_a_list),
        cmocka_unit_test(the_engine_is_an_address),
        cmocka_unit_test(three_words_disable_ipv6_and_for_linuxserver_one),
        cmocka_unit_test(bind_config_says_where_to_listen_in_haproxys_words),
        cmocka_unit_test(bind_config_with_words_that_mean_nothing_here_is_no_start),
        cmocka_unit_test(mode_user_and_group_of_bind_config_are_those_of_its_sockets),
        cmocka_unit_test(listen_stands_above_bind_config_and_other_dialects_have_none),
        cmocka_unit_test(levels_and_formats_are_words),
    };
    return cmocka_run_group_tests_name("config_values", tests, NULL, NULL);
}
