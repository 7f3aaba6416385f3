#include "command_line.h"
#include "nearest.h"
#include "text.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#define BIT(id)    (1u << VERB_##id)
#define EVERY_VERB ((1u << VERB_COUNT) - 1)

enum { HELP_COLUMN = 28, LETTERS_SIZE = 4 * ARGUMENT_COUNT };

static const struct verb_row verbs[] = {
#define VERB(id, word, words, least, most, help) [VERB_##id] = {word, words, least, most, help},
#include "verbs.def"
#undef VERB
};

static const struct argument_row arguments[] = {
#define ARGUMENT(id, letter, word, value, verbs, help) [ARGUMENT_##id] = {letter, word, value, verbs, help},
#include "verbs.def"
#undef ARGUMENT
};

const struct verb_row *
verb_row(enum verb verb)
{
    return &verbs[verb];
}

const struct argument_row *
argument_row(enum argument argument)
{
    return &arguments[argument];
}

static bool complain(char *problem, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool
complain(char *problem, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(problem, COMMAND_LINE_PROBLEM_SIZE, format, values);
    va_end(values);
    return false;
}

static bool
find_verb(const char *word, struct command_line *line, char *problem)
{
    const char *words[VERB_COUNT + 1] = {NULL};
    for (size_t i = 0; i < VERB_COUNT; i++) {
        words[i] = verbs[i].word;
        if (strcmp(verbs[i].word, word) == 0) {
            line->verb = (enum verb)i;
            line->has_verb = true;
            return true;
        }
    }
    const char *nearest = nearest_word(words, word);
    if (nearest != NULL)
        return complain(problem, "no such verb: %.64s; did you mean %s?", word, nearest);
    return complain(problem, "no such verb: %.64s", word);
}

/* getopt's form of the table. `letters` begins with how it shall treat words that are no options. */
static void
fill_options(const char *mode, char *letters, struct option *options)
{
    size_t used = (size_t)snprintf(letters, LETTERS_SIZE, "%s:", mode);
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        const struct argument_row *row = &arguments[i];
        int has = row->value != NULL ? required_argument : no_argument;
        options[i] = (struct option){row->word, has, NULL, (int)(LETTERS_SIZE * 256 + i)};
        if (row->letter != '\0')
            used += (size_t)snprintf(letters + used, LETTERS_SIZE - used, "%c%s", row->letter,
                                     row->value != NULL ? ":" : "");
    }
    options[ARGUMENT_COUNT] = (struct option){NULL, 0, NULL, 0};
}

static size_t
argument_of_code(int code)
{
    size_t i = 0;
    if (code >= LETTERS_SIZE * 256)
        return (size_t)(code - LETTERS_SIZE * 256);
    while (i < ARGUMENT_COUNT && arguments[i].letter != code)
        i++;
    return i;
}

static bool
complain_of_option(char *word, char *problem)
{
    const char *words[ARGUMENT_COUNT + 1] = {NULL};
    for (size_t i = 0; i < ARGUMENT_COUNT; i++)
        words[i] = arguments[i].word;
    if (strncmp(word, "--", 2) != 0)
        return complain(problem, "no such option: -%c", optopt);
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (size_t i = 0; i < ARGUMENT_COUNT; i++)
        if (strcmp(name, arguments[i].word) == 0)
            return complain(problem, "--%s takes no value", name);
    const char *nearest = nearest_word(words, name);
    if (nearest != NULL)
        return complain(problem, "no such option: --%s; did you mean --%s?", name, nearest);
    return complain(problem, "no such option: --%s", name);
}

/* Reads options from argv[1] on, up to a word in mode "+", past all words in mode "". */
static bool
parse_options(const char *mode, int argc, char *argv[], struct command_line *line, char *problem)
{
    char letters[LETTERS_SIZE];
    struct option options[ARGUMENT_COUNT + 1];
    int code;
    fill_options(mode, letters, options);
    opterr = 0;
    optind = 0; /* begins anew, in glibc and musl */
    while ((code = getopt_long(argc, argv, letters, options, NULL)) != -1) {
        if (code == ':')
            return complain(problem, "%s lacks its value", argv[optind - 1]);
        size_t argument = argument_of_code(code);
        if (argument >= ARGUMENT_COUNT)
            return complain_of_option(argv[optind - 1], problem);
        if (line->values[argument] != NULL && arguments[argument].value != NULL)
            return complain(problem, "--%s stands twice", arguments[argument].word);
        line->values[argument] = optarg != NULL ? optarg : "";
    }
    return true;
}

