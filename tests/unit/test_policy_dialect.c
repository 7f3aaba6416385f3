#include "dialect.h"
#include "policy_ask.h"

static void
check_truth(struct slice columns[DATA_COLUMNS], void *owner)
{
    (void)owner;
    bool expected = slice_equals(columns[0], SLICE_LITERAL("true"));
    if (dialect_is_true(columns[1].data) != expected)
        fail_msg("\"%s\" is not %s", columns[1].data, columns[0].data);
}

static void
a_value_is_true_when_the_number_at_its_beginning_is_not_0(void **state)
{
    (void)state;
    assert_true(data_for_each("truth.txt", check_truth, NULL) > 50);
}

static bool
is_on(const struct switches *switches, const char *name)
{
    const struct dialect_switch *entry = dialect_switch_find(switches->dialect, slice_from_string(name));
    assert_non_null(entry);
    return switches->on[entry - switches->dialect->switches];
}

static void
a_missing_switch_has_the_originals_default_and_a_set_one_its_value(void **state)
{
    (void)state;
    char *environment[] = {"EVENTS=", "INFO=1", "INFO=0", "PINGS=0", "POSTX=1", "CONTAINERS", NULL};
    struct switches switches;
    dialect_read(dialect_at(0), environment, &switches);
    assert_false(is_on(&switches, "EVENTS"));
    assert_true(is_on(&switches, "INFO"));
    assert_true(is_on(&switches, "PING"));
    assert_true(is_on(&switches, "VERSION"));
    assert_false(is_on(&switches, "POST"));
    assert_false(is_on(&switches, "CONTAINERS"));
}

struct size_case {
    const char *word;
    size_t switches;
    size_t on_by_default;
};

static const struct size_case SIZES[] = {
    {"tecnativa", 27, 3},
    {"tecnativa-next", 38, 3},
    {"linuxserver", 59, 5},
    {"fluencelabs", 48, 3},
};

static void
each_dialect_has_the_switches_of_its_original_with_names_of_their_own(void **state)
{
    (void)state;
    char *empty[] = {NULL};
    for (size_t d = 0; dialect_at(d) != NULL; d++) {
        const struct dialect *dialect = dialect_at(d);
        struct switches switches;
        size_t count = 0;
        size_t on = 0;
        dialect_read(dialect, empty, &switches);
        for (size_t i = 0; i < dialect->count; i++) {
            struct slice name = dialect_name(&dialect->switches[i]);
            count += name.length > 0;
            assert_true(name.length < POLICY_SWITCH_NAME_SIZE);
            on += switches.on[i];
            assert_true(name.length == 0 || dialect_switch_find(dialect, name) == &dialect->switches[i]);
        }
        assert_string_equal(dialect->word, SIZES[d].word);
        assert_int_equal(count, SIZES[d].switches);
        assert_int_equal(on, SIZES[d].on_by_default);
        assert_ptr_equal(dialect_find(dialect->word), dialect);
    }
    assert_null(dialect_find("Tecnativa"));
    assert_null(dialect_find(""));
}

struct choice_case {
    const char *settings;
    const char *word; /* NULL: none is chosen */
    const char *detected_by;
};

