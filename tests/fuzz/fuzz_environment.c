/*
 * The environment. Input: entries that end with a NUL; what begins with "EXPLAIN=" is also read as lines of the verb
 * explain. Promises: settings are taken within their bounds or refused in one printable line that names one of them;
 * grants are printable lines; warnings may hold the name of any variable, which the log escapes, but no value that
 * could be a secret; what `check --print` and `convert` write is taken, and means the same; explain answers each line.
 */

#include "proxy/cli_convert.h"
#include "proxy/cli_explain.h"
#include "proxy/commands.h"
#include "proxy/config.h"
#include "settings.h"
#include "support.h"

#include <unistd.h>

enum { ENTRIES_MAX = 64, SECRET_SIZE = 25 };

struct environment {
    char *text;
    char *entries[ENTRIES_MAX + 1];
    const char *explain;
    bool converts; /* it takes longer than all the rest: for some of the inputs */
};

static void
read_environment(struct slice bytes, struct environment *environment)
{
    size_t count = 0;
    environment->converts = bytes.length % 16 == 0;
    environment->text = malloc(bytes.length + 1);
    CHECK(environment->text != NULL);
    if (bytes.length > 0)
        memcpy(environment->text, bytes.data, bytes.length);
    environment->text[bytes.length] = '\0';
    environment->explain = "";
    for (char *at = environment->text; at <= environment->text + bytes.length && count < ENTRIES_MAX;
         at += strlen(at) + 1) {
        environment->entries[count++] = at;
        if (strncmp(at, "EXPLAIN=", 8) == 0)
            environment->explain = at + 8;
    }
    environment->entries[count] = NULL;
}

/* The name of a variable may be repeated, and may read like the value of another one. */
static bool
is_in_a_name(const struct environment *environment, const char *value)
{
    for (char *const *entry = environment->entries; *entry != NULL; entry++) {
        const char *found = strstr(*entry, value);
        if (found != NULL && found < *entry + strcspn(*entry, "="))
            return true;
    }
    return false;
}

static void
check_sentence(void *owner, const char *text)
{
    const struct environment *environment = owner;
    CHECK(text[0] != '\0');
    for (char *const *entry = environment->entries; *entry != NULL; entry++) {
        const char *value = strchr(*entry, '=');
        if (value != NULL && strlen(value + 1) >= SECRET_SIZE && !is_in_a_name(environment, value + 1))
            CHECK(strstr(text, value + 1) == NULL);
    }
}

static void
check_grant(void *owner, const char *text)
{
    (void)owner;
    settings_check_line(text);
}

static void
fail_difference(void *owner, const struct policy_route *before, const struct policy_route *after)
{
    (void)owner;
    (void)after;
    fprintf(stderr, "%s %s has another verdict\n", before->method, before->template);
    CHECK(false);
}

/* What `convert` writes is taken, and grants the same. */
static void
check_converted(const struct environment *environment, const struct config *config, bool as_rules)
{
    static char *const nothing[] = {NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    char path[64];
    char *text = NULL;
    char *remarks = NULL;
    size_t length;
    size_t remarks_length;
    FILE *output = open_memstream(&text, &length);
    FILE *errors = open_memstream(&remarks, &remarks_length);
    CHECK(output != NULL && errors != NULL);
    bool whole = cli_convert(config, environment->entries, as_rules, output, errors) == EXIT_YES;
    CHECK(fclose(output) == 0 && fclose(errors) == 0);
    if (whole) {
        int fd = settings_write_file((struct slice){NULL, 0}, (struct slice){text, length}, path, sizeof(path));
        struct config *again = config_from_file(path, nothing, problem);
        CHECK(again != NULL);
        CHECK(again->listener_count == config->listener_count && again->log_level == config->log_level);
        policy_diff(config->policies[0].policy, again->policies[0].policy, fail_difference, NULL);
        config_unref(again);
        close(fd);
    }
    free(text);
    free(remarks);
}

static void
check_config(const struct environment *environment)
{
    char problem[CONFIG_PROBLEM_SIZE];
    memset(problem, 'p', sizeof(problem));
    struct config *config = config_from_environment(environment->entries, problem);
    if (config == NULL) {
        CHECK(memchr(problem, '\0', sizeof(problem)) != NULL);
        settings_check_line(problem);
        bool named = false;
        for (const char *const *name = config_option_names(); *name != NULL; name++)
            named = named || (strncmp(problem, *name, strlen(*name)) == 0 && problem[strlen(*name)] == '=');
        CHECK(named);
        return;
    }
    settings_check(config);
    settings_check_printed(config, true);
    if (environment->converts) {
        check_converted(environment, config, false);
        check_converted(environment, config, true);
    }
    config_unref(config);
}

static void
check_explain(const struct policy *policy, const char *text)
{
    char *output = NULL;
    size_t size = 0;
    char dash[] = "-";
    char *arguments[] = {dash, NULL};
    FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    FILE *out = open_memstream(&output, &size);
    CHECK(out != NULL);
    if (in != NULL) {
        CHECK(cli_explain(policy, TABLE_TSV, 1, arguments, in, out, out) == EXPLAIN_ALLOWED);
        fclose(in);
    }
    fclose(out);
    for (const char *line = output; *line != '\0'; line = strchr(line, '\n') + 1) {
        CHECK(strncmp(line, "allow\t", 6) == 0 || strncmp(line, "deny\t", 5) == 0);
        const char *end = strchr(line, '\n');
        CHECK(end != NULL);
        size_t tabs = 0;
        for (const char *at = line; at < end; at++)
            tabs += *at == '\t';
        CHECK(tabs == 3);
    }
    free(output);
}

/* There is no policy where DIALECT is no dialect's word, and then there is no configuration either. */
static void
check_policy(const struct environment *environment)
{
    struct policy *policy = policy_from_environment(environment->entries);
    if (policy == NULL) {
        char problem[CONFIG_PROBLEM_SIZE];
        CHECK(config_from_environment(environment->entries, problem) == NULL);
        return;
    }
    policy_grants(policy, check_grant, NULL);
    check_explain(policy, environment->explain);
    policy_unref(policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct environment environment;
    read_environment((struct slice){(const char *)data, size}, &environment);
    check_config(&environment);
    policy_warnings(environment.entries, config_option_names(), check_sentence, &environment);
    policy_warnings_beside_file(environment.entries, config_option_names(), check_sentence, &environment);
    check_policy(&environment);
    free(environment.text);
    return 0;
}
