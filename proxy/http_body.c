#include "http_body.h"

#include <stdio.h>

enum state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_SIZE_LF,
    CHUNK_DATA,
    CHUNK_DATA_CR,
    CHUNK_DATA_LF,
    TRAILER_BEGIN,
    TRAILER_NAME,
    TRAILER_VALUE,
    TRAILER_LF,
    LAST_LF,
    COMPLETE,
    BROKEN, /* never complete, never between chunks, whatever is asked or read */
};

enum { SIZE_DIGITS_MAX = 8 };

void
http_body_begin(struct http_body *body, enum http_framing framing, uint64_t length)
{
    *body = (struct http_body){.framing = framing,
                               .state = CHUNK_SIZE,
                               .extension_max = HTTP_CHUNK_EXTENSION_SIZE,
                               .trailers_max = HTTP_TRAILERS_SIZE};
    if (framing == HTTP_BODY_LENGTH)
        body->left = length;
    if (framing == HTTP_BODY_NONE || (framing == HTTP_BODY_LENGTH && length == 0))
        body->state = COMPLETE;
}

void
http_body_bound(struct http_body *body, uint64_t extension_size, uint64_t trailers_size)
{
    body->extension_max = extension_size;
    body->trailers_max = trailers_size;
}

static int
hexadecimal(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

static bool
read_size_byte(struct http_body *body, unsigned char byte)
{
    int digit = hexadecimal(byte);
    if (digit >= 0) {
        if (++body->digits > SIZE_DIGITS_MAX)
            return false;
        body->left = body->left * 16 + (uint64_t)digit;
        return true;
    }
    if (body->digits == 0)
        return false;
    body->overhead = 0;
    if (byte == ';')
        body->state = CHUNK_EXTENSION;
    else if (byte == '\r')
        body->state = CHUNK_SIZE_LF;
    else
        return false;
    return true;
}

static bool
is_field_byte(unsigned char byte)
{
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

static bool
read_trailer_byte(struct http_body *body, unsigned char byte)
{
    if (++body->overhead > body->trailers_max)
        return false;
    switch (body->state) {
    case TRAILER_BEGIN:
        if (byte == '\r') {
            body->state = LAST_LF;
            return true;
        }
        body->state = TRAILER_NAME;
        /* A fold or a nameless field is no trailer field. */
        return http_is_token_byte(byte);
    case TRAILER_NAME:
        if (byte == ':')
            body->state = TRAILER_VALUE;
        return byte == ':' || http_is_token_byte(byte);
    case TRAILER_VALUE:
        if (byte == '\r')
            body->state = TRAILER_LF;
        return byte == '\r' || is_field_byte(byte);
    default:
        body->state = TRAILER_BEGIN;
        return byte == '\n';
    }
}

/* One byte of the framing, not of the payload. */
static bool
read_framing_byte(struct http_body *body, unsigned char byte)
{
    switch (body->state) {
    case CHUNK_SIZE:
        return read_size_byte(body, byte);
    case CHUNK_EXTENSION:
        if (byte == '\r')
            body->state = CHUNK_SIZE_LF;
        return byte == '\r' || (is_field_byte(byte) && ++body->overhead <= body->extension_max);
    case CHUNK_SIZE_LF:
        body->overhead = 0;
        body->state = body->left > 0 ? CHUNK_DATA : TRAILER_BEGIN;
        return byte == '\n';
    case CHUNK_DATA_CR:
        body->state = CHUNK_DATA_LF;
        return byte == '\r';
    case CHUNK_DATA_LF:
        body->state = CHUNK_SIZE;
        body->digits = 0;
        return byte == '\n';
    case LAST_LF:
        body->state = COMPLETE;
        return byte == '\n';
    default:
        return read_trailer_byte(body, byte);
    }
}

uint64_t
http_body_unseen(const struct http_body *body)
{
    bool within = body->framing == HTTP_BODY_CHUNKED ? body->state == CHUNK_DATA : body->state != COMPLETE;
    if (!within || body->state == BROKEN || body->framing == HTTP_BODY_NONE)
        return 0;
    return body->framing == HTTP_BODY_UNTIL_CLOSE ? UINT64_MAX : body->left;
}

void
http_body_pass(struct http_body *body, size_t length)
{
    if (body->framing == HTTP_BODY_UNTIL_CLOSE)
        return;
    body->left -= length;
    if (body->left == 0)
        body->state = body->framing == HTTP_BODY_CHUNKED ? CHUNK_DATA_CR : COMPLETE;
}

static enum http_body_result
take_payload(struct http_body *body, const char *bytes, size_t length, size_t *consumed, struct slice *payload)
{
    size_t taken = length < body->left ? length : (size_t)body->left;
    *payload = (struct slice){bytes, taken};
    *consumed += taken;
    http_body_pass(body, taken);
    return HTTP_BODY_DATA;
}

enum http_body_result
http_body_read(struct http_body *body, const char *bytes, size_t length, size_t *consumed, struct slice *payload)
{
    *consumed = 0;
    *payload = (struct slice){NULL, 0};
    if (body->state == COMPLETE)
        return HTTP_BODY_END;
    if (body->state == BROKEN)
        return HTTP_BODY_ERROR;
    if (length == 0)
        return HTTP_BODY_MORE;
    if (body->framing == HTTP_BODY_UNTIL_CLOSE) {
        *payload = (struct slice){bytes, length};
        *consumed = length;
        return HTTP_BODY_DATA;
    }
    if (body->framing == HTTP_BODY_LENGTH)
        return take_payload(body, bytes, length, consumed, payload);
    while (*consumed < length) {
        if (body->state == CHUNK_DATA)
            return take_payload(body, bytes + *consumed, length - *consumed, consumed, payload);
        if (!read_framing_byte(body, (unsigned char)bytes[(*consumed)++])) {
            body->state = BROKEN;
            return HTTP_BODY_ERROR;
        }
        if (body->state == COMPLETE)
            return HTTP_BODY_END;
    }
    return HTTP_BODY_MORE;
}

bool
http_body_is_between_chunks(const struct http_body *body)
{
    return body->framing == HTTP_BODY_CHUNKED && body->state == CHUNK_SIZE && body->digits == 0;
}

bool
http_body_is_complete(const struct http_body *body)
{
    return body->state == COMPLETE;
}

size_t
http_chunk_line(char *line, size_t payload_length)
{
    return (size_t)snprintf(line, HTTP_CHUNK_LINE_SIZE, "%zx\r\n", payload_length);
}
