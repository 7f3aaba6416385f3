#include "host_name.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_BYTES = 253, LABEL_MAX_BYTES = 63 };

/* What a resolver would read as the last part of an address: 1, 010, 0x7f. */
static bool
is_number(const char *label, size_t length)
{
    bool hexadecimal = length >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X');
    if (!hexadecimal)
        return strspn(label, "0123456789") >= length;
    return strspn(label + 2, "0123456789abcdefABCDEF") >= length - 2;
}

static bool
is_label(const char *label, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)label[i]) && label[i] != '-' && label[i] != '_')
            return false;
    return true;
}

static const char *
label_fault(const char *label, size_t length)
{
    if (length == 0)
        return "a host name has no empty part";
    if (!is_label(label, length))
        return "a host name has letters, digits, - and _, in parts with dots between them";
    if (label[0] == '-' || label[length - 1] == '-')
        return "no part of a host name begins or ends with a hyphen";
    if (length > LABEL_MAX_BYTES)
        return "a part of a host name has 63 bytes at most";
    return NULL;
}

const char *
host_name_fault(const char *name)
{
    const char *label = name;
    for (;;) {
        size_t length = strcspn(label, ".");
        const char *fault = label_fault(label, length);
        if (fault != NULL)
            return fault;
        /* One dot at the end says that nothing is to be added to the name. */
        bool last = label[length] == '\0' || label[length + 1] == '\0';
        if (last && is_number(label, length))
            return "a name does not end in a number, and an IPv4 address is four of them, from 0 to 255, without "
                   "leading zeros";
        if (last)
            break;
        label += length + 1;
    }
    return strlen(name) > NAME_MAX_BYTES ? "a host name has 253 bytes at most" : NULL;
}
