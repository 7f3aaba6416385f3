#include "routes.h"

#include <stdlib.h>

/* The columns of a row as the table writes them. */
enum {
#define CLASS(id, word, does) id = CLASS_BIT(CLASS_##id),
#include "classes.def"
#undef CLASS
};

static const struct route ROUTES[ROUTE_COUNT] = {
#define SECTION(id, segment)
#define ROUTE_UNDER(prefixes, route_method, path, name, carriage, condition, content, can, versions)                   \
    {.template = (path),                                                                                               \
     .operation = #name,                                                                                               \
     .since = (versions),                                                                                              \
     .method = METHOD_##route_method,                                                                                  \
     .transport = TRANSPORT_##carriage,                                                                                \
     .when = WHEN_##condition,                                                                                         \
     .body = BODY_##content,                                                                                           \
     .classes = (can),                                                                                                 \
     .prefix_first = (prefixes)[0],                                                                                    \
     .prefix_last = (prefixes)[1]},
#define ROUTE(route_method, path, name, carriage, condition, content, can, versions)                                   \
    ROUTE_UNDER("\0", route_method, path, name, carriage, condition, content, can, versions)
#include "routes.def"
#undef SECTION
#undef ROUTE
#undef ROUTE_UNDER
};

static const struct slice SEGMENTS[] = {
#define SECTION(id, segment) {(segment), sizeof(segment) - 1},
#define ROUTE(method, template, operation, transport, when, body, classes, since)
#define ROUTE_UNDER(prefixes, method, template, operation, transport, when, body, classes, since)
#include "routes.def"
#undef SECTION
#undef ROUTE
#undef ROUTE_UNDER
};

static const struct slice CLASSES[CLASS_COUNT] = {
#define CLASS(id, text, sentence) [CLASS_##id] = {(text), sizeof(text) - 1},
#include "classes.def"
#undef CLASS
};

enum { TEMPLATE_SEGMENTS = 5 };
_Static_assert(SECTION_COUNT < 64, "a set of sections has 64 bits");

/*
 * A template taken apart. A literal keeps its text; a name has data NULL. `many` is the index of the {name...}, equal
 * to count where no name spans slashes. Where two names do, `joint` is what stands between them, slashes included.
 */
struct shape {
    struct slice segments[TEMPLATE_SEGMENTS];
    struct slice joint;
    size_t count;
    size_t depth; /* the segments that the section has compared */
    size_t many;
    bool trailing_slash;
};

struct route_table {
    struct shape shapes[ROUTE_COUNT];
    /* The rows of a section and method in order: rows[first[section][method]] up to the next one's first. */
    uint16_t first[SECTION_COUNT * METHOD_COUNT + 1];
    uint16_t rows[ROUTE_COUNT];
};

static const struct slice LIBPOD = {"libpod", 6};

static const struct slice METHOD_TEXTS[METHOD_OTHER] = {
    [METHOD_GET] = {"GET", 3},         [METHOD_HEAD] = {"HEAD", 4},     [METHOD_POST] = {"POST", 4},
    [METHOD_PUT] = {"PUT", 3},         [METHOD_DELETE] = {"DELETE", 6}, [METHOD_PATCH] = {"PATCH", 5},
    [METHOD_OPTIONS] = {"OPTIONS", 7},
};

enum method
method_from_slice(struct slice text)
{
    for (size_t i = 0; i < METHOD_OTHER; i++)
        if (slice_equals(text, METHOD_TEXTS[i]))
            return (enum method)i;
    return METHOD_OTHER;
}

const char *
method_text(enum method method)
{
    return method < METHOD_OTHER ? METHOD_TEXTS[method].data : "other";
}

enum section
section_from_slice(struct slice segment)
{
    for (size_t i = 0; i < SECTION_NONE; i++)
        if (slice_equals(segment, SEGMENTS[i]))
            return (enum section)i;
    return SECTION_NONE;
}

struct slice
section_segment(enum section section)
{
    return section < SECTION_NONE ? SEGMENTS[section] : SLICE_LITERAL("");
}

size_t
section_depth(enum section section)
{
    return section == SECTION_NONE ? 0 : section < SECTION_LIBPOD_PING ? 1 : 2;
}

enum section
section_of(const struct target *target)
{
    if (target->count == 0)
        return SECTION_NONE;
    if (target->count > 1 && slice_equals(target->head[0], LIBPOD)) {
        const char *end = target->head[1].data + target->head[1].length;
        return section_from_slice((struct slice){target->head[0].data, (size_t)(end - target->head[0].data)});
    }
    return section_from_slice(target->head[0]);
}

static enum section
section_of_text(const char *template)
{
    size_t length = strcspn(template + 1, "/");
    if (length == LIBPOD.length && memcmp(template + 1, LIBPOD.data, length) == 0)
        length += 1 + strcspn(template + 2 + length, "/");
    return section_from_slice((struct slice){template + 1, length});
}

