#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAX = 63, EDITS_MAX = 3, LETTERS_AN_EDIT = 3 };

static size_t
least(size_t one, size_t two)
{
    return one < two ? one : two;
}

static bool
same(char one, char two)
{
    return tolower((unsigned char)one) == tolower((unsigned char)two);
}

/* Optimal string alignment, three rows of the table at a time. */
static size_t
edits(const char *from, const char *to)
{
    size_t length = strlen(to);
    size_t rows[3][WORD_MAX + 1];
    for (size_t j = 0; j <= length; j++)
        rows[0][j] = j;
    for (size_t i = 1; from[i - 1] != '\0'; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= length; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same(from[i - 1], to[j - 1]));
            if (i > 1 && j > 1 && same(from[i - 1], to[j - 2]) && same(from[i - 2], to[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return rows[strlen(from) % 3][length];
}

static bool
begins_with(const char *text, const char *beginning)
{
    return strncasecmp(text, beginning, strlen(beginning)) == 0;
}

const char *
nearest_value(const char *const *values, const char *value)
{
    const char *nearest = nearest_word(values, value);
    for (; nearest == NULL && *values != NULL; values++)
        if (strlen(value) >= LETTERS_AN_EDIT && strlen(*values) >= LETTERS_AN_EDIT &&
            (begins_with(*values, value) || begins_with(value, *values)))
            nearest = *values;
    return nearest;
}

const char *
nearest_word(const char *const *words, const char *word)
{
    const char *nearest = NULL;
    size_t fewest = EDITS_MAX + 1;
    for (; *words != NULL; words++) {
        if (strlen(*words) > WORD_MAX || strlen(word) > WORD_MAX)
            continue;
        size_t count = edits(word, *words);
        if (count < fewest && count * LETTERS_AN_EDIT <= strlen(*words)) {
            fewest = count;
            nearest = *words;
        }
    }
    return nearest;
}

const char *
nearest_truth(const char *value)
{
    static const char *const truth[] = {"yes", "true", "on", "1", NULL};
    static const char *const falsehood[] = {"no", "false", "off", "0", NULL};
    if (nearest_value(truth, value) != NULL)
        return "yes";
    return nearest_value(falsehood, value) != NULL ? "no" : NULL;
}
