#include "presets.h"

#include "names.h"

#include <stdio.h>

enum row_kind { ROW_PRESET, ROW_NEEDS, ROW_FEATURE };

/* What a feature is where a policy does not name it. */
enum { OFF = 0, ON = 1 };

struct row {
    enum row_kind kind;
    bool on;
    const char *name; /* of a preset or a feature */
    const char *text; /* the client, or operations */
};

static const struct row ROWS[] = {
#define PRESET(name, client)               {ROW_PRESET, true, (name), (client)},
#define NEEDS(operations)                  {ROW_NEEDS, true, "", (operations)},
#define FEATURE(name, enabled, operations) {ROW_FEATURE, (enabled), (name), (operations)},
#include "presets.def"
#undef PRESET
#undef NEEDS
#undef FEATURE
};

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

/* The nearest name of a kind of row among `count` rows; NULL where none is near. */
static const char *
nearest_name(enum row_kind kind, size_t first, size_t count, struct slice word)
{
    const char *nearest = NULL;
    unsigned least = NAME_FAR;
    for (size_t i = first; i < first + count; i++) {
        struct slice known = slice_from_string(ROWS[i].name);
        unsigned distance = name_equals_loosely(word, known) ? 0 : name_distance(word, known);
        if (ROWS[i].kind == kind && distance < least && distance < word.length) {
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
    const char *nearest = nearest_name(ROW_PRESET, 0, ROWS_COUNTED, word);
    snprintf(error, PRESET_ERROR_SIZE, "preset = %.*s: there is no such preset%s%s%s", shown(word), word.data,
             nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    return false;
}

static bool
choose_feature(struct slice word, struct preset_choice *choice, char *error)
{
    const char *preset = ROWS[choice->first].name;
    struct slice name = {word.data + 1, word.length - 1};
    if (word.data[0] != '+' && word.data[0] != '-') {
        snprintf(error, PRESET_ERROR_SIZE, "preset = %s %.*s: a feature is +name or -name", preset, shown(word),
                 word.data);
        return false;
    }
    for (size_t i = 1; i < choice->count; i++) {
        const struct row *row = &ROWS[choice->first + i];
        if (row->kind == ROW_FEATURE && slice_equals(name, slice_from_string(row->name))) {
            uint64_t bit = UINT64_C(1) << i;
            choice->wanted = word.data[0] == '+' ? choice->wanted | bit : choice->wanted & ~bit;
            return true;
        }
    }
    const char *nearest = nearest_name(ROW_FEATURE, choice->first, choice->count, name);
    snprintf(error, PRESET_ERROR_SIZE, "preset = %s %.*s: it has no such feature%s%.1s%s%s", preset, shown(word),
             word.data, nearest != NULL ? "; did you mean " : "", nearest != NULL ? word.data : "",
             nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
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
    while (next_word(&text, &word))
        if (!choose_feature(word, choice, error))
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

/* Adds the routes of the rows whose bit is `wanted`. */
static void
add_rows(const struct preset_choice *choice, bool wanted, struct route_set *routes)
{
    for (size_t i = 1; i < choice->count; i++) {
        struct slice text = slice_from_string(ROWS[choice->first + i].text);
        struct slice word;
        while ((choice->wanted >> i & 1) == wanted && next_word(&text, &word)) {
            size_t row = find_operation(word);
            if (row < ROUTE_COUNT)
                route_set_add(routes, row);
        }
    }
}

void
preset_add_routes(const struct preset_choice *choice, struct route_set *routes)
{
    add_rows(choice, true, routes);
}

void
preset_add_missing(const struct preset_choice *choice, struct route_set *routes)
{
    add_rows(choice, false, routes);
}

const char *
preset_missing_feature(const struct preset_choice *choice, const struct route *route)
{
    struct slice operation = slice_from_string(route->operation);
    for (size_t i = 1; i < choice->count; i++) {
        struct slice text = slice_from_string(ROWS[choice->first + i].text);
        struct slice word;
        while ((choice->wanted >> i & 1) == 0 && next_word(&text, &word))
            if (slice_equals(word, operation))
                return ROWS[choice->first + i].name;
    }
    return NULL;
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
                                               .granted = (choice.wanted >> i & 1) != 0};
            call(owner, &found);
        }
    }
    return true;
}
