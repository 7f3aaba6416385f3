#include "table.h"
#include "json.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS_MAX = 12, GAP = 2 };

struct table {
    enum table_format format;
    const char *const *columns;
    size_t width; /* how many columns */
    FILE *output;
    size_t rows;
    bool has_names;
    size_t widest[COLUMNS_MAX];
    struct text cells; /* of TABLE_TEXT: all of them, each ended by a zero */
};

static const char *const words[] = {[TABLE_TEXT] = "text", [TABLE_TSV] = "tsv", [TABLE_JSON] = "json"};

bool
table_format_of_word(const char *word, enum table_format otherwise, enum table_format *format)
{
    *format = otherwise;
    for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i]) != 0)
            continue;
        *format = (enum table_format)i;
        return true;
    }
    return word == NULL;
}

struct table *
table_new(enum table_format format, const char *const columns[], bool with_names, FILE *output)
{
    struct table *table = calloc(1, sizeof(*table));
    if (table == NULL)
        return NULL;
    table->format = format;
    table->columns = columns;
    table->output = output;
    while (columns[table->width] != NULL)
        table->width++;
    if (format == TABLE_JSON)
        fputs("[", output);
    else if (with_names)
        table_row(table, columns);
    table->has_names = with_names;
    return table;
}

static void
keep_row(struct table *table, const char *const cells[])
{
    for (size_t i = 0; i < table->width; i++) {
        text_append(&table->cells, (struct slice){cells[i], strlen(cells[i]) + 1});
        if (text_letters(cells[i]) > table->widest[i])
            table->widest[i] = text_letters(cells[i]);
    }
}

static void
print_flat(const char *text, FILE *output)
{
    for (; *text != '\0'; text++)
        fputc(*text == '\t' || *text == '\n' || *text == '\r' ? ' ' : *text, output);
}

static void
print_tabbed(const struct table *table, const char *const cells[])
{
    for (size_t i = 0; i < table->width; i++) {
        if (i > 0)
            fputc('\t', table->output);
        print_flat(cells[i], table->output);
    }
    fputc('\n', table->output);
}

static void
print_object(struct table *table, const char *const cells[])
{
    const char *values[COLUMNS_MAX + 1] = {NULL};
    for (size_t i = 0; i < table->width; i++)
        values[i] = cells[i];
    fputs(table->rows > 0 ? ",\n" : "\n", table->output);
    if (!json_print_object(table->columns, values, table->output))
        table->cells.failed = true;
}

void
table_row(struct table *table, const char *const cells[])
{
    switch (table->format) {
    case TABLE_TEXT:
        keep_row(table, cells);
        break;
    case TABLE_TSV:
        print_tabbed(table, cells);
        break;
    case TABLE_JSON:
        print_object(table, cells);
        break;
    }
    table->rows++;
}

static void
print_columns(const struct table *table)
{
    const char *cell = table->cells.data;
    for (size_t row = 0; row < table->rows; row++) {
        size_t owed = 0; /* blanks are written only before something, so that no line ends in them */
        for (size_t i = 0; i < table->width; i++, cell += strlen(cell) + 1) {
            if (*cell != '\0') {
                fprintf(table->output, "%*s", (int)owed, "");
                print_flat(cell, table->output);
                owed = 0;
            }
            owed += table->widest[i] - text_letters(cell) + (table->widest[i] > 0 ? GAP : 0);
        }
        fputc('\n', table->output);
    }
}

bool
table_end(struct table *table)
{
    bool whole = !table->cells.failed;
    /* Nobody needs the names of the columns of nothing. */
    if (table->format == TABLE_TEXT && whole && table->rows > table->has_names)
        print_columns(table);
    else if (table->format == TABLE_JSON)
        fputs(table->rows > 0 ? "\n]\n" : "]\n", table->output);
    text_free(&table->cells);
    free(table);
    return whole;
}
