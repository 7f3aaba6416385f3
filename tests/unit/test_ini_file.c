#include "support.h"

#include "proxy/ini_file.h"

/* What the handler was told, a line an entry: "LINE section name key=value". */
static char told[4096];

static bool
on_entry(void *owner, const struct ini_entry *entry, struct ini_problem *problem)
{
    (void)owner;
    if (entry->key != NULL && strcmp(entry->key, "bad") == 0) {
        snprintf(problem->text, sizeof(problem->text), "bad it is");
        return false;
    }
    size_t used = strlen(told);
    snprintf(told + used, sizeof(told) - used, "%u %s %s %s=%s\n", entry->line, entry->section, entry->name,
             entry->key != NULL ? entry->key : "-", entry->value);
    return true;
}

static bool
read_text(const char *text, size_t length, struct ini_problem *problem)
{
    told[0] = '\0';
    FILE *file = fmemopen((void *)(size_t)text, length, "r");
    assert_non_null(file);
    bool read = ini_file_read(file, on_entry, NULL, problem);
    fclose(file);
    return read;
}

static void
sections_keys_and_continued_values_are_told_with_their_lines(void **state)
{
    (void)state;
    static const char text[] = "# a comment\n"
                               "[sockwarden]\n"
                               "log_level = info ; behind a value\n"
                               "\n"
                               "; another\n"
                               "[policy ops]\n"
                               "allow = ContainerList,\n"
                               "  ContainerInspect ; behind a line that goes on\n"
                               "\tSystemInfo\n"
                               "note: with a colon\n"
                               "url = a=b;c\n";
    struct ini_problem problem;
    assert_true(read_text(text, sizeof(text) - 1, &problem));
    assert_string_equal(told, "2 sockwarden  -=\n"
                              "3 sockwarden  log_level=info\n"
                              "6 policy ops -=\n"
                              "7 policy ops allow=ContainerList,\n"
                              "8 policy ops allow=ContainerInspect\n"
                              "9 policy ops allow=SystemInfo\n"
                              "10 policy ops note=with a colon\n"
                              "11 policy ops url=a=b;c\n");
}

static void
a_section_without_keys_is_told(void **state)
{
    (void)state;
    struct ini_problem problem;
    assert_true(read_text("[policy none]\n[policy last]", 27, &problem));
    assert_string_equal(told, "1 policy none -=\n2 policy last -=\n");
}

static void
what_is_no_ini_stops_at_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *problem;
    } rows[] = {
        {"key = 1\n", 1, "before the first section"},
        {"[a]\nword\nk = 1\n", 2, "no key = value"},
        {"[a]\n= 1\n", 2, "no key before its ="},
        {"[a\nk = 1\n", 1, "closing bracket"},
        {"[a] b\n", 1, "behind the closing bracket"},
        {"[a b c]\n", 1, "[word] or [word name]"},
        {"[]\n", 1, "[word] or [word name]"},
        {"[a/b]\n", 1, "[word] or [word name]"},
        {"[a]\n  k = 1\n", 2, "continues the value above"},
        {"[a]\nk = 1\n[b]\n  more\n", 4, "continues the value above"},
        {"[a]\nk = 1\nbad = 2\nk = 3\n", 3, "bad it is"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct ini_problem problem;
        CHECK(rows[i].text, !read_text(rows[i].text, strlen(rows[i].text), &problem));
        CHECK(rows[i].text, problem.line == rows[i].line);
        CHECK(problem.text, strstr(problem.text, rows[i].problem) != NULL);
    }
}

static void
a_value_behind_a_fault_is_never_told(void **state)
{
    (void)state;
    struct ini_problem problem;
    assert_false(read_text("[a]\nbad = 1\nk = 2\n", 18, &problem));
    assert_null(strstr(told, "k="));
}

static void
a_line_is_taken_whole_or_refused_whatever_its_length(void **state)
{
    (void)state;
    for (size_t length = 150; length < 260; length++) {
        char text[512];
        struct ini_problem problem;
        int prefix = snprintf(text, sizeof(text), "[a]\nkey = ");
        memset(text + prefix, 'x', length);
        text[prefix + (int)length] = '\n';
        bool read = read_text(text, (size_t)prefix + length + 1, &problem);
        size_t line = strlen("key = ") + length;
        if (read != (line <= 197))
            fail_msg("a line of %zu bytes was %s", line, read ? "taken" : "refused");
        if (!read) {
            assert_int_equal(problem.line, 2);
            assert_non_null(strstr(problem.text, "longer than 197 bytes"));
        } else if (strlen(strstr(told, "key=")) != length + strlen("key=\n")) {
            fail_msg("a value of %zu bytes was cut", length);
        }
    }
}

static void
a_nul_byte_stops_the_reading(void **state)
{
    (void)state;
    static const char text[] = "[a]\nk = 1\0\nj = 2\n";
    struct ini_problem problem;
    assert_false(read_text(text, sizeof(text) - 1, &problem));
    assert_int_equal(problem.line, 2);
    assert_non_null(strstr(problem.text, "NUL"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_keys_and_continued_values_are_told_with_their_lines),
        cmocka_unit_test(a_section_without_keys_is_told),
        cmocka_unit_test(what_is_no_ini_stops_at_its_line),
        cmocka_unit_test(a_value_behind_a_fault_is_never_told),
        cmocka_unit_test(a_line_is_taken_whole_or_refused_whatever_its_length),
        cmocka_unit_test(a_nul_byte_stops_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
