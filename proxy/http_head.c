#include "http_head.h"

/* 18 digits stay below 2^63, where Go's lengths end, and far below what overflows here. */
enum { LENGTH_DIGITS_MAX = 18 };

static bool
fail(struct http_problem *problem, int status, const char *reason)
{
    problem->status = status;
    problem->reason = reason;
    return false;
}

static struct slice
trim(struct slice value)
{
    while (value.length > 0 && (value.data[0] == ' ' || value.data[0] == '\t')) {
        value.data++;
        value.length--;
    }
    while (value.length > 0 && (value.data[value.length - 1] == ' ' || value.data[value.length - 1] == '\t'))
        value.length--;
    return value;
}

/* Cuts the next line off; the scanner has made sure that each ends with CRLF. */
static struct slice
next_line(struct slice *rest)
{
    const char *end = memchr(rest->data, '\r', rest->length);
    struct slice line = {rest->data, (size_t)(end - rest->data)};
    rest->data = end + 2;
    rest->length -= line.length + 2;
    return line;
}

/* Cuts off what stands before the next `separator`; false where there is none. */
static bool
cut(struct slice *rest, char separator, struct slice *part)
{
    const char *end = memchr(rest->data, separator, rest->length);
    if (end == NULL)
        return false;
    *part = (struct slice){rest->data, (size_t)(end - rest->data)};
    rest->data = end + 1;
    rest->length -= part->length + 1;
    return true;
}

static bool
parse_version(struct slice version, int *minor)
{
    if (slice_equals(version, SLICE_LITERAL("HTTP/1.1")))
        *minor = 1;
    else if (slice_equals(version, SLICE_LITERAL("HTTP/1.0")))
        *minor = 0;
    else
        return false;
    return true;
}

