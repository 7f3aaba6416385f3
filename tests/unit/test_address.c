/* Socket addresses in every spelling, for the engine and for listening. */

#include "proxy/address.h"
#include "support.h"

#include <netinet/in.h>
#include <sys/un.h>

struct row {
    const char *text;
    const char *name;    /* NULL: refused */
    const char *problem; /* a part of the sentence */
};

#define ABSOLUTE "must be absolute"
#define NO_PORT  "there is no port"
#define NO_HOST  "there is no address before the port"
#define PORT     "the port is a number from 1 to 65535, without leading zeros"
#define BRACKETS "an IPv6 address stands in brackets"
#define NUMBER   "an IPv4 address is four of them, from 0 to 255, without leading zeros"
#define NEITHER  "neither an absolute path nor HOST:PORT"
#define SCHEMES  "the schemes are unix:// and tcp://"
#define RESOLVE  "does not resolve"
#define FOLDER   "the path names a folder"
#define NONE     "none of tcp://, unix: and systemd:"

static const struct row engines[] = {
    {"/var/run/docker.sock", "unix:/var/run/docker.sock", NULL},
    {"unix:/run/docker.sock", "unix:/run/docker.sock", NULL},
    {"unix:///run/docker.sock", "unix:/run/docker.sock", NULL},
    {"unix@/run/docker.sock", "unix:/run/docker.sock", NULL},
    {"/a path/with blanks:and@more", "unix:/a path/with blanks:and@more", NULL},
    {"abns@engine", "abns@engine", NULL},
    {"tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375", NULL},
    {"tcp://[::1]:2375", "tcp://[::1]:2375", NULL},
    {"127.0.0.1:2375", "tcp://127.0.0.1:2375", NULL},
    {"[fe80:0::01]:1", "tcp://[fe80::1]:1", NULL},
    {"tcp@127.0.0.1:65535", "tcp://127.0.0.1:65535", NULL},
    {"tcp4@127.0.0.1:2375", "tcp://127.0.0.1:2375", NULL},
    {"tcp6@[::1]:2375", "tcp://[::1]:2375", NULL},
    {"ipv4@10.0.0.1:2375", "tcp://10.0.0.1:2375", NULL},
    {"/run/a,b.sock", "unix:/run/a,b.sock", NULL},
    {"ipv6@[2001:db8::1]:2375", "tcp://[2001:db8::1]:2375", NULL},

    {"", NULL, "there is no address"},
    {"/run/a\nb", NULL, "control byte"},
    {"abns@a\x7f", NULL, "control byte"},
    {"docker.sock", NULL, NEITHER},
    {"run/docker.sock", NULL, NEITHER},
    {"unix:", NULL, "there is no path"},
    {"unix:docker.sock", NULL, ABSOLUTE},
    {"unix://docker.sock", NULL, ABSOLUTE},
    {"unix@docker.sock", NULL, ABSOLUTE},
    {"/", NULL, FOLDER},
    {"/run/", NULL, FOLDER},
    {"unix:/run/.", NULL, FOLDER},
    {"unix:///run/..", NULL, FOLDER},
    {"/run/docker.sock ", NULL, "ends in a blank"},
    {" /run/docker.sock", NULL, "not an address of an engine"},
    {"abns@", NULL, "abstract socket has 1 to 107 bytes"},
    {"unix:/a, unix:/b", NULL, "there is one engine"},
    {"/a,/b", NULL, "there is one engine"},
    {"/a /b", NULL, "there is one engine"},
    {"127.0.0.1:1, [::1]:2", NULL, "there is one engine"},
    {"127.0.0.1:1,127.0.0.2:1", NULL, "there is one engine"},
    {"http://127.0.0.1:2375", NULL, "http:// is no scheme here; plain HTTP is tcp://, and the other scheme is unix://"},
    {"https://127.0.0.1:2376", NULL, "https:// is no scheme here, nothing speaks TLS; " SCHEMES},
    {"ssh://127.0.0.1:22", NULL, "ssh:// is no scheme here; " SCHEMES},
    {"ssh://root@host", NULL, "ssh:// is no scheme here; " SCHEMES},
    {"npipe:////./pipe/docker_engine", NULL, "npipe:// is of Windows; " SCHEMES},
    {"fd://", NULL, SCHEMES},
    {"systemd:docker", NULL, SCHEMES},
    {"quic://127.0.0.1:1", NULL, SCHEMES},
    {"TCP://127.0.0.1:1", NULL, SCHEMES ", in lower case"},
    {"tcp:127.0.0.1:1", NULL, "behind tcp: come two slashes"},
    {"tcp://", NULL, NO_PORT},
    {"tcp://127.0.0.1", NULL, NO_PORT},
    {"tcp://127.0.0.1:2375/", NULL, PORT},
    {"tcp://127.0.0.1:2375:", NULL, BRACKETS},
    {"127.0.0.1:", NULL, NO_PORT},
    {":2375", NULL, NO_HOST},
    {"[]:2375", NULL, NO_HOST},
    {"[::1]", NULL, NO_PORT},
    {"[::1]2375", NULL, "behind the bracket comes a colon"},
    {"[::1:2375", NULL, "the bracket of the IPv6 address is not closed"},
    {"[::g]:2375", NULL, "no IPv6 address that can be used here"},
    {"[127.0.0.1]:2375", NULL, "in brackets stands an IPv6 address"},
    {"::1:2375", NULL, BRACKETS},
    {"127.0.0.1:0", NULL, PORT},
    {"127.0.0.1:010", NULL, PORT},
    {"127.0.0.1:65536", NULL, PORT},
    {"127.0.0.1:123456", NULL, PORT},
    {"127.0.0.1:+80", NULL, PORT},
    {"127.0.0.1:-80", NULL, PORT},
    {"127.0.0.1:0x50", NULL, PORT},
    {"127.0.0.1:http", NULL, PORT},
    {"127.0.0.1: 80", NULL, "not an address of an engine"},
    {"127.1:80", NULL, NUMBER},
    {"0x7f.1:80", NULL, NUMBER},
    {"0177.0.0.1:80", NULL, NUMBER},
    {"2130706433:80", NULL, NUMBER},
    {"a..b:80", NULL, "no empty part"},
    {"*:2375", NULL, "a host name has letters"},
    {"tcp4@[::1]:2375", NULL, "can be used here"},
    {"ipv4@[::1]:2375", NULL, "can be used here"},
    {"tcp6@127.0.0.1:2375", NULL, RESOLVE},
};

