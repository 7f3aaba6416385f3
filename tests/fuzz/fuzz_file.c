/*
 * An INI file. Input: its bytes. Promises: a file is taken, with settings within their bounds, or refused in one
 * printable line that names it; it is read the same twice, and with a comment in front of it; what `check --print`
 * writes of it is taken, and printed as the same.
 */

#include "proxy/config.h"
#include "proxy/config_print.h"
#include "settings.h"
#include "support.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* A file that lives in memory alone; its path lasts as long as it does. */
static int
write_file(struct slice front, struct slice bytes, char *path, size_t size)
{
    int fd = memfd_create("settings", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(front.length == 0 || write(fd, front.data, front.length) == (ssize_t)front.length);
    CHECK(bytes.length == 0 || write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length);
    snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

/* Reads it and checks what came; the caller drops the configuration, which is NULL where the file was refused. */
static struct config *
read_file(struct slice front, struct slice bytes)
{
    static char *const environment[] = {NULL};
    char path[64];
    char problem[CONFIG_PROBLEM_SIZE];
    int fd = write_file(front, bytes, path, sizeof(path));
    memset(problem, 'p', sizeof(problem));
    struct config *config = config_from_file(path, environment, problem);
    if (config != NULL) {
        settings_check(config);
    } else {
        CHECK(memchr(problem, '\0', sizeof(problem)) != NULL);
        settings_check_line(problem);
        CHECK(strncmp(problem, path, strlen(path)) == 0 && problem[strlen(path)] == ':');
    }
    close(fd);
    return config;
}

static void
check_same(const struct config *one, const struct config *other)
{
    CHECK((one == NULL) == (other == NULL));
    if (one == NULL)
        return;
    CHECK(one->listener_count == other->listener_count && address_equals(&one->engine, &other->engine));
    for (size_t i = 0; i < one->listener_count; i++) {
        CHECK(strcmp(one->listeners[i].name, other->listeners[i].name) == 0);
        CHECK(strcmp(one->listeners[i].address.name, other->listeners[i].address.name) == 0);
    }
    CHECK(one->max_head_size == other->max_head_size && one->idle_timeout == other->idle_timeout);
}

/* A configuration as `check --print` writes it, comments aside; the caller frees it. */
static char *
print_settings(const struct config *config, size_t *length)
{
    char problem[CONFIG_PROBLEM_SIZE];
    char *text = NULL;
    FILE *output = open_memstream(&text, length);
    CHECK(output != NULL);
    /* A file can hold all that came from a file. */
    CHECK(config_print_program(config, true, output, problem));
    config_print_policies(config, output);
    CHECK(fclose(output) == 0);
    size_t kept = 0;
    for (char *line = text; *line != '\0';) {
        size_t size = strcspn(line, "\n") + 1;
        char *comment = memmem(line, size, " ;", 2);
        size_t meant = line[0] == ';' ? 0 : comment != NULL ? (size_t)(comment - line) : size - 1;
        while (meant > 0 && line[meant - 1] == ' ')
            meant--;
        memmove(text + kept, line, meant);
        kept += meant;
        if (meant > 0)
            text[kept++] = '\n';
        line += size;
    }
    *length = kept;
    return text;
}

/* What is printed can be read, and is printed as the same. */
static void
check_printed(const struct config *config)
{
    size_t length;
    size_t length_again;
    char *text = print_settings(config, &length);
    struct config *again = read_file((struct slice){NULL, 0}, (struct slice){text, length});
    CHECK(again != NULL);
    char *text_again = print_settings(again, &length_again);
    CHECK(length == length_again && memcmp(text, text_again, length) == 0);
    free(text);
    free(text_again);
    config_unref(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice bytes = {(const char *)data, size};
    struct config *one = read_file((struct slice){NULL, 0}, bytes);
    /* A byte order mark is one at the begin only. */
    if (size == 0 || data[0] != 0xef) {
        struct config *other = read_file(SLICE_LITERAL("; a comment\n"), bytes);
        check_same(one, other);
        config_unref(other);
    }
    if (one != NULL)
        check_printed(one);
    config_unref(one);
    return 0;
}
