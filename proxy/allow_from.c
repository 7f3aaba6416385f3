#include "allow_from.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdint.h>
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
    struct block *addresses;
    size_t count;
};

enum identity_kind { IDENTITY_USER, IDENTITY_GROUP };

struct identity {
    enum identity_kind kind;
    unsigned long id;
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

/* True when `item` has the form of an address or a block; `problem` stays NULL where it is a good one. */
static bool
parse_block(const char *item, struct block *block, const char **problem)
{
    char address[INET6_ADDRSTRLEN];
    const char *slash = strchr(item, '/');
    size_t length = slash != NULL ? (size_t)(slash - item) : strlen(item);
    unsigned char bytes[ADDRESS_BYTES];
    if (length >= sizeof(address))
        return false;
    memcpy(address, item, length);
    address[length] = '\0';
    unsigned width;
    if (inet_pton(AF_INET, address, bytes) == 1) {
        map_ipv4(bytes, block->bytes);
        width = 32;
    } else if (inet_pton(AF_INET6, address, block->bytes) == 1) {
        width = 128;
    } else {
        if (slash != NULL)
            *problem = "a CIDR block is an address, a slash and a number of bits, as in 10.0.0.0/8";
        return slash != NULL;
    }
    unsigned long bits = width;
    if (slash != NULL && !parse_number(slash + 1, width, &bits))
        *problem = "the bits behind the slash are more than the address has, or no number";
    block->bits = (unsigned)bits + (ADDRESS_BYTES * 8 - width);
    struct block host_part = *block;
    for (unsigned bit = block->bits; *problem == NULL && bit < ADDRESS_BYTES * 8; bit++)
        if (host_part.bytes[bit / 8] & (0x80u >> bit % 8))
            *problem = "bits of the address are set behind the block's; did you mean the network's address?";
    return true;
}

/* uid:N, user:NAME, gid:N, group:NAME; true when `item` begins like one of them. */
static bool
parse_identity(const char *item, struct identity *identity, const char **problem)
{
    if (strncmp(item, "uid:", 4) == 0 || strncmp(item, "gid:", 4) == 0) {
        identity->kind = item[0] == 'u' ? IDENTITY_USER : IDENTITY_GROUP;
        if (!parse_number(item + 4, UINT32_MAX, &identity->id))
            *problem = "behind uid: and gid: stands a number; names stand behind user: and group:";
        return true;
    }
    if (strncmp(item, "user:", 5) == 0) {
        const struct passwd *user = getpwnam(item + 5);
        identity->kind = IDENTITY_USER;
        identity->id = user != NULL ? user->pw_uid : 0;
        if (user == NULL)
            *problem = "this machine has no such user";
        return true;
    }
    if (strncmp(item, "group:", 6) == 0) {
        const struct group *group = getgrnam(item + 6);
        identity->kind = IDENTITY_GROUP;
        identity->id = group != NULL ? group->gr_gid : 0;
        if (group == NULL)
            *problem = "this machine has no such group";
        return true;
    }
    return false;
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

/* Letters, digits, - _ and . as container and service names have them, with a letter among them. */
static bool
is_host_name(const char *item)
{
    bool letter = false;
    size_t length = strlen(item);
    for (const char *at = item; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (!isalnum(byte) && byte != '-' && byte != '_' && byte != '.')
            return false;
        letter = letter || isalpha(byte);
    }
    return letter && length < HOST_SIZE && item[0] != '.' && item[0] != '-';
}

static bool
add_host(struct allow_from *list, const char *item, const char **problem)
{
    static const char *const everybody[] = {"all", "any", "everybody", "everyone", "*"};
    for (size_t i = 0; i < sizeof(everybody) / sizeof(everybody[0]); i++) {
        if (strcasecmp(item, everybody[i]) == 0) {
            *problem = "for whoever reaches the socket leave allow_from out";
            return false;
        }
    }
    if (!is_host_name(item)) {
        *problem = "it is neither address, CIDR block, uid:, user:, gid:, group: nor host name";
        return false;
    }
    if (!grow((void **)&list->hosts, list->host_count, sizeof(*list->hosts))) {
        *problem = "out of memory";
        return false;
    }
    struct host *host = &list->hosts[list->host_count++];
    *host = (struct host){.addresses = NULL};
    memcpy(host->name, item, strlen(item) + 1); /* it was found to fit */
    return true;
}

bool
allow_from_add(struct allow_from *list, const char *item, const char **problem)
{
    struct block block;
    struct identity identity;
    *problem = NULL;
    if (parse_identity(item, &identity, problem)) {
        if (*problem == NULL && grow((void **)&list->identities, list->identity_count, sizeof(identity)))
            list->identities[list->identity_count++] = identity;
        else if (*problem == NULL)
            *problem = "out of memory";
        return *problem == NULL;
    }
    if (parse_block(item, &block, problem)) {
        if (*problem == NULL && grow((void **)&list->blocks, list->block_count, sizeof(block)))
            list->blocks[list->block_count++] = block;
        else if (*problem == NULL)
            *problem = "out of memory";
        return *problem == NULL;
    }
    return add_host(list, item, problem);
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
        if (identity->id == (identity->kind == IDENTITY_USER ? (unsigned long)user : (unsigned long)group))
            return true;
    }
    return false;
}

const char *
allow_from_host(const struct allow_from *list, size_t index)
{
    return index < list->host_count ? list->hosts[index].name : NULL;
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
    free(list->hosts[index].addresses);
    list->hosts[index].addresses = blocks;
    list->hosts[index].count = used;
    return true;
}
