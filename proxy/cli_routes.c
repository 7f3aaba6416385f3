#include "cli_routes.h"

static const char *const verdict_words[] = {
    [ROUTE_REFUSED] = "deny",
    [ROUTE_ALLOWED] = "allow",
    [ROUTE_CONDITIONAL] = "if",
};

static void
print_route(void *owner, const struct policy_route *route)
{
    fprintf(owner, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", verdict_words[route->verdict], route->method, route->template,
            route->operation, route->classes, route->rule, route->cure);
}

int
cli_routes(const struct policy *policy, FILE *output)
{
    fputs("verdict\tmethod\tpath\toperation\tclasses\trule\tcure\n", output);
    policy_routes(policy, print_route, output);
    return ferror(output) ? 1 : 0;
}
