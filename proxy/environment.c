#include "environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The list grows by one and stays NULL-terminated. */
struct list {
    char **entries;
    size_t count;
};

static bool
append(struct list *list, char *entry)
{
    char **entries = entry != NULL ? realloc(list->entries, (list->count + 2) * sizeof(*entries)) : NULL;
    if (entries == NULL) {
        free(entry);
        return false;
    }
    entries[list->count++] = entry;
    entries[list->count] = NULL;
    list->entries = entries;
    return true;
}

static bool
names(const char *entry, const char *name, size_t length)
{
    return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

/* The last one counts, so a former one goes. */
static bool
set(struct list *list, const char *name, size_t length, char *entry)
{
    for (size_t i = 0; i < list->count && entry != NULL; i++) {
        if (!names(list->entries[i], name, length))
            continue;
        free(list->entries[i]);
        list->entries[i] = entry;
        return true;
    }
    return append(list, entry);
}

void
environment_free(char **environment)
{
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++)
        free(environment[i]);
    free(environment);
}

char **
environment_with(char *const base[], const char *name, const char *value)
{
    struct list list = {NULL, 0};
    char *entry = NULL;
    bool whole = true;
    for (size_t i = 0; whole && base[i] != NULL; i++)
        whole = append(&list, strdup(base[i]));
    if (whole && asprintf(&entry, "%s=%s", name, value) < 0)
        whole = false;
    if (whole && set(&list, name, strlen(name), entry))
        return list.entries;
    environment_free(list.entries);
    return NULL;
}

static const char *
find(char *const base[], const char *name)
{
    for (size_t i = 0; base[i] != NULL; i++)
        if (names(base[i], name, strlen(name)))
            return base[i];
    return NULL;
}

/* NULL, or what is wrong with the line. */
static const char *
take_line(struct list *list, char *const base[], const char *line)
{
    static const char no_memory[] = "out of memory";
    if (line[strspn(line, " \t")] == '\0' || line[strspn(line, " \t")] == '#')
        return NULL;
    line += strspn(line, " \t");
    size_t name = strcspn(line, "=");
    if (name == 0)
        return "there is no name before the =; a line is NAME=VALUE";
    if (strcspn(line, " \t") < name)
        return "there is a blank in the name; a line is NAME=VALUE, without export and without blanks around the =";
    if (line[name] == '\0') {
        const char *entry = find(base, line);
        return entry == NULL || set(list, line, name, strdup(entry)) ? NULL : no_memory;
    }
    if (line[name + 1] == '"' || line[name + 1] == '\'')
        return "the value is in quotes, which docker run keeps and Compose drops; write it without";
    return set(list, line, name, strdup(line)) ? NULL : no_memory;
}

static bool
take_file(struct list *list, FILE *file, const char *path, char *const base[], char *problem)
{
    char *line = NULL;
    size_t capacity = 0;
    const char *wrong = NULL;
    ssize_t length;
    for (unsigned number = 1; wrong == NULL && (length = getline(&line, &capacity, file)) >= 0; number++) {
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            line[--length] = '\0';
        bool marked = number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0;
        wrong = strlen(line) != (size_t)length ? "there is a zero byte in the line"
                                               : take_line(list, base, marked ? line + 3 : line);
        if (wrong != NULL)
            snprintf(problem, ENVIRONMENT_PROBLEM_SIZE, "%.256s:%u: %s", path, number, wrong);
    }
    free(line);
    /* A line that no memory was to be had for ends neither in an error of the file nor at its end. */
    bool whole = wrong == NULL && feof(file) && !ferror(file);
    if (wrong == NULL && !whole)
        snprintf(problem, ENVIRONMENT_PROBLEM_SIZE, "%.256s: can't be read: %s", path, strerror(errno));
    return whole;
}

char **
environment_from_file(const char *path, char *const base[], char *problem)
{
    struct list list = {calloc(1, sizeof(*list.entries)), 0};
    FILE *file = list.entries != NULL ? fopen(path, "re") : NULL;
    if (file == NULL)
        snprintf(problem, ENVIRONMENT_PROBLEM_SIZE, "%.256s: can't be read: %s", path, strerror(errno));
    bool whole = file != NULL && take_file(&list, file, path, base, problem);
    if (file != NULL)
        fclose(file);
    if (whole)
        return list.entries;
    environment_free(list.entries);
    return NULL;
}
