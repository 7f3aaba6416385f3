#include "parameters.h"

#include "names.h"
#include "query.h"

/* No value that has a meaning is longer. */
enum { VALUE_SIZE = 32, SIGNAL_NAME_SIZE = 16, SIGNAL_FIRST_REAL_TIME = 34, SIGNAL_LAST = 64 };

/* A table by columns, because a row of a pointer and two small numbers would be half padding. */
static const char *const NAMES[] = {
#define FLAG(name)   (name),
#define SIGNAL(name) (name),
#define TEXT(name)   (name),
#define SECRET(name) (name),
#define URL(name)    (name),
#include "parameters.def"
};

enum { NAME_COUNT = sizeof(NAMES) / sizeof(NAMES[0]) };

static const struct {
    uint8_t kind : 4;
    uint8_t secrecy : 4;
} TRAITS[NAME_COUNT] = {
#define FLAG(name)   {PARAMETER_FLAG, PARAMETER_OPEN},
#define SIGNAL(name) {PARAMETER_SIGNAL, PARAMETER_OPEN},
#define TEXT(name)   {PARAMETER_TEXT, PARAMETER_OPEN},
#define SECRET(name) {PARAMETER_TEXT, PARAMETER_SECRET},
#define URL(name)    {PARAMETER_TEXT, PARAMETER_MAY_NAME_A_USER},
#include "parameters.def"
};

struct standard {
    const char *operation;
    const char *name;
    const char *value;
};

static const struct standard STANDARDS[] = {
#define DEFAULT(operation, name, value) {#operation, (name), (value)},
#include "parameters.def"
};

struct signal_name {
    int number;
    const char *name;
};

static const struct signal_name SIGNALS[] = {
#define SIGNAL_NUMBER(number, name) {(number), (name)},
#include "parameters.def"
};

bool
parameter_is_known(struct slice name)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (slice_equals(name, slice_from_string(NAMES[i])))
            return true;
    return false;
}

enum parameter_kind
parameter_kind(struct slice name)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (slice_equals(name, slice_from_string(NAMES[i])))
            return (enum parameter_kind)TRAITS[i].kind;
    return PARAMETER_TEXT;
}

enum parameter_secrecy
parameter_secrecy(struct slice raw)
{
    for (size_t i = 0; i < NAME_COUNT; i++)
        if (TRAITS[i].secrecy != PARAMETER_OPEN && query_text_resembles(raw, slice_from_string(NAMES[i])))
            return (enum parameter_secrecy)TRAITS[i].secrecy;
    return PARAMETER_OPEN;
}

const char *
parameter_meant(struct slice name)
{
    enum { SHORTEST = 4 };
    const char *near = NULL;
    for (size_t i = 0; i < NAME_COUNT; i++) {
        struct slice known = slice_from_string(NAMES[i]);
        if (slice_equals(name, known))
            return NULL;
        bool misspelt = name.length >= SHORTEST && name_distance(name, known) == 1;
        if (name_equals_loosely(name, known) || (misspelt && near == NULL))
            near = NAMES[i];
    }
    return near;
}

const char *
parameter_default(const char *operation, struct slice name)
{
    for (size_t i = 0; i < sizeof(STANDARDS) / sizeof(STANDARDS[0]); i++)
        if (strcmp(operation, STANDARDS[i].operation) == 0 && slice_equals(name, slice_from_string(STANDARDS[i].name)))
            return STANDARDS[i].value;
    return NULL;
}

static bool
is_one_of(struct slice text, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (slice_equals(text, slice_from_string(words[i])))
            return true;
    return false;
}

/* What Docker and Podman both take for yes and for no; they differ on "yes", "no", "none", "f" and the empty value. */
static bool
is_yes(struct slice text)
{
    static const char *const WORDS[] = {"1", "true", "True", "TRUE", "t", "T", "on", NULL};
    return is_one_of(text, WORDS);
}

static bool
is_no(struct slice text)
{
    static const char *const WORDS[] = {"0", "false", "False", "FALSE", NULL};
    return is_one_of(text, WORDS);
}

static bool
is_number(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.length > 0 && text.length < VALUE_SIZE;
}

static int
to_number(struct slice digits)
{
    int number = 0;
    for (size_t i = 0; i < digits.length && number <= SIGNAL_LAST; i++)
        number = number * 10 + (digits.data[i] - '0');
    return number;
}

