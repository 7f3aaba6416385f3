#include "query.h"

/* Takes one decoded byte from a name or value of the query; the escapes in it have been checked. */
static unsigned char
next_query_byte(const char **text, const char *end)
{
    unsigned char byte = (unsigned char)**text;
    if (byte == '%') {
        byte = (unsigned char)target_unescape(*text, end);
        *text += 3;
        return byte;
    }
    *text += 1;
    return byte == '+' ? ' ' : byte;
}

bool
query_text_equals(struct slice text, struct slice wanted)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    for (size_t i = 0; i < wanted.length; i++)
        if (at == end || next_query_byte(&at, end) != (unsigned char)wanted.data[i])
            return false;
    return at == end;
}

bool
query_text_resembles(struct slice text, struct slice wanted)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    for (size_t i = 0; i < wanted.length; i++) {
        char byte = at < end ? (char)next_query_byte(&at, end) : '\0';
        if (byte == '\0' || strncasecmp(&byte, &wanted.data[i], 1) != 0)
            return false;
    }
    return at == end;
}

bool
query_decode(struct slice text, char *out, size_t size, size_t *length)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    for (*length = 0; at < end && *length < size; *length += 1)
        out[*length] = (char)next_query_byte(&at, end);
    return at == end;
}

/* The raw value of the first parameter of this name; false where there is none. */
static bool
find_parameter(struct slice query, struct slice name, struct slice *value)
{
    const char *end = query.data + query.length;
    for (const char *at = query.data; at != NULL && at < end;) {
        const char *border = memchr(at, '&', (size_t)(end - at));
        const char *stop = border != NULL ? border : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals != NULL ? equals : stop;
        if (stop > at && query_text_equals((struct slice){at, (size_t)(name_end - at)}, name)) {
            const char *begin = equals != NULL ? equals + 1 : stop;
            *value = (struct slice){begin, (size_t)(stop - begin)};
            return true;
        }
        at = stop + 1;
    }
    return false;
}

/* How a name of the query stands to the one that is looked for. */
enum likeness { UNLIKE, SAME, SAME_TO_SOME };

/* Podman folds the case of names, by Unicode's rules: what is not ASCII could be any letter to it. */
static enum likeness
compare_name(struct slice text, struct slice wanted)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    bool same = true;
    bool folded = true;
    size_t length = 0;
    for (; at < end; length++) {
        unsigned char byte = next_query_byte(&at, end);
        unsigned char other = length < wanted.length ? (unsigned char)wanted.data[length] : '\0';
        if (byte >= 0x80)
            return SAME_TO_SOME;
        same &= byte == other;
        folded &= (byte | 0x20) == (other | 0x20);
    }
    if (!folded || length != wanted.length)
        return UNLIKE;
    return same ? SAME : SAME_TO_SOME;
}

enum query_count
query_find(struct slice query, struct slice name, struct slice *value)
{
    enum query_count count = QUERY_ABSENT;
    if (query.data == NULL)
        return count;
    const char *end = query.data + query.length;
    for (const char *at = query.data; at != NULL && at < end;) {
        const char *border = memchr(at, '&', (size_t)(end - at));
        const char *stop = border != NULL ? border : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        const char *name_end = equals != NULL ? equals : stop;
        enum likeness likeness = compare_name((struct slice){at, (size_t)(name_end - at)}, name);
        if (likeness == SAME_TO_SOME || (likeness == SAME && count == QUERY_ONCE))
            return QUERY_UNCLEAR;
        if (likeness == SAME) {
            const char *begin = equals != NULL ? equals + 1 : stop;
            *value = (struct slice){begin, (size_t)(stop - begin)};
            count = QUERY_ONCE;
        }
        at = stop + 1;
    }
    return count;
}

bool
query_number(struct slice text, uint64_t *number)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    size_t digits = 0;
    *number = 0;
    for (; at < end; digits++) {
        unsigned char byte = next_query_byte(&at, end);
        if (byte < '0' || byte > '9' || digits == QUERY_DIGITS)
            return false;
        *number = *number * 10 + (unsigned)(byte - '0');
    }
    return digits > 0;
}

/* ASCII only; the engine also trims Unicode blanks, which turns our true into its false and never the reverse. */
static bool
is_blank(unsigned char byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static bool
is_false_word(struct slice word)
{
    static const struct slice FALSE_WORDS[] = {
        {"", 0}, {"0", 1}, {"no", 2}, {"false", 5}, {"none", 4},
    };
    for (size_t i = 0; i < sizeof(FALSE_WORDS) / sizeof(FALSE_WORDS[0]); i++)
        if (slice_equals_ignoring_case(word, FALSE_WORDS[i]))
            return true;
    return false;
}

bool
target_flag(const struct target *target, struct slice name, bool absent)
{
    struct slice value;
    if (target->query.data == NULL || !find_parameter(target->query, name, &value))
        return absent;
    char word[sizeof("false") - 1];
    size_t length = 0;
    bool ended = false;
    const char *at = value.data;
    const char *end = value.data + value.length;
    while (at < end) {
        unsigned char byte = next_query_byte(&at, end);
        if (is_blank(byte))
            ended = length > 0;
        else if (ended || length == sizeof(word))
            return true; /* two words, or longer than any word for false */
        else
            word[length++] = (char)byte;
    }
    return !is_false_word((struct slice){word, length});
}
