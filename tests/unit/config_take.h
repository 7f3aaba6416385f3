#ifndef SOCKWARDEN_TESTS_UNIT_CONFIG_TAKE_H
#define SOCKWARDEN_TESTS_UNIT_CONFIG_TAKE_H

/*
 * Snapshots of settings from one or two variables, for the tests of config: taken, or refused with a message that has
 * the form of all. Only test_config*.c include it.
 */

#include "proxy/config.h"
#include "support.h"

static inline struct config *
configure(char *problem, const char *one, const char *two)
{
    char first[16384];
    char second[4096];
    char *environment[3] = {NULL};
    size_t count = 0;
    if (one != NULL) {
        snprintf(first, sizeof(first), "%s", one);
        environment[count++] = first;
    }
    if (two != NULL) {
        snprintf(second, sizeof(second), "%s", two);
        environment[count++] = second;
    }
    memset(problem, 'p', CONFIG_PROBLEM_SIZE);
    return config_from_environment(environment, problem);
}

/* A setting that must be taken. */
static inline struct config *
take(const char *one, const char *two)
{
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = configure(problem, one, two);
    if (config == NULL)
        fail_msg("%s was not taken: %s", one, problem);
    return config;
}

/* A setting that must be refused, in one line that names it, its value and what it takes. */
static inline void
expect_refusal(const char *setting, const char *takes)
{
    char problem[CONFIG_PROBLEM_SIZE];
    struct config *config = configure(problem, setting, NULL);
    if (config != NULL)
        fail_msg("%s was taken", setting);
    size_t length = strlen(setting);
    CHECK(problem, strncmp(problem, setting, length) == 0 && problem[length] == ':');
    CHECK(problem, strstr(problem, "; takes ") != NULL);
    CHECK(problem, strstr(problem, takes) != NULL);
    CHECK(problem, strchr(problem, '\n') == NULL);
}

#endif
