#include "support.h"

#include "policy/policy.h"
#include "proxy/allow_from.h"
#include "proxy/config.h"

#include <unistd.h>

static char path[] = "/tmp/sockwarden-test-XXXXXX";

static struct config *
read_text(const char *text, char *problem)
{
    char *environment[] = {NULL};
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    problem[0] = '\0';
    return config_from_file(path, environment, problem);
}

static int
make_file(void **state)
{
    (void)state;
    return close(mkstemp(path));
}

static int
remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static enum verdict_action
judge(const struct listener_config *listener, const char *method, const char *target)
{
    char buffer[512];
    struct verdict verdict;
    struct policy_request request = {.method = slice_from_string(method), .target = slice_from_string(target)};
    policy_check_head(listener->policy, &request, buffer, sizeof(buffer), &verdict);
    return verdict.action;
}

#define LISTENER "[listener a]\naddress = tcp://127.0.0.1:0\npolicy = p\n"

static void
listeners_get_their_own_policies(void **state)
{
    (void)state;
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = read_text("[sockwarden]\nhead_timeout = 2s\nlog_level = err\n"
                                      "[upstream]\naddress = unix:/run/engine.sock\n"
                                      "[listener readers]\naddress = tcp://127.0.0.1:0\npolicy = read\n"
                                      "allow_from = 127.0.0.0/8,\n  web\n"
                                      "[listener ops]\naddress = unix:/run/ops.sock\nmode = 0600\n"
                                      "policy = ops\ndeny_detail = terse\n"
                                      "[policy read]\nallow = ContainerList\n  SystemVersion\n"
                                      "[policy ops]\nCONTAINERS = 1\nPOST = 1\n",
                                      problem);
    assert_string_equal(problem, "");
    assert_non_null(config);
    assert_int_equal(config->head_timeout, 2000);
    assert_int_equal(config->log_level, LOG_LEVEL_ERR);
    assert_string_equal(config->engine.name, "unix:/run/engine.sock");
    assert_int_equal(config->listener_count, 2);
    const struct listener_config *readers = &config->listeners[0];
    const struct listener_config *ops = &config->listeners[1];
    assert_string_equal(readers->name, "readers");
    assert_string_equal(allow_from_host(readers->allow_from, 0), "web");
    assert_false(readers->terse);
    assert_true(ops->terse);
    assert_int_equal(ops->address.mode, 0600);
    assert_int_equal(judge(readers, "GET", "/containers/json"), VERDICT_ALLOW);
    assert_int_equal(judge(readers, "GET", "/version"), VERDICT_ALLOW);
    assert_int_equal(judge(readers, "GET", "/_ping"), VERDICT_DENY);
    assert_int_equal(judge(readers, "POST", "/containers/create"), VERDICT_DENY);
    assert_int_equal(judge(ops, "POST", "/containers/create"), VERDICT_ALLOW);
    assert_int_equal(judge(ops, "GET", "/images/json"), VERDICT_DENY);
    config_unref(config);
}

static void
each_policy_is_known_by_its_name_whether_it_is_used_or_not(void **state)
{
    (void)state;
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = read_text(LISTENER "[policy spare]\nallow = SystemInfo\n[policy p]\n", problem);
    assert_non_null(config);
    assert_int_equal(config->policy_count, 2);
    assert_ptr_equal(config_policy(config, "p"), config->listeners[0].policy);
    assert_ptr_equal(config_policy(config, "spare"), config->policies[0].policy);
    assert_null(config_policy(config, "P"));
    config_unref(config);
    char *environment[] = {NULL};
    config = config_from_environment(environment, problem);
    assert_int_equal(config->policy_count, 1);
    assert_ptr_equal(config_policy(config, "environment"), config->listeners[0].policy);
    config_unref(config);
}

static void
a_policy_without_a_line_grants_nothing(void **state)
{
    (void)state;
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = read_text(LISTENER "[policy p]\n", problem);
    assert_non_null(config);
    assert_int_equal(judge(&config->listeners[0], "GET", "/_ping"), VERDICT_DENY);
    config_unref(config);
}

