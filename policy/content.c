#include "content.h"

static bool
is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.data[i] >= 0x80)
            return false;
    return true;
}

static bool
is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The type without parameters and without the blanks around it. */
static struct slice
media_type(struct slice text)
{
    const char *parameters = text.length > 0 ? memchr(text.data, ';', text.length) : NULL;
    if (parameters != NULL)
        text.length = (size_t)(parameters - text.data);
    while (text.length > 0 && is_blank(text.data[0])) {
        text.data++;
        text.length--;
    }
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

static bool
begins_with(struct slice text, struct slice prefix)
{
    return text.length >= prefix.length && strncasecmp(text.data, prefix.data, prefix.length) == 0;
}

const char *
content_fault(enum method method, const struct policy_request *request)
{
    bool bodiless = method == METHOD_GET || method == METHOD_HEAD || method == METHOD_OPTIONS;
    if (request->has_body && bodiless)
        return "a GET, HEAD or OPTIONS request may not have a body";
    if (request->content_type.data == NULL)
        return NULL;
    struct slice type = media_type(request->content_type);
    /* Go lower-cases by Unicode's rules, by which U+0130 becomes an i: no type needs more than ASCII. */
    if (!is_ascii(type))
        return "the content type is not ASCII";
    /* Podman hands this type to its gRPC server whatever the path is. */
    if (begins_with(type, SLICE_LITERAL("application/grpc")))
        return "the content type application/grpc is refused: it bypasses the path";
    /* Go puts a form's values before the query's. Without a body (curl -d '') there are none. */
    if (request->has_body && slice_equals_ignoring_case(type, SLICE_LITERAL("application/x-www-form-urlencoded")))
        return "a form body is refused: its values would override the query";
    if (request->has_body && begins_with(type, SLICE_LITERAL("multipart/")))
        return "a multipart body is refused: its values would add to the query";
    return NULL;
}
