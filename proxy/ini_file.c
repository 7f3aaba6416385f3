#include "ini_file.h"

#include <ctype.h>
#include <ini.h>
#include <string.h>

enum {
    /* INI_MAX_LINE of the library as it is packaged; its buffer holds the line feed and a NUL, too. */
    LINE_MAX_BYTES = 197,
    SECTION_SIZE = 64,
};

struct reading {
    FILE *file;
    ini_entry_handler *handler;
    void *owner;
    struct ini_problem *problem;
    unsigned line;
    bool failed;
    bool has_key; /* the section has a key that a next line may continue */
    char section[SECTION_SIZE];
    char name[SECTION_SIZE];
};

static void
fail(struct reading *reading, const char *text)
{
    if (reading->failed)
        return;
    reading->failed = true;
    reading->problem->line = reading->line;
    snprintf(reading->problem->text, sizeof(reading->problem->text), "%s", text);
}

static void
tell(struct reading *reading, const char *key, const char *value)
{
    const struct ini_entry entry = {reading->section, reading->name, key, value, reading->line};
    if (reading->failed || reading->handler(reading->owner, &entry, reading->problem))
        return;
    reading->failed = true;
    reading->problem->line = reading->line;
}

static bool
is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

/* "[word]" or "[word name]", told at once: inih tells of a section only with its first key. */
static void
begin_section(struct reading *reading, const char *line)
{
    const char *end = strchr(line, ']');
    if (end == NULL) {
        fail(reading, "a section line needs its closing bracket");
        return;
    }
    size_t rest = strspn(end + 1, " \t\r\n");
    if (end[1 + rest] != '\0' && end[1 + rest] != ';' && end[1 + rest] != '#') {
        fail(reading, "something stands behind the closing bracket of the section");
        return;
    }
    const char *word = line + 1 + strspn(line + 1, " \t");
    size_t word_length = 0;
    while (is_name_byte(word[word_length]))
        word_length++;
    const char *name = word + word_length + strspn(word + word_length, " \t");
    size_t name_length = 0;
    while (is_name_byte(name[name_length]))
        name_length++;
    const char *behind = name + name_length + strspn(name + name_length, " \t");
    if (word_length == 0 || behind != end || word_length >= SECTION_SIZE || name_length >= SECTION_SIZE) {
        fail(reading, "a section is [word] or [word name], of letters, digits, - _ and .");
        return;
    }
    snprintf(reading->section, sizeof(reading->section), "%.*s", (int)word_length, word);
    snprintf(reading->name, sizeof(reading->name), "%.*s", (int)name_length, name);
    reading->has_key = false;
    tell(reading, NULL, "");
}

/* inih knows comments behind a value, but not on lines that continue one. */
static void
cut_comment(char *line)
{
    for (char *at = line; *at != '\0'; at++) {
        if ((*at == ' ' || *at == '\t') && at[1] == ';') {
            *at = '\0';
            return;
        }
    }
}

/* inih would note these, but read on to the end. */
static bool
check_value_line(struct reading *reading, const char *line)
{
    if (line[0] == ' ' || line[0] == '\t') {
        if (!reading->has_key)
            fail(reading, "a line that begins with a blank continues the value above it, and there is none");
        return reading->has_key;
    }
    if (strpbrk(line, "=:") == NULL) {
        fail(reading, "the line is no key = value");
        return false;
    }
    reading->has_key = true;
    return true;
}

/* Blank and comment lines are taken out here, so that inih sees nothing whose meaning depends on how it was built. */
static bool
is_noise(const char *line)
{
    const char *text = line + strspn(line, " \t\r\n");
    return *text == '\0' || *text == ';' || *text == '#';
}

static size_t
read_line(struct reading *reading, char *buffer, size_t size)
{
    size_t length = 0;
    int byte;
    while ((byte = getc(reading->file)) != EOF) {
        if (byte == '\0') {
            fail(reading, "the line holds a NUL byte");
            return 0;
        }
        if (length + 2 >= size || length >= LINE_MAX_BYTES + 1) {
            fail(reading,
                 "the line is longer than 197 bytes; go on with the value on a next line that begins with a blank");
            return 0;
        }
        buffer[length++] = (char)byte;
        if (byte == '\n')
            break;
    }
    buffer[length] = '\0';
    return length;
}

/* inih's fgets: gives it the next line that means something, or NULL at the end and after an error. */
static char *
next_line(char *buffer, int size, void *stream)
{
    struct reading *reading = stream;
    while (!reading->failed) {
        reading->line++;
        if (read_line(reading, buffer, (size_t)size) == 0) {
            if (ferror(reading->file))
                fail(reading, "the file can't be read");
            return NULL;
        }
        if (is_noise(buffer))
            continue;
        if (buffer[0] == '[') {
            begin_section(reading, buffer);
            /* inih need not know: the sections are told from here. */
            continue;
        }
        cut_comment(buffer);
        if (!check_value_line(reading, buffer))
            return NULL;
        return buffer;
    }
    return NULL;
}

static int
on_value(void *user, const char *section, const char *name, const char *value)
{
    struct reading *reading = user;
    (void)section;
    if (name == NULL || name[0] == '\0')
        fail(reading, "the line has no key before its =");
    else if (reading->section[0] == '\0')
        fail(reading, "a key stands before the first section, such as [sockwarden]");
    else
        tell(reading, name, value);
    return reading->failed ? 0 : 1;
}

bool
ini_file_read(FILE *file, ini_entry_handler *handler, void *owner, struct ini_problem *problem)
{
    struct reading reading = {.file = file, .handler = handler, .owner = owner, .problem = problem};
    *problem = (struct ini_problem){0};
    int line = ini_parse_stream(next_line, &reading, on_value, &reading);
    if (line != 0)
        fail(&reading, line < 0 ? "out of memory" : "the line is no key = value");
    return !reading.failed;
}
