/* Every setting of the process: its default, its bounds, and what is said about a bad value. */

#include "config_take.h"

/* The quantities, said once more than in options.def: a changed default is a changed promise. */
static const struct quantity {
    const char *name;
    size_t offset;
    uint64_t initial;
    const char *least; /* is taken, and so is `most` */
    uint64_t least_is;
    const char *most;
    uint64_t most_is;
    const char *below; /* NULL where nothing is below */
    const char *above;
    const char *beside; /* another setting that must give room, or NULL */
} quantities[] = {
#define AT(member) offsetof(struct config, member)
    {"HEAD_TIMEOUT", AT(head_timeout), 10000, "10ms", 10, "1h", 3600000, "9ms", "3601s", NULL},
    {"IDLE_TIMEOUT", AT(idle_timeout), 120000, "10ms", 10, "24h", 86400000, "9ms", "1441m", NULL},
    {"ANSWER_TIMEOUT", AT(answer_timeout), 600000, "0", 0, "24h", 86400000, NULL, "86401", NULL},
    {"CONNECT_TIMEOUT", AT(connect_timeout), 10000, "10ms", 10, "3600", 3600000, "9ms", "61m", NULL},
    {"SHUTDOWN_GRACE", AT(shutdown_grace), 5000, "0s", 0, "60m", 3600000, NULL, "3600001ms", NULL},
    {"TCP_KEEPALIVE", AT(tcp_keepalive), 30000, "1", 1000, "2h", 7200000, "999ms", "3h", NULL},
    {"MAX_HEAD_SIZE", AT(max_head_size), 65536, "1k", 1024, "1m", 1048576, "1023", "1048577", "MAX_TARGET_SIZE=256"},
    {"MAX_HEAD_FIELDS", AT(max_head_fields), 128, "8", 8, "256", 256, "7", "257", NULL},
    {"MAX_TARGET_SIZE", AT(max_target_size), 16384, "256", 256, "256K", 262144, "255", "257k", "MAX_HEAD_SIZE=1m"},
    {"MAX_BODY_SIZE", AT(max_body_size), 4194304, "1024", 1024, "64M", 67108864, "1023", "65m", NULL},
    {"MAX_REFUSED_BODY_SIZE", AT(max_refused_body_size), 65536, "0", 0, "64m", 67108864, NULL, "67108865", NULL},
    {"MAX_CHUNK_EXTENSION_SIZE", AT(max_chunk_extension_size), 1024, "0", 0, "64k", 65536, NULL, "65k", NULL},
    {"MAX_TRAILERS_SIZE", AT(max_trailers_size), 8192, "2", 2, "1m", 1048576, "1", "2m", NULL},
    {"MAX_ANSWER_HEAD_SIZE", AT(max_answer_head_size), 262144, "1k", 1024, "16m", 16777216, "1023", "17m", NULL},
    {"BUFFER_HIGH", AT(buffer_high), 65536, "4k", 4096, "16m", 16777216, "4095", "16385k", "BUFFER_LOW=0"},
    {"BUFFER_LOW", AT(buffer_low), 16384, "0", 0, "16777215", 16777215, NULL, "16777217", "BUFFER_HIGH=16m"},
    {"MAX_CONNECTIONS", AT(max_connections), 4096, "1", 1, "1000000", 1000000, "0", "1000001", NULL},
#undef AT
};

static const char *const others[] = {"LISTEN",     "SOCKET_PATH", "DIALECT", "DISABLE_IPV6", "LOG_LEVEL",
                                     "LOG_FORMAT", "PUID",        "PGID",    "SANDBOX"};

static uint64_t
quantity_of(const struct config *config, const struct quantity *quantity)
{
    uint64_t value;
    memcpy(&value, (const char *)config + quantity->offset, sizeof(value));
    return value;
}

static void
each_option_has_its_rows_here(void **state)
{
    (void)state;
    const char *const *names = config_option_names();
    size_t count = 0;
    for (; names[count] != NULL; count++) {
        size_t found = 0;
        for (size_t i = 0; i < COUNT_OF(quantities); i++)
            found += strcmp(quantities[i].name, names[count]) == 0;
        for (size_t i = 0; i < COUNT_OF(others); i++)
            found += strcmp(others[i], names[count]) == 0;
        CHECK(names[count], found == 1);
    }
    assert_int_equal(count, COUNT_OF(quantities) + COUNT_OF(others));
}

