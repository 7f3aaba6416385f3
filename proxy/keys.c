#include "keys.h"

#include <string.h>

enum { ONCE = 0, MANY = 1 };

#define UPSTREAM                                               "upstream"
#define LISTENER                                               "listener"
#define POLICY                                                 "policy"
#define KEY(section, key, reader, count, initial, takes, help) {section, key, (count) == MANY, initial, takes},
static const struct key keys[] = {
#include "keys.def"
};
#undef KEY

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

_Static_assert((int)KEY_COUNT < (int)KEYS_MAX, "room for all keys");

const struct key *
key_at(size_t index)
{
    return index < KEY_COUNT ? &keys[index] : NULL;
}

const struct key *
key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].key, name) == 0)
            return &keys[i];
    return NULL;
}

void
key_names(const char *section, const char *names[])
{
    size_t count = 0;
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, section) == 0)
            names[count++] = keys[i].key;
    names[count] = NULL;
}
