#ifndef SOCKWARDEN_POLICY_SELECTOR_H
#define SOCKWARDEN_POLICY_SELECTOR_H

/*
 * The words by which a rule names calls: an operation (ContainerList), an access class (@read), a section
 * (section:containers), a method in it (GET section:containers), or a method and a template (GET
 * /containers/{id}/json). Used inside the policy library only. Each stands for a set of routes; what no engine routes
 * can't be named. A GET includes the HEAD of the same path. OPTIONS has one route for all paths: OPTIONS
 * section:containers and OPTIONS /containers/{id}/start go by the path.
 */

#include "rules.h"

enum { SELECTOR_ERROR_SIZE = 256 };

struct selector {
    struct route_set routes;
    unsigned methods; /* METHODS_ALL, or HEAD alone where HEAD of a GET is meant, or OPTIONS alone */
    /* RULE_ROUTES, or for OPTIONS the reach that goes by the path. */
    enum rule_reach reach;
    uint64_t sections;
    struct slice word; /* points into the text */
};

/*
 * Reads one word, without blanks around it. On a mistake returns false and writes what is wrong, and the nearest right
 * word, to `error`, of SELECTOR_ERROR_SIZE bytes.
 */
bool selector_parse(struct slice text, struct selector *selector, char *error);

/* True when two templates are the same but for the names in their braces. */
bool selector_template_equals(struct slice text, const char *template);

#endif
