#include "documents.h"
#include "policy/policy.h"

static void
write_call(void *owner, const struct policy_preset_call *call)
{
    FILE *output = owner;
    char text[256];
    snprintf(text, sizeof(text), "`%s %s`", call->method, call->template);
    fputs("| ", output);
    markdown_cell(output, text);
    fprintf(output, " | `%s` | ", call->operation);
    if (*call->conditions != '\0')
        fprintf(output, "`%s`", call->conditions);
    fputs(" | ", output);
    if (*call->feature != '\0')
        fprintf(output, "%s`%c%s`", call->granted ? "unless " : "", call->granted ? '-' : '+', call->feature);
    fputs(" |\n", output);
}

static void
write_preset(void *owner, const char *name, const char *client)
{
    FILE *output = owner;
    char problem[256];
    fprintf(output,
            "\n## %s\n\n%s.\n\n| call | operation | with the condition | feature |\n"
            "|---|---|---|---|\n",
            name, client);
    policy_preset_calls(name, write_call, output, problem, sizeof(problem));
}

void
write_presets(FILE *output)
{
    fputs(
        "<!-- Made by sockwarden-documents from the tables of the program; do not edit. -->\n"
        "# Presets\n"
        "\n"
        "The calls of well-known clients, for `preset = NAME` in a policy. Calls without a feature are those that the\n"
        "client can't do without. `+feature` behind the name adds the calls of a feature, `-feature` takes away one "
        "that\n"
        "is in force by itself: `preset = watchtower +cleanup`, `preset = traefik -watch`. A call that several "
        "features\n"
        "take is granted by any of them. Nothing else is granted, and a HEAD only where it stands here.\n",
        output);
    policy_presets(write_preset, output);
}
