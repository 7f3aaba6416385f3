#include "account.h"
#include "allow_from.h"
#include "config_draft.h"
#include "nearest.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

enum { ITEM_SIZE = 256, LIST_SIZE = 200, ELSEWHERE_SIZE = 96 };

bool
draft_fail(struct ini_problem *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof(problem->text), format, arguments);
    va_end(arguments);
    return false;
}

bool
draft_fail_unknown(struct ini_problem *problem, const struct draft_lack *lack, const char *word,
                   const char *const *words)
{
    const char *nearest = nearest_word(words, word);
    if (nearest != NULL)
        return draft_fail(problem, "%s %.64s; did you mean %s?", lack->lacks, word, nearest);
    char list[LIST_SIZE] = "";
    size_t used = 0;
    for (; *words != NULL && used + strlen(*words) + 3 < sizeof(list); words++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used > 0 ? ", " : "", *words);
    return draft_fail(problem, "%s %.64s; %s %s%s", lack->lacks, word, lack->has, list, *words != NULL ? " …" : "");
}

/* What the key takes, from the table; `why` may say more of this value. */
static bool
not_taken(struct ini_problem *problem, const struct setting *setting, const char *why)
{
    const struct key *key = key_find(setting->section, setting->key);
    return draft_fail(problem, "%s = %.64s: not taken%s%s; takes %s", setting->key, setting->value,
                      why != NULL ? ": " : "", why != NULL ? why : "", key->takes);
}

static struct listener_config *
current_listener(struct draft *draft)
{
    return &draft->config->listeners[draft->config->listener_count - 1];
}

static struct policy_builder *
current_builder(struct draft *draft)
{
    return draft->policies[draft->policy_count - 1].builder;
}

static bool
read_option(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    char takes[CONFIG_PROBLEM_SIZE / 2] = "";
    return config_set(draft->config, setting->variable, setting->value, takes, sizeof(takes)) == CONFIG_SET ||
           draft_fail(problem, "%s = %.64s: not taken; takes %.200s", setting->key, setting->value, takes);
}

static bool
read_engine(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    const char *why = NULL;
    return address_parse_engine(setting->value, &draft->config->engine, &why) || not_taken(problem, setting, why);
}

static bool
read_address(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    struct address *address = &current_listener(draft)->address;
    struct address read;
    const char *why = NULL;
    if (address_is_list(setting->value))
        return draft_fail(problem, "address = %.64s: not taken: one address a listener; add a second [listener NAME]",
                          setting->value);
    if (!address_parse_listen(setting->value, &read, &why))
        return not_taken(problem, setting, why);
    /* What was said of the socket's file before. */
    read.has_mode = address->has_mode;
    read.mode = address->mode;
    read.owner = address->owner;
    read.group = address->group;
    *address = read;
    return true;
}

/* Whether there is a policy of this name is known at the end of the file. */
static bool
read_policy_name(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    (void)draft;
    (void)setting;
    (void)problem;
    return true;
}

static bool
read_allow_from(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    struct listener_config *listener = current_listener(draft);
    char item[ITEM_SIZE];
    const char *rest = setting->value;
    if (listener->allow_from == NULL)
        listener->allow_from = allow_from_new();
    if (listener->allow_from == NULL)
        return draft_fail(problem, "out of memory");
    while (allow_from_next(&rest, item, sizeof(item))) {
        char why[ALLOW_FROM_PROBLEM_SIZE];
        if (!allow_from_add(listener->allow_from, item, why))
            return draft_fail(problem, "allow_from = %.64s: not taken: %s", item[0] != '\0' ? item : setting->value,
                              why);
    }
    return true;
}

/* The value is none of two words; the likely one of them is told. */
static bool
fail_choice(struct ini_problem *problem, const struct setting *setting, const char *likely)
{
    not_taken(problem, setting, NULL);
    size_t length = strlen(problem->text);
    if (likely != NULL)
        snprintf(problem->text + length, sizeof(problem->text) - length, "; did you mean %s?", likely);
    return false;
}

