#ifndef SOCKWARDEN_POLICY_ROUTES_H
#define SOCKWARDEN_POLICY_ROUTES_H

/*
 * The engine's routes, compiled from routes.def: which operation a method and a clean target are, and how the engine
 * will treat the call. Used inside the policy library only. The compiled table is immutable; a lookup allocates
 * nothing. Matching is the engine's own: within a section and a method the first route that fits decides, and a name
 * that the engine lets span slashes spans them here. What no route fits is unknown, and said to be so.
 */

#include "policy.h"
#include "target.h"

#include <stdint.h>

enum method {
    METHOD_GET,
    METHOD_HEAD,
    METHOD_POST,
    METHOD_PUT,
    METHOD_DELETE,
    METHOD_PATCH,
    METHOD_OPTIONS,
    METHOD_OTHER, /* any other token, "get" included: methods are compared exactly */
    METHOD_COUNT
};

/* The first segment of a path, where any route begins with it; the first two, where the first is libpod. */
enum section {
#define SECTION(id, segment) SECTION_##id,
#define ROUTE(method, template, operation, transport, when, body, classes, since)
#define ROUTE_UNDER(prefixes, method, template, operation, transport, when, body, classes, since)
#include "routes.def"
#undef SECTION
#undef ROUTE
#undef ROUTE_UNDER
    SECTION_NONE, /* no route begins so */
    SECTION_COUNT
};

/* A set of sections: one bit for each, SECTION_NONE included. */
#define IN(name)      (UINT64_C(1) << SECTION_##name)
#define EVERY_SECTION UINT64_MAX

/* A set of methods: one bit for each. */
#define METHOD_BIT(method) (1U << (method))
enum {
    METHODS_ALL = METHOD_BIT(METHOD_COUNT) - 1,
    METHODS_READ = METHOD_BIT(METHOD_GET) | METHOD_BIT(METHOD_HEAD),
    METHODS_WRITE = METHODS_ALL & ~METHODS_READ,
};

/* What a call can do; a set of them is one bit for each. */
enum class {
#define CLASS(id, word, does) CLASS_##id,
#include "classes.def"
#undef CLASS
    CLASS_COUNT
};
#define CLASS_BIT(class) (1U << (class))

/* How many rows the table has: the size of a set of routes. */
enum {
#define SECTION(id, segment)
#define ROUTE(method, template, operation, transport, when, body, classes, since)                 +1
#define ROUTE_UNDER(prefixes, method, template, operation, transport, when, body, classes, since) +1
    ROUTE_COUNT = 0
#include "routes.def"
#undef SECTION
#undef ROUTE
#undef ROUTE_UNDER
};

enum route_when { WHEN_ALWAYS, WHEN_FOLLOWED, WHEN_STREAMED, WHEN_ASKED };

enum route_body { BODY_NONE, BODY_JSON, BODY_TAR, BODY_RAW };

/* A row of the table. */
struct route {
    const char *template;
    const char *operation;
    const char *since;
    /* Packed: the table is a tenth of the program. */
    enum method method : 8;
    enum verdict_transport transport : 8; /* where `when` holds */
    enum route_when when : 8;
    enum route_body body : 8;
    unsigned classes : 16;
    char prefix_first; /* for some version prefixes only: their first digit, from and to; else '\0' */
    char prefix_last;
};

struct route_table;

/* Compiles the table; NULL when memory is short. */
struct route_table *route_table_new(void);

void route_table_free(struct route_table *table);

/* METHOD_OTHER for everything that is not one of the seven, letter for letter. */
enum method method_from_slice(struct slice text);

/* "GET" … of one of the seven; "other" of METHOD_OTHER. */
const char *method_text(enum method method);

enum section section_from_slice(struct slice segment);

/* The text of a section: "containers", "libpod/pods". SECTION_NONE has none: "". */
struct slice section_segment(enum section section);

/* How many segments the section's text is: 1, 2, or 0 for SECTION_NONE. */
size_t section_depth(enum section section);

/* The section of a target: of its first segments. */
enum section section_of(const struct target *target);

/*
 * The route of a call, or NULL where the engine has none. A HEAD that has no route of its own answers as the GET of
 * the same path, because that is what it asks about. `section` is section_of(target).
 */
const struct route *route_find(const struct route_table *table, enum method method, enum section section,
                               const struct target *target);

/* True when the path of the target, with its trailing slash, is one that the engine routes under some method. */
bool route_ends_in_slash(const struct route_table *table, enum section section, const struct target *target);

/* How the engine treats a call of this route that came with this method. */
enum verdict_transport route_transport(const struct route *route, enum method method, const struct target *target);

/* The rows in their order, for whoever lists them; NULL behind the last. */
const struct route *route_row(size_t index);

/* The place of a row in that order. */
size_t route_index(const struct route *route);

/* The section of a row. */
enum section route_section(const struct route *route);

/* The word of a class; ends in a NUL. */
struct slice class_word(enum class class);

#endif
