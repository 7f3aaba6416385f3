#include "documents.h"

#include "policy/policy.h"
#include "proxy/config.h"
#include "proxy/ini_file.h"
#include "proxy/keys.h"

#include <string.h>

enum { FEATURES_MAX = 64, HEADING_SIZE = 256 };

static void
write_opening(FILE *output)
{
    fputs(
        "<!-- Made by sockwarden-documents from the tables of the program; do not edit. -->\n"
        "# Configuration\n"
        "\n"
        "There are two ways to say what sockwarden does.\n"
        "\n"
        "- **The environment alone.** One policy in the variables of the proxy that it replaces, and one or more "
        "listeners that\n"
        "  all have it. This is what a container is given.\n"
        "- **A file**, named with `-c FILE`: any number of listeners, each with a policy of its own.\n"
        "\n"
        "Beside a file the environment still sets the program's own options and the engine's address, and stands "
        "above the\n"
        "file for them, which the log says at the start. Where to listen and what is granted is the file's alone: "
        "`LISTEN`,\n"
        "`DISABLE_IPV6`, `DIALECT` and the switches of the environment do nothing then, and are named in a warning.\n"
        "\n"
        "`sockwarden check` reads the settings and says what is wrong with them; `sockwarden check --print` writes "
        "all that are\n"
        "in force as a file that means the same, each with where it came from (a line, a variable, the default). "
        "`sockwarden\n"
        "convert` writes the file that is equal to an environment. A bad setting ends the start with exit code 2 and "
        "one line;\n"
        "SIGHUP reads everything again, and a bad setting then changes nothing.\n"
        "\n"
        "    $ sockwarden -c /etc/sockwarden/sockwarden.ini check\n"
        "    sockwarden: /etc/sockwarden/sockwarden.ini:3: log_level = warn: not taken; takes debug, info, notice, …; "
        "did you mean warning?\n",
        output);
}

static void
write_form(FILE *output)
{
    fprintf(
        output,
        "\n"
        "## The form of a file\n"
        "\n"
        "    [sockwarden]\n"
        "    log_level = notice\n"
        "\n"
        "    [upstream]\n"
        "    address = unix:/var/run/docker.sock\n"
        "\n"
        "    [listener traefik]\n"
        "    address = tcp://127.0.0.1:2375\n"
        "    policy = traefik\n"
        "    allow_from = 127.0.0.0/8, traefik     ; a comment\n"
        "\n"
        "    [listener ops]\n"
        "    address = unix:/run/sockwarden/ops.sock\n"
        "    mode = 0660\n"
        "    group = docker\n"
        "    policy = ops\n"
        "\n"
        "    [policy traefik]\n"
        "    preset = traefik\n"
        "\n"
        "    [policy ops]\n"
        "    deny = GET /containers/{id}/archive\n"
        "    allow = @read, @control\n"
        "\n"
        "- A line is `[section]`, `[section NAME]`, `key = value`, or a comment that begins with `;` or `#`. Behind "
        "a value a\n"
        "  comment begins with a blank and `;`. Keys, sections and names are as they stand here, letter for "
        "letter.\n"
        "- A line that begins with a blank goes on with the value above it, for keys that take several: "
        "`allow_from`, `allow`,\n"
        "  `deny`, `preset`. A comma may stand at the end of a line that goes on.\n"
        "- A line has %d bytes at most, comment aside. The file is UTF-8; line ends are LF or CRLF.\n"
        "- [sockwarden] and [upstream] may be left out; at least one listener and its policy must be there. Each "
        "section and\n"
        "  each key stands once, but for the keys above that take several values. What is not understood is a "
        "fault, never\n"
        "  passed over.\n",
        INI_LINE_BYTES);
}

static void
write_options(FILE *output)
{
    struct config_option option;
    fputs("\n"
          "## [sockwarden]: the program\n"
          "\n"
          "The variable of the environment has the same values. Times are `500ms`, `10s`, `5m`, `1h`, or a bare number "
          "of seconds;\n"
          "sizes are bytes, or `64k`, `4m`.\n"
          "\n"
          "| key | variable | default | takes | what it does |\n"
          "|---|---|---|---|---|\n",
          output);
    for (size_t i = 0; config_option_at(i, &option); i++) {
        if (option.key[0] == '\0')
            continue;
        fprintf(output, "| `%s` | `%s` | `%s` | ", option.key, option.variable, option.initial);
        markdown_cell(output, option.takes);
        fputs(" | ", output);
        markdown_cell(output, option.help);
        fputs(" |\n", output);
    }
}

static void
write_section(FILE *output, const char *section, const char *opening)
{
    const struct key *key;
    fprintf(output,
            "\n%s\n"
            "\n"
            "| key | default | takes | what it does |\n"
            "|---|---|---|---|\n",
            opening);
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (strcmp(key->section, section) != 0)
            continue;
        fprintf(output, key->initial[0] != '\0' ? "| `%s` | `%s` | " : "| `%s` | %s | ", key->key, key->initial);
        markdown_cell(output, key->takes);
        fputs(key->many ? "; may stand several times | " : " | ", output);
        markdown_cell(output, key_help(i));
        fputs(" |\n", output);
    }
}

