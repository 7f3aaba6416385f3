/* cmocka.h needs the others before it. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#include "proxy/cli_explain.h"

#include <stdlib.h>
#include <string.h>

struct outcome {
    int code;
    char *output;
    char *errors;
};

/* Runs the verb under INFO=1 with this input and these arguments. */
static struct outcome
explain(const char *input, size_t input_length, int argc, const char *const argv[])
{
    char info[] = "INFO=1";
    char *environment[] = {info, NULL};
    char *arguments[4] = {NULL};
    for (int i = 0; i < argc; i++)
        arguments[i] = strdup(argv[i]);
    struct outcome outcome;
    size_t output_size;
    size_t errors_size;
    FILE *in = tmpfile();
    FILE *out = open_memstream(&outcome.output, &output_size);
    FILE *err = open_memstream(&outcome.errors, &errors_size);
    assert_true(in != NULL && out != NULL && err != NULL);
    assert_int_equal(fwrite(input, 1, input_length, in), input_length);
    rewind(in);
    struct policy *policy = policy_from_environment(environment);
    assert_non_null(policy);
    outcome.code = cli_explain(policy, TABLE_TSV, argc, arguments, in, out, err);
    policy_unref(policy);
    fclose(in);
    fclose(out);
    fclose(err);
    for (int i = 0; i < argc; i++)
        free(arguments[i]);
    return outcome;
}

static void
drop(struct outcome *outcome)
{
    free(outcome->output);
    free(outcome->errors);
}

static void
expect_call(const char *method, const char *target, int code, const char *answer)
{
    struct outcome outcome = explain("", 0, 2, (const char *const[]){method, target});
    assert_string_equal(outcome.output, answer);
    assert_string_equal(outcome.errors, "");
    assert_int_equal(outcome.code, code);
    drop(&outcome);
}

static void
expect_lines(const char *input, size_t length, const char *answers)
{
    struct outcome outcome = explain(input, length, 1, (const char *const[]){"-"});
    assert_string_equal(outcome.output, answers);
    assert_string_equal(outcome.errors, "");
    assert_int_equal(outcome.code, 0);
    drop(&outcome);
}

#define LINES(text) (text), sizeof(text) - 1

static const char ALLOWED[] = "allow\tSystemInfo\tINFO=1\t\n";
static const char NO_CALL[] = "deny\tunknown\tmalformed\tthe line is not METHOD, a tab or blank, TARGET\n";

static void
one_call_is_answered_with_its_verdict_and_exit_code(void **state)
{
    (void)state;
    expect_call("GET", "/v1.41/info", EXPLAIN_ALLOWED, ALLOWED);
    expect_call("POST", "/containers/create", EXPLAIN_REFUSED,
                "deny\tContainerCreate\tPOST=0\tneeds POST=1 and CONTAINERS=1\n");
    expect_call("GET", "info", EXPLAIN_REFUSED,
                "deny\tunknown\tmalformed\tthe target is not a path: it must begin with /\n");
    expect_call("GET", "", EXPLAIN_REFUSED,
                "deny\tunknown\tmalformed\tthe target is not a path: it must begin with /\n");
    expect_call("GET", "/_sockwarden/health", EXPLAIN_ALLOWED, "allow\tHealth\thealth\t\n");
    expect_call("HEAD", "/_sockwarden/health", EXPLAIN_ALLOWED, "allow\tHealth\thealth\t\n");
    expect_call("GET", "/_sockwarden/health?x", EXPLAIN_REFUSED,
                "deny\tunknown\tno grant\tno setting of the tecnativa dialect grants this path\n");
    expect_call("", "/info", EXPLAIN_REFUSED, "deny\tunknown\tmalformed\tthe method is not a token\n");
}

static void
each_line_is_answered_in_order(void **state)
{
    (void)state;
    expect_lines(LINES("GET\t/info\nGET /nodes\nGET\t/info"),
                 "allow\tSystemInfo\tINFO=1\t\ndeny\tNodeList\tno grant\tneeds NODES=1\nallow\tSystemInfo\tINFO=1\t\n");
    expect_lines(LINES(""), "");
}

static void
blank_lines_and_carriage_returns_are_tolerated(void **state)
{
    (void)state;
    expect_lines(LINES("\n\r\n \t\nGET /info\r\n\n"), ALLOWED);
    expect_lines(LINES("GET \t /info\n"), ALLOWED);
}

static void
a_line_that_is_no_call_is_denied(void **state)
{
    (void)state;
    expect_lines(LINES("GET\n"), NO_CALL);
    expect_lines(LINES("GET \n"), NO_CALL);
    expect_lines(LINES(" /info\n"), NO_CALL);
    expect_lines(LINES("GET /info HTTP/1.1\n"),
                 "deny\tunknown\tmalformed\tthe target has a byte that must be encoded\n");
    expect_lines(LINES("GET /info\r\r\n"), "deny\tunknown\tmalformed\tthe target has a byte that must be encoded\n");
    expect_lines(LINES("GET /in\0fo\nGET /info\n"),
                 "deny\tunknown\tmalformed\tthe target has a byte that must be encoded\nallow\tSystemInfo\tINFO=1\t\n");
}

static void
a_line_may_be_of_any_length(void **state)
{
    (void)state;
    size_t length = 1 << 20;
    char *line = malloc(length);
    assert_non_null(line);
    memset(line, 'a', length);
    memcpy(line, "GET /info?", 10);
    line[length - 1] = '\n';
    expect_lines(line, length, ALLOWED);
    free(line);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_call_is_answered_with_its_verdict_and_exit_code),
        cmocka_unit_test(each_line_is_answered_in_order),
        cmocka_unit_test(blank_lines_and_carriage_returns_are_tolerated),
        cmocka_unit_test(a_line_that_is_no_call_is_denied),
        cmocka_unit_test(a_line_may_be_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
