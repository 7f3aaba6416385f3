#ifndef SOCKWARDEN_PROXY_COMMAND_LINE_H
#define SOCKWARDEN_PROXY_COMMAND_LINE_H

/*
 * The command line as a verb, options and words, checked against the tables of verbs.def; and the help that is made of
 * them. It reads nothing but its arguments. Used by main.c, commands.c and whoever writes documents.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum verb {
#define VERB(id, word, words, least, most, help) VERB_##id,
#include "verbs.def"
#undef VERB
    VERB_COUNT
};

enum argument {
#define ARGUMENT(id, letter, word, value, verbs, help) ARGUMENT_##id,
#include "verbs.def"
#undef ARGUMENT
    ARGUMENT_COUNT
};

struct verb_row {
    const char *word;
    const char *words;
    int least;
    int most;
    const char *help;
};

struct argument_row {
    char letter; /* '\0': it has none */
    const char *word;
    const char *value; /* NULL: it takes none */
    unsigned verbs;    /* a bit each */
    const char *help;
};

const struct verb_row *verb_row(enum verb verb);
const struct argument_row *argument_row(enum argument argument);

struct command_line {
    enum verb verb;
    bool has_verb;
    const char *values[ARGUMENT_COUNT]; /* NULL: not given; "" where it takes none */
    int count;                          /* of `words` */
    char **words;                       /* behind the verb; they point into argv */
};

enum { COMMAND_LINE_PROBLEM_SIZE = 384 };

/*
 * Reads `argv`, whose order it may change. An option stands before or behind the verb and its words; behind `presets`,
 * and behind a preset: of diff, a hyphen and several letters are a feature that is not wanted, and no option. False,
 * with one sentence in `problem`, of COMMAND_LINE_PROBLEM_SIZE bytes, where it can't be understood; nothing else is
 * wrong where help or version is asked for.
 */
bool command_line_parse(int argc, char *argv[], struct command_line *line, char *problem);

/* Whether a word is +FEATURE or -FEATURE, which belongs to the preset before it and is no operand of its own. */
bool command_line_is_feature(const char *word);

/* The whole help, the table of settings aside; or that of the verb that the line has. */
void command_line_print_help(const struct command_line *line, FILE *output);

#endif
