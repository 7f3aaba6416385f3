#include "announce.h"
#include "cli_explain.h"
#include "config.h"
#include "log.h"
#include "policy/policy.h"
#include "server.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

static void
print_help(FILE *output)
{
    fputs("usage: sockwarden [-c FILE] [run]\n"
          "       sockwarden [-c FILE] check      reads the settings and says what is wrong with them\n"
          "       sockwarden [-c FILE] [-l LISTENER] explain METHOD TARGET\n"
          "                                       says what the policy makes of a call; exit 0 allowed, 1 refused\n"
          "       sockwarden [-c FILE] [-l LISTENER] explain -\n"
          "                                       the same for each METHOD TARGET line of standard input\n"
          "       sockwarden --help | --version\n"
          "\n"
          "Lets each client of a Docker engine's socket do only what the policy grants. Without -c the policy is the\n"
          "environment, in the words of tecnativa/docker-socket-proxy: CONTAINERS=1, POST=1 … (README.md lists them);\n"
          "with it, the INI file names listeners and their policies. SIGHUP reads the file again. The program's own\n"
          "settings, with their defaults; in [sockwarden] of a file they stand in lower case:\n"
          "\n",
          output);
    config_print_help(output);
    fputs("\n"
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

/* From the command line; a reload reads the same file. */
static const char *config_path;

static struct config *
load(char *problem)
{
    return config_path != NULL ? config_from_file(config_path, environ, problem)
                               : config_from_environment(environ, problem);
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
check(const struct config *config)
{
    for (size_t i = 0; i < config->listener_count; i++)
        printf("listener %s: %s\n", config->listeners[i].name, config->listeners[i].address.name);
    puts("ok");
    return 0;
}

static int
usage(const char *problem, const char *word)
{
    fprintf(stderr, "sockwarden: %s%s; sockwarden --help shows the usage\n", problem, word);
    return EXIT_USAGE;
}

static int
explain(const struct config *config, const char *listener, int argc, char *argv[])
{
    size_t index = 0;
    while (listener != NULL && index < config->listener_count && strcmp(config->listeners[index].name, listener) != 0)
        index++;
    if (index == config->listener_count)
        return usage("no such listener: ", listener);
    return cli_explain(config->listeners[index].policy, argc, argv, stdin, stdout, stderr);
}

/* `arguments` are those behind the options: the verb, if any, first. */
static int
dispatch(const char *listener, int count, char *arguments[])
{
    const char *verb = count > 0 ? arguments[0] : "run";
    bool explains = strcmp(verb, "explain") == 0;
    bool checks = strcmp(verb, "check") == 0;
    if (!explains && !checks && strcmp(verb, "run") != 0)
        return usage("no such verb: ", verb);
    if (!explains && count > 1)
        return usage("one argument too many: ", arguments[1]);
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = load(problem);
    if (config == NULL) {
        fprintf(stderr, "sockwarden: %s\n", problem);
        return EXIT_USAGE;
    }
    int code = explains ? explain(config, listener, count - 1, arguments + 1) : checks ? check(config) : run(config);
    config_unref(config);
    return code;
}

int
main(int argc, char *argv[])
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"listener", required_argument, NULL, 'l'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    const char *listener = NULL;
    int letter;
    opterr = 0;
    while ((letter = getopt_long(argc, argv, "+c:l:h", options, NULL)) != -1) {
        switch (letter) {
        case 'c':
            config_path = optarg;
            break;
        case 'l':
            listener = optarg;
            break;
        case 'h':
            print_help(stdout);
            return 0;
        case 'v':
            puts("sockwarden " SOCKWARDEN_VERSION);
            return 0;
        default:
            return usage("no such option, or one that lacks its value: ", argv[optind - 1]);
        }
    }
    return dispatch(listener, argc - optind, argv + optind);
}