static void
an_empty_environment_gives_the_defaults(void **state)
{
    (void)state;
    struct config *config = take(NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(quantities); i++)
        CHECK(quantities[i].name, quantity_of(config, &quantities[i]) == quantities[i].initial);
    assert_int_equal(config->listener_count, 1);
    assert_string_equal(config->listeners[0].address.name, "tcp://127.0.0.1:2375");
    assert_string_equal(config->engine.name, "unix:/var/run/docker.sock");
    assert_false(config->disable_ipv6);
    assert_int_equal(config->log_level, LOG_LEVEL_INFO);
    assert_int_equal(config->log_format, LOG_FORMAT_AUTO);
    assert_int_equal(config->marks.high, 65536);
    assert_int_equal(config->marks.low, 16384);
    assert_non_null(config->listeners[0].policy);
    config_unref(config);
    config_unref(NULL);
}

static void
quantities_are_taken_up_to_their_bounds_and_not_beyond(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(quantities); i++) {
        const struct quantity *quantity = &quantities[i];
        char setting[64];
        snprintf(setting, sizeof(setting), "%s=%s", quantity->name, quantity->least);
        struct config *config = take(setting, quantity->beside);
        CHECK(setting, quantity_of(config, quantity) == quantity->least_is);
        config_unref(config);
        snprintf(setting, sizeof(setting), "%s=%s", quantity->name, quantity->most);
        config = take(setting, quantity->beside);
        CHECK(setting, quantity_of(config, quantity) == quantity->most_is);
        config_unref(config);
        if (quantity->below != NULL) {
            snprintf(setting, sizeof(setting), "%s=%s", quantity->name, quantity->below);
            expect_refusal(setting, " from ");
        }
        snprintf(setting, sizeof(setting), "%s=%s", quantity->name, quantity->above);
        expect_refusal(setting, " to ");
    }
}

static void
what_is_no_quantity_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        " ",
        "x",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1.5",
        "0x400",
        "1e3",
        "1kk",
        "1d",
        "10 s",
        "10s,",
        "ten",
        "1_000",
        "\xc2\xb2",
        "18446744073709551616",
        "99999999999999999999999h",
        "18446744073709551615k",
    };
    for (size_t i = 0; i < COUNT_OF(quantities); i++) {
        for (size_t j = 0; j < COUNT_OF(values); j++) {
            char problem[CONFIG_PROBLEM_SIZE];
            char setting[64];
            snprintf(setting, sizeof(setting), "%s=%s", quantities[i].name, values[j]);
            assert_null(configure(problem, setting, NULL));
            CHECK(problem, strncmp(problem, quantities[i].name, strlen(quantities[i].name)) == 0);
            CHECK(problem, strstr(problem, "; takes ") != NULL);
        }
    }
    expect_refusal("HEAD_TIMEOUT=10k", "a time such as 500ms");
    expect_refusal("MAX_HEAD_SIZE=10s", "a number of bytes");
    expect_refusal("MAX_HEAD_FIELDS=1k", "a whole number");
    expect_refusal("MAX_CONNECTIONS=10m", "from 1 to 1000000");
    expect_refusal("TCP_KEEPALIVE=1ms", "from 1s to 2h");
    expect_refusal("HEAD_TIMEOUT=0", "from 10ms to 1h");
}

static void
units_are_taken_in_any_case(void **state)
{
    (void)state;
    static const struct {
        const char *setting;
        size_t offset;
        uint64_t value;
    } rows[] = {
        {"HEAD_TIMEOUT=1500MS", offsetof(struct config, head_timeout), 1500},
        {"HEAD_TIMEOUT=2", offsetof(struct config, head_timeout), 2000},
        {"HEAD_TIMEOUT=2S", offsetof(struct config, head_timeout), 2000},
        {"HEAD_TIMEOUT=2m", offsetof(struct config, head_timeout), 120000},
        {"IDLE_TIMEOUT=2H", offsetof(struct config, idle_timeout), 7200000},
        {"HEAD_TIMEOUT=0010", offsetof(struct config, head_timeout), 10000},
        {"MAX_BODY_SIZE=2000", offsetof(struct config, max_body_size), 2000},
        {"MAX_BODY_SIZE=2K", offsetof(struct config, max_body_size), 2048},
        {"MAX_BODY_SIZE=2m", offsetof(struct config, max_body_size), 2097152},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct config *config = take(rows[i].setting, NULL);
        uint64_t value;
        memcpy(&value, (const char *)config + rows[i].offset, sizeof(value));
        CHECK(rows[i].setting, value == rows[i].value);
        config_unref(config);
    }
}