static void
write_variables(FILE *output)
{
    struct config_option option;
    fputs("\n"
          "## The environment alone\n"
          "\n"
          "Without `-c` these say what a file says in its other sections. Unset, they have their defaults.\n"
          "\n"
          "| variable | default | takes | what it does |\n"
          "|---|---|---|---|\n",
          output);
    for (size_t i = 0; config_option_at(i, &option); i++) {
        if (option.key[0] != '\0')
            continue;
        fprintf(output, "| `%s` | `%s` | ", option.variable, option.initial);
        markdown_cell(output, option.takes);
        fputs(" | ", output);
        markdown_cell(output, option.help);
        fputs(" |\n", output);
    }
}

static void
write_switch(void *owner, const struct policy_switch *entry)
{
    FILE *output = owner;
    fprintf(output, "| `%s` | %d | ", entry->name, entry->by_default);
    markdown_cell(output, entry->text);
    fputs(" |\n", output);
}

static void
write_dialect(void *owner, const char *word, const char *product)
{
    FILE *output = owner;
    fprintf(output,
            "\n### %s\n"
            "\n"
            "The switches of %s.\n"
            "\n"
            "| switch | default | what it opens |\n"
            "|---|---|---|\n",
            word, product);
    policy_dialect_switches(word, write_switch, output);
}

static void
write_dialects(FILE *output)
{
    fputs(
        "\n"
        "## The switches of a policy\n"
        "\n"
        "In the environment a switch is on when its value begins with a number other than 0 (`1`, `2`, `01`, "
        "`1abc`); `true`,\n"
        "`yes`, `on` and the empty value are off, as in the proxies that these words come from. In a file it takes "
        "`1`, `yes`,\n"
        "`true`, `on` and `0`, `no`, `false`, `off`, and nothing else.\n"
        "\n"
        "A switch that opens a section is for all methods that pass the gates, such as `POST`. `DIALECT` of the "
        "environment,\n"
        "or `dialect` of a policy, says whose switches these are. Without `DIALECT`, a variable that only one dialect "
        "has tells\n"
        "it, as long as no other variable contradicts. All dialects decide on every real route as their original "
        "does, and\n"
        "are stricter on paths that no engine has.\n",
        output);
    policy_dialects(write_dialect, output);
}

static void
write_class(void *owner, const char *word, const char *text)
{
    FILE *output = owner;
    fprintf(output, "| `@%s` | ", word);
    markdown_cell(output, text);
    fputs(" |\n", output);
}

/* The features of a preset, as its calls are told. */
struct features {
    FILE *output;
    char last[64];
    size_t count;
};

static void
write_feature(void *owner, const struct policy_preset_call *call)
{
    struct features *features = owner;
    if (call->feature[0] == '\0' || strcmp(call->feature, features->last) == 0)
        return;
    snprintf(features->last, sizeof(features->last), "%s", call->feature);
    fprintf(features->output, "%s`%c%s`", features->count++ > 0 ? " " : "", call->granted ? '-' : '+', call->feature);
}

static void
write_preset(void *owner, const char *name, const char *client)
{
    struct features features = {.output = owner};
    char problem[256];
    fprintf(owner, "| `%s` | ", name);
    markdown_cell(owner, client);
    fputs(" | ", owner);
    policy_preset_calls(name, write_feature, &features, problem, sizeof(problem));
    fputs(" |\n", owner);
}

static void
write_words(FILE *output)
{
    fputs("\n"
          "## Access classes\n"
          "\n"
          "For `allow` and `deny`; [rules.md](rules.md) has all forms of rules. Every route is in one or more "
          "classes.\n"
          "\n"
          "| class | its calls |\n"
          "|---|---|\n",
          output);
    policy_classes(write_class, output);
    fputs("\n"
          "## Presets\n"
          "\n"
          "Features with `+` are added by writing them behind the name, those with `-` are in force and taken away so. "
          "`sockwarden\n"
          "presets NAME` lists the calls of one, [presets.md](presets.md) those of all.\n"
          "\n"
          "| preset | client | features |\n"
          "|---|---|---|\n",
          output);
    policy_presets(write_preset, output);
}

void
write_configuration(FILE *output)
{
    write_opening(output);
    write_form(output);
    write_options(output);
    write_section(output, "upstream", "## [upstream]: the engine\n\nThe variable of the environment is `SOCKET_PATH`.");
    char listeners[HEADING_SIZE];
    snprintf(listeners, sizeof(listeners),
             "## [listener NAME]: where clients connect\n\nUp to %d of them, and as many policies. The name is what "
             "log and messages call it.",
             CONFIG_LISTENERS_MAX);
    write_section(output, "listener", listeners);
    write_section(output, "policy",
                  "## [policy NAME]: what they may do\n\nBeside these keys a policy takes the switches of its dialect, "
                  "as in `CONTAINERS = 1`; see below. A policy without\na line grants nothing.");
    write_variables(output);
    write_dialects(output);
    write_words(output);
}
