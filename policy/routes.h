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

/* The first segment of a path, where any route begins with it. */
enum section {
#define SECTION(id, segment) SECTION_##id,
#define ROUTE(method, template, operation, transport, when, body, access, since)
#include "routes.def"
#undef SECTION
#undef ROUTE
    SECTION_NONE, /* no route begins so */
    SECTION_COUNT
};

enum route_when { WHEN_ALWAYS, WHEN_FOLLOWED, WHEN_STREAMED };

enum route_body { BODY_NONE, BODY_JSON, BODY_TAR, BODY_RAW };

enum route_access { ACCESS_READ, ACCESS_SECRET, ACCESS_WRITE, ACCESS_EXEC };

/* A row of the table. */
struct route {
    const char *template;
    const char *operation;
    const char *since;
    enum method method;
    enum verdict_transport transport; /* where `when` holds */
    enum route_when when;
    enum route_body body;
    enum route_access access;
};

struct route_table;

/* Compiles the table; NULL when memory is short. */
struct route_table *route_table_new(void);

void route_table_free(struct route_table *table);

/* METHOD_OTHER for everything that is not one of the seven, letter for letter. */
enum method method_from_slice(struct slice text);

enum section section_from_slice(struct slice segment);

/* The text of a section's segment: "containers". SECTION_NONE has none: "". */
struct slice section_segment(enum section section);

/* The section of a target: of its first segment. */
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

#endif
