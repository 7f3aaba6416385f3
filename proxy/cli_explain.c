#include "cli_explain.h"
#include "complaint.h"
#include "health.h"
#include "http_head.h"
#include "json.h"

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static int
complain(FILE *errors, const char *text)
{
    complaint_write(errors, "explain", "%s", text);
    return EXPLAIN_USAGE;
}

/* Where the answers go, and how they came out so far. */
struct answers {
    const struct policy *policy;
    enum table_format format;
    struct table *table; /* of TABLE_TEXT */
    FILE *output;
    bool refused;
};

static const char *const columns[] = {"verdict", "operation", "rule", "cure", NULL};

static void
print_answer(struct answers *answers, const struct verdict *verdict)
{
    bool passes = verdict->action == VERDICT_ALLOW;
    const char *const cells[] = {verdict->dry ? "dry"
                                 : passes     ? "allow"
                                              : "deny",
                                 verdict->operation, verdict->rule, verdict->cure, NULL};
    answers->refused = answers->refused || !passes;
    switch (answers->format) {
    case TABLE_TSV:
        fprintf(answers->output, "%s\t%s\t%s\t%s\n", cells[0], cells[1], cells[2], cells[3]);
        break;
    case TABLE_JSON:
        json_print_object(columns, cells, answers->output);
        fputc('\n', answers->output);
        break;
    case TABLE_TEXT:
        table_row(answers->table, cells);
        break;
    }
    fflush(answers->output);
}

/* The question that the proxy answers itself, whatever the policy. */
static bool
asks_health(struct slice method, struct slice target)
{
    bool reads = slice_equals(method, SLICE_LITERAL("GET")) || slice_equals(method, SLICE_LITERAL("HEAD"));
    return reads && slice_equals(target, SLICE_LITERAL(HEALTH_TARGET));
}

/* Judges one call and prints the answer. False when memory is short. */
static bool
answer(struct answers *answers, struct slice method, struct slice target)
{
    if (asks_health(method, target)) {
        print_answer(answers,
                     &(struct verdict){.action = VERDICT_ALLOW, .operation = HEALTH_OPERATION, .rule = HEALTH_RULE});
        return true;
    }
    size_t size = policy_buffer_size(target.length);
    char *buffer = malloc(size + 1);
    if (buffer == NULL)
        return false;
    struct policy_request request = {.method = method, .target = target};
    struct verdict verdict;
    policy_check_head(answers->policy, &request, buffer, size, &verdict);
    if (verdict.action == VERDICT_ALLOW && !http_is_known_method(method))
        snprintf(verdict.cure, sizeof(verdict.cure), "the answer is 400 all the same: engines have no such method");
    print_answer(answers, &verdict);
    free(buffer);
    return true;
}

static bool
is_separator(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Answers one line, which has no line end any more. False when memory is short. */
static bool
answer_line(struct answers *answers, struct slice line)
{
    size_t method_end = 0;
    while (method_end < line.length && !is_separator(line.data[method_end]))
        method_end++;
    size_t target_begin = method_end;
    while (target_begin < line.length && is_separator(line.data[target_begin]))
        target_begin++;
    if (target_begin == line.length && method_end == 0)
        return true; /* a blank line */
    if (method_end == 0 || target_begin == line.length) {
        print_answer(answers, &(struct verdict){.action = VERDICT_MALFORMED,
                                                .operation = POLICY_UNKNOWN,
                                                .rule = "malformed",
                                                .cure = "the line is not METHOD, a tab or blank, TARGET"});
        return true;
    }
    struct slice method = {line.data, method_end};
    struct slice target = {line.data + target_begin, line.length - target_begin};
    return answer(answers, method, target);
}

static int
answer_lines(struct answers *answers, FILE *input, FILE *errors)
{
    char *line = NULL;
    size_t capacity = 0;
    bool answered = true;
    ssize_t length;
    /* What can't be written is told once, by main. */
    while (answered && !ferror(answers->output) && (length = getline(&line, &capacity, input)) >= 0) {
        struct slice text = {line, (size_t)length};
        if (text.length > 0 && text.data[text.length - 1] == '\n')
            text.length--;
        if (text.length > 0 && text.data[text.length - 1] == '\r')
            text.length--;
        answered = answer_line(answers, text);
    }
    free(line);
    if (!answered || (!feof(input) && !ferror(input) && !ferror(answers->output)))
        return complain(errors, "out of memory");
    if (ferror(input))
        return complain(errors, "the standard input can't be read");
    return EXPLAIN_ALLOWED;
}

static int
answer_all(struct answers *answers, int argc, char *argv[], FILE *input, FILE *errors)
{
    if (argc == 1)
        return answer_lines(answers, input, errors);
    if (!answer(answers, slice_from_string(argv[0]), slice_from_string(argv[1])))
        return complain(errors, "out of memory");
    return answers->refused ? EXPLAIN_REFUSED : EXPLAIN_ALLOWED;
}

int
cli_explain(const struct policy *policy, enum table_format format, int argc, char *argv[], FILE *input, FILE *output,
            FILE *errors)
{
    struct answers answers = {.policy = policy, .format = format, .output = output};
    if (format == TABLE_TEXT && (answers.table = table_new(format, columns, true, output)) == NULL)
        return complain(errors, "out of memory");
    int code = answer_all(&answers, argc, argv, input, errors);
    if (answers.table != NULL && !table_end(answers.table))
        return complain(errors, "out of memory");
    return code;
}
