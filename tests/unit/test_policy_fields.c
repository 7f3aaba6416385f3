#include "policy.h"
#include "policy_data.h"

static void
fields_that_an_engine_reads_are_forwarded_in_any_case(void **state)
{
    (void)state;
    static const char *const FORWARDED[] = {
        "Content-Type",
        "content-type",
        "CONTENT-TYPE",
        "Accept",
        "Accept-Encoding",
        "User-Agent",
        "X-Registry-Auth",
        "x-registry-config",
        "X-Meta-Anything",
        "x-meta-a",
        "Traceparent",
        "tracestate",
        "baggage",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "sec-websocket-extensions",
        "Origin",
        "Content-Encoding",
        "X-Docker-Expose-Session-Uuid",
        "X-Docker-Expose-Session-Grpc-Method",
    };
    for (size_t i = 0; i < sizeof(FORWARDED) / sizeof(FORWARDED[0]); i++)
        if (!policy_forwards_field(slice_from_string(FORWARDED[i])))
            fail_msg("%s is not forwarded", FORWARDED[i]);
}

static void
hop_by_hop_framing_and_unknown_fields_are_not(void **state)
{
    (void)state;
    static const char *const DROPPED[] = {
        "",
        "Host",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Content-Length",
        "Upgrade",
        "Expect",
        "HTTP2-Settings",
        "Forwarded",
        "X-Forwarded-For",
        "X-Real-IP",
        "X-HTTP-Method-Override",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Authorization",
        "Cookie",
        "Accept-",
        "Accept-Encodin",
        "Accept-Encodings",
        "Content_Type",
        "Content-Typ",
        "X-Meta-",
        "X-Meta",
        "X-Registry",
        "X-Docker-Expose-Session-",
        "X-Docker-Expose",
        "*",
        "X-Meta*",
    };
    for (size_t i = 0; i < sizeof(DROPPED) / sizeof(DROPPED[0]); i++) {
        struct slice name = data_exact_copy(slice_from_string(DROPPED[i]));
        if (policy_forwards_field(name))
            fail_msg("%s is forwarded", DROPPED[i]);
        free((char *)name.data);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_that_an_engine_reads_are_forwarded_in_any_case),
        cmocka_unit_test(hop_by_hop_framing_and_unknown_fields_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
