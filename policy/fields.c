#include "policy.h"

/* Request fields that an engine reads, or hands on to a registry. A name that ends in '*' stands for all that begin so.
 */
static const struct slice FORWARDED[] = {
#define FIELD(name) {(name), sizeof(name) - 1},
    FIELD("Accept") FIELD("Accept-Encoding") FIELD("Baggage") FIELD("Content-Encoding") FIELD("Content-Type")
        FIELD("Origin") FIELD("Sec-WebSocket-Extensions") FIELD("Sec-WebSocket-Key") FIELD("Sec-WebSocket-Protocol")
            FIELD("Sec-WebSocket-Version") FIELD("Traceparent") FIELD("Tracestate") FIELD("User-Agent")
                FIELD("X-Docker-Expose-Session-*") FIELD("X-Meta-*") FIELD("X-Registry-Auth") FIELD("X-Registry-Config")
#undef FIELD
};

static bool
field_fits(struct slice pattern, struct slice name)
{
    if (pattern.data[pattern.length - 1] != '*')
        return slice_equals_ignoring_case(pattern, name);
    size_t length = pattern.length - 1;
    return name.length > length && strncasecmp(name.data, pattern.data, length) == 0;
}

bool
policy_forwards_field(struct slice name)
{
    for (size_t i = 0; i < sizeof(FORWARDED) / sizeof(FORWARDED[0]); i++)
        if (field_fits(FORWARDED[i], name))
            return true;
    return false;
}
