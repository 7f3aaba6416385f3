#include "ini_file.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <string.h>

enum {
    SECTION_SIZE = 64, /* the message about longer ones says 63 */
    SHOWN = 48,
};

struct reading {
    FILE *file;
    ini_entry_handler *handler;
    void *owner;
    struct ini_problem *problem;
    unsigned line;
    bool failed;
    int error;      /* of the file: an errno, or 0 */
    bool has_key;   /* the section has a key that a next line may continue */
    bool continues; /* the line does */
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

/* The same with as much of the line as tells which it is. */
static void
fail_line(struct reading *reading, const char *line, const char *text)
{
    char whole[sizeof(reading->problem->text)];
    int length = (int)strcspn(line, "\n");
    snprintf(whole, sizeof(whole), "%.*s: %s", length < SHOWN ? length : SHOWN, line, text);
    fail(reading, whole);
}

static void
tell(struct reading *reading, const char *key, const char *value)
{
    const struct ini_entry entry = {.section = reading->section,
                                    .name = reading->name,
                                    .key = key,
                                    .value = value,
                                    .continues = key != NULL && reading->continues,
                                    .line = reading->line};
    if (reading->failed || reading->handler(reading->owner, &entry, reading->problem))
        return;
    reading->failed = true;
    if (reading->problem->line == 0)
        reading->problem->line = reading->line;
}

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
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
        fail_line(reading, line, "the section has no closing bracket");
        return;
    }
    size_t rest = strspn(end + 1, " \t\r\n");
    if (end[1 + rest] != '\0' && end[1 + rest] != ';' && end[1 + rest] != '#') {
        fail_line(reading, line, "something stands behind the closing bracket of the section");
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
    if (word_length == 0 || behind != end) {
        fail_line(reading, line, "a section is [word] or [word name], of letters, digits, - _ and ., without quotes");
        return;
    }
    if (word_length >= SECTION_SIZE || name_length >= SECTION_SIZE) {
        fail(reading, "the name of the section is longer than 63 letters");
        return;
    }
    snprintf(reading->section, sizeof(reading->section), "%.*s", (int)word_length, word);
    snprintf(reading->name, sizeof(reading->name), "%.*s", (int)name_length, name);
    reading->has_key = false;
    tell(reading, NULL, "");
}

/* inih would note these, but read on to the end. */
static bool
check_value_line(struct reading *reading, const char *line)
{
    reading->continues = is_blank(line[0]);
    if (reading->continues) {
        if (!reading->has_key)
            fail(reading,
                 "a line that begins with a blank continues the value above it, and there is none; keys begin at "
                 "the head of their line");
        return reading->has_key;
    }
    if (strpbrk(line, "=:") == NULL) {
        fail_line(reading, line, "the line is no key = value, no [section] and no comment");
        return false;
    }
    reading->has_key = true;
    return true;
}

static int
read_byte(struct reading *reading)
{
    int byte = getc(reading->file);
    if (byte == EOF && ferror(reading->file) && reading->error == 0)
        reading->error = errno;
    return byte;
}

/* The next byte of the file; the CR of a CRLF is passed over. */
static int
next_byte(struct reading *reading)
{
    int byte = read_byte(reading);
    if (byte != '\r')
        return byte;
    int next = read_byte(reading);
    if (next == '\n' || next == EOF)
        return next;
    fail(reading, "a carriage return stands within the line: lines end with LF or CRLF");
    return EOF;
}

/* A mark at the head of the file that says how its text is written. */
static void
skip_mark(struct reading *reading)
{
    int byte = read_byte(reading);
    if (byte == 0xEF && getc(reading->file) == 0xBB && getc(reading->file) == 0xBF)
        return;
    if (byte == 0xEF || byte == 0xFE || byte == 0xFF) {
        reading->line = 1;
        fail(reading, "the file is not UTF-8 text");
    } else if (byte != EOF) {
        ungetc(byte, reading->file);
    }
}

/* Blanks that are none to a reader of bytes, and come with text that was copied from a page: U+00A0, U+2009, U+FEFF …
 */
static bool
has_odd_blank(const char *line)
{
    static const char *const blanks[] = {"\xc2\xa0",     "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                                         "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof(blanks) / sizeof(blanks[0]); i++)
        if (strstr(line, blanks[i]) != NULL)
            return true;
    for (const char *at = line; (at = strstr(at, "\xe2\x80")) != NULL; at++)
        if ((unsigned char)at[2] >= 0x80 && (unsigned char)at[2] <= 0x8f)
            return true;
    return false;
}

/* True where a comment begins: at the head of a line, or behind a blank in it. */
static bool
begins_comment(struct reading *reading, const char *line, size_t length, int byte)
{
    if (byte != ';' && byte != '#')
        return false;
    bool alone = length == 0 || strspn(line, " \t") == length;
    if (alone || !is_blank(line[length - 1]))
        return alone;
    if (byte == '#' && line[0] != '[')
        fail(reading, "a comment behind a value begins with a semicolon, not with #");
    return true;
}

/* Comments are taken out here, so that inih sees nothing whose meaning depends on how it was built. */
static bool
take_byte(struct reading *reading, char *line, size_t *length, int byte)
{
    if (byte == '\0')
        fail(reading, "the line holds a NUL byte");
    else if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
        fail(reading, "the line holds a control byte");
    else if (*length == INI_LINE_BYTES)
        fail(reading,
             "the line is longer than 197 bytes; go on with the value on a next line that begins with a blank");
    if (reading->failed)
        return false;
    line[(*length)++] = (char)byte;
    line[*length] = '\0';
    return true;
}

/* Reads a line with its line feed and without its comment; false at the end of the file and after a fault. */
static bool
read_line(struct reading *reading, char *line)
{
    size_t length = 0;
    bool comment = false;
    int byte;
    line[0] = '\0';
    while ((byte = next_byte(reading)) != EOF && byte != '\n') {
        comment = comment || begins_comment(reading, line, length, byte);
        if (reading->failed || (!comment && !take_byte(reading, line, &length, byte)))
            return false;
    }
    if (reading->failed || (byte == EOF && length == 0 && !comment))
        return false;
    memcpy(line + length, "\n", 2);
    if (has_odd_blank(line))
        fail(reading, "the line holds a blank or mark that is not of ASCII; only blanks and tabs part words");
    return !reading->failed;
}

/* inih's fgets: gives it the next line that means something, or NULL at the end and after an error. */
static char *
next_line(char *buffer, int size, void *stream)
{
    struct reading *reading = stream;
    if (size < INI_LINE_BYTES + 2)
        fail(reading, "the library that reads files was built with too short a line");
    while (!reading->failed) {
        reading->line++;
        if (!read_line(reading, buffer))
            return NULL;
        if (buffer[strspn(buffer, " \t\n")] == '\0')
            continue;
        if (buffer[0] == '[') {
            begin_section(reading, buffer);
            /* inih need not know: the sections are told from here. */
            continue;
        }
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
    skip_mark(&reading);
    int line = ini_parse_stream(next_line, &reading, on_value, &reading);
    if (line != 0)
        fail(&reading, line < 0 ? "out of memory" : "the line is no key = value");
    if (reading.error != 0) {
        *problem = (struct ini_problem){0};
        snprintf(problem->text, sizeof(problem->text), "can't be read: %s", strerror(reading.error));
        return false;
    }
    return !reading.failed;
}
