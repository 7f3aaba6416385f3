#include "allow_from.h"
#include "config.h"
#include "ini_file.h"
#include "nearest.h"
#include "options.h"
#include "policy/policy.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { POLICIES_MAX = 64, NAME_SIZE = 64 };

/* A listener as the file describes it, until the policies are known. */
struct draft_listener {
    char name[NAME_SIZE];
    char policy[NAME_SIZE];
    unsigned line;        /* of its section */
    unsigned policy_line; /* 0: none named */
    bool has_address;
};

struct draft_policy {
    char name[NAME_SIZE];
    struct policy_builder *builder; /* NULL once finished */
    struct policy *policy;          /* one reference, then */
    bool used;
};

struct draft {
    struct config *config;
    struct draft_listener listeners[CONFIG_LISTENERS_MAX];
    struct draft_policy policies[POLICIES_MAX];
    size_t policy_count;
    bool begun; /* a section was seen; `listener` and `policy` are of the section that is being read */
    size_t policy_index;
};

static bool fail(struct ini_problem *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool
fail(struct ini_problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    va_end(arguments);
    return false;
}

/* A word that is not one of `words`, with the nearest that is. */
static bool
fail_unknown(struct ini_problem *problem, const char *what, const char *word, const char *const *words)
{
    const char *nearest = nearest_word(words, word);
    if (nearest != NULL)
        return fail(problem, "there is no %s %.64s; did you mean %s?", what, word, nearest);
    char list[200] = "";
    size_t used = 0;
    for (; *words != NULL && used + strlen(*words) + 3 < sizeof(list); words++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used > 0 ? ", " : "", *words);
    return fail(problem, "there is no %s %.64s; there is %s", what, word, list);
}

static bool
begin_listener(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    size_t count = draft->config->listener_count;
    if (entry->name[0] == '\0')
        return fail(problem, "a listener has a name: [listener NAME]");
    for (size_t i = 0; i < count; i++)
        if (strcmp(draft->listeners[i].name, entry->name) == 0)
            return fail(problem, "[listener %s] stands twice, first in line %u", entry->name, draft->listeners[i].line);
    if (count == CONFIG_LISTENERS_MAX)
        return fail(problem, "there are more than %d listeners", CONFIG_LISTENERS_MAX);
    struct draft_listener *listener = &draft->listeners[count];
    snprintf(listener->name, sizeof(listener->name), "%s", entry->name);
    listener->line = entry->line;
    draft->config->listener_count++;
    return true;
}

static bool
begin_policy(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    if (entry->name[0] == '\0')
        return fail(problem, "a policy has a name: [policy NAME]");
    for (size_t i = 0; i < draft->policy_count; i++)
        if (strcmp(draft->policies[i].name, entry->name) == 0)
            return fail(problem, "[policy %s] stands twice", entry->name);
    if (draft->policy_count == POLICIES_MAX)
        return fail(problem, "there are more than %d policies", POLICIES_MAX);
    struct draft_policy *policy = &draft->policies[draft->policy_count];
    policy->builder = policy_builder_new(entry->name);
    if (policy->builder == NULL)
        return fail(problem, "out of memory");
    snprintf(policy->name, sizeof(policy->name), "%s", entry->name);
    draft->policy_count++;
    return true;
}

static bool
take_option(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    char takes[CONFIG_PROBLEM_SIZE / 2] = "";
    const char *const *keys = config_file_keys();
    for (const char *const *key = keys; *key != NULL; key++) {
        if (strcmp(*key, entry->key) != 0)
            continue;
        return config_set(draft->config, entry->key, entry->value, takes, sizeof(takes)) == CONFIG_SET ||
               fail(problem, "%s = %.64s: not taken; takes %.200s", entry->key, entry->value, takes);
    }
    return fail_unknown(problem, "key of [sockwarden]", entry->key, keys);
}

static bool
take_upstream(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    static const char *const keys[] = {"address", NULL};
    char takes[CONFIG_PROBLEM_SIZE / 2] = "";
    if (strcmp(entry->key, "address") != 0)
        return fail_unknown(problem, "key of [upstream]", entry->key, keys);
    return config_set(draft->config, "SOCKET_PATH", entry->value, takes, sizeof(takes)) == CONFIG_SET ||
           fail(problem, "address = %.64s: not taken; takes %.200s", entry->value, takes);
}

/* A comma list, which may go on in further lines. */
static bool
take_allow_from(struct listener_config *listener, const struct ini_entry *entry, struct ini_problem *problem)
{
    char item[256];
    const char *rest = entry->value;
    if (listener->allow_from == NULL)
        listener->allow_from = allow_from_new();
    if (listener->allow_from == NULL)
        return fail(problem, "out of memory");
    while (*rest != '\0') {
        rest += strspn(rest, ", \t");
        size_t length = strcspn(rest, ", \t");
        const char *why = NULL;
        if (length == 0)
            break;
        if (length >= sizeof(item))
            return fail(problem, "an item of allow_from is too long");
        memcpy(item, rest, length);
        item[length] = '\0';
        if (!allow_from_add(listener->allow_from, item, &why))
            return fail(problem, "allow_from = %.64s: not taken; %s", item, why);
        rest += length;
    }
    return true;
}

static bool
take_mode(struct address *address, const char *value, struct ini_problem *problem)
{
    char *end;
    unsigned long mode = strtoul(value, &end, 8);
    if (value[0] < '0' || value[0] > '7' || *end != '\0' || mode > 0777)
        return fail(problem, "mode = %.64s: not taken; takes an octal number such as 0660", value);
    address->mode = (mode_t)mode;
    address->has_mode = true;
    return true;
}

static bool
take_owner(struct address *address, const char *value, struct ini_problem *problem)
{
    const struct passwd *user = getpwnam(value);
    if (user == NULL)
        return fail(problem, "owner = %.64s: this machine has no such user", value);
    address->owner = user->pw_uid;
    return true;
}

static bool
take_group(struct address *address, const char *value, struct ini_problem *problem)
{
    const struct group *group = getgrnam(value);
    if (group == NULL)
        return fail(problem, "group = %.64s: this machine has no such group", value);
    address->group = group->gr_gid;
    return true;
}

static bool
take_listener(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    static const char *const keys[] = {"address", "policy", "allow_from", "deny_detail",
                                       "mode",    "owner",  "group",      NULL};
    size_t index = draft->config->listener_count - 1;
    struct listener_config *listener = &draft->config->listeners[index];
    struct draft_listener *listener_draft = &draft->listeners[index];
    const char *why = NULL;
    if (strcmp(entry->key, "address") == 0) {
        if (listener_draft->has_address)
            return fail(problem, "address stands twice in [listener %s]", listener_draft->name);
        listener_draft->has_address = true;
        return address_parse_listen(entry->value, &listener->address, &why) ||
               fail(problem, "address = %.64s: not taken; takes tcp://ADDRESS:PORT, unix:PATH or systemd:NAME (%s)",
                    entry->value, why);
    }
    if (strcmp(entry->key, "policy") == 0) {
        listener_draft->policy_line = entry->line;
        snprintf(listener_draft->policy, sizeof(listener_draft->policy), "%s", entry->value);
        return true;
    }
    if (strcmp(entry->key, "allow_from") == 0)
        return take_allow_from(listener, entry, problem);
    if (strcmp(entry->key, "deny_detail") == 0) {
        listener->terse = strcmp(entry->value, "terse") == 0;
        return listener->terse || strcmp(entry->value, "full") == 0 ||
               fail(problem, "deny_detail = %.64s: not taken; takes full or terse", entry->value);
    }
    if (strcmp(entry->key, "mode") == 0)
        return take_mode(&listener->address, entry->value, problem);
    if (strcmp(entry->key, "owner") == 0)
        return take_owner(&listener->address, entry->value, problem);
    if (strcmp(entry->key, "group") == 0)
        return take_group(&listener->address, entry->value, problem);
    return fail_unknown(problem, "key of a listener", entry->key, keys);
}

static bool
take_policy(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    static const char *const keys[] = {"allow", "deny", "preset", "dialect", "dry_run", NULL};
    struct policy_builder *builder = draft->policies[draft->policy_count - 1].builder;
    bool taken;
    if (strcmp(entry->key, "allow") == 0)
        taken = policy_builder_allow(builder, entry->value);
    else if (strcmp(entry->key, "deny") == 0)
        taken = policy_builder_deny(builder, entry->value);
    else if (strcmp(entry->key, "preset") == 0)
        taken = policy_builder_preset(builder, entry->value);
    else if (strcmp(entry->key, "dialect") == 0)
        taken = policy_builder_dialect(builder, entry->value);
    else if (strcmp(entry->key, "dry_run") == 0) {
        bool on = strcmp(entry->value, "yes") == 0;
        policy_builder_dry_run(builder, on);
        return on || strcmp(entry->value, "no") == 0 ||
               fail(problem, "dry_run = %.64s: not taken; takes yes or no", entry->value);
    } else if (nearest_word(keys, entry->key) != NULL && !policy_builder_has_switch(builder, entry->key))
        return fail_unknown(problem, "key of a policy", entry->key, keys);
    else
        taken = policy_builder_switch(builder, entry->key, entry->value);
    return taken || fail(problem, "%s", policy_builder_error(builder));
}

static bool
on_entry(void *owner, const struct ini_entry *entry, struct ini_problem *problem)
{
    static const char *const sections[] = {"sockwarden", "upstream", "listener", "policy", NULL};
    struct draft *draft = owner;
    bool begins = entry->key == NULL;
    if (strcmp(entry->section, "sockwarden") == 0)
        return begins ? entry->name[0] == '\0' || fail(problem, "[sockwarden] has no name")
                      : take_option(draft, entry, problem);
    if (strcmp(entry->section, "upstream") == 0)
        return begins ? entry->name[0] == '\0' || fail(problem, "[upstream] has no name")
                      : take_upstream(draft, entry, problem);
    if (strcmp(entry->section, "listener") == 0)
        return begins ? begin_listener(draft, entry, problem) : take_listener(draft, entry, problem);
    if (strcmp(entry->section, "policy") == 0)
        return begins ? begin_policy(draft, entry, problem) : take_policy(draft, entry, problem);
    return fail_unknown(problem, "section", entry->section, sections);
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
fail_no_policy(struct draft *draft, const struct draft_listener *listener, struct ini_problem *problem)
{
    const char *names[POLICIES_MAX + 1] = {NULL};
    for (size_t i = 0; i < draft->policy_count; i++)
        names[i] = draft->policies[i].name;
    problem->line = listener->policy_line;
    return fail_unknown(problem, "policy", listener->policy, names);
}

/* Joins listeners and policies, once the whole file is read. */
static bool
join(struct draft *draft, struct ini_problem *problem)
{
    struct config *config = draft->config;
    if (config->listener_count == 0)
        return fail(problem, "the file names no [listener NAME]");
    for (size_t i = 0; i < draft->policy_count; i++) {
        struct draft_policy *policy = &draft->policies[i];
        policy->policy = policy_builder_finish(policy->builder);
        policy->builder = NULL;
        if (policy->policy == NULL || !config_add_policy(config, policy->name, policy->policy))
            return fail(problem, "out of memory");
    }
    for (size_t i = 0; i < config->listener_count; i++) {
        struct draft_listener *listener = &draft->listeners[i];
        problem->line = listener->line;
        if (!listener->has_address)
            return fail(problem, "[listener %s] has no address", listener->name);
        if (listener->policy_line == 0)
            return fail(problem, "[listener %s] has no policy", listener->name);
        struct draft_policy *policy = find_policy(draft, listener->policy);
        if (policy == NULL)
            return fail_no_policy(draft, listener, problem);
        config->listeners[i].own_name = strdup(listener->name);
        config->listeners[i].name = config->listeners[i].own_name;
        config->listeners[i].policy = policy_ref(policy->policy);
        if (config->listeners[i].name == NULL)
            return fail(problem, "out of memory");
    }
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
        return fail(problem, "can't be read: %s", strerror(errno));
    }
    bool read = ini_file_read(file, on_entry, draft, problem) && join(draft, problem);
    fclose(file);
    return read;
}

struct config *
config_from_file(const char *path, char *const environment[], char *problem)
{
    struct ini_problem cause = {0};
    struct draft *draft = calloc(1, sizeof(*draft));
    struct config *config = config_with_defaults();
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
    if (!read)
        config_make_printable(problem);
    config->dialect = "file";
    if (read && config_take_environment(config, environment, false, problem) && config_complete(config, problem))
        return config;
    config_unref(config);
    return NULL;
}
