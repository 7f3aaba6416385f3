#include "owner.h"
#include "address.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* As the tables of the kernel write it: TCP_LISTEN, and the flag of a unix socket that listens (__SO_ACCEPTCON). */
enum { STATE_LISTEN = 0x0a, FLAG_LISTENS = 0x10000, LINE_SIZE = 512 };

/* Columns of /proc/net/tcp, with what follows the inode as the last one, and of /proc/net/unix. */
enum { TCP_LOCAL = 1, TCP_STATE = 3, TCP_USER = 7, TCP_INODE = 9, TCP_COLUMNS = 11 };
enum { UNIX_FLAGS = 3, UNIX_INODE = 6, UNIX_PATH = 7, UNIX_COLUMNS = 8 };

/* A socket as a table tells it. */
struct holder {
    unsigned long inode; /* 0: not found */
    bool has_user;
    unsigned user;
};

static void
name_process(long process, char *text)
{
    char path[64];
    char name[32] = "";
    snprintf(path, sizeof(path), "/proc/%ld/comm", process);
    FILE *file = fopen(path, "re");
    if (file != NULL) {
        if (fgets(name, sizeof(name), file) != NULL)
            name[strcspn(name, "\n")] = '\0';
        fclose(file);
    }
    for (char *at = name; *at != '\0'; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    if (process == getpid())
        snprintf(text, OWNER_SIZE, "another listener of this process");
    else
        snprintf(text, OWNER_SIZE, name[0] != '\0' ? "process %ld (%s)" : "process %ld", process, name);
}

/* Cuts a line into its columns; the last one takes what is left of it. Returns how many there are. */
static size_t
split(char *line, char *columns[], size_t count)
{
    size_t found = 0;
    char *at = line + strspn(line, " ");
    line[strcspn(line, "\n")] = '\0';
    while (found < count && *at != '\0') {
        columns[found++] = at;
        if (found == count)
            break;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
        at += strspn(at, " ");
    }
    return found;
}

/* Addresses stand in the tables as words of the machine's own byte order. */
static bool
parse_address(const char *text, unsigned char *bytes, size_t size)
{
    if (strspn(text, "0123456789ABCDEF") != 2 * size || text[2 * size] != ':')
        return false;
    for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
        char digits[2 * sizeof(uint32_t) + 1] = "";
        memcpy(digits, text + 2 * i, sizeof(digits) - 1);
        uint32_t word = (uint32_t)strtoul(digits, NULL, 16);
        memcpy(bytes + i, &word, sizeof(word));
    }
    return true;
}

static bool
is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != 0)
            return false;
    return true;
}

/* Whether a listener at these bytes keeps another one from `address`: it is the same, or one is all addresses. */
static bool
overlaps(const struct address *address, const unsigned char *bytes, size_t size)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->socket;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->socket;
    bool is_v6 = address->socket.ss_family == AF_INET6;
    if (address_is_any(address) || is_zero(bytes, size))
        return true;
    if (is_v6 != (size == sizeof(v6->sin6_addr)))
        return false;
    return memcmp(bytes, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, size) == 0;
}

static struct holder
find_tcp(const struct address *address, const char *table, size_t size)
{
    struct holder holder = {0};
    char line[LINE_SIZE];
    FILE *file = fopen(table, "re");
    if (file == NULL)
        return holder;
    while (holder.inode == 0 && fgets(line, sizeof(line), file) != NULL) {
        char *columns[TCP_COLUMNS];
        unsigned char bytes[16];
        if (split(line, columns, TCP_COLUMNS) == TCP_COLUMNS && strtoul(columns[TCP_STATE], NULL, 16) == STATE_LISTEN &&
            parse_address(columns[TCP_LOCAL], bytes, size) &&
            strtoul(strchr(columns[TCP_LOCAL], ':') + 1, NULL, 16) == address_port(address) &&
            overlaps(address, bytes, size))
            holder = (struct holder){strtoul(columns[TCP_INODE], NULL, 10), true,
                                     (unsigned)strtoul(columns[TCP_USER], NULL, 10)};
    }
    fclose(file);
    return holder;
}

static struct holder
find_unix(const char *path)
{
    struct holder holder = {0};
    char line[LINE_SIZE];
    FILE *file = fopen("/proc/self/net/unix", "re");
    if (file == NULL)
        return holder;
    while (holder.inode == 0 && fgets(line, sizeof(line), file) != NULL) {
        char *columns[UNIX_COLUMNS];
        if (split(line, columns, UNIX_COLUMNS) == UNIX_COLUMNS &&
            (strtoul(columns[UNIX_FLAGS], NULL, 16) & FLAG_LISTENS) != 0 && strcmp(columns[UNIX_PATH], path) == 0)
            holder.inode = strtoul(columns[UNIX_INODE], NULL, 10);
    }
    fclose(file);
    return holder;
}

static bool
holds(const char *process, const char *wanted)
{
    char path[300];
    char target[64];
    snprintf(path, sizeof(path), "/proc/%.200s/fd", process);
    DIR *folder = opendir(path);
    if (folder == NULL)
        return false;
    bool found = false;
    const struct dirent *entry;
    while (!found && (entry = readdir(folder)) != NULL) {
        ssize_t length = readlinkat(dirfd(folder), entry->d_name, target, sizeof(target) - 1);
        target[length > 0 ? length : 0] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    closedir(folder);
    return found;
}

/* The process that has this socket among its descriptors; 0 where none can be seen. */
static long
find_process(unsigned long inode)
{
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
    DIR *folder = opendir("/proc");
    if (folder == NULL)
        return 0;
    long process = 0;
    const struct dirent *entry;
    while (process == 0 && (entry = readdir(folder)) != NULL) {
        char *end;
        long candidate = strtol(entry->d_name, &end, 10);
        if (candidate > 0 && *end == '\0' && holds(entry->d_name, wanted))
            process = candidate;
    }
    closedir(folder);
    return process;
}

void
owner_of_address(const struct address *address, char *text)
{
    struct holder holder = {0};
    if (address_is_unix(address)) {
        holder = find_unix(address->path);
    } else {
        holder = find_tcp(address, "/proc/self/net/tcp", sizeof(struct in_addr));
        if (holder.inode == 0)
            holder = find_tcp(address, "/proc/self/net/tcp6", sizeof(struct in6_addr));
    }
    long process = holder.inode != 0 ? find_process(holder.inode) : 0;
    if (process != 0)
        name_process(process, text);
    else if (holder.has_user)
        snprintf(text, OWNER_SIZE, "a process of user %u", holder.user);
    else
        snprintf(text, OWNER_SIZE, "another process");
}

void
owner_of_peer(int fd, char *text)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    /* A process of another name space has no number here. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0 || credentials.pid <= 0)
        snprintf(text, OWNER_SIZE, "another process");
    else
        name_process(credentials.pid, text);
}
