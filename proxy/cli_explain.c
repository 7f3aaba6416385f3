#include "cli_explain.h"
#include "json.h"

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

/* Where the answers go, and how they came out so far. */
struct answers {
    const struct policy *policy;
    enum table_format format;
    FILE *output;
    bool refused;
};

static void
print_answer(struct answers *answers, const struct verdict *verdict)
{
    static const char *const names[] = {"verdict", "operation", "rule", "cure", NULL};
    FILE *output = answers->output;
    bool allowed = verdict->action == VERDICT_ALLOW;
    const char *word = verdict->dry ? "dry" : allowed ? "allow" : "deny";
    answers->refused = answers->refused || !allowed;
    switch (answers->format) {
    case TABLE_TSV:
        fprintf(output, "%s\t%s\t%s\t%s\n", allowed ? "allow" : "deny", verdict->operation, verdict->rule,
                verdict->cure);
        break;
    case TABLE_JSON:
        json_print_object(names, (const char *const[]){word, verdict->operation, verdict->rule, verdict->cure, NULL},
                          output);
        fputc('\n', output);
        break;
    case TABLE_TEXT:
        fprintf(output, "%s: %s, by %s\n",
                verdict->dry ? "allowed by dry_run, else refused"
                : allowed    ? "allowed"
                             : "refused",
                verdict->operation, verdict->rule);
        if (verdict->cure[0] != '\0')
            fprintf(output, "  %s\n", verdict->cure);
        break;
    }
    fflush(output);
}

/* Judges one call and prints the answer. False when memory is short. */
static bool
answer(struct answers *answers, struct slice method, struct slice target)
{
    size_t size = policy_buffer_size(target.length);
    char *buffer = malloc(size + 1);
    if (buffer == NULL)
        return false;
    struct policy_request request = {.method = method, .target = target};
    struct verdict verdict;
    policy_check_head(answers->policy, &request, buffer, size, &verdict);
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
    while (answered && (length = getline(&line, &capacity, input)) >= 0) {
        struct slice text = {line, (size_t)length};
        if (text.length > 0 && text.data[text.length - 1] == '\n')
            text.length--;
        if (text.length > 0 && text.data[text.length - 1] == '\r')
            text.length--;
        answered = answer_line(answers, text);
    }
    free(line);
    if (!answered || (!feof(input) && errno == ENOMEM))
        return complain(errors, "out of memory");
    if (ferror(input))
        return complain(errors, "cannot read the standard input");
    if (ferror(answers->output))
        return complain(errors, "cannot write the answers");
    return EXPLAIN_ALLOWED;
}

int
cli_explain(const struct policy *policy, enum table_format format, int argc, char *argv[], FILE *input, FILE *output,
            FILE *errors)
{
    struct answers answers = {.policy = policy, .format = format, .output = output};
    if (argc == 1 && strcmp(argv[0], "-") == 0)
        return answer_lines(&answers, input, errors);
    if (!answer(&answers, slice_from_string(argv[0]), slice_from_string(argv[1])))
        return complain(errors, "out of memory");
    return answers.refused ? EXPLAIN_REFUSED : EXPLAIN_ALLOWED;
}
