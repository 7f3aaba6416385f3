#include "dialect.h"
#include "names.h"

#include <stdarg.h>
#include <stdio.h>

enum { WARNING_SIZE = 320, SHORTEST_NEAR = 4, SHORTEST_NEAR_OWN = 6, SHORTEST_FAR = 8 };

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
    struct slice name;
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
#define FOREIGN(pattern, brand, words) {TEXT(pattern), (brand), (words)},
#define WORD(word, words)
#define PHRASE(word, words)
#include "names.def"
#undef FOREIGN
#undef WORD
#undef PHRASE
};

static const struct hint WORDS[] = {
#define FOREIGN(pattern, brand, words)
#define WORD(word, words) {TEXT(word), NULL, (words)},
#define PHRASE(word, words)
#include "names.def"
#undef WORD
#undef PHRASE
};

static const struct hint PHRASES[] = {
#define WORD(word, words)
#define PHRASE(word, words) {TEXT(word), NULL, (words)},
#include "names.def"
#undef OWN
#undef FOREIGN
#undef WORD
#undef PHRASE
#undef TEXT
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
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7E) {
            return false;
        }
    }
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
check_value(const struct check *check, const struct variable *variable, enum switch_id id)
{
    const struct dialect_switch *entry = dialect_switch(id);
    bool on = dialect_is_true(variable->value);
    if (variable->look == LOOK_NUMBER || (variable->look == LOOK_FALSE && !on)) {
        return;
    }
    if (variable->look == LOOK_EMPTY) {
        if (entry->by_default) {
            say(check, "%s= is empty and so off, though its default is 1", entry->name);
        }
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
    if (pattern.data[length] != '*') {
        return slice_equals(pattern, name);
    }
    return name.length > length && memcmp(pattern.data, name.data, length) == 0;
}

static const struct hint *
find_hint(const struct hint hints[], size_t count, struct slice name)
{
    for (size_t i = 0; i < count; i++) {
        if (pattern_fits(hints[i].name, name)) {
            return &hints[i];
        }
    }
    return NULL;
}

/* A word with one letter too many or too few: DELETES, LOG. */
static const struct hint *
find_near_word(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        struct slice word = WORDS[i].name;
        struct slice longer = word.length > name.length ? word : name;
        struct slice shorter = word.length > name.length ? name : word;
        bool plural = longer.length == shorter.length + 1 && longer.data[longer.length - 1] == 'S' &&
                      memcmp(longer.data, shorter.data, shorter.length) == 0;
        if (plural || (word.length >= SHORTEST_NEAR_OWN && name_distance(word, name) == 1)) {
            return &WORDS[i];
        }
    }
    return NULL;
}

/* True for what orchestrators and container links set for a service of any name: X_SERVICE_HOST, X_PORT_80_TCP … */
static bool
is_of_a_service(struct slice name)
{
    static const struct slice MARKS[] = {{"_SERVICE_HOST", 13}, {"_SERVICE_PORT", 13}, {"_PORT_", 6}};
    for (size_t i = 0; i < COUNT_OF(MARKS); i++) {
        if (memmem(name.data, name.length, MARKS[i].data, MARKS[i].length) != NULL) {
            return true;
        }
    }
    return name.length > 5 && memcmp(name.data + name.length - 5, "_PORT", 5) == 0;
}

/* True for names that are one edit away from a switch and mean something else everywhere. */
static bool
is_ordinary(struct slice name)
{
    static const struct slice ORDINARY[] = {{"PORT", 4}, {"HOST", 4}, {"NODE", 4}, {"PIN", 3}, {"OAUTH", 5}};
    for (size_t i = 0; i < COUNT_OF(ORDINARY); i++) {
        if (slice_equals(ORDINARY[i], name)) {
            return true;
        }
    }
    return false;
}

