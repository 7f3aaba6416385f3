#include "config_print.h"
#include "ini_file.h"
#include "keys.h"
#include "options.h"
#include "policy/policy.h"
#include "settings.h"

#include <string.h>

enum {
    COMMENT_SIZE = 320,
    COMMENT_COLUMN = 44,
    WIDTH = 120, /* above it, a comment stands on a line of its own */
    UNIX_MODE_DEFAULT = 0660,
};

/*
 * A value that filled its line leaves no room for the blanks. Only what several lines may hold can be so long that it
 * must stand on a line without its key, as it did.
 */
static void
print_long_line(FILE *output, const char *key, const char *value, const char *comment)
{
    bool joined = strlen(key) + strlen(value) + 1 <= INI_LINE_BYTES;
    fprintf(output, joined ? "; %s\n%s=%s\n" : "; %s\n%s =\n %s\n", comment, key, value);
}

static void
print_line(FILE *output, const char *key, const char *value, const char *comment)
{
    int length = (int)(strlen(key) + strlen(value) + 3);
    if (length > INI_LINE_BYTES) {
        print_long_line(output, key, value, comment);
        return;
    }
    int column = length < COMMENT_COLUMN ? COMMENT_COLUMN : length;
    if (column + (int)strlen(comment) + 3 > WIDTH)
        fprintf(output, "; %s\n%s = %s\n", comment, key, value);
    else
        fprintf(output, "%s = %s%*s ; %s\n", key, value, column - length, "", comment);
}

static void
print_setting(const struct config *config, const struct setting *setting, const char *value, FILE *output)
{
    char comment[COMMENT_SIZE];
    setting_place(setting, config->path, comment, sizeof(comment));
    config_make_printable(comment);
    print_line(output, setting->key, value, comment);
}

/* An empty LOG_LEVEL is its default; a file has no empty values. */
static const char *
shown_value(const struct config *config, const struct setting *setting)
{
    const struct setting *first;
    for (size_t i = 0; setting->value[0] == '\0' && (first = settings_at(config->settings, i)) != NULL; i++)
        if (strcmp(first->key, setting->key) == 0 && first->origin == ORIGIN_DEFAULT)
            return first->value;
    return setting->value;
}

static void
print_options(const struct config *config, bool all, FILE *output)
{
    bool begun = false;
    for (const char *const *key = config_file_keys(); *key != NULL; key++) {
        const struct setting *setting = settings_find(config->settings, "sockwarden", "", *key);
        if (!all && setting->origin == ORIGIN_DEFAULT)
            continue;
        fputs(begun ? "" : "[sockwarden]\n", output);
        print_setting(config, setting, shown_value(config, setting), output);
        begun = true;
    }
    fputs(begun ? "\n" : "", output);
}

static void
print_engine(const struct config *config, FILE *output)
{
    const struct setting *setting = settings_find(config->settings, "upstream", "", "address");
    fputs("[upstream]\n", output);
    print_setting(config, setting, setting->value, output);
}

/* The keys of a listener that were not given and have a default. */
static void
print_listener_defaults(const struct config *config, const struct listener_config *listener, const char *name,
                        FILE *output)
{
    const struct key *key;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        bool of_file = strcmp(key->key, "mode") == 0;
        if (strcmp(key->section, "listener") != 0 || key->initial[0] == '\0' ||
            (of_file && !address_is_unix(&listener->address)))
            continue;
        if (settings_find(config->settings, "listener", name, key->key) == NULL)
            print_line(output, key->key, key->initial, "default");
    }
}

/* Where to listen and what for, of a listener that the environment says. */
static void
print_place(const struct config *config, const struct listener_config *listener, FILE *output)
{
    char origin[COMMENT_SIZE] = "default";
    bool said = settings_find(config->settings, "sockwarden", "", "listen") != NULL;
    bool narrowed = config->disable_ipv6 && address_is_any(&listener->address);
    if (said)
        snprintf(origin, sizeof(origin), "environment %.32s%s", config_listen_variable(config),
                 narrowed ? " and DISABLE_IPV6" : "");
    print_line(output, "address", listener->address.name, origin);
    fprintf(output, "policy = %s\n", config->policies[0].name);
}

