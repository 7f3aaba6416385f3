#include "options.h"
#include "account.h"
#include "nearest.h"
#include "policy/policy.h"
#include "quantity.h"
#include "settings.h"
#include "text.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum option_type { LIST, ENGINE, DIALECT, IPV6, LEVEL, FORMAT, DURATION, SIZE, COUNT, USER, GROUP, SANDBOX };

struct option {
    const char *name;
    enum option_type type;
    size_t offset;
    const char *initial;
    uint64_t minimum;
    uint64_t maximum;
    const char *help;
};

#define OPTION(member, name, type, initial, minimum, maximum, help)                                                    \
    {name, type, offsetof(struct config, member), initial, minimum, maximum, help},
static const struct option options[] = {
#include "options.def"
};
#undef OPTION

#define OPTION(member, name, type, initial, minimum, maximum, help) name,
static const char *const option_names[] = {
#include "options.def"
    NULL,
};
#undef OPTION

enum { OPTION_COUNT = sizeof(options) / sizeof(options[0]) };

/* The forms of values that are no quantities. */
#define LISTEN_TAKES  "a comma list of tcp://ADDRESS:PORT, unix:PATH and systemd:NAME"
#define ENGINE_TAKES  "an absolute path, unix:PATH, unix@PATH, abns@NAME, tcp://HOST:PORT or HOST:PORT"
#define LEVEL_TAKES   "debug, info, notice, warning, err, crit, alert or emerg, in lower case"
#define FORMAT_TAKES  "auto, text, json or journal, in lower case"
#define USER_TAKES    "the number of a user, or the name of one that this machine has"
#define GROUP_TAKES   "the number of a group, or the name of one that this machine has"
#define SANDBOX_TAKES "yes, no or require"

bool
config_parse_duration(const char *text, uint64_t *milliseconds)
{
    return quantity_parse(QUANTITY_DURATION, text, milliseconds);
}

static enum quantity_kind
kind_of(const struct option *option)
{
    return option->type == DURATION ? QUANTITY_DURATION : option->type == SIZE ? QUANTITY_SIZE : QUANTITY_COUNT;
}

static bool
set_quantity(struct config *config, const struct option *option, const char *value, char *takes, size_t takes_size)
{
    uint64_t quantity;
    if (quantity_parse(kind_of(option), value, &quantity) && quantity >= option->minimum &&
        quantity <= option->maximum) {
        memcpy((char *)config + option->offset, &quantity, sizeof(quantity));
        return true;
    }
    quantity_describe(kind_of(option), option->minimum, option->maximum, takes, takes_size);
    return false;
}

/* One address of a list, without blanks around it. */
static bool
add_listener(struct config *config, const char *item, size_t length, const char **problem)
{
    char text[256];
    *problem = "it is too long";
    if (length >= sizeof(text))
        return false;
    memcpy(text, item, length);
    text[length] = '\0';
    *problem = "there are more than 512 addresses";
    _Static_assert(CONFIG_LISTENERS_MAX == 512, "the message says how many");
    if (!config_make_room(config))
        return false;
    if (address_parse_listen(text, &config->listeners[config->listener_count].address, problem)) {
        config->listener_count++;
        return true;
    }
    if (address_is_list(text))
        *problem = "commas stand between addresses";
    return false;
}

static bool
set_listen(struct config *config, const char *value, char *takes, size_t takes_size)
{
    const char *problem = "it names no address";
    const char *item = value;
    int length = 0;
    config->listener_count = 0;
    while (*item != '\0') {
        size_t whole = strcspn(item, ",");
        const char *next = item + whole + (item[whole] == ',');
        length = (int)whole;
        while (length > 0 && *item == ' ')
            item++, length--;
        while (length > 0 && item[length - 1] == ' ')
            length--;
        if (!add_listener(config, item, (size_t)length, &problem)) {
            config->listener_count = 0;
            break;
        }
        item = next;
    }
    if (config->listener_count > 0)
        return true;
    bool one_of_many = length > 0 && strchr(value, ',') != NULL;
    snprintf(takes, takes_size, LISTEN_TAKES " (%.*s%s%s)",
             !one_of_many  ? 0
             : length < 48 ? length
                           : 48,
             item, one_of_many ? ": " : "", problem);
    return false;
}

static bool
set_engine(struct config *config, const char *value, char *takes, size_t takes_size)
{
    const char *problem = "";
    if (address_parse_engine(value, &config->engine, &problem))
        return true;
    snprintf(takes, takes_size, ENGINE_TAKES " (%s)", problem);
    return false;
}

