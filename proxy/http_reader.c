#include "http_reader.h"

#include <http_parser.h>

struct reading {
    struct slice target;
    bool head_complete;
};

static int
on_url(http_parser *parser, const char *at, size_t length)
{
    struct reading *reading = parser->data;
    /* The head is handed over in one piece, so the target comes in one. */
    reading->target = (struct slice){at, length};
    return 0;
}

static int
on_headers_complete(http_parser *parser)
{
    struct reading *reading = parser->data;
    reading->head_complete = true;
    /* The body is not http-parser's: it stops here, on whichever message. */
    http_parser_pause(parser, 1);
    return 0;
}

static bool
read_head(http_parser *parser, enum http_parser_type type, struct slice bytes, struct reading *reading)
{
    static const http_parser_settings settings = {.on_url = on_url, .on_headers_complete = on_headers_complete};
    /* The head's size is bounded by the scanner; http-parser's own limit must not be lower. */
    http_parser_set_max_header_size(UINT32_MAX);
    http_parser_init(parser, type);
    parser->data = reading;
    size_t read = http_parser_execute(parser, &settings, bytes.data, bytes.length);
    enum http_errno error = HTTP_PARSER_ERRNO(parser);
    /* It pauses on the last line feed or behind it. */
    return reading->head_complete && (error == HPE_PAUSED || error == HPE_OK) && read + 1 >= bytes.length;
}

static bool
agrees_on_framing(const http_parser *parser, const struct http_head *head)
{
    bool chunked = (parser->flags & F_CHUNKED) != 0;
    if (chunked != (head->framing == HTTP_BODY_CHUNKED))
        return false;
    bool has_length = (parser->flags & F_CONTENTLENGTH) != 0;
    if (has_length != head->has_length || (has_length && parser->content_length != head->body_length))
        return false;
    return parser->http_major == 1 && parser->http_minor == head->minor;
}

bool
http_reader_agrees_on_request(struct slice bytes, const struct http_head *head)
{
    http_parser parser;
    struct reading reading = {0};
    if (!read_head(&parser, HTTP_REQUEST, bytes, &reading))
        return false;
    const char *method = http_method_str((enum http_method)parser.method);
    return slice_equals(slice_from_string(method), head->method) && slice_equals(reading.target, head->target) &&
           agrees_on_framing(&parser, head);
}

bool
http_reader_agrees_on_answer(struct slice bytes, const struct http_head *head)
{
    http_parser parser;
    struct reading reading = {0};
    return read_head(&parser, HTTP_RESPONSE, bytes, &reading) && (int)parser.status_code == head->status &&
           agrees_on_framing(&parser, head);
}