static const struct choice_case CHOICES[] = {
    {"", "tecnativa", NULL},
    {"CONTAINERS=1 POST=1", "tecnativa", NULL},
    {"DIALECT=linuxserver", "linuxserver", NULL},
    {"DIALECT=fluencelabs LIBPOD_INFO=1", "fluencelabs", NULL},
    {"DIALECT=tecnativa LIBPOD_INFO=1", "tecnativa", NULL},
    {"DIALECT=lsio", NULL, NULL},
    {"DIALECT=Linuxserver", NULL, NULL},
    {"DIALECT= INFO=1", "tecnativa", NULL},
    {"DIALECT= LIBPOD_INFO=1", "linuxserver", "LIBPOD_INFO"},
    {"INFO=1 LIBPOD_INFO=0 ALLOW_TOP=1", "linuxserver", "LIBPOD_INFO"},
    {"ALLOW_CHANGES=", "linuxserver", "ALLOW_CHANGES"},
    {"ALLOW_LOGS=1", "tecnativa", NULL},
    {"ALLOW_LOGS=1 GRPC=1 ALLOW_PAUSE=1", "tecnativa", NULL},
    {"DELETE=1", "tecnativa", NULL},
    {"ALLOW_EXEC=0", "tecnativa-next", "ALLOW_EXEC"},
    {"DELETE=1 PUT=1", "tecnativa-next", "PUT"},
    {"CONTAINERS=1 BIND_CONFIG=*:2375", "tecnativa-next", "BIND_CONFIG"},
    {"BIND_CONFIG=*:2375 LIBPOD_INFO=1", "tecnativa", NULL},
    {"DELETE=1 CONTAINERS_CREATE=1", "fluencelabs", "CONTAINERS_CREATE"},
    {"LIBPOD_INFO=1 DELETE=1", "tecnativa", NULL},
    {"CONTAINERS_CREATE=1 GRPC=1", "tecnativa", NULL},
    {"CONTAINERS_CREATE=1 ALLOW_START=0", "tecnativa", NULL},
    {"LIBPOD_INFO=1 CONTAINERS_CREATE=1", "tecnativa", NULL},
    {"ALLOW_KILL=1 ALLOW_TOP=1", "tecnativa", NULL},
    {"LIBPOD_FOO=1", "tecnativa", NULL},
    {"LIBPOD_INFO", "tecnativa", NULL},
};

static void
a_dialect_is_named_or_told_by_a_variable_that_no_other_has_and_nothing_contradicts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(CHOICES) / sizeof(CHOICES[0]); i++) {
        struct words words;
        words_split(CHOICES[i].settings, &words);
        struct dialect_choice choice = dialect_choose(words.list);
        const char *word = choice.dialect != NULL ? choice.dialect->word : "none";
        char told[64] = "nothing";
        if (choice.detected_by.length > 0)
            snprintf(told, sizeof(told), "%.*s", (int)choice.detected_by.length, choice.detected_by.data);
        if (strcmp(word, CHOICES[i].word != NULL ? CHOICES[i].word : "none") != 0 ||
            strcmp(told, CHOICES[i].detected_by != NULL ? CHOICES[i].detected_by : "nothing") != 0)
            fail_msg("%s: %s, detected by %s", CHOICES[i].settings, word, told);
        struct policy *policy = policy_from_environment(words.list);
        assert_int_equal(policy != NULL, CHOICES[i].word != NULL);
        if (policy != NULL) {
            const char *note = policy_dialect_note(policy);
            assert_string_equal(policy_dialect(policy), word);
            assert_int_equal(note != NULL, CHOICES[i].detected_by != NULL);
            assert_true(note == NULL || strstr(note, CHOICES[i].detected_by) != NULL);
            policy_unref(policy);
        }
    }
}

static void
a_word_that_is_no_dialect_is_told_with_the_nearest(void **state)
{
    (void)state;
    static const char *const WORDS[][2] = {
        {"linuxservr", "did you mean linuxserver?"}, {"LINUXSERVER", "did you mean linuxserver?"},
        {"tecnativa_next", "mean tecnativa-next?"},  {"fluence", "did you mean fluencelabs?"},
        {"tecnativ", "did you mean tecnativa?"},     {"zoeyvid", "linuxserver or fluencelabs"},
    };
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        char takes[160];
        assert_false(policy_is_dialect(WORDS[i][0], takes, sizeof(takes)));
        if (strstr(takes, WORDS[i][1]) == NULL)
            fail_msg("%s: %s", WORDS[i][0], takes);
    }
    char takes[160];
    assert_true(policy_is_dialect("linuxserver", takes, sizeof(takes)));
    assert_true(policy_is_dialect("", takes, sizeof(takes)));
    assert_false(policy_is_dialect("zoeyvid", takes, 20));
}

/* The recording of a dialect: the paths with their marks, the sets of methods, then a row of letters an environment. */
enum { RECORDED_PATHS = 256, RECORDED_METHODS = 8 };

