#include "commands.h"
#include "announce.h"
#include "cli_check.h"
#include "cli_convert.h"
#include "cli_diff.h"
#include "cli_explain.h"
#include "cli_health.h"
#include "cli_presets.h"
#include "cli_routes.h"
#include "command_line.h"
#include "complaint.h"
#include "config.h"
#include "confine.h"
#include "environment.h"
#include "first_process.h"
#include "log.h"
#include "policy/policy.h"
#include "server.h"
#include "systemd.h"
#include "table.h"

#include <limits.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES_MAX = CONFIG_LISTENERS_MAX }; /* there may be as many policies */

/* What a verb works with. */
struct command {
    const struct command_line *line;
    char *const *environment; /* the process's, or `made` */
    char **made;
    struct config *config; /* NULL for verbs that need no settings */
    enum table_format format;
};

static int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int
complain(const char *format, ...)
{
    char text[CONFIG_PROBLEM_SIZE + 256];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    config_make_printable(text);
    log_complaint(text);
    return EXIT_USAGE;
}

static const char *
given(const struct command *command, enum argument argument)
{
    return command->line->values[argument];
}

static struct config *
load(const char *path, char *const environment[], char *problem)
{
    return path != NULL ? config_from_file(path, environment, problem) : config_from_environment(environment, problem);
}

/* The journal may not know any more whose last words it got; the manager shows them in the status. */
static void
tell_manager(const char *problem)
{
    systemd_begin();
    systemd_notify_status(problem);
}

/*
 * Where the engine is a name, the C library looks it up, and everybody waits until that is over: with three servers
 * that do not answer half a minute, in which the watchdog would end the service.
 */
static void
hurry_look_ups(void)
{
    if (res_init() != 0)
        return;
    _res.retrans = 1; /* seconds */
    _res.retry = 1;
}

/* A reload reads the same file. */
static const char *served_path;