bool
http_is_known_method(struct slice method)
{
    static const struct slice known[] = {
        SLICE_LITERAL("GET"),    SLICE_LITERAL("HEAD"),  SLICE_LITERAL("POST"),    SLICE_LITERAL("PUT"),
        SLICE_LITERAL("DELETE"), SLICE_LITERAL("PATCH"), SLICE_LITERAL("OPTIONS"),
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (slice_equals(method, known[i]))
            return true;
    return false;
}

static bool
parse_request_line(struct slice line, struct http_head *head, struct http_problem *problem)
{
    if (!cut(&line, ' ', &head->method) || !cut(&line, ' ', &head->target))
        return fail(problem, 400, "the request line is not METHOD, target and version with one space between");
    if (!parse_version(line, &head->minor))
        return fail(problem, 400, "the version is neither HTTP/1.1 nor HTTP/1.0");
    if (!http_is_known_method(head->method))
        return fail(problem, 400, "the method is none of GET, HEAD, POST, PUT, DELETE, PATCH and OPTIONS");
    if (head->target.length == 0 || head->target.data[0] != '/')
        return fail(problem, 400, "the request target does not begin with a slash");
    return true;
}

static bool
parse_status_line(struct slice line, struct http_head *head, struct http_problem *problem)
{
    struct slice version;
    if (!cut(&line, ' ', &version) || !parse_version(version, &head->minor))
        return fail(problem, 502, "the engine's answer does not begin with an HTTP/1 status line");
    if (line.length < 3 || (line.length > 3 && line.data[3] != ' '))
        return fail(problem, 502, "the engine's answer has no status of three digits");
    for (size_t i = 0; i < 3; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return fail(problem, 502, "the engine's answer has no status of three digits");
        head->status = head->status * 10 + (line.data[i] - '0');
    }
    if (head->status < 100 || head->status > 599)
        return fail(problem, 502, "the engine's answer has a status that does not exist");
    if (line.length > 4)
        head->reason = (struct slice){line.data + 4, line.length - 4};
    return true;
}

/* The fields that concern one connection or the message itself; what stands below is all that is special about a name.
 */
static const struct known_field {
    struct slice name;
    enum http_field_kind kind;
    bool hop_by_hop;
    bool of_message;   /* a peer that honours nominations would drop it, and with it what was judged */
    const char *twice; /* it may stand once only, as a message with two of them has two meanings */
} known_fields[] = {
    {SLICE_LITERAL("te"), HTTP_FIELD_PLAIN, true, false, NULL},
    {SLICE_LITERAL("host"), HTTP_FIELD_HOST, true, true, "Host stands twice"},
    {SLICE_LITERAL("expect"), HTTP_FIELD_EXPECT, true, true, "Expect stands twice"},
    {SLICE_LITERAL("trailer"), HTTP_FIELD_PLAIN, true, false, NULL},
    {SLICE_LITERAL("upgrade"), HTTP_FIELD_UPGRADE, true, false, "Upgrade stands twice"},
    {SLICE_LITERAL("connection"), HTTP_FIELD_CONNECTION, true, true, NULL},
    {SLICE_LITERAL("keep-alive"), HTTP_FIELD_PLAIN, true, false, NULL},
    {SLICE_LITERAL("content-type"), HTTP_FIELD_TYPE, false, true, "Content-Type stands twice"},
    {SLICE_LITERAL("content-length"), HTTP_FIELD_LENGTH, true, true, "Content-Length stands twice"},
    {SLICE_LITERAL("proxy-connection"), HTTP_FIELD_PLAIN, true, false, NULL},
    {SLICE_LITERAL("transfer-encoding"), HTTP_FIELD_CODING, true, true, "Transfer-Encoding stands twice"},
    {SLICE_LITERAL("proxy-authenticate"), HTTP_FIELD_PLAIN, true, false, NULL},
    {SLICE_LITERAL("proxy-authorization"), HTTP_FIELD_PLAIN, true, false, NULL},
};

/* NULL for all other names. */
static const struct known_field *
find_known_field(struct slice name)
{
    /* A look at the first letter spares most names the rest: c, e, h, k, p, t and u. */
    const uint32_t letters = 1u << 3 | 1u << 5 | 1u << 8 | 1u << 11 | 1u << 16 | 1u << 20 | 1u << 21;
    if (name.length == 0 || (letters >> (name.data[0] & 31) & 1) == 0)
        return NULL;
    for (size_t i = 0; i < sizeof(known_fields) / sizeof(known_fields[0]); i++)
        if (slice_equals_ignoring_case(name, known_fields[i].name))
            return &known_fields[i];
    return NULL;
}

static bool
parse_fields(struct slice rest, struct http_head *head, struct http_problem *problem, int status)
{
    while (rest.length > 2) {
        struct slice line = next_line(&rest);
        size_t length = 0;
        while (length < line.length && http_is_token_byte((unsigned char)line.data[length]))
            length++;
        if (length == 0 || length == line.length || line.data[length] != ':') {
            bool named = line.length > 0 && line.data[0] != ':' && memchr(line.data, ':', line.length) != NULL;
            return fail(problem, status,
                        named ? "a field name holds a byte that no name may hold"
                              : "a field line has no name and colon");
        }
        if (head->field_count == HTTP_FIELDS_MAX)
            return fail(problem, status == 400 ? 431 : status, "the head has too many fields");
        struct http_field *field = &head->fields[head->field_count++];
        field->name = (struct slice){line.data, length};
        field->value = trim((struct slice){line.data + length + 1, line.length - length - 1});
        const struct known_field *known = find_known_field(field->name);
        field->kind = known != NULL ? known->kind : HTTP_FIELD_PLAIN;
        field->hop_by_hop = known != NULL && known->hop_by_hop;
    }
    return true;
}

static bool
parse_length(struct slice value, uint64_t *length)
{
    if (value.length == 0 || value.length > LENGTH_DIGITS_MAX)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return false;
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    *length = number;
    return true;
}

static bool
is_of_message(struct slice name)
{
    const struct known_field *known = find_known_field(name);
    return known != NULL && known->of_message;
}

static bool
read_connection(struct slice value, struct http_head *head, struct http_problem *problem, int status)
{
    while (value.length > 0) {
        struct slice option;
        if (!cut(&value, ',', &option)) {
            option = value;
            value.length = 0;
        }
        option = trim(option);
        for (size_t i = 0; i < option.length; i++)
            if (!http_is_token_byte((unsigned char)option.data[i]))
                return fail(problem, status, "Connection holds what is no connection option");
        if (slice_equals_ignoring_case(option, SLICE_LITERAL("close")))
            head->close = true;
        else if (slice_equals_ignoring_case(option, SLICE_LITERAL("keep-alive")))
            head->keep_alive = true;
        else if (is_of_message(option))
            return fail(problem, status, "Connection names a field that belongs to the message");
    }
    return true;
}

static bool
read_coding(struct slice value, struct http_head *head, struct http_problem *problem, int status)
{
    if (!slice_equals_ignoring_case(value, SLICE_LITERAL("chunked")))
        return fail(problem, status, "Transfer-Encoding is not chunked alone");
    if (head->minor == 0)
        return fail(problem, status, "Transfer-Encoding stands in an HTTP/1.0 message");
    head->framing = HTTP_BODY_CHUNKED;
    return true;
}

static bool
read_expect(struct slice value, struct http_head *head, struct http_problem *problem)
{
    if (!slice_equals_ignoring_case(value, SLICE_LITERAL("100-continue")))
        return fail(problem, 417, "Expect is not 100-continue");
    head->expects_continue = head->minor == 1;
    return true;
}

static bool
check_host(struct slice value, struct http_problem *problem)
{
    for (size_t i = 0; i < value.length; i++)
        if ((unsigned char)value.data[i] <= ' ' || (unsigned char)value.data[i] >= 0x7f)
            return fail(problem, 400, "Host holds a byte that no host name may hold");
    return true;
}

static bool
read_field(const struct http_field *field, struct http_head *head, struct http_problem *problem, bool request)
{
    int status = request ? 400 : 502;
    switch (field->kind) {
    case HTTP_FIELD_HOST:
        return !request || check_host(field->value, problem);
    case HTTP_FIELD_LENGTH:
        head->has_length = true;
        return parse_length(field->value, &head->body_length) ||
               fail(problem, status, "Content-Length is not a number of at most 18 digits");
    case HTTP_FIELD_CODING:
        return read_coding(field->value, head, problem, status);
    case HTTP_FIELD_TYPE:
        head->content_type = field->value;
        return true;
    case HTTP_FIELD_EXPECT:
        return !request || read_expect(field->value, head, problem);
    case HTTP_FIELD_UPGRADE:
        if (head->minor == 1)
            head->upgrade = field->value;
        return true;
    case HTTP_FIELD_CONNECTION:
        return read_connection(field->value, head, problem, status);
    case HTTP_FIELD_PLAIN:
        break;
    }
    return true;
}

static bool
read_fields(struct http_head *head, struct http_problem *problem, bool request)
{
    unsigned seen = 0;
    int status = request ? 400 : 502;
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];
        unsigned bit = 1u << field->kind;
        if (field->kind == HTTP_FIELD_PLAIN)
            continue;
        const char *twice = seen & bit ? find_known_field(field->name)->twice : NULL;
        if (twice != NULL)
            return fail(problem, status, twice);
        seen |= bit;
        if (!read_field(field, head, problem, request))
            return false;
    }
    if ((seen & 1u << HTTP_FIELD_LENGTH) && (seen & 1u << HTTP_FIELD_CODING))
        return fail(problem, status, "Content-Length and Transfer-Encoding stand together");
    if (request && head->minor == 1 && !(seen & 1u << HTTP_FIELD_HOST))
        return fail(problem, 400, "Host is missing");
    return true;
}