struct recording {
    const struct dialect *dialect;
    struct slice paths[RECORDED_PATHS];
    bool equal[RECORDED_PATHS];
    size_t path_count;
    unsigned sets[128]; /* by the letter: a bit for each method */
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
remember_set(struct recording *recording, char letter, struct slice methods)
{
    struct words words;
    words_split(methods.data, &words);
    for (size_t i = 0; words.list[i] != NULL; i++)
        for (size_t m = 0; m < RECORDED_METHODS; m++)
            recording->sets[(unsigned char)letter] |= strcmp(words.list[i], METHODS[m]) == 0 ? 1U << m : 0;
}

static void
check_recorded(struct recording *recording, const struct policy *policy, size_t path, char letter)
{
    for (size_t m = 0; m < RECORDED_METHODS; m++) {
        struct policy_request request = {.method = slice_from_string(METHODS[m]), .target = recording->paths[path]};
        struct asked asked = ask_request(policy, request);
        bool ours = asked.verdict.action == VERDICT_ALLOW;
        bool theirs = (recording->sets[(unsigned char)letter] & 1U << m) != 0;
        recording->stricter += theirs && !ours;
        if (ours != theirs && (ours || recording->equal[path])) {
            fail_msg("%s: %s %.*s: granted by HAProxy %d, by us %d", recording->dialect->word, METHODS[m],
                     (int)recording->paths[path].length, recording->paths[path].data, theirs, ours);
        }
        asked_drop(&asked);
    }
}

/* The environment of a row; of two settings the first counts. */
static struct policy *
recorded_policy(const struct dialect *dialect, const char *settings)
{
    char all[2048];
    size_t length = (size_t)snprintf(all, sizeof(all), "DIALECT=%s ", dialect->word);
    size_t first = strcspn(settings, " ");
    bool every = first == 3 && memcmp(settings, "ALL", 3) == 0;
    bool none = first == 4 && memcmp(settings, "NONE", 4) == 0;
    length += (size_t)snprintf(all + length, sizeof(all) - length, "%s", settings + (every || none ? first : 0));
    for (size_t i = 0; (every || none) && i < dialect->count; i++)
        if (dialect->switches[i].name_length > 0)
            length += (size_t)snprintf(all + length, sizeof(all) - length, " %.*s=%d",
                                       (int)dialect->switches[i].name_length, dialect->switches[i].rule_on, every);
    assert_true(length < sizeof(all));
    return policy_of(all);
}

static void
check_row(struct slice columns[DATA_COLUMNS], void *owner)
{
    struct recording *recording = owner;
    if (columns[0].length > 4 && memcmp(columns[0].data, "path", 4) == 0) {
        remember_path(recording, columns[0]);
        return;
    }
    if (slice_equals(columns[0], SLICE_LITERAL("set"))) {
        remember_set(recording, columns[1].data[0], columns[2]);
        return;
    }
    struct policy *policy = recorded_policy(recording->dialect, columns[1].data);
    assert_int_equal(columns[2].length, recording->path_count);
    for (size_t i = 0; i < recording->path_count; i++)
        check_recorded(recording, policy, i, columns[2].data[i]);
    policy_unref(policy);
    recording->rows++;
}

static void
check_recording(const char *word, const char *file)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    assert_non_null(recording);
    recording->dialect = dialect_find(word);
    assert_non_null(recording->dialect);
    data_for_each(file, check_row, recording);
    assert_true(recording->path_count > 100 && recording->rows > 40 && recording->stricter > 0);
    for (size_t i = 0; i < recording->path_count; i++)
        free((char *)recording->paths[i].data);
    free(recording);
}

static void
verdicts_are_those_that_haproxy_gave_and_stricter_only_where_it_is_written_down(void **state)
{
    (void)state;
    check_recording("tecnativa", "recorded_tecnativa.txt");
    check_recording("tecnativa-next", "recorded_tecnativa_next.txt");
    check_recording("linuxserver", "recorded_linuxserver.txt");
    check_recording("fluencelabs", "recorded_fluencelabs.txt");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_true_when_the_number_at_its_beginning_is_not_0),
        cmocka_unit_test(a_missing_switch_has_the_originals_default_and_a_set_one_its_value),
        cmocka_unit_test(each_dialect_has_the_switches_of_its_original_with_names_of_their_own),
        cmocka_unit_test(a_dialect_is_named_or_told_by_a_variable_that_no_other_has_and_nothing_contradicts),
        cmocka_unit_test(a_word_that_is_no_dialect_is_told_with_the_nearest),
        cmocka_unit_test(verdicts_are_those_that_haproxy_gave_and_stricter_only_where_it_is_written_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