static bool
read_deny_detail(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    static const char *const words[] = {"full", "terse", NULL};
    bool terse = strcmp(setting->value, "terse") == 0;
    current_listener(draft)->terse = terse;
    return terse || strcmp(setting->value, "full") == 0 ||
           fail_choice(problem, setting, nearest_value(words, setting->value));
}

static bool
read_mode(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return address_set_mode(&current_listener(draft)->address, setting->value) || not_taken(problem, setting, NULL);
}

static bool
read_owner(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return account_find(ACCOUNT_USER, setting->value, &current_listener(draft)->address.owner) ||
           not_taken(problem, setting, account_problem());
}

static bool
read_group(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return account_find(ACCOUNT_GROUP, setting->value, &current_listener(draft)->address.group) ||
           not_taken(problem, setting, account_problem());
}

/* The builder words its own complaints: key, value, what is wrong, what is meant. */
static bool
built(struct draft *draft, bool taken, struct ini_problem *problem)
{
    return taken || draft_fail(problem, "%s", policy_builder_error(current_builder(draft)));
}

/* The builder, told where the rules come from that it is given now. */
static struct policy_builder *
builder_at(struct draft *draft, const struct setting *setting)
{
    policy_builder_at(current_builder(draft), setting->line);
    return current_builder(draft);
}

static bool
read_allow(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return built(draft, policy_builder_allow(builder_at(draft, setting), setting->value), problem);
}

static bool
read_deny(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return built(draft, policy_builder_deny(builder_at(draft, setting), setting->value), problem);
}

static bool
read_preset(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return built(draft, policy_builder_preset(builder_at(draft, setting), setting->value), problem);
}

static bool
read_dialect(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return built(draft, policy_builder_dialect(builder_at(draft, setting), setting->value), problem);
}

static bool
read_dry_run(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    bool on = strcmp(setting->value, "yes") == 0;
    policy_builder_dry_run(current_builder(draft), on);
    return on || strcmp(setting->value, "no") == 0 || fail_choice(problem, setting, nearest_truth(setting->value));
}

static bool
read_switch(struct draft *draft, const struct setting *setting, struct ini_problem *problem)
{
    return built(draft, policy_builder_switch(current_builder(draft), setting->key, setting->value), problem);
}

typedef bool reader(struct draft *draft, const struct setting *setting, struct ini_problem *problem);

/* In the order of the table of keys. */
#define KEY(section, key, reader, count, initial, takes, help) reader,
static reader *const readers[] = {
#include "keys.def"
};
#undef KEY

static bool
is_option(const char *name)
{
    for (const char *const *option = config_file_keys(); *option != NULL; option++)
        if (strcmp(*option, name) == 0)
            return true;
    return false;
}

/* The reader of a key, or NULL; `many` is told of it. */
static reader *
find_reader(const char *section, const char *name, bool *many)
{
    const struct key *key;
    *many = false;
    if (strcmp(section, "sockwarden") == 0)
        return is_option(name) ? read_option : NULL;
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (strcmp(key->section, section) == 0 && strcmp(key->key, name) == 0) {
            *many = key->many;
            return readers[i];
        }
    }
    return NULL;
}

/* How a message calls a key that a section does not have. */
static const struct draft_lack *
key_lack(const char *section)
{
    static const struct {
        const char *section;
        struct draft_lack lack;
    } rows[] = {{"sockwarden", {"[sockwarden] has no key", "it has"}},
                {"upstream", {"[upstream] has no key", "it has"}},
                {"listener", {"a listener has no key", "it has"}},
                {"policy", {"a policy has no key", "it has"}}};
    size_t row = 0;
    while (row + 1 < sizeof(rows) / sizeof(rows[0]) && strcmp(rows[row].section, section) != 0)
        row++;
    return &rows[row].lack;
}

struct switch_search {
    const char *name;
    bool found;
};

static void
compare_switch(void *owner, const struct policy_switch *entry)
{
    struct switch_search *search = owner;
    search->found = search->found || strcmp(entry->name, search->name) == 0;
}

static void
search_dialect(void *owner, const char *word, const char *product)
{
    (void)product;
    policy_dialect_switches(word, compare_switch, owner);
}

