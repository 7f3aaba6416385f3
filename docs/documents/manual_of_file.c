#include "documents.h"

#include "policy/policy.h"
#include "proxy/config.h"
#include "proxy/ini_file.h"
#include "proxy/keys.h"

#include <string.h>

enum { SENTENCE_SIZE = 384 };

static void
write_opening(FILE *output)
{
    fputs(".\\\" Made by sockwarden-documents from the tables of the program; do not edit.\n"
          ".Dd November 25, 2026\n"
          ".Dt SOCKWARDEN.INI 5\n"
          ".Os\n"
          ".Sh NAME\n"
          ".Nm sockwarden.ini\n"
          ".Nd settings of sockwarden\n"
          ".Sh DESCRIPTION\n",
          output);
    manual_text(output,
                "The file that `sockwarden -c FILE` reads: where clients of a container engine connect, what each "
                "of them may do, where the engine is, and the options of the program. It has sections, whose "
                "lines set keys.");
    fputs(".Bd -literal -offset indent\n"
          "[listener NAME]\n"
          "address = tcp://127.0.0.1:2375\n"
          "policy = NAME\n"
          "allow_from = 127.0.0.0/8,\n"
          "    traefik                     ; goes on with the value\n"
          ".Ed\n",
          output);
    fputs(".Pp\n", output);
    manual_text(output, "A line is a section, a key with its value, or a comment that begins with `;` or `#`. Behind a "
                        "value a comment begins with a blank and `;`. A line that begins with a blank goes on with the "
                        "value above it, for keys that may stand several times.");
    fprintf(output, "A line has %d bytes at most, comment aside.\n", INI_LINE_BYTES);
    manual_text(output, "Sections and keys stand once, and what is not understood is a fault: the program does not "
                        "start, or after SIGHUP goes on with what it had, and tells the line and the mend.");
    fputs(".Pp\n", output);
    manual_text(output,
                "A variable of the environment stands above the key that it belongs to. Where to listen and what "
                "is granted is the file's alone. `sockwarden check --print` writes what is in force, each value "
                "with where it came from.");
}

static void
write_takes(FILE *output, const char *takes)
{
    char sentence[SENTENCE_SIZE];
    snprintf(sentence, sizeof(sentence), "Takes %s.", takes);
    manual_text(output, sentence);
}

static void
write_options(FILE *output)
{
    struct config_option option;
    fputs(".Ss [sockwarden]\n", output);
    manual_text(output,
                "The program. Times are 500ms, 10s, 5m, 1h, or a bare number of seconds; sizes are bytes, or 64k, "
                "4m.");
    fputs(".Bl -tag -width Ds\n", output);
    for (size_t i = 0; config_option_at(i, &option); i++) {
        if (option.key[0] == '\0')
            continue;
        fprintf(output, ".It Cm %s\n", option.key);
        manual_text(output, option.help);
        write_takes(output, option.takes);
        fprintf(output, ".br\nDefault:\n.Cm %s .\nVariable:\n.Ev %s .\n", option.initial, option.variable);
    }
    fputs(".El\n", output);
}

static void
write_section(FILE *output, const char *section, const char *title, const char *opening)
{
    const struct key *key;
    fprintf(output, ".Ss %s\n", title);
    manual_text(output, opening);
    fputs(".Bl -tag -width Ds\n", output);
    for (size_t i = 0; (key = key_at(i)) != NULL; i++) {
        if (strcmp(key->section, section) != 0)
            continue;
        fprintf(output, ".It Cm %s\n", key->key);
        manual_text(output, key_help(i));
        write_takes(output, key->takes);
        if (key->many)
            fputs("It may stand several times.\n", output);
        if (key->initial[0] != '\0')
            fprintf(output, ".br\nDefault:\n.Cm %s .\n", key->initial);
    }
    fputs(".El\n", output);
}

