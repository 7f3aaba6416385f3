#include "command_line.h"
#include "nearest.h"
#include "table.h"
#include "text.h"

#include <getopt.h>
#include <stdarg.h>
#include <string.h>

#define BIT(id)    (1u << VERB_##id)
#define EVERY_VERB ((1u << VERB_COUNT) - 1)

enum { HELP_COLUMN = 28, LETTERS_SIZE = 4 * ARGUMENT_COUNT, LIST_SIZE = 128, WORD_CODE = 1 };

#define HIDDEN_HYPHEN '\1'

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

/* "check, explain, routes": those of a set. */
static void
list_verbs(unsigned bits, char list[LIST_SIZE])
{
    size_t used = 0;
    list[0] = '\0';
    for (size_t i = 0; i < VERB_COUNT; i++)
        if ((bits & 1u << i) != 0 && used < LIST_SIZE)
            used += (size_t)snprintf(list + used, LIST_SIZE - used, "%s%s", used > 0 ? ", " : "", verbs[i].word);
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
    if (word[0] == '\0')
        return complain(problem, "the verb is an empty word");
    if (strcmp(word, "help") == 0 || strcmp(word, "version") == 0)
        return complain(problem, "no such verb: %s; did you mean --%s?", word, word);
    const char *nearest = nearest_word(words, word);
    if (nearest != NULL)
        return complain(problem, "no such verb: %.64s; did you mean %s?", word, nearest);
    char list[LIST_SIZE];
    list_verbs(~0u, list);
    return complain(problem, "no such verb: %.64s; there is %s", word, list);
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
    const char *beginning = NULL;
    for (size_t i = 0; name[0] != '\0' && i < ARGUMENT_COUNT; i++) {
        if (strncmp(arguments[i].word, name, strlen(name)) != 0)
            continue;
        if (beginning != NULL)
            return complain(problem, "--%s may be --%s or --%s", name, beginning, arguments[i].word);
        beginning = arguments[i].word;
    }
    const char *nearest = nearest_word(words, name);
    if (nearest != NULL)
        return complain(problem, "no such option: --%s; did you mean --%s?", name, nearest);
    return complain(problem, "no such option: --%s", name);
}

static bool
complain_of_no_value(const char *word, size_t argument, char *problem)
{
    const struct argument_row *row = &arguments[argument];
    return complain(problem, "%.64s lacks its value: --%s %s", word, row->word, row->value);
}

/* `word` is where getopt found the option, or its value. */
static bool
take_option(int code, const char *word, struct command_line *line, char *problem)
{
    size_t argument = argument_of_code(code);
    const struct argument_row *row = &arguments[argument];
    const char *value = optarg != NULL ? optarg : "";
    bool joined = optarg != NULL && optarg != word;
    if (line->values[argument] != NULL && row->value != NULL)
        return complain(problem, "--%s stands twice", row->word);
    if (joined && code == row->letter && value[0] == '=')
        value++; /* -f=json is -fjson */
    if (row->value != NULL && value[0] == '\0') {
        char option[32];
        snprintf(option, sizeof(option), "--%s", row->word);
        return complain_of_no_value(option, argument, problem);
    }
    line->values[argument] = value;
    return true;
}

/*
 * True for what is a word and no option though it begins with a hyphen: a preset's feature that is not wanted, as in
 * -watch. One hyphen and several letters are one, unless they are -f and a format.
 */
static bool
is_feature(const char *word)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    enum table_format format;
    size_t length = strlen(word);
    if (length < 3 || word[0] != '-' || word[1] == '-' || strspn(word + 1, letters) != length - 1)
        return false;
    return word[1] != arguments[ARGUMENT_FORMAT].letter || !table_format_of_word(word + 2, TABLE_TEXT, &format);
}

/*
 * Features are hidden from getopt while it looks for options, by another byte in place of their hyphen. Behind diff
 * they stand behind a preset: and nowhere else, for -dlinuxserver is an option with its value there.
 */
