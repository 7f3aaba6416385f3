/*
 * An INI file. Input: its bytes. Promises: a file is taken, with settings within their bounds, or refused in one
 * printable line that names it; it is read the same twice, and with a comment in front of it; what `check --print`
 * writes of it is taken, and printed as the same.
 */

#include "proxy/config.h"
#include "settings.h"
#include "support.h"

#include <unistd.h>

/* Reads it and checks what came; the caller drops the configuration, which is NULL where the file was refused. */
static struct config *
read_file(struct slice front, struct slice bytes)
{
    static char *const environment[] = {NULL};
    char path[64];
    char problem[CONFIG_PROBLEM_SIZE];
    int fd = settings_write_file(front, bytes, path, sizeof(path));
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
        settings_check_printed(one, false);
    config_unref(one);
    return 0;
}
