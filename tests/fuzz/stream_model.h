#ifndef SOCKWARDEN_TESTS_FUZZ_STREAM_MODEL_H
#define SOCKWARDEN_TESTS_FUZZ_STREAM_MODEL_H

/*
 * What a client's bytes ask for, read by plain_http.c and judged by the policy: an upper bound of what the engine may
 * get, and, where a request is so plain that nobody could refuse it, a lower bound, too. Knows nothing of the proxy.
 */

#include "plain_http.h"
#include "policy/policy.h"

enum { MODEL_REQUESTS_MAX = 160 };

struct model_request {
    struct plain_head head;
    struct verdict verdict;
    char *buffer;       /* of the verdict */
    struct slice bytes; /* from its first byte to the end of the stream */
    size_t end;         /* where the next request may begin, in `bytes`; 0 where none may */
    size_t raw;         /* where the raw bytes of a tunnel begin, in `bytes` */
    char *body;         /* what must reach the engine */
    size_t body_length; /* so far */
    bool whole;         /* the body is complete */
    bool allowed;       /* by the policy: may reach the engine */
    bool sure;          /* must be served: nothing odd about it */
    bool keeps;         /* and the connection must be kept behind it */
    bool to_head;
    bool may_become_tunnel;
    bool raw_behind_head; /* what follows the head, or a body of known length, belongs to the tunnel */
};

struct model {
    struct model_request requests[MODEL_REQUESTS_MAX];
    size_t count;
};

/*
 * `collect_max`: bytes of a body that the proxy collects. `at_once`: all was sent before anything was answered, so
 * that what stands behind a request that might have become a tunnel is no request.
 */
void model_read(struct model *model, struct slice stream, const struct policy *policy, size_t collect_max,
                bool at_once);

/* The request that the engine's connection of this number carries; NULL where there must be none. */
const struct model_request *model_allowed(const struct model *model, size_t number);

void model_free(struct model *model);

#endif
