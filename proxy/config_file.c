#include "allow_from.h"
#include "config_draft.h"
#include "nearest.h"
#include "text.h"
#include "trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool
begin_alone(unsigned *line, const struct ini_entry *entry, struct ini_problem *problem)
{
    if (entry->name[0] != '\0')
        return draft_fail(problem, "[%s %s]: this section has no name; it is [%s]", entry->section, entry->name,
                          entry->section);
    if (*line != 0)
        return draft_fail(problem, "[%s] stands twice, first in line %u; put all its keys into one", entry->section,
                          *line);
    *line = entry->line;
    return true;
}

static bool
begin_listener(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    struct config *config = draft->config;
    size_t count = config->listener_count;
    if (entry->name[0] == '\0')
        return draft_fail(problem, "a listener has a name: [listener NAME]");
    for (size_t i = 0; i < count; i++)
        if (strcmp(draft->listeners[i].name, entry->name) == 0)
            return draft_fail(problem, "[listener %s] stands twice, first in line %u", entry->name,
                              draft->listeners[i].line);
    if (!config_make_room(config))
        return count == CONFIG_LISTENERS_MAX
                   ? draft_fail(problem, "there are more than %d listeners", CONFIG_LISTENERS_MAX)
                   : draft_fail(problem, "out of memory");
    snprintf(draft->listeners[count].name, NAME_SIZE, "%s", entry->name);
    draft->listeners[count].line = entry->line;
    config->listeners[count].address.owner = (uid_t)-1;
    config->listeners[count].address.group = (gid_t)-1;
    config->listener_count++;
    return true;
}

static bool
begin_policy(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    if (entry->name[0] == '\0')
        return draft_fail(problem, "a policy has a name: [policy NAME]");
    for (size_t i = 0; i < draft->policy_count; i++)
        if (strcmp(draft->policies[i].name, entry->name) == 0)
            return draft_fail(problem, "[policy %s] stands twice, first in line %u", entry->name,
                              draft->policies[i].line);
    if (draft->policy_count == POLICIES_MAX)
        return draft_fail(problem, "there are more than %d policies", POLICIES_MAX);
    struct draft_policy *policy = &draft->policies[draft->policy_count];
    policy->builder = policy_builder_new(entry->name);
    if (policy->builder == NULL)
        return draft_fail(problem, "out of memory");
    snprintf(policy->name, sizeof(policy->name), "%s", entry->name);
    policy->line = entry->line;
    draft->policy_count++;
    return true;
}

