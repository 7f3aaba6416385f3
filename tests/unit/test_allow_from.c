#include "support.h"

#include "proxy/allow_from.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static struct allow_from *
list_of(const char *const *items)
{
    struct allow_from *list = allow_from_new();
    char problem[ALLOW_FROM_PROBLEM_SIZE];
    assert_non_null(list);
    for (; *items != NULL; items++)
        if (!allow_from_add(list, *items, problem))
            fail_msg("%s: %s", *items, problem);
    return list;
}

static struct sockaddr_storage
address_of(const char *text)
{
    struct sockaddr_storage storage = {0};
    struct sockaddr_in *v4 = (struct sockaddr_in *)&storage;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&storage;
    if (inet_pton(AF_INET, text, &v4->sin_addr) == 1)
        v4->sin_family = AF_INET;
    else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1)
        v6->sin6_family = AF_INET6;
    else
        fail_msg("%s is no address", text);
    return storage;
}

static bool
has(const struct allow_from *list, const char *address)
{
    struct sockaddr_storage storage = address_of(address);
    return allow_from_has_address(list, (const struct sockaddr *)&storage);
}

static void
an_address_is_in_a_block_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        const char *address;
        bool in;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "127.0.0.2", false},
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"10.1.0.0/23", "10.1.1.255", true},
        {"10.1.0.0/23", "10.1.2.0", false},
        {"0.0.0.0/0", "8.8.8.8", true},
        {"0.0.0.0/0", "::1", false},
        {"10.0.0.1/32", "10.0.0.1", true},
        {"::1", "::1", true},
        {"fd00::/8", "fd12::1", true},
        {"fd00::/8", "fe00::1", false},
        {"::/0", "::1", true},
        {"::/0", "10.0.0.1", true},
        {"10.0.0.0/8", "::ffff:10.2.3.4", true},
        {"10.0.0.0/8", "::10.2.3.4", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const items[] = {rows[i].item, NULL};
        struct allow_from *list = list_of(items);
        if (has(list, rows[i].address) != rows[i].in)
            fail_msg("%s in %s", rows[i].address, rows[i].item);
        allow_from_free(list);
    }
}

static void
users_and_groups_are_for_unix_sockets_only(void **state)
{
    (void)state;
    const char *const items[] = {"uid:1000", "group:root", NULL};
    struct allow_from *list = list_of(items);
    assert_true(allow_from_has_user(list, 1000, 5));
    assert_true(allow_from_has_user(list, 5, 0));
    assert_false(allow_from_has_user(list, 0, 1000));
    assert_false(has(list, "127.0.0.1"));
    allow_from_free(list);
}

static void
a_name_stands_for_the_addresses_that_were_looked_up_last(void **state)
{
    (void)state;
    const char *const items[] = {"127.0.0.1", "traefik", "tasks.web", NULL};
    struct allow_from *list = list_of(items);
    struct sockaddr_storage one = address_of("10.0.0.1");
    struct sockaddr_storage two = address_of("fd00::2");
    const struct sockaddr *both[] = {(struct sockaddr *)&one, (struct sockaddr *)&two};
    assert_string_equal(allow_from_host(list, 0), "traefik");
    assert_string_equal(allow_from_host(list, 1), "tasks.web");
    assert_null(allow_from_host(list, 2));
    assert_false(has(list, "10.0.0.1"));
    assert_true(allow_from_set_host(list, 1, both, 2));
    assert_true(has(list, "10.0.0.1"));
    assert_true(has(list, "fd00::2"));
    assert_true(allow_from_set_host(list, 1, both, 1));
    assert_false(has(list, "fd00::2"));
    assert_true(allow_from_set_host(list, 1, NULL, 0));
    assert_false(has(list, "10.0.0.1"));
    assert_true(has(list, "127.0.0.1"));
    allow_from_free(list);
}

#define NUMBER "a name does not end in a number, and an IPv4 address is four of them, from 0 to 255"
#define LABEL  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 63 */

