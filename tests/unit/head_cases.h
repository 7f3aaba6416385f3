#ifndef SOCKWARDEN_TESTS_UNIT_HEAD_CASES_H
#define SOCKWARDEN_TESTS_UNIT_HEAD_CASES_H

/* Heads with what must become of them; strings, so none holds a NUL. Included by test_http_head.c alone. */

#include <stddef.h>

struct head_row {
    const char *sentence;
    const char *bytes;
    int status; /* 0: it passes */
    const char *reason;
};

#define LINE    "the request line is not METHOD, target and version with one space between"
#define ENCODE  "the request line holds a byte that must be percent-encoded"
#define METHOD  "the request does not begin with a method"
#define UNKNOWN "the method is none of GET, HEAD, POST, PUT, DELETE, PATCH and OPTIONS"
#define VERSION "the version is neither HTTP/1.1 nor HTTP/1.0"
#define SLASH   "the request target does not begin with a slash"
#define CR      "a carriage return stands without its line feed"
#define LF      "a line feed stands without its carriage return"
#define CONTROL "the head holds a control byte"
#define FOLD    "a line begins with white space"
#define COLON   "a field line has no name and colon"
#define NAME    "a field name holds a byte that no name may hold"
#define LENGTH  "Content-Length is not a number of at most 18 digits"
#define CODING  "Transfer-Encoding is not chunked alone"
#define BOTH    "Content-Length and Transfer-Encoding stand together"
#define HOST    "Host: a\r\n"
#define GET     "GET / HTTP/1.1\r\n" HOST