/* How unlike a name is to a switch's, with less patience for short names. */
static unsigned
unlikeness(struct slice name, struct slice known)
{
    if (name_equals_loosely(name, known)) {
        return 0;
    }
    unsigned distance = known.length >= SHORTEST_NEAR ? name_distance(name, known) : NAME_FAR;
    return distance == 2 && known.length < SHORTEST_FAR ? NAME_FAR : distance;
}

static const struct dialect_switch *
find_near_switch(struct slice name)
{
    const struct dialect_switch *nearest = NULL;
    unsigned least = NAME_FAR;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        const struct dialect_switch *entry = dialect_switch((enum switch_id)i);
        unsigned distance = unlikeness(name, slice_from_string(entry->name));
        if (distance < least) {
            least = distance;
            nearest = entry;
        }
    }
    return nearest;
}

static struct slice
without_ends(struct slice name, struct slice prefix, struct slice suffix)
{
    if (name.length > prefix.length && memcmp(name.data, prefix.data, prefix.length) == 0) {
        name = (struct slice){name.data + prefix.length, name.length - prefix.length};
    }
    if (name.length > suffix.length &&
        memcmp(name.data + name.length - suffix.length, suffix.data, suffix.length) == 0) {
        name.length -= suffix.length;
    }
    return name;
}

/* ALLOW_CONTAINERS, ENABLE_INFO, IMAGES_READ: a switch with something around it. */
static const struct dialect_switch *
find_wrapped_switch(struct slice name)
{
    static const struct slice WRAPS[][2] = {
        {{"ALLOW_", 6}, {"", 0}}, {{"ENABLE_", 7}, {"", 0}}, {{"DOCKER_", 7}, {"", 0}},  {{"", 0}, {"_READ", 5}},
        {{"", 0}, {"_WRITE", 6}}, {{"", 0}, {"_ENABLE", 7}}, {{"", 0}, {"_ENABLED", 8}}, {{"", 0}, {"_ALLOWED", 8}},
    };
    for (size_t i = 0; i < COUNT_OF(WRAPS); i++) {
        struct slice inner = without_ends(name, WRAPS[i][0], WRAPS[i][1]);
        for (size_t id = 0; inner.length < name.length && id < SWITCH_COUNT; id++) {
            const struct dialect_switch *entry = dialect_switch((enum switch_id)id);
            if (slice_equals(inner, slice_from_string(entry->name))) {
                return entry;
            }
        }
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
    for (size_t i = 0; i < COUNT_OF(OWN_NAMES); i++) {
        if (same ? slice_equals(OWN_NAMES[i], name) : is_near_own(name, OWN_NAMES[i])) {
            return OWN_NAMES[i].data;
        }
    }
    for (size_t i = 0; check->extra_names != NULL && check->extra_names[i] != NULL; i++) {
        struct slice own = slice_from_string(check->extra_names[i]);
        if (same ? slice_equals(own, name) : is_near_own(name, own)) {
            return check->extra_names[i];
        }
    }
    return NULL;
}

static void
say_hint(const struct check *check, const struct variable *variable, const struct hint *hint)
{
    if (hint->product != NULL) {
        say(check, "%s is a setting of %s and does nothing here%s%s", variable->shown, hint->product,
            hint->text[0] != '\0' ? "; " : "", hint->text);
    } else {
        say(check, "%s is no setting and does nothing; %s", variable->shown, hint->text);
    }
}

/* A name that nobody reads: says what it was probably meant to be, or nothing where it is just another variable. */
static void
check_unknown(const struct check *check, const struct variable *variable)
{
    if (is_of_a_service(variable->name)) {
        return;
    }
    const struct hint *hint = find_hint(FOREIGN_NAMES, COUNT_OF(FOREIGN_NAMES), variable->name);
    if (hint == NULL) {
        hint = find_hint(PHRASES, COUNT_OF(PHRASES), variable->name);
    }
    bool like_a_switch = looks_like_a_switch(variable);
    if (hint == NULL && like_a_switch) {
        hint = find_hint(WORDS, COUNT_OF(WORDS), variable->name);
    }
    if (hint != NULL) {
        say_hint(check, variable, hint);
        return;
    }
    const char *own = find_own(check, variable->name, false);
    if (own != NULL) {
        say(check, "%s is no setting and does nothing; did you mean %s?", variable->shown, own);
        return;
    }
    if (!like_a_switch || is_ordinary(variable->name)) {
        return;
    }
    const struct dialect_switch *near = find_near_switch(variable->name);
    if (near == NULL) {
        near = find_wrapped_switch(variable->name);
    }
    if (near != NULL) {
        say(check, "%s is no setting and does nothing; did you mean %s?", variable->shown, near->rule_on);
        return;
    }
    hint = find_near_word(variable->name);
    if (hint != NULL) {
        say_hint(check, variable, hint);
    } else if (pattern_fits(SLICE_LITERAL("ALLOW_*"), variable->name)) {
        say(check, "%s is no setting and does nothing; ALLOW_START, ALLOW_STOP and ALLOW_RESTARTS are",
            variable->shown);
    }
}

static bool
find_switch(struct slice name, enum switch_id *id)
{
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        if (slice_equals(name, slice_from_string(dialect_switch((enum switch_id)i)->name))) {
            *id = (enum switch_id)i;
            return true;
        }
    }
    return false;
}

