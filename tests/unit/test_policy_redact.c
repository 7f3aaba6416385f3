#include "policy_ask.h"

static const char *const TARGETS[][2] = {
    {"/info", "/info"},
    {"/info?", "/info?"},
    {"/v1.41/containers/json?all=1&filters=%7B%7D", "/v1.41/containers/json?all=1&filters=%7B%7D"},
    {"/images/pull?password=word&reference=a&username=u", "/images/pull?password=***&reference=a&username=u"},
    {"/images/pull?Password=word", "/images/pull?Password=***"},
    {"/images/pull?pass%77ord=word", "/images/pull?pass%77ord=***"},
    {"/images/pull?reference=a&password=", "/images/pull?reference=a&password="},
    {"/images/pull?password", "/images/pull?password"},
    {"/images/pull?&password=a&&password=b&", "/images/pull?&password=***&&password=***&"},
    {"/images/pull?xpassword=a&passwordx=b&password=c=d", "/images/pull?xpassword=a&passwordx=b&password=***"},
    {"/build?buildargs=%7B%22T%22%3A%22w%22%7D&t=a", "/build?buildargs=***&t=a"},
    {"/build?remote=https://host/a.git", "/build?remote=https://host/a.git"},
    {"/build?remote=https://u:w@host/a.git&t=b", "/build?remote=***&t=b"},
    {"/build?remote=https%3A%2F%2Fu%3Aw%40host", "/build?remote=***"},
    {"/images/create?fromSrc=http://u@h/x", "/images/create?fromSrc=***"},
    {"/images/x@sha256:0/json?a=b", "/images/x@sha256:0/json?a=b"},
    {"", ""},
};

static void
a_log_shows_a_target_without_its_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(TARGETS) / sizeof(TARGETS[0]); i++) {
        char buffer[256];
        struct slice target = data_exact_copy(slice_from_string(TARGETS[i][0]));
        assert_slice_equal(policy_loggable_target(target, buffer, sizeof(buffer)), slice_from_string(TARGETS[i][1]));
        free((char *)target.data);
    }
}

static void
what_does_not_fit_is_cut_and_no_secret_shows(void **state)
{
    (void)state;
    struct slice target = slice_from_string("/images/pull?reference=abc&password=word&username=u");
    struct slice whole = slice_from_string("/images/pull?reference=abc&password=***&username=u");
    for (size_t size = 0; size <= target.length; size++) {
        char *buffer = malloc(size > 0 ? size : 1);
        assert_non_null(buffer);
        struct slice shown = policy_loggable_target(target, buffer, size);
        assert_int_equal(shown.length, size < whole.length ? size : whole.length);
        assert_memory_equal(shown.data, whole.data, shown.length);
        free(buffer);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_shows_a_target_without_its_secrets),
        cmocka_unit_test(what_does_not_fit_is_cut_and_no_secret_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