static bool
fail_likely(const char *nearest, const char *words, char *takes, size_t takes_size)
{
    snprintf(takes, takes_size, "%s%s%s%s", words, nearest != NULL ? "; did you mean " : "",
             nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    return false;
}

static bool
fail_word(const char *value, const char *words, const char *const *list, char *takes, size_t takes_size)
{
    return fail_likely(nearest_value(list, value), words, takes, takes_size);
}

/* An empty level is the default level for the HAProxy that the original ships. */
static bool
set_level(struct config *config, const char *initial, const char *value, char *takes, size_t takes_size)
{
    static const char *const words[] = {"debug", "info", "notice", "warning", "err", "crit", "alert", "emerg", NULL};
    return log_level_from_word(value[0] != '\0' ? value : initial, &config->log_level) ||
           fail_word(value, LEVEL_TAKES, words, takes, takes_size);
}

static bool
set_format(struct config *config, const char *value, char *takes, size_t takes_size)
{
    static const char *const words[] = {"auto", "text", "json", "journal", NULL};
    return log_format_from_word(value, &config->log_format) || fail_word(value, FORMAT_TAKES, words, takes, takes_size);
}

static bool
set_account(struct config *config, const struct option *option, const char *value, char *takes, size_t takes_size)
{
    bool is_user = option->type == USER;
    uint32_t id;
    _Static_assert(sizeof(id) == sizeof(config->user) && sizeof(id) == sizeof(config->group), "ids have 32 bits");
    if (account_find(is_user ? ACCOUNT_USER : ACCOUNT_GROUP, value, &id)) {
        memcpy((char *)config + option->offset, &id, sizeof(id));
        return true;
    }
    snprintf(takes, takes_size, "%s", is_user ? USER_TAKES : GROUP_TAKES);
    return false;
}

static bool
set_sandbox(struct config *config, const char *value, char *takes, size_t takes_size)
{
    static const char *const words[] = {
        [SANDBOX_YES] = "yes", [SANDBOX_NO] = "no", [SANDBOX_REQUIRE] = "require", NULL};
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(value, words[i]) != 0)
            continue;
        config->sandbox = (enum sandbox_mode)i;
        return true;
    }
    const char *nearest = nearest_value(words, value);
    return fail_likely(nearest != NULL ? nearest : nearest_truth(value), SANDBOX_TAKES, takes, takes_size);
}

static bool
set_option(struct config *config, const struct option *option, const char *value, char *takes, size_t takes_size)
{
    switch (option->type) {
    case LIST:
        return set_listen(config, value, takes, takes_size);
    case ENGINE:
        return set_engine(config, value, takes, takes_size);
    case DIALECT:
        return policy_is_dialect(value, takes, takes_size);
    case IPV6:
        /* What it means depends on the dialect, which is known once all is read. */
        return true;
    case LEVEL:
        return set_level(config, option->initial, value, takes, takes_size);
    case FORMAT:
        return set_format(config, value, takes, takes_size);
    case USER:
    case GROUP:
        return set_account(config, option, value, takes, takes_size);
    case SANDBOX:
        return set_sandbox(config, value, takes, takes_size);
    case DURATION:
    case SIZE:
    case COUNT:
        return set_quantity(config, option, value, takes, takes_size);
    }
    return false;
}

/* The key in a file, before it is made lower case: the name in the environment, but for these two. */
static const char *
file_key(const struct option *option)
{
    return option->type == USER ? "user" : option->type == GROUP ? "group" : option->name;
}

static void
make_file_key(const struct option *option, char key[CONFIG_KEY_SIZE])
{
    const char *name = file_key(option);
    size_t length = 0;
    for (; name[length] != '\0' && length + 1 < CONFIG_KEY_SIZE; length++)
        key[length] = (char)tolower((unsigned char)name[length]);
    key[length] = '\0';
}

static const struct option *
find_option(const char *name)
{
    for (size_t i = 0; i < OPTION_COUNT; i++)
        if (strcasecmp(options[i].name, name) == 0 || strcasecmp(file_key(&options[i]), name) == 0)
            return &options[i];
    return NULL;
}

/* Where listeners and policies are said, a file has sections of their own; the address of the engine has one, too. */
static bool
is_file_key(const struct option *option)
{
    return option->type != LIST && option->type != ENGINE && option->type != DIALECT && option->type != IPV6;
}

/* Keeps the value in the list of those that were given; false: no memory. */
static bool
note(struct config *config, const struct option *option, const char *value, enum origin origin)
{
    char key[CONFIG_KEY_SIZE];
    make_file_key(option, key);
    bool engine = option->type == ENGINE;
    const struct setting setting = {.section = engine ? "upstream" : "sockwarden",
                                    .name = "",
                                    .key = engine ? "address" : key,
                                    .value = value,
                                    .variable = option->name,
                                    .origin = origin};
    return settings_add(config->settings, &setting) != NULL;
}

