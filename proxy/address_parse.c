#include "address.h"
#include "host_name.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

enum side { LISTENER = 1, ENGINE = 2, BOTH = 3 };

enum form { FORM_PATH, FORM_ABSTRACT, FORM_HOST, FORM_PASSED, FORM_NONE };

/* How an address begins; of those that neither side takes, what to say instead. */
struct beginning {
    const char *text;
    enum form form;
    int family;
    enum side sides;
    const char *problem;
};

static const struct beginning beginnings[] = {
    {"unix://", FORM_PATH, AF_UNIX, BOTH, NULL},
    {"unix:", FORM_PATH, AF_UNIX, BOTH, NULL},
    {"unix@", FORM_PATH, AF_UNIX, ENGINE, NULL},
    {"abns@", FORM_ABSTRACT, AF_UNIX, ENGINE, NULL},
    {"tcp://", FORM_HOST, AF_UNSPEC, BOTH, NULL},
    {"tcp@", FORM_HOST, AF_UNSPEC, ENGINE, NULL},
    {"tcp4@", FORM_HOST, AF_INET, ENGINE, NULL},
    {"tcp6@", FORM_HOST, AF_INET6, ENGINE, NULL},
    {"ipv4@", FORM_HOST, AF_INET, ENGINE, NULL},
    {"ipv6@", FORM_HOST, AF_INET6, ENGINE, NULL},
    {"systemd:", FORM_PASSED, AF_UNSPEC, LISTENER, NULL},
    {"http://", FORM_NONE, 0, BOTH, "http:// is no scheme here; plain HTTP is tcp://, and the other scheme is unix://"},
    {"https://", FORM_NONE, 0, BOTH,
     "https:// is no scheme here, nothing speaks TLS; the schemes are unix:// and tcp://, without TLS"},
    {"ssh://", FORM_NONE, 0, BOTH,
     "ssh:// is no scheme here; the schemes are unix:// and tcp://, and ssh -L makes one of these of a remote socket"},
    {"npipe://", FORM_NONE, 0, BOTH, "npipe:// is of Windows; the schemes are unix:// and tcp://"},
    {"fd://", FORM_NONE, 0, LISTENER, "fd:// is no scheme here; a socket that systemd passes is systemd:NAME"},
    {"tcp:", FORM_NONE, 0, BOTH, "behind tcp: come two slashes, as in tcp://127.0.0.1:2375"},
};

static bool
starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool
fail(const char **problem, const char *sentence)
{
    *problem = sentence;
    return false;
}

static const struct beginning *
find_beginning(const char *text, enum side side)
{
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if ((beginnings[i].sides & side) != 0 && starts_with(text, beginnings[i].text))
            return &beginnings[i];
    return NULL;
}

/* Names stand in messages; one that holds a control byte is a mistake in what wrote it. */
static bool
holds_controls(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

bool
address_is_list(const char *text)
{
    const struct beginning *beginning = find_beginning(text, BOTH);
    bool is_path = text[0] == '/' || (beginning != NULL && beginning->form == FORM_PATH);
    for (const char *at = text + strspn(text, " "); *(at += strcspn(at, ",; ")) != '\0';) {
        size_t gap = strspn(at, ",; ");
        bool comma = memchr(at, ',', gap) != NULL;
        /* A path may hold them, and is several addresses where it goes on like one. */
        if ((!is_path && (comma || memchr(at, ';', gap) != NULL)) || (comma && (gap > 1 || at[gap] == '\0')))
            return true;
        at += gap;
        if (at[0] == '/' || at[0] == '[' || find_beginning(at, BOTH) != NULL)
            return true;
    }
    return false;
}

static bool
names_a_folder(const char *path)
{
    const char *last = strrchr(path, '/') + 1;
    return *last == '\0' || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

static bool
parse_path(const char *path, struct address *address, const char **problem)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&address->socket;
    size_t size = strlen(path) + 1;
    if (path[0] == '\0')
        return fail(problem, "there is no path");
    if (path[0] != '/')
        return fail(problem, "the path of a socket must be absolute, as in unix:/run/x.sock or unix:///run/x.sock");
    if (size > sizeof(local->sun_path))
        return fail(problem, "the path of a socket can have 107 bytes at most");
    if (names_a_folder(path))
        return fail(problem, "the path names a folder; a socket has a name in one, as in /run/x.sock");
    if (path[size - 2] == ' ')
        return fail(problem, "the path ends in a blank");
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, size);
    memcpy(address->path, path, size);
    address->length = sizeof(*local);
    return true;
}

