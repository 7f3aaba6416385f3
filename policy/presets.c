#include "presets.h"

#include "names.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>

enum row_kind { ROW_PRESET, ROW_NEEDS, ROW_FEATURE };

/* What a feature is where a policy does not name it. */
enum { OFF = 0, ON = 1 };

struct row {
    const char *name; /* of a preset or a feature; behind its NUL stand the conditions, where the row has some */
    const char *text; /* the client, or operations */
    enum row_kind kind : 8;
    bool on;
    bool conditional;
};

static const struct row ROWS[] = {
#define PRESET(name, client)               {(name), (client), ROW_PRESET, true, false},
#define NEEDS(operations)                  {"", (operations), ROW_NEEDS, true, false},
#define NEEDS_IF(operations, conditions)   {"\0" conditions, (operations), ROW_NEEDS, true, true},
#define FEATURE(name, enabled, operations) {(name), (operations), ROW_FEATURE, (enabled), false},
#define FEATURE_IF(name, enabled, operations, conditions)                                                              \
    {name "\0" conditions, (operations), ROW_FEATURE, (enabled), true},
#include "presets.def"
#undef PRESET
#undef NEEDS
#undef NEEDS_IF
#undef FEATURE
#undef FEATURE_IF
};

static const char *
conditions_of(const struct row *row)
{
    return row->conditional ? row->name + strlen(row->name) + 1 : "";
}

enum { ROWS_COUNTED = sizeof(ROWS) / sizeof(ROWS[0]), SHOWN = 48 };

static int
shown(struct slice text)
{
    return text.length < SHOWN ? (int)text.length : SHOWN;
}

/* Takes the next word from blank-separated text; false at its end. */
static bool
next_word(struct slice *text, struct slice *word)
{
    while (text->length > 0 && (text->data[0] == ' ' || text->data[0] == '\t')) {
        text->data++;
        text->length--;
    }
    *word = (struct slice){text->data, 0};
    while (word->length < text->length && text->data[word->length] != ' ' && text->data[word->length] != '\t')
        word->length++;
    text->data += word->length;
    text->length -= word->length;
    return word->length > 0;
}

/* The rows behind row `first` up to the next preset, at their defaults. */
static struct preset_choice
choose(size_t first)
{
    struct preset_choice choice = {first, 1, 0};
    for (size_t i = first + 1; i < ROWS_COUNTED && ROWS[i].kind != ROW_PRESET; i++) {
        choice.wanted |= ROWS[i].on ? UINT64_C(1) << choice.count : 0;
        choice.count++;
    }
    return choice;
}

/* True where one text has the other in it, in any case, from the beginning of a word on. */
static bool
has_in_it(struct slice text, struct slice word)
{
    for (size_t at = 0; at + word.length <= text.length; at++)
        if ((at == 0 || !isalnum((unsigned char)text.data[at - 1])) &&
            strncasecmp(text.data + at, word.data, word.length) == 0)
            return true;
    return false;
}

/*
 * How far a word is from the name of a row: misspelt, then a part of it or more than it ("prometheus", "traefik-v3"),
 * then a word of the client's own name ("promtail").
 */
static unsigned
distance_from(struct slice word, const struct row *row)
{
    enum { SHORTEST = 3, PART = NAME_FAR, CLIENT };
    struct slice known = slice_from_string(row->name);
    unsigned distance = name_equals_loosely(word, known) ? 0 : name_distance(word, known);
    if (distance < NAME_FAR && 2 * distance < word.length)
        return distance;
    if (word.length < SHORTEST)
        return UINT_MAX;
    if (has_in_it(known, word) || (known.length >= SHORTEST && has_in_it(word, known)))
        return PART;
    return row->kind == ROW_PRESET && has_in_it(slice_from_string(row->text), word) ? CLIENT : UINT_MAX;
}

