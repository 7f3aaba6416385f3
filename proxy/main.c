#include "announce.h"
#include "cli_explain.h"
#include "config.h"
#include "log.h"
#include "policy/policy.h"
#include "server.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static void
print_help(FILE *output)
{
    fputs(
        "usage: sockwarden [run]\n"
        "       sockwarden explain METHOD TARGET   says what the policy makes of a call; exit 0 allowed, 1 refused\n"
        "       sockwarden explain -               the same for each METHOD TARGET line of standard input\n"
        "       sockwarden --help | --version\n"
        "\n"
        "Lets each client of a Docker engine's socket do only what the policy grants. The policy is the environment,\n"
        "in the words of tecnativa/docker-socket-proxy: CONTAINERS=1, POST=1 … (README.md lists them). The program's\n"
        "own settings, with their defaults:\n"
        "\n",
        output);
    config_print_help(output);
    fputs("\n-c FILE is kept for a configuration file; there is none yet.\n"
          "Exit codes: 0 done, 1 failed or refused, 2 bad usage or a bad setting.\n",
          output);
}

static void
log_start(const struct config *config)
{
    struct log_record record;
    log_begin(&record, LOG_LEVEL_NOTICE, "start");
    log_string(&record, "version", SOCKWARDEN_VERSION);
    log_string(&record, "dialect", config->dialect);
    log_string(&record, "engine", config->engine.name);
    log_end(&record);
    const char *note = policy_dialect_note(config->listeners[0].policy);
    if (note != NULL)
        log_text(LOG_LEVEL_NOTICE, "dialect", "%s", note);
    announce_config(config, environ);
}

static struct config *
load(char *problem)
{
    return config_from_environment(environ, problem);
}

static int
run(struct config *config)
{
    char problem[SERVER_PROBLEM_SIZE];
    log_configure(config->log_level, config->log_format);
    log_start(config);
    struct server *server = server_new(config, load, problem);
    if (server == NULL) {
        fprintf(stderr, "sockwarden: %s\n", problem);
        return 1;
    }
    int code = server_run(server);
    server_free(server);
    return code;
}

static int
usage(const char *problem, const char *word)
{
    fprintf(stderr, "sockwarden: %s%s; sockwarden --help shows the usage\n", problem, word);
    return EXIT_USAGE;
}

int
main(int argc, char *argv[])
{
    const char *verb = argc > 1 ? argv[1] : "run";
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(verb, "--version") == 0) {
        puts("sockwarden " SOCKWARDEN_VERSION);
        return 0;
    }
    if (strcmp(verb, "-c") == 0)
        return usage("-c FILE: configuration files are not read yet; set the environment", "");
    bool explain = strcmp(verb, "explain") == 0;
    if (!explain && strcmp(verb, "run") != 0)
        return usage("no such verb: ", verb);
    if (!explain && argc > 2)
        return usage("run takes no arguments, but got: ", argv[2]);
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = config_from_environment(environ, problem);
    if (config == NULL) {
        fprintf(stderr, "sockwarden: %s\n", problem);
        return EXIT_USAGE;
    }
    int code =
        explain ? cli_explain(config->listeners[0].policy, argc - 2, argv + 2, stdin, stdout, stderr) : run(config);
    config_unref(config);
    return code;
}
