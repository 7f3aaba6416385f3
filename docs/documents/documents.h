#ifndef SOCKWARDEN_DOCS_DOCUMENTS_H
#define SOCKWARDEN_DOCS_DOCUMENTS_H

/*
 * The documents that are made from the tables of the program: options, keys, dialects, classes, presets. main.c has the
 * list of them; each has a file of its own here. What they write depends on nothing but the program.
 */

#include <stdio.h>

void write_configuration(FILE *output);
void write_routes(FILE *output);
void write_presets(FILE *output);
void write_manual_of_file(FILE *output);

/* What the key of this index (proxy/keys.h) does: sentences for which the program itself has no use. */
const char *key_help(size_t index);

/* One cell of a Markdown table: what would end the cell or mean something else is escaped. */
void markdown_cell(FILE *output, const char *text);

/* Text of a manual page: escaped, and broken into lines, each sentence beginning one. */
void manual_text(FILE *output, const char *text);

#endif
