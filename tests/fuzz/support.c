#include "support.h"

size_t
input_choice(struct input *input, size_t count)
{
    if (input->size == 0)
        return 0;
    unsigned byte = *input->data++;
    input->size--;
    return (byte + 256 - '0') % 256 % count;
}

size_t
input_number(struct input *input, size_t limit)
{
    size_t high = input_choice(input, 256);
    size_t low = input_choice(input, 256);
    return limit > 0 ? (high * 256 + low) % limit : 0;
}

struct slice
input_rest(const struct input *input)
{
    return (struct slice){(const char *)input->data, input->size};
}

char *
copy_exactly(struct slice bytes)
{
    char *copy = malloc(bytes.length > 0 ? bytes.length : 1);
    CHECK(copy != NULL);
    if (bytes.length > 0)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

static char *const environments[POLICY_COUNT][32] = {
    [POLICY_NOTHING] = {"PING=0", "VERSION=0", "EVENTS=0"},
    [POLICY_DEFAULT] = {NULL},
    [POLICY_EVERYTHING] = {"POST=1",       "AUTH=1",          "BUILD=1",    "COMMIT=1",  "CONFIGS=1",
                           "CONTAINERS=1", "DISTRIBUTION=1",  "EVENTS=1",   "EXEC=1",    "GRPC=1",
                           "IMAGES=1",     "INFO=1",          "NETWORKS=1", "NODES=1",   "PING=1",
                           "PLUGINS=1",    "SECRETS=1",       "SERVICES=1", "SESSION=1", "SWARM=1",
                           "SYSTEM=1",     "TASKS=1",         "VERSION=1",  "VOLUMES=1", "ALLOW_START=1",
                           "ALLOW_STOP=1", "ALLOW_RESTARTS=1"},
    {"CONTAINERS=1", "IMAGES=1", "INFO=1", "NETWORKS=1", "VOLUMES=1"},
    {"POST=1", "CONTAINERS=1"},
    {"POST=1", "EXEC=1", "SESSION=1", "GRPC=1", "BUILD=1"},
    {"POST=1", "ALLOW_START=1", "ALLOW_STOP=1"},
    {"POST=1", "ALLOW_RESTARTS=1", "IMAGES=1", "NETWORKS=1"},
};

char *const *
fuzz_environment(size_t index)
{
    return index < POLICY_COUNT ? environments[index] : NULL;
}

const struct policy *
fuzz_policy(size_t index)
{
    static struct policy *policies[POLICY_COUNT];
    CHECK(index < POLICY_COUNT);
    if (policies[index] == NULL)
        policies[index] = policy_from_environment(environments[index]);
    CHECK(policies[index] != NULL);
    return policies[index];
}
