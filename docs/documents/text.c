#include "documents.h"

#include <stdbool.h>
#include <string.h>

enum { MANUAL_WIDTH = 74 };

void
markdown_cell(FILE *output, const char *text)
{
    bool code = false;
    for (; *text != '\0'; text++) {
        code = code != (*text == '`');
        if (*text == '|' || (!code && (*text == '*' || *text == '_' || *text == '<')))
            fputc('\\', output);
        fputc(*text, output);
    }
}

/* A word with what follows it up to a blank; returns its end. Characters between backticks are set in bold. */
static const char *
print_word(FILE *output, const char *word, bool begins, bool *code)
{
    /* At the head of a line these would begin a request. */
    if (begins && (*word == '.' || *word == '\''))
        fputs("\\&", output);
    for (; *word != '\0' && *word != ' '; word++) {
        if (*word == '`') {
            *code = !*code;
            fputs(*code ? "\\fB" : "\\fR", output);
        } else if (*word == '\\') {
            fputs("\\e", output);
        } else {
            fputc(*word, output);
        }
    }
    return word;
}

void
manual_text(FILE *output, const char *text)
{
    size_t column = 0;
    bool ended = false;
    bool code = false;
    while (*(text += strspn(text, " ")) != '\0') {
        size_t length = strcspn(text, " ");
        bool breaks = column > 0 && (ended || column + length + 1 > MANUAL_WIDTH);
        if (column > 0)
            fputc(breaks ? '\n' : ' ', output);
        column = breaks || column == 0 ? length : column + length + 1;
        text = print_word(output, text, column == length, &code);
        ended = text[-1] == '.';
    }
    fputc('\n', output);
}
