#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct settings {
    struct setting **list;
    size_t count;
};

struct settings *
settings_new(void)
{
    return calloc(1, sizeof(struct settings));
}

void
settings_free(struct settings *settings)
{
    if (settings == NULL)
        return;
    for (size_t i = 0; i < settings->count; i++)
        free(settings->list[i]);
    free(settings->list);
    free(settings);
}

/* Copies a text behind the ones before it. */
static const char *
pack(char **free_space, const char *text)
{
    char *packed = *free_space;
    size_t size = strlen(text) + 1;
    memcpy(packed, text, size);
    *free_space += size;
    return packed;
}

static struct setting *
copy(const struct setting *setting)
{
    size_t size = strlen(setting->section) + strlen(setting->name) + strlen(setting->key) + strlen(setting->value) +
                  strlen(setting->variable) + 5;
    struct setting *made = malloc(sizeof(*made) + size);
    if (made == NULL)
        return NULL;
    char *space = (char *)(made + 1);
    *made = (struct setting){.origin = setting->origin, .line = setting->line};
    made->section = pack(&space, setting->section);
    made->name = pack(&space, setting->name);
    made->key = pack(&space, setting->key);
    made->value = pack(&space, setting->value);
    made->variable = pack(&space, setting->variable);
    return made;
}

const struct setting *
settings_add(struct settings *settings, const struct setting *setting)
{
    struct setting **grown = realloc(settings->list, (settings->count + 1) * sizeof(struct setting *));
    if (grown == NULL)
        return NULL;
    settings->list = grown;
    grown[settings->count] = copy(setting);
    return grown[settings->count] != NULL ? grown[settings->count++] : NULL;
}

const struct setting *
settings_at(const struct settings *settings, size_t index)
{
    return index < settings->count ? settings->list[index] : NULL;
}

static bool
is_same_key(const struct setting *setting, const char *section, const char *name, const char *key)
{
    return strcmp(setting->section, section) == 0 && strcmp(setting->name, name) == 0 && strcmp(setting->key, key) == 0;
}

const struct setting *
settings_find(const struct settings *settings, const char *section, const char *name, const char *key)
{
    for (size_t i = settings->count; i-- > 0;)
        if (is_same_key(settings->list[i], section, name, key))
            return settings->list[i];
    return NULL;
}

const struct setting *
settings_former(const struct settings *settings, const struct setting *setting)
{
    const struct setting *former = NULL;
    for (size_t i = 0; i < settings->count && settings->list[i] != setting; i++) {
        const struct setting *other = settings->list[i];
        if (other->origin == ORIGIN_FILE && is_same_key(other, setting->section, setting->name, setting->key))
            former = other;
    }
    return former;
}

bool
settings_is_later(const struct settings *settings, const struct setting *setting, const struct setting *other)
{
    for (size_t i = 0; i < settings->count; i++)
        if (settings->list[i] == setting || settings->list[i] == other)
            return settings->list[i] == other;
    return false;
}

void
setting_describe(const struct setting *setting, char *text, size_t size)
{
    if (setting->origin == ORIGIN_FILE)
        snprintf(text, size, "%.64s = %.128s", setting->key, setting->value);
    else
        snprintf(text, size, "%.64s=%.128s", setting->variable, setting->value);
}

void
setting_place(const struct setting *setting, const char *path, char *text, size_t size)
{
    if (setting->origin == ORIGIN_FILE)
        snprintf(text, size, "%.160s:%u", path, setting->line);
    else if (setting->origin == ORIGIN_ENVIRONMENT)
        snprintf(text, size, "environment %s", setting->variable);
    else
        snprintf(text, size, "default");
}
