#include "cli_check.h"
#include "commands.h"
#include "complaint.h"
#include "config_print.h"
#include "policy/policy.h"
#include "remarks.h"

static void
print_remark(void *owner, enum remark_kind kind, const char *text)
{
    fprintf(owner, "sockwarden: %s: %s\n", kind == REMARK_WARNING ? "warning" : "note", text);
}

static int
print_settings(const struct config *config, FILE *output, FILE *errors)
{
    char problem[CONFIG_PROBLEM_SIZE];
    if (config_print_program(config, true, output, problem)) {
        config_print_policies(config, output);
        return EXIT_YES;
    }
    complaint_write(errors, NULL, "%s", problem);
    return EXIT_NO;
}

int
cli_check(const struct config *config, char *const environment[], bool print, FILE *output, FILE *errors)
{
    const char *note = config->path == NULL ? policy_dialect_note(config->policies[0].policy) : NULL;
    if (note != NULL)
        print_remark(errors, REMARK_NOTE, note);
    remarks_list(config, environment, print_remark, errors);
    if (print)
        return print_settings(config, output, errors);
    for (size_t i = 0; i < config->listener_count; i++) {
        const struct listener_config *listener = &config->listeners[i];
        bool named = listener->own_name != NULL; /* others are called by their address */
        fprintf(output, "listener %s%s%s\n", named ? listener->own_name : "", named ? ": " : "",
                listener->address.name);
    }
    fputs("ok\n", output);
    return EXIT_YES;
}
