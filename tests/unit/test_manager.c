/* What a service manager leaves in the environment is read once and taken out of it. */

#include "proxy/passed.h"
#include "proxy/systemd.h"
#include "support.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
set_number(const char *name, long number)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", number);
    assert_int_equal(setenv(name, text, 1), 0);
}

static void
expect_unset(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(names[i], getenv(names[i]) == NULL);
}

static void
the_variables_of_passed_sockets_are_gone_whoever_they_were_for(void **state)
{
    (void)state;
    static const char *const names[] = {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"};
    char problem[PASSED_PROBLEM_SIZE];
    int fds[PASSED_MAX];
    for (int own = 0; own < 2; own++) {
        set_number("LISTEN_PID", own ? (long)getpid() : (long)getppid());
        set_number("LISTEN_FDS", own ? 0 : 1);
        setenv("LISTEN_FDNAMES", "one", 1);
        assert_true(passed_begin(problem));
        expect_unset(names, COUNT_OF(names));
        assert_int_equal(passed_find("one", fds), 0);
    }
}

static void
the_variables_of_a_manager_are_gone_and_it_is_told_all_the_same(void **state)
{
    (void)state;
    static const char *const names[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t length = sizeof(sa_family_t);
    char name[128];
    char heard[64] = "";
    assert_false(systemd_is_notified());
    systemd_notify("READY=1"); /* nobody hears it */
    int manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(manager, (const struct sockaddr *)&address, length), 0); /* a name of the kernel's choice */
    length = sizeof(address);
    assert_int_equal(getsockname(manager, (struct sockaddr *)&address, &length), 0);
    snprintf(name, sizeof(name), "@%.*s", (int)(length - sizeof(sa_family_t) - 1), address.sun_path + 1);
    setenv("NOTIFY_SOCKET", name, 1);
    set_number("WATCHDOG_USEC", 3000000);
    set_number("WATCHDOG_PID", (long)getpid());
    systemd_begin();
    expect_unset(names, COUNT_OF(names));
    assert_int_equal(systemd_watchdog_interval(), 1500);
    systemd_notify_status("a\nb\xc3\xa4 c");
    assert_int_equal(recv(manager, heard, sizeof(heard) - 1, 0), 14);
    assert_string_equal(heard, "STATUS=a?b?? c");
    close(manager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_variables_of_passed_sockets_are_gone_whoever_they_were_for),
        cmocka_unit_test(the_variables_of_a_manager_are_gone_and_it_is_told_all_the_same),
    };
    return cmocka_run_group_tests_name("manager", tests, NULL, NULL);
}
