#include "account.h"
#include "sandbox.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED                                                                                                       \
    " was replaced after the start, and the sandbox keeps the new one closed; restart for it, or give the number"

enum { REMEMBERED_MAX = 1000 }; /* of each list */

/* What was found, for the life of the process. */
struct known {
    struct known *next;
    enum account_kind kind;
    uint32_t id;
    char name[];
};

static struct known *known;
static const char *problem = "";
static bool recalled;

bool
account_parse_number(const char *text, uint32_t *id)
{
    size_t length = strlen(text);
    if (length == 0 || length > 10 || strspn(text, "0123456789") != length)
        return false;
    unsigned long long number = strtoull(text, NULL, 10);
    *id = (uint32_t)number;
    return number < UINT32_MAX;
}

static struct known *
recall(enum account_kind kind, const char *name)
{
    struct known *entry = known;
    while (entry != NULL && (entry->kind != kind || strcmp(entry->name, name) != 0))
        entry = entry->next;
    return entry;
}

/* Without memory it is not remembered, which only a later reload could miss. */
static void
remember(enum account_kind kind, const char *name, uint32_t id)
{
    struct known *entry = recall(kind, name);
    if (entry == NULL) {
        size_t size = strlen(name) + 1;
        entry = malloc(sizeof(*entry) + size);
        if (entry == NULL)
            return;
        memcpy(entry->name, name, size);
        entry->kind = kind;
        entry->next = known;
        known = entry;
    }
    entry->id = id;
}

void
account_remember_all(void)
{
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *user;
    for (int i = 0; file != NULL && i < REMEMBERED_MAX && (user = fgetpwent(file)) != NULL; i++)
        remember(ACCOUNT_USER, user->pw_name, user->pw_uid);
    if (file != NULL)
        fclose(file);
    file = fopen("/etc/group", "re");
    const struct group *group;
    for (int i = 0; file != NULL && i < REMEMBERED_MAX && (group = fgetgrent(file)) != NULL; i++)
        remember(ACCOUNT_GROUP, group->gr_name, group->gr_gid);
    if (file != NULL)
        fclose(file);
}

bool
account_was_recalled(void)
{
    return recalled;
}

static bool
find_without_list(enum account_kind kind, const char *name, uint32_t *id)
{
    bool shut = sandbox_closes(kind == ACCOUNT_USER ? "/etc/passwd" : "/etc/group");
    const struct known *entry = shut ? recall(kind, name) : NULL;
    recalled = recalled || entry != NULL;
    if (entry != NULL)
        *id = entry->id;
    else if (shut)
        problem = kind == ACCOUNT_USER ? "/etc/passwd" REPLACED : "/etc/group" REPLACED;
    else
        problem = kind == ACCOUNT_USER ? "this machine has no such user" : "this machine has no such group";
    return entry != NULL;
}

bool
account_look_up(enum account_kind kind, const char *name, uint32_t *id)
{
    const struct passwd *user = kind == ACCOUNT_USER ? getpwnam(name) : NULL;
    const struct group *group = kind == ACCOUNT_GROUP ? getgrnam(name) : NULL;
    if (user != NULL)
        *id = user->pw_uid;
    else if (group != NULL)
        *id = group->gr_gid;
    if (user == NULL && group == NULL)
        return find_without_list(kind, name, id);
    remember(kind, name, *id);
    return true;
}

const char *
account_problem(void)
{
    return problem;
}

bool
account_find(enum account_kind kind, const char *text, uint32_t *id)
{
    return account_parse_number(text, id) || account_look_up(kind, text, id);
}
