#ifndef SOCKWARDEN_TESTS_POLICY_ASK_H
#define SOCKWARDEN_TESTS_POLICY_ASK_H

/* Asks a policy about one call, with a target and a buffer that are exactly as long as promised. */

#include "policy.h"
#include "policy_data.h"

struct asked {
    struct slice target;
    char *buffer;
    struct verdict verdict;
};

static inline struct asked
ask_request(const struct policy *policy, struct policy_request request)
{
    struct asked asked = {.target = data_exact_copy(request.target)};
    size_t size = policy_buffer_size(request.target.length);
    asked.buffer = malloc(size > 0 ? size : 1);
    assert_non_null(asked.buffer);
    memset(&asked.verdict, 0xA5, sizeof(asked.verdict));
    request.target = asked.target;
    policy_check_head(policy, &request, asked.buffer, size, &asked.verdict);
    return asked;
}

static inline struct asked
ask(const struct policy *policy, const char *method, const char *target)
{
    return ask_request(
        policy, (struct policy_request){.method = slice_from_string(method), .target = slice_from_string(target)});
}

static inline void
asked_drop(struct asked *asked)
{
    free((char *)asked->target.data);
    free(asked->buffer);
}

/* Blank-separated words, as an environ-like array. */
struct words {
    char text[4096];
    char *list[96];
};

static inline void
words_split(const char *text, struct words *words)
{
    size_t count = 0;
    assert_true(strlen(text) < sizeof(words->text));
    snprintf(words->text, sizeof(words->text), "%s", text);
    char *rest = words->text;
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        if (*word != '\0')
            words->list[count++] = word;
        assert_true(count < sizeof(words->list) / sizeof(words->list[0]));
    }
    words->list[count] = NULL;
}

/* The policy of a blank-separated environment; the caller unrefs it. */
static inline struct policy *
policy_of(const char *settings)
{
    struct words words;
    words_split(settings, &words);
    struct policy *policy = policy_from_environment(words.list);
    assert_non_null(policy);
    return policy;
}

/* Every switch is 1. */
#define EVERYTHING                                                                                                     \
    "POST=1 AUTH=1 BUILD=1 COMMIT=1 CONFIGS=1 CONTAINERS=1 DISTRIBUTION=1 EXEC=1 GRPC=1 IMAGES=1 INFO=1 NETWORKS=1 "   \
    "NODES=1 PLUGINS=1 SECRETS=1 SERVICES=1 SESSION=1 SWARM=1 SYSTEM=1 TASKS=1 VOLUMES=1 ALLOW_START=1 ALLOW_STOP=1 "  \
    "ALLOW_RESTARTS=1"

#endif
