#include "address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

static bool
starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Names stand in messages; one that holds a control byte is a mistake in what wrote it. */
static bool
holds_controls(const char *text, const char **problem)
{
    *problem = "it holds a control byte";
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static bool
parse_path(const char *path, struct address *address, const char **problem)
{
    struct sockaddr_un *local = (struct sockaddr_un *)&address->socket;
    if (path[0] != '/') {
        *problem = "the path of a socket must be absolute";
        return false;
    }
    size_t size = strlen(path) + 1;
    if (size > sizeof(local->sun_path)) {
        *problem = "the path of a socket can have 107 bytes at most";
        return false;
    }
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
    if (length == 0 || length >= sizeof(local->sun_path)) {
        *problem = "the name of an abstract socket has 1 to 107 bytes";
        return false;
    }
    local->sun_family = AF_UNIX;
    /* HAProxy's abns@ fills the whole of sun_path with NUL; so must we, to name the same socket. */
    memset(local->sun_path, 0, sizeof(local->sun_path));
    memcpy(local->sun_path + 1, name, length);
    address->length = sizeof(*local);
    return true;
}

static bool
split_port(const char *text, char *host, size_t host_size, char *port, size_t port_size)
{
    const char *host_end = NULL;
    const char *host_begin = text;
    const char *colon;
    if (text[0] == '[') {
        host_begin = text + 1;
        host_end = strchr(text, ']');
        if (host_end == NULL || host_end[1] != ':')
            return false;
        colon = host_end + 1;
    } else {
        colon = strrchr(text, ':');
        if (colon == NULL || memchr(text, ':', (size_t)(colon - text)) != NULL)
            return false;
        host_end = colon;
    }
    size_t host_length = (size_t)(host_end - host_begin);
    size_t port_length = strlen(colon + 1);
    if (host_length == 0 || host_length >= host_size || port_length == 0 || port_length >= port_size)
        return false;
    memcpy(host, host_begin, host_length);
    host[host_length] = '\0';
    memcpy(port, colon + 1, port_length + 1);
    if (strspn(port, "0123456789") != port_length)
        return false;
    return strtoul(port, NULL, 10) <= 65535;
}

static bool
parse_host_port(const char *text, int family, int flags, struct address *address, const char **problem)
{
    char host[256];
    char port[6];
    if (!split_port(text, host, sizeof(host), port, sizeof(port))) {
        *problem = "an address and a port are needed, as in tcp://127.0.0.1:2375 or tcp://[::1]:2375";
        return false;
    }
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | flags};
    struct addrinfo *found = NULL;
    /* To glibc a lone * is the loopback address, which is not what people mean who write it. */
    if (strcmp(host, "*") == 0 || getaddrinfo(host, port, &hints, &found) != 0) {
        *problem = flags & AI_NUMERICHOST ? "the address must be numeric: [::] for all, 127.0.0.1 for this host"
                                          : "the host name does not resolve";
        return false;
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
    if (length == 0 || length >= sizeof(address->passed) || strchr(name, ':') != NULL) {
        *problem = "a name of passed sockets has 1 to 63 bytes and no colon";
        return false;
    }
    memcpy(address->passed, name, length + 1);
    return true;
}

bool
address_parse_listen(const char *text, struct address *address, const char **problem)
{
    memset(address, 0, sizeof(*address));
    address->owner = (uid_t)-1;
    address->group = (gid_t)-1;
    bool parsed;
    if (holds_controls(text, problem))
        return false;
    if (starts_with(text, "systemd:"))
        parsed = parse_passed(text + 8, address, problem);
    else if (starts_with(text, "tcp://"))
        parsed = parse_host_port(text + 6, AF_UNSPEC, AI_NUMERICHOST, address, problem);
    else if (starts_with(text, "unix:"))
        parsed = parse_path(text + (starts_with(text, "unix://") ? 7 : 5), address, problem);
    else {
        *problem = "it begins with none of tcp://, unix: and systemd:";
        return false;
    }
    if (parsed)
        address_set_name(address);
    return parsed;
}

bool
address_parse_engine(const char *text, struct address *address, const char **problem)
{
    static const struct {
        const char *prefix;
        int family;
    } hosts[] = {
        {"tcp://", AF_UNSPEC}, {"tcp@", AF_UNSPEC}, {"tcp4@", AF_INET},
        {"tcp6@", AF_INET6},   {"ipv4@", AF_INET},  {"ipv6@", AF_INET6},
    };
    static const char *const paths[] = {"unix://", "unix:", "unix@"};

    memset(address, 0, sizeof(*address));
    if (holds_controls(text, problem))
        return false;
    bool parsed = false;
    const char *rest = NULL;
    int family = AF_UNSPEC;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]) && rest == NULL; i++)
        if (starts_with(text, paths[i]))
            rest = text + strlen(paths[i]);
    if (rest != NULL || text[0] == '/') {
        parsed = parse_path(rest != NULL ? rest : text, address, problem);
    } else if (starts_with(text, "abns@")) {
        parsed = parse_abstract(text + 5, address, problem);
    } else if (text[0] == '\0' || strchr(text, ' ') != NULL || strstr(text, "//") == text + 5 ||
               strstr(text, "//") == text + 6) {
        *problem = "it is not an address of an engine";
    } else {
        rest = text;
        for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
            if (starts_with(text, hosts[i].prefix)) {
                rest = text + strlen(hosts[i].prefix);
                family = hosts[i].family;
                break;
            }
        }
        if (strchr(rest, ':') == NULL)
            *problem = "it is neither an absolute path nor HOST:PORT";
        else
            parsed = parse_host_port(rest, family, 0, address, problem);
    }
    if (parsed)
        address_set_name(address);
    return parsed;
}

