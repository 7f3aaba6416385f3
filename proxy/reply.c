#include "reply.h"
#include "http_head.h"
#include "text.h"
#include "transport.h"

#include <stdio.h>

enum { BODY_SIZE = 2048, HEAD_SIZE = 256, END_ROOM = 40 };

static size_t
write_body(char *body, const struct reply *reply)
{
    size_t length = 1;
    body[0] = '{';
    if (reply->with_cause)
        length += (size_t)snprintf(body + length, BODY_SIZE - length, "\"cause\":\"%s\",", http_reason(reply->status));
    length += (size_t)snprintf(body + length, BODY_SIZE - length, "\"message\":\"sockwarden: ");
    for (const unsigned char *byte = (const unsigned char *)reply->message;
         *byte != '\0' && length < BODY_SIZE - END_ROOM; byte++) {
        size_t letter = text_letter_length((const char *)byte, strlen((const char *)byte));
        if (letter > 0) {
            memcpy(body + length, byte, letter);
            length += letter;
            byte += letter - 1;
        } else if (*byte == '"' || *byte == '\\') {
            body[length++] = '\\';
            body[length++] = (char)*byte;
        } else if (*byte < 0x20 || *byte >= 0x7f) {
            length += (size_t)snprintf(body + length, BODY_SIZE - length, "\\u%04x", *byte);
        } else {
            body[length++] = (char)*byte;
        }
    }
    char response[END_ROOM / 2] = "";
    if (reply->with_cause)
        snprintf(response, sizeof(response), ",\"response\":%d", reply->status);
    return length + (size_t)snprintf(body + length, BODY_SIZE - length, "\"%s}\n", response);
}

unsigned long
reply_write(struct transport *transport, const struct reply *reply)
{
    static const char *const connection_lines[] = {
        [REPLY_SILENT] = "",
        [REPLY_KEEP_ALIVE_10] = "Connection: keep-alive\r\n",
        [REPLY_CLOSE] = "Connection: close\r\n",
    };
    char head[HEAD_SIZE];
    char body[BODY_SIZE];
    size_t body_length = write_body(body, reply);
    int head_length = snprintf(head, sizeof(head),
                               "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s%s\r\n",
                               reply->status, http_reason(reply->status), body_length,
                               reply->status == 503 ? "Retry-After: 1\r\n" : "", connection_lines[reply->connection]);
    struct slice pieces[] = {{head, (size_t)head_length}, {body, reply->to_head ? 0 : body_length}};
    transport_write_pieces(transport, pieces, 2);
    return pieces[0].length + pieces[1].length;
}
