/*
 * Targets and verdicts. Input: one byte each for policy, method, body and content type, two for the size of a buffer
 * that is too small, then the target. Promises: a canonical target reads again as itself and is judged again as it was;
 * it says what the bytes of the client say once they are decoded once; no policy grants what the widest does not.
 */

#include "policy/target.h"
#include "support.h"

static bool
is_plain(unsigned char byte)
{
    return byte > 0x20 && byte < 0x7f && byte != '#';
}

/* A validator of its own for what a decoded path may be: UTF-8 by its shortest forms, no controls, no percent sign. */
static bool
is_text(struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.data;
    const unsigned char *end = at + bytes.length;
    while (at < end) {
        uint32_t code = *at++;
        int more = code < 0x80 ? 0 : code < 0xc0 ? -1 : code < 0xe0 ? 1 : code < 0xf0 ? 2 : code < 0xf8 ? 3 : -1;
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        if (more < 0 || end - at < more)
            return false;
        if (more > 0)
            code &= 0x3fu >> more;
        for (int i = 0; i < more; i++) {
            if ((*at & 0xc0) != 0x80)
                return false;
            code = code << 6 | (*at++ & 0x3fu);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
            return false;
        if (code < 0x20 || code == 0x7f || code == '%')
            return false;
    }
    return true;
}

/* The path of the client, decoded once by the shortest way there is. */
static char *
decode_path(struct slice text, size_t *length)
{
    char *decoded = copy_exactly(text);
    *length = 0;
    for (size_t i = 0; i < text.length && text.data[i] != '?'; i++) {
        unsigned value = (unsigned char)text.data[i];
        if (value == '%') {
            char digits[3] = {text.data[i + 1], text.data[i + 2], '\0'};
            value = (unsigned)strtoul(digits, NULL, 16);
            i += 2;
        }
        decoded[(*length)++] = (char)value;
    }
    return decoded;
}

static void
check_segments(const struct target *target)
{
    size_t count = 0;
    const char *end = target->decoded.data + target->decoded.length;
    CHECK(target->decoded.length > 0 && target->decoded.data[0] == '/');
    for (const char *at = target->decoded.data; at < end;) {
        const char *begin = at + 1;
        at = begin < end ? memchr(begin, '/', (size_t)(end - begin)) : NULL;
        at = at != NULL ? at : end;
        struct slice segment = {begin, (size_t)(at - begin)};
        if (segment.length == 0 && at == end) {
            CHECK(target->trailing_slash);
            break;
        }
        CHECK(segment.length > 0);
        CHECK(!slice_equals(segment, SLICE_LITERAL(".")) && !slice_equals(segment, SLICE_LITERAL("..")));
        if (count < TARGET_HEAD)
            CHECK(slice_equals(target->head[count], segment));
        count++;
    }
    CHECK(target->count == count);
}

static void
check_canonical(struct slice text, const struct target *target)
{
    CHECK(target->canonical.length > 0 && target->canonical.data[0] == '/');
    CHECK(target->canonical.length <= 3 * text.length);
    for (size_t i = 0; i < target->canonical.length; i++)
        CHECK(is_plain((unsigned char)target->canonical.data[i]));
    size_t parts = target->version.length + target->path.length;
    CHECK(parts + (target->query.data != NULL ? target->query.length + 1 : 0) == target->canonical.length);
    CHECK(is_text(target->decoded));
    size_t length;
    char *decoded = decode_path(text, &length);
    CHECK(length == target->version.length + target->decoded.length);
    CHECK(memcmp(decoded, target->canonical.data, target->version.length) == 0);
    CHECK(memcmp(decoded + target->version.length, target->decoded.data, target->decoded.length) == 0);
    free(decoded);
}

static void
check_same(const struct target *one, const struct target *other)
{
    CHECK(slice_equals(one->canonical, other->canonical));
    CHECK(slice_equals(one->version, other->version) && slice_equals(one->path, other->path));
    CHECK(slice_equals(one->decoded, other->decoded) && slice_equals(one->query, other->query));
    CHECK((one->query.data == NULL) == (other->query.data == NULL));
    CHECK(one->count == other->count && one->trailing_slash == other->trailing_slash);
    static const struct slice flags[] = {{"follow", 6}, {"stream", 6}, {"a", 1}, {"", 0}};
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        CHECK(target_flag(one, flags[i], false) == target_flag(other, flags[i], false));
}

static void
check_target(struct slice text)
{
    struct target target;
    struct target again;
    size_t size = target_buffer_size(text.length);
    char *buffer = malloc(size + 1);
    CHECK(buffer != NULL);
    enum target_state state = target_parse(text, buffer, size, &target);
    CHECK((state == TARGET_CLEAN) == (target.reason == NULL));
    if (state != TARGET_MALFORMED) {
        check_canonical(text, &target);
        if (state == TARGET_CLEAN)
            check_segments(&target);
        size_t again_size = target_buffer_size(target.canonical.length);
        char *again_buffer = malloc(again_size + 1);
        char *canonical = copy_exactly(target.canonical);
        CHECK(again_buffer != NULL);
        CHECK(target_parse((struct slice){canonical, target.canonical.length}, again_buffer, again_size, &again) ==
              state);
        check_same(&target, &again);
        free(canonical);
        free(again_buffer);
    }
    free(buffer);
}

static void
judge(const struct policy *policy, const struct policy_request *request, size_t size, char **buffer,
      struct verdict *verdict)
{
    *buffer = malloc(size > 0 ? size : 1);
    CHECK(*buffer != NULL);
    policy_check_head(policy, request, *buffer, size, verdict);
    CHECK(verdict->operation != NULL && verdict->rule != NULL && verdict->rule[0] != '\0');
    CHECK(memchr(verdict->cure, '\0', sizeof(verdict->cure)) != NULL);
    CHECK(verdict->action == VERDICT_ALLOW || verdict->cure[0] != '\0');
}

static void
check_verdict(size_t index, struct policy_request *request, size_t small)
{
    struct verdict verdict;
    struct verdict again;
    char *buffer;
    char *other;
    size_t size = policy_buffer_size(request->target.length);
    judge(fuzz_policy(index), request, size, &buffer, &verdict);
    if (verdict.action == VERDICT_ALLOW) {
        CHECK(verdict.canonical.length > 0);
        judge(fuzz_policy(POLICY_EVERYTHING), request, size, &other, &again);
        CHECK(again.action == VERDICT_ALLOW);
        free(other);
        judge(fuzz_policy(POLICY_NOTHING), request, size, &other, &again);
        CHECK(again.action != VERDICT_ALLOW);
        free(other);
    }
    judge(fuzz_policy(index), request, small < size ? small : size, &other, &again);
    CHECK(again.action == verdict.action || again.action == VERDICT_MALFORMED);
    free(other);
    if (verdict.canonical.length > 0) {
        request->target = verdict.canonical;
        judge(fuzz_policy(index), request, policy_buffer_size(verdict.canonical.length), &other, &again);
        CHECK(again.action == verdict.action && again.transport == verdict.transport);
        CHECK(again.operation == verdict.operation && again.rule == verdict.rule);
        CHECK(again.hijack_after_body == verdict.hijack_after_body);
        CHECK(slice_equals(again.canonical, verdict.canonical) && slice_equals(again.path, verdict.path));
        free(other);
    }
    free(buffer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct slice methods[] = {{"GET", 3},   {"HEAD", 4},    {"POST", 4}, {"PUT", 3},  {"DELETE", 6},
                                           {"PATCH", 5}, {"OPTIONS", 7}, {"get", 3},  {"BREW", 4}, {"CONNECT", 7}};
    static const struct slice types[] = {{NULL, 0},
                                         {"application/json", 16},
                                         {"application/x-www-form-urlencoded", 33},
                                         {"multipart/form-data; boundary=x", 31},
                                         {"", 0}};
    struct input input = {data, size};
    size_t policy = input_choice(&input, POLICY_COUNT);
    struct policy_request request = {.method = methods[input_choice(&input, COUNT_OF(methods))],
                                     .has_body = input_choice(&input, 2) != 0,
                                     .content_type = types[input_choice(&input, COUNT_OF(types))]};
    size_t small = input_number(&input, 16384);
    struct slice text = input_rest(&input);
    char *target = copy_exactly(text);
    request.target = (struct slice){target, text.length};
    check_target(request.target);
    check_verdict(policy, &request, small);
    free(target);
    return 0;
}
