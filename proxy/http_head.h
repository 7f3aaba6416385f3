#ifndef SOCKWARDEN_PROXY_HTTP_HEAD_H
#define SOCKWARDEN_PROXY_HTTP_HEAD_H

/*
 * The strict check of HTTP/1 heads, the first of the two gates (the second is http_reader.c). The scanner of
 * http_scan.h has looked at each byte as it arrived; when the head is complete, the parse functions here take it apart
 * into slices of the caller's bytes and decide the framing of the message. Grammar: RFC 9112
 * sections 2 to 6, with everything refused that peers are known to read in different ways (line ends other than CRLF,
 * folded lines, two framings, lists in Transfer-Encoding …). Nothing here allocates, logs or knows a socket; used by
 * client.c, exchange.c and the fuzzers.
 */

#include "http_scan.h"
#include "policy/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The upper bound of the setting; a parsed head is a value on the stack. */
enum { HTTP_FIELDS_MAX = 256 };

enum http_framing {
    HTTP_BODY_NONE,
    HTTP_BODY_LENGTH,
    HTTP_BODY_CHUNKED,
    HTTP_BODY_UNTIL_CLOSE, /* answers only */
};

/* What a field is to a message, by its name. */
enum http_field_kind {
    HTTP_FIELD_PLAIN,
    HTTP_FIELD_HOST,
    HTTP_FIELD_LENGTH,
    HTTP_FIELD_CODING,
    HTTP_FIELD_TYPE,
    HTTP_FIELD_EXPECT,
    HTTP_FIELD_UPGRADE,
    HTTP_FIELD_CONNECTION,
};

struct http_field {
    struct slice name;
    struct slice value; /* without the white space around it */
    enum http_field_kind kind;
    bool hop_by_hop; /* it concerns one connection only and is never passed on (RFC 9110 section 7.6.1) */
};

/* A head taken apart; every slice points into the bytes that were parsed. */
struct http_head {
    /* Requests. */
    struct slice method;
    struct slice target;
    /* Answers. */
    int status;
    struct slice reason;
    /* Both. */
    int minor; /* HTTP/1.minor, 0 or 1 */
    enum http_framing framing;
    uint64_t body_length;      /* with HTTP_BODY_LENGTH; for answers, see http_parse_answer */
    bool has_length;           /* a Content-Length field is there */
    bool close;                /* Connection names close */
    bool keep_alive;           /* Connection names keep-alive */
    bool expects_continue;     /* Expect: 100-continue, HTTP/1.1 */
    struct slice upgrade;      /* value of Upgrade; data is NULL where there is none or the version is 1.0 */
    struct slice content_type; /* data is NULL where there is none */
    size_t field_count;
    struct http_field fields[HTTP_FIELDS_MAX];
};

/* Why a head was refused. */
struct http_problem {
    int status;
    const char *reason;
};

/* `bytes` is one whole head that the scanner let pass, its empty line included. */
bool http_parse_request(struct slice bytes, struct http_head *head, struct http_problem *problem);

/*
 * The same for an answer of the engine. The framing is that of the fields; whether the answer has a body at all
 * depends on the request and the status, see http_answer_has_body.
 */
bool http_parse_answer(struct slice bytes, struct http_head *head, struct http_problem *problem);

/* True for the methods that engines have. All others are 400, whatever the policy. */
bool http_is_known_method(struct slice method);

/* RFC 9112 section 6.3, rules 1 and 2: none to HEAD, none with 1xx, 204 and 304, whatever the fields say. */
bool http_answer_has_body(int status, bool head_request);

/* tchar, RFC 9110 section 5.6.2: what methods and field names consist of. */
static inline bool
http_is_token_byte(unsigned char byte)
{
    static const uint32_t set[256 / 32] = {[1] = 0x03ff6cfa, [2] = 0xc7fffffe, [3] = 0x57ffffff};
    return (set[byte / 32] >> (byte % 32) & 1) != 0;
}

/* What `hop_by_hop` of a field tells, for a name alone. */
bool http_field_is_hop_by_hop(struct slice name);

/* The reason phrase for a status that is answered here. */
const char *http_reason(int status);

#endif
