#include "http_scan.h"
#include "http_head.h"

enum { METHOD_SIZE_MAX = 16 };

static enum http_scan_result
refuse(struct http_scanner *scanner, int status, const char *reason)
{
    scanner->status = status;
    scanner->reason = reason;
    return HTTP_SCAN_BAD;
}

/* One byte of the request line: METHOD SP target SP version, checked as far as a byte can tell. */
static enum http_scan_result
scan_request_line(struct http_scanner *scanner, const struct http_limits *limits, unsigned char byte)
{
    if (byte == ' ') {
        if (scanner->line_length == 0 || ++scanner->spaces > 2)
            return refuse(scanner, 400, "the request line is not METHOD, target and version with one space between");
        return HTTP_SCAN_MORE;
    }
    if (byte < 0x21 || byte > 0x7e)
        return refuse(scanner, 400, "the request line holds a byte that must be percent-encoded");
    if (scanner->spaces == 0 && (!http_is_token_byte(byte) || scanner->line_length >= METHOD_SIZE_MAX))
        return refuse(scanner, 400, "the request does not begin with a method");
    if (scanner->spaces == 1 && ++scanner->target_length > limits->target)
        return refuse(scanner, 414, "the request target is longer than MAX_TARGET_SIZE");
    return HTTP_SCAN_MORE;
}

static enum http_scan_result
scan_line_end(struct http_scanner *scanner, const struct http_limits *limits, bool request)
{
    bool empty = scanner->line_length == 0;
    if (empty && scanner->lines == 0)
        return refuse(scanner, 400, "an empty line stands before the head");
    if (empty)
        return HTTP_SCAN_COMPLETE;
    if (request && scanner->lines == 0 && scanner->spaces != 2)
        return refuse(scanner, 400, "the request line is not METHOD, target and version with one space between");
    /* The first line is no field. */
    if (++scanner->lines > limits->fields + 1)
        return refuse(scanner, 431,
                      request ? "the head has more fields than MAX_HEAD_FIELDS" : "the head has too many fields");
    scanner->line_length = 0;
    return HTTP_SCAN_MORE;
}

static enum http_scan_result
scan_byte(struct http_scanner *scanner, const struct http_limits *limits, bool request, unsigned char byte)
{
    if (++scanner->size > limits->head)
        return refuse(scanner, 431,
                      request ? "the head is larger than MAX_HEAD_SIZE"
                              : "the head is larger than MAX_ANSWER_HEAD_SIZE");
    if (scanner->carriage_return) {
        if (byte != '\n')
            return refuse(scanner, 400, "a carriage return stands without its line feed");
        scanner->carriage_return = false;
        return scan_line_end(scanner, limits, request);
    }
    if (byte == '\r') {
        scanner->carriage_return = true;
        return HTTP_SCAN_MORE;
    }
    if (byte == '\n')
        return refuse(scanner, 400, "a line feed stands without its carriage return");
    if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
        return refuse(scanner, 400, "the head holds a control byte");
    if (scanner->line_length == 0 && (byte == ' ' || byte == '\t'))
        return refuse(scanner, 400, "a line begins with white space");
    if (request && scanner->lines == 0) {
        enum http_scan_result result = scan_request_line(scanner, limits, byte);
        if (result != HTTP_SCAN_MORE)
            return result;
    }
    scanner->line_length++;
    return HTTP_SCAN_MORE;
}

/* Bytes that a field line may hold anywhere but at its begin: most of every head, so they are skipped in runs. */
static size_t
run_length(const struct http_scanner *scanner, const struct http_limits *limits, const char *bytes, size_t length)
{
    size_t room = limits->head - scanner->size;
    size_t end = length < room ? length : room;
    size_t run = 0;
    while (run < end && (unsigned char)bytes[run] >= 0x20 && (unsigned char)bytes[run] != 0x7f)
        run++;
    return run;
}

enum http_scan_result
http_scan(struct http_scanner *scanner, const struct http_limits *limits, bool request, const char *bytes,
          size_t length, size_t *consumed)
{
    for (size_t i = 0; i < length; i++) {
        if (scanner->line_length > 0 && !scanner->carriage_return && (scanner->lines > 0 || !request)) {
            size_t run = run_length(scanner, limits, bytes + i, length - i);
            scanner->size += run;
            scanner->line_length += run;
            i += run;
            if (i == length)
                break;
        }
        enum http_scan_result result = scan_byte(scanner, limits, request, (unsigned char)bytes[i]);
        if (result != HTTP_SCAN_MORE) {
            *consumed = i + 1;
            return result;
        }
    }
    *consumed = length;
    return HTTP_SCAN_MORE;
}
