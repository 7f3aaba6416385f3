#ifndef SOCKWARDEN_TESTS_FUZZ_STREAM_ENGINE_H
#define SOCKWARDEN_TESTS_FUZZ_STREAM_ENGINE_H

/*
 * A fake engine in the same process: takes connections at an abstract socket between the turns of the loop, keeps every
 * byte it gets, answers as it was bidden, and checks at the end that it got nothing but what the model says.
 */

#include "stream_model.h"

#include <stdint.h>

/* More connections than an input of 4 KiB can ask for. */
enum { ENGINE_CONNECTIONS_MAX = 160, ENGINE_KINDS = 6, ENGINE_BYTES_MAX = 65536 };

struct engine_answer; /* a row of the table of answers */

struct engine_connection {
    int fd; /* -1 once closed */
    const struct engine_answer *answer;
    struct slice bytes; /* of the answer */
    size_t sent;
    bool answering;
    bool ended;       /* the proxy sent FIN, or reset it */
    bool hung_up;     /* by us */
    bool ended_first; /* before anything was answered */
    char *received;
    size_t length;
    size_t capacity;
};

struct engine {
    int listening;
    const struct engine_answer *kinds[ENGINE_KINDS];
    struct slice raw; /* the answer of the kind that has none of its own */
    bool unreachable; /* nobody listens where the proxy dials */
    size_t piece;     /* bytes sent a step; 0: all */
    struct engine_connection connections[ENGINE_CONNECTIONS_MAX];
    size_t count;
};

/* How many kinds of answers there are. */
size_t engine_kind_count(void);
const struct engine_answer *engine_kind(size_t index);

/* True where all its answers are such that a connection is kept behind them. */
bool engine_is_benign(const struct engine *engine);

/* True where every answer waits until the client has sent all. */
bool engine_is_late(const struct engine *engine);

/* The status with which a benign answer to the engine's connection of this number comes. */
int engine_status(const struct engine *engine, size_t number);

/* The whole of that answer. */
struct slice engine_bytes(const struct engine *engine, size_t number);

/* What must never reach a client: it stands behind a complete answer. */
extern const char engine_injected[];

/*
 * Accepts, reads, answers. True where anything happened. `client_done`: the client has sent all, and the proxy had the
 * time to read it.
 */
bool engine_step(struct engine *engine, bool client_done);

/*
 * Judges what came against the model. `policy` is what the client's requests were judged by. `undisturbed`: the client
 * stayed to the end and nothing was shut down, so that what must arrive has arrived.
 */
void engine_check(const struct engine *engine, const struct model *model, const struct policy *policy,
                  bool undisturbed);

/* Closes what is open, and checks that nobody waits at the socket, which all runs share. */
void engine_close(struct engine *engine);

#endif