struct config *
config_with_defaults(void)
{
    struct config *config = calloc(1, sizeof(*config));
    if (config == NULL)
        return NULL;
    config->references = 1;
    config->settings = settings_new();
    bool whole = config->settings != NULL;
    for (size_t i = 0; whole && i < OPTION_COUNT; i++) {
        char takes[CONFIG_PROBLEM_SIZE / 2];
        set_option(config, &options[i], options[i].initial, takes, sizeof(takes));
        if (is_file_key(&options[i]) || options[i].type == ENGINE)
            whole = note(config, &options[i], options[i].initial, ORIGIN_DEFAULT);
    }
    config->listener_count = 0;
    if (whole)
        return config;
    config_unref(config);
    return NULL;
}

enum config_set_result
config_set(struct config *config, const char *name, const char *value, char *takes, size_t size)
{
    const struct option *option = find_option(name);
    if (option == NULL)
        return CONFIG_SET_UNKNOWN;
    return set_option(config, option, value, takes, size) ? CONFIG_SET : CONFIG_SET_BAD;
}

const char *
config_variable(char *const environment[], const char *name)
{
    size_t length = strlen(name);
    for (char *const *entry = environment; *entry != NULL; entry++)
        if (strncmp(*entry, name, length) == 0 && (*entry)[length] == '=')
            return *entry + length + 1;
    return NULL;
}

bool
config_take_environment(struct config *config, char *const environment[], bool with_listeners, char *problem)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *option = &options[i];
        const char *value = config_variable(environment, option->name);
        char takes[CONFIG_PROBLEM_SIZE / 2] = "";
        if (option->type == LIST && with_listeners && value == NULL)
            set_option(config, option, option->initial, takes, sizeof(takes));
        bool beside_file = !with_listeners && !is_file_key(option) && option->type != ENGINE;
        if (value == NULL || beside_file)
            continue;
        if (!note(config, option, value, ORIGIN_ENVIRONMENT))
            return config_fail(problem, "out of memory");
        if (!set_option(config, option, value, takes, sizeof(takes)))
            return config_fail(problem, "%s=%.128s: not taken; takes %s", option->name, value, takes);
    }
    return true;
}

bool
config_fail(char *problem, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem, CONFIG_PROBLEM_SIZE, format, arguments);
    va_end(arguments);
    config_make_printable(problem);
    return false;
}

void
config_make_printable(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

const char *const *
config_file_keys(void)
{
    static char keys[OPTION_COUNT][CONFIG_KEY_SIZE];
    static const char *list[OPTION_COUNT + 1];
    size_t count = 0;
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (!is_file_key(&options[i]))
            continue;
        make_file_key(&options[i], keys[count]);
        list[count] = keys[count];
        count++;
    }
    list[count] = NULL;
    return list;
}

static void
describe_takes(const struct option *option, char *text, size_t size)
{
    static const char *const words[] = {
        [LIST] = LISTEN_TAKES,     [ENGINE] = ENGINE_TAKES,
        [LEVEL] = LEVEL_TAKES,     [FORMAT] = FORMAT_TAKES,
        [USER] = USER_TAKES,       [GROUP] = GROUP_TAKES,
        [SANDBOX] = SANDBOX_TAKES, [IPV6] = "1, true or yes; anything else is off",
    };
    if (option->type == DURATION || option->type == SIZE || option->type == COUNT)
        quantity_describe_briefly(kind_of(option), option->minimum, option->maximum, text, size);
    else if (option->type == DIALECT)
        policy_is_dialect("?", text, size);
    else
        snprintf(text, size, "%s", words[option->type]);
}

bool
config_option_at(size_t index, struct config_option *option)
{
    if (index >= OPTION_COUNT)
        return false;
    const struct option *row = &options[index];
    *option = (struct config_option){.variable = row->name, .initial = row->initial, .help = row->help};
    if (is_file_key(row))
        make_file_key(row, option->key);
    describe_takes(row, option->takes, sizeof(option->takes));
    return true;
}

const char *const *
config_option_names(void)
{
    return option_names;
}

static void
print_options(bool in_file, FILE *output)
{
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool renamed = in_file && strcasecmp(file_key(&options[i]), options[i].name) != 0;
        if (is_file_key(&options[i]) != in_file)
            continue;
        fprintf(output, "  %s (%s)%s%s\n", options[i].name, options[i].initial, renamed ? ", in a file " : "",
                renamed ? file_key(&options[i]) : "");
        text_print_wrapped(options[i].help, 6, output);
    }
}

void
config_print_help(FILE *output)
{
    fputs("\nThe environment says, with these defaults, what a file says in its other sections:\n", output);
    print_options(false, output);
    fputs("\nSettings of the program, with their defaults; in [sockwarden] of a file in lower case:\n", output);
    print_options(true, output);
}
