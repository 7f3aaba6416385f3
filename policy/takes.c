#include "takes.h"

#include "names.h"

#include <stdio.h>

struct taking {
    const char *operation;
    const char *names; /* blank-separated */
};

static const struct taking TAKINGS[] = {
#define TAKES(operation, names) {#operation, (names)},
#include "takes.def"
};

struct restriction {
    const char *name;
    const char *operations;
};

static const struct restriction RESTRICTIONS[] = {
#define ONLY(name, operations) {(name), (operations)},
#include "takes.def"
};

static bool
has_word(const char *words, struct slice wanted)
{
    struct slice word;
    while (names_next(&words, &word))
        if (slice_equals(word, wanted))
            return true;
    return false;
}

/* What an operation takes; NULL where that is not known. */
static const char *
names_of(const char *operation)
{
    for (size_t i = 0; i < sizeof(TAKINGS) / sizeof(TAKINGS[0]); i++)
        if (strcmp(TAKINGS[i].operation, operation) == 0)
            return TAKINGS[i].names;
    return NULL;
}

bool
takes_parameter(const char *operation, struct slice name)
{
    const char *names = names_of(operation);
    if (names != NULL)
        return has_word(names, name);
    for (size_t i = 0; i < sizeof(RESTRICTIONS) / sizeof(RESTRICTIONS[0]); i++)
        if (slice_equals(name, slice_from_string(RESTRICTIONS[i].name)))
            return has_word(RESTRICTIONS[i].operations, slice_from_string(operation));
    return true;
}

/* The time that a stop may take has a name of its own in Podman's calls. */
static bool
is_other_name(struct slice name, struct slice known)
{
    return (slice_equals(name, SLICE_LITERAL("timeout")) && slice_equals(known, SLICE_LITERAL("t"))) ||
           (slice_equals(name, SLICE_LITERAL("t")) && slice_equals(known, SLICE_LITERAL("timeout")));
}

/* The one of the names that was probably meant; empty where none is near. */
static struct slice
find_nearest(const char *names, struct slice name)
{
    struct slice nearest = {"", 0};
    struct slice known;
    unsigned least = NAME_FAR;
    while (names_next(&names, &known)) {
        bool same = name_equals_loosely(name, known) || is_other_name(name, known);
        unsigned distance = same ? 0 : name_distance(name, known);
        if (distance < least && distance < name.length && (distance < 2 || known.length > 5)) {
            least = distance;
            nearest = known;
        }
    }
    return nearest;
}

/* "it takes t, signal and ignore" */
static void
list_names(const char *names, char *text, size_t size)
{
    size_t length = (size_t)snprintf(text, size, "it takes %s", *names == '\0' ? "none" : "");
    struct slice name;
    const char *rest = names;
    while (names_next(&rest, &name) && length < size) {
        const char *joint = name.data == names ? "" : *rest == '\0' ? " and " : ", ";
        length += (size_t)snprintf(text + length, size - length, "%s%.*s", joint, (int)name.length, name.data);
    }
}

/* The operation of a set of routes that has one, beside that of its HEAD; else NULL. */
static const char *
only_operation(const struct route_set *routes)
{
    const char *operation = NULL;
    const char *of_head = NULL;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const struct route *route = route_row(row);
        if (!route_set_has(routes, row))
            continue;
        const char **found = route->method == METHOD_HEAD ? &of_head : &operation;
        if (*found != NULL && strcmp(*found, route->operation) != 0)
            return NULL;
        *found = route->operation;
    }
    return operation != NULL ? operation : of_head;
}

/* What of the routes has a name that is nearly this one; empty where none has. */
static struct slice
find_nearest_of_all(const struct route_set *routes, struct slice name)
{
    struct slice nearest = {"", 0};
    for (size_t row = 0; row < ROUTE_COUNT && nearest.length == 0; row++) {
        const char *names = route_set_has(routes, row) ? names_of(route_row(row)->operation) : NULL;
        if (names != NULL)
            nearest = find_nearest(names, name);
    }
    return nearest;
}

/* True where a call of the set says in a body what it wants. */
static bool
has_body(const struct route_set *routes)
{
    for (size_t row = 0; row < ROUTE_COUNT; row++)
        if (route_set_has(routes, row) && route_row(row)->body == BODY_JSON)
            return true;
    return false;
}

static int
shown(struct slice text)
{
    return text.length < 48 ? (int)text.length : 48;
}

static void
complain(const struct condition *condition, const struct route_set *routes, struct slice word, char *error)
{
    char mend[TAKES_ERROR_SIZE / 2] = "";
    struct slice name = condition->name;
    const char *operation = only_operation(routes);
    const char *names = operation != NULL ? names_of(operation) : NULL;
    struct slice nearest = find_nearest_of_all(routes, name);
    if (nearest.length > 0)
        snprintf(mend, sizeof(mend), "; did you mean %.*s?", (int)nearest.length, nearest.data);
    else if (names != NULL)
        list_names(names, mend + snprintf(mend, sizeof(mend), "; "), sizeof(mend) - 2);
    struct slice text = condition->text;
    bool in_body = nearest.length == 0 && has_body(routes);
    if (operation != NULL)
        snprintf(error, TAKES_ERROR_SIZE, "%.*s: %s takes no such parameter%s%s", shown(text), text.data, operation,
                 mend, in_body ? "; conditions are on the query, not on the body" : "");
    else
        snprintf(error, TAKES_ERROR_SIZE, "%.*s: no call of %.*s takes this parameter%s", shown(text), text.data,
                 shown(word), word.data, mend);
}

static bool
is_taken(const struct route_set *routes, struct slice name)
{
    for (size_t row = 0; row < ROUTE_COUNT; row++)
        if (route_set_has(routes, row) && takes_parameter(route_row(row)->operation, name))
            return true;
    return false;
}

static bool
check(const struct conditions *conditions, const struct route_set *routes, struct slice word, bool absent, char *error)
{
    for (size_t i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->list[i];
        if ((condition->kind == CONDITION_ABSENT) != absent || is_taken(routes, condition->name))
            continue;
        complain(condition, routes, word, error);
        return false;
    }
    return true;
}

bool
takes_check(const struct conditions *conditions, const struct route_set *routes, struct slice word, char *error)
{
    return check(conditions, routes, word, false, error);
}

bool
takes_check_absent(const struct conditions *conditions, const struct route_set *routes, struct slice word, char *error)
{
    return check(conditions, routes, word, true, error);
}
