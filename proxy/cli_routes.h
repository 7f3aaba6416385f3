#ifndef SOCKWARDEN_PROXY_CLI_ROUTES_H
#define SOCKWARDEN_PROXY_CLI_ROUTES_H

/*
 * The verb `routes`: every route that an engine has, with the verdict of a policy. main calls it; it needs no engine.
 */

#include "policy/policy.h"

#include <stdio.h>

/*
 * A line a route, parted by tabs: verdict (allow, deny, or "if" where it depends on the query), method, template,
 * operation, classes, rule, cure. The first line names the columns. Returns the exit code.
 */
int cli_routes(const struct policy *policy, FILE *output);

#endif