static const struct row listeners[] = {
    {"tcp://127.0.0.1:2375", "tcp://127.0.0.1:2375", NULL},
    {"tcp://0.0.0.0:0", "tcp://0.0.0.0:0", NULL},
    {"tcp://[::]:2375", "tcp://[::]:2375", NULL},
    {"tcp://[::1]:65535", "tcp://[::1]:65535", NULL},
    {"tcp://[fe80::1%lo]:1", "tcp://[fe80::1%lo]:1", NULL},
    {"unix:/run/a.sock", "unix:/run/a.sock", NULL},
    {"unix:///run/a.sock", "unix:/run/a.sock", NULL},

    {"systemd:web", "systemd:web", NULL},

    {"", NULL, "there is no address"},
    {"unix:/run/a\x1b[2J", NULL, "control byte"},
    {"127.0.0.1:2375", NULL, "before an address and a port stands tcp://"},
    {":2375", NULL, "for all addresses tcp://[::]:PORT"},
    {"/run/a.sock", NULL, "before the path of a socket stands unix:"},
    {"abns@a", NULL, NONE},
    {"unix@/run/a.sock", NULL, NONE},
    {"TCP://127.0.0.1:2375", NULL, NONE},
    {"http://127.0.0.1:2375", NULL, "plain HTTP is tcp://"},
    {"fd://", NULL, "a socket that systemd passes is systemd:NAME"},
    {"systemd:", NULL, "1 to 63 bytes"},
    {"unix:", NULL, "there is no path"},
    {"unix:a.sock", NULL, ABSOLUTE},
    {"unix:/", NULL, FOLDER},
    {"unix:/tmp/", NULL, FOLDER},
    {"unix:/a, unix:/b", NULL, "several addresses"},
    {"unix:/a unix:/b", NULL, "several addresses"},
    {"unix:/a; unix:/b", NULL, "several addresses"},
    {"tcp://127.0.0.1:1;tcp://127.0.0.1:2", NULL, "several addresses"},
    {"tcp://[::ffff:127.0.0.1]:1", NULL, "an IPv4 address stands by itself"},
    {"unix:/a,", NULL, "several addresses"},
    {"systemd:a,systemd:b", NULL, "several addresses"},
    {"0.0.0.0:1, [::]:2", NULL, "several addresses"},
    {"tcp://0.0.0.0:1,tcp://[::]:2", NULL, "several addresses"},
    {"tcp://localhost:2375", NULL, "must be numeric"},
    {"tcp://*:2375", NULL, "must be numeric"},
    {"tcp://127.1:2375", NULL, NUMBER},
    {"tcp://0:2375", NULL, NUMBER},
    {"tcp://010.0.0.1:2375", NULL, NUMBER},
    {"tcp://256.0.0.1:2375", NULL, NUMBER},
    {"tcp://[127.0.0.1]:2375", NULL, "in brackets stands an IPv6 address"},
    {"tcp://[::1:2375", NULL, "the bracket of the IPv6 address is not closed"},
    {"tcp://[fe80::1%nosuch]:2375", NULL, "can be used here"},
    {"tcp://127.0.0.1", NULL, NO_PORT},
    {"tcp://127.0.0.1:", NULL, NO_PORT},
    {"tcp://:2375", NULL, NO_HOST},
    {"tcp://127.0.0.1:00", NULL, PORT},
    {"tcp://127.0.0.1:010", NULL, PORT},
    {"tcp://127.0.0.1:+5", NULL, PORT},
    {"tcp://127.0.0.1:70000", NULL, PORT},
    {"tcp://127.0.0.1:65536", NULL, PORT},
    {"tcp://[::]", NULL, NO_PORT},
};