static bool
is_of_a_dialect(const char *name)
{
    struct switch_search search = {.name = name};
    policy_dialects(search_dialect, &search);
    return search.found;
}

/* The key of [sockwarden] that a name is, in other letters or by its variable; NULL for any other. */
static const char *
option_of(const char *name)
{
    const char *called = strcasecmp(name, "puid") == 0 ? "user" : strcasecmp(name, "pgid") == 0 ? "group" : name;
    for (const char *const *option = config_file_keys(); *option != NULL; option++)
        if (strcasecmp(*option, called) == 0)
            return *option;
    return NULL;
}

/* Where a name of the environment, or of another section, belongs; false for any other. */
static bool
find_elsewhere(const char *section, const char *name, char text[ELSEWHERE_SIZE])
{
    static const char *const rows[][2] = {
        {"listen", "a [listener NAME] says where to listen: address = …"},
        {"socket_path", "[upstream] says where the engine is: address = …"},
        {"disable_ipv6", "a listener at tcp://0.0.0.0:PORT takes IPv4 alone"},
        {"bind_config", "a [listener NAME] says where to listen: address = …"},
        {"include", "a file stands by itself, it includes no other"},
    };
    const char *place = NULL;
    const char *option = option_of(name);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcasecmp(rows[i][0], name) == 0)
            place = rows[i][1];
    if (place == NULL && key_find("policy", name) != NULL)
        place = "a policy has it";
    if (place == NULL && key_find("listener", name) != NULL)
        place = "a listener has it";
    if (place == NULL && option != NULL && strcmp(section, "sockwarden") == 0)
        return snprintf(text, ELSEWHERE_SIZE, "did you mean %s?", option) > 0;
    if (place == NULL && option != NULL)
        return snprintf(text, ELSEWHERE_SIZE, strcmp(option, name) == 0 ? "[sockwarden] has it" : "[sockwarden] has %s",
                        option) > 0;
    if (place == NULL && strcmp(section, "policy") != 0 && is_of_a_dialect(name))
        place = "it is a switch, which stands in a [policy NAME]";
    return place != NULL && snprintf(text, ELSEWHERE_SIZE, "%s", place) > 0;
}

static bool
fail_unknown_key(const struct ini_entry *entry, struct ini_problem *problem)
{
    const char *names[KEYS_MAX];
    const struct draft_lack *lack = key_lack(entry->section);
    char elsewhere[ELSEWHERE_SIZE];
    key_names(entry->section, names);
    if (find_elsewhere(entry->section, entry->key, elsewhere))
        return draft_fail(problem, "%s %.64s; %s", lack->lacks, entry->key, elsewhere);
    return draft_fail_unknown(problem, lack, entry->key,
                              strcmp(entry->section, "sockwarden") == 0 ? config_file_keys() : names);
}

/* In a policy the key may be a switch of its dialect; a name that is nearer to a key is told as that. */
static bool
is_switch(struct draft *draft, const struct ini_entry *entry)
{
    const char *names[KEYS_MAX];
    char elsewhere[ELSEWHERE_SIZE];
    if (strcmp(entry->section, "policy") != 0 || find_elsewhere(entry->section, entry->key, elsewhere))
        return false;
    key_names(entry->section, names);
    return policy_builder_has_switch(current_builder(draft), entry->key) || nearest_word(names, entry->key) == NULL;
}

/* The environment's name for what a key sets. */
static void
name_variable(const struct ini_entry *entry, char *variable, size_t size)
{
    bool engine = strcmp(entry->section, "upstream") == 0;
    snprintf(variable, size, "%.*s", (int)size - 1, engine ? "SOCKET_PATH" : entry->key);
    for (char *at = variable; *at != '\0'; at++)
        *at = (char)toupper((unsigned char)*at);
}

