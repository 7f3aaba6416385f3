#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Younger than the kernel headers that this may be built with; the numbers are those of every architecture. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule       445
#define SYS_landlock_restrict_self  446
#endif

enum {
    VERSION_REFER = 2,
    VERSION_TRUNCATE = 3,
    VERSION_PORTS = 4,
    VERSION_DEVICES = 5,
    VERSION_SCOPES = 6,
    RULE_PATH = 1,
    RULE_PORT = 2,
};

#define FILES_OF_VERSION_1     ((1ULL << 13) - 1)
#define MOVE_AND_LINK          (1ULL << 13)
#define TRUNCATE               (1ULL << 14)
#define CONTROL_DEVICES        (1ULL << 15)
#define CONNECT_TCP            (1ULL << 1)
#define SCOPE_ABSTRACT_SOCKETS (1ULL << 0)
#define SCOPE_SIGNALS          (1ULL << 1)

/* As the kernel has them now; an older one is told a smaller size. */
struct ruleset {
    uint64_t files;
    uint64_t ports;
    uint64_t scopes;
};

struct port_rule {
    uint64_t allowed;
    uint64_t port;
};

/* What the C library and the resolver read when settings are read anew or names are looked up. */
static const char *const system_files[] = {
    "/etc/resolv.conf", "/etc/hosts",    "/etc/host.conf", "/etc/gai.conf",    "/etc/nsswitch.conf",   "/etc/passwd",
    "/etc/group",       "/etc/services", "/etc/protocols", "/etc/ld.so.cache", "/run/systemd/resolve",
};

/* Where unix sockets belong: listeners that come with a reload may be there, too. */
static const char *const common_folders[] = {"/run", "/tmp"};

static void
describe_ruleset(const struct sandbox_rules *rules, int version, struct ruleset *set)
{
    *set = (struct ruleset){.files = FILES_OF_VERSION_1};
    if (version >= VERSION_REFER)
        set->files |= MOVE_AND_LINK;
    if (version >= VERSION_TRUNCATE)
        set->files |= TRUNCATE;
    if (version >= VERSION_DEVICES)
        set->files |= CONTROL_DEVICES;
    if (version >= VERSION_PORTS)
        set->ports = CONNECT_TCP;
    if (version >= VERSION_SCOPES)
        set->scopes = SCOPE_SIGNALS | (rules->abstract_sockets ? 0 : SCOPE_ABSTRACT_SOCKETS);
}

static size_t
size_of_ruleset(int version)
{
    return version >= VERSION_SCOPES  ? sizeof(struct ruleset)
           : version >= VERSION_PORTS ? offsetof(struct ruleset, scopes)
                                      : offsetof(struct ruleset, ports);
}

/* A path that is not there is none that could be opened. */
static bool
allow_path(int set, const char *path, uint64_t allowed)
{
    struct stat status;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (fstat(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        allowed &= LANDLOCK_ACCESS_FS_READ_FILE;
    struct landlock_path_beneath_attr rule = {.allowed_access = allowed, .parent_fd = fd};
    bool added = allowed == 0 || syscall(SYS_landlock_add_rule, set, RULE_PATH, &rule, 0) == 0;
    close(fd);
    return added;
}

/*
 * The folder of a file, so that it may be replaced. Below / and /etc there is much that is not ours: there it is the
 * file alone, and one that takes its place can't be read.
 */
static bool
allow_settings(int set, const char *path)
{
    char *folder = strdup(path);
    if (folder == NULL)
        return false;
    char *slash = strrchr(folder, '/');
    if (slash != NULL)
        *slash = '\0';
    const char *name = slash == NULL ? "." : folder[0] == '\0' ? "/" : folder;
    char *real = realpath(name, NULL);
    bool wide = real == NULL || strcmp(real, "/") == 0 || strcmp(real, "/etc") == 0;
    bool allowed = allow_path(set, wide ? path : name, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    free(real);
    free(folder);
    return allowed;
}

static bool
allow_settings_and_target(int set, const char *path)
{
    if (path == NULL)
        return true;
    char *target = realpath(path, NULL);
    bool allowed = allow_settings(set, path) && (target == NULL || allow_settings(set, target));
    free(target);
    return allowed;
}

/* Reading a folder is what its lock takes, under which bind.c looks for a stale socket and replaces it. */
static bool
allow_sockets(int set, const char *const *folders, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!allow_path(set, folders[i],
                        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_READ_DIR))
            return false;
    return true;
}

static bool
allow_files(int set, const struct sandbox_rules *rules)
{
    for (size_t i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
        if (!allow_path(set, system_files[i], LANDLOCK_ACCESS_FS_READ_FILE))
            return false;
    return allow_sockets(set, common_folders, sizeof(common_folders) / sizeof(common_folders[0])) &&
           allow_sockets(set, rules->socket_folders, rules->socket_folder_count) &&
           allow_settings_and_target(set, rules->settings_file);
}

static bool
allow_ports(int set, const struct sandbox_rules *rules)
{
    for (size_t i = 0; i < rules->port_count; i++) {
        struct port_rule rule = {.allowed = CONNECT_TCP, .port = rules->ports[i]};
        if (syscall(SYS_landlock_add_rule, set, RULE_PORT, &rule, 0) != 0)
            return false;
    }
    return true;
}

struct sandbox_limits
sandbox_limits_of(int version)
{
    return (struct sandbox_limits){.ports = version >= VERSION_PORTS, .abstract_sockets = version >= VERSION_SCOPES};
}

bool
sandbox_limit_files(const struct sandbox_rules *rules, int *version)
{
    struct ruleset wanted;
    *version = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (*version <= 0)
        return false;
    describe_ruleset(rules, *version, &wanted);
    int set = (int)syscall(SYS_landlock_create_ruleset, &wanted, size_of_ruleset(*version), 0);
    if (set < 0)
        return false;
    bool limited = allow_files(set, rules) && (wanted.ports == 0 || allow_ports(set, rules)) &&
                   syscall(SYS_landlock_restrict_self, set, 0) == 0;
    int error = errno;
    close(set);
    errno = error;
    return limited;
}

bool
sandbox_closes(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool closed = fd < 0 && errno == EACCES;
    if (fd >= 0)
        close(fd);
    return closed;
}
