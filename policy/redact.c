#include "parameters.h"
#include "policy.h"
#include "query.h"

/* What stands in place of a value. */
static const struct slice HIDDEN = {"***", 3};

/* A target as it is written; what does not fit is left out. */
struct shown {
    char *text;
    size_t size;
    size_t length;
};

static void
show(struct shown *shown, struct slice text)
{
    size_t room = shown->size - shown->length;
    size_t length = text.length < room ? text.length : room;
    memcpy(shown->text + shown->length, text.data, length);
    shown->length += length;
}

/* User and password before the host of a URL, raw as in a query. */
static bool
names_a_user(struct slice value)
{
    for (size_t i = 0; i < value.length; i++)
        if (value.data[i] == '@' || (i + 2 < value.length && memcmp(value.data + i, "%40", 3) == 0))
            return true;
    return false;
}

static bool
is_hidden(struct slice name, struct slice value)
{
    enum parameter_secrecy secrecy = parameter_secrecy(name);
    return value.length > 0 &&
           (secrecy == PARAMETER_SECRET || (secrecy == PARAMETER_MAY_NAME_A_USER && names_a_user(value)));
}

/* One name=value. */
static void
show_parameter(struct shown *shown, struct slice pair)
{
    const char *equals = memchr(pair.data, '=', pair.length);
    size_t length = equals != NULL ? (size_t)(equals - pair.data) : pair.length;
    struct slice name = {pair.data, length};
    struct slice value = {pair.data + length, pair.length - length};
    if (equals != NULL) {
        value.data++;
        value.length--;
    }
    show(shown, (struct slice){pair.data, pair.length - value.length});
    show(shown, is_hidden(name, value) ? HIDDEN : value);
}

struct slice
policy_loggable_target(struct slice target, char *buffer, size_t size)
{
    const char *mark = memchr(target.data, '?', target.length);
    if (mark == NULL)
        return target;
    struct shown shown = {buffer, size, 0};
    const char *at = mark + 1;
    const char *end = target.data + target.length;
    show(&shown, (struct slice){target.data, (size_t)(at - target.data)});
    while (at < end) {
        const char *border = memchr(at, '&', (size_t)(end - at));
        const char *stop = border != NULL ? border : end;
        show_parameter(&shown, (struct slice){at, (size_t)(stop - at)});
        if (border != NULL)
            show(&shown, (struct slice){border, 1});
        at = border != NULL ? border + 1 : end;
    }
    return (struct slice){buffer, shown.length};
}