static void
check_entry(const struct check *check, const char *entry)
{
    const char *equals = strchr(entry, '=');
    if (equals == NULL || equals == entry) {
        return;
    }
    struct variable variable;
    enum switch_id id;
    read_variable(entry, equals, &variable);
    if (find_switch(variable.name, &id)) {
        check_value(check, &variable, id);
    } else if (find_own(check, variable.name, true) == NULL) {
        check_unknown(check, &variable);
    }
}

/* True when the engine has a GET below the section. */
static bool
section_has_reads(int section)
{
    struct slice segment = section_segment((enum section)section);
    const struct route *route;
    for (size_t i = 0; (route = route_row(i)) != NULL; i++) {
        const char *rest = route->template + 1 + segment.length;
        if (route->method == METHOD_GET && strncmp(route->template + 1, segment.data, segment.length) == 0 &&
            (*rest == '\0' || *rest == '/')) {
            return true;
        }
    }
    return false;
}

/* Switches that are on and of no use without another one. */
static void
check_together(const struct check *check)
{
    const bool *on = check->switches.on;
    bool opens_something = false;
    for (size_t i = 0; i < SWITCH_COUNT; i++) {
        const struct dialect_switch *entry = dialect_switch((enum switch_id)i);
        opens_something |= on[i] && entry->kind != SWITCH_GATE && !entry->by_default;
        bool only_writes =
            entry->kind == SWITCH_ACTION || (entry->kind == SWITCH_GRANT && !section_has_reads(entry->section));
        if (on[i] && only_writes && !on[ID_POST]) {
            say(check,
                "%s does nothing while POST=0, which refuses every method but GET and HEAD; did you mean POST=1 too?",
                entry->rule_on);
        }
    }
    if (on[ID_POST] && !opens_something) {
        say(check, "POST=1 opens no path by itself; it needs a section, such as CONTAINERS=1");
    }
    if (on[ID_POST] && on[ID_CONTAINERS] && !on[ID_EXEC] && environment_value(check->environment, "EXEC") != NULL) {
        say(check, "EXEC=0 does not close exec creation: POST=1 and CONTAINERS=1 open POST /containers/{id}/exec");
    }
}

void
policy_warnings(char *const environment[], const char *const extra_names[], void (*line)(void *owner, const char *text),
                void *owner)
{
    struct check check = {.environment = environment, .extra_names = extra_names, .line = line, .owner = owner};
    dialect_read(environment, &check.switches);
    for (size_t i = 0; environment[i] != NULL; i++) {
        check_entry(&check, environment[i]);
    }
    check_together(&check);
}