static struct config *
reload(char *problem)
{
    struct stat status;
    /* A pipe may have no writer any more: everybody would wait for it. */
    if (served_path != NULL && stat(served_path, &status) == 0 && !S_ISREG(status.st_mode) &&
        !S_ISDIR(status.st_mode)) {
        snprintf(problem, CONFIG_PROBLEM_SIZE, "%.160s: it is no regular file, which alone is read again", served_path);
        return NULL;
    }
    hurry_look_ups();
    return load(served_path, environ, problem);
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

static int
run(struct command *command)
{
    char problem[SERVER_PROBLEM_SIZE];
    struct config *config = command->config;
    served_path = given(command, ARGUMENT_CONFIG);
    log_configure(config->log_level, config->log_format);
    signal(SIGPIPE, SIG_IGN); /* who reads the log and goes takes nobody along, from the first record on */
    log_start(config);
    struct server *server = server_new(config, reload, problem);
    if (server == NULL || !confine(config, served_path, problem)) {
        server_free(server);
        tell_manager(problem);
        log_complaint(problem);
        return EXIT_NO;
    }
    int code = server_run(server);
    server_free(server);
    return code;
}

static int
check(struct command *command)
{
    return cli_check(command->config, command->environment, given(command, ARGUMENT_PRINT) != NULL, stdout, stderr);
}

/* The listener that is asked for, or without one the first; NULL, and told, where there is none. */
static const struct listener_config *
find_listener(const struct command *command)
{
    const char *name = given(command, ARGUMENT_LISTENER);
    const struct config *config = command->config;
    const char *names[CONFIG_LISTENERS_MAX + 1] = {NULL};
    for (size_t i = 0; i < config->listener_count; i++) {
        if (name == NULL || strcmp(config->listeners[i].name, name) == 0)
            return &config->listeners[i];
        names[i] = config->listeners[i].name;
    }
    complaint_of_name(stderr, NULL, "listener", name, names);
    return NULL;
}

static const struct policy *
find_policy(const struct command *command)
{
    const char *name = given(command, ARGUMENT_POLICY);
    const struct config *config = command->config;
    const char *names[NAMES_MAX + 1] = {NULL};
    if (name == NULL) {
        const struct listener_config *listener = find_listener(command);
        return listener != NULL ? listener->policy : NULL;
    }
    if (given(command, ARGUMENT_LISTENER) != NULL) {
        complain("--listener and --policy are given, but a listener has one policy: say one of them");
        return NULL;
    }
    const struct policy *policy = config_policy(config, name);
    for (size_t i = 0; i < config->policy_count && i < NAMES_MAX; i++)
        names[i] = config->policies[i].name;
    if (policy == NULL)
        complaint_of_name(stderr, NULL, "policy", name, names);
    return policy;
}

static int
explain(struct command *command)
{
    const struct policy *policy = find_policy(command);
    enum table_format format = given(command, ARGUMENT_FORMAT) != NULL ? command->format : TABLE_TSV;
    return policy != NULL
               ? cli_explain(policy, format, command->line->count, command->line->words, stdin, stdout, stderr)
               : EXIT_USAGE;
}

static int
routes(struct command *command)
{
    const struct policy *policy = find_policy(command);
    return policy != NULL ? cli_routes(policy, command->format, stdout) : EXIT_USAGE;
}

static int
diff(struct command *command)
{
    const struct diff_sources sources = {given(command, ARGUMENT_CONFIG), command->environment};
    return cli_diff(&sources, command->line->count, command->line->words, command->format, stdout, stderr);
}

static int
convert(struct command *command)
{
    bool as_rules = command->line->count == 1;
    if (as_rules && strcmp(command->line->words[0], "rules") != 0)
        return complain("convert takes nothing, or the word rules, but got: %.64s", command->line->words[0]);
    return cli_convert(command->config, command->environment, as_rules, stdout, stderr);
}

static int
presets(struct command *command)
{
    return cli_presets(command->line->count, command->line->words, command->format, stdout, stderr);
}

static int
health(struct command *command)
{
    const struct config *config = command->config;
    const struct listener_config *listener = find_listener(command);
    for (size_t i = 0; given(command, ARGUMENT_LISTENER) == NULL && i < config->listener_count; i++) {
        if (!cli_health_can_ask(&config->listeners[i]))
            continue;
        listener = &config->listeners[i];
        break;
    }
    return listener != NULL ? cli_health(listener, given(command, ARGUMENT_TIMEOUT), stdout, stderr) : EXIT_USAGE;
}

static const struct {
    int (*serve)(struct command *command);
    bool needs_settings;
} services[] = {
    [VERB_RUN] = {run, true},          [VERB_CHECK] = {check, true},   [VERB_EXPLAIN] = {explain, true},
    [VERB_ROUTES] = {routes, true},    [VERB_DIFF] = {diff, false},    [VERB_CONVERT] = {convert, true},
    [VERB_PRESETS] = {presets, false}, [VERB_HEALTH] = {health, true},
};

/* The environment that is meant, in the dialect that is meant. */
static bool
take_environment(struct command *command)
{
    char problem[ENVIRONMENT_PROBLEM_SIZE];
    const char *path = given(command, ARGUMENT_ENV_FILE);
    const char *dialect = given(command, ARGUMENT_DIALECT);
    command->environment = environ;
    if (path != NULL) {
        command->made = environment_from_file(path, environ, problem);
        if (command->made == NULL) {
            complain("%s", problem);
            return false;
        }
        command->environment = command->made;
    }
    if (dialect == NULL)
        return true;
    if (given(command, ARGUMENT_CONFIG) != NULL && command->line->verb != VERB_DIFF) {
        complain("--dialect is for the environment; a policy of a file has its own: dialect = %.64s", dialect);
        return false;
    }
    char **made = environment_with(command->environment, "DIALECT", dialect);
    environment_free(command->made);
    command->made = made;
    command->environment = made;
    if (made == NULL)
        complain("out of memory");
    return made != NULL;
}

/*
 * The health check of an image has the environment that the proxy has, and not its arguments; and who asks in a
 * container what is granted means that proxy.
 */
static const char *
settings_path(const struct command *command, char *found, size_t size)
{
    const char *path = given(command, ARGUMENT_CONFIG);
    enum verb verb = command->line->verb;
    bool of_the_proxy = verb == VERB_HEALTH || verb == VERB_ROUTES || verb == VERB_EXPLAIN;
    if (path == NULL && of_the_proxy && given(command, ARGUMENT_ENV_FILE) == NULL &&
        given(command, ARGUMENT_DIALECT) == NULL && first_process_settings("/proc/1/cmdline", found, size))
        path = found;
    return path;
}

static bool
prepare(struct command *command)
{
    char problem[CONFIG_PROBLEM_SIZE];
    char found[PATH_MAX];
    const char *format = given(command, ARGUMENT_FORMAT);
    if (!table_format_of_word(format, TABLE_TEXT, &command->format)) {
        complain("no such format: %.64s; there is text, tsv and json", format);
        return false;
    }
    if (!take_environment(command))
        return false;
    if (!services[command->line->verb].needs_settings)
        return true;
    if (command->line->verb == VERB_RUN)
        server_hold_reloads();
    command->config = load(settings_path(command, found, sizeof(found)), command->environment, problem);
    if (command->config == NULL) {
        complain("%s", problem);
        if (command->line->verb == VERB_RUN)
            tell_manager(problem);
    }
    return command->config != NULL;
}

int
commands_serve(const struct command_line *line)
{
    struct command command = {.line = line};
    int code = EXIT_USAGE;
    if (prepare(&command))
        code = services[line->verb].serve(&command);
    config_unref(command.config);
    environment_free(command.made);
    return code;
}