static bool
begins_with(struct slice text, struct slice word)
{
    return text.length >= word.length && strncasecmp(text.data, word.data, word.length) == 0;
}

static struct slice
behind(struct slice text, size_t length)
{
    return (struct slice){text.data + length, text.length - length};
}

/* RTMIN, RTMIN+3, RTMAX-2; 0 for anything else. */
static int
real_time_number(struct slice name)
{
    bool least = begins_with(name, SLICE_LITERAL("RTMIN"));
    if (!least && !begins_with(name, SLICE_LITERAL("RTMAX")))
        return 0;
    struct slice rest = behind(name, strlen("RTMIN"));
    int base = least ? SIGNAL_FIRST_REAL_TIME : SIGNAL_LAST;
    if (rest.length == 0)
        return base;
    struct slice digits = behind(rest, 1);
    if (rest.data[0] != (least ? '+' : '-') || !is_number(digits) || digits.length > 2)
        return 0;
    return least ? base + to_number(digits) : base - to_number(digits);
}

/* The number of a signal in any spelling that the engines take; 0 for what is none. */
static int
signal_number(struct slice text)
{
    struct slice digits = text.length > 1 && text.data[0] == '+' ? behind(text, 1) : text;
    if (is_number(digits)) {
        int number = to_number(digits);
        return number <= SIGNAL_LAST ? number : 0;
    }
    struct slice name = begins_with(text, SLICE_LITERAL("SIG")) ? behind(text, strlen("SIG")) : text;
    for (size_t i = 0; i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++)
        if (slice_equals_ignoring_case(name, slice_from_string(SIGNALS[i].name)))
            return SIGNALS[i].number;
    return real_time_number(name);
}

const char *
parameter_fault(enum parameter_kind kind, struct slice wanted)
{
    /* An empty value is compared as it is: what it means depends on the engine. */
    if (kind == PARAMETER_FLAG && wanted.length > 0 && !is_yes(wanted) && !is_no(wanted))
        return "this parameter is a flag: it takes 1 or 0";
    if (kind == PARAMETER_SIGNAL && wanted.length > 0 && signal_number(wanted) == 0)
        return "no signal; it takes names (HUP) and numbers (1)";
    return NULL;
}

const char *
parameter_nearest(enum parameter_kind kind, struct slice wanted)
{
    char upper[SIGNAL_NAME_SIZE];
    if (kind != PARAMETER_SIGNAL || wanted.length >= sizeof(upper))
        return NULL;
    for (size_t i = 0; i < wanted.length; i++)
        upper[i] = (char)(wanted.data[i] >= 'a' && wanted.data[i] <= 'z' ? wanted.data[i] - 'a' + 'A' : wanted.data[i]);
    struct slice text = {upper, wanted.length};
    struct slice name = begins_with(text, SLICE_LITERAL("SIG")) ? behind(text, strlen("SIG")) : text;
    for (size_t i = 0; name.length > 1 && i < sizeof(SIGNALS) / sizeof(SIGNALS[0]); i++)
        if (name_distance(name, slice_from_string(SIGNALS[i].name)) == 1)
            return SIGNALS[i].name;
    return NULL;
}

static enum parameter_answer
compare_flag(struct slice value, bool wanted)
{
    if (!is_yes(value) && !is_no(value))
        return PARAMETER_MAY_BE;
    return is_yes(value) == wanted ? PARAMETER_IS : PARAMETER_IS_NOT;
}

static enum parameter_answer
compare_signal(struct slice value, struct slice wanted)
{
    int number = signal_number(value);
    if (number == 0)
        return PARAMETER_MAY_BE;
    return number == signal_number(wanted) ? PARAMETER_IS : PARAMETER_IS_NOT;
}

enum parameter_answer
parameter_compare(enum parameter_kind kind, struct slice raw, struct slice wanted)
{
    char text[VALUE_SIZE];
    struct slice value = {text, 0};
    if (query_text_equals(raw, wanted))
        return PARAMETER_IS;
    if (kind == PARAMETER_TEXT || wanted.length == 0)
        return query_text_resembles(raw, wanted) ? PARAMETER_MAY_BE : PARAMETER_IS_NOT;
    if (!query_decode(raw, text, sizeof(text), &value.length))
        return PARAMETER_MAY_BE;
    return kind == PARAMETER_FLAG ? compare_flag(value, is_yes(wanted)) : compare_signal(value, wanted);
}
