/*
 * Heads. Input: one byte for request or answer, one for the limits, two for a split, one for how an answer is passed
 * on, then the bytes. Promises: a split changes nothing; what passed holds no byte that could end a line; the framing
 * is the one that a plain look at the fields gives; where both gates agree, what is passed on reads, through both
 * gates, as what was read.
 */

#include "proxy/forward.h"
#include "proxy/http_head.h"
#include "proxy/http_reader.h"
#include "support.h"

static const struct http_limits all_limits[] = {
    {.head = 65536, .target = 16384, .fields = 128},
    {.head = 256, .target = 32, .fields = 4},
    {.head = 262144, .target = 65536, .fields = HTTP_FIELDS_MAX},
};

struct scan {
    enum http_scan_result result;
    size_t consumed;
    int status;
    const char *reason;
};

static struct scan
scan_in_pieces(struct slice bytes, const struct http_limits *limits, bool request, size_t first, size_t step)
{
    struct http_scanner scanner = {0};
    struct scan scan = {.result = HTTP_SCAN_MORE};
    size_t size = first;
    size_t at = 0;
    do {
        size = size < bytes.length - at ? size : bytes.length - at;
        char *piece = copy_exactly((struct slice){bytes.data + at, size});
        size_t consumed;
        scan.result = http_scan(&scanner, limits, request, piece, size, &consumed);
        free(piece);
        CHECK(consumed <= size && (scan.result != HTTP_SCAN_MORE || consumed == size));
        scan.consumed += consumed;
        at += size;
        size = step;
    } while (scan.result == HTTP_SCAN_MORE && at < bytes.length);
    CHECK(scan.consumed <= limits->head + 1);
    if (scan.result == HTTP_SCAN_BAD) {
        scan.status = scanner.status;
        scan.reason = scanner.reason;
        CHECK(scan.status >= 400 && scan.status < 500 && scan.reason != NULL);
    }
    return scan;
}

static void
check_same(const struct scan *one, const struct scan *other)
{
    CHECK(one->result == other->result && one->consumed == other->consumed);
    CHECK(one->status == other->status && one->reason == other->reason);
}

/* No byte that any reader takes for the end of a line, or of the text. */
static void
check_value(struct slice bytes, struct slice value)
{
    CHECK(value.length == 0 || (value.data >= bytes.data && value.data + value.length <= bytes.data + bytes.length));
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.data[i];
        CHECK(byte == '\t' || (byte >= 0x20 && byte != 0x7f));
    }
    CHECK(value.length == 0 || (value.data[0] != ' ' && value.data[0] != '\t'));
    CHECK(value.length == 0 || (value.data[value.length - 1] != ' ' && value.data[value.length - 1] != '\t'));
}

static size_t
count_fields(const struct http_head *head, struct slice name, struct slice *value)
{
    size_t count = 0;
    for (size_t i = 0; i < head->field_count; i++) {
        if (slice_equals_ignoring_case(head->fields[i].name, name)) {
            *value = head->fields[i].value;
            count++;
        }
    }
    return count;
}

static void
check_framing(const struct http_head *head, bool request)
{
    struct slice length;
    struct slice coding;
    struct slice host;
    size_t lengths = count_fields(head, SLICE_LITERAL("Content-Length"), &length);
    size_t codings = count_fields(head, SLICE_LITERAL("Transfer-Encoding"), &coding);
    CHECK(lengths + codings <= 1);
    CHECK(head->has_length == (lengths == 1));
    CHECK((head->framing == HTTP_BODY_CHUNKED) == (codings == 1));
    CHECK(codings == 0 || (head->minor == 1 && slice_equals_ignoring_case(coding, SLICE_LITERAL("chunked"))));
    if (lengths == 1) {
        char digits[32];
        snprintf(digits, sizeof(digits), "%.*s", (int)length.length, length.data);
        CHECK(strspn(digits, "0123456789") == length.length && length.length <= 18);
        CHECK(strtoull(digits, NULL, 10) == head->body_length);
    }
    if (request) {
        CHECK(head->framing != HTTP_BODY_UNTIL_CLOSE);
        CHECK((head->framing == HTTP_BODY_LENGTH) == (lengths == 1 && head->body_length > 0));
        CHECK(count_fields(head, SLICE_LITERAL("Host"), &host) == 1 || head->minor == 0);
    } else {
        CHECK((head->framing == HTTP_BODY_UNTIL_CLOSE) == (lengths + codings == 0));
    }
}

static void
check_head(struct slice bytes, const struct http_head *head, bool request)
{
    for (size_t i = 0; i < head->field_count; i++) {
        struct slice name = head->fields[i].name;
        CHECK(name.length > 0);
        for (size_t j = 0; j < name.length; j++)
            CHECK(http_is_token_byte((unsigned char)name.data[j]));
        check_value(bytes, name);
        check_value(bytes, head->fields[i].value);
    }
    if (request) {
        check_value(bytes, head->method);
        check_value(bytes, head->target);
        CHECK(memchr(head->target.data, ' ', head->target.length) == NULL && head->target.data[0] == '/');
    } else {
        CHECK(head->status >= 100 && head->status <= 599);
    }
    check_framing(head, request);
}

