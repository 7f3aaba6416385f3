#include "privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { GROUPS_MAX = 256, CAPABILITIES_MAX = 64 };

struct identity {
    uid_t user;
    gid_t group;
    gid_t socket_group; /* a supplementary one, where has_socket_group */
    bool has_socket_group;
};

/* The groups that the process was started with, to go back to between two trials. */
struct origin {
    gid_t group;
    gid_t groups[GROUPS_MAX];
    int count;
};

static bool
go_back(const struct origin *origin)
{
    return seteuid(0) == 0 && setegid(origin->group) == 0 && setgroups((size_t)origin->count, origin->groups) == 0;
}

/* For a trial: the effective ids alone, which can be taken back. */
static bool
become(const struct identity *identity)
{
    return setgroups(identity->has_socket_group ? 1 : 0, &identity->socket_group) == 0 &&
           setegid(identity->group) == 0 && seteuid(identity->user) == 0;
}

/* After become: for good. Nobody but uid 0 may be able to become uid 0 again. */
static bool
stay(const struct identity *identity)
{
    if (setresgid(identity->group, identity->group, identity->group) != 0 ||
        setresuid(identity->user, identity->user, identity->user) != 0)
        return false;
    return identity->user == 0 || setresuid(0, 0, 0) != 0;
}

/* Connecting takes the right to write to the socket file, and to pass the folders above it. */
static bool
opens(const char *engine)
{
    return engine[0] == '\0' || faccessat(AT_FDCWD, engine, W_OK, AT_EACCESS) == 0;
}

/* A filter of system calls may forbid to give them up where there are none, as in a hardened unit. */
static bool
drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3] = {{0}};
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &header, none) == 0)
        return true;
    int error = errno;
    bool empty = syscall(SYS_capget, &header, own) == 0 && memcmp(own, none, sizeof(own)) == 0;
    errno = error;
    return empty;
}

/* So that no program could be started with any. Needs a capability itself; without it there are few to begin with. */
static void
empty_bounding_set(void)
{
    for (int capability = 0; capability < CAPABILITIES_MAX; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
}

static void
describe(const struct identity *identity, const char *engine, const char *reason, char *text)
{
    char group[PRIVILEGES_TEXT_SIZE / 2] = "";
    if (identity->has_socket_group)
        snprintf(group, sizeof(group), ", group %u of %.128s", (unsigned)identity->socket_group, engine);
    snprintf(text, PRIVILEGES_TEXT_SIZE, "uid %u%s, gid %u%s, no capabilities", (unsigned)identity->user, reason,
             (unsigned)identity->group, group);
}

/* Tries the identity, and keeps it where it opens the engine's socket. */
static bool
try_identity(const struct identity *identity, const struct origin *origin, const char *engine, int *error)
{
    if (become(identity) && opens(engine) && stay(identity))
        return true;
    *error = errno;
    go_back(origin);
    return false;
}

static void
explain_root(const char *engine, bool found, const struct stat *status, int error, char *reason, size_t size)
{
    if (!found)
        snprintf(reason, size, " (it stays: %.128s is not there yet, so who may open it is not known)", engine);
    else if (error == EPERM || error == EINVAL)
        snprintf(reason, size, " (it stays: the process may not become another user)");
    else
        snprintf(reason, size, " (it stays: no other user may open %.128s, mode %04o of %u:%u)", engine,
                 (unsigned)status->st_mode & 07777, (unsigned)status->st_uid, (unsigned)status->st_gid);
}

static bool
leave_root(uid_t user, gid_t group, const char *engine, char *text)
{
    struct stat status = {0};
    struct origin origin = {.group = getegid()};
    char reason[PRIVILEGES_TEXT_SIZE / 2] = "";
    int error = 0;
    bool found = engine[0] == '\0' || stat(engine, &status) == 0;
    bool by_group = engine[0] != '\0' && (status.st_mode & S_IWGRP) != 0;
    struct identity wanted = {user, group, status.st_gid, by_group};
    struct identity owner = {status.st_uid, group, status.st_gid, by_group};
    struct identity root = {0, origin.group, status.st_gid, by_group};
    origin.count = getgroups(GROUPS_MAX, origin.groups);
    empty_bounding_set();
    if (origin.count >= 0 && found && try_identity(&wanted, &origin, engine, &error)) {
        describe(&wanted, engine, "", text);
        return true;
    }
    if (origin.count >= 0 && found && status.st_uid != 0 && try_identity(&owner, &origin, engine, &error)) {
        describe(&owner, engine, " (the owner of the socket)", text);
        return true;
    }
    if (geteuid() != 0) {
        snprintf(text, PRIVILEGES_TEXT_SIZE, "the process is uid %u halfway: %s", (unsigned)geteuid(), strerror(error));
        return false;
    }
    explain_root(engine, found, &status, error, reason, sizeof(reason));
    /* One group where it may choose them; where it may not, those it has. */
    root.has_socket_group = setgroups(by_group ? 1 : 0, &root.socket_group) == 0 && by_group;
    describe(&root, engine, reason, text);
    return true;
}

bool
privileges_drop(uid_t user, gid_t group, const char *engine, char *text)
{
    if (geteuid() != 0)
        snprintf(text, PRIVILEGES_TEXT_SIZE, "uid %u, gid %u as it was started, no capabilities", (unsigned)geteuid(),
                 (unsigned)getegid());
    else if (!leave_root(user, group, engine, text))
        return false;
    if (drop_capabilities())
        return true;
    snprintf(text, PRIVILEGES_TEXT_SIZE, "capabilities can't be given up: %s", strerror(errno));
    return false;
}
