#include "remarks.h"
#include "allow_from.h"
#include "config.h"
#include "policy/policy.h"
#include "settings.h"
#include "surroundings.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

enum { REMARK_SIZE = 640, PLACE_SIZE = 256 };

struct listing {
    const struct config *config;
    void (*remark)(void *owner, enum remark_kind kind, const char *text);
    void *owner;
};

static void say(const struct listing *listing, enum remark_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void
say(const struct listing *listing, enum remark_kind kind, const char *format, ...)
{
    char text[REMARK_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    config_make_printable(text);
    listing->remark(listing->owner, kind, text);
}

static void
say_warning(void *owner, const char *text)
{
    const struct listing *listing = owner;
    listing->remark(listing->owner, REMARK_WARNING, text);
}

/* Where to listen and what is granted is the file's alone. */
static void
list_without_effect(const struct listing *listing, char *const environment[])
{
    static const struct {
        const char *name;
        const char *whose;
    } rows[] = {
        {"LISTEN", "the listeners are those"},
        {"DISABLE_IPV6", "the listeners are those"},
        {"DIALECT", "the policies are those"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *value = config_variable(environment, rows[i].name);
        if (value != NULL)
            say(listing, REMARK_WARNING, "%s=%.64s in the environment does nothing: %s of the file", rows[i].name,
                value, rows[i].whose);
    }
}

static void
list_overridden(const struct listing *listing)
{
    const struct config *config = listing->config;
    const struct setting *setting;
    for (size_t i = 0; (setting = settings_at(config->settings, i)) != NULL; i++) {
        const struct setting *former = settings_former(config->settings, setting);
        char above[PLACE_SIZE];
        char below[PLACE_SIZE];
        char place[PLACE_SIZE];
        if (setting->origin != ORIGIN_ENVIRONMENT || former == NULL)
            continue;
        setting_describe(setting, above, sizeof(above));
        setting_describe(former, below, sizeof(below));
        setting_place(former, config->path, place, sizeof(place));
        say(listing, REMARK_NOTE, "%s in the environment stands above %s: %s", above, place, below);
    }
}

static void
list_unused(const struct listing *listing)
{
    const struct config *config = listing->config;
    for (size_t i = 0; i < config->policy_count; i++) {
        const struct named_policy *policy = &config->policies[i];
        bool used = false;
        for (size_t j = 0; j < config->listener_count; j++)
            used = used || config->listeners[j].policy == policy->policy;
        if (!used)
            say(listing, REMARK_WARNING, "%.160s:%u: [policy %s] is used by no listener", config->path, policy->line,
                policy->name);
    }
}

static void
say_doubt(void *owner, unsigned line, const char *text)
{
    const struct listing *listing = owner;
    say(listing, REMARK_WARNING, "%.160s:%u: %s", listing->config->path, line, text);
}

static void
list_doubts(struct listing *listing)
{
    for (size_t i = 0; i < listing->config->policy_count; i++)
        policy_doubts(listing->config->policies[i].policy, say_doubt, listing);
}

/* The policy whose idle switches are told. */
struct idle_listing {
    struct listing *listing;
    const struct named_policy *policy;
};

/* The sentence begins with the name of the switch, which stands in a line of the file. */
static void
say_idle(void *owner, const char *text)
{
    const struct idle_listing *idle = owner;
    const struct config *config = idle->listing->config;
    char name[PLACE_SIZE];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "= "), text);
    const struct setting *setting = settings_find(config->settings, "policy", idle->policy->name, name);
    say_doubt(idle->listing, setting != NULL ? setting->line : idle->policy->line, text);
}

static void
list_idle(struct listing *listing)
{
    const struct config *config = listing->config;
    for (size_t i = 0; i < config->policy_count; i++) {
        struct idle_listing idle = {listing, &config->policies[i]};
        bool exec = settings_find(config->settings, "policy", idle.policy->name, "EXEC") != NULL;
        policy_idle_switches(idle.policy->policy, exec, say_idle, &idle);
    }
}

/* A value that looks as if it disabled IPv6, and doesn't. */
static void
check_ipv6(const struct listing *listing)
{
    static const char *const off[] = {"", "0", "no", "false", "off", NULL};
    const struct config *config = listing->config;
    const struct setting *setting = settings_find(config->settings, "sockwarden", "", "disable_ipv6");
    if (setting == NULL || config->disable_ipv6)
        return;
    for (size_t i = 0; off[i] != NULL; i++)
        if (strcasecmp(setting->value, off[i]) == 0)
            return;
    if (policy_disables_ipv6(config->policies[0].policy, setting->value)) {
        say(listing, REMARK_WARNING, "DISABLE_IPV6=%.64s does nothing beside %s, which says where to listen",
            setting->value, config_listen_variable(config));
        return;
    }
    bool one_alone = !policy_disables_ipv6(config->policies[0].policy, "yes");
    say(listing, REMARK_WARNING, "DISABLE_IPV6=%.64s does nothing: in the %s dialect %s it", setting->value,
        config->dialect, one_alone ? "1 alone sets" : "1, true and yes set");
}

/* Plain TCP without authentication is for networks that somebody else guards. */
static void
list_exposed(const struct listing *listing)
{
    const struct config *config = listing->config;
    bool open_network = surroundings_have_host_network(); /* at a start, or a reload could not tell */
    for (size_t i = 0; open_network && i < config->listener_count; i++) {
        const struct listener_config *listener = &config->listeners[i];
        if (listener->address.passed[0] != '\0' || address_is_local(&listener->address) ||
            !allow_from_is_empty(listener->allow_from))
            continue;
        say(listing, REMARK_WARNING,
            "%s: whoever reaches this port of the machine may do all that is granted, without encryption or a "
            "password; "
            "listen at 127.0.0.1, an address that only the right clients reach, or a unix socket, %s",
            listener->address.name,
            config->path != NULL ? "or say who may come with allow_from" : "or use a file (-c), which has allow_from");
    }
}

void
remarks_list(const struct config *config, char *const environment[],
             void (*remark)(void *owner, enum remark_kind kind, const char *text), void *owner)
{
    struct listing listing = {config, remark, owner};
    list_exposed(&listing);
    if (config->path == NULL) {
        policy_warnings(environment, config_option_names(), say_warning, &listing);
        check_ipv6(&listing);
        return;
    }
    list_without_effect(&listing, environment);
    policy_warnings_beside_file(environment, config_option_names(), say_warning, &listing);
    list_overridden(&listing);
    list_unused(&listing);
    list_doubts(&listing);
    list_idle(&listing);
}