static void
what_is_none_of_these_is_refused_with_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        const char *problem;
    } rows[] = {
        {"10.0.0.0/33", "a number of bits, from 0 to 32"},
        {"10.0.0.0/", "a number of bits, from 0 to 32"},
        {"10.0.0.0/8/8", "a number of bits, from 0 to 32"},
        {"::/129", "a number of bits, from 0 to 128"},
        {"10.0.0.0/-1", "a number of bits, from 0 to 32"},
        {"10.0.0.1/8", "it sets bits behind the first 8; the network is 10.0.0.0/8"},
        {"192.168.255.255/23", "the network is 192.168.254.0/23"},
        {"1.2.3.4/0", "the network is 0.0.0.0/0"},
        {"fd00::1/64", "it sets bits behind the first 64; the network is fd00::/64"},
        {"fe80::1%eth0", "has no zone here; say fe80::/10"},
        {"fe80::%eth0/64", "has no zone here"},
        {"[::1]", "without brackets and port"},
        {"[::1]:2375", "without brackets and port"},
        {"127.0.0.1:2375", "addresses stand without port"},
        {"::1::", "it is no IPv6 address"},
        {"traefik/24", "a block is"},
        {"010.0.0.0/8", "a block is"},
        {"0x7f.1/8", "a block is"},
        {"uid:root", "a number"},
        {"uid:", "a number"},
        {"uid:4294967295", "a number"},
        {"gid:4294967296", "a number"},
        {"user:nobody-here", "no such user"},
        {"group:nobody-here", "no such group"},
        {"", "nothing stands there"},
        {"a b", "entries are separated by commas"},
        {"10.0.0.1 10.0.0.2", "entries are separated by commas"},
        {"uid:0\tuid:1", "entries are separated by commas"},
        {"all", "leave allow_from out"},
        {"*", "leave allow_from out"},
        {"*.web", "letters, digits, - and _"},
        {"w\xc3\xa9"
         "b",
         "letters, digits, - and _"},
        {"web;", "letters, digits, - and _"},
        {".web", "no empty part"},
        {"foo..bar", "no empty part"},
        {"web..", "no empty part"},
        {".", "no empty part"},
        {"-web", "begins or ends with a hyphen"},
        {"web-", "begins or ends with a hyphen"},
        {"web.-tasks.x", "begins or ends with a hyphen"},
        {"a" LABEL, "63 bytes at most"},
        {LABEL "." LABEL "." LABEL "." LABEL, "253 bytes at most"},
        {"1.2.3", NUMBER},
        {"127.1", NUMBER},
        {"0x7f.1", NUMBER},
        {"0x7f000001", NUMBER},
        {"0x", NUMBER},
        {"127.0.0.0x1", NUMBER},
        {"2130706433", NUMBER},
        {"0177.0.0.1", NUMBER},
        {"127.0.0.010", NUMBER},
        {"10.0.0.256", NUMBER},
        {"10.0.0.1.", NUMBER},
        {"web.7", NUMBER},
    };
    struct allow_from *list = allow_from_new();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char problem[ALLOW_FROM_PROBLEM_SIZE];
        CHECK(rows[i].item, !allow_from_add(list, rows[i].item, problem));
        if (strstr(problem, rows[i].problem) == NULL)
            fail_msg("%s: %s", rows[i].item, problem);
    }
    assert_true(allow_from_is_empty(list));
    assert_true(allow_from_is_empty(NULL));
    allow_from_free(list);
}

static void
names_of_services_and_containers_are_host_names(void **state)
{
    (void)state;
    const char *const items[] = {"traefik",
                                 "my_project_web_1",
                                 "_dmarc.x",
                                 "tasks.web",
                                 "3com.com",
                                 "1a",
                                 "7.web",
                                 "web.",
                                 "0xide",
                                 "abc123def456",
                                 "a",
                                 LABEL,
                                 "xn--bcher-kva.example",
                                 NULL};
    struct allow_from *list = list_of(items);
    for (size_t i = 0; items[i] != NULL; i++)
        assert_string_equal(allow_from_host(list, i), items[i]);
    allow_from_free(list);
}

static void
commas_part_the_entries_of_a_list(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *items[4];
    } rows[] = {
        {"a", {"a"}},
        {"a,b", {"a", "b"}},
        {" a ,\tb\t, c d ", {"a", "b", "c d"}},
        {"a,,b", {"a", "", "b"}},
        {",", {"", ""}},
        {"abcdefghijkl", {"abcdefg"}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *rest = rows[i].text;
        char item[8];
        for (size_t j = 0; rows[i].items[j] != NULL; j++) {
            CHECK(rows[i].text, allow_from_next(&rest, item, sizeof(item)));
            CHECK_TEXT(rows[i].text, item, rows[i].items[j]);
        }
        CHECK(rows[i].text, !allow_from_next(&rest, item, sizeof(item)));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_in_a_block_or_not),
        cmocka_unit_test(users_and_groups_are_for_unix_sockets_only),
        cmocka_unit_test(a_name_stands_for_the_addresses_that_were_looked_up_last),
        cmocka_unit_test(what_is_none_of_these_is_refused_with_the_reason),
        cmocka_unit_test(names_of_services_and_containers_are_host_names),
        cmocka_unit_test(commas_part_the_entries_of_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
