#include "address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

void
address_set_name(struct address *address)
{
    char host[INET6_ADDRSTRLEN + IF_NAMESIZE] = "";
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
        /* With its interface, as in fe80::1%eth0, where it has one. */
        if (v6->sin6_scope_id == 0 ||
            getnameinfo((const struct sockaddr *)v6, sizeof(*v6), host, sizeof(host), NULL, 0, NI_NUMERICHOST) != 0)
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
