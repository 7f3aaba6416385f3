#include "cli_diff.h"
#include "allow_from.h"
#include "cli_presets.h"
#include "command_line.h"
#include "complaint.h"
#include "config.h"
#include "environment.h"
#include "policy/policy.h"
#include "settings.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DIFF_NONE = 0,
    DIFF_SOME = 1,
    DIFF_USAGE = 2,
    NAMES_MAX = CONFIG_LISTENERS_MAX,
    REASON_SIZE = 1280,
    ITEM_SIZE = 512
};

static const char VERB[] = "diff";

/* One operand: a whole file, or a policy. */
struct side {
    const char *word;
    char **features; /* the words behind it that belong to its preset */
    int feature_count;
    struct config *config; /* NULL for a preset */
    struct policy *policy; /* one reference; NULL where it is a whole file */
};

struct diff {
    const struct diff_sources *sources;
    struct side before;
    struct side after;
    struct policy *nothing; /* grants nothing: what a listener that is not there grants */
    const char *listener;
    struct table *table;
    size_t rows;
    bool failed; /* memory was short */
    FILE *errors;
};

static bool
take_named(const struct diff *diff, struct side *side, const char *name)
{
    const char *names[NAMES_MAX + 1] = {NULL};
    const struct config *config = side->config;
    struct policy *policy = config_policy(config, name);
    for (size_t i = 0; i < config->policy_count && i < NAMES_MAX; i++)
        names[i] = config->policies[i].name;
    if (policy == NULL)
        return complaint_of_name(diff->errors, VERB, "policy", name, names);
    side->policy = policy_ref(policy);
    return true;
}

static bool
read_file(const struct diff *diff, struct side *side, const char *path)
{
    char problem[CONFIG_PROBLEM_SIZE];
    side->config = config_from_file(path, diff->sources->environment, problem);
    if (side->config != NULL)
        return true;
    size_t length = strlen(path);
    bool for_docker = length >= 4 && strcmp(path + length - 4, ".env") == 0;
    return complaint_write(diff->errors, VERB, "%s%s%s", problem,
                           for_docker ? "; an environment file is told by env: as in env:" : "",
                           for_docker ? path : "");
}

/* FILE, or FILE#POLICY where no file has the whole name. */
static bool
take_file(const struct diff *diff, struct side *side)
{
    const char *mark = strrchr(side->word, '#');
    if (mark == NULL || access(side->word, F_OK) == 0)
        return read_file(diff, side, side->word);
    char *path = strndup(side->word, (size_t)(mark - side->word));
    if (path == NULL)
        return complaint_write(diff->errors, VERB, "out of memory");
    bool taken = read_file(diff, side, path) && take_named(diff, side, mark + 1);
    free(path);
    return taken;
}

static bool
take_environment(const struct diff *diff, struct side *side, char *const environment[])
{
    char problem[CONFIG_PROBLEM_SIZE];
    if (environment == NULL)
        return complaint_write(diff->errors, VERB, "out of memory");
    side->config = config_from_environment(environment, problem);
    if (side->config == NULL)
        return complaint_write(diff->errors, VERB, "%s: %s", side->word, problem);
    side->policy = policy_ref(side->config->listeners[0].policy);
    return true;
}

static bool
take_env_file(const struct diff *diff, struct side *side, const char *path)
{
    char problem[ENVIRONMENT_PROBLEM_SIZE];
    char **environment = environment_from_file(path, diff->sources->environment, problem);
    bool taken = environment != NULL ? take_environment(diff, side, environment)
                                     : complaint_write(diff->errors, VERB, "%s", problem);
    environment_free(environment);
    return taken;
}

static bool
take_dialect(const struct diff *diff, struct side *side, const char *word)
{
    char **environment = environment_with(diff->sources->environment, "DIALECT", word);
    bool taken = take_environment(diff, side, environment);
    environment_free(environment);
    return taken;
}

static bool
take_preset(const struct diff *diff, struct side *side, const char *name)
{
    char features[CLI_PRESETS_LINE_SIZE];
    char words[2 * CLI_PRESETS_LINE_SIZE];
    if (!cli_presets_join(side->feature_count, side->features, features) || strlen(name) >= CLI_PRESETS_LINE_SIZE)
        return complaint_write(diff->errors, VERB, "%.64s …: that is too long to be a preset", side->word);
    snprintf(words, sizeof(words), "%s%s%s", name, side->feature_count > 0 ? " " : "", features);
    struct policy_builder *builder = policy_builder_new(NULL);
    if (builder == NULL)
        return complaint_write(diff->errors, VERB, "out of memory");
    if (!policy_builder_preset(builder, words)) {
        complaint_write(diff->errors, VERB, "%s", policy_builder_error(builder));
        policy_builder_free(builder);
        return false;
    }
    side->policy = policy_builder_finish(builder);
    return side->policy != NULL || complaint_write(diff->errors, VERB, "out of memory");
}

