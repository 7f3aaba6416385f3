#include "haproxy_bind.h"
#include "account.h"
#include "options.h"
#include "settings.h"

#include <netinet/in.h>
#include <string.h>

enum { VALUE_SIZE = 1024, SPELLED_SIZE = 256 };

#define BLANKS " \t"
#define TAKES  "ADDRESS:PORT or a path, with commas between several, then v4v6, mode N, user NAME, group NAME"

/* The parameters of a unix socket; each is NULL where it is missing. */
struct parameters {
    const char *mode;
    const char *owner;
    const char *group;
};

struct bind {
    struct config *config;
    const char *variable;
    const char *value;
    char *problem;
};

static bool
fail(const struct bind *bind, const char *word, const char *why)
{
    return config_fail(bind->problem, "%s=%.128s: not taken; takes " TAKES " (%.64s%s%s)", bind->variable, bind->value,
                       word, word[0] != '\0' ? ": " : "", why);
}

static const char *
without(const char *prefix, const char *text)
{
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

/* HAProxy's spelling in ours. An empty host and * are all of IPv4; the last colon is the one before the port. */
static const char *
spell(const char *text, char *spelled)
{
    const char *path = without("unix@", text);
    const char *v4 = without("ipv4@", text);
    const char *v6 = without("ipv6@", text);
    if (path != NULL || text[0] == '/') {
        snprintf(spelled, SPELLED_SIZE, "unix:%s", path != NULL ? path : text);
        return NULL;
    }
    text = v4 != NULL ? v4 : v6 != NULL ? v6 : text;
    const char *colon = strrchr(text, ':');
    if (strchr(text, '@') != NULL)
        return "it is neither ADDRESS:PORT nor a path";
    if (colon == NULL)
        return "there is no port, as in 0.0.0.0:2375";
    int length = (int)(colon - text);
    if (length == 0 || (length == 1 && text[0] == '*'))
        snprintf(spelled, SPELLED_SIZE, "tcp://%s%s", v6 != NULL ? "[::]" : "0.0.0.0", colon);
    else if (text[0] != '[' && memchr(text, ':', (size_t)length) != NULL)
        snprintf(spelled, SPELLED_SIZE, "tcp://[%.*s]%s", length, text, colon);
    else
        snprintf(spelled, SPELLED_SIZE, "tcp://%s", text);
    return NULL;
}

static bool
add_address(const struct bind *bind, const char *text)
{
    struct config *config = bind->config;
    char spelled[SPELLED_SIZE];
    if (!config_make_room(config) || strlen(text) >= SPELLED_SIZE / 2)
        return fail(bind, "", "it is too long");
    struct address *address = &config->listeners[config->listener_count].address;
    const char *why = spell(text, spelled);
    if (why != NULL || !address_parse_listen(spelled, address, &why))
        return fail(bind, text, why);
    if ((without("ipv4@", text) != NULL && address->socket.ss_family != AF_INET) ||
        (without("ipv6@", text) != NULL && address->socket.ss_family != AF_INET6))
        return fail(bind, text, "the address is of another family");
    config->listener_count++;
    return true;
}

static bool
read_addresses(const struct bind *bind, char *list)
{
    char *rest = NULL;
    bool whole = true;
    for (char *item = strtok_r(list, ",", &rest); whole && item != NULL; item = strtok_r(NULL, ",", &rest))
        whole = add_address(bind, item);
    return whole;
}

static bool
read_parameters(const struct bind *bind, struct parameters *parameters, char **rest)
{
    const struct {
        const char *word;
        const char **value;
    } known[] = {{"mode", &parameters->mode},   {"user", &parameters->owner}, {"uid", &parameters->owner},
                 {"group", &parameters->group}, {"gid", &parameters->group},  {"v4v6", NULL}};
    enum { KNOWN = sizeof(known) / sizeof(known[0]) };
    char *word;
    while ((word = strtok_r(NULL, BLANKS, rest)) != NULL) {
        size_t i = 0;
        while (i < KNOWN && strcmp(word, known[i].word) != 0)
            i++;
        if (i == KNOWN)
            return fail(bind, word, "it has no meaning here");
        if (known[i].value == NULL)
            continue;
        *known[i].value = strtok_r(NULL, BLANKS, rest);
        if (*known[i].value == NULL)
            return fail(bind, word, "its value is missing");
    }
    return true;
}

/* What a file would say of the listener of this index. */
static bool
note(const struct bind *bind, size_t index, const char *key, const char *value)
{
    char name[CONFIG_NUMBERED_SIZE];
    config_number_listener(index, name);
    const struct setting setting = {.section = "listener",
                                    .name = name,
                                    .key = key,
                                    .value = value,
                                    .variable = bind->variable,
                                    .origin = ORIGIN_ENVIRONMENT};
    return value == NULL || settings_add(bind->config->settings, &setting) != NULL ||
           config_fail(bind->problem, "out of memory");
}

static bool
apply(const struct bind *bind, const struct parameters *parameters, size_t index)
{
    struct address *address = &bind->config->listeners[index].address;
    if (parameters->mode != NULL && !address_set_mode(address, parameters->mode))
        return fail(bind, parameters->mode, "a mode is an octal number such as 660");
    if (parameters->owner != NULL && !account_find(ACCOUNT_USER, parameters->owner, &address->owner))
        return fail(bind, parameters->owner, account_problem());
    if (parameters->group != NULL && !account_find(ACCOUNT_GROUP, parameters->group, &address->group))
        return fail(bind, parameters->group, account_problem());
    return note(bind, index, "mode", parameters->mode) && note(bind, index, "owner", parameters->owner) &&
           note(bind, index, "group", parameters->group);
}

/* HAProxy passes over what a TCP port has no use for; who wrote it meant something. */
static bool
apply_to_sockets(const struct bind *bind, const struct parameters *parameters)
{
    bool applied = parameters->mode == NULL && parameters->owner == NULL && parameters->group == NULL;
    for (size_t i = 0; i < bind->config->listener_count; i++) {
        if (!address_is_unix(&bind->config->listeners[i].address))
            continue;
        if (!apply(bind, parameters, i))
            return false;
        applied = true;
    }
    return applied || fail(bind, "", "mode, user and group are of a unix socket, and there is none");
}

bool
haproxy_bind_read(struct config *config, const char *variable, const char *value, char *problem)
{
    const struct bind bind = {config, variable, value, problem};
    const struct setting setting = {.section = "sockwarden",
                                    .name = "",
                                    .key = "listen",
                                    .value = value,
                                    .variable = variable,
                                    .origin = ORIGIN_ENVIRONMENT};
    struct parameters parameters = {0};
    char text[VALUE_SIZE];
    char *rest = NULL;
    config->listener_count = 0;
    if (snprintf(text, sizeof(text), "%s", value) >= (int)sizeof(text))
        return fail(&bind, "", "it is too long");
    char *addresses = strtok_r(text, BLANKS, &rest);
    if (addresses == NULL || addresses[strspn(addresses, ",")] == '\0')
        return fail(&bind, "", "it names no address");
    if (settings_add(config->settings, &setting) == NULL)
        return config_fail(problem, "out of memory");
    return read_addresses(&bind, addresses) && read_parameters(&bind, &parameters, &rest) &&
           apply_to_sockets(&bind, &parameters);
}
