#include "reply.h"
#include "http_head.h"
#include "transport.h"

#include <stdio.h>

enum { BODY_SIZE = 2048, HEAD_SIZE = 256, ESCAPE_ROOM = 24 };

static size_t
write_body(char *body, const char *message)
{
    size_t length = (size_t)snprintf(body, BODY_SIZE, "{\"message\":\"sockwarden: ");
    for (const unsigned char *byte = (const unsigned char *)message; *byte != '\0' && length < BODY_SIZE - ESCAPE_ROOM;
         byte++) {
        if (*byte == '"' || *byte == '\\') {
            body[length++] = '\\';
            body[length++] = (char)*byte;
        } else if (*byte < 0x20 || *byte >= 0x7f) {
            length += (size_t)snprintf(body + length, BODY_SIZE - length, "\\u%04x", *byte);
        } else {
            body[length++] = (char)*byte;
        }
    }
    memcpy(body + length, "\"}\n", 3);
    return length + 3;
}

unsigned long
reply_write(struct transport *transport, int status, const char *message, bool to_head,
            enum reply_connection connection)
{
    static const char *const connection_lines[] = {
        [REPLY_SILENT] = "",
        [REPLY_KEEP_ALIVE_10] = "Connection: keep-alive\r\n",
        [REPLY_CLOSE] = "Connection: close\r\n",
    };
    char head[HEAD_SIZE];
    char body[BODY_SIZE];
    size_t body_length = write_body(body, message);
    int head_length = snprintf(head, sizeof(head),
                               "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s%s\r\n",
                               status, http_reason(status), body_length, status == 503 ? "Retry-After: 1\r\n" : "",
                               connection_lines[connection]);
    struct slice pieces[] = {{head, (size_t)head_length}, {body, to_head ? 0 : body_length}};
    transport_write_pieces(transport, pieces, 2);
    return pieces[0].length + pieces[1].length;
}
