#include "complaint.h"
#include "config.h"
#include "nearest.h"

#include <stdarg.h>

enum { LINE_SIZE = CONFIG_PROBLEM_SIZE + 256 };

bool
complaint_write(FILE *errors, const char *verb, const char *format, ...)
{
    char text[LINE_SIZE];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    config_make_printable(text);
    fprintf(errors, "sockwarden: %s%s%s\n", verb != NULL ? verb : "", verb != NULL ? ": " : "", text);
    return false;
}

bool
complaint_of_name(FILE *errors, const char *verb, const char *what, const char *name, const char *const names[])
{
    char list[LINE_SIZE / 2] = "";
    size_t used = 0;
    const char *nearest = nearest_word(names, name);
    if (nearest != NULL)
        return complaint_write(errors, verb, "no such %s: %.64s; did you mean %s?", what, name, nearest);
    for (size_t i = 0; names[i] != NULL && used < sizeof(list); i++)
        used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", names[i]);
    return complaint_write(errors, verb, "no such %s: %.64s; there is %s%s", what, name, list,
                           used < sizeof(list) ? "" : " …");
}
