#ifndef SOCKWARDEN_PROXY_JSON_H
#define SOCKWARDEN_PROXY_JSON_H

/*
 * JSON as the verbs print and read it, by cJSON, which is included in json.c alone. The log and the answers to clients
 * write theirs themselves: they may allocate nothing. Used by the cli_ files and table.c.
 */

#include <stdbool.h>
#include <stdio.h>

/* An object of strings in one line, without line end. Both lists are NULL-terminated. False: no memory. */
bool json_print_object(const char *const names[], const char *const values[], FILE *output);

/* The member "message" of an object, for the caller to free; NULL where the text is no such object, or no memory. */
char *json_message(const char *text);

#endif
