/* Entries of the journal: the two forms of a field, what is cut, and when standard error leads there. */

#include "proxy/journal.h"
#include "support.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

static struct journal_fields fields;

static void
expect_fields(const char *sentence, const char *expected, size_t length)
{
    CHECK(sentence, fields.length == length && memcmp(fields.bytes, expected, length) == 0);
    fields.length = 0;
}

#define EXPECT_FIELDS(sentence, expected) expect_fields(sentence, expected, sizeof(expected) - 1)

static void
add(const char *prefix, const char *name, const char *value)
{
    journal_add(&fields, prefix, name, slice_from_string(value));
}

static void
a_field_is_a_line_unless_its_value_holds_a_line_feed(void **state)
{
    (void)state;
    fields.length = 0;
    add("SOCKWARDEN_", "client", "127.0.0.1:4711");
    EXPECT_FIELDS("a plain value", "SOCKWARDEN_CLIENT=127.0.0.1:4711\n");
    add("", "PRIORITY", "6");
    add("SOCKWARDEN_", "path", "");
    EXPECT_FIELDS("two fields, one empty", "PRIORITY=6\nSOCKWARDEN_PATH=\n");
    journal_add(&fields, "X_", "none", (struct slice){NULL, 0});
    EXPECT_FIELDS("no value at all", "X_NONE=\n");
    add("X_", "a", "one\nPRIORITY=0");
    EXPECT_FIELDS("a line feed", "X_A\n\x0e\0\0\0\0\0\0\0one\nPRIORITY=0\n");
    journal_add(&fields, "X_", "a", (struct slice){"=\0\xff\t", 4});
    EXPECT_FIELDS("any other byte", "X_A==\0\xff\t\n");
}

static void
a_name_has_only_what_a_name_of_the_journal_may_have(void **state)
{
    (void)state;
    fields.length = 0;
    add("X_", "api-version=1", "v");
    EXPECT_FIELDS("letters, digits and underscores", "X_API_VERSION_1=v\n");
    add("SOCKWARDEN_", "a_name_that_is_longer_than_the_sixty_four_bytes_a_name_may_have", "v");
    EXPECT_FIELDS("a name that is too long", "");
}

/* Takes the fields apart as the journal does. */
static size_t
count_fields(void)
{
    size_t count = 0;
    const char *at = fields.bytes;
    const char *end = at + fields.length;
    for (; at < end; count++) {
        size_t name = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        CHECK("a name", name > 0 && name < (size_t)(end - at) && (at[name] == '=' || at[name] == '\n'));
        at += name + 1;
        if (at[-1] == '=') {
            at = memchr(at, '\n', (size_t)(end - at));
        } else {
            uint64_t length;
            memcpy(&length, at, sizeof(length));
            at += sizeof(length) + length;
        }
        CHECK("an end", at != NULL && at < end && *at == '\n');
        at++;
    }
    return count;
}

static void
what_does_not_fit_is_cut_or_left_out_and_the_entry_stays_whole(void **state)
{
    (void)state;
    static char bytes[JOURNAL_FIELDS_SIZE + 64];
    static const char fillers[] = {'x', '\n'};
    for (size_t filler = 0; filler < COUNT_OF(fillers); filler++) {
        memset(bytes, fillers[filler], sizeof(bytes));
        for (size_t length = JOURNAL_FIELDS_SIZE - 80; length < sizeof(bytes); length++) {
            fields.length = 0;
            journal_add(&fields, "X_", "long", (struct slice){bytes, length});
            add("X_", "next", "v");
            add("X_", "last", "a\nb");
            assert_true(fields.length <= JOURNAL_FIELDS_SIZE);
            assert_in_range(count_fields(), 1, 3);
        }
        assert_int_equal(count_fields(), 1);
    }
}

static void
standard_error_leads_there_where_device_and_inode_are_those_of_the_variable(void **state)
{
    (void)state;
    struct stat status;
    char own[64];
    assert_int_equal(fstat(STDERR_FILENO, &status), 0);
    unsetenv("JOURNAL_STREAM");
    assert_false(journal_is_standard_error());
    snprintf(own, sizeof(own), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    setenv("JOURNAL_STREAM", own, 1);
    assert_true(journal_is_standard_error());
    static const char *const others[] = {"", ":", "0:0", "x", "8:4294967295"};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        setenv("JOURNAL_STREAM", others[i], 1);
        CHECK(others[i], !journal_is_standard_error());
    }
    unsetenv("JOURNAL_STREAM");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_a_line_unless_its_value_holds_a_line_feed),
        cmocka_unit_test(a_name_has_only_what_a_name_of_the_journal_may_have),
        cmocka_unit_test(what_does_not_fit_is_cut_or_left_out_and_the_entry_stays_whole),
        cmocka_unit_test(standard_error_leads_there_where_device_and_inode_are_those_of_the_variable),
    };
    return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
