#include "forward.h"
#include "policy/policy.h"

static void
append_field(struct text *text, const struct http_field *field)
{
    text_append_field(text, field->name, field->value);
}

static void
append_framing(struct text *text, enum http_framing framing, uint64_t length)
{
    if (framing == HTTP_BODY_CHUNKED) {
        text_append(text, SLICE_LITERAL("Transfer-Encoding: chunked\r\n"));
    } else if (framing == HTTP_BODY_LENGTH) {
        text_append(text, SLICE_LITERAL("Content-Length: "));
        text_append_number(text, length);
        text_append(text, SLICE_LITERAL("\r\n"));
    }
}

void
forward_begin_request(struct text *text, const struct http_head *head, struct slice canonical_target)
{
    text_reserve(text, canonical_target.length + 512);
    text_append(text, head->method);
    text_append(text, SLICE_LITERAL(" "));
    text_append(text, canonical_target);
    text_append(text, SLICE_LITERAL(" HTTP/1.1\r\nHost: docker\r\n"));
    for (size_t i = 0; i < head->field_count; i++) {
        const struct http_field *field = &head->fields[i];
        if (!field->hop_by_hop && policy_forwards_field(field->name))
            append_field(text, field);
    }
}

void
forward_end_request(struct text *text, const struct forward_framing *framing, struct slice upgrade)
{
    if (framing->framing == HTTP_BODY_NONE && framing->announce_length)
        append_framing(text, HTTP_BODY_LENGTH, 0);
    else
        append_framing(text, framing->framing, framing->length);
    if (upgrade.data == NULL) {
        text_append(text, SLICE_LITERAL("Connection: close\r\n\r\n"));
        return;
    }
    /*
     * `close` too: where the engine does not take the connection over, it parses no second request on it. In a line of
     * its own and the second: Podman upgrades only where the first is "Upgrade" and nothing else.
     */
    text_append(text, SLICE_LITERAL("Connection: Upgrade\r\nConnection: close\r\nUpgrade: "));
    text_append(text, upgrade);
    text_append(text, SLICE_LITERAL("\r\n\r\n"));
}

static bool
answer_keeps(const struct http_field *field, const struct forward_answer *answer)
{
    if (!field->hop_by_hop)
        return true;
    if (answer->upgrade)
        return field->kind == HTTP_FIELD_CONNECTION || field->kind == HTTP_FIELD_UPGRADE;
    return answer->keep_length && field->kind == HTTP_FIELD_LENGTH;
}

void
forward_write_answer(struct text *text, const struct forward_answer *answer)
{
    const struct http_head *head = answer->head;
    text_reserve(text, 1024);
    text_append(text, SLICE_LITERAL("HTTP/1.1 "));
    text_append_number(text, (uint64_t)head->status);
    text_append(text, SLICE_LITERAL(" "));
    text_append(text, head->reason);
    text_append(text, SLICE_LITERAL("\r\n"));
    for (size_t i = 0; i < head->field_count; i++)
        if (answer_keeps(&head->fields[i], answer))
            append_field(text, &head->fields[i]);
    append_framing(text, answer->framing, head->body_length);
    if (answer->connection == FORWARD_CLOSE)
        text_append(text, SLICE_LITERAL("Connection: close\r\n"));
    else if (answer->connection == FORWARD_KEEP_ALIVE)
        text_append(text, SLICE_LITERAL("Connection: keep-alive\r\n"));
    text_append(text, SLICE_LITERAL("\r\n"));
}
