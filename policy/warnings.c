#include "dialect.h"
#include "idle_switches.h"
#include "names.h"
#include "suggest.h"

#include <stdarg.h>
#include <stdio.h>

enum { WARNING_SIZE = 320, SHORTEST_NEAR_OWN = 6 };

/* What one run looks at, and where its sentences go. */
struct check {
    char *const *environment;
    const char *const *extra_names;
    void (*line)(void *owner, const char *text);
    void *owner;
    struct switches switches;
};

/* One variable: its name, its value, how the value looks, and the two as they may be repeated in a log. */
struct variable {
    struct slice name;
    const char *value;
    enum value_look look;
    char shown[96];
};

struct hint {
    const char *name;
    const char *product; /* of a foreign variable, else NULL */
    const char *text;
};

static const struct slice OWN_NAMES[] = {
#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }
#define OWN(own) TEXT(own),
#define FOREIGN(pattern, brand, words)
#define WORD(word, words)
#define PHRASE(word, words)
#include "names.def"
#undef OWN
#undef FOREIGN
#undef WORD
#undef PHRASE
};

static const struct hint FOREIGN_NAMES[] = {
#define OWN(own)
#define FOREIGN(pattern, brand, words) {(pattern), (brand), (words)},
#define WORD(word, words)
#define PHRASE(word, words)
#include "names.def"
#undef FOREIGN
#undef WORD
#undef PHRASE
};

static const struct hint WORDS[] = {
#define FOREIGN(pattern, brand, words)
#define WORD(word, words) {(word), NULL, (words)},
#define PHRASE(word, words)
#include "names.def"
#undef WORD
#undef PHRASE
};

static const struct hint PHRASES[] = {
#define WORD(word, words)
#define PHRASE(word, words) {(word), NULL, (words)},
#include "names.def"
#undef OWN
#undef FOREIGN
#undef WORD
#undef PHRASE
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void say(const struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct check *check, const char *format, ...)
{
    char text[WARNING_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    check->line(check->owner, text);
}

static bool
is_printable(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text < 0x20 || *text > 0x7E)
            return false;
    return true;
}

/* A value is repeated only when it looks like a switch's: any other could be a secret. */
static void
read_variable(const char *entry, const char *equals, struct variable *variable)
{
    variable->name = (struct slice){entry, (size_t)(equals - entry)};
    variable->value = equals + 1;
    variable->look = value_look(variable->value);
    bool shows = variable->look != LOOK_OTHER && strlen(variable->value) <= 24 && is_printable(variable->value);
    int length = variable->name.length < 64 ? (int)variable->name.length : 64;
    const char *quote = strpbrk(variable->value, " \"") != NULL ? "'" : "";
    snprintf(variable->shown, sizeof(variable->shown), shows ? "%.*s=%s%s%s" : "%.*s", length, entry, quote,
             variable->value, quote);
}

static bool
looks_like_a_switch(const struct variable *variable)
{
    bool small = variable->look == LOOK_NUMBER && strlen(variable->value) == 1;
    return small || variable->look == LOOK_TRUE || variable->look == LOOK_FALSE;
}

/* A switch whose value is read in another way than it looks. */
static void
check_value(const struct check *check, const struct variable *variable, const struct dialect_switch *entry)
{
    bool on = dialect_is_true(variable->value);
    if (variable->look == LOOK_NUMBER || (variable->look == LOOK_FALSE && !on))
        return;
    if (variable->look == LOOK_EMPTY) {
        if (entry->by_default)
            say(check, "%.*s= is empty and so off, though its default is 1", (int)entry->name_length, entry->rule_on);
    } else if (on) {
        say(check, "%s is on: the number at the beginning of its value counts, and that is not 0; clearer is %s",
            variable->shown, entry->rule_on);
    } else if (variable->look == LOOK_TRUE) {
        say(check, "%s is off: only a number other than 0 switches it on; did you mean %s?", variable->shown,
            entry->rule_on);
    } else {
        say(check, "%s is off: its value does not begin with a number other than 0; %s switches it on", variable->shown,
            entry->rule_on);
    }
}

static bool
pattern_fits(struct slice pattern, struct slice name)
{
    size_t length = pattern.length - 1;
    if (pattern.data[length] != '*')
        return slice_equals(pattern, name);
    return name.length > length && memcmp(pattern.data, name.data, length) == 0;
}

static const struct hint *
find_hint(const struct hint hints[], size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++)
        if (pattern_fits(slice_from_string(hints[i].name), name))
            return &hints[i];
    return NULL;
}