/* The section that was meant by a word for what it is for, or by one that is nearly its own; NULL where none is. */
static const char *
meant_section(const char *word)
{
    static const char *const sections[] = {"sockwarden", "upstream", "listener", "policy", NULL};
    static const char *const rows[][2] = {
        {"engine", "upstream"},    {"docker", "upstream"},   {"podman", "upstream"},    {"backend", "upstream"},
        {"server", "upstream"},    {"global", "sockwarden"}, {"general", "sockwarden"}, {"main", "sockwarden"},
        {"default", "sockwarden"}, {"frontend", "listener"}, {"bind", "listener"},      {"rules", "policy"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcasecmp(rows[i][0], word) == 0)
            return rows[i][1];
    return nearest_word(sections, word);
}

static bool
begin_section(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    if (!draft_end_section(draft, problem))
        return false;
    if (strcmp(entry->section, "sockwarden") == 0)
        return begin_alone(&draft->sockwarden_line, entry, problem);
    if (strcmp(entry->section, "upstream") == 0)
        return begin_alone(&draft->upstream_line, entry, problem);
    if (strcmp(entry->section, "listener") == 0)
        return begin_listener(draft, entry, problem);
    if (strcmp(entry->section, "policy") == 0)
        return begin_policy(draft, entry, problem);
    const char *nearest = meant_section(entry->section);
    bool named = nearest != NULL && strcmp(nearest, "sockwarden") != 0 && strcmp(nearest, "upstream") != 0;
    if (nearest != NULL)
        return draft_fail(problem, "there is no section [%s]; did you mean [%s%s]?", entry->section, nearest,
                          named ? " NAME" : "");
    return draft_fail(problem,
                      "there is no section [%s]; there are [sockwarden], [upstream], [listener NAME] and [policy NAME]",
                      entry->section);
}

static bool
on_entry(void *owner, const struct ini_entry *entry, struct ini_problem *problem)
{
    return entry->key == NULL ? begin_section(owner, entry, problem) : draft_take(owner, entry, problem);
}

static struct draft_policy *
find_policy(struct draft *draft, const char *name)
{
    for (size_t i = 0; i < draft->policy_count; i++)
        if (strcmp(draft->policies[i].name, name) == 0)
            return &draft->policies[i];
    return NULL;
}

static bool
fail_no_policy(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    const char *names[POLICIES_MAX + 1] = {NULL};
    for (size_t i = 0; i < draft->policy_count; i++)
        names[i] = draft->policies[i].name;
    problem->line = setting->line;
    if (draft->policy_count == 0)
        return draft_fail(problem, "policy = %.64s: the file has no [policy %.64s]", setting->value, setting->value);
    const struct draft_lack lack = {"there is no policy", draft->policy_count == 1 ? "there is" : "there are"};
    return draft_fail_unknown(problem, &lack, setting->value, names);
}

/* Mode, owner and group are of a file, which only the sockets have that are made here at a path. */
static bool
check_file_keys(const struct draft *draft, size_t index, struct ini_problem *problem)
{
    static const char *const keys[] = {"mode", "owner", "group"};
    const char *name = draft->listeners[index].name;
    const struct address *address = &draft->config->listeners[index].address;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !address_is_unix(address); i++) {
        const struct setting *setting = settings_find(draft->config->settings, "listener", name, keys[i]);
        if (setting == NULL)
            continue;
        problem->line = setting->line;
        return draft_fail(problem, "%s = %.64s: not taken: %s; takes a listener at unix:PATH", keys[i], setting->value,
                          address->passed[0] != '\0' ? "systemd makes this socket, and its unit says who may use it"
                                                     : "this listener is a TCP port, which has no file");
    }
    return true;
}

/* An item that no client of this kind of socket could ever fit. */
static bool
check_allow_from_line(const struct setting *setting, bool is_unix, struct ini_problem *problem)
{
    const char *rest = setting->value;
    char item[INI_VALUE_SIZE];
    while (allow_from_next(&rest, item, sizeof(item))) {
        if (allow_from_is_identity(item) == is_unix)
            continue;
        problem->line = setting->line;
        return draft_fail(problem, "allow_from = %.64s: not taken: clients of %s", item,
                          is_unix ? "a unix socket are told by uid:, user:, gid: and group:, they have no address"
                                  : "a TCP port are told by addresses, blocks and host names, not by their user");
    }
    return true;
}

/* What systemd passes may be of either kind. */
static bool
check_allow_from(const struct draft *draft, size_t index, struct ini_problem *problem)
{
    const struct address *address = &draft->config->listeners[index].address;
    const struct setting *setting;
    for (size_t i = 0; (setting = settings_at(draft->config->settings, i)) != NULL && address->passed[0] == '\0'; i++) {
        bool ours = strcmp(setting->section, "listener") == 0 &&
                    strcmp(setting->name, draft->listeners[index].name) == 0 && strcmp(setting->key, "allow_from") == 0;
        if (ours && !check_allow_from_line(setting, address_is_unix(address), problem))
            return false;
    }
    return true;
}