static void
check_rows(const struct row *rows, size_t count, bool (*parse)(const char *, struct address *, const char **))
{
    for (size_t i = 0; i < count; i++) {
        struct address address;
        const char *problem = NULL;
        bool parsed = parse(rows[i].text, &address, &problem);
        CHECK(rows[i].text, parsed == (rows[i].name != NULL));
        if (parsed)
            CHECK_TEXT(rows[i].text, address.name, rows[i].name);
        else
            CHECK(problem, strstr(problem, rows[i].problem) != NULL);
    }
}

static void
every_spelling_of_an_engine_is_read(void **state)
{
    (void)state;
    check_rows(engines, COUNT_OF(engines), address_parse_engine);
}

static void
every_spelling_of_a_listener_is_read(void **state)
{
    (void)state;
    check_rows(listeners, COUNT_OF(listeners), address_parse_listen);
}

static void
a_host_name_is_looked_up_for_an_engine(void **state)
{
    (void)state;
    struct address address;
    const char *problem = NULL;
    assert_true(address_parse_engine("tcp4@localhost:2375", &address, &problem));
    assert_string_equal(address.name, "tcp://127.0.0.1:2375");
    assert_true(address_parse_engine("localhost:2375", &address, &problem));
    assert_true(address_is_local(&address));
}

static void
a_path_fits_up_to_107_bytes(void **state)
{
    (void)state;
    char text[160] = "unix:/";
    struct address address;
    const char *problem = NULL;
    memset(text + 6, 'p', 106);
    assert_true(address_parse_listen(text, &address, &problem));
    assert_true(address_parse_engine(text, &address, &problem));
    assert_string_equal(address.path, text + 5);
    assert_string_equal(address.name, text);
    assert_int_equal(address.length, sizeof(struct sockaddr_un));
    text[6 + 106] = 'p';
    assert_false(address_parse_listen(text, &address, &problem));
    assert_false(address_parse_engine(text, &address, &problem));
    assert_non_null(strstr(problem, "107 bytes"));
}