/* A word with one letter too many or too few: DELETES, LOG. */
static const struct hint *
find_near_word(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        struct slice word = slice_from_string(WORDS[i].name);
        struct slice longer = word.length > name.length ? word : name;
        struct slice shorter = word.length > name.length ? name : word;
        bool plural = longer.length == shorter.length + 1 && longer.data[longer.length - 1] == 'S' &&
                      memcmp(longer.data, shorter.data, shorter.length) == 0;
        if (plural || (word.length >= SHORTEST_NEAR_OWN && name_distance(word, name) == 1))
            return &WORDS[i];
    }
    return NULL;
}

static bool
is_near_own(struct slice name, struct slice own)
{
    return name_equals_loosely(name, own) || (own.length >= SHORTEST_NEAR_OWN && name_distance(name, own) == 1);
}

/* The setting of the caller that a name is, or is nearly; `same` tells which. NULL where it is like none. */
static const char *
find_own(const struct check *check, struct slice name, bool same)
{
    for (size_t i = 0; i < COUNT_OF(OWN_NAMES); i++)
        if (same ? slice_equals(OWN_NAMES[i], name) : is_near_own(name, OWN_NAMES[i]))
            return OWN_NAMES[i].data;
    for (size_t i = 0; check->extra_names != NULL && check->extra_names[i] != NULL; i++) {
        struct slice own = slice_from_string(check->extra_names[i]);
        if (same ? slice_equals(own, name) : is_near_own(name, own))
            return check->extra_names[i];
    }
    return NULL;
}

/* "; DIALECT=linuxserver reads it": which dialects have a switch of this name; "" where none has. */
static void
list_readers(struct slice name, char *text, size_t size)
{
    size_t length = 0;
    const struct dialect *dialect;
    text[0] = '\0';
    for (size_t i = 0; (dialect = dialect_at(i)) != NULL && length < size; i++) {
        if (dialect_switch_find(dialect, name) != NULL) {
            length += (size_t)snprintf(text + length, size - length, "%s%s",
                                       length == 0 ? "; DIALECT=" : " or DIALECT=", dialect->word);
        }
    }
    if (length > 0 && length < size)
        snprintf(text + length, size - length, " reads it");
}

static void
say_hint(const struct check *check, const struct variable *variable, const struct hint *hint)
{
    char readers[96];
    list_readers(variable->name, readers, sizeof(readers));
    if (hint->product != NULL) {
        say(check, "%s is a setting of %s and does nothing here%s%s%s", variable->shown, hint->product,
            hint->text[0] != '\0' ? "; " : "", hint->text, readers);
    } else {
        say(check, "%s is no setting and does nothing; %s%s", variable->shown, hint->text, readers);
    }
}

/* The hints are written for the first dialect; what others have a switch for is said of them in a sentence of its own.
 */
static const struct hint *
find_any_hint(const struct check *check, const struct variable *variable)
{
    const char *word = check->switches.dialect->word;
    const struct hint *hint = find_hint(FOREIGN_NAMES, COUNT_OF(FOREIGN_NAMES), variable->name);
    if (hint != NULL && strncmp(hint->product, word, strlen(word)) == 0)
        hint = NULL;
    if (hint == NULL)
        hint = find_hint(PHRASES, COUNT_OF(PHRASES), variable->name);
    bool first = check->switches.dialect == dialect_at(0);
    if (hint == NULL && first && looks_like_a_switch(variable))
        hint = find_hint(WORDS, COUNT_OF(WORDS), variable->name);
    return hint;
}

