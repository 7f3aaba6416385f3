#include "cli_convert.h"
#include "config.h"
#include "policy/policy.h"

static void
print_line(void *owner, const char *text)
{
    fprintf(owner, "%s\n", text);
}

int
cli_convert(const struct config *config, char *const environment[], int as_rules, FILE *output)
{
    fprintf(output, "[upstream]\naddress = %s\n\n", config->engine.name);
    for (size_t i = 0; i < config->listener_count; i++)
        fprintf(output, "[listener listener%zu]\naddress = %s\npolicy = environment\n\n", i + 1,
                config->listeners[i].address.name);
    fputs("[policy environment]\n", output);
    bool whole = policy_convert(environment, as_rules ? POLICY_AS_RULES : POLICY_AS_SWITCHES, print_line, output);
    return whole && !ferror(output) ? 0 : 1;
}