/* Through both gates, whole. */
static struct http_head *
read_again(const struct text *text, bool request)
{
    struct http_head *head = malloc(sizeof(*head));
    struct http_problem problem;
    const struct http_limits limits = {.head = 1 << 24, .target = 1 << 24, .fields = HTTP_FIELDS_MAX};
    struct slice bytes = text_slice(text);
    CHECK(head != NULL && !text->failed);
    struct scan scan = scan_in_pieces(bytes, &limits, request, bytes.length, 1);
    CHECK(scan.result == HTTP_SCAN_COMPLETE && scan.consumed == bytes.length);
    CHECK(request ? http_parse_request(bytes, head, &problem) : http_parse_answer(bytes, head, &problem));
    CHECK(request ? http_reader_agrees_on_request(bytes, head) : http_reader_agrees_on_answer(bytes, head));
    check_head(bytes, head, request);
    return head;
}

/* What is passed on can have a few fields more than what was read; only as many as may be are read again. */
static bool
leaves_room(const struct http_head *head)
{
    enum { OWN_FIELDS = 4 };
    return head->field_count + OWN_FIELDS <= HTTP_FIELDS_MAX;
}

/* Each field of `again` that is not ours stands, in the same order, in `head`. */
static void
check_fields(const struct http_head *head, const struct http_head *again)
{
    size_t at = 0;
    for (size_t i = 0; i < again->field_count; i++) {
        const struct http_field *field = &again->fields[i];
        if (http_field_is_hop_by_hop(field->name))
            continue;
        while (at < head->field_count && !(slice_equals(head->fields[at].name, field->name) &&
                                           slice_equals(head->fields[at].value, field->value)))
            at++;
        CHECK(at < head->field_count);
        at++;
    }
}

static void
check_request(const struct http_head *head, bool upgrade)
{
    struct text text = {0};
    struct forward_framing framing = {head->framing, head->body_length, head->has_length};
    struct slice host;
    forward_begin_request(&text, head, head->target);
    forward_end_request(&text, &framing, upgrade ? SLICE_LITERAL("tcp") : (struct slice){NULL, 0});
    struct http_head *again = read_again(&text, true);
    CHECK(slice_equals(again->method, head->method) && slice_equals(again->target, head->target));
    CHECK(again->framing == head->framing && again->body_length == head->body_length);
    CHECK(again->has_length == head->has_length && again->minor == 1);
    CHECK(again->close && !again->keep_alive && !again->expects_continue);
    CHECK(count_fields(again, SLICE_LITERAL("Host"), &host) == 1 && slice_equals(host, SLICE_LITERAL("docker")));
    CHECK(upgrade == (again->upgrade.data != NULL));
    check_fields(head, again);
    free(again);
    text_free(&text);
}

static void
check_answer(const struct http_head *head, size_t choice)
{
    bool to_head = (choice & 1) != 0;
    bool has_body = http_answer_has_body(head->status, to_head);
    struct text text = {0};
    struct forward_answer answer = {
        .head = head,
        .framing = has_body ? head->framing : HTTP_BODY_NONE,
        .keep_length = head->has_length && !has_body && head->status >= 200 && head->status != 204,
        .upgrade = head->status == 101,
        .connection = (choice & 2) != 0   ? FORWARD_SILENT
                      : (choice & 4) != 0 ? FORWARD_KEEP_ALIVE
                                          : FORWARD_CLOSE,
    };
    if (answer.upgrade)
        answer.connection = FORWARD_SILENT;
    forward_write_answer(&text, &answer);
    struct http_head *again = read_again(&text, false);
    CHECK(again->status == head->status && again->minor == 1 && slice_equals(again->reason, head->reason));
    CHECK(!has_body || (again->framing == head->framing && again->body_length == head->body_length));
    CHECK(has_body || again->has_length == answer.keep_length);
    CHECK(again->close == (answer.upgrade ? head->close : answer.connection == FORWARD_CLOSE));
    check_fields(head, again);
    free(again);
    text_free(&text);
}

static void
parse(struct slice bytes, bool request, size_t choice)
{
    struct http_head *head = malloc(sizeof(*head));
    struct http_problem problem = {0};
    CHECK(head != NULL);
    bool passed = request ? http_parse_request(bytes, head, &problem) : http_parse_answer(bytes, head, &problem);
    if (passed) {
        check_head(bytes, head, request);
        bool agreed = request ? http_reader_agrees_on_request(bytes, head) : http_reader_agrees_on_answer(bytes, head);
        bool again = agreed && leaves_room(head);
        if (again && request)
            check_request(head, (choice & 1) != 0);
        else if (again)
            check_answer(head, choice);
    } else {
        CHECK(problem.status >= 400 && problem.status < 600 && problem.reason != NULL);
    }
    free(head);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    bool request = input_choice(&input, 2) == 0;
    const struct http_limits *limits = &all_limits[input_choice(&input, COUNT_OF(all_limits))];
    size_t split = input_number(&input, 65536);
    size_t choice = input_choice(&input, 8);
    struct slice bytes = input_rest(&input);
    struct scan whole = scan_in_pieces(bytes, limits, request, bytes.length, 1);
    struct scan other = scan_in_pieces(bytes, limits, request, split, bytes.length);
    check_same(&whole, &other);
    other = scan_in_pieces(bytes, limits, request, 1, 1);
    check_same(&whole, &other);
    if (whole.result == HTTP_SCAN_COMPLETE) {
        char *head = copy_exactly((struct slice){bytes.data, whole.consumed});
        parse((struct slice){head, whole.consumed}, request, choice);
        free(head);
    }
    return 0;
}