/* The nearest name of a kind of row among `count` rows; NULL where none is near. */
static const char *
nearest_name(enum row_kind kind, size_t first, size_t count, struct slice word)
{
    const char *nearest = NULL;
    unsigned least = UINT_MAX;
    for (size_t i = first; i < first + count; i++) {
        unsigned distance = ROWS[i].kind == kind ? distance_from(word, &ROWS[i]) : UINT_MAX;
        if (distance < least) {
            least = distance;
            nearest = ROWS[i].name;
        }
    }
    return nearest;
}

static bool
find_preset(struct slice word, struct preset_choice *choice, char *error)
{
    for (size_t i = 0; i < ROWS_COUNTED; i++) {
        if (ROWS[i].kind == ROW_PRESET && slice_equals(word, slice_from_string(ROWS[i].name))) {
            *choice = choose(i);
            return true;
        }
    }
    if (memchr(word.data, ',', word.length) != NULL) {
        snprintf(error, PRESET_ERROR_SIZE, "preset = %.*s: one preset is asked for, and features have no commas",
                 shown(word), word.data);
        return false;
    }
    if (word.data[0] == '+' || word.data[0] == '-') {
        snprintf(error, PRESET_ERROR_SIZE,
                 "preset = %.*s: a feature stands behind the name of its preset, on its line, without a comma",
                 shown(word), word.data);
        return false;
    }
    const char *nearest = nearest_name(ROW_PRESET, 0, ROWS_COUNTED, word);
    snprintf(error, PRESET_ERROR_SIZE, "preset = %.*s: there is no such preset; %s%s%s", shown(word), word.data,
             nearest != NULL ? "did you mean " : "\"sockwarden presets\" lists them", nearest != NULL ? nearest : "",
             nearest != NULL ? "?" : "");
    return false;
}

static bool
choose_feature(struct slice word, struct preset_choice *choice, uint64_t *named, char *error)
{
    const char *preset = ROWS[choice->first].name;
    struct slice name = {word.data + 1, word.length - 1};
    if ((word.data[0] != '+' && word.data[0] != '-') || name.length == 0) {
        snprintf(error, PRESET_ERROR_SIZE, "preset = %s %.*s: a feature is +name or -name", preset, shown(word),
                 word.data);
        return false;
    }
    uint64_t bits = 0;
    for (size_t i = 1; i < choice->count; i++) {
        const struct row *row = &ROWS[choice->first + i];
        if (row->kind == ROW_FEATURE && slice_equals(name, slice_from_string(row->name)))
            bits |= UINT64_C(1) << i;
    }
    if ((*named & bits) != 0) {
        snprintf(error, PRESET_ERROR_SIZE, "preset = %s %.*s: this feature is named twice", preset, shown(word),
                 word.data);
        return false;
    }
    *named |= bits;
    choice->wanted = word.data[0] == '+' ? choice->wanted | bits : choice->wanted & ~bits;
    if (bits != 0)
        return true;
    const char *nearest = nearest_name(ROW_FEATURE, choice->first, choice->count, name);
    int length = snprintf(error, PRESET_ERROR_SIZE, "preset = %s %.*s: it has no such feature; ", preset, shown(word),
                          word.data);
    if (nearest != NULL)
        snprintf(error + length, PRESET_ERROR_SIZE - (size_t)length, "did you mean %.1s%s?", word.data, nearest);
    else
        snprintf(error + length, PRESET_ERROR_SIZE - (size_t)length, "\"sockwarden presets %s\" lists what it has",
                 preset);
    return false;
}

bool
preset_parse(struct slice text, struct preset_choice *choice, char *error)
{
    struct slice word;
    if (!next_word(&text, &word)) {
        snprintf(error, PRESET_ERROR_SIZE,
                 "preset = takes a name, and features as +name: traefik, watchtower +cleanup");
        return false;
    }
    if (!find_preset(word, choice, error))
        return false;
    uint64_t named = 0;
    while (next_word(&text, &word))
        if (!choose_feature(word, choice, &named, error))
            return false;
    return true;
}

