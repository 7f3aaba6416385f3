/* The list of values as they were given: which one is in force, which one came before, and how a message names it. */

#include "support.h"

#include "proxy/settings.h"

static const struct setting *
give(struct settings *settings, const char *key, const char *value, enum origin origin, unsigned line)
{
    const struct setting setting = {.section = "sockwarden",
                                    .name = "",
                                    .key = key,
                                    .value = value,
                                    .variable = "VARIABLE",
                                    .origin = origin,
                                    .line = line};
    const struct setting *added = settings_add(settings, &setting);
    assert_non_null(added);
    return added;
}

static void
of_two_values_the_later_one_is_in_force_and_the_files_is_the_former(void **state)
{
    (void)state;
    struct settings *settings = settings_new();
    const struct setting *initial = give(settings, "key", "1", ORIGIN_DEFAULT, 0);
    const struct setting *other = give(settings, "other", "1", ORIGIN_DEFAULT, 0);
    assert_null(settings_former(settings, initial));
    const struct setting *in_file = give(settings, "key", "2", ORIGIN_FILE, 7);
    assert_null(settings_former(settings, in_file));
    const struct setting *last = give(settings, "key", "3", ORIGIN_ENVIRONMENT, 0);
    assert_ptr_equal(settings_find(settings, "sockwarden", "", "key"), last);
    assert_ptr_equal(settings_find(settings, "sockwarden", "", "other"), other);
    assert_null(settings_find(settings, "sockwarden", "name", "key"));
    assert_null(settings_find(settings, "upstream", "", "key"));
    assert_ptr_equal(settings_former(settings, last), in_file);
    assert_true(settings_is_later(settings, last, other));
    assert_false(settings_is_later(settings, other, last));
    assert_ptr_equal(settings_at(settings, 2), in_file);
    assert_null(settings_at(settings, 4));
    settings_free(settings);
    settings_free(NULL);
}

static void
a_value_is_kept_as_a_copy(void **state)
{
    (void)state;
    struct settings *settings = settings_new();
    char value[] = "first";
    const struct setting *setting = give(settings, "key", value, ORIGIN_FILE, 1);
    value[0] = 'X';
    assert_string_equal(setting->value, "first");
    settings_free(settings);
}

static void
a_value_is_named_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        enum origin origin;
        const char *description;
        const char *place;
    } rows[] = {
        {ORIGIN_DEFAULT, "VARIABLE=10s", "default"},
        {ORIGIN_FILE, "head_timeout = 10s", "/etc/a.ini:12"},
        {ORIGIN_ENVIRONMENT, "VARIABLE=10s", "environment VARIABLE"},
    };
    struct settings *settings = settings_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct setting *setting = give(settings, "head_timeout", "10s", rows[i].origin, 12);
        char text[64];
        setting_describe(setting, text, sizeof(text));
        CHECK_TEXT(rows[i].description, text, rows[i].description);
        setting_place(setting, "/etc/a.ini", text, sizeof(text));
        CHECK_TEXT(rows[i].place, text, rows[i].place);
    }
    settings_free(settings);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_values_the_later_one_is_in_force_and_the_files_is_the_former),
        cmocka_unit_test(a_value_is_kept_as_a_copy),
        cmocka_unit_test(a_value_is_named_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
