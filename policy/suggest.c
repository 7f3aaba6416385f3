#include "suggest.h"

#include "names.h"

#include <stdio.h>

enum { SHORTEST_NEAR = 4, SHORTEST_FAR = 8 };

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

bool
suggest_is_of_a_service(struct slice name)
{
    static const struct slice MARKS[] = {{"_SERVICE_HOST", 13}, {"_SERVICE_PORT", 13}, {"_PORT_", 6}};
    for (size_t i = 0; i < COUNT_OF(MARKS); i++)
        if (memmem(name.data, name.length, MARKS[i].data, MARKS[i].length) != NULL)
            return true;
    return name.length > 5 && memcmp(name.data + name.length - 5, "_PORT", 5) == 0;
}

bool
suggest_is_ordinary(struct slice name)
{
    static const struct slice ORDINARY[] = {{"PORT", 4}, {"HOST", 4}, {"NODE", 4}, {"PIN", 3}, {"OAUTH", 5}};
    for (size_t i = 0; i < COUNT_OF(ORDINARY); i++)
        if (slice_equals(ORDINARY[i], name))
            return true;
    return false;
}

/* How unlike a name is to a switch's, with less patience for short names. */
static unsigned
unlikeness(struct slice name, struct slice known)
{
    if (name_equals_loosely(name, known))
        return 0;
    unsigned distance = known.length >= SHORTEST_NEAR ? name_distance(name, known) : NAME_FAR;
    return distance == 2 && known.length < SHORTEST_FAR ? NAME_FAR : distance;
}

static const struct dialect_switch *
find_near_switch(const struct dialect *dialect, struct slice name)
{
    const struct dialect_switch *nearest = NULL;
    unsigned least = NAME_FAR;
    for (size_t i = 0; i < dialect->count; i++) {
        const struct dialect_switch *entry = &dialect->switches[i];
        unsigned distance = unlikeness(name, dialect_name(entry));
        if (distance < least) {
            least = distance;
            nearest = entry;
        }
    }
    return nearest;
}

static struct slice
without_ends(struct slice name, struct slice prefix, struct slice suffix)
{
    if (name.length > prefix.length && memcmp(name.data, prefix.data, prefix.length) == 0)
        name = (struct slice){name.data + prefix.length, name.length - prefix.length};
    if (name.length > suffix.length && memcmp(name.data + name.length - suffix.length, suffix.data, suffix.length) == 0)
        name.length -= suffix.length;
    return name;
}

/* ALLOW_CONTAINERS, ENABLE_INFO, IMAGES_READ: a switch with something around it. */
static const struct dialect_switch *
find_wrapped_switch(const struct dialect *dialect, struct slice name)
{
    static const struct slice WRAPS[][2] = {
        {{"ALLOW_", 6}, {"", 0}}, {{"ENABLE_", 7}, {"", 0}}, {{"DOCKER_", 7}, {"", 0}},  {{"", 0}, {"_READ", 5}},
        {{"", 0}, {"_WRITE", 6}}, {{"", 0}, {"_ENABLE", 7}}, {{"", 0}, {"_ENABLED", 8}}, {{"", 0}, {"_ALLOWED", 8}},
    };
    for (size_t i = 0; i < COUNT_OF(WRAPS); i++) {
        struct slice inner = without_ends(name, WRAPS[i][0], WRAPS[i][1]);
        const struct dialect_switch *entry = inner.length < name.length ? dialect_switch_find(dialect, inner) : NULL;
        if (entry != NULL)
            return entry;
    }
    return NULL;
}

/* LOGS where the switch is ALLOW_LOGS, CREATE where it is CONTAINERS_CREATE. */
static const struct dialect_switch *
find_longer_switch(const struct dialect *dialect, struct slice name)
{
    static const char *const PREFIXES[] = {"ALLOW_", "CONTAINERS_", "LIBPOD_"};
    for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
        char longer[64];
        int length = snprintf(longer, sizeof(longer), "%s%.*s", PREFIXES[i], (int)name.length, name.data);
        const struct dialect_switch *entry =
            length < (int)sizeof(longer) ? dialect_switch_find(dialect, slice_from_string(longer)) : NULL;
        if (entry != NULL)
            return entry;
    }
    return NULL;
}

const struct dialect_switch *
suggest_switch(const struct dialect *dialect, struct slice name, bool longer)
{
    const struct dialect_switch *near = longer ? find_longer_switch(dialect, name) : NULL;
    if (near == NULL)
        near = find_near_switch(dialect, name);
    return near != NULL ? near : find_wrapped_switch(dialect, name);
}