/* A key that was given before: `former` is where. */
static bool
check_count(const struct draft *draft, const struct setting *setting, bool many, bool continues,
            struct ini_problem *problem)
{
    const struct setting *former = many ? NULL : settings_former(draft->config->settings, setting);
    if (former == NULL)
        return true;
    if (continues)
        return draft_fail(problem,
                          "%s takes one value, and this line goes on with it: write it without the blank "
                          "before it, or on one line",
                          setting->key);
    char section[NAME_SIZE * 2];
    snprintf(section, sizeof(section), "[%s%s%s]", setting->section, setting->name[0] != '\0' ? " " : "",
             setting->name);
    return draft_fail(problem, "%s stands twice in %s, first in line %u; keep one of them", setting->key, section,
                      former->line);
}

/*
 * A list may end its line with a comma and go on in the next one; what the next line says of conditions is for that
 * line alone, so that there it would be misread.
 */
static bool
cut_comma(struct draft *draft, const struct ini_entry *entry, char *value, bool many, struct ini_problem *problem)
{
    size_t length = strlen(entry->value);
    if (length >= INI_VALUE_SIZE)
        return draft_fail(problem, "the value is too long");
    memcpy(value, entry->value, length + 1);
    bool rule = strcmp(entry->key, "allow") == 0 || strcmp(entry->key, "deny") == 0;
    bool conditional = rule && (strstr(value, " ?") != NULL || strstr(value, "\t?") != NULL);
    if (conditional && draft->open_line != 0)
        return draft_fail(problem,
                          "conditions hold for their own line alone, and the line above ends with a comma; "
                          "begin this line with %s =",
                          entry->key);
    draft->open_line = 0;
    if (!many || conditional || length == 0 || value[length - 1] != ',')
        return true;
    draft->open_line = entry->line;
    snprintf(draft->bare_key, sizeof(draft->bare_key), "%s", entry->key);
    do
        value[--length] = '\0';
    while (length > 0 && strchr(" \t", value[length - 1]) != NULL);
    return length > 0 || draft_fail(problem, "%s has nothing but commas", entry->key);
}

/* An empty value is a fault, but for a key of many whose list begins in the next line. */
static bool
check_value(struct draft *draft, const struct ini_entry *entry, bool many, struct ini_problem *problem)
{
    if (!entry->continues && !draft_end_section(draft, problem))
        return false;
    draft->bare_line = 0;
    size_t length = strlen(entry->value);
    if (length > 1 && strchr("\"'", entry->value[0]) != NULL && entry->value[length - 1] == entry->value[0])
        return draft_fail(problem, "%.64s = %.64s: not taken: values stand without quotes", entry->key, entry->value);
    if (length > 0)
        return true;
    snprintf(draft->bare_key, sizeof(draft->bare_key), "%s", entry->key);
    draft->bare_line = entry->line;
    return many || draft_end_section(draft, problem);
}

bool
draft_end_section(struct draft *draft, struct ini_problem *problem)
{
    if (draft->bare_line == 0 && draft->open_line == 0)
        return true;
    problem->line = draft->bare_line != 0 ? draft->bare_line : draft->open_line;
    return draft_fail(problem,
                      draft->bare_line != 0 ? "%s has no value" : "%s ends with a comma, and no line goes on with it",
                      draft->bare_key);
}

bool
draft_take(struct draft *draft, const struct ini_entry *entry, struct ini_problem *problem)
{
    bool many;
    char variable[NAME_SIZE];
    reader *read = find_reader(entry->section, entry->key, &many);
    if (read == NULL && is_switch(draft, entry))
        read = read_switch;
    if (read == NULL)
        return fail_unknown_key(entry, problem);
    if (!check_value(draft, entry, many, problem))
        return false;
    if (draft->bare_line != 0)
        return true;
    name_variable(entry, variable, sizeof(variable));
    char value[INI_VALUE_SIZE];
    if (!cut_comma(draft, entry, value, many, problem))
        return false;
    const struct setting given = {.section = entry->section,
                                  .name = entry->name,
                                  .key = entry->key,
                                  .value = value,
                                  .variable = variable,
                                  .origin = ORIGIN_FILE,
                                  .line = entry->line};
    const struct setting *setting = settings_add(draft->config->settings, &given);
    if (setting == NULL)
        return draft_fail(problem, "out of memory");
    return check_count(draft, setting, many, entry->continues, problem) && read(draft, setting, problem);
}