static void
the_environment_stands_above_the_file(void **state)
{
    (void)state;
    char *environment[] = {"LOG_LEVEL=crit", "LISTEN=tcp://127.0.0.1:9", "CONTAINERS=1", NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    config_unref(read_text("[sockwarden]\nlog_level = debug\n" LISTENER "[policy p]\n", problem));
    struct config *config = config_from_file(path, environment, problem);
    assert_non_null(config);
    assert_int_equal(config->log_level, LOG_LEVEL_CRIT);
    assert_string_equal(config->listeners[0].address.name, "tcp://127.0.0.1:0");
    assert_int_equal(judge(&config->listeners[0], "GET", "/containers/json"), VERDICT_DENY);
    config_unref(config);
}

static void
a_bad_file_is_refused_with_line_and_mend(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        {"[sokwarden]\n", ":1: there is no section [sokwarden]; did you mean [sockwarden]?"},
        {"[sockwarden]\nlog_levl = info\n", ":2: [sockwarden] has no key log_levl; did you mean log_level?"},
        {"[sockwarden]\nlog_level = warn\n", ":2: log_level = warn: not taken; takes debug, info"},
        {"[sockwarden]\nlisten = tcp://127.0.0.1:1\n", ":2: [sockwarden] has no key listen"},
        {"[sockwarden x]\n", ":1: [sockwarden x]: this section has no name"},
        {"[upstream]\naddress = nowhere\n", ":2: address = nowhere: not taken"},
        {"[upstream]\nadress = /a\n", ":2: [upstream] has no key adress; did you mean address?"},
        {"[listener]\n", ":1: a listener has a name"},
        {"[listener a]\nadress = x\n", ":2: a listener has no key adress; did you mean address?"},
        {"[listener a]\naddress = tcp://host:1\n", ":2: address = tcp://host:1: not taken"},
        {"[listener a]\naddress = unix:/a\naddress = unix:/b\n", ":3: address stands twice"},
        {"[listener a]\nmode = rw\n", ":2: mode = rw: not taken; takes an octal number"},
        {"[listener a]\nowner = nobody-here\n", ":2: owner = nobody-here: not taken: this machine has no such user"},
        {"[listener a]\ngroup = nobody-here\n", ":2: group = nobody-here: not taken: this machine has no such group"},
        {"[listener a]\nallow_from = 10.0.0.1/8\n", ":2: allow_from = 10.0.0.1/8: not taken"},
        {"[listener a]\ndeny_detail = none\n", ":2: deny_detail = none: not taken; takes full or terse"},
        {"[listener a]\n[listener a]\n", ":2: [listener a] stands twice, first in line 1"},
        {LISTENER "[policy q]\n", ":3: there is no policy p"},
        {LISTENER "[policy pp]\n", ":3: there is no policy p"},
        {"[listener a]\naddress = tcp://127.0.0.1:0\n[policy p]\n", ":1: [listener a] has no policy: it needs"},
        {"[listener a]\npolicy = p\n[policy p]\n", ":1: [listener a] has no address"},
        {"[policy p]\n", "the file names no [listener NAME]"},
        {"[policy]\n", ":1: a policy has a name"},
        {"[policy p]\n[policy p]\n", ":2: [policy p] stands twice"},
        {"[policy p]\nalow = ContainerList\n", ":2: a policy has no key alow; did you mean allow?"},
        {"[policy p]\nallow = ContainerLst\n", ":2: "},
        {"[policy p]\nCONTAINER = 1\n", ":2: "},
        {"[policy p]\nCONTAINERS = maybe\n", ":2: "},
        {"[policy p]\ndialect = nginx\n", ":2: "},
        {"[policy p]\ndry_run = maybe\n", ":2: dry_run = maybe: not taken; takes yes or no"},
        {"[sockwarden]\nbuffer_low = 64k\n" LISTENER "[policy p]\n",
         ":2: buffer_low = 64k: not taken; takes a size below buffer_high, which is 64k (default)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char problem[CONFIG_PROBLEM_SIZE];
        CHECK(rows[i].text, read_text(rows[i].text, problem) == NULL);
        if (strstr(problem, rows[i].problem) == NULL)
            fail_msg("%s is answered with %s, not with %s", rows[i].text, problem, rows[i].problem);
        CHECK(problem, strchr(problem, '\n') == NULL);
    }
}

static void
the_example_is_a_good_file(void **state)
{
    (void)state;
    char *environment[] = {NULL};
    char problem[CONFIG_PROBLEM_SIZE] = "";
    struct config *config = config_from_file(TEST_DATA_DIR "/../examples/sockwarden.ini", environment, problem);
    assert_string_equal(problem, "");
    assert_int_equal(config->listener_count, 3);
    assert_int_equal(judge(&config->listeners[0], "GET", "/v1.41/events"), VERDICT_ALLOW);
    assert_int_equal(judge(&config->listeners[0], "GET", "/containers/a/logs"), VERDICT_DENY);
    assert_int_equal(judge(&config->listeners[1], "POST", "/containers/create"), VERDICT_ALLOW);
    assert_int_equal(judge(&config->listeners[2], "POST", "/containers/a/restart?t=60"), VERDICT_ALLOW);
    assert_int_equal(judge(&config->listeners[2], "POST", "/containers/a/restart?t=61"), VERDICT_DENY);
    assert_int_equal(judge(&config->listeners[2], "GET", "/containers/a/archive?path=/"), VERDICT_DENY);
    config_unref(config);
}

static void
a_file_that_is_not_there_is_named(void **state)
{
    (void)state;
    char *environment[] = {NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    assert_null(config_from_file("/nonexistent/sockwarden.ini", environment, problem));
    assert_non_null(strstr(problem, "/nonexistent/sockwarden.ini: can't be read: No such file"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listeners_get_their_own_policies),
        cmocka_unit_test(each_policy_is_known_by_its_name_whether_it_is_used_or_not),
        cmocka_unit_test(a_policy_without_a_line_grants_nothing),
        cmocka_unit_test(the_environment_stands_above_the_file),
        cmocka_unit_test(a_bad_file_is_refused_with_line_and_mend),
        cmocka_unit_test(the_example_is_a_good_file),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
