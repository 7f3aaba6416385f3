#include "config.h"
#include "allow_from.h"
#include "policy/policy.h"
#include "settings.h"
#include "text.h"
#include "trial.h"

#include <stdlib.h>
#include <string.h>

bool
config_add_policy(struct config *config, const char *name, unsigned line, struct policy *policy)
{
    char *own_name = text_copy(name);
    struct named_policy *grown = realloc(config->policies, (config->policy_count + 1) * sizeof(*grown));
    if (grown != NULL)
        config->policies = grown;
    if (grown == NULL || own_name == NULL) {
        free(own_name);
        return false;
    }
    grown[config->policy_count++] = (struct named_policy){own_name, line, policy_ref(policy)};
    return true;
}

bool
config_make_room(struct config *config)
{
    if (config->listener_count < config->listener_room)
        return true;
    size_t room = config->listener_room == 0 ? 2 : config->listener_room * 2;
    if (room > CONFIG_LISTENERS_MAX)
        room = CONFIG_LISTENERS_MAX;
    if (config->listener_count == room)
        return false;
    struct listener_config *grown = realloc(config->listeners, room * sizeof(*grown));
    if (grown == NULL)
        return false;
    memset(grown + config->listener_room, 0, (room - config->listener_room) * sizeof(*grown));
    config->listeners = grown;
    config->listener_room = room;
    return true;
}

struct policy *
config_policy(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->policy_count; i++)
        if (strcmp(config->policies[i].name, name) == 0)
            return config->policies[i].policy;
    return NULL;
}

void
config_number_listener(size_t index, char name[CONFIG_NUMBERED_SIZE])
{
    snprintf(name, CONFIG_NUMBERED_SIZE, "listener%zu", index + 1);
}

const char *
config_listen_variable(const struct config *config)
{
    const struct setting *setting = settings_find(config->settings, "sockwarden", "", "listen");
    return setting != NULL ? setting->variable : "LISTEN";
}

static void
drop_listener(struct listener_config *listener)
{
    free(listener->own_name);
    policy_unref(listener->policy);
    allow_from_free(listener->allow_from);
    trial_free(listener->trial);
}

void
config_unref(struct config *config)
{
    if (config == NULL || --config->references > 0)
        return;
    for (size_t i = 0; i < config->listener_count; i++)
        drop_listener(&config->listeners[i]);
    for (size_t i = 0; i < config->policy_count; i++) {
        free(config->policies[i].name);
        policy_unref(config->policies[i].policy);
    }
    free(config->listeners);
    free(config->policies);
    settings_free(config->settings);
    free(config->path);
    free(config);
}

struct config *
config_ref(struct config *config)
{
    config->references++;
    return config;
}
