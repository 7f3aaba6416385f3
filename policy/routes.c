#include "routes.h"

#include <stdint.h>
#include <stdlib.h>

static const struct route ROUTES[] = {
#define SECTION(id, segment)
#define ROUTE(route_method, path, name, carriage, condition, content, reach, versions)                                 \
    {.template = (path),                                                                                               \
     .operation = #name,                                                                                               \
     .since = (versions),                                                                                              \
     .method = METHOD_##route_method,                                                                                  \
     .transport = TRANSPORT_##carriage,                                                                                \
     .when = WHEN_##condition,                                                                                         \
     .body = BODY_##content,                                                                                           \
     .access = ACCESS_##reach},
#include "routes.def"
#undef SECTION
#undef ROUTE
};

static const struct slice SEGMENTS[] = {
#define SECTION(id, segment) {(segment), sizeof(segment) - 1},
#define ROUTE(method, template, operation, transport, when, body, access, since)
#include "routes.def"
#undef SECTION
#undef ROUTE
};

enum { ROUTE_COUNT = sizeof(ROUTES) / sizeof(ROUTES[0]), TEMPLATE_SEGMENTS = TARGET_HEAD };

/* A template taken apart. A literal keeps its text; a name has data NULL; `many` is the index of the {name...}. */
struct shape {
    struct slice segments[TEMPLATE_SEGMENTS];
    size_t count;
    size_t many; /* equal to count where no name spans slashes */
    bool trailing_slash;
};

struct route_table {
    struct shape shapes[ROUTE_COUNT];
    /* The rows of a section and method in order: rows[first[section][method]] up to the next one's first. */
    uint16_t first[SECTION_COUNT * METHOD_COUNT + 1];
    uint16_t rows[ROUTE_COUNT];
};

static enum section
compile_template(const char *template, struct shape *shape)
{
    memset(shape, 0, sizeof(*shape));
    shape->many = SIZE_MAX;
    enum section section = SECTION_NONE;
    for (const char *at = template + 1; *at != '\0';) {
        size_t length = strcspn(at, "/");
        struct slice segment = {at, length};
        if (at[0] == '{') {
            if (length > 4 && strncmp(at + length - 4, "...}", 4) == 0) {
                shape->many = shape->count;
            }
            segment.data = NULL;
        } else if (shape->count == 0) {
            section = section_from_slice(segment);
        }
        shape->segments[shape->count++] = segment;
        at += length;
        shape->trailing_slash = at[0] == '/' && at[1] == '\0';
        at += at[0] == '/' ? 1 : 0;
    }
    if (shape->many == SIZE_MAX) {
        shape->many = shape->count;
    }
    return section;
}

struct route_table *
route_table_new(void)
{
    struct route_table *table = calloc(1, sizeof(*table));
    if (table == NULL) {
        return NULL;
    }
    uint16_t places[ROUTE_COUNT];
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        enum section section = compile_template(ROUTES[i].template, &table->shapes[i]);
        places[i] = (uint16_t)(section * METHOD_COUNT + ROUTES[i].method);
        table->first[places[i] + 1]++;
    }
    for (size_t i = 0; i < SECTION_COUNT * METHOD_COUNT; i++) {
        table->first[i + 1] = (uint16_t)(table->first[i + 1] + table->first[i]);
    }
    uint16_t used[SECTION_COUNT * METHOD_COUNT] = {0};
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        table->rows[table->first[places[i]] + used[places[i]]++] = (uint16_t)i;
    }
    return table;
}

void
route_table_free(struct route_table *table)
{
    free(table);
}

enum method
method_from_slice(struct slice text)
{
    static const struct slice METHODS[METHOD_OTHER] = {
        [METHOD_GET] = {"GET", 3},         [METHOD_HEAD] = {"HEAD", 4},     [METHOD_POST] = {"POST", 4},
        [METHOD_PUT] = {"PUT", 3},         [METHOD_DELETE] = {"DELETE", 6}, [METHOD_PATCH] = {"PATCH", 5},
        [METHOD_OPTIONS] = {"OPTIONS", 7},
    };
    for (size_t i = 0; i < METHOD_OTHER; i++) {
        if (slice_equals(text, METHODS[i])) {
            return (enum method)i;
        }
    }
    return METHOD_OTHER;
}

enum section
section_from_slice(struct slice segment)
{
    for (size_t i = 0; i < SECTION_NONE; i++) {
        if (slice_equals(segment, SEGMENTS[i])) {
            return (enum section)i;
        }
    }
    return SECTION_NONE;
}

struct slice
section_segment(enum section section)
{
    return section < SECTION_NONE ? SEGMENTS[section] : SLICE_LITERAL("");
}

enum section
section_of(const struct target *target)
{
    return target->count > 0 ? section_from_slice(target->head[0]) : SECTION_NONE;
}

static bool
literal_fits(struct slice literal, struct slice segment)
{
    return literal.data == NULL || slice_equals(literal, segment);
}

/* Compares all but the first segment, which the dispatch on the section has compared. */
static bool
shape_fits(const struct shape *shape, const struct target *target)
{
    if (shape->trailing_slash != target->trailing_slash) {
        return false;
    }
    if (shape->many == shape->count) {
        if (target->count != shape->count) {
            return false;
        }
        for (size_t i = 1; i < shape->count; i++) {
            if (!literal_fits(shape->segments[i], target->head[i])) {
                return false;
            }
        }
        return true;
    }
    if (target->count < shape->count) {
        return false;
    }
    for (size_t i = shape->count - 1, last = 0; i > shape->many; i--, last++) {
        if (!literal_fits(shape->segments[i], target->tail[last])) {
            return false;
        }
    }
    return true;
}

static const struct route *
find_in(const struct route_table *table, enum method method, enum section section, const struct target *target)
{
    size_t place = (size_t)section * METHOD_COUNT + method;
    for (size_t i = table->first[place]; i < table->first[place + 1]; i++) {
        if (shape_fits(&table->shapes[table->rows[i]], target)) {
            return &ROUTES[table->rows[i]];
        }
    }
    return NULL;
}

const struct route *
route_find(const struct route_table *table, enum method method, enum section section, const struct target *target)
{
    if (method == METHOD_OPTIONS) {
        size_t place = (size_t)SECTION_NONE * METHOD_COUNT + METHOD_OPTIONS;
        return &ROUTES[table->rows[table->first[place]]];
    }
    const struct route *route = find_in(table, method, section, target);
    return route == NULL && method == METHOD_HEAD ? find_in(table, METHOD_GET, section, target) : route;
}

bool
route_ends_in_slash(const struct route_table *table, enum section section, const struct target *target)
{
    for (int method = 0; target->trailing_slash && method < METHOD_COUNT; method++) {
        if (find_in(table, (enum method)method, section, target) != NULL) {
            return true;
        }
    }
    return false;
}

enum verdict_transport
route_transport(const struct route *route, enum method method, const struct target *target)
{
    if (route == NULL || route->method != method || method == METHOD_HEAD) {
        return TRANSPORT_PLAIN;
    }
    switch (route->when) {
    case WHEN_FOLLOWED:
        return target_flag(target, SLICE_LITERAL("follow"), false) ? route->transport : TRANSPORT_PLAIN;
    case WHEN_STREAMED:
        return target_flag(target, SLICE_LITERAL("stream"), true) ? route->transport : TRANSPORT_PLAIN;
    case WHEN_ALWAYS:
        break;
    }
    return route->transport;
}

const struct route *
route_row(size_t index)
{
    return index < ROUTE_COUNT ? &ROUTES[index] : NULL;
}