/* The switches whose names begin so, narrowest first; "" where there are none. Their number. */
static size_t
list_with_prefix(const struct switches *switches, struct slice prefix, char *names, size_t size)
{
    size_t count = 0;
    size_t length = 0;
    size_t all = 0;
    names[0] = '\0';
    for (size_t i = 0; i < switches->dialect->count; i++)
        all += strncmp(switches->dialect->switches[i].rule_on, prefix.data, prefix.length) == 0;
    for (size_t i = 0; i < switches->dialect->count && length < size; i++) {
        struct slice name = dialect_name(&switches->dialect->switches[switches->narrowest_first[i]]);
        if (strncmp(name.data, prefix.data, prefix.length) == 0) {
            const char *joint = count == 0 ? "" : count + 1 == all ? " and " : ", ";
            length += (size_t)snprintf(names + length, size - length, "%s%.*s", joint, (int)name.length, name.data);
            count++;
        }
    }
    return count;
}

/* CONTAINER_START: the switch of another dialect that it is but for an S. False where it is none. */
static bool
say_singular(const struct check *check, const struct variable *variable)
{
    char plural[64];
    char readers[96];
    const char *joint = memchr(variable->name.data, '_', variable->name.length);
    if (joint == NULL || variable->name.length + 2 > sizeof(plural))
        return false;
    int head = (int)(joint - variable->name.data);
    int tail = (int)variable->name.length - head;
    snprintf(plural, sizeof(plural), "%.*sS%.*s", head, variable->name.data, tail, joint);
    list_readers(slice_from_string(plural), readers, sizeof(readers));
    if (readers[0] != '\0')
        say(check, "%s is no setting and does nothing; %s may be meant%s", variable->shown, plural, readers);
    return readers[0] != '\0';
}

/* ALLOW_FOO, CONTAINERS_FOO: the switches that there are of such names, or of that section. */
static void
say_invented(const struct check *check, const struct variable *variable)
{
    static const struct slice PREFIXES[] = {TEXT("ALLOW_"),  TEXT("LIBPOD_ALLOW_"), TEXT("CONTAINERS_"),
                                            TEXT("IMAGES_"), TEXT("NETWORKS_"),     TEXT("VOLUMES_")};
    char names[WARNING_SIZE - 64];
    for (size_t i = 0; i < COUNT_OF(PREFIXES); i++) {
        struct slice prefix = PREFIXES[i];
        struct slice section = {prefix.data, prefix.length - 1};
        if (variable->name.length <= prefix.length || memcmp(variable->name.data, prefix.data, prefix.length) != 0)
            continue;
        size_t count = list_with_prefix(&check->switches, prefix, names, sizeof(names));
        if (count > 0)
            say(check, "%s is no setting and does nothing; %s %s", variable->shown, names, count == 1 ? "is" : "are");
        else
            say(check, "%s is no setting and does nothing; %.*s governs its section", variable->shown,
                (int)section.length, section.data);
        return;
    }
}

/* A name that is like a switch's. False where it is like none. */
static bool
check_likeness(const struct check *check, const struct variable *variable)
{
    const struct dialect *dialect = check->switches.dialect;
    bool first = dialect == dialect_at(0);
    const struct dialect_switch *near = suggest_switch(dialect, variable->name, !first);
    if (near != NULL)
        say(check, "%s is no setting and does nothing; did you mean %s?", variable->shown, near->rule_on);
    return near != NULL;
}

/* A name that nobody reads: says what it was probably meant to be, or nothing where it is just another variable. */
static void
check_unknown(const struct check *check, const struct variable *variable)
{
    if (suggest_is_of_a_service(variable->name))
        return;
    char readers[96];
    bool first = check->switches.dialect == dialect_at(0);
    list_readers(variable->name, readers, sizeof(readers));
    if (!first && readers[0] != '\0') {
        say(check, "%s does nothing in the %s dialect%s", variable->shown, check->switches.dialect->word, readers);
        return;
    }
    if (!first && looks_like_a_switch(variable) && check_likeness(check, variable))
        return;
    const struct hint *hint = find_any_hint(check, variable);
    if (hint != NULL) {
        say_hint(check, variable, hint);
        return;
    }
    const char *own = find_own(check, variable->name, false);
    if (own != NULL) {
        say(check, "%s is no setting and does nothing; did you mean %s?", variable->shown, own);
        return;
    }
    if (!looks_like_a_switch(variable) || suggest_is_ordinary(variable->name) || check_likeness(check, variable))
        return;
    hint = first ? find_near_word(variable->name) : NULL;
    if (hint != NULL)
        say_hint(check, variable, hint);
    else if (!say_singular(check, variable))
        say_invented(check, variable);
}

