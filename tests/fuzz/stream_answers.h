#ifndef SOCKWARDEN_TESTS_FUZZ_STREAM_ANSWERS_H
#define SOCKWARDEN_TESTS_FUZZ_STREAM_ANSWERS_H

/* Judges what a client got: one answer a request, in their order, each of the form of an answer. */

#include "stream_engine.h"
#include "stream_model.h"

/* Bytes of what a client can get. */
enum { ANSWERS_MAX = 1 << 23 };

/*
 * `undisturbed` as for engine_check: every request that must be served has its answer. `stopped`: there was a shutdown,
 * and anything may have been answered with 503.
 */
void answers_check(struct slice output, const struct model *model, const struct engine *engine, bool undisturbed,
                   bool stopped);

#endif
