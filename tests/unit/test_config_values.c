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
    char many[1024] = "LISTEN=unix:/a";
    for (size_t i = 1; i < CONFIG_LISTENERS_MAX; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), ",unix:/a%zu", i);
    config = take(many, NULL);
    assert_int_equal(config->listener_count, CONFIG_LISTENERS_MAX);
    config_unref(config);
    char problem[CONFIG_PROBLEM_SIZE];
    strcat(many, ",unix:/b");
    assert_null(configure(problem, many, NULL));
    assert_non_null(strstr(problem, "too long"));
    expect_refusal("LISTEN=", "it names no address");
    expect_refusal("LISTEN=,", "there is no address");
    expect_refusal("LISTEN=tcp://127.0.0.1:1,,unix:/a", "there is no address");
    expect_refusal("LISTEN=unix:/a unix:/b", "commas stand between addresses");
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

static void
bind_config_is_not_taken_where_it_would_say_where_to_listen(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        const char *dialect;
        const char *listen;
        const char *problem; /* NULL: taken */
    } rows[] = {
        {"BIND_CONFIG=/run/a.sock mode 660", "DIALECT=tecnativa-next", "A=b",
         "BIND_CONFIG=/run/a.sock mode 660: not taken; LISTEN says where to listen, as in LISTEN=unix:/run/a.sock"},
        {"BIND_CONFIG=*:2375 v4v6", "ALLOW_EXEC=1", "A=b",
         "BIND_CONFIG=*:2375 v4v6: not taken; LISTEN says where to listen, as in LISTEN=tcp://0.0.0.0:2375"},
        {"BIND_CONFIG=/run/a.sock", "DIALECT=tecnativa-next", "LISTEN=unix:/run/a.sock", NULL},
        {"BIND_CONFIG=", "DIALECT=tecnativa-next", "A=b", NULL},
        {"BIND_CONFIG=/run/a.sock", "DIALECT=tecnativa", "A=b", NULL},
        {"BIND_CONFIG=/run/a.sock", "DIALECT=linuxserver", "A=b", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *environment[] = {(char *)(size_t)rows[i].setting, (char *)(size_t)rows[i].dialect,
                               (char *)(size_t)rows[i].listen, NULL};
        char problem[CONFIG_PROBLEM_SIZE] = "";
        struct config *config = config_from_environment(environment, problem);
        CHECK_TEXT(rows[i].setting, problem, rows[i].problem != NULL ? rows[i].problem : "");
        assert_true((config == NULL) == (rows[i].problem != NULL));
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
        cmocka_unit_test(bind_config_is_not_taken_where_it_would_say_where_to_listen),
        cmocka_unit_test(levels_and_formats_are_words),
    };
    return cmocka_run_group_tests_name("config_values", tests, NULL, NULL);
}
