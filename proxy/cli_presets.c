#include "cli_presets.h"
#include "complaint.h"
#include "policy/policy.h"

#include <string.h>

enum { CLI_FAILED = 1, CLI_USAGE = 2 };

static const char KEY[] = "preset = ";

static void
print_preset(void *owner, const char *name, const char *client)
{
    table_row(owner, (const char *const[]){name, client});
}

static void
print_call(void *owner, const struct policy_preset_call *call)
{
    table_row(owner, (const char *const[]){call->granted ? "allow" : "off", call->method, call->template,
                                           call->operation, call->feature, call->conditions});
}

static void
ignore_call(void *owner, const struct policy_preset_call *call)
{
    (void)owner;
    (void)call;
}

static int
list_presets(enum table_format format, FILE *output)
{
    static const char *const columns[] = {"preset", "client", NULL};
    struct table *table = table_new(format, columns, true, output);
    if (table == NULL)
        return CLI_FAILED;
    policy_presets(print_preset, table);
    return table_end(table) ? 0 : CLI_FAILED;
}

static int
list_calls(const char *line, enum table_format format, FILE *output, FILE *errors)
{
    static const char *const columns[] = {"verdict", "method", "path", "operation", "feature", "conditions", NULL};
    char problem[CLI_PRESETS_LINE_SIZE];
    if (!policy_preset_calls(line, ignore_call, NULL, problem, sizeof(problem))) {
        /* Here no "preset = " was written. */
        bool named = strncmp(problem, KEY, sizeof(KEY) - 1) == 0;
        complaint_write(errors, "presets", "%s", problem + (named ? sizeof(KEY) - 1 : 0));
        return CLI_USAGE;
    }
    struct table *table = table_new(format, columns, true, output);
    if (table == NULL)
        return CLI_FAILED;
    policy_preset_calls(line, print_call, table, problem, sizeof(problem));
    return table_end(table) ? 0 : CLI_FAILED;
}

bool
cli_presets_join(int count, char *words[], char *line)
{
    size_t used = 0;
    line[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (used + strlen(words[i]) + 2 > CLI_PRESETS_LINE_SIZE)
            return false;
        used += (size_t)snprintf(line + used, CLI_PRESETS_LINE_SIZE - used, "%s%s", i > 0 ? " " : "", words[i]);
    }
    return true;
}

int
cli_presets(int count, char *words[], enum table_format format, FILE *output, FILE *errors)
{
    char line[CLI_PRESETS_LINE_SIZE];
    if (count == 0)
        return list_presets(format, output);
    if (cli_presets_join(count, words, line))
        return list_calls(line, format, output, errors);
    complaint_write(errors, "presets", "%.64s …: that is too long to be a preset", words[0]);
    return CLI_USAGE;
}
