#ifndef SOCKWARDEN_PROXY_CLI_ROUTES_H
#define SOCKWARDEN_PROXY_CLI_ROUTES_H

/*
 * The verb `routes`: every route that an engine has, with the verdict of a policy. commands.c calls it; it needs no
 * engine.
 */

#include "policy/policy.h"
#include "table.h"

#include <stdio.h>

/*
 * A row a route: verdict, method, path, operation, classes, rule, cure. The verdict is allow, deny, "if" where it
 * depends on the query (the rule then says on what), or "dry" where it would be refused and passes, as dry_run says.
 * Returns the exit code.
 */
int cli_routes(const struct policy *policy, enum table_format format, FILE *output);

#endif