static void
an_abstract_name_fits_up_to_107_bytes_and_is_filled_with_nul(void **state)
{
    (void)state;
    char text[160] = "abns@";
    struct address address;
    const char *problem = NULL;
    assert_true(address_parse_engine("abns@ab", &address, &problem));
    struct sockaddr_un local;
    memcpy(&local, &address.socket, sizeof(local));
    static const char expected[sizeof(local.sun_path)] = "\0ab";
    assert_memory_equal(local.sun_path, expected, sizeof(expected));
    assert_int_equal(address.length, sizeof(local));
    assert_string_equal(address.path, "");
    memset(text + 5, 'n', 107);
    assert_true(address_parse_engine(text, &address, &problem));
    assert_string_equal(address.name, text);
    text[5 + 107] = 'n';
    assert_false(address_parse_engine(text, &address, &problem));
}

static void
an_address_knows_what_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_unix;
        bool is_any;
        bool is_local;
    } rows[] = {
        {"unix:/a", true, false, true},
        {"abns@a", true, false, true},
        {"tcp://0.0.0.0:1", false, true, false},
        {"tcp://[::]:1", false, true, false},
        {"tcp://127.0.0.1:1", false, false, true},
        {"tcp://127.255.0.9:1", false, false, true},
        {"tcp://128.0.0.1:1", false, false, false},
        {"tcp://126.255.255.255:1", false, false, false},
        {"tcp://[::1]:1", false, false, true},
        {"tcp://[::2]:1", false, false, false},
        {"tcp://192.168.0.1:1", false, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address;
        const char *problem = NULL;
        CHECK(rows[i].text, address_parse_engine(rows[i].text, &address, &problem));
        CHECK(rows[i].text, address_is_unix(&address) == rows[i].is_unix);
        CHECK(rows[i].text, address_is_any(&address) == rows[i].is_any);
        CHECK(rows[i].text, address_is_local(&address) == rows[i].is_local);
    }
}

static void
the_any_address_of_ipv6_becomes_that_of_ipv4(void **state)
{
    (void)state;
    struct address address;
    const char *problem = NULL;
    assert_true(address_parse_listen("tcp://[::]:2375", &address, &problem));
    address_to_ipv4_any(&address);
    assert_string_equal(address.name, "tcp://0.0.0.0:2375");
    assert_int_equal(address.length, sizeof(struct sockaddr_in));
    assert_true(address_is_any(&address));
}

static void
the_same_place_is_the_same_in_any_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *one;
        const char *other;
        bool same;
    } rows[] = {
        {"/a", "unix:///a", true},
        {"/a", "/b", false},
        {"/a", "abns@/a", false},
        {"127.0.0.1:80", "tcp@127.0.0.1:80", true},
        {"127.0.0.1:80", "127.0.0.1:81", false},
        {"127.0.0.1:80", "127.0.0.2:80", false},
        {"[::1]:80", "tcp6@[0:0::1]:80", true},
        {"[::]:80", "0.0.0.0:80", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address one;
        struct address other;
        const char *problem = NULL;
        CHECK(rows[i].one, address_parse_engine(rows[i].one, &one, &problem));
        CHECK(rows[i].other, address_parse_engine(rows[i].other, &other, &problem));
        CHECK(rows[i].one, address_equals(&one, &other) == rows[i].same);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_of_an_engine_is_read),
        cmocka_unit_test(every_spelling_of_a_listener_is_read),
        cmocka_unit_test(a_host_name_is_looked_up_for_an_engine),
        cmocka_unit_test(a_path_fits_up_to_107_bytes),
        cmocka_unit_test(an_abstract_name_fits_up_to_107_bytes_and_is_filled_with_nul),
        cmocka_unit_test(an_address_knows_what_it_is),
        cmocka_unit_test(the_any_address_of_ipv6_becomes_that_of_ipv4),
        cmocka_unit_test(the_same_place_is_the_same_in_any_spelling),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