static void
take_segment(struct shape *shape, struct slice segment, const char *template)
{
    bool spans = segment.length > 4 && memcmp(segment.data + segment.length - 4, "...}", 4) == 0;
    if (spans && shape->many != SIZE_MAX) {
        const char *begin = strstr(template, "...}") + 4;
        shape->joint = (struct slice){begin, (size_t)(segment.data - begin)};
    } else if (spans) {
        shape->many = shape->count;
    }
    if (segment.data[0] == '{')
        segment.data = NULL;
    shape->segments[shape->count++] = segment;
}

static enum section
compile_template(const char *template, struct shape *shape)
{
    memset(shape, 0, sizeof(*shape));
    shape->many = SIZE_MAX;
    for (const char *at = template + 1; *at != '\0';) {
        size_t length = strcspn(at, "/");
        take_segment(shape, (struct slice){at, length}, template);
        at += length;
        shape->trailing_slash = at[0] == '/' && at[1] == '\0';
        at += at[0] == '/' ? 1 : 0;
    }
    if (shape->many == SIZE_MAX)
        shape->many = shape->count;
    enum section section = section_of_text(template);
    shape->depth = section_depth(section);
    return section;
}

struct route_table *
route_table_new(void)
{
    struct route_table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return NULL;
    uint16_t places[ROUTE_COUNT];
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        enum section section = compile_template(ROUTES[i].template, &table->shapes[i]);
        places[i] = (uint16_t)(section * METHOD_COUNT + ROUTES[i].method);
        table->first[places[i] + 1]++;
    }
    for (size_t i = 0; i < SECTION_COUNT * METHOD_COUNT; i++)
        table->first[i + 1] = (uint16_t)(table->first[i + 1] + table->first[i]);
    uint16_t used[SECTION_COUNT * METHOD_COUNT] = {0};
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        table->rows[table->first[places[i]] + used[places[i]]++] = (uint16_t)i;
    return table;
}

void
route_table_free(struct route_table *table)
{
    free(table);
}

static bool
literal_fits(struct slice literal, struct slice segment)
{
    return literal.data == NULL || slice_equals(literal, segment);
}

/* True when `joint` stands in the path with a name on either side. `begin` is the first name. */
static bool
joint_fits(struct slice joint, struct slice begin, const struct target *target)
{
    const char *end = target->decoded.data + target->decoded.length;
    const char *at = begin.data + begin.length;
    return memmem(at, (size_t)(end - at), joint.data, joint.length) != NULL;
}

/* Compares what the dispatch on the section has not compared. */
static bool
shape_fits(const struct shape *shape, const struct target *target)
{
    if (shape->trailing_slash != target->trailing_slash)
        return false;
    if (shape->many == shape->count) {
        if (target->count != shape->count)
            return false;
        for (size_t i = shape->depth; i < shape->count; i++)
            if (!literal_fits(shape->segments[i], target->head[i]))
                return false;
        return true;
    }
    if (target->count < shape->count)
        return false;
    for (size_t i = shape->depth; i < shape->many; i++)
        if (!literal_fits(shape->segments[i], target->head[i]))
            return false;
    if (shape->joint.length > 0)
        return joint_fits(shape->joint, target->head[shape->many], target);
    for (size_t i = shape->count - 1, last = 0; i > shape->many; i--, last++)
        if (!literal_fits(shape->segments[i], target->tail[last]))
            return false;
    return true;
}

/* A row that counts under some version prefixes only fits no other, and no path without one. */
static bool
prefix_fits(const struct route *route, const struct target *target)
{
    if (route->prefix_first == '\0')
        return true;
    char digit = target->version.length > 2 ? target->version.data[2] : '\0';
    return digit >= route->prefix_first && digit <= route->prefix_last;
}

static const struct route *
find_in(const struct route_table *table, enum method method, enum section section, const struct target *target)
{
    size_t place = (size_t)section * METHOD_COUNT + method;
    for (size_t i = table->first[place]; i < table->first[place + 1]; i++) {
        size_t row = table->rows[i];
        if (shape_fits(&table->shapes[row], target) && prefix_fits(&ROUTES[row], target))
            return &ROUTES[row];
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
    for (int method = 0; target->trailing_slash && method < METHOD_COUNT; method++)
        if (find_in(table, (enum method)method, section, target) != NULL)
            return true;
    return false;
}

enum verdict_transport
route_transport(const struct route *route, enum method method, const struct target *target)
{
    if (route == NULL || route->method != method || method == METHOD_HEAD)
        return TRANSPORT_PLAIN;
    switch (route->when) {
    case WHEN_FOLLOWED:
        return target_flag(target, SLICE_LITERAL("follow"), false) ? route->transport : TRANSPORT_PLAIN;
    case WHEN_STREAMED:
        return target_flag(target, SLICE_LITERAL("stream"), true) ? route->transport : TRANSPORT_PLAIN;
    case WHEN_ASKED:
        return target_flag(target, SLICE_LITERAL("stream"), false) ? route->transport : TRANSPORT_PLAIN;
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

size_t
route_index(const struct route *route)
{
    return (size_t)(route - ROUTES);
}

enum section
route_section(const struct route *route)
{
    return section_of_text(route->template);
}

struct slice class_word(enum class class)
{
    return CLASSES[class];
}