static const struct head_row requests[] = {
    {"the smallest head of HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, NULL},
    {"the smallest head of HTTP/1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", 0, NULL},
    {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0, NULL},
    {"an empty value", GET "Accept:\r\n\r\n", 0, NULL},
    {"a value of blanks only", GET "Accept: \t \r\n\r\n", 0, NULL},
    {"a target of one slash and a query", "GET /?a=b HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: HEAD", "HEAD / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: POST", "POST / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: PUT", "PUT / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: DELETE", "DELETE / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: PATCH", "PATCH / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},
    {"every method: OPTIONS", "OPTIONS / HTTP/1.1\r\n" HOST "\r\n", 0, NULL},

    {"methods have a case", "get / HTTP/1.1\r\n" HOST "\r\n", 400, UNKNOWN},
    {"no CONNECT, whatever its target", "CONNECT /a HTTP/1.1\r\n" HOST "\r\n", 400, UNKNOWN},
    {"no TRACE", "TRACE / HTTP/1.1\r\n" HOST "\r\n", 400, UNKNOWN},
    {"no HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, VERSION},
    {"no method that begins like another", "GETS / HTTP/1.1\r\n" HOST "\r\n", 400, UNKNOWN},
    {"no method of 17 bytes", "ABCDEFGHIJKLMNOPQ / HTTP/1.1\r\n" HOST "\r\n", 400, METHOD},
    {"no method with a bracket", "G(T / HTTP/1.1\r\n" HOST "\r\n", 400, METHOD},
    {"no TLS hello", "\x16\x03\x01\x02", 400, CONTROL},
    {"no empty line in front", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400, "an empty line stands before the head"},
    {"no blank in front", " GET / HTTP/1.1\r\n" HOST "\r\n", 400, FOLD},
    {"no two blanks behind the method", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400, LINE},
    {"no two blanks behind the target", "GET /  HTTP/1.1\r\n" HOST "\r\n", 400, LINE},
    {"no blank behind the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400, LINE},
    {"no tab between method and target", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400, ENCODE},
    {"no HTTP/0.9", "GET /\r\n", 400, LINE},
    {"no request line of a method alone", "GET\r\n", 400, LINE},
    {"no HTTP/1.2", "GET / HTTP/1.2\r\n" HOST "\r\n", 400, VERSION},
    {"no HTTP/2.0", "GET / HTTP/2.0\r\n" HOST "\r\n", 400, VERSION},
    {"no HTTP/1", "GET / HTTP/1\r\n" HOST "\r\n", 400, VERSION},
    {"no HTTP/1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 400, VERSION},
    {"no HTTP/01.1", "GET / HTTP/01.1\r\n" HOST "\r\n", 400, VERSION},
    {"no lower-case version", "GET / http/1.1\r\n" HOST "\r\n", 400, VERSION},
    {"no other protocol", "GET / ICE/1.0\r\n" HOST "\r\n", 400, VERSION},
    {"no empty version", "GET / \r\n" HOST "\r\n", 400, VERSION},
    {"no absolute form", "GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 400, SLASH},
    {"no authority form", "GET a:80 HTTP/1.1\r\n" HOST "\r\n", 400, SLASH},
    {"no asterisk form", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 400, SLASH},
    {"no raw UTF-8 in the target", "GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n", 400, ENCODE},

    {"a line feed alone ends no request line", "GET / HTTP/1.1\n" HOST "\r\n", 400, LF},
    {"a line feed alone ends no field", GET "Accept: b\n\r\n", 400, LF},
    {"a line feed alone ends no head", GET "\n", 400, LF},
    {"a carriage return alone ends no request line", "GET / HTTP/1.1\rHost: a\r\n\r\n", 400, CR},
    {"a carriage return alone ends no field", GET "Accept: b\rX: y\r\n\r\n", 400, CR},
    {"a carriage return alone ends no empty value", GET "Accept:\rTransfer-Encoding: chunked\r\n\r\n", 400, CR},
    {"a head does not end with CR X", GET "\rX", 400, CR},
    {"no two carriage returns before a line feed", GET "Accept: b\r\r\n\r\n", 400, CR},
    {"no fold with a blank", GET "Accept: b\r\n c\r\n\r\n", 400, FOLD},
    {"no fold with a tab", GET "Accept: b\r\n\tc\r\n\r\n", 400, FOLD},
    {"no blank in front of the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, FOLD},
    {"no line of one blank", GET " \r\n\r\n", 400, FOLD},
    {"no field without a colon", GET "Accept\r\n\r\n", 400, COLON},
    {"no field without a name", GET ": b\r\n\r\n", 400, COLON},
    {"no blank before the colon", GET "Accept : b\r\n\r\n", 400, NAME},
    {"no tab before the colon", GET "Accept\t: b\r\n\r\n", 400, NAME},
    {"no blank in a name", GET "Content Length: 1\r\n\r\n", 400, NAME},
    {"no UTF-8 in a name", GET "Acc\xc3\xa9pt: b\r\n\r\n", 400, NAME},

    {"no HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400, "Host is missing"},
    {"no two Hosts", GET "Host: b\r\n\r\n", 400, "Host stands twice"},
    {"no two equal Hosts", GET "HOST: a\r\n\r\n", 400, "Host stands twice"},
    {"no blank in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host holds a byte that no host name may hold"},
    {"no UTF-8 in Host", "GET / HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n", 400,
     "Host holds a byte that no host name may hold"},
    {"no two Content-Types", GET "Content-Type: a/b\r\ncontent-type: a/b\r\n\r\n", 400, "Content-Type stands twice"},
    {"no two Expects", GET "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n", 400, "Expect stands twice"},
    {"no two Upgrades", GET "Upgrade: tcp\r\nUpgrade: h2c\r\n\r\n", 400, "Upgrade stands twice"},

    {"no sign in Content-Length", GET "Content-Length: +5\r\n\r\n", 400, LENGTH},
    {"no negative Content-Length", GET "Content-Length: -5\r\n\r\n", 400, LENGTH},
    {"no hexadecimal Content-Length", GET "Content-Length: 0x5\r\n\r\n", 400, LENGTH},
    {"no list in Content-Length", GET "Content-Length: 5, 5\r\n\r\n", 400, LENGTH},
    {"no blank in Content-Length", GET "Content-Length: 5 5\r\n\r\n", 400, LENGTH},
    {"no empty Content-Length", GET "Content-Length:\r\n\r\n", 400, LENGTH},
    {"no fraction in Content-Length", GET "Content-Length: 5.0\r\n\r\n", 400, LENGTH},
    {"no Content-Length of 19 digits", GET "Content-Length: 1000000000000000000\r\n\r\n", 400, LENGTH},
    {"no Content-Length of 19 digits that are zeros", GET "Content-Length: 0000000000000000001\r\n\r\n", 400, LENGTH},
    {"no two Content-Lengths", GET "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400,
     "Content-Length stands twice"},
    {"no two equal Content-Lengths", GET "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400,
     "Content-Length stands twice"},
    {"no two codings in a list", GET "Transfer-Encoding: gzip, chunked\r\n\r\n", 400, CODING},
    {"no chunked twice in a list", GET "Transfer-Encoding: chunked, chunked\r\n\r\n", 400, CODING},
    {"no identity", GET "Transfer-Encoding: identity\r\n\r\n", 400, CODING},
    {"no empty coding", GET "Transfer-Encoding:\r\n\r\n", 400, CODING},
    {"no coding with a parameter", GET "Transfer-Encoding: chunked;q=1\r\n\r\n", 400, CODING},
    {"no quoted coding", GET "Transfer-Encoding: \"chunked\"\r\n\r\n", 400, CODING},
    {"no two codings in two fields", GET "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
     "Transfer-Encoding stands twice"},
    {"no coding in HTTP/1.0", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
     "Transfer-Encoding stands in an HTTP/1.0 message"},
    {"no coding beside a length", GET "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400, BOTH},
    {"no length beside a coding", GET "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, BOTH},
    {"no coding beside a length of 0", GET "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, BOTH},

    {"100-continue in any case", GET "Expect: 100-Continue\r\n\r\n", 0, NULL},
    {"no other expectation", GET "Expect: 200-ok\r\n\r\n", 417, "Expect is not 100-continue"},
    {"no list of expectations", GET "Expect: 100-continue, x\r\n\r\n", 417, "Expect is not 100-continue"},
    {"no empty expectation", GET "Expect:\r\n\r\n", 417, "Expect is not 100-continue"},
    {"Connection may not name Host", GET "Connection: host\r\n\r\n", 400,
     "Connection names a field that belongs to the message"},
    {"Connection may not name Content-Length", GET "Connection: close, Content-Length\r\n\r\n", 400,
     "Connection names a field that belongs to the message"},
    {"Connection may not name Content-Type", GET "Connection: CONTENT-TYPE\r\n\r\n", 400,
     "Connection names a field that belongs to the message"},
    {"Connection may not name Transfer-Encoding", GET "Connection: transfer-encoding\r\n\r\n", 400,
     "Connection names a field that belongs to the message"},
    {"Connection may not name itself", GET "Connection: connection\r\n\r\n", 400,
     "Connection names a field that belongs to the message"},
    {"Connection is a list of tokens", GET "Connection: a b\r\n\r\n", 400,
     "Connection holds what is no connection option"},
    {"Connection may have empty members", GET "Connection: ,close,,\r\n\r\n", 0, NULL},
    {"Connection may name what we never pass on", GET "Connection: upgrade, te, http2-settings\r\n\r\n", 0, NULL},
};

#define ANSWER  "HTTP/1.1 200 OK\r\n"
#define NO_LINE "the engine's answer does not begin with an HTTP/1 status line"
#define DIGITS  "the engine's answer has no status of three digits"

static const struct head_row answers[] = {
    {"an answer without fields", ANSWER "\r\n", 0, NULL},
    {"an answer of HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", 0, NULL},
    {"an empty reason", "HTTP/1.1 200 \r\n\r\n", 0, NULL},
    {"no reason and no blank", "HTTP/1.1 200\r\n\r\n", 0, NULL},
    {"a reason of several words", "HTTP/1.1 101 Switching  Protocols\r\n\r\n", 0, NULL},
    {"a reason with UTF-8", "HTTP/1.1 200 \xc3\xa4\r\n\r\n", 0, NULL},
    {"two Upgrades are not ours to refuse, but have two meanings", "HTTP/1.1 101 X\r\nUpgrade: a\r\nUpgrade: b\r\n\r\n",
     502, "Upgrade stands twice"},
    {"an answer needs no Host and may have one", ANSWER "Host: a b\r\n\r\n", 0, NULL},
    {"an answer may have an Expect of any kind", ANSWER "Expect: x\r\n\r\n", 0, NULL},
    {"no version but 1.0 and 1.1", "HTTP/2.0 200 OK\r\n\r\n", 502, NO_LINE},
    {"no other protocol", "ICY 200 OK\r\n\r\n", 502, NO_LINE},
    {"no lone word", "HTTP/1.1\r\n\r\n", 502, NO_LINE},
    {"no two blanks before the status", "HTTP/1.1  200 OK\r\n\r\n", 502, DIGITS},
    {"no status of two digits", "HTTP/1.1 20 OK\r\n\r\n", 502, DIGITS},
    {"no status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", 502, DIGITS},
    {"no status with a letter", "HTTP/1.1 2x0 OK\r\n\r\n", 502, DIGITS},
    {"no status below 100", "HTTP/1.1 099 OK\r\n\r\n", 502, "the engine's answer has a status that does not exist"},
    {"no status above 599", "HTTP/1.1 600 OK\r\n\r\n", 502, "the engine's answer has a status that does not exist"},
    {"no field without a colon", ANSWER "X\r\n\r\n", 502, COLON},
    {"no two lengths", ANSWER "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 502, "Content-Length stands twice"},
    {"no bad length", ANSWER "Content-Length: 1x\r\n\r\n", 502, LENGTH},
    {"no coding beside a length", ANSWER "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 502, BOTH},
    {"no other coding", ANSWER "Transfer-Encoding: gzip\r\n\r\n", 502, CODING},
    {"no coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 502,
     "Transfer-Encoding stands in an HTTP/1.0 message"},
    {"no line feed alone", "HTTP/1.1 200 OK\n\n", 400, LF},
    {"no fold", ANSWER "A: b\r\n c\r\n\r\n", 400, FOLD},
    {"no empty line in front", "\r\n" ANSWER "\r\n", 400, "an empty line stands before the head"},
    {"a body that is no head", "{\"message\":\"x\"}\r\n\r\n", 502, NO_LINE},
};

#endif
