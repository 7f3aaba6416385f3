#include "cli_presets.h"
#include "policy/policy.h"

#include <string.h>

enum { CLI_USAGE = 2, WORDS_SIZE = 512 };

static void
print_preset(void *owner, const char *name, const char *client)
{
    fprintf(owner, "%s\t%s\n", name, client);
}

static void
print_call(void *owner, const struct policy_preset_call *call)
{
    fprintf(owner, "%s\t%s\t%s\t%s\t%s\t%s\n", call->granted ? "allow" : "off", call->method, call->template,
            call->operation, call->feature, call->conditions);
}

int
cli_presets(int count, char *words[], FILE *output, FILE *errors)
{
    char line[WORDS_SIZE] = "";
    char problem[WORDS_SIZE];
    if (count == 0) {
        policy_presets(print_preset, output);
        return 0;
    }
    size_t used = 0;
    for (int i = 0; i < count; i++) {
        if (used + strlen(words[i]) + 2 > sizeof(line)) {
            fputs("sockwarden: presets: that is too long to be a preset\n", errors);
            return CLI_USAGE;
        }
        used += (size_t)snprintf(line + used, sizeof(line) - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    if (policy_preset_calls(line, print_call, output, problem, sizeof(problem)))
        return 0;
    fprintf(errors, "sockwarden: presets: %s\n", problem);
    return CLI_USAGE;
}
