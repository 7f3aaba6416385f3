/*
 * Writes the documents that are made from the program's tables, or with --check tells which are not as it would write
 * them. The folder is docs/ of the tree.
 */

#include "documents.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_LENGTH = 4096 };

static const struct document {
    const char *path;
    void (*write)(FILE *output);
} documents[] = {
    {"configuration.md", write_configuration},
    {"routes.md", write_routes},
    {"presets.md", write_presets},
    {"man/sockwarden.ini.5", write_manual_of_file},
};

enum { DOCUMENT_COUNT = sizeof(documents) / sizeof(documents[0]) };

static char *
make(const struct document *document, size_t *length)
{
    char *text = NULL;
    FILE *output = open_memstream(&text, length);
    if (output == NULL)
        return NULL;
    document->write(output);
    if (fclose(output) == 0)
        return text;
    free(text);
    return NULL;
}

static bool
is_as_made(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "re");
    bool same = file != NULL;
    for (size_t i = 0; same && i < length; i++)
        same = getc(file) == (unsigned char)text[i];
    same = same && getc(file) == EOF;
    if (file != NULL)
        fclose(file);
    return same;
}

static bool
write_file(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool whole = fwrite(text, 1, length, file) == length;
    return fclose(file) == 0 && whole;
}

static bool
serve(const struct document *document, const char *folder, bool check)
{
    char path[PATH_LENGTH];
    size_t length;
    char *text = make(document, &length);
    snprintf(path, sizeof(path), "%s/%s", folder, document->path);
    bool done = text != NULL && (check ? is_as_made(path, text, length) : write_file(path, text, length));
    free(text);
    if (check) {
        if (!done)
            printf("%s is not what the tables say; cmake --build BUILD --target documents writes it anew\n", path);
        /* As the unit tests tell their cases, for who counts them. */
        printf("[ RUN      ] %s\n[ %s ] %s\n", document->path, done ? "      OK" : " FAILED ", document->path);
    } else if (!done) {
        perror(path);
    }
    return done;
}

int
main(int argc, char *argv[])
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    bool done = true;
    if (argc != 2 && !check) {
        fputs("usage: sockwarden-documents [--check] FOLDER\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < DOCUMENT_COUNT; i++)
        done = serve(&documents[i], argv[argc - 1], check) && done;
    return done ? 0 : 1;
}