bool
http_parse_request(struct slice bytes, struct http_head *head, struct http_problem *problem)
{
    memset(head, 0, offsetof(struct http_head, fields));
    struct slice rest = bytes;
    if (!parse_request_line(next_line(&rest), head, problem) || !parse_fields(rest, head, problem, 400) ||
        !read_fields(head, problem, true))
        return false;
    if (head->framing == HTTP_BODY_NONE && head->body_length > 0)
        head->framing = HTTP_BODY_LENGTH;
    if (head->framing == HTTP_BODY_NONE)
        head->expects_continue = false;
    return true;
}

bool
http_parse_answer(struct slice bytes, struct http_head *head, struct http_problem *problem)
{
    memset(head, 0, offsetof(struct http_head, fields));
    struct slice rest = bytes;
    if (!parse_status_line(next_line(&rest), head, problem) || !parse_fields(rest, head, problem, 502) ||
        !read_fields(head, problem, false))
        return false;
    if (head->framing == HTTP_BODY_NONE)
        head->framing = head->has_length ? HTTP_BODY_LENGTH : HTTP_BODY_UNTIL_CLOSE;
    return true;
}

bool
http_answer_has_body(int status, bool head_request)
{
    return !head_request && status >= 200 && status != 204 && status != 304;
}

bool
http_field_is_hop_by_hop(struct slice name)
{
    const struct known_field *known = find_known_field(name);
    return known != NULL && known->hop_by_hop;
}

const char *
http_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 431:
        return "Request Header Fields Too Large";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "Internal Server Error";
    }
}