static bool
check_fit(const struct command_line *line, char *problem)
{
    const struct verb_row *verb = &verbs[line->verb];
    for (size_t i = 0; i < ARGUMENT_COUNT; i++)
        if (line->values[i] != NULL && (arguments[i].verbs & 1u << line->verb) == 0)
            return complain(problem, "%s takes no --%s", verb->word, arguments[i].word);
    if (line->count > verb->most)
        return complain(problem, "one word too many: %.64s; %s takes %s", line->words[verb->most], verb->word,
                        verb->words[0] != '\0' ? verb->words : "none");
    if (line->count < verb->least)
        return complain(problem, "%s takes %s", verb->word, verb->words);
    return true;
}

bool
command_line_parse(int argc, char *argv[], struct command_line *line, char *problem)
{
    *line = (struct command_line){.verb = VERB_RUN};
    if (!parse_options("+", argc, argv, line, problem))
        return false;
    argc -= optind;
    argv += optind;
    if (argc > 0) {
        if (!find_verb(argv[0], line, problem))
            return false;
        /* A preset's features are words like +watch and -watch. */
        const char *mode = line->verb == VERB_PRESETS ? "+" : "";
        if (!parse_options(mode, argc, argv, line, problem))
            return false;
        line->count = argc - optind;
        line->words = argv + optind;
    }
    if (line->values[ARGUMENT_HELP] != NULL || line->values[ARGUMENT_VERSION] != NULL)
        return true;
    return check_fit(line, problem);
}

/* `left` in a column of its own, the help beside it, or below where it is too long. */
static void
print_entry(const char *left, const char *help, FILE *output)
{
    char first[4096];
    size_t length = text_letters(left);
    FILE *memory = fmemopen(first, sizeof(first), "w");
    if (memory == NULL)
        return;
    text_print_wrapped(help, HELP_COLUMN, memory);
    fclose(memory);
    if (length + 1 < HELP_COLUMN)
        fprintf(output, "%s%s", left, first + length);
    else
        fprintf(output, "%s\n%s", left, first);
}

static void
print_arguments(unsigned bits, bool all, FILE *output)
{
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        const struct argument_row *row = &arguments[i];
        char left[64];
        char letter[8] = "    ";
        if (!all && (row->verbs & bits) == 0)
            continue;
        if (row->letter != '\0')
            snprintf(letter, sizeof(letter), "-%c, ", row->letter);
        snprintf(left, sizeof(left), "  %s--%s %s", letter, row->word, row->value != NULL ? row->value : "");
        print_entry(left, row->help, output);
    }
}

static void
print_verb_help(enum verb verb, FILE *output)
{
    const struct verb_row *row = &verbs[verb];
    fprintf(output, "usage: sockwarden [OPTION…] %s%s%s\n\n", row->word, row->words[0] != '\0' ? " " : "", row->words);
    text_print_wrapped(row->help, 0, output);
    fputs("\nOptions, before the verb or behind it:\n", output);
    print_arguments(1u << verb, false, output);
}

void
command_line_print_help(const struct command_line *line, FILE *output)
{
    if (line->has_verb) {
        print_verb_help(line->verb, output);
        return;
    }
    fputs("usage: sockwarden [OPTION…] [VERB [WORD…]]\n\n", output);
    text_print_wrapped("Lets each client of a container engine's socket do only what its policy grants. The "
                       "policy is the environment, in the words of the Docker socket proxies of Tecnativa, "
                       "linuxserver or fluencelabs (CONTAINERS=1, POST=1 …), or an INI file that names "
                       "listeners and their policies.",
                       0, output);
    fputs("\nVerbs:\n", output);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char left[64];
        snprintf(left, sizeof(left), "  %s %s", verbs[i].word, verbs[i].words);
        print_entry(left, verbs[i].help, output);
    }
    fputs("\nOptions, before the verb or behind it:\n", output);
    print_arguments(0, true, output);
    fputs("\nExit codes: 0 done or allowed, 1 failed or refused, 2 bad usage or a bad setting.\n", output);
}
