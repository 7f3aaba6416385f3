#include "announce.h"
#include "cli_convert.h"
#include "cli_explain.h"
#include "cli_presets.h"
#include "cli_routes.h"
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
    fputs(
        "usage: sockwarden [-c FILE] [run]\n"
        "       sockwarden [-c FILE] check      reads the settings and says what is wrong with them\n"
        "       sockwarden [-c FILE] [-l LISTENER] explain METHOD TARGET\n"
        "                                       says what the policy makes of a call; exit 0 allowed, 1 refused\n"
        "       sockwarden [-c FILE] [-l LISTENER] explain -\n"
        "                                       the same for each METHOD TARGET line of standard input\n"
        "       sockwarden [-c FILE] [-l LISTENER] routes\n"
        "                                       every route of an engine with its verdict, as columns parted by tabs\n"
        "       sockwarden convert [rules]      the INI file that is equal to the environment, as switches or as "
        "rules\n"
        "       sockwarden presets [NAME [+FEATURE…]]\n"
        "                                       the presets that there are, or what one grants\n"
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
        log_text(LOG_LEVEL_WARNING, "dialect", "%s", note);
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

/* The listener of this name, or without one the first; NULL where there is none. */
static const struct listener_config *
find_listener(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->listener_count; i++)
        if (name == NULL || strcmp(config->listeners[i].name, name) == 0)
            return &config->listeners[i];
    return NULL;
}

static int
explain(const struct config *config, const char *listener, int argc, char *argv[])
{
    const struct listener_config *found = find_listener(config, listener);
    return found != NULL ? cli_explain(found->policy, argc, argv, stdin, stdout, stderr)
                         : usage("no such listener: ", listener);
}

static int
convert(const struct config *config, int count, char *arguments[])
{
    bool as_rules = count == 1 && strcmp(arguments[0], "rules") == 0;
    if (config_path != NULL)
        return usage("convert reads the environment, not a file", "");
    if (count > 0 && !as_rules)
        return usage("convert takes nothing, or the word rules, but got: ", arguments[0]);
    return cli_convert(config, environ, as_rules, stdout);
}

static int
routes(const struct config *config, const char *listener)
{
    const struct listener_config *found = find_listener(config, listener);
    return found != NULL ? cli_routes(found->policy, stdout) : usage("no such listener: ", listener);
}

enum verb { RUN, CHECK, EXPLAIN, ROUTES, CONVERT, PRESETS, VERB_COUNT };

static const char *const verbs[] = {
    [RUN] = "run",       [CHECK] = "check",     [EXPLAIN] = "explain",
    [ROUTES] = "routes", [CONVERT] = "convert", [PRESETS] = "presets",
};

static int
serve_verb(enum verb verb, const char *listener, int count, char *arguments[])
{
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = load(problem);
    if (config == NULL) {
        fprintf(stderr, "sockwarden: %s\n", problem);
        return EXIT_USAGE;
    }
    int code;
    switch (verb) {
    case CHECK:
        code = check(config);
        break;
    case EXPLAIN:
        code = explain(config, listener, count, arguments);
        break;
    case ROUTES:
        code = routes(config, listener);
        break;
    case CONVERT:
        code = convert(config, count, arguments);
        break;
    default:
        code = run(config);
        break;
    }
    config_unref(config);
    return code;
}

/* `arguments` are those behind the options: the verb, if any, first. */
static int
dispatch(const char *listener, int count, char *arguments[])
{
    size_t verb = RUN;
    while (count > 0 && verb < VERB_COUNT && strcmp(arguments[0], verbs[verb]) != 0)
        verb++;
    if (verb == VERB_COUNT)
        return usage("no such verb: ", arguments[0]);
    if (count > 0) {
        count--;
        arguments++;
    }
    if (verb == PRESETS)
        return cli_presets(count, arguments, stdout, stderr);
    if (count > 0 && verb != EXPLAIN && verb != CONVERT)
        return usage("one argument too many: ", arguments[0]);
    return serve_verb((enum verb)verb, listener, count, arguments);
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