static bool
take_policy(const struct diff *diff, struct side *side, const char *name)
{
    const char *path = diff->sources->config_path;
    if (path == NULL)
        return complaint_write(diff->errors, VERB, "%s: of which file? say it with --config, or FILE#%s", side->word,
                               name);
    return read_file(diff, side, path) && take_named(diff, side, name);
}

static bool
take_prefixed(const struct diff *diff, struct side *side,
              bool (*take)(const struct diff *, struct side *, const char *), const char *rest)
{
    if (rest[0] == '\0')
        return complaint_write(diff->errors, VERB, "nothing stands behind %s", side->word);
    return take(diff, side, rest);
}

static bool
take_word(const struct diff *diff, struct side *side)
{
    static const struct {
        const char *prefix;
        bool (*take)(const struct diff *, struct side *, const char *);
    } kinds[] = {
        {"env:", take_env_file},
        {"dialect:", take_dialect},
        {"preset:", take_preset},
        {"policy:", take_policy},
    };
    if (side->feature_count > 0 && strncmp(side->word, "preset:", strlen("preset:")) != 0)
        return complaint_write(diff->errors, VERB, "%s: a feature stands behind preset:NAME", side->features[0]);
    if (strcmp(side->word, "environment") == 0)
        return take_environment(diff, side, diff->sources->environment);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (strncmp(side->word, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return take_prefixed(diff, side, kinds[i].take, side->word + strlen(kinds[i].prefix));
    return side->word[0] != '\0' ? take_file(diff, side) : complaint_write(diff->errors, VERB, "an operand is empty");
}

/* A file stands for its policy beside one policy, where it has just one. */
static bool
narrow_to_policy(const struct diff *diff, struct side *side)
{
    if (side->policy != NULL || side->config == NULL)
        return true;
    if (side->config->policy_count != 1)
        return complaint_write(diff->errors, VERB, "%s has %zu policies; say which: %s#NAME", side->word,
                               side->config->policy_count, side->word);
    side->policy = policy_ref(side->config->policies[0].policy);
    return true;
}

static const char *
change(const struct policy_route *before, const struct policy_route *after)
{
    bool passed = before->dry || before->verdict == ROUTE_ALLOWED;
    if (after->dry)
        return "trial";
    if (before->dry && after->verdict != ROUTE_ALLOWED)
        return "enforced";
    if (after->verdict == ROUTE_ALLOWED)
        return "allowed";
    if (after->verdict == ROUTE_REFUSED)
        return "refused";
    return before->verdict == ROUTE_CONDITIONAL ? "changed" : passed ? "narrowed" : "widened";
}

/* What decides about a route; for one that passes for dry_run alone with that word before it. */
static void
write_reason(const struct policy_route *route, char *text, size_t size)
{
    snprintf(text, size, "%s%s", route->dry ? "dry: " : "", route->order[0] != '\0' ? route->order : route->rule);
}

static void
add_row(struct diff *diff, const char *const cells[])
{
    table_row(diff->table, diff->listener != NULL
                               ? cells
                               : (const char *const[]){cells[0], cells[2], cells[3], cells[4], cells[5], cells[6]});
    diff->rows++;
}

static void
on_difference(void *owner, const struct policy_route *before, const struct policy_route *after)
{
    struct diff *diff = owner;
    char reasons[2][REASON_SIZE];
    write_reason(before, reasons[0], REASON_SIZE);
    write_reason(after, reasons[1], REASON_SIZE);
    add_row(diff, (const char *const[]){change(before, after), diff->listener, after->method, after->template,
                                        after->operation, reasons[0], reasons[1]});
}

static const struct listener_config *
find_listener(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (strcmp(config->listeners[i].name, name) == 0)
            return &config->listeners[i];
    return NULL;
}

/* All values of a key of a listener, those of a comma list as well: "10.0.0.0/8, traefik". */
static void
join_values(const struct config *config, const char *listener, const char *key, struct text *joined)
{
    const struct setting *setting;
    for (size_t i = 0; (setting = settings_at(config->settings, i)) != NULL; i++) {
        if (strcmp(setting->section, "listener") != 0 || strcmp(setting->name, listener) != 0 ||
            strcmp(setting->key, key) != 0)
            continue;
        const char *rest = setting->value;
        char item[ITEM_SIZE];
        while (allow_from_next(&rest, item, sizeof(item))) {
            text_append_string(joined, joined->length > 0 ? ", " : "");
            text_append_string(joined, item);
        }
    }
    text_append(joined, (struct slice){"", 1});
}

/* Who may connect is told as it is written. */
static void
compare_who(struct diff *diff, const char *listener)
{
    static const struct {
        const char *key;
        const char *without;
    } keys[] = {{"allow_from", "everybody"}, {"mode", "by default"}, {"owner", "by default"}, {"group", "by default"}};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct text before = {0};
        struct text after = {0};
        join_values(diff->before.config, listener, keys[i].key, &before);
        join_values(diff->after.config, listener, keys[i].key, &after);
        if (before.failed || after.failed)
            diff->failed = true;
        else if (strcmp(before.data, after.data) != 0)
            add_row(diff, (const char *const[]){keys[i].key, listener, "", "", "",
                                                before.length > 1 ? before.data : keys[i].without,
                                                after.length > 1 ? after.data : keys[i].without});
        text_free(&before);
        text_free(&after);
    }
}

/* A listener of one or both files. */
static void
compare_listener(struct diff *diff, const struct listener_config *before, const struct listener_config *after)
{
    const char *old = before != NULL ? before->address.name : "";
    const char *new = after != NULL ? after->address.name : "";
    diff->listener = before != NULL ? before->name : after->name;
    if (strcmp(old, new) != 0)
        add_row(diff, (const char *const[]){before == NULL  ? "added"
                                            : after == NULL ? "removed"
                                                            : "address",
                                            diff->listener, "", "", "", old, new});
    if (before != NULL && after != NULL)
        compare_who(diff, diff->listener);
    /* Of one that is gone nothing remains to be told. */
    if (after != NULL)
        policy_diff(before != NULL ? before->policy : diff->nothing, after->policy, on_difference, diff);
}

static void
compare_files(struct diff *diff)
{
    const struct config *before = diff->before.config;
    const struct config *after = diff->after.config;
    if (before == NULL || after == NULL)
        return;
    for (size_t i = 0; i < before->listener_count; i++)
        compare_listener(diff, &before->listeners[i], find_listener(after, before->listeners[i].name));
    for (size_t i = 0; i < after->listener_count; i++)
        if (find_listener(before, after->listeners[i].name) == NULL)
            compare_listener(diff, NULL, &after->listeners[i]);
}

static bool
compare(struct diff *diff, enum table_format format, FILE *output)
{
    static const char *const columns[] = {"change", "listener", "method", "path", "operation", "before", "after", NULL};
    static const char *const plain[] = {"change", "method", "path", "operation", "before", "after", NULL};
    bool files = diff->before.policy == NULL && diff->after.policy == NULL;
    struct policy_builder *empty = policy_builder_new(NULL);
    diff->nothing = empty != NULL ? policy_builder_finish(empty) : NULL;
    diff->table = diff->nothing != NULL ? table_new(format, files ? columns : plain, true, output) : NULL;
    if (diff->table == NULL)
        return complaint_write(diff->errors, VERB, "out of memory");
    if (files)
        compare_files(diff);
    else
        policy_diff(diff->before.policy, diff->after.policy, on_difference, diff);
    bool whole = table_end(diff->table) && !diff->failed;
    return whole || complaint_write(diff->errors, VERB, "out of memory");
}

static void
drop(struct side *side)
{
    policy_unref(side->policy);
    config_unref(side->config);
}

/* The operand that begins at words[at], with what belongs to it; the index behind it. */
static int
gather_operand(struct side *side, int at, int count, char *words[])
{
    side->word = words[at++];
    side->features = words + at;
    while (at < count && command_line_is_feature(words[at])) {
        side->feature_count++;
        at++;
    }
    return at;
}

int
cli_diff(const struct diff_sources *sources, int count, char *words[], enum table_format format, FILE *output,
         FILE *errors)
{
    struct diff diff = {.sources = sources, .errors = errors};
    gather_operand(&diff.after, gather_operand(&diff.before, 0, count, words), count, words);
    bool taken = take_word(&diff, &diff.before) && take_word(&diff, &diff.after);
    if (taken && (diff.before.policy != NULL || diff.after.policy != NULL))
        taken = narrow_to_policy(&diff, &diff.before) && narrow_to_policy(&diff, &diff.after);
    bool compared = taken && compare(&diff, format, output);
    drop(&diff.before);
    drop(&diff.after);
    policy_unref(diff.nothing);
    if (!compared)
        return taken ? DIFF_SOME : DIFF_USAGE;
    if (diff.rows == 0 && format == TABLE_TEXT)
        fputs("no difference\n", output);
    return diff.rows > 0 ? DIFF_SOME : DIFF_NONE;
}