/* Where the original listens is read as such, unless LISTEN says it. False for every other variable. */
static bool
check_bind(const struct check *check, const struct variable *variable)
{
    const char *binds = check->switches.dialect->binds;
    if (binds == NULL || !slice_equals(variable->name, slice_from_string(binds)))
        return false;
    if (environment_value(check->environment, "LISTEN") != NULL)
        say(check, "%s does nothing beside LISTEN", binds);
    return true;
}

/* The times of the log are UTC, whatever the original's were. */
static void
check_zone(const struct check *check, const struct variable *variable)
{
    static const char *const SAME[] = {"", "UTC", "Etc/UTC", "UTC0", "GMT", "Etc/GMT"};
    if (!check->switches.dialect->has_zone || !slice_equals(variable->name, SLICE_LITERAL("TZ")))
        return;
    for (size_t i = 0; i < COUNT_OF(SAME); i++)
        if (strcmp(variable->value, SAME[i]) == 0)
            return;
    say(check, "TZ does nothing: the times of the log are UTC");
}

static void
check_entry(const struct check *check, const char *text)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return;
    struct variable variable;
    read_variable(text, equals, &variable);
    check_zone(check, &variable);
    const struct dialect_switch *entry = dialect_switch_find(check->switches.dialect, variable.name);
    if (entry != NULL)
        check_value(check, &variable, entry);
    else if (find_own(check, variable.name, true) == NULL && !check_bind(check, &variable))
        check_unknown(check, &variable);
}

/* Switches are told only where their values look like a switch's: BUILD, SESSION and VERSION are common names. */
static void
check_entry_beside_file(const struct check *check, const char *text)
{
    const char *equals = strchr(text, '=');
    char readers[96];
    if (equals == NULL || equals == text)
        return;
    struct variable variable;
    read_variable(text, equals, &variable);
    if (suggest_is_of_a_service(variable.name) || find_own(check, variable.name, true) != NULL)
        return;
    list_readers(variable.name, readers, sizeof(readers));
    const char *own = find_own(check, variable.name, false);
    if (readers[0] != '\0' && looks_like_a_switch(&variable))
        say(check, "%s in the environment does nothing: the policies are those of the file", variable.shown);
    else if (own != NULL)
        say(check, "%s is no setting and does nothing; did you mean %s?", variable.shown, own);
}

void
policy_warnings_beside_file(char *const environment[], const char *const extra_names[],
                            void (*line)(void *owner, const char *text), void *owner)
{
    const struct check check = {.environment = environment, .extra_names = extra_names, .line = line, .owner = owner};
    for (size_t i = 0; environment[i] != NULL; i++)
        check_entry_beside_file(&check, environment[i]);
}

void
policy_warnings(char *const environment[], const char *const extra_names[], void (*line)(void *owner, const char *text),
                void *owner)
{
    struct check check = {.environment = environment, .extra_names = extra_names, .line = line, .owner = owner};
    const struct dialect *dialect = dialect_choose(environment).dialect;
    dialect_read(dialect != NULL ? dialect : dialect_at(0), environment, &check.switches);
    for (size_t i = 0; environment[i] != NULL; i++)
        check_entry(&check, environment[i]);
    const char *said = environment_value(environment, "DIALECT");
    const struct idle_switches idle = {.switches = &check.switches,
                                       .dialect_is_said = said != NULL && *said != '\0',
                                       .exec_is_said = environment_value(environment, "EXEC") != NULL,
                                       .line = line,
                                       .owner = owner};
    idle_switches_list(&idle);
}
