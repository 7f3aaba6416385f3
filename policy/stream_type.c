#include "policy.h"

bool
policy_is_raw_stream_type(struct slice content_type)
{
    return slice_equals_ignoring_case(content_type, SLICE_LITERAL("application/vnd.docker.raw-stream")) ||
           slice_equals_ignoring_case(content_type, SLICE_LITERAL("application/vnd.docker.multiplexed-stream"));
}
