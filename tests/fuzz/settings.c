#include "settings.h"
#include "proxy/config.h"
#include "proxy/config_print.h"
#include "support.h"

#include <netdb.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int __real_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found);

int
__wrap_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    struct addrinfo numeric = {0};
    if (hints != NULL)
        numeric = *hints;
    numeric.ai_flags |= AI_NUMERICHOST;
    return __real_getaddrinfo(node, service, &numeric, found);
}

void
settings_check_line(const char *text)
{
    CHECK(text[0] != '\0');
    for (const char *at = text; *at != '\0'; at++)
        CHECK((unsigned char)*at >= 0x20 && *at != 0x7f);
}

static void
check_listener(const struct listener_config *listener)
{
    struct address again;
    const char *reason = NULL;
    const char *name = listener->address.name;
    CHECK(listener->policy != NULL);
    settings_check_line(listener->name);
    settings_check_line(name);
    if (strncmp(name, "tcp://", 6) != 0 && strncmp(name, "unix:", 5) != 0)
        return;
    CHECK(address_parse_listen(name, &again, &reason));
    CHECK(address_equals(&again, &listener->address));
}

void
settings_check(const struct config *config)
{
    CHECK(config->listener_count >= 1 && config->listener_count <= CONFIG_LISTENERS_MAX);
    for (size_t i = 0; i < config->listener_count; i++)
        check_listener(&config->listeners[i]);
    settings_check_line(config->engine.name);
    CHECK(config->buffer_low < config->buffer_high && config->max_target_size < config->max_head_size);
    CHECK(config->marks.high == config->buffer_high && config->marks.low == config->buffer_low);
    CHECK(config->max_head_size >= 1024 && config->max_head_size <= 1048576);
    CHECK(config->max_head_fields >= 8 && config->max_head_fields <= 256);
    CHECK(config->max_target_size >= 256 && config->max_body_size >= 1024);
    CHECK(config->head_timeout >= 10 && config->idle_timeout >= 10 && config->connect_timeout >= 10);
    CHECK(config->max_connections >= 1 && config->max_connections <= 1000000);
}

int
settings_write_file(struct slice front, struct slice bytes, char *path, size_t size)
{
    int fd = memfd_create("settings", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(front.length == 0 || write(fd, front.data, front.length) == (ssize_t)front.length);
    CHECK(bytes.length == 0 || write(fd, bytes.data, bytes.length) == (ssize_t)bytes.length);
    snprintf(path, size, "/proc/self/fd/%d", fd);
    return fd;
}

/* Without the comments and the blank lines; returns the length of what is left. */
static size_t
cut_comments(char *text)
{
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
    return kept;
}

/* NULL where it has what no file can hold. */
static char *
print(const struct config *config, size_t *length)
{
    char problem[CONFIG_PROBLEM_SIZE];
    char *text = NULL;
    FILE *output = open_memstream(&text, length);
    CHECK(output != NULL);
    bool whole = config_print_program(config, true, output, problem);
    config_print_policies(config, output);
    CHECK(fclose(output) == 0);
    if (whole) {
        *length = cut_comments(text);
        return text;
    }
    settings_check_line(problem);
    free(text);
    return NULL;
}

void
settings_check_printed(const struct config *config, bool anything)
{
    static char *const environment[] = {NULL};
    char problem[CONFIG_PROBLEM_SIZE];
    char path[64];
    size_t length;
    size_t length_again;
    char *text = print(config, &length);
    CHECK(text != NULL || anything);
    if (text == NULL)
        return;
    int fd = settings_write_file((struct slice){NULL, 0}, (struct slice){text, length}, path, sizeof(path));
    struct config *again = config_from_file(path, environment, problem);
    CHECK(again != NULL);
    char *text_again = print(again, &length_again);
    CHECK(text_again != NULL && length == length_again && memcmp(text, text_again, length) == 0);
    free(text);
    free(text_again);
    config_unref(again);
    close(fd);
}
