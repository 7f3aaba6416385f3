#include "first_process.h"
#include "command_line.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_SIZE = 8192, WORDS_MAX = 64 };

static bool
is_this_program(const char *word)
{
    const char *slash = strrchr(word, '/');
    return strcmp(slash != NULL ? slash + 1 : word, "sockwarden") == 0;
}

/* A small init may stand in front: docker-init -- /sockwarden -c FILE. */
static int
split(char *text, size_t length, char *words[])
{
    int count = 0;
    for (char *at = text; at < text + length && count < WORDS_MAX; at += strlen(at) + 1)
        if (count > 0 || is_this_program(at))
            words[count++] = at;
    return count;
}

bool
first_process_settings(const char *cmdline, char *path, size_t size)
{
    char text[TEXT_SIZE + 1];
    char *words[WORDS_MAX + 1] = {NULL};
    char problem[COMMAND_LINE_PROBLEM_SIZE];
    struct command_line line;
    FILE *file = fopen(cmdline, "re");
    size_t length = file != NULL ? fread(text, 1, TEXT_SIZE, file) : 0;
    if (file != NULL)
        fclose(file);
    text[length] = '\0';
    int count = split(text, length, words);
    if (count == 0 || !command_line_parse(count, words, &line, problem) || line.verb != VERB_RUN ||
        line.values[ARGUMENT_CONFIG] == NULL)
        return false;
    return snprintf(path, size, "%s", line.values[ARGUMENT_CONFIG]) < (int)size;
}
