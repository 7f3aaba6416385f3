#include "json.h"

#include <cjson/cJSON.h>
#include <string.h>

bool
json_print_object(const char *const names[], const char *const values[], FILE *output)
{
    cJSON *object = cJSON_CreateObject();
    bool whole = object != NULL;
    for (size_t i = 0; whole && names[i] != NULL && values[i] != NULL; i++)
        whole = cJSON_AddStringToObject(object, names[i], values[i]) != NULL;
    char *text = whole ? cJSON_PrintUnformatted(object) : NULL;
    if (text != NULL)
        fputs(text, output);
    cJSON_free(text);
    cJSON_Delete(object);
    return text != NULL;
}

char *
json_message(const char *text)
{
    cJSON *object = cJSON_Parse(text);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "message"));
    char *copy = message != NULL ? strdup(message) : NULL;
    cJSON_Delete(object);
    return copy;
}