static void
a_snapshot_lives_until_its_last_reference_is_gone(void **state)
{
    (void)state;
    struct config *config = take("LISTEN=unix:/a,unix:/b", NULL);
    assert_ptr_equal(config_ref(config), config);
    config_unref(config);
    assert_string_equal(config->listeners[1].name, "unix:/b");
    assert_ptr_equal(config->listeners[0].policy, config->listeners[1].policy);
    config_unref(config);
}

static void
settings_that_exclude_each_other_are_refused_together(void **state)
{
    (void)state;
    static const struct {
        const char *one;
        const char *two;
        const char *problem;
    } rows[] = {
        {"BUFFER_LOW=64k", NULL, "BUFFER_LOW=64k: not taken; takes a size below BUFFER_HIGH, which is 64k (default)"},
        {"BUFFER_HIGH=16k", NULL, "BUFFER_HIGH=16k: not taken; takes a size above BUFFER_LOW, which is 16k (default)"},
        {"MAX_HEAD_SIZE=16k", NULL,
         "MAX_HEAD_SIZE=16k: not taken; takes a size above MAX_TARGET_SIZE, which is 16k (default)"},
        {"MAX_HEAD_SIZE=2k", "MAX_TARGET_SIZE=3k",
         "MAX_TARGET_SIZE=3k: not taken; takes a size below MAX_HEAD_SIZE, which is 2k (environment MAX_HEAD_SIZE)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char problem[CONFIG_PROBLEM_SIZE];
        assert_null(configure(problem, rows[i].one, rows[i].two));
        CHECK_TEXT(rows[i].one, problem, rows[i].problem);
    }
}

static void
the_first_of_two_settings_counts_and_only_whole_names_do(void **state)
{
    (void)state;
    struct config *config = take("MAX_HEAD_FIELDS=9", "MAX_HEAD_FIELDS=10");
    assert_int_equal(config->max_head_fields, 9);
    config_unref(config);
    config = take("MAX_HEAD_FIELDSX=9", "XMAX_HEAD_FIELDS=10");
    assert_int_equal(config->max_head_fields, 128);
    config_unref(config);
    config = take("MAX_HEAD_FIELDS", "max_head_fields=10");
    assert_int_equal(config->max_head_fields, 128);
    config_unref(config);
}

static void
a_message_is_one_line_whatever_the_value_holds(void **state)
{
    (void)state;
    static const char *const names[] = {"LISTEN", "SOCKET_PATH", "LOG_LEVEL", "LOG_FORMAT", "MAX_BODY_SIZE"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char problem[CONFIG_PROBLEM_SIZE];
        char setting[2048];
        snprintf(setting, sizeof(setting), "%s=a\nb\r\x1b[2J\x7f", names[i]);
        assert_null(configure(problem, setting, NULL));
        for (const char *at = problem; *at != '\0'; at++)
            CHECK(names[i], (unsigned char)*at >= 0x20 && *at != 0x7f);
        CHECK(problem, strstr(problem, "; takes ") != NULL);
        int length = snprintf(setting, sizeof(setting), "%s=", names[i]);
        memset(setting + length, 'v', 1500);
        setting[length + 1500] = '\0';
        assert_null(configure(problem, setting, NULL));
        CHECK(names[i], memchr(problem, '\0', CONFIG_PROBLEM_SIZE) != NULL);
        CHECK(problem, strstr(problem, "; takes ") != NULL);
    }
}

static void
the_help_has_a_paragraph_for_each_option(void **state)
{
    (void)state;
    char *help = NULL;
    size_t size = 0;
    FILE *output = open_memstream(&help, &size);
    assert_non_null(output);
    config_print_help(output);
    assert_int_equal(fclose(output), 0);
    const char *at = help;
    for (const char *const *name = config_option_names(); *name != NULL; name++) {
        char begin[64];
        snprintf(begin, sizeof(begin), "  %s (", *name);
        at = strstr(at, begin);
        CHECK(*name, at != NULL);
    }
    free(help);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_option_has_its_rows_here),
        cmocka_unit_test(an_empty_environment_gives_the_defaults),
        cmocka_unit_test(quantities_are_taken_up_to_their_bounds_and_not_beyond),
        cmocka_unit_test(what_is_no_quantity_is_refused),
        cmocka_unit_test(units_are_taken_in_any_case),
        cmocka_unit_test(a_snapshot_lives_until_its_last_reference_is_gone),
        cmocka_unit_test(settings_that_exclude_each_other_are_refused_together),
        cmocka_unit_test(the_first_of_two_settings_counts_and_only_whole_names_do),
        cmocka_unit_test(a_message_is_one_line_whatever_the_value_holds),
        cmocka_unit_test(the_help_has_a_paragraph_for_each_option),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
