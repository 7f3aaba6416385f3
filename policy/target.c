#include "target.h"

enum { VERSION_DIGITS = 6, VERSION_NUMBERS = 3 };

/*
 * One letter for each ASCII byte: 'p' stands for itself in a path and in a query, 'e' is percent-encoded where it
 * comes raw, 'x' is refused raw; '%', '/', ';' and '?' have their own rules. Bytes above ASCII are refused raw.
 */
static const char BYTE_CLASS[] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                                 "xpexp%ppppppppp/ppppppppppp;epe?"
                                 "pppppppppppppppppppppppppppeeeep"
                                 "eppppppppppppppppppppppppppeeepx";

static const char HEX[] = "0123456789ABCDEF";

/* The writing ends of the caller's buffer: canonical text in front, the decoded path behind it. */
struct writer {
    char *canonical;
    char *decoded;
    bool has_high_bytes;
};

static char
class_of(unsigned char byte)
{
    return byte < 0x80 ? BYTE_CLASS[byte] : 'x';
}

static int
hex_value(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int
target_unescape(const char *text, const char *end)
{
    if (end - text < 3)
        return -1;
    int high = hex_value((unsigned char)text[1]);
    int low = hex_value((unsigned char)text[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static char *
put_escaped(char *out, unsigned char byte)
{
    *out++ = '%';
    *out++ = HEX[byte >> 4];
    *out++ = HEX[byte & 15];
    return out;
}

/* Decodes and re-encodes the path up to the first raw '?'. Returns where it stopped, or NULL with `reason` set. */
static const char *
convert_path(const char *text, const char *end, struct writer *writer, const char **reason)
{
    for (; text < end && *text != '?'; text++) {
        unsigned char byte = (unsigned char)*text;
        char class = class_of(byte);
        if (class == 'p' || class == '/' || class == ';') {
            *writer->canonical++ = (char)byte;
            *writer->decoded++ = (char)byte;
            continue;
        }
        if (class == '%') {
            int value = target_unescape(text, end);
            if (value < 0) {
                *reason = "the path has a bad percent escape";
                return NULL;
            }
            byte = (unsigned char)value;
            class = class_of(byte);
            text += 2;
            if (byte < 0x20 || byte == 0x7F) {
                *reason = "the path has an encoded control byte";
                return NULL;
            }
            if (byte == '%') {
                *reason = "the path is percent-encoded twice";
                return NULL;
            }
        } else if (class == 'x') {
            *reason = byte == '#' ? "the target has a fragment (#)" : "the target has a byte that must be encoded";
            return NULL;
        }
        *writer->decoded++ = (char)byte;
        if (class == 'p' || class == '/' || class == ';') {
            *writer->canonical++ = (char)byte;
        } else {
            writer->canonical = put_escaped(writer->canonical, byte);
            writer->has_high_bytes |= byte >= 0x80;
        }
    }
    return text;
}

/* Copies the query, encoding what clients send raw though they should not. False with `reason` set when refused. */
static bool
convert_query(const char *text, const char *end, struct writer *writer, const char **reason)
{
    for (; text < end; text++) {
        unsigned char byte = (unsigned char)*text;
        char class = class_of(byte);
        if (class == 'e') {
            writer->canonical = put_escaped(writer->canonical, byte);
            continue;
        }
        if (class == 'x') {
            *reason = byte == '#' ? "the target has a fragment (#)" : "the target has a byte that must be encoded";
            return false;
        }
        if (class == ';') {
            *reason = "the query has a raw ; which servers read in different ways";
            return false;
        }
        if (class == '%' && target_unescape(text, end) < 0) {
            *reason = "the query has a bad percent escape";
            return false;
        }
        *writer->canonical++ = (char)byte;
    }
    return true;
}

/* The length of the UTF-8 sequence at `text`, 0 when it is none: overlong, surrogate, beyond U+10FFFF, cut short. */
static size_t
utf8_length(const unsigned char *text, size_t left)
{
    unsigned char lead = text[0];
    if (lead < 0x80)
        return 1;
    size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || left < length)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (lead == 0xE0 && text[1] < 0xA0) || (lead == 0xF0 && text[1] < 0x90);
    bool surrogate = lead == 0xED && text[1] >= 0xA0;
    bool beyond = lead == 0xF4 && text[1] >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

static bool
is_utf8(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = utf8_length((const unsigned char *)text + i, length - i);
        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

bool
target_is_version(struct slice segment)
{
    if (segment.length < 4 || segment.data[0] != 'v')
        return false;
    size_t numbers = 0;
    size_t digits = 0;
    bool leading_zero = false;
    for (size_t i = 1; i <= segment.length; i++) {
        if (i == segment.length || segment.data[i] == '.') {
            if (digits == 0 || digits > VERSION_DIGITS || (leading_zero && digits > 1))
                return false;
            numbers++;
            digits = 0;
        } else if (segment.data[i] >= '0' && segment.data[i] <= '9') {
            leading_zero = digits == 0 ? segment.data[i] == '0' : leading_zero;
            digits++;
        } else {
            return false;
        }
    }
    return numbers == 2 || numbers == VERSION_NUMBERS;
}

bool
target_is_podman_version(struct slice segment)
{
    const char *dash = memchr(segment.data, '-', segment.length);
    if (dash == NULL || !target_is_version((struct slice){segment.data, (size_t)(dash - segment.data)}))
        return false;
    const char *end = segment.data + segment.length;
    for (const char *at = dash + 1; at < end; at++) {
        bool letter = (*at >= '0' && *at <= '9') || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z');
        if (!letter && *at != '.' && *at != '-')
            return false;
    }
    return end - dash > 1;
}

static bool
is_dots(struct slice segment)
{
    return segment.length > 0 && segment.length <= 2 && segment.data[0] == '.' &&
           segment.data[segment.length - 1] == '.';
}

static void
keep_segment(struct target *target, struct slice segment)
{
    if (target->count < TARGET_HEAD)
        target->head[target->count] = segment;
    target->tail[1] = target->tail[0];
    target->tail[0] = segment;
    target->count++;
}

/* Splits the decoded path, which begins with '/', and notes what keeps it from being clean. */
static void
split_segments(struct target *target)
{
    const char *end = target->decoded.data + target->decoded.length;
    const char *begin = target->decoded.data + 1;
    target->count = 0;
    target->trailing_slash = false;
    while (begin <= end) {
        const char *slash = memchr(begin, '/', (size_t)(end - begin));
        struct slice segment = {begin, (size_t)((slash != NULL ? slash : end) - begin)};
        if (segment.length == 0 && slash == NULL) {
            target->trailing_slash = true;
            return;
        }
        if (segment.length == 0)
            target->reason = "an empty path segment (//) is never passed on";
        else if (is_dots(segment))
            target->reason = "a . or .. path segment is never passed on";
        keep_segment(target, segment);
        begin = segment.data + segment.length + 1;
    }
}

/* Moves a leading "/v1.41" from the path to the version; what follows must be a path of its own. */
static void
set_prefix_aside(struct target *target)
{
    const char *slash =
        target->decoded.length > 1 ? memchr(target->decoded.data + 1, '/', target->decoded.length - 1) : NULL;
    if (slash == NULL)
        return;
    size_t length = (size_t)(slash - target->decoded.data);
    struct slice segment = {target->decoded.data + 1, length - 1};
    struct slice rest = {slash + 1, target->decoded.length - length - 1};
    if (rest.length == 0)
        return;
    if (!target_is_version(segment)) {
        static const struct slice LIBPOD = {"libpod/", 7};
        bool libpod = rest.length > LIBPOD.length && memcmp(rest.data, LIBPOD.data, LIBPOD.length) == 0;
        if (!libpod || !target_is_podman_version(segment))
            return;
        target->version_has_suffix = true;
    }
    /* A version consists of bytes that stand for themselves: it is as long in the canonical path. */
    target->version = (struct slice){target->path.data, length};
    target->path = (struct slice){target->path.data + length, target->path.length - length};
    target->decoded = (struct slice){target->decoded.data + length, target->decoded.length - length};
}

size_t
target_buffer_size(size_t length)
{
    return 4 * length; /* each byte of the target may become three, and is decoded once */
}

static enum target_state
malformed(struct target *target, const char *reason)
{
    target->reason = reason;
    return TARGET_MALFORMED;
}

enum target_state
target_parse(struct slice text, char *buffer, size_t buffer_size, struct target *target)
{
    memset(target, 0, sizeof(*target));
    if (text.length == 0 || text.data[0] != '/')
        return malformed(target, "the target is not a path: it must begin with /");
    if (buffer_size / 4 < text.length)
        return malformed(target, "the target is too long");
    char *decoded = buffer + 3 * text.length;
    struct writer writer = {buffer, decoded, false};
    const char *end = text.data + text.length;
    const char *mark = convert_path(text.data, end, &writer, &target->reason);
    if (mark == NULL)
        return TARGET_MALFORMED;
    target->path = (struct slice){buffer, (size_t)(writer.canonical - buffer)};
    target->decoded = (struct slice){decoded, (size_t)(writer.decoded - decoded)};
    if (writer.has_high_bytes && !is_utf8(decoded, target->decoded.length))
        return malformed(target, "the path is not UTF-8");
    if (mark < end) {
        *writer.canonical++ = '?';
        const char *query = writer.canonical;
        if (!convert_query(mark + 1, end, &writer, &target->reason))
            return TARGET_MALFORMED;
        target->query = (struct slice){query, (size_t)(writer.canonical - query)};
    }
    target->canonical = (struct slice){buffer, (size_t)(writer.canonical - buffer)};
    set_prefix_aside(target);
    split_segments(target);
    return target->reason == NULL ? TARGET_CLEAN : TARGET_UNCLEAN;
}
