#ifndef SOCKWARDEN_PROXY_HTTP_READER_H
#define SOCKWARDEN_PROXY_HTTP_READER_H

/*
 * The second gate for heads: http-parser reads the same bytes that http_head.c took apart, and where the two do not
 * agree on every point that matters the message is refused. http-parser is unmaintained and, as Debian builds it,
 * lenient; so it is never the only judge, and it is seen in this one file. It parses heads only: bodies are framed by
 * http_body.c, and after an upgrade nothing is parsed at all.
 */

#include "http_head.h"

#include <stdbool.h>

/* `bytes` is the whole head from which `head` was parsed. */
bool http_reader_agrees_on_request(struct slice bytes, const struct http_head *head);
bool http_reader_agrees_on_answer(struct slice bytes, const struct http_head *head);

#endif
