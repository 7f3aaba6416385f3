#include "cli_routes.h"

static const char *const verdict_words[] = {
    [ROUTE_REFUSED] = "deny",
    [ROUTE_ALLOWED] = "allow",
    [ROUTE_CONDITIONAL] = "if",
};

static void
add_route(void *owner, const struct policy_route *route)
{
    table_row(owner, (const char *const[]){route->dry ? "dry" : verdict_words[route->verdict], route->method,
                                           route->template, route->operation, route->classes,
                                           route->order[0] != '\0' ? route->order : route->rule, route->cure});
}

int
cli_routes(const struct policy *policy, enum table_format format, FILE *output)
{
    static const char *const columns[] = {"verdict", "method", "path", "operation", "classes", "rule", "cure", NULL};
    struct table *table = table_new(format, columns, true, output);
    if (table == NULL)
        return 1;
    policy_routes(policy, add_route, table);
    return table_end(table) ? 0 : 1;
}
