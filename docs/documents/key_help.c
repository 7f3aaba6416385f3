#include "documents.h"

#define KEY(section, key, reader, count, initial, takes, help) help,
static const char *const helps[] = {
#include "proxy/keys.def"
};
#undef KEY

const char *
key_help(size_t index)
{
    return helps[index];
}
