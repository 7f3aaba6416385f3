#include "command_line.h"
#include "commands.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
print_help(const struct command_line *line)
{
    command_line_print_help(line, stdout);
    if (!line->has_verb || line->verb == VERB_RUN)
        config_print_help(stdout);
}

/* Where a question names what was probably meant, there is no need to read the help. */
static void
complain_of_usage(const struct command_line *line, char *problem)
{
    bool asks = problem[0] != '\0' && problem[strlen(problem) - 1] == '?';
    config_make_printable(problem);
    fprintf(stderr, "sockwarden: %s", problem);
    if (!asks)
        fprintf(stderr, "; sockwarden %s%s--help shows the usage", line->has_verb ? verb_row(line->verb)->word : "",
                line->has_verb ? " " : "");
    fputc('\n', stderr);
}

/* What was printed is only done once it is written: a full disk is a failure. */
static int
finish(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    fprintf(stderr, "sockwarden: the output can't be written: %s\n", strerror(errno));
    return EXIT_NO;
}

/*
 * A standard stream that is closed would be the next socket, and the log would speak into it. For reading only: writing
 * to it fails as it did.
 */
static void
occupy_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY);
    while (fd >= STDIN_FILENO && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int
main(int argc, char *argv[])
{
    struct command_line line;
    char problem[COMMAND_LINE_PROBLEM_SIZE];
    occupy_standard_streams();
    if (!command_line_parse(argc, argv, &line, problem)) {
        complain_of_usage(&line, problem);
        return EXIT_USAGE;
    }
    if (line.values[ARGUMENT_HELP] != NULL)
        print_help(&line);
    else if (line.values[ARGUMENT_VERSION] != NULL)
        puts("sockwarden " SOCKWARDEN_VERSION);
    else
        return finish(commands_serve(&line));
    return finish(EXIT_YES);
}
