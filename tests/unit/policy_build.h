#ifndef SOCKWARDEN_TESTS_POLICY_BUILD_H
#define SOCKWARDEN_TESTS_POLICY_BUILD_H

/* Builds a policy from lines as a file has them: "allow = …", "deny = …", "dialect = …", "CONTAINERS = 1" … */

#include "policy_ask.h"
#include "routes.h"

enum { LINES = 400, LINE_SIZE = 400 };

/* Sentences that a listing hands out. */
struct lines {
    char text[LINES][LINE_SIZE];
    size_t count;
};

static inline struct lines *
lines_new(void)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    assert_non_null(lines);
    return lines;
}

static inline void
lines_keep(void *owner, const char *text)
{
    struct lines *lines = owner;
    assert_true(lines->count < LINES && strlen(text) < LINE_SIZE);
    snprintf(lines->text[lines->count++], LINE_SIZE, "%s", text);
}

/* A path that a row of the table routes: "x" for each name, and a version prefix under which the row counts. */
static inline void
route_sample(const struct route *route, char *path, size_t size)
{
    size_t length = (size_t)snprintf(path, size, "%s", route->prefix_first == '0' ? "/v3.4.4" : "/v4.0.0");
    for (const char *at = route->template; *at != '\0' && length + 2 < size; at++) {
        path[length++] = *at == '{' ? 'x' : *at;
        at = *at == '{' ? strchr(at, '}') : at;
    }
    path[length] = '\0';
}

static inline struct asked
ask_route(const struct policy *policy, const struct route *route)
{
    char path[256];
    route_sample(route, path, sizeof(path));
    return ask(policy, method_text(route->method), path);
}

/* Takes one "key = value" line. */
static inline bool
build_line(struct policy_builder *builder, const char *line)
{
    char key[64];
    const char *equals = strchr(line, '=');
    assert_non_null(equals);
    snprintf(key, sizeof(key), "%.*s", (int)strcspn(line, " ="), line);
    const char *value = equals + 1 + strspn(equals + 1, " ");
    if (strcmp(key, "allow") == 0)
        return policy_builder_allow(builder, value);
    if (strcmp(key, "deny") == 0)
        return policy_builder_deny(builder, value);
    if (strcmp(key, "dialect") == 0)
        return policy_builder_dialect(builder, value);
    if (strcmp(key, "preset") == 0)
        return policy_builder_preset(builder, value);
    if (strcmp(key, "dry_run") == 0) {
        policy_builder_dry_run(builder, strcmp(value, "yes") == 0);
        return true;
    }
    return policy_builder_switch(builder, key, value);
}

/* Takes lines with " ; " between them; fails the test at the first that is not understood. */
static inline struct policy *
build(const char *name, const char *lines)
{
    char text[2048];
    struct policy_builder *builder = policy_builder_new(name);
    assert_non_null(builder);
    snprintf(text, sizeof(text), "%s", lines);
    unsigned number = 0;
    for (char *line = text; line != NULL && *line != '\0';) {
        char *border = strstr(line, " ; ");
        if (border != NULL)
            *border = '\0';
        policy_builder_at(builder, ++number);
        if (!build_line(builder, line))
            fail_msg("%s: %s", line, policy_builder_error(builder));
        line = border != NULL ? border + 3 : NULL;
    }
    struct policy *policy = policy_builder_finish(builder);
    assert_non_null(policy);
    return policy;
}

#endif
