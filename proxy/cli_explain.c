#include "cli_explain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int
complain(FILE *errors, const char *text)
{
    fprintf(errors, "sockwarden: explain: %s\n", text);
    return EXPLAIN_USAGE;
}

static void
print_answer(FILE *output, bool allowed, const char *operation, const char *rule, const char *cure)
{
    fprintf(output, "%s\t%s\t%s\t%s\n", allowed ? "allow" : "deny", operation, rule, cure);
    fflush(output);
}

/* Judges one call and prints the answer. Returns EXPLAIN_ALLOWED, EXPLAIN_REFUSED, or -1 when memory is short. */
static int
answer(const struct policy *policy, struct slice method, struct slice target, FILE *output)
{
    size_t size = policy_buffer_size(target.length);
    char *buffer = malloc(size + 1);
    if (buffer == NULL) {
        return -1;
    }
    struct policy_request request = {.method = method, .target = target};
    struct verdict verdict;
    policy_check_head(policy, &request, buffer, size, &verdict);
    bool allowed = verdict.action == VERDICT_ALLOW;
    print_answer(output, allowed, verdict.operation, verdict.rule, verdict.cure);
    free(buffer);
    return allowed ? EXPLAIN_ALLOWED : EXPLAIN_REFUSED;
}

static bool
is_separator(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Answers one line, which has no line end any more. False when memory is short. */
static bool
answer_line(const struct policy *policy, struct slice line, FILE *output)
{
    size_t method_end = 0;
    while (method_end < line.length && !is_separator(line.data[method_end])) {
        method_end++;
    }
    size_t target_begin = method_end;
    while (target_begin < line.length && is_separator(line.data[target_begin])) {
        target_begin++;
    }
    if (target_begin == line.length && method_end == 0) {
        return true; /* a blank line */
    }
    if (method_end == 0 || target_begin == line.length) {
        print_answer(output, false, "unknown", "malformed", "the line is not METHOD, a tab or blank, TARGET");
        return true;
    }
    struct slice method = {line.data, method_end};
    struct slice target = {line.data + target_begin, line.length - target_begin};
    return answer(policy, method, target, output) >= 0;
}

static int
answer_lines(const struct policy *policy, FILE *input, FILE *output, FILE *errors)
{
    char *line = NULL;
    size_t capacity = 0;
    bool answered = true;
    ssize_t length;
    while (answered && (length = getline(&line, &capacity, input)) >= 0) {
        struct slice text = {line, (size_t)length};
        if (text.length > 0 && text.data[text.length - 1] == '\n') {
            text.length--;
        }
        if (text.length > 0 && text.data[text.length - 1] == '\r') {
            text.length--;
        }
        answered = answer_line(policy, text, output);
    }
    free(line);
    if (!answered || (!feof(input) && errno == ENOMEM)) {
        return complain(errors, "out of memory");
    }
    if (ferror(input)) {
        return complain(errors, "cannot read the standard input");
    }
    return ferror(output) ? complain(errors, "cannot write the answers") : EXPLAIN_ALLOWED;
}

int
cli_explain(const struct policy *policy, int argc, char *argv[], FILE *input, FILE *output, FILE *errors)
{
    if (argc == 1 && strcmp(argv[0], "-") == 0) {
        return answer_lines(policy, input, output, errors);
    }
    if (argc != 2) {
        return complain(errors, "takes METHOD and TARGET, or - to read them from the standard input");
    }
    int result = answer(policy, slice_from_string(argv[0]), slice_from_string(argv[1]), output);
    return result < 0 ? complain(errors, "out of memory") : result;
}
