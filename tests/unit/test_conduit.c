/* The one pipe of the process: whole and in order, empty between two moves, and thrown away rather than used in doubt.
 */

#include "support.h"
#include "tcp_pair.h"

#include "proxy/conduit.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LENGTH = 4096 };

static const int unlinked = -1;

static void
open_unix_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
}

/* Sends so many bytes of this letter and moves them into the pipe, as they arrive. */
static void
fill(const int source[2], char letter, size_t length)
{
    char bytes[LENGTH];
    memset(bytes, letter, sizeof(bytes));
    assert_int_equal(write(source[1], bytes, length), (ssize_t)length);
    for (size_t moved = 0; moved < length;) {
        struct pollfd arrival = {.fd = source[0], .events = POLLIN};
        assert_int_equal(poll(&arrival, 1, 10000), 1);
        ssize_t piece = conduit_fill(source[0], length - moved);
        assert_true(piece > 0);
        moved += (size_t)piece;
    }
}

static void
close_pair(const int ends[2])
{
    close(ends[0]);
    if (ends[1] != unlinked)
        close(ends[1]);
}

static bool
is_all(const char *bytes, size_t length, char letter)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] != letter)
            return false;
    return true;
}

static void
what_was_filled_in_comes_out_whole(void **state)
{
    (void)state;
    int source[2];
    int sink[2];
    char bytes[LENGTH];
    open_tcp_pair(source);
    open_unix_pair(sink);
    fill(source, 'a', LENGTH);
    assert_int_equal(conduit_empty(sink[0], LENGTH), LENGTH);
    size_t length = 0;
    while (length < LENGTH) {
        ssize_t piece = read(sink[1], bytes + length, LENGTH - length);
        assert_true(piece > 0);
        length += (size_t)piece;
    }
    assert_true(is_all(bytes, LENGTH, 'a'));
    close_pair(source);
    close_pair(sink);
}

static void
out_of_a_unix_socket_nothing_is_moved(void **state)
{
    (void)state;
    int source[2];
    open_unix_pair(source);
    assert_int_equal(write(source[1], "abc", 3), 3);
    assert_int_equal(conduit_fill(source[0], 3), -1);
    char bytes[4];
    assert_int_equal(read(source[0], bytes, sizeof(bytes)), 3);
    close_pair(source);
}

/* What the broken sink did not take is read out, so that the next stream's bytes are the first that the next sink sees.
 */
static void
what_a_broken_sink_left_is_read_before_the_next_stream(void **state)
{
    (void)state;
    int first[2];
    int second[2];
    int broken[2];
    int sink[2];
    char bytes[LENGTH];
    signal(SIGPIPE, SIG_IGN);
    open_tcp_pair(first);
    open_tcp_pair(second);
    open_unix_pair(broken);
    open_unix_pair(sink);
    close(broken[1]);
    broken[1] = unlinked;
    fill(first, 'a', LENGTH);
    assert_int_equal(conduit_empty(broken[0], LENGTH), 0);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(conduit_read(bytes, LENGTH), LENGTH);
    assert_true(is_all(bytes, LENGTH, 'a'));
    fill(second, 'b', LENGTH / 2);
    assert_int_equal(conduit_empty(sink[0], LENGTH), LENGTH / 2);
    assert_int_equal(read(sink[1], bytes, LENGTH), LENGTH / 2);
    assert_true(is_all(bytes, LENGTH / 2, 'b'));
    close_pair(first);
    close_pair(second);
    close_pair(broken);
    close_pair(sink);
}

/* The last one, as there is no pipe afterwards. */
static void
a_pipe_that_held_less_than_it_should_is_never_used_again(void **state)
{
    (void)state;
    int source[2];
    char bytes[LENGTH];
    open_tcp_pair(source);
    fill(source, 'a', LENGTH / 2);
    assert_int_equal(conduit_read(bytes, LENGTH), LENGTH / 2);
    assert_int_equal(write(source[1], "bcd", 3), 3);
    struct pollfd arrival = {.fd = source[0], .events = POLLIN};
    assert_int_equal(poll(&arrival, 1, 10000), 1);
    assert_int_equal(conduit_fill(source[0], 3), -1);
    /* Nothing was taken from the stream: an ordinary read meets it. */
    assert_int_equal(read(source[0], bytes, LENGTH), 3);
    close_pair(source);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_filled_in_comes_out_whole),
        cmocka_unit_test(out_of_a_unix_socket_nothing_is_moved),
        cmocka_unit_test(what_a_broken_sink_left_is_read_before_the_next_stream),
        cmocka_unit_test(a_pipe_that_held_less_than_it_should_is_never_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
