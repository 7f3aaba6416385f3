#ifndef SOCKWARDEN_TESTS_UNIT_HEAD_JUDGE_H
#define SOCKWARDEN_TESTS_UNIT_HEAD_JUDGE_H

/* One head through the scanner, in pieces, and the parser. Shared by the tests of proxy/http_head.c. */

#include "proxy/http_head.h"
#include "support.h"

static const struct http_limits wide = {.head = 65536, .target = 16384, .fields = HTTP_FIELDS_MAX};

/* What became of a head: the status is 0 where it passed both the scanner and the parser. */
struct outcome {
    int status;
    const char *reason;
    bool complete;
    size_t consumed;
};

/* Scans bytes in the pieces [0, first), [first, second), [second, length), then parses what the scanner let pass. */
static inline struct outcome
judge_in_pieces(const char *bytes, size_t length, size_t first, size_t second, bool request, struct http_head *head)
{
    const size_t ends[] = {first, second, length};
    struct http_scanner scanner = {0};
    struct outcome outcome = {.status = 0};
    enum http_scan_result result = HTTP_SCAN_MORE;
    size_t begin = 0;
    for (size_t i = 0; i < COUNT_OF(ends) && result == HTTP_SCAN_MORE; i++) {
        char *piece = copy_exactly(bytes + begin, ends[i] - begin);
        size_t consumed = 0;
        result = http_scan(&scanner, &wide, request, piece, ends[i] - begin, &consumed);
        free(piece);
        assert_true(consumed <= ends[i] - begin);
        assert_true(result != HTTP_SCAN_MORE || consumed == ends[i] - begin);
        outcome.consumed += consumed;
        begin = ends[i];
    }
    outcome.complete = result == HTTP_SCAN_COMPLETE;
    if (result == HTTP_SCAN_BAD) {
        outcome.status = scanner.status;
        outcome.reason = scanner.reason;
    }
    if (!outcome.complete)
        return outcome;
    struct slice whole = {bytes, outcome.consumed};
    struct http_problem problem = {0};
    if (!(request ? http_parse_request(whole, head, &problem) : http_parse_answer(whole, head, &problem))) {
        outcome.status = problem.status;
        outcome.reason = problem.reason;
    }
    return outcome;
}

static inline struct outcome
judge(const char *bytes, size_t length, bool request, struct http_head *head)
{
    return judge_in_pieces(bytes, length, length, length, request, head);
}

#endif
