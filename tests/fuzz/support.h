#ifndef SOCKWARDEN_TESTS_FUZZ_SUPPORT_H
#define SOCKWARDEN_TESTS_FUZZ_SUPPORT_H

/*
 * What the fuzzers share: a check that ends the run with its sentence, an input that is eaten from the front, copies of
 * exact size, and the policies that requests are judged by. A broken promise aborts, so that libFuzzer keeps the input.
 */

#include "policy/policy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Declared here, as libFuzzer has no header of its own. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);                            \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

struct input {
    const uint8_t *data;
    size_t size;
};

/* The next byte as a choice out of `count`; 0 where the input is at its end. '0' is the first choice, for the eye. */
size_t input_choice(struct input *input, size_t count);

/* The next two bytes as a number below `limit`; 0 where the input is at its end. */
size_t input_number(struct input *input, size_t limit);

/* What is left. */
struct slice input_rest(const struct input *input);

/* A copy on the heap of exactly this length; the caller frees it. */
char *copy_exactly(struct slice bytes);

/* The environments that the fuzzers know, from nothing to everything; NULL behind the last. */
enum { POLICY_NOTHING = 0, POLICY_DEFAULT = 1, POLICY_EVERYTHING = 2, POLICY_COUNT = 8 };
char *const *fuzz_environment(size_t index);

/* The policy of that environment; compiled once. */
const struct policy *fuzz_policy(size_t index);

#endif
