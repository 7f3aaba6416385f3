#include "reply.h"
#include "http_head.h"
#include "policy/phrase.h"
#include "text.h"
#include "transport.h"

enum { BODY_SIZE = 2048, HEAD_SIZE = 256, END_ROOM = 40 };

static void
add_number(struct phrase *phrase, uint64_t number)
{
    char digits[TEXT_DIGITS_MAX];
    phrase_add_slice(phrase, (struct slice){digits, text_write_number(digits, number)});
}

/* One byte in the form that JSON has for it. */
static void
add_escaped(struct phrase *body, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char quoted[] = {'\\', (char)byte};
    char numbered[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
    bool quotes = byte == '"' || byte == '\\';
    phrase_add_slice(body, quotes ? (struct slice){quoted, 2} : (struct slice){numbered, 6});
}

/* As much of the message as leaves room for what must stand behind it; letters beyond ASCII stay what they are. */
static void
add_message(struct phrase *body, const char *message)
{
    struct slice rest = slice_from_string(message);
    while (rest.length > 0 && body->length < BODY_SIZE - END_ROOM) {
        size_t most = BODY_SIZE - END_ROOM - body->length;
        size_t run = text_plain_run((struct slice){rest.data, rest.length < most ? rest.length : most}, false);
        phrase_add_slice(body, (struct slice){rest.data, run});
        if (run < rest.length && run < most) {
            size_t letter = text_letter_length(rest.data + run, rest.length - run);
            if (letter > 0)
                phrase_add_slice(body, (struct slice){rest.data + run, letter});
            else
                add_escaped(body, (unsigned char)rest.data[run]);
            run += letter > 0 ? letter : 1;
        }
        rest = (struct slice){rest.data + run, rest.length - run};
    }
}

static size_t
write_body(char *text, const struct reply *reply)
{
    struct phrase body = phrase_begin(text, BODY_SIZE);
    phrase_add(&body, "{");
    if (reply->with_cause) {
        phrase_add(&body, "\"cause\":\"");
        phrase_add(&body, http_reason(reply->status));
        phrase_add(&body, "\",");
    }
    phrase_add(&body, "\"message\":\"sockwarden: ");
    add_message(&body, reply->message);
    phrase_add(&body, "\"");
    if (reply->with_cause) {
        phrase_add(&body, ",\"response\":");
        add_number(&body, (uint64_t)reply->status);
    }
    phrase_add(&body, "}\n");
    return body.length;
}

static size_t
write_head(char *text, const struct reply *reply, size_t body_length)
{
    static const char *const connection_lines[] = {
        [REPLY_SILENT] = "",
        [REPLY_KEEP_ALIVE_10] = "Connection: keep-alive\r\n",
        [REPLY_CLOSE] = "Connection: close\r\n",
    };
    struct phrase head = phrase_begin(text, HEAD_SIZE);
    phrase_add(&head, "HTTP/1.1 ");
    add_number(&head, (uint64_t)reply->status);
    phrase_add(&head, " ");
    phrase_add(&head, http_reason(reply->status));
    phrase_add(&head, "\r\nContent-Type: application/json\r\nContent-Length: ");
    add_number(&head, body_length);
    phrase_add(&head, reply->status == 503 ? "\r\nRetry-After: 1\r\n" : "\r\n");
    phrase_add(&head, connection_lines[reply->connection]);
    phrase_add(&head, "\r\n");
    return head.length;
}

unsigned long
reply_write(struct transport *transport, const struct reply *reply)
{
    char head[HEAD_SIZE];
    char body[BODY_SIZE];
    size_t body_length = write_body(body, reply);
    struct slice pieces[] = {{head, write_head(head, reply, body_length)}, {body, reply->to_head ? 0 : body_length}};
    transport_write_pieces(transport, pieces, 2);
    return pieces[0].length + pieces[1].length;
}
