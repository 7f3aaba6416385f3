#ifndef SOCKWARDEN_PROXY_NEAREST_H
#define SOCKWARDEN_PROXY_NEAREST_H

/*
 * The word that was probably meant: of a list of right words the one with the fewest edits (insert, delete, change,
 * swap of neighbours), if that is few enough for its length. For messages about settings; pure.
 */

#include <stddef.h>

/* NULL where none is near. `words` is NULL-terminated; case is ignored. */
const char *nearest_word(const char *const *words, const char *word);

/*
 * The same for a short list of values, where also a word counts as near that one of them begins with, or that begins
 * with one of them: "warn" for warning, "error" for err.
 */
const char *nearest_value(const char *const *values, const char *value);

/* "yes" or "no" for what is, or is nearly, a word for one of them (true, on, 1 …); NULL for any other. */
const char *nearest_truth(const char *value);

#endif
