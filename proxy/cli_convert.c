#include "cli_convert.h"
#include "commands.h"
#include "complaint.h"
#include "config_print.h"
#include "policy/policy.h"
#include "remarks.h"

static void
print_line(void *owner, const char *text)
{
    fprintf(owner, "%s\n", text);
}

static void
print_remark(void *owner, enum remark_kind kind, const char *text)
{
    (void)kind;
    fprintf(owner, "sockwarden: warning: %s\n", text);
}

int
cli_convert(const struct config *config, char *const environment[], bool as_rules, FILE *output, FILE *errors)
{
    char problem[CONFIG_PROBLEM_SIZE];
    remarks_list(config, environment, print_remark, errors);
    if (!config_print_program(config, false, output, problem)) {
        complaint_write(errors, NULL, "%s", problem);
        return EXIT_NO;
    }
    fprintf(output, "\n[policy %s]\n", config->policies[0].name);
    bool whole = policy_convert(environment, as_rules ? POLICY_AS_RULES : POLICY_AS_SWITCHES, print_line, output);
    return whole ? EXIT_YES : EXIT_NO;
}
