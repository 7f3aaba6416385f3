#include "allow_from.h"
#include "account.h"
#include "host_name.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ADDRESS_BYTES = 16, HOST_SIZE = 256 };

/* Every address is held as IPv6; IPv4 ones in their mapped form, so that one comparison serves. */
struct block {
    unsigned char bytes[ADDRESS_BYTES];
    unsigned bits;
};

struct host {
    char name[HOST_SIZE];
    struct block *addresses; /* sorted */
    size_t count;
    int note;
};

struct identity {
    enum account_kind kind;
    uint32_t id;
};

struct allow_from {
    struct block *blocks;
    size_t block_count;
    struct host *hosts;
    size_t host_count;
    struct identity *identities;
    size_t identity_count;
};

static void
map_ipv4(const void *address, unsigned char *bytes)
{
    static const unsigned char prefix[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memcpy(bytes, prefix, sizeof(prefix));
    memcpy(bytes + sizeof(prefix), address, 4);
}

static bool
block_from_address(const struct sockaddr *address, struct block *block)
{
    block->bits = ADDRESS_BYTES * 8;
    if (address->sa_family == AF_INET) {
        map_ipv4(&((const struct sockaddr_in *)(const void *)address)->sin_addr, block->bytes);
        return true;
    }
    if (address->sa_family != AF_INET6)
        return false;
    memcpy(block->bytes, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, ADDRESS_BYTES);
    return true;
}

static bool
covers(const struct block *block, const struct block *address)
{
    size_t whole = block->bits / 8;
    unsigned rest = block->bits % 8;
    if (memcmp(block->bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || (block->bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

/* Makes room for one more element behind `count`; false: no memory, nothing changed. */
static bool
grow(void **elements, size_t count, size_t size)
{
    void *grown = realloc(*elements, (count + 1) * size);
    if (grown != NULL)
        *elements = grown;
    return grown != NULL;
}

static void say(char *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(char *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, ALLOW_FROM_PROBLEM_SIZE, format, arguments);
    va_end(arguments);
}

/* 0 to `most`, in digits and nothing else. */
static bool
parse_number(const char *text, unsigned long most, unsigned long *number)
{
    size_t length = strlen(text);
    if (length == 0 || length > 10 || strspn(text, "0123456789") != length)
        return false;
    *number = strtoul(text, NULL, 10);
    return *number <= most;
}

/* The block without the bits that are set behind it, as text. */
static void
write_network(const struct block *block, bool is_ipv4, char *text, size_t size)
{
    struct block network = *block;
    char address[INET6_ADDRSTRLEN] = "";
    for (unsigned bit = block->bits; bit < ADDRESS_BYTES * 8; bit++)
        network.bytes[bit / 8] &= (unsigned char)~(0x80u >> bit % 8);
    unsigned skipped = is_ipv4 ? ADDRESS_BYTES * 8 - 32 : 0;
    inet_ntop(is_ipv4 ? AF_INET : AF_INET6, network.bytes + skipped / 8, address, sizeof(address));
    snprintf(text, size, "%s/%u", address, block->bits - skipped);
}

static bool
has_host_bits(const struct block *block)
{
    for (unsigned bit = block->bits; bit < ADDRESS_BYTES * 8; bit++)
        if (block->bytes[bit / 8] & (0x80u >> bit % 8))
            return true;
    return false;
}

static bool
parse_bits(const char *text, bool is_ipv4, struct block *block, char *problem)
{
    unsigned width = is_ipv4 ? 32 : ADDRESS_BYTES * 8;
    unsigned long bits;
    char network[INET6_ADDRSTRLEN + 8];
    if (!parse_number(text, width, &bits)) {
        say(problem, "behind the slash stands a number of bits, from 0 to %u", width);
        return false;
    }
    block->bits = (unsigned)bits + (ADDRESS_BYTES * 8 - width);
    if (!has_host_bits(block))
        return true;
    write_network(block, is_ipv4, network, sizeof(network));
    say(problem, "it sets bits behind the first %lu; the network is %s", bits, network);
    return false;
}

/* What only looks like an address: false, with what is meant where that can be told. */
static void
explain_address(const char *item, char *problem)
{
    if (strchr(item, '%') != NULL)
        say(problem, "an address of a client has no zone here; say fe80::/10, or its address without %%…");
    else if (item[0] == '[')
        say(problem, "addresses stand without brackets and port here");
    else if (strchr(item, '/') != NULL)
        say(problem, "a block is an address, a slash and a number of bits, as in 10.0.0.0/8");
    else
        say(problem, "it is no IPv6 address; addresses stand without port");
}

/* The address that stands for all where one listens is none where one comes from. */
static bool
is_of_nobody(const unsigned char *bytes, bool is_ipv4)
{
    static const unsigned char zero[ADDRESS_BYTES] = {0};
    size_t skipped = is_ipv4 ? ADDRESS_BYTES - 4 : 0;
    return memcmp(bytes + skipped, zero, ADDRESS_BYTES - skipped) == 0;
}

/* True when `item` has the form of an address or a block; `problem` stays empty where it is a good one. */
static bool
parse_block(const char *item, struct block *block, char *problem)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(item, '/');
    size_t length = slash != NULL ? (size_t)(slash - item) : strlen(item);
    unsigned char bytes[ADDRESS_BYTES];
    snprintf(address, sizeof(address), "%.*s", length < sizeof(address) ? (int)length : 0, item);
    bool is_ipv4 = inet_pton(AF_INET, address, bytes) == 1;
    if (is_ipv4) {
        map_ipv4(bytes, block->bytes);
    } else if (inet_pton(AF_INET6, address, block->bytes) != 1) {
        if (strpbrk(item, "/:%[") == NULL)
            return false;
        explain_address(item, problem);
        return true;
    }
    block->bits = ADDRESS_BYTES * 8;
    if (slash != NULL)
        parse_bits(slash + 1, is_ipv4, block, problem);
    else if (is_of_nobody(block->bytes, is_ipv4))
        say(problem, "no client has this address; all are %s", is_ipv4 ? "0.0.0.0/0" : "::/0");
    return true;
}

bool
allow_from_is_identity(const char *item)
{
    static const char *const words[] = {"uid:", "user:", "gid:", "group:"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strncmp(item, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

/* uid:N, user:NAME, gid:N, group:NAME; true when `item` begins like one of them. */
static bool
parse_identity(const char *item, struct identity *identity, char *problem)
{
    if (!allow_from_is_identity(item))
        return false;
    const char *rest = strchr(item, ':') + 1;
    identity->kind = item[0] == 'u' ? ACCOUNT_USER : ACCOUNT_GROUP;
    if (item[1] == 'i') {
        if (!account_parse_number(rest, &identity->id))
            say(problem, "behind uid: and gid: stands a number; names stand behind user: and group:");
    } else if (!account_look_up(identity->kind, rest, &identity->id)) {
        const char *number = account_parse_number(rest, &identity->id) ? "; a number stands behind uid: and gid:" : "";
        say(problem, "%s%s", account_problem(), number);
    }
    return true;
}

static bool
add_host(struct allow_from *list, const char *item, char *problem)
{
    static const char *const everybody[] = {"all", "any", "everybody", "everyone", "*"};
    for (size_t i = 0; i < sizeof(everybody) / sizeof(everybody[0]); i++) {
        if (strcasecmp(item, everybody[i]) == 0) {
            say(problem, "for whoever reaches the socket leave allow_from out");
            return false;
        }
    }
    const char *fault = host_name_fault(item);
    if (fault != NULL) {
        say(problem, "%s", fault);
        return false;
    }
    if (!grow((void **)&list->hosts, list->host_count, sizeof(*list->hosts))) {
        say(problem, "out of memory");
        return false;
    }
    struct host *host = &list->hosts[list->host_count++];
    *host = (struct host){.addresses = NULL};
    memcpy(host->name, item, strlen(item) + 1); /* it was found to fit */
    return true;
}

/* Two entries without a comma between them. */
static bool
is_one_entry(const char *item, char *problem)
{
    if (item[0] == '\0')
        say(problem, "nothing stands there");
    else if (strpbrk(item, " \t") != NULL)
        say(problem, "entries are separated by commas");
    return problem[0] == '\0';
}

bool
allow_from_add(struct allow_from *list, const char *item, char *problem)
{
    struct block block;
    struct identity identity;
    problem[0] = '\0';
    if (!is_one_entry(item, problem))
        return false;
    if (parse_identity(item, &identity, problem)) {
        if (problem[0] == '\0' && grow((void **)&list->identities, list->identity_count, sizeof(identity)))
            list->identities[list->identity_count++] = identity;
        else if (problem[0] == '\0')
            say(problem, "out of memory");
        return problem[0] == '\0';
    }
    if (parse_block(item, &block, problem)) {
        if (problem[0] == '\0' && grow((void **)&list->blocks, list->block_count, sizeof(block)))
            list->blocks[list->block_count++] = block;
        else if (problem[0] == '\0')
            say(problem, "out of memory");
        return problem[0] == '\0';
    }
    return add_host(list, item, problem);
}

bool
allow_from_next(const char **rest, char *item, size_t size)
{
    if (*rest == NULL)
        return false;
    const char *begin = *rest + strspn(*rest, " \t");
    size_t length = strcspn(begin, ",");
    *rest = begin[length] == ',' ? begin + length + 1 : NULL;
    while (length > 0 && strchr(" \t", begin[length - 1]) != NULL)
        length--;
    snprintf(item, size, "%.*s", (int)length, begin);
    return true;
}

struct allow_from *
allow_from_new(void)
{
    return calloc(1, sizeof(struct allow_from));
}

void
allow_from_free(struct allow_from *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->host_count; i++)
        free(list->hosts[i].addresses);
    free(list->hosts);
    free(list->blocks);
    free(list->identities);
    free(list);
}

bool
allow_from_is_empty(const struct allow_from *list)
{
    return list == NULL || list->block_count + list->host_count + list->identity_count == 0;
}

bool
allow_from_is_for_tcp(const struct allow_from *list)
{
    return list->block_count + list->host_count > 0;
}

bool
allow_from_is_for_unix(const struct allow_from *list)
{
    return list->identity_count > 0;
}

bool
allow_from_has_address(const struct allow_from *list, const struct sockaddr *address)
{
    struct block client;
    if (!block_from_address(address, &client))
        return false;
    for (size_t i = 0; i < list->block_count; i++)
        if (covers(&list->blocks[i], &client))
            return true;
    for (size_t i = 0; i < list->host_count; i++)
        for (size_t j = 0; j < list->hosts[i].count; j++)
            if (covers(&list->hosts[i].addresses[j], &client))
                return true;
    return false;
}

bool
allow_from_has_user(const struct allow_from *list, uid_t user, gid_t group)
{
    for (size_t i = 0; i < list->identity_count; i++) {
        const struct identity *identity = &list->identities[i];
        if (identity->id == (identity->kind == ACCOUNT_USER ? user : group))
            return true;
    }
    return false;
}

const char *
allow_from_host(const struct allow_from *list, size_t index)
{
    return index < list->host_count ? list->hosts[index].name : NULL;
}

static int
compare_blocks(const void *one, const void *other)
{
    return memcmp(one, other, sizeof(struct block));
}

bool
allow_from_set_host(struct allow_from *list, size_t index, const struct sockaddr *const *addresses, size_t count)
{
    struct block *blocks = calloc(count > 0 ? count : 1, sizeof(*blocks));
    size_t used = 0;
    if (blocks == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        used += block_from_address(addresses[i], &blocks[used]);
    qsort(blocks, used, sizeof(*blocks), compare_blocks);
    free(list->hosts[index].addresses);
    list->hosts[index].addresses = blocks;
    list->hosts[index].count = used;
    return true;
}

void
allow_from_describe_host(const struct allow_from *list, size_t index, char *text, size_t size)
{
    const struct host *host = &list->hosts[index];
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < host->count; i++) {
        char address[INET6_ADDRSTRLEN];
        const struct in6_addr *bytes = (const struct in6_addr *)(const void *)host->addresses[i].bytes;
        bool is_v4 = IN6_IS_ADDR_V4MAPPED(bytes);
        inet_ntop(is_v4 ? AF_INET : AF_INET6, is_v4 ? &bytes->s6_addr[12] : bytes->s6_addr, address, sizeof(address));
        int written = snprintf(text + used, size - used, "%s%s", used > 0 ? ", " : "", address);
        if (written < 0 || (size_t)written >= size - used)
            return;
        used += (size_t)written;
    }
}

int *
allow_from_host_note(const struct allow_from *list, size_t index)
{
    return &list->hosts[index].note;
}

static void
copy_host(struct host *host, const struct host *former)
{
    struct block *blocks = calloc(former->count > 0 ? former->count : 1, sizeof(*blocks));
    if (blocks == NULL)
        return;
    if (former->count > 0)
        memcpy(blocks, former->addresses, former->count * sizeof(*blocks));
    free(host->addresses);
    host->addresses = blocks;
    host->count = former->count;
    host->note = former->note;
}

void
allow_from_inherit(struct allow_from *list, const struct allow_from *former)
{
    for (size_t i = 0; list != NULL && former != NULL && i < list->host_count; i++)
        for (size_t j = 0; j < former->host_count; j++)
            if (strcasecmp(list->hosts[i].name, former->hosts[j].name) == 0)
                copy_host(&list->hosts[i], &former->hosts[j]);
}
