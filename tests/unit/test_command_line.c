#include "support.h"

#include "proxy/command_line.h"

enum { WORDS_MAX = 12, LINE_SIZE = 256 };

/* The words of a sentence as argv; getopt may change their order, so each parse has its own. */
struct arguments {
    char text[LINE_SIZE];
    char *words[WORDS_MAX + 2];
    int count;
};

static void
split(struct arguments *arguments, const char *sentence)
{
    arguments->count = 0;
    snprintf(arguments->text, sizeof(arguments->text), "sockwarden %s", sentence);
    for (char *word = strtok(arguments->text, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(arguments->count <= WORDS_MAX);
        arguments->words[arguments->count++] = word;
    }
    arguments->words[arguments->count] = NULL;
}

/* What was understood, as "verb words… | option=value …", or the problem. */
static void
understand(const char *sentence, char *out, size_t size)
{
    struct arguments arguments;
    struct command_line line;
    char problem[COMMAND_LINE_PROBLEM_SIZE] = "";
    split(&arguments, sentence);
    if (!command_line_parse(arguments.count, arguments.words, &line, problem)) {
        snprintf(out, size, "%s", problem);
        return;
    }
    size_t length = (size_t)snprintf(out, size, "%s", verb_row(line.verb)->word);
    for (int i = 0; i < line.count; i++)
        length += (size_t)snprintf(out + length, size - length, " %s", line.words[i]);
    length += (size_t)snprintf(out + length, size - length, " |");
    for (size_t i = 0; i < ARGUMENT_COUNT; i++)
        if (line.values[i] != NULL)
            length += (size_t)snprintf(out + length, size - length, " %s=%s", argument_row((enum argument)i)->word,
                                       line.values[i]);
}

static const struct {
    const char *sentence;
    const char *understood;
} ROWS[] = {
    {"", "run |"},
    {"run", "run |"},
    {"-c a.ini", "run | config=a.ini"},
    {"--config=a.ini run", "run | config=a.ini"},
    {"run --config a.ini", "run | config=a.ini"},
    {"-ca.ini explain GET /info", "explain GET /info | config=a.ini"},
    {"explain -l one GET -c a.ini /info", "explain GET /info | config=a.ini listener=one"},
    {"explain -", "explain - |"},
    {"explain -f json - -p ops", "explain - | policy=ops format=json"},
    {"explain -- GET -l", "explain GET -l |"},
    {"routes --form tsv", "routes | format=tsv"},
    {"presets -f json traefik -watch +ping-fallback", "presets traefik -watch +ping-fallback | format=json"},
    {"presets traefik -f json", "presets traefik | format=json"},
    {"presets traefik -fjson +a -watch", "presets traefik +a -watch | format=json"},
    {"presets traefik -watch -f=json --help", "presets traefik -watch | format=json help="},
    {"presets traefik --format=tsv -follow-logs", "presets traefik -follow-logs | format=tsv"},
    {"presets traefik -f -json a -watch -- -b -cd", "presets traefik a -watch -b -cd | format=-json"},
    {"presets traefik -h", "presets traefik | help="},
    {"presets traefik -- -f", "presets traefik -f |"},
    {"presets traefik -", "presets traefik - |"},
    {"presets traefik -ca.ini", "presets takes no --config; it is for run, check, explain, routes, diff, health"},
    {"routes -f=json", "routes | format=json"},
    {"routes -f =json", "routes | format==json"},
    {"-- routes", "routes |"},
    {"--", "run |"},
    {"-hV", "run | help= version="},
    {"explain -- -", "explain - |"},
    {"diff a b -f tsv", "diff a b | format=tsv"},
    {"health -t 1s", "health | timeout=1s"},
    {"--help", "run | help="},
    {"explain --help", "explain | help="},
    {"--version nonsense",
     "no such verb: nonsense; there is run, check, explain, routes, diff, convert, presets, health"},
    {"rotues", "no such verb: rotues; did you mean routes?"},
    {"explain", "explain takes METHOD TARGET | -, but got nothing"},
    {"explain GET", "explain takes METHOD TARGET | -, but got one word: GET"},
    {"explain - GET", "one word too many: GET; behind - explain takes none, it reads the calls from its input"},
    {"diff A", "diff takes A B, but got one word: A"},
    {"routes -", "one word too many: -; routes takes none"},
    {"-", "no such verb: -; there is run, check, explain, routes, diff, convert, presets, health"},
    {"help", "no such verb: help; did you mean --help?"},
    {"version", "no such verb: version; did you mean --version?"},
    {"--p x", "--p may be --policy or --print"},
    {"routes -f=", "--format lacks its value: --format FORMAT"},
    {"routes --format=", "--format lacks its value: --format FORMAT"},
    {"-fx", "run (no verb is given) takes no --format; it is for explain, routes, diff, presets"},
    {"explain a b c", "one word too many: c; explain takes METHOD TARGET | -"},
    {"check x", "one word too many: x; check takes none"},
    {"check -l one", "check takes no --listener; it is for explain, routes, health"},
    {"-t 1s", "run (no verb is given) takes no --timeout; it is for health"},
    {"-c", "-c lacks its value: --config FILE"},
    {"routes --listener", "--listener lacks its value: --listener NAME"},
    {"--nothing", "no such option: --nothing"},
    {"--cofnig x", "no such option: --cofnig; did you mean --config?"},
    {"-cx -cy", "--config stands twice"},
    {"routes -z", "no such option: -z"},
    {"--help=1", "--help takes no value"},
};

static void
options_stand_before_the_verb_or_behind_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        char understood[LINE_SIZE * 2];
        understand(ROWS[i].sentence, understood, sizeof(understood));
        CHECK_TEXT(ROWS[i].sentence, understood, ROWS[i].understood);
    }
}

static void
options_stand_behind_words_whatever_posix_says(void **state)
{
    (void)state;
    assert_int_equal(setenv("POSIXLY_CORRECT", "1", 1), 0);
    options_stand_before_the_verb_or_behind_it(state);
    unsetenv("POSIXLY_CORRECT");
}

static char *
help_of(const char *sentence)
{
    struct arguments arguments;
    struct command_line line;
    char problem[COMMAND_LINE_PROBLEM_SIZE];
    char *text;
    size_t size;
    split(&arguments, sentence);
    assert_true(command_line_parse(arguments.count, arguments.words, &line, problem));
    FILE *output = open_memstream(&text, &size);
    assert_non_null(output);
    command_line_print_help(&line, output);
    fclose(output);
    return text;
}

static void
help_has_every_row_of_the_tables(void **state)
{
    (void)state;
    char *whole = help_of("--help");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        char start[64];
        const struct verb_row *row = verb_row((enum verb)i);
        snprintf(start, sizeof(start), "\n  %s", row->word);
        CHECK(row->word, strstr(whole, start) != NULL);
        char sentence[64];
        snprintf(sentence, sizeof(sentence), "%s --help", row->word);
        char *own = help_of(sentence);
        for (size_t j = 0; j < ARGUMENT_COUNT; j++) {
            char option[64];
            const struct argument_row *argument = argument_row((enum argument)j);
            snprintf(option, sizeof(option), "--%s ", argument->word);
            CHECK(option, strstr(whole, option) != NULL);
            CHECK(option, (strstr(own, option) != NULL) == ((argument->verbs & 1u << i) != 0));
        }
        free(own);
    }
    free(whole);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_the_verb_or_behind_it),
        cmocka_unit_test(options_stand_behind_words_whatever_posix_says),
        cmocka_unit_test(help_has_every_row_of_the_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
