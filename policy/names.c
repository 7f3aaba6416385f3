#include "names.h"

enum { NAME_LONGEST = 40 };

static unsigned
smallest(unsigned first, unsigned second, unsigned third)
{
    unsigned smaller = first < second ? first : second;
    return smaller < third ? smaller : third;
}

unsigned
name_distance(struct slice name, struct slice other)
{
    if (name.length > NAME_LONGEST || other.length > NAME_LONGEST || name.length > other.length + NAME_FAR ||
        other.length > name.length + NAME_FAR)
        return NAME_FAR;
    unsigned cost[NAME_LONGEST + 1][NAME_LONGEST + 1];
    for (size_t i = 0; i <= name.length; i++)
        cost[i][0] = (unsigned)i;
    for (size_t j = 0; j <= other.length; j++)
        cost[0][j] = (unsigned)j;
    for (size_t i = 1; i <= name.length; i++) {
        for (size_t j = 1; j <= other.length; j++) {
            bool same = name.data[i - 1] == other.data[j - 1];
            cost[i][j] = smallest(cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (same ? 0 : 1));
            bool swapped =
                i > 1 && j > 1 && name.data[i - 1] == other.data[j - 2] && name.data[i - 2] == other.data[j - 1];
            if (swapped && cost[i - 2][j - 2] + 1 < cost[i][j])
                cost[i][j] = cost[i - 2][j - 2] + 1;
        }
    }
    unsigned distance = cost[name.length][other.length];
    return distance < NAME_FAR ? distance : NAME_FAR;
}

static size_t
skip_joints(struct slice text, size_t at)
{
    while (at < text.length && strchr("_-.", text.data[at]) != NULL)
        at++;
    return at;
}

bool
name_equals_loosely(struct slice name, struct slice other)
{
    size_t i = skip_joints(name, 0);
    size_t j = skip_joints(other, 0);
    while (i < name.length && j < other.length) {
        if (strncasecmp(name.data + i, other.data + j, 1) != 0)
            return false;
        i = skip_joints(name, i + 1);
        j = skip_joints(other, j + 1);
    }
    return i == name.length && j == other.length;
}

/* The value without blanks and quotes around it. */
static struct slice
bare(const char *value)
{
    static const char PACKING[] = " \t\r\n\v\f\"'";
    struct slice text = slice_from_string(value);
    while (text.length > 0 && strchr(PACKING, text.data[0]) != NULL) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && strchr(PACKING, text.data[text.length - 1]) != NULL)
        text.length--;
    return text;
}

static bool
is_one_of(struct slice text, const char *const words[])
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (slice_equals_ignoring_case(text, slice_from_string(words[i])))
            return true;
    return false;
}

/* Digits after any signs and one "0x": sets whether one of them is not 0. False when there is anything else. */
static bool
is_disguised_number(struct slice text, bool *is_zero)
{
    size_t at = 0;
    while (at < text.length && strchr("+-", text.data[at]) != NULL)
        at++;
    if (text.length - at > 2 && text.data[at] == '0' && (text.data[at + 1] | 0x20) == 'x')
        at += 2;
    *is_zero = true;
    size_t begin = at;
    for (; at < text.length; at++) {
        if (text.data[at] < '0' || text.data[at] > '9')
            return false;
        *is_zero &= text.data[at] == '0';
    }
    return at > begin;
}

enum value_look
value_look(const char *value)
{
    static const char *const TRUE_WORDS[] = {"true",    "yes",   "on",      "y",      "t",   "enable",
                                             "enabled", "allow", "allowed", "always", "all", NULL};
    static const char *const FALSE_WORDS[] = {"false",    "no",   "off",    "n",     "f",    "disable",
                                              "disabled", "deny", "denied", "never", "none", NULL};
    if (*value == '\0')
        return LOOK_EMPTY;
    if (strspn(value, "0123456789") == strlen(value))
        return LOOK_NUMBER;
    struct slice text = bare(value);
    bool is_zero = true;
    if (is_one_of(text, TRUE_WORDS))
        return LOOK_TRUE;
    if (is_one_of(text, FALSE_WORDS))
        return LOOK_FALSE;
    if (is_disguised_number(text, &is_zero))
        return is_zero ? LOOK_FALSE : LOOK_TRUE;
    return LOOK_OTHER;
}

bool
names_next(const char **list, struct slice *name)
{
    const char *at = *list;
    while (*at == ' ')
        at++;
    name->data = at;
    while (*at != '\0' && *at != ' ')
        at++;
    name->length = (size_t)(at - name->data);
    *list = at;
    return name->length > 0;
}
