#ifndef SOCKWARDEN_PROXY_TABLE_H
#define SOCKWARDEN_PROXY_TABLE_H

/*
 * What a verb prints row by row: as columns for people, parted by tabs for programs, or as JSON, an array of objects.
 * Used by the cli_ files. In columns all rows are kept until table_end, so that they can be lined up; in the other
 * forms a row goes out at once.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_format { TABLE_TEXT, TABLE_TSV, TABLE_JSON };

/* "text", "tsv" or "json"; NULL gives `otherwise`. False for another word. */
bool table_format_of_word(const char *word, enum table_format otherwise, enum table_format *format);

struct table;

/* `columns` are their names, NULL-terminated, and are not copied. NULL: no memory. */
struct table *table_new(enum table_format format, const char *const columns[], bool with_names, FILE *output);

/* A cell for each column, copied; "" for an empty one. A line feed or a tab in it becomes a blank, but for JSON. */
void table_row(struct table *table, const char *const cells[]);

/* Writes what is left and frees the table. False where memory was short. */
bool table_end(struct table *table);

#endif
