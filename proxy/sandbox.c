#include "sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static void
add(char *list, const char *word, const char *detail)
{
    size_t used = strlen(list);
    snprintf(list + used, SANDBOX_TEXT_SIZE - used, "%s%s%s%s", used > 0 ? ", " : "", word,
             detail[0] != '\0' ? ": " : "", detail);
}

struct sandbox_limits
sandbox_enter(const struct sandbox_rules *rules, char *holds, char *lacks)
{
    int version = 0;
    char landlock[32] = "Landlock";
    holds[0] = '\0';
    lacks[0] = '\0';
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        add(holds, "no new privileges", "");
    else
        add(lacks, "no_new_privs", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)
        add(holds, "not dumpable", "");
    else
        add(lacks, "dumpable", strerror(errno));
    /* The files first: the system calls for it are forbidden afterwards. */
    bool limited = sandbox_limit_files(rules, &version);
    const char *cause = limited ? "" : strerror(errno);
    if (version > 0)
        snprintf(landlock, sizeof(landlock), "Landlock %d", version);
    add(limited ? holds : lacks, landlock, cause);
    if (sandbox_limit_syscalls())
        add(holds, "seccomp", "");
    else
        add(lacks, "seccomp", strerror(errno));
    return sandbox_limits_of(limited ? version : 0);
}
