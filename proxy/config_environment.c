#include "haproxy_bind.h"
#include "options.h"
#include "policy/policy.h"
#include "settings.h"

#include <string.h>

#define ENVIRONMENT_POLICY "environment"

/* The switches that the environment sets, for whoever tells where a value came from. */
struct noting {
    struct config *config;
    char *const *environment;
    bool whole;
};

static void
note_variable(struct noting *noting, const char *key, const char *name, bool empty_counts)
{
    const char *value = config_variable(noting->environment, name);
    const struct setting setting = {.section = "policy",
                                    .name = ENVIRONMENT_POLICY,
                                    .key = key,
                                    .value = value != NULL ? value : "",
                                    .variable = name,
                                    .origin = ORIGIN_ENVIRONMENT};
    if (value != NULL && (empty_counts || value[0] != '\0'))
        noting->whole = settings_add(noting->config->settings, &setting) != NULL && noting->whole;
}

static void
note_switch(void *owner, const struct policy_switch *entry)
{
    note_variable(owner, entry->name, entry->name, true);
}

/* Where the original listens, in HAProxy's words, unless LISTEN says it. */
static bool
take_bind(struct config *config, const struct policy *policy, char *const environment[], char *problem)
{
    const char *name = policy_bind_variable(policy);
    const char *value = name != NULL ? config_variable(environment, name) : NULL;
    if (value == NULL || value[0] == '\0' || config_variable(environment, "LISTEN") != NULL)
        return true;
    return haproxy_bind_read(config, name, value, problem);
}

/* The variable that says where to listen wins, where it is the original's own. */
static bool
disables_ipv6(const struct config *config, const struct policy *policy)
{
    const struct setting *ipv6 = settings_find(config->settings, "sockwarden", "", "disable_ipv6");
    return ipv6 != NULL && policy_disables_ipv6(policy, ipv6->value) &&
           strcmp(config_listen_variable(config), "LISTEN") == 0;
}

static bool
grant_from_environment(struct config *config, char *const environment[], char *problem)
{
    struct policy *policy = policy_from_environment(environment);
    if (policy == NULL) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "out of memory");
        return false;
    }
    if (!config_add_policy(config, ENVIRONMENT_POLICY, 0, policy)) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "out of memory");
        policy_unref(policy);
        return false;
    }
    struct noting noting = {config, environment, true};
    note_variable(&noting, "dialect", "DIALECT", false);
    policy_switches(policy, note_switch, &noting);
    if (!noting.whole) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "out of memory");
        policy_unref(policy);
        return false;
    }
    if (!take_bind(config, policy, environment, problem)) {
        policy_unref(policy);
        return false;
    }
    config->dialect = policy_dialect(policy);
    config->disable_ipv6 = disables_ipv6(config, policy);
    for (size_t i = 0; i < config->listener_count; i++)
        config->listeners[i].policy = policy_ref(policy);
    policy_unref(policy);
    return true;
}

struct config *
config_from_environment(char *const environment[], char *problem)
{
    struct config *config = config_with_defaults();
    if (config == NULL) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "out of memory");
        return NULL;
    }
    if (config_take_environment(config, environment, true, problem) &&
        grant_from_environment(config, environment, problem) && config_complete(config, problem)) {
        for (size_t i = 0; i < config->listener_count; i++)
            config->listeners[i].name = config->listeners[i].address.name;
        return config;
    }
    config_unref(config);
    return NULL;
}