/* The abstract name space of Linux: a NUL, then the name, no NUL at the end (unix(7)). */
static bool
parse_abstract(const char *name, struct address *address, const char **problem)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&address->socket;
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof(local->sun_path))
        return fail(problem, "the name of an abstract socket has 1 to 107 bytes");
    local->sun_family = AF_UNIX;
    /* HAProxy's abns@ fills the whole of sun_path with NUL; so must we, to name the same socket. */
    memset(local->sun_path, 0, sizeof(local->sun_path));
    memcpy(local->sun_path + 1, name, length);
    address->length = sizeof(*local);
    return true;
}

/* HOST:PORT or [IPv6]:PORT in its parts. */
struct host_port {
    char host[256];
    const char *port;
    bool bracketed;
};

static bool
split_port(const char *text, struct host_port *parts, const char **problem)
{
    static const char no_port[] = "there is no port, as in tcp://127.0.0.1:2375";
    parts->bracketed = text[0] == '[';
    const char *begin = parts->bracketed ? text + 1 : text;
    const char *end = parts->bracketed ? strchr(text, ']') : strchr(text, ':');
    if (parts->bracketed && end == NULL)
        return fail(problem, "the bracket of the IPv6 address is not closed, as in tcp://[::1]:2375");
    const char *colon = parts->bracketed ? end + 1 : end;
    if (colon == NULL || colon[0] == '\0' || strcmp(colon, ":") == 0)
        return fail(problem, no_port);
    if (colon[0] != ':')
        return fail(problem, "behind the bracket comes a colon and the port, as in tcp://[::1]:2375");
    if (!parts->bracketed && strchr(colon + 1, ':') != NULL)
        return fail(problem, "an IPv6 address stands in brackets, as in tcp://[::1]:2375");
    size_t length = (size_t)(end - begin);
    if (length == 0)
        return fail(problem, "there is no address before the port: [::] stands for all of a listener, 127.0.0.1 for "
                             "this host");
    if (length >= sizeof(parts->host))
        return fail(problem, "a host name has 253 bytes at most");
    memcpy(parts->host, begin, length);
    parts->host[length] = '\0';
    parts->port = colon + 1;
    return true;
}

static bool
check_port(const char *port, enum side side, const char **problem)
{
    size_t length = strlen(port);
    bool number = length <= 5 && strspn(port, "0123456789") == length && strtoul(port, NULL, 10) <= 65535;
    if (!number || (port[0] == '0' && length > 1) || (side == ENGINE && port[0] == '0'))
        return fail(problem, side == ENGINE
                                 ? "the port is a number from 1 to 65535, without leading zeros"
                                 : "the port is a number from 1 to 65535, without leading zeros (0: any that is free)");
    return true;
}

/* What is wrong with the address or name before the port, apart from what a look-up tells; NULL: nothing. */
static const char *
host_fault(const struct host_port *parts, enum side side)
{
    struct in_addr v4;
    bool is_v4 = inet_pton(AF_INET, parts->host, &v4) == 1;
    if (parts->bracketed)
        return strchr(parts->host, ':') != NULL ? NULL : "in brackets stands an IPv6 address, as in tcp://[::1]:2375";
    if (is_v4)
        return NULL;
    const char *fault = host_name_fault(parts->host);
    if (side == LISTENER && (fault == NULL || strcmp(parts->host, "*") == 0))
        return "the address must be numeric: [::] for all, 127.0.0.1 for this host";
    return fault;
}

static bool
parse_host_port(const char *text, int family, enum side side, struct address *address, const char **problem)
{
    struct host_port parts;
    if (!split_port(text, &parts, problem) || !check_port(parts.port, side, problem))
        return false;
    const char *fault = host_fault(&parts, side);
    if (fault != NULL)
        return fail(problem, fault);
    bool numeric = parts.bracketed || side == LISTENER;
    struct addrinfo hints = {
        .ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0)};
    struct addrinfo *found = NULL;
    if (getaddrinfo(parts.host, parts.port, &hints, &found) != 0)
        return fail(problem, parts.bracketed ? "what stands in the brackets is no IPv6 address that can be used here"
                                             : "the host name does not resolve");
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)found->ai_addr)->sin6_addr;
    if (found->ai_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(v6)) {
        freeaddrinfo(found);
        return fail(problem, "an IPv4 address stands by itself, as in tcp://127.0.0.1:2375");
    }
    /* A name such as localhost has an address of each family, and an engine listens on IPv4, as Docker documents it. */
    const struct addrinfo *taken = found;
    while (taken->ai_family != AF_INET && taken->ai_next != NULL)
        taken = taken->ai_next;
    if (taken->ai_family != AF_INET)
        taken = found;
    memcpy(&address->socket, taken->ai_addr, taken->ai_addrlen);
    address->length = taken->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool
