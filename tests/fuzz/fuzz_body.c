/*
 * Bodies. Input: one byte for the framing, two for the length, two for a split, two for the pieces of the chunks that
 * are written again, then the bytes. Promises: a split changes nothing; a chunked body reads as a plain reader of its
 * own says; its payload, in chunks of any size, reads as itself; what may pass unseen is payload and nothing else.
 */

#include "plain_http.h"
#include "proxy/http_body.h"
#include "support.h"

struct outcome {
    enum http_body_result result;
    size_t consumed;
    size_t length;
    char *payload;
};

static bool
read_piece(struct http_body *body, struct slice piece, struct outcome *outcome)
{
    char *bytes = copy_exactly(piece);
    size_t taken = 0;
    do {
        size_t consumed;
        struct slice payload;
        outcome->result = http_body_read(body, bytes + taken, piece.length - taken, &consumed, &payload);
        CHECK(consumed <= piece.length - taken);
        CHECK((outcome->result == HTTP_BODY_DATA) == (payload.length > 0));
        CHECK(payload.length == 0 || (payload.data >= bytes && payload.data + payload.length <= bytes + piece.length));
        if (payload.length > 0)
            memcpy(outcome->payload + outcome->length, payload.data, payload.length);
        outcome->length += payload.length;
        taken += consumed;
    } while (outcome->result == HTTP_BODY_DATA);
    CHECK(outcome->result != HTTP_BODY_MORE || taken == piece.length);
    CHECK((outcome->result == HTTP_BODY_END) == http_body_is_complete(body));
    CHECK(outcome->result == HTTP_BODY_MORE || !http_body_is_between_chunks(body));
    outcome->consumed += taken;
    free(bytes);
    return outcome->result == HTTP_BODY_MORE;
}

/* Reads the bytes in pieces: the first of `first` bytes, then of `step`. The caller frees the payload. */
static void
read_body(enum http_framing framing, uint64_t length, struct slice bytes, size_t first, size_t step,
          struct outcome *outcome)
{
    struct http_body body;
    http_body_begin(&body, framing, length);
    *outcome = (struct outcome){.payload = malloc(bytes.length + 1)};
    CHECK(outcome->payload != NULL);
    size_t at = 0;
    size_t size = first;
    bool more;
    do {
        size = size < bytes.length - at ? size : bytes.length - at;
        more = read_piece(&body, (struct slice){bytes.data + at, size}, outcome);
        at += size;
        size = step;
    } while (more && at < bytes.length);
}

/* As read_body in pieces of `step`, but what may pass unseen does. */
static void
pass_body(enum http_framing framing, uint64_t length, struct slice bytes, size_t step, struct outcome *outcome)
{
    struct http_body body;
    http_body_begin(&body, framing, length);
    *outcome = (struct outcome){.payload = malloc(bytes.length + 1)};
    CHECK(outcome->payload != NULL);
    size_t at = 0;
    bool more = true;
    while (more && at < bytes.length) {
        size_t size = step < bytes.length - at ? step : bytes.length - at;
        uint64_t unseen = http_body_unseen(&body);
        if (unseen > 0) {
            size = size < unseen ? size : (size_t)unseen;
            memcpy(outcome->payload + outcome->length, bytes.data + at, size);
            outcome->length += size;
            outcome->consumed += size;
            http_body_pass(&body, size);
            at += size;
            size = 0;
        }
        more = read_piece(&body, (struct slice){bytes.data + at, size}, outcome);
        at += size;
    }
    if (bytes.length == 0)
        read_piece(&body, bytes, outcome);
}

static void
check_same(const struct outcome *one, const struct outcome *other)
{
    CHECK(one->result == other->result && one->consumed == other->consumed && one->length == other->length);
    CHECK(one->length == 0 || memcmp(one->payload, other->payload, one->length) == 0);
}

static void
check_against_plain_reader(struct slice bytes, const struct outcome *outcome)
{
    size_t length;
    size_t consumed;
    char *payload = malloc(bytes.length + 1);
    CHECK(payload != NULL);
    enum plain_result result = plain_chunked(bytes, payload, &length, &consumed);
    if (result == PLAIN_END)
        CHECK(outcome->result == HTTP_BODY_END && outcome->consumed == consumed);
    else
        CHECK(outcome->result != HTTP_BODY_END || outcome->consumed > 8000);
    CHECK(result != PLAIN_BAD || outcome->result == HTTP_BODY_ERROR);
    CHECK(outcome->length == length && (length == 0 || memcmp(outcome->payload, payload, length) == 0));
    free(payload);
}

/* ---- written again
 * ----------------------------------------------------------------------------------------------------- */

static void
check_written_again(const struct outcome *outcome, size_t piece)
{
    size_t pieces = outcome->length / piece + 1;
    char *bytes = malloc(outcome->length + (pieces + 1) * (HTTP_CHUNK_LINE_SIZE + 4));
    CHECK(bytes != NULL);
    size_t length = 0;
    for (size_t at = 0; at < outcome->length; at += piece) {
        size_t size = outcome->length - at < piece ? outcome->length - at : piece;
        length += http_chunk_line(bytes + length, size);
        memcpy(bytes + length, outcome->payload + at, size);
        memcpy(bytes + length + size, "\r\n", 2);
        length += size + 2;
    }
    memcpy(bytes + length, "0\r\n\r\n", 5);
    length += 5;
    struct outcome again;
    read_body(HTTP_BODY_CHUNKED, 0, (struct slice){bytes, length}, length, 1, &again);
    CHECK(again.result == HTTP_BODY_END && again.consumed == length && again.length == outcome->length);
    CHECK(again.length == 0 || memcmp(again.payload, outcome->payload, again.length) == 0);
    free(again.payload);
    free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum http_framing framings[] = {HTTP_BODY_CHUNKED, HTTP_BODY_LENGTH, HTTP_BODY_UNTIL_CLOSE,
                                                 HTTP_BODY_NONE};
    struct input input = {data, size};
    enum http_framing framing = framings[input_choice(&input, COUNT_OF(framings))];
    uint64_t length = input_number(&input, 65536);
    size_t split = input_number(&input, 65536);
    size_t piece = 1 + input_number(&input, 4096);
    struct slice bytes = input_rest(&input);
    struct outcome whole;
    struct outcome other;
    read_body(framing, length, bytes, bytes.length, 1, &whole);
    read_body(framing, length, bytes, split, bytes.length, &other);
    check_same(&whole, &other);
    free(other.payload);
    read_body(framing, length, bytes, 1, 1, &other);
    check_same(&whole, &other);
    free(other.payload);
    pass_body(framing, length, bytes, piece, &other);
    check_same(&whole, &other);
    free(other.payload);
    if (framing == HTTP_BODY_CHUNKED)
        check_against_plain_reader(bytes, &whole);
    if (framing == HTTP_BODY_LENGTH)
        CHECK(whole.consumed == whole.length && whole.length == (length < bytes.length ? length : bytes.length));
    if (framing == HTTP_BODY_UNTIL_CLOSE)
        CHECK(whole.length == bytes.length);
    check_written_again(&whole, piece);
    free(whole.payload);
    return 0;
}