static bool
join_listener(struct draft *draft, size_t index, struct ini_problem *problem)
{
    const struct draft_listener *draft_listener = &draft->listeners[index];
    struct listener_config *listener = &draft->config->listeners[index];
    const struct settings *settings = draft->config->settings;
    const struct setting *address = settings_find(settings, "listener", draft_listener->name, "address");
    const struct setting *policy = settings_find(settings, "listener", draft_listener->name, "policy");
    problem->line = draft_listener->line;
    if (address == NULL)
        return draft_fail(problem, "[listener %s] has no address", draft_listener->name);
    if (policy == NULL)
        return draft_fail(problem, "[listener %s] has no policy: it needs policy = NAME of a [policy NAME]",
                          draft_listener->name);
    struct draft_policy *named = find_policy(draft, policy->value);
    if (named == NULL)
        return fail_no_policy(draft, policy, problem);
    listener->own_name = text_copy(draft_listener->name);
    listener->name = listener->own_name;
    listener->policy = policy_ref(named->policy);
    bool on_trial = policy_is_on_trial(listener->policy);
    listener->trial = on_trial ? trial_new() : NULL;
    if (listener->name == NULL || (on_trial && listener->trial == NULL))
        return draft_fail(problem, "out of memory");
    return check_file_keys(draft, index, problem) && check_allow_from(draft, index, problem);
}

static bool
finish_policies(struct draft *draft, struct ini_problem *problem)
{
    for (size_t i = 0; i < draft->policy_count; i++) {
        struct draft_policy *policy = &draft->policies[i];
        policy->policy = policy_builder_finish(policy->builder);
        policy->builder = NULL;
        if (policy->policy == NULL || !config_add_policy(draft->config, policy->name, policy->line, policy->policy))
            return draft_fail(problem, "out of memory");
    }
    return true;
}

/* Joins listeners and policies, once the whole file is read. */
static bool
join(struct draft *draft, struct ini_problem *problem)
{
    if (!draft_end_section(draft, problem) || !finish_policies(draft, problem))
        return false;
    bool empty = draft->sockwarden_line + draft->upstream_line + draft->policy_count == 0;
    if (draft->config->listener_count == 0 && empty)
        return draft_fail(problem, "the file is empty; it needs a [listener NAME] and a [policy NAME] at least");
    if (draft->config->listener_count == 0)
        return draft_fail(problem, "the file names no [listener NAME]: nobody could connect");
    for (size_t i = 0; i < draft->config->listener_count; i++)
        if (!join_listener(draft, i, problem))
            return false;
    problem->line = 0;
    return true;
}

static void
drop_draft(struct draft *draft)
{
    for (size_t i = 0; i < draft->policy_count; i++) {
        policy_builder_free(draft->policies[i].builder);
        policy_unref(draft->policies[i].policy);
    }
    free(draft);
}

static bool
read_file(struct draft *draft, const char *path, struct ini_problem *problem)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        *problem = (struct ini_problem){0};
        return draft_fail(problem, "can't be read: %s", strerror(errno));
    }
    bool read = ini_file_read(file, on_entry, draft, problem) && join(draft, problem);
    fclose(file);
    return read;
}

/* An empty snapshot that knows its file; NULL: no memory. */
static struct config *
new_config(const char *path)
{
    struct config *config = config_with_defaults();
    if (config == NULL)
        return NULL;
    config->dialect = "file";
    config->path = text_copy(path);
    if (config->path != NULL)
        return config;
    config_unref(config);
    return NULL;
}

struct config *
config_from_file(const char *path, char *const environment[], char *problem)
{
    struct ini_problem cause = {0};
    struct draft *draft = calloc(1, sizeof(*draft));
    struct config *config = new_config(path);
    if (draft == NULL || config == NULL) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "out of memory");
        free(draft);
        config_unref(config);
        return NULL;
    }
    draft->config = config;
    bool read = read_file(draft, path, &cause);
    drop_draft(draft);
    if (!read && cause.line > 0)
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%.160s:%u: %s", path, cause.line, cause.text);
    else if (!read)
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%.160s: %s", path, cause.text);
    if (read && config_take_environment(config, environment, false, problem) && config_complete(config, problem))
        return config;
    config_make_printable(problem);
    config_unref(config);
    return NULL;
}