parse_passed(const char *name, struct address *address, const char **problem)
{
    size_t length = strlen(name);
    if (length == 0 || length >= sizeof(address->passed) || strchr(name, ':') != NULL)
        return fail(problem, "a name of passed sockets has 1 to 63 bytes and no colon");
    memcpy(address->passed, name, length + 1);
    return true;
}

static bool
parse_rest(const struct beginning *beginning, const char *rest, enum side side, struct address *address,
           const char **problem)
{
    bool parsed = false;
    switch (beginning->form) {
    case FORM_PATH:
        parsed = parse_path(rest, address, problem);
        break;
    case FORM_ABSTRACT:
        parsed = parse_abstract(rest, address, problem);
        break;
    case FORM_HOST:
        parsed = parse_host_port(rest, beginning->family, side, address, problem);
        break;
    case FORM_PASSED:
        parsed = parse_passed(rest, address, problem);
        break;
    case FORM_NONE:
        *problem = beginning->problem;
        break;
    }
    if (parsed)
        address_set_name(address);
    return parsed;
}

/* What can be told of an address that begins in no way that a listener's may. */
static const char *
listener_fault(const char *text)
{
    if (text[0] == '\0')
        return "there is no address";
    if (text[0] == '/')
        return "before the path of a socket stands unix:";
    if (strstr(text, "://") == NULL && strchr(text, '@') == NULL && strchr(text, ':') != NULL)
        return "before an address and a port stands tcp://, for all addresses tcp://[::]:PORT";
    return "it begins with none of tcp://, unix: and systemd:";
}

bool
address_parse_listen(const char *text, struct address *address, const char **problem)
{
    memset(address, 0, sizeof(*address));
    address->owner = (uid_t)-1;
    address->group = (gid_t)-1;
    if (holds_controls(text))
        return fail(problem, "it holds a control byte");
    const struct beginning *beginning = find_beginning(text, LISTENER);
    if (address_is_list(text))
        return fail(problem, "these are several addresses in place of one");
    if (beginning == NULL)
        return fail(problem, listener_fault(text));
    return parse_rest(beginning, text + strlen(beginning->text), LISTENER, address, problem);
}

/* What can be told of an address that is neither a path nor begins in a way that an engine's may; NULL: HOST:PORT. */
static const char *
engine_fault(const char *text)
{
    if (text[0] == '\0')
        return "there is no address";
    if (starts_with(text, "systemd:") || starts_with(text, "fd://"))
        return "systemd passes sockets to listen on, and an engine is connected to; the schemes are unix:// and tcp://";
    if (strstr(text, "://") != NULL)
        return "the schemes are unix:// and tcp://, in lower case, and no others";
    if (strchr(text, ' ') != NULL)
        return "it is not an address of an engine";
    return strchr(text, ':') == NULL ? "it is neither an absolute path nor HOST:PORT" : NULL;
}

bool
address_parse_engine(const char *text, struct address *address, const char **problem)
{
    static const struct beginning bare_path = {"", FORM_PATH, AF_UNIX, ENGINE, NULL};
    static const struct beginning bare_host = {"", FORM_HOST, AF_UNSPEC, ENGINE, NULL};
    memset(address, 0, sizeof(*address));
    if (holds_controls(text))
        return fail(problem, "it holds a control byte");
    if (address_is_list(text))
        return fail(problem, "there is one engine, at one address");
    const struct beginning *beginning = text[0] == '/' ? &bare_path : find_beginning(text, ENGINE);
    const char *fault = beginning == NULL ? engine_fault(text) : NULL;
    if (fault != NULL)
        return fail(problem, fault);
    beginning = beginning != NULL ? beginning : &bare_host;
    return parse_rest(beginning, text + strlen(beginning->text), ENGINE, address, problem);
}

bool
address_set_mode(struct address *address, const char *octal)
{
    char *end;
    unsigned long mode = strtoul(octal, &end, 8);
    if (octal[0] < '0' || octal[0] > '7' || *end != '\0' || mode > 0777)
        return false;
    address->mode = (mode_t)mode;
    address->has_mode = true;
    return true;
}