void
address_set_name(struct address *address)
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->passed[0] != '\0') {
        snprintf(address->name, sizeof(address->name), "systemd:%s", address->passed);
        return;
    }
    if (address->socket.ss_family == AF_UNIX) {
        const struct sockaddr_un *local = (const struct sockaddr_un *)&address->socket;
        if (local->sun_path[0] != '\0')
            snprintf(address->name, sizeof(address->name), "unix:%s", local->sun_path);
        else
            snprintf(address->name, sizeof(address->name), "abns@%s", local->sun_path + 1);
    } else if (address->socket.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->socket;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
        snprintf(address->name, sizeof(address->name), "tcp://[%s]:%u", host, ntohs(v6->sin6_port));
    } else {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->socket;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
        snprintf(address->name, sizeof(address->name), "tcp://%s:%u", host, ntohs(v4->sin_port));
    }
}

bool
address_equals(const struct address *address, const struct address *other)
{
    return address->length == other->length && strcmp(address->passed, other->passed) == 0 &&
           memcmp(&address->socket, &other->socket, address->length) == 0;
}

unsigned
address_port(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->socket)->sin6_port);
    if (address->socket.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->socket)->sin_port);
    return 0;
}

bool
address_is_unix(const struct address *address)
{
    return address->socket.ss_family == AF_UNIX;
}

bool
address_is_any(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)&address->socket)->sin6_addr);
    if (address->socket.ss_family == AF_INET)
        return ((const struct sockaddr_in *)&address->socket)->sin_addr.s_addr == htonl(INADDR_ANY);
    return false;
}

bool
address_is_local(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)&address->socket)->sin6_addr);
    if (address->socket.ss_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)&address->socket)->sin_addr.s_addr) >> 24) == 127;
    return true;
}

bool
address_is_of_this_host(const struct sockaddr *peer)
{
    const struct in6_addr *v6 = &((const struct sockaddr_in6 *)peer)->sin6_addr;
    if (peer->sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
    if (peer->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr) >> 24) == 127;
    return true;
}

bool
address_has_free_port(const struct address *address)
{
    if (address->socket.ss_family == AF_INET6)
        return ((const struct sockaddr_in6 *)&address->socket)->sin6_port == 0;
    return address->socket.ss_family == AF_INET && ((const struct sockaddr_in *)&address->socket)->sin_port == 0;
}

void
address_to_ipv4_any(struct address *address)
{
    in_port_t port = ((const struct sockaddr_in6 *)&address->socket)->sin6_port;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_ANY)};
    memset(&address->socket, 0, sizeof(address->socket));
    memcpy(&address->socket, &v4, sizeof(v4));
    address->length = sizeof(v4);
    address_set_name(address);
}
