/*
 * How long a verdict takes: policies of one switch, of all switches of a dialect, and of many written rules, asked for
 * the calls that clients make most. One line of JSON a policy on standard output. Arguments: how many verdicts on each
 * call, and how many of the policies.
 */

#include "policy/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *const calls[][2] = {
    {"GET", "/_ping"},
    {"GET", "/v1.41/containers/json?all=1&filters=%7B%22label%22%3A%5B%22a%22%5D%7D"},
    {"GET", "/v1.41/containers/4a5b6c7d8e9f/json"},
    {"GET", "/v1.41/images/ghcr.io/a/b:latest/json"},
    {"GET", "/v1.41/events?since=1700000000"},
    {"POST", "/v1.41/containers/4a5b6c7d8e9f/restart?t=10"},
    {"POST", "/v1.41/volumes/create"},
};
enum { CALLS = sizeof(calls) / sizeof(calls[0]), NAME_SIZE = 64, BUFFER_SIZE = 4096 };

static unsigned long policies = 100;

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
measure(struct policy *policy, const char *name, unsigned long count)
{
    static unsigned measured;
    if (++measured > policies)
        exit(0);
    char buffer[BUFFER_SIZE];
    struct verdict verdict;
    double slowest = 0;
    double sum = 0;
    if (policy == NULL)
        exit(1);
    for (size_t i = 0; i < CALLS; i++) {
        struct policy_request request = {.method = slice_from_string(calls[i][0]),
                                         .target = slice_from_string(calls[i][1])};
        double began = seconds();
        for (unsigned long turn = 0; turn < count; turn++)
            policy_check_head(policy, &request, buffer, sizeof(buffer), &verdict);
        double took = (seconds() - began) / (double)count * 1e9;
        sum += took;
        slowest = took > slowest ? took : slowest;
    }
    printf("{\"policy\":\"%s\",\"mean_ns\":%.0f,\"slowest_ns\":%.0f}\n", name, sum / CALLS, slowest);
    policy_unref(policy);
}

/* So many rules of which none fits before the last, which grants all reading. */
static struct policy *
many_rules(unsigned count)
{
    static const char *const rules[] = {"POST /secrets/create", "DELETE /networks/{id}", "ImageDelete", "SwarmInit",
                                        "POST /containers/{id}/kill ?signal=HUP|TERM"};
    struct policy_builder *builder = policy_builder_new(NULL);
    for (unsigned i = 1; builder != NULL && i < count; i++)
        if (!policy_builder_allow(builder, rules[i % (sizeof(rules) / sizeof(rules[0]))]))
            return NULL;
    return builder != NULL && policy_builder_allow(builder, "@read") ? policy_builder_finish(builder) : NULL;
}

int
main(int argc, char *argv[])
{
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    policies = argc > 2 ? strtoul(argv[2], NULL, 10) : policies;
    char *few[] = {"CONTAINERS=1", NULL};
    char *all[] = {"POST=1",     "CONTAINERS=1", "IMAGES=1", "NETWORKS=1", "VOLUMES=1",     "INFO=1",
                   "SERVICES=1", "TASKS=1",      "EXEC=1",   "BUILD=1",    "ALLOW_START=1", NULL};
    measure(policy_from_environment(few), "one switch", count);
    measure(policy_from_environment(all), "eleven switches", count);
    for (unsigned rules = 1; rules <= 1000; rules *= 10) {
        char name[NAME_SIZE];
        snprintf(name, sizeof(name), "%u rules", rules);
        measure(many_rules(rules), name, count);
    }
    return 0;
}
