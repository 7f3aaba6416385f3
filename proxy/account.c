#include "account.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

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

bool
account_look_up(enum account_kind kind, const char *name, uint32_t *id)
{
    const struct passwd *user = kind == ACCOUNT_USER ? getpwnam(name) : NULL;
    const struct group *group = kind == ACCOUNT_GROUP ? getgrnam(name) : NULL;
    if (user != NULL)
        *id = user->pw_uid;
    else if (group != NULL)
        *id = group->gr_gid;
    return user != NULL || group != NULL;
}

bool
account_find(enum account_kind kind, const char *text, uint32_t *id)
{
    return account_parse_number(text, id) || account_look_up(kind, text, id);
}
