#include "names.h"
#include "policy_data.h"

struct distance_case {
    const char *name;
    const char *other;
    unsigned distance;
};

static const struct distance_case DISTANCES[] = {
    {"INFO", "INFO", 0}, {"", "", 0},         {"INF0", "INFO", 1},   {"INFOS", "INFO", 1},
    {"NFO", "INFO", 1},  {"IFNO", "INFO", 1}, {"INFSO", "INFO", 1},  {"CONTIANRES", "CONTAINERS", 2},
    {"", "AB", 2},       {"ABCD", "WXYZ", 3}, {"ABCDEFGH", "AB", 3}, {"", "ABCDEF", 3},
    {"info", "INFO", 3},
};

static void
the_distance_of_two_names_is_the_edits_between_them_up_to_far(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(DISTANCES) / sizeof(DISTANCES[0]); i++) {
        struct slice name = data_exact_copy(slice_from_string(DISTANCES[i].name));
        struct slice other = data_exact_copy(slice_from_string(DISTANCES[i].other));
        assert_int_equal(name_distance(name, other), DISTANCES[i].distance);
        assert_int_equal(name_distance(other, name), DISTANCES[i].distance);
        free((char *)name.data);
        free((char *)other.data);
    }
}

static void
a_very_long_name_is_far_from_everything(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'A', sizeof(text));
    assert_int_equal(name_distance((struct slice){text, 200}, (struct slice){text, 199}), NAME_FAR);
    assert_int_equal(name_distance((struct slice){text, 40}, (struct slice){text, 39}), 1);
}

static void
names_are_loosely_equal_when_only_case_and_joints_differ(void **state)
{
    (void)state;
    assert_true(name_equals_loosely(SLICE_LITERAL("SOCKETPATH"), SLICE_LITERAL("SOCKET_PATH")));
    assert_true(name_equals_loosely(SLICE_LITERAL("socket-path"), SLICE_LITERAL("SOCKET_PATH")));
    assert_true(name_equals_loosely(SLICE_LITERAL("_SOCKET_PATH_"), SLICE_LITERAL("SOCKET_PATH")));
    assert_false(name_equals_loosely(SLICE_LITERAL("SOCKET_PATHS"), SLICE_LITERAL("SOCKET_PATH")));
    assert_false(name_equals_loosely(SLICE_LITERAL("SOCKET_PAT"), SLICE_LITERAL("SOCKET_PATH")));
    assert_false(name_equals_loosely(SLICE_LITERAL(""), SLICE_LITERAL("SOCKET_PATH")));
}

struct look_case {
    const char *value;
    enum value_look look;
};

static const struct look_case LOOKS[] = {
    {"", LOOK_EMPTY},    {"0", LOOK_NUMBER},    {"1", LOOK_NUMBER},     {"0000012", LOOK_NUMBER},
    {"true", LOOK_TRUE}, {" TRUE ", LOOK_TRUE}, {"\"yes\"", LOOK_TRUE}, {"'1'", LOOK_TRUE},
    {"0x1", LOOK_TRUE},  {"-1", LOOK_TRUE},     {"\t1", LOOK_TRUE},     {"0x0", LOOK_FALSE},
    {"-0", LOOK_FALSE},  {" 0", LOOK_FALSE},    {"off", LOOK_FALSE},    {"None", LOOK_FALSE},
    {"0x", LOOK_OTHER},  {"-", LOOK_OTHER},     {" ", LOOK_OTHER},      {"\"\"", LOOK_OTHER},
    {"1.5", LOOK_OTHER}, {"1abc", LOOK_OTHER},  {"banana", LOOK_OTHER}, {"1 2", LOOK_OTHER},
};

static void
a_value_looks_like_what_its_writer_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(LOOKS) / sizeof(LOOKS[0]); i++)
        if (value_look(LOOKS[i].value) != LOOKS[i].look)
            fail_msg("\"%s\" looks like %d", LOOKS[i].value, value_look(LOOKS[i].value));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_distance_of_two_names_is_the_edits_between_them_up_to_far),
        cmocka_unit_test(a_very_long_name_is_far_from_everything),
        cmocka_unit_test(names_are_loosely_equal_when_only_case_and_joints_differ),
        cmocka_unit_test(a_value_looks_like_what_its_writer_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