/* The first row of the route table with this operation; ROUTE_COUNT where there is none. */
static size_t
find_operation(struct slice operation)
{
    size_t row = 0;
    while (row < ROUTE_COUNT && !slice_equals(operation, slice_from_string(route_row(row)->operation)))
        row++;
    return row;
}

static bool
is_wanted(const struct preset_choice *choice, size_t i)
{
    return (choice->wanted >> i & 1) != 0;
}

static void
add_operations(const char *operations, struct route_set *routes)
{
    struct slice text = slice_from_string(operations);
    struct slice word;
    while (next_word(&text, &word)) {
        size_t row = find_operation(word);
        if (row < ROUTE_COUNT)
            route_set_add(routes, row);
    }
}

static unsigned
route_set_size(const struct route_set *routes)
{
    unsigned size = 0;
    for (size_t i = 0; i < sizeof(routes->bits) / sizeof(routes->bits[0]); i++)
        size += (unsigned)__builtin_popcountll(routes->bits[i]);
    return size;
}

bool
preset_next_grant(const struct preset_choice *choice, size_t *at, struct preset_grant *grant)
{
    const struct row *rows = &ROWS[choice->first];
    size_t i = *at;
    *grant = (struct preset_grant){.operations = "", .conditions = ""};
    if (i == 0) {
        for (i = 1; i < choice->count; i++)
            if (is_wanted(choice, i) && !rows[i].conditional)
                add_operations(rows[i].text, &grant->routes);
        *at = 1;
        return true;
    }
    while (i < choice->count && !(is_wanted(choice, i) && rows[i].conditional))
        i++;
    *at = i + 1;
    if (i >= choice->count)
        return false;
    add_operations(rows[i].text, &grant->routes);
    grant->operations = rows[i].text;
    grant->conditions = conditions_of(&rows[i]);
    return true;
}

void
preset_add_missing(const struct preset_choice *choice, struct route_set *routes)
{
    for (size_t i = 1; i < choice->count; i++)
        if (!is_wanted(choice, i))
            add_operations(ROWS[choice->first + i].text, routes);
}

const char *
preset_missing_feature(const struct preset_choice *choice, const struct route *route, const char **conditions)
{
    const char *feature = NULL;
    unsigned least = UINT_MAX;
    for (size_t i = 1; i < choice->count; i++) {
        const struct row *row = &ROWS[choice->first + i];
        struct route_set routes = {.bits = {0}};
        add_operations(row->text, &routes);
        if (is_wanted(choice, i) || !route_set_has(&routes, route_index(route)) || route_set_size(&routes) >= least)
            continue;
        least = route_set_size(&routes);
        feature = row->name;
        *conditions = conditions_of(row);
    }
    return feature;
}

const char *
preset_name(const struct preset_choice *choice)
{
    return ROWS[choice->first].name;
}

void
policy_presets(void (*preset)(void *owner, const char *name, const char *client), void *owner)
{
    for (size_t i = 0; i < ROWS_COUNTED; i++)
        if (ROWS[i].kind == ROW_PRESET)
            preset(owner, ROWS[i].name, ROWS[i].text);
}

bool
policy_preset_calls(const char *words, void (*call)(void *owner, const struct policy_preset_call *call), void *owner,
                    char *problem, size_t size)
{
    struct preset_choice choice;
    char error[PRESET_ERROR_SIZE];
    if (!preset_parse(slice_from_string(words), &choice, error)) {
        snprintf(problem, size, "%s", error);
        return false;
    }
    for (size_t i = 1; i < choice.count; i++) {
        const struct row *row = &ROWS[choice.first + i];
        struct slice text = slice_from_string(row->text);
        struct slice word;
        while (next_word(&text, &word)) {
            const struct route *route = route_row(find_operation(word));
            if (route == NULL)
                continue;
            struct policy_preset_call found = {.method = method_text(route->method),
                                               .template = route->template,
                                               .operation = route->operation,
                                               .feature = row->name,
                                               .conditions = conditions_of(row),
                                               .granted = is_wanted(&choice, i)};
            call(owner, &found);
        }
    }
    return true;
}