static void
hide_features(int argc, char *argv[], enum verb verb)
{
    bool behind_preset = verb == VERB_PRESETS;
    for (int i = 1; i < argc; i++) {
        bool feature = argv[i][0] == '+' || is_feature(argv[i]);
        if (verb == VERB_DIFF && !feature)
            behind_preset = strncmp(argv[i], "preset:", strlen("preset:")) == 0;
        if (behind_preset && feature && argv[i][0] == '-')
            argv[i][0] = HIDDEN_HYPHEN;
    }
}

/* `text` is a word or a value; NULL is let pass. */
static char *
show_feature(char *text)
{
    if (text != NULL && text[0] == HIDDEN_HYPHEN)
        text[0] = '-';
    return text;
}

/*
 * Reads options from argv[1] on: up to a word in mode "+"; in mode "-" past all words, which getopt hands out in their
 * order whatever POSIXLY_CORRECT says. They are gathered at the begin of argv, where everything was read already.
 */
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
        show_feature(optarg);
        if (code == WORD_CODE) {
            argv[++line->count] = optarg;
            continue;
        }
        if (code == ':')
            return complain_of_no_value(argv[optind - 1], argument_of_code(optopt), problem);
        if (argument_of_code(code) >= ARGUMENT_COUNT)
            return complain_of_option(argv[optind - 1], problem);
        if (!take_option(code, argv[optind - 1], line, problem))
            return false;
    }
    return true;
}

static bool
parse_behind_verb(int argc, char *argv[], struct command_line *line, char *problem)
{
    if (line->verb == VERB_PRESETS || line->verb == VERB_DIFF)
        hide_features(argc, argv, line->verb);
    if (!parse_options("-", argc, argv, line, problem))
        return false;
    while (optind < argc)
        argv[++line->count] = show_feature(argv[optind++]);
    line->words = argv + 1;
    return true;
}

static bool
check_options(const struct command_line *line, char *problem)
{
    char list[LIST_SIZE];
    for (size_t i = 0; i < ARGUMENT_COUNT; i++) {
        if (line->values[i] == NULL || (arguments[i].verbs & 1u << line->verb) != 0)
            continue;
        list_verbs(arguments[i].verbs, list);
        return complain(problem, "%s%s takes no --%s; it is for %s", verbs[line->verb].word,
                        line->has_verb ? "" : " (no verb is given)", arguments[i].word, list);
    }
    return true;
}

/* How many words there are, features of diff's presets aside; `surplus` is the first that is more than `most`. */
static int
count_operands(const struct command_line *line, int most, const char **surplus)
{
    int count = 0;
    for (int i = 0; i < line->count; i++)
        if ((line->verb != VERB_DIFF || i == 0 || !command_line_is_feature(line->words[i])) && count++ == most)
            *surplus = line->words[i];
    return count;
}

static bool
check_words(const struct command_line *line, char *problem)
{
    const struct verb_row *verb = &verbs[line->verb];
    const char *surplus = "";
    int count = count_operands(line, verb->most, &surplus);
    bool reads_lines = line->verb == VERB_EXPLAIN && line->count > 0 && strcmp(line->words[0], "-") == 0;
    if (reads_lines)
        return line->count == 1 || complain(problem,
                                            "one word too many: %.64s; behind - explain takes none, it reads "
                                            "the calls from its input",
                                            line->words[1]);
    if (count > verb->most)
        return complain(problem, "one word too many: %.64s; %s takes %s", surplus, verb->word,
                        verb->words[0] != '\0' ? verb->words : "none");
    if (count < verb->least)
        return complain(problem, "%s takes %s, but got %s%.64s", verb->word, verb->words,
                        line->count > 0 ? "one word: " : "nothing", line->count > 0 ? line->words[0] : "");
    return true;
}

bool
command_line_is_feature(const char *word)
{
    return word[0] == '+' || word[0] == '-';
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
        if (!parse_behind_verb(argc, argv, line, problem))
            return false;
    }
    if (line->values[ARGUMENT_HELP] != NULL || line->values[ARGUMENT_VERSION] != NULL)
        return true;
    return check_options(line, problem) && check_words(line, problem);
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
