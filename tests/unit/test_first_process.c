/* The file that process 1 was started with, out of its command line as /proc has it. */

#include "support.h"

#include "proxy/first_process.h"

#include <unistd.h>

enum { PATH_SIZE = 128 };

/* Words with a bar between them become a command line; the answer is what was found, or NULL. */
static const char *
found_in(const char *words, char *path)
{
    char file[] = "/tmp/sockwarden-cmdline-XXXXXX";
    char text[256];
    size_t length = strlen(words);
    int fd = mkstemp(file);
    assert_true(fd >= 0 && length < sizeof(text));
    memcpy(text, words, length + 1);
    for (char *at = text; *at != '\0'; at++)
        if (*at == '|')
            *at = '\0';
    assert_int_equal(write(fd, text, length > 0 ? length + 1 : 0), length > 0 ? length + 1 : 0);
    close(fd);
    bool found = first_process_settings(file, path, PATH_SIZE);
    unlink(file);
    return found ? path : NULL;
}

static void
the_file_of_a_first_process_is_found(void **state)
{
    (void)state;
    static const char *const lines[] = {"/sockwarden|-c|/etc/s.ini", "sockwarden|--config=/etc/s.ini",
                                        "/sbin/docker-init|--|/sockwarden|-c|/etc/s.ini",
                                        "/sockwarden|run|-c|/etc/s.ini"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        const char *found = found_in(lines[i], path);
        assert_non_null(found);
        assert_string_equal(found, "/etc/s.ini");
    }
}

static void
what_serves_no_file_has_none(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "/sockwarden",
                                        "/sockwarden|health|-c|/etc/s.ini",
                                        "/sbin/init|-c|/etc/s.ini",
                                        "/sockwarden|-c",
                                        "/sockwarden-other|-c|/etc/s.ini",
                                        "/sockwarden|-z|-c|/x"};
    char path[PATH_SIZE];
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_null(found_in(lines[i], path));
    assert_false(first_process_settings("/nowhere", path, sizeof(path)));
}

static void
a_path_that_does_not_fit_is_none(void **state)
{
    (void)state;
    char path[4];
    char file[] = "/tmp/sockwarden-cmdline-XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0 && write(fd, "sockwarden\0-c\0/etc", 19) == 19);
    close(fd);
    assert_false(first_process_settings(file, path, sizeof(path)));
    unlink(file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_of_a_first_process_is_found),
        cmocka_unit_test(what_serves_no_file_has_none),
        cmocka_unit_test(a_path_that_does_not_fit_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