static void
write_switch(void *owner, const struct policy_switch *entry)
{
    fprintf(owner, ".It Cm %s Pq %d\n", entry->name, entry->by_default);
    manual_text(owner, entry->text);
}

static void
write_dialect(void *owner, const char *word, const char *product)
{
    fprintf(owner, ".Ss %s\nThe switches of %s, with their defaults.\n", word, product);
    fputs(".Bl -tag -width Ds -compact\n", owner);
    policy_dialect_switches(word, write_switch, owner);
    fputs(".El\n", owner);
}

static void
write_class(void *owner, const char *word, const char *text)
{
    fprintf(owner, ".It Cm @%s\n", word);
    manual_text(owner, text);
}

static void
write_rules(FILE *output)
{
    fputs(".Sh RULES\n", output);
    manual_text(output,
                "The first rule of a policy that fits a call decides; what none fits is refused. A rule is a comma "
                "list of these, then conditions that hold for all of them:");
    fputs(".Bl -tag -width Ds\n"
          ".It Li ContainerList\n"
          "an operation, by the API's own name;\n"
          ".It Li @read\n"
          "an access class;\n"
          ".It Li section:networks\n"
          "a section of the API;\n"
          ".It Li GET section:networks\n"
          "one method in it;\n"
          ".It Li GET /containers/{id}/json\n"
          "a method and the path of a route;\n"
          ".It Li ?name=A|B ?name<=N ?name>=N ?name ?!name\n"
          "conditions: a parameter of the query is one of these words, is a number\n"
          "so high at most or at least, is there, is not there.\n"
          ".El\n"
          ".Pp\n"
          "The access classes are:\n"
          ".Bl -tag -width Ds -compact\n",
          output);
    policy_classes(write_class, output);
    fputs(".El\n", output);
}

static void
write_end(FILE *output)
{
    fputs(".Sh FILES\n"
          ".Bl -tag -width Ds\n"
          ".It Pa /etc/sockwarden/sockwarden.ini\n"
          "The file of the systemd unit.\n"
          ".El\n"
          ".Sh EXAMPLES\n"
          "Traefik on a port of the loopback, a deployment job on a unix socket:\n"
          ".Bd -literal -offset indent\n"
          "[upstream]\n"
          "address = unix:/var/run/docker.sock\n"
          "\n"
          "[listener traefik]\n"
          "address = tcp://127.0.0.1:2375\n"
          "policy = traefik\n"
          "\n"
          "[listener deploy]\n"
          "address = unix:/run/sockwarden/deploy.sock\n"
          "mode = 0660\n"
          "group = docker\n"
          "policy = deploy\n"
          "\n"
          "[policy traefik]\n"
          "preset = traefik\n"
          "\n"
          "[policy deploy]\n"
          "deny = GET /containers/{id}/archive\n"
          "allow = @read, @control\n"
          "allow = ContainerStop, ContainerRestart ?t<=60\n"
          ".Ed\n"
          ".Sh SEE ALSO\n"
          ".Xr sockwarden 8\n",
          output);
}

void
write_manual_of_file(FILE *output)
{
    write_opening(output);
    write_options(output);
    write_section(output, "upstream", "[upstream]", "The engine. The variable of the environment is `SOCKET_PATH`.");
    char listeners[SENTENCE_SIZE];
    snprintf(listeners, sizeof(listeners), "Where clients connect; up to %d of them, and as many policies.",
             CONFIG_LISTENERS_MAX);
    write_section(output, "listener", "[listener NAME]", listeners);
    write_section(
        output, "policy", "[policy NAME]",
        "What clients may do. Beside these keys it takes the switches of its dialect, as in `CONTAINERS = 1`: "
        "1, yes, true, on and 0, no, false, off.");
    write_rules(output);
    fputs(".Sh SWITCHES\n", output);
    manual_text(output, "A switch that opens a section is for all methods that pass the gates, such as `POST`.");
    policy_dialects(write_dialect, output);
    write_end(output);
}
