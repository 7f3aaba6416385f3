#include "http_scan.h"
#include "bytes.h"
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

static bool
is_usual(unsigned char byte, unsigned least, bool ascii)
{
    return byte >= least && byte != 0x7f && !(ascii && byte >= 0x80);
}

/* How many bytes there are in front of the first that must be looked at by itself. */
static size_t
run_length(const char *bytes, size_t length, unsigned least, bool ascii)
{
    size_t run = 0;
    for (; run + BYTES_A_WORD <= length; run += BYTES_A_WORD) {
        uint64_t word = bytes_load(bytes + run);
        uint64_t marks = bytes_below(word, least) | bytes_equal(word, 0x7f) | (ascii ? bytes_above_ascii(word) : 0);
        if (bytes_marked(marks) != 0)
            return run + bytes_first(bytes_marked(marks));
    }
    while (run < length && is_usual((unsigned char)bytes[run], least, ascii))
        run++;
    return run;
}

static size_t
lesser(size_t one, size_t other)
{
    return one < other ? one : other;
}

/*
 * Skips what is most of every head in one go: bytes that a field line may hold anywhere but at its begin, and those of
 * a target and a version. Returns how many; never one that would exceed a limit.
 */
static size_t
skip_run(struct http_scanner *scanner, const struct http_limits *limits, bool request, const char *bytes, size_t length)
{
    bool request_line = request && scanner->lines == 0;
    bool may_begin = scanner->line_length > 0 || (!request_line && (unsigned char)bytes[0] > ' ');
    if (scanner->carriage_return || !may_begin || (request_line && scanner->spaces == 0))
        return 0;
    length = lesser(length, limits->head - scanner->size);
    if (request_line && scanner->spaces == 1)
        length = lesser(length, limits->target - scanner->target_length);
    size_t run = run_length(bytes, length, request_line ? 0x21 : 0x20, request_line);
    scanner->size += run;
    scanner->line_length += run;
    if (request_line && scanner->spaces == 1)
        scanner->target_length += run;
    return run;
}

/* Both bytes of a line's end at once, where both are there and allowed; `result` is told then. */
static bool
skip_line_end(struct http_scanner *scanner, const struct http_limits *limits, bool request, const char *bytes,
              size_t length, enum http_scan_result *result)
{
    if (length < 2 || bytes[0] != '\r' || bytes[1] != '\n' || scanner->carriage_return ||
        limits->head - scanner->size < 2)
        return false;
    scanner->size += 2;
    *result = scan_line_end(scanner, limits, request);
    return true;
}

enum http_scan_result
http_scan(struct http_scanner *scanner, const struct http_limits *limits, bool request, const char *bytes,
          size_t length, size_t *consumed)
{
    size_t at = 0;
    while (at < length) {
        enum http_scan_result result;
        at += skip_run(scanner, limits, request, bytes + at, length - at);
        if (at == length)
            break;
        if (skip_line_end(scanner, limits, request, bytes + at, length - at, &result))
            at += 2;
        else
            result = scan_byte(scanner, limits, request, (unsigned char)bytes[at++]);
        if (result != HTTP_SCAN_MORE) {
            *consumed = at;
            return result;
        }
    }
    *consumed = length;
    return HTTP_SCAN_MORE;
}
