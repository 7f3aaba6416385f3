#include "surroundings.h"

#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#define INTERFACES "/sys/class/net"

static bool
has(const char *interface, const char *entry)
{
    char path[sizeof(INTERFACES) + 256 + 16];
    snprintf(path, sizeof(path), INTERFACES "/%s/%s", interface, entry);
    return access(path, F_OK) == 0;
}

static bool
look_for_host_network(void)
{
    DIR *folder = opendir(INTERFACES);
    bool found = false;
    if (folder == NULL)
        return false;
    const struct dirent *entry;
    while (!found && (entry = readdir(folder)) != NULL) /* NOLINT(concurrency-mt-unsafe): one thread */
        found = entry->d_name[0] != '.' && (has(entry->d_name, "device") || has(entry->d_name, "bridge"));
    closedir(folder);
    return found;
}

bool
surroundings_have_host_network(void)
{
    static bool known;
    static bool answer;
    if (!known)
        answer = look_for_host_network();
    known = true;
    return answer;
}
