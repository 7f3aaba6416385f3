#include "support.h"

#include "proxy/table.h"
#include "proxy/text.h"

static const char *const COLUMNS[] = {"verdict", "path", "rule", NULL};
static const char *const ROWS[][3] = {
    {"allow", "/info", "INFO=1"},
    {"if", "/Ü\t\"x\"\ny", ""},
    {"deny", "", "no grant"},
};

static char *
print(enum table_format format, bool with_names, size_t rows)
{
    char *text;
    size_t size;
    FILE *output = open_memstream(&text, &size);
    assert_non_null(output);
    struct table *table = table_new(format, COLUMNS, with_names, output);
    assert_non_null(table);
    for (size_t i = 0; i < rows; i++)
        table_row(table, ROWS[i]);
    assert_true(table_end(table));
    fclose(output);
    return text;
}

static void
a_table_is_printed_for_people_and_for_programs(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        enum table_format format;
        bool with_names;
        size_t rows;
        const char *expected;
    } rows[] = {
        {"columns are lined up by letters and no line ends in blanks", TABLE_TEXT, true, 3,
         "verdict  path      rule\nallow    /info     INFO=1\nif       /Ü \"x\" y\ndeny               no grant\n"},
        {"columns without names", TABLE_TEXT, false, 1, "allow  /info  INFO=1\n"},
        {"nothing has no names", TABLE_TEXT, true, 0, ""},
        {"tabs part columns, so none is in a cell", TABLE_TSV, true, 3,
         "verdict\tpath\trule\nallow\t/info\tINFO=1\nif\t/Ü \"x\" y\t\ndeny\t\tno grant\n"},
        {"programs get the names of nothing, too", TABLE_TSV, true, 0, "verdict\tpath\trule\n"},
        {"JSON escapes", TABLE_JSON, true, 2,
         "[\n{\"verdict\":\"allow\",\"path\":\"/info\",\"rule\":\"INFO=1\"},"
         "\n{\"verdict\":\"if\",\"path\":\"/Ü\\t\\\"x\\\"\\ny\",\"rule\":\"\"}\n]\n"},
        {"an empty array", TABLE_JSON, true, 0, "[]\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *text = print(rows[i].format, rows[i].with_names, rows[i].rows);
        CHECK_TEXT(rows[i].sentence, text, rows[i].expected);
        free(text);
    }
}

static void
a_format_has_a_word(void **state)
{
    (void)state;
    enum table_format format;
    assert_true(table_format_of_word(NULL, TABLE_TSV, &format) && format == TABLE_TSV);
    assert_true(table_format_of_word("text", TABLE_TSV, &format) && format == TABLE_TEXT);
    assert_true(table_format_of_word("json", TABLE_TSV, &format) && format == TABLE_JSON);
    assert_true(table_format_of_word("tsv", TABLE_TEXT, &format) && format == TABLE_TSV);
    assert_false(table_format_of_word("", TABLE_TEXT, &format));
    assert_false(table_format_of_word("JSON", TABLE_TEXT, &format));
}

static void
a_text_is_wrapped_at_blanks(void **state)
{
    (void)state;
    char words[400] = "";
    for (size_t i = 0; i < 30; i++)
        strcat(words, i % 2 == 0 ? "sentence " : "Übergröße ");
    strcat(words, "end");
    char *text;
    size_t size;
    FILE *output = open_memstream(&text, &size);
    assert_non_null(output);
    text_print_wrapped(words, 4, output);
    fclose(output);
    size_t lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++)
        assert_true(text_letters(line) <= 100 && strncmp(line, "    ", 4) == 0 && line[4] != ' ');
    assert_int_equal(lines, 4);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_is_printed_for_people_and_for_programs),
        cmocka_unit_test(a_format_has_a_word),
        cmocka_unit_test(a_text_is_wrapped_at_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
