#include "dialect.h"
#include "policy_ask.h"

static void
check_truth(struct slice columns[DATA_COLUMNS], void *owner)
{
    (void)owner;
    bool expected = slice_equals(columns[0], SLICE_LITERAL("true"));
    if (dialect_is_true(columns[1].data) != expected) {
        fail_msg("\"%s\" is not %s", columns[1].data, columns[0].data);
    }
}

static void
a_value_is_true_when_the_number_at_its_beginning_is_not_0(void **state)
{
    (void)state;
    assert_true(data_for_each("truth.txt", check_truth, NULL) > 50);
}

static void
a_missing_switch_has_the_originals_default_and_a_set_one_its_value(void **state)
{
    (void)state;
    char *environment[] = {"EVENTS=", "INFO=1", "INFO=0", "PINGS=0", "POSTX=1", "CONTAINERS", NULL};
    struct switches switches;
    dialect_read(environment, &switches);
    assert_false(switches.on[ID_EVENTS]);
    assert_true(switches.on[ID_INFO]);
    assert_true(switches.on[ID_PING]);
    assert_true(switches.on[ID_VERSION]);
    assert_false(switches.on[ID_POST]);
    assert_false(switches.on[ID_CONTAINERS]);
    char *empty[] = {NULL};
    dialect_read(empty, &switches);
    size_t on = 0;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        on += switches.on[i];
    }
    assert_int_equal(on, 3);
}

static void
there_are_27_switches_with_names_of_their_own(void **state)
{
    (void)state;
    assert_int_equal(SWITCH_COUNT, 27);
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(dialect_switch((enum switch_id)i)->name, dialect_switch((enum switch_id)j)->name);
        }
    }
}

/* The recording: the paths with their marks, then a row of letters for each environment. */
enum { RECORDED_PATHS = 256, RECORDED_METHODS = 8 };

struct recording {
    struct slice paths[RECORDED_PATHS];
    bool equal[RECORDED_PATHS];
    size_t path_count;
    size_t rows;
    size_t stricter;
};

static const char *const METHODS[RECORDED_METHODS] = {"GET",    "HEAD",  "POST",    "PUT",
                                                      "DELETE", "PATCH", "OPTIONS", "get"};

static void
remember_path(struct recording *recording, struct slice line)
{
    size_t skip = strlen("path = ");
    assert_true(line.length > skip && recording->path_count < RECORDED_PATHS);
    recording->equal[recording->path_count] = line.data[strlen("path ")] == '=';
    recording->paths[recording->path_count++] = data_exact_copy((struct slice){line.data + skip, line.length - skip});
}

static void
check_recorded(struct recording *recording, const struct policy *policy, size_t path, char letter)
{
    for (size_t m = 0; m < RECORDED_METHODS; m++) {
        struct policy_request request = {.method = slice_from_string(METHODS[m]), .target = recording->paths[path]};
        struct asked asked = ask_request(policy, request);
        bool ours = asked.verdict.action == VERDICT_ALLOW;
        bool theirs = letter == 'A' || (letter == 'R' && m < 2);
        recording->stricter += theirs && !ours;
        if (ours != theirs && (ours || recording->equal[path])) {
            fail_msg("%s %.*s: granted by HAProxy %d, by us %d", METHODS[m], (int)recording->paths[path].length,
                     recording->paths[path].data, theirs, ours);
        }
        asked_drop(&asked);
    }
}

static void
check_row(struct slice columns[DATA_COLUMNS], void *owner)
{
    struct recording *recording = owner;
    if (columns[0].length > 4 && memcmp(columns[0].data, "path", 4) == 0) {
        remember_path(recording, columns[0]);
        return;
    }
    char settings[1024];
    bool all = strncmp(columns[1].data, "ALL", 3) == 0 && (columns[1].length == 3 || columns[1].data[3] == ' ');
    /* Of two settings the first counts. */
    snprintf(settings, sizeof(settings), "%s %s", all ? columns[1].data + 3 : columns[1].data, all ? EVERYTHING : "");
    struct policy *policy = policy_of(settings);
    assert_int_equal(columns[2].length, recording->path_count);
    for (size_t i = 0; i < recording->path_count; i++) {
        check_recorded(recording, policy, i, columns[2].data[i]);
    }
    policy_unref(policy);
    recording->rows++;
}

static void
verdicts_are_those_that_haproxy_gave_and_stricter_only_where_it_is_written_down(void **state)
{
    (void)state;
    struct recording *recording = calloc(1, sizeof(*recording));
    assert_non_null(recording);
    data_for_each("recorded_tecnativa.txt", check_row, recording);
    assert_true(recording->path_count > 100 && recording->rows > 40 && recording->stricter > 0);
    for (size_t i = 0; i < recording->path_count; i++) {
        free((char *)recording->paths[i].data);
    }
    free(recording);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_true_when_the_number_at_its_beginning_is_not_0),
        cmocka_unit_test(a_missing_switch_has_the_originals_default_and_a_set_one_its_value),
        cmocka_unit_test(there_are_27_switches_with_names_of_their_own),
        cmocka_unit_test(verdicts_are_those_that_haproxy_gave_and_stricter_only_where_it_is_written_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