static void
print_listener(const struct config *config, size_t index, bool all, FILE *output)
{
    const struct listener_config *listener = &config->listeners[index];
    const struct setting *setting;
    char number[CONFIG_NUMBERED_SIZE];
    config_number_listener(index, number);
    const char *name = config->path != NULL ? listener->name : number;
    fprintf(output, "\n[listener %s]\n", name);
    if (config->path == NULL)
        print_place(config, listener, output);
    for (size_t i = 0; (setting = settings_at(config->settings, i)) != NULL; i++)
        if (strcmp(setting->section, "listener") == 0 && strcmp(setting->name, name) == 0)
            print_setting(config, setting, setting->value, output);
    if (all)
        print_listener_defaults(config, listener, name, output);
}

/* What a line of a file can hold as it stands. */
static bool
fits(const char *key, const char *value)
{
    size_t length = strlen(value);
    if (length == 0 || strlen(key) + length + 3 > INI_LINE_BYTES || value[0] == ';' || value[0] == '#')
        return false;
    bool bare = value[0] != ' ' && value[0] != '\t' && value[length - 1] != ' ' && value[length - 1] != '\t';
    return bare && strstr(value, " ;") == NULL && strstr(value, " #") == NULL && strstr(value, "\t;") == NULL &&
           strstr(value, "\t#") == NULL;
}

/* Only paths may hold what a file can't; all other values have a form that fits. */
static bool
check_paths(const struct config *config, char *problem)
{
    const struct setting *engine = settings_find(config->settings, "upstream", "", "address");
    if (!fits("address", engine->value))
        return config_fail(problem, "SOCKET_PATH=%.128s can't stand in a file, which takes that for a comment",
                           engine->value);
    for (size_t i = 0; i < config->listener_count; i++)
        if (!fits("address", config->listeners[i].address.name))
            return config_fail(problem, "%s=%.128s can't stand in a file, which takes that for a comment",
                               config_listen_variable(config), config->listeners[i].address.name);
    return true;
}

bool
config_print_program(const struct config *config, bool all, FILE *output, char *problem)
{
    if (!check_paths(config, problem))
        return false;
    print_options(config, all, output);
    print_engine(config, output);
    for (size_t i = 0; i < config->listener_count; i++)
        print_listener(config, i, all, output);
    return true;
}

/* A policy as it is written down. */
struct sheet {
    const struct config *config;
    const struct named_policy *policy;
    FILE *output;
};

static void
print_switch(void *owner, const struct policy_switch *entry)
{
    const struct sheet *sheet = owner;
    const struct setting *setting = settings_find(sheet->config->settings, "policy", sheet->policy->name, entry->name);
    if (setting != NULL)
        print_setting(sheet->config, setting, entry->on ? "1" : "0", sheet->output);
    else
        print_line(sheet->output, entry->name, entry->on ? "1" : "0", "default");
}

static void
print_dialect(const struct sheet *sheet)
{
    const struct setting *setting = settings_find(sheet->config->settings, "policy", sheet->policy->name, "dialect");
    const char *note = policy_dialect_note(sheet->policy->policy);
    const char *word = policy_dialect(sheet->policy->policy);
    if (setting != NULL)
        print_setting(sheet->config, setting, word, sheet->output);
    else
        print_line(sheet->output, "dialect", word, note != NULL ? note : "default");
}

static void
print_policy(const struct sheet *sheet)
{
    const char *name = sheet->policy->name;
    const struct setting *setting;
    fprintf(sheet->output, "\n[policy %s]\n", name);
    for (size_t i = 0; (setting = settings_at(sheet->config->settings, i)) != NULL; i++) {
        bool ours = strcmp(setting->section, "policy") == 0 && strcmp(setting->name, name) == 0;
        /* The switches come behind all rules, and the dialect above them. */
        if (ours && key_find("policy", setting->key) != NULL && strcmp(setting->key, "dialect") != 0)
            print_setting(sheet->config, setting, setting->value, sheet->output);
    }
    if (settings_find(sheet->config->settings, "policy", name, "dry_run") == NULL)
        print_line(sheet->output, "dry_run", key_find("policy", "dry_run")->initial, "default");
    if (!policy_has_switches(sheet->policy->policy))
        return;
    print_dialect(sheet);
    policy_switches(sheet->policy->policy, print_switch, (void *)sheet);
}

void
config_print_policies(const struct config *config, FILE *output)
{
    for (size_t i = 0; i < config->policy_count; i++) {
        const struct sheet sheet = {config, &config->policies[i], output};
        print_policy(&sheet);
    }
}
