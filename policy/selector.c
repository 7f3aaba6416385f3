#include "selector.h"

#include "names.h"
#include "presets.h"

#include <stdio.h>

enum { SHOWN = 80 };

static const struct slice SECTION_WORD = {"section:", 8};

/* What is nearest to a word so far. */
struct nearest {
    struct slice word;
    const char *found;
    unsigned distance;
};

static void
consider_as(struct nearest *nearest, const char *candidate, struct slice word, struct slice known)
{
    unsigned distance = name_equals_loosely(word, known) ? 0 : name_distance(word, known);
    /* Of a short word not much may differ. */
    if (distance < nearest->distance && distance < word.length) {
        nearest->distance = distance;
        nearest->found = candidate;
    }
}

static void
consider(struct nearest *nearest, const char *candidate)
{
    consider_as(nearest, candidate, nearest->word, slice_from_string(candidate));
}

/* The template with {} for each name; cut where it does not fit. */
static struct slice
without_names(struct slice template, char *text, size_t size)
{
    size_t length = 0;
    bool in_name = false;
    for (size_t i = 0; i < template.length && length < size; i++) {
        char byte = template.data[i];
        in_name = in_name && byte != '}';
        if (!in_name)
            text[length++] = byte;
        in_name = in_name || byte == '{';
    }
    return (struct slice){text, length};
}

static void
consider_template(struct nearest *nearest, const char *candidate)
{
    char word[SHOWN];
    char known[SHOWN];
    consider_as(nearest, candidate, without_names(nearest->word, word, sizeof(word)),
                without_names(slice_from_string(candidate), known, sizeof(known)));
}

static int
shown(struct slice text)
{
    return text.length < SHOWN ? (int)text.length : SHOWN;
}

static bool
complain(char *error, const char *what, const struct nearest *nearest, const char *before)
{
    struct slice word = nearest->word;
    if (nearest->found != NULL) {
        snprintf(error, SELECTOR_ERROR_SIZE, "%s%.*s: %s; did you mean %s%s?", before, shown(word), word.data, what,
                 before, nearest->found);
    } else {
        snprintf(error, SELECTOR_ERROR_SIZE, "%s%.*s: %s", before, shown(word), word.data, what);
    }
    return false;
}

/* Adds a row, and the HEAD row of its path where it is a GET. */
static void
add_row(struct selector *selector, size_t row)
{
    const struct route *route = route_row(row);
    route_set_add(&selector->routes, row);
    for (size_t i = 0; route->method == METHOD_GET && i < ROUTE_COUNT; i++)
        if (route_row(i)->method == METHOD_HEAD && strcmp(route_row(i)->template, route->template) == 0)
            route_set_add(&selector->routes, i);
}

/* The text without what a word begins with; the text itself where it does not. */
static struct slice
cut_beginning(struct slice text, struct slice beginning)
{
    if (text.length <= beginning.length || strncasecmp(text.data, beginning.data, beginning.length) != 0)
        return text;
    return (struct slice){text.data + beginning.length, text.length - beginning.length};
}

/* Of words that have another place in a policy; NULL for any other. */
static const char *
other_place(struct slice word, char *text, size_t size)
{
    struct preset_choice choice;
    char problem[PRESET_ERROR_SIZE];
    struct slice preset = cut_beginning(word, SLICE_LITERAL("preset:"));
    struct slice class = cut_beginning(word, SLICE_LITERAL("class:"));
    if (preset_parse(preset, &choice, problem))
        snprintf(text, size, "a preset has a line of its own: preset = %.*s", shown(preset), preset.data);
    else if (class.length < word.length)
        snprintf(text, size, "a class is named by its @, as in @%.*s", shown(class), class.data);
    else if (word.data[0] == '!' || word.data[0] == '-')
        snprintf(text, size, "an exception has a line of its own, above the line with the rule");
    else
        return NULL;
    return text;
}

/* What a word that is no operation was probably meant to be: another kind of selector; NULL for none of them. */
static const char *
other_kind(struct slice word, char *text, size_t size)
{
    static const char *const everything[] = {"all", "any", "everything", "*"};
    for (size_t i = 0; i < sizeof(everything) / sizeof(everything[0]); i++)
        if (slice_equals_ignoring_case(word, slice_from_string(everything[i])))
            return "there is no word for everything; name classes, as in @read, @control";
    const char *place = other_place(word, text, size);
    if (place != NULL)
        return place;
    if (method_from_slice(word) != METHOD_OTHER)
        return "a method needs the template of a route, as in GET /containers/json; it includes HEAD";
    if (memchr(word.data, '?', word.length) != NULL)
        return "conditions stand behind a blank, as in ContainerList ?all=1";
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct slice known = class_word((enum class)i);
        if (slice_equals_ignoring_case(word, known)) {
            snprintf(text, size, "no operation of the API is called so; did you mean @%s?", known.data);
            return text;
        }
    }
    for (size_t i = 0; i < SECTION_NONE; i++) {
        struct slice known = section_segment((enum section)i);
        if (slice_equals_ignoring_case(word, known)) {
            snprintf(text, size, "no operation of the API is called so; did you mean section:%s?", known.data);
            return text;
        }
    }
    return NULL;
}

static bool
complain_of_kind(struct slice word, const char *before, char *error)
{
    char text[SHOWN + 80];
    const char *kind = other_kind(word, text, sizeof(text));
    if (kind != NULL)
        snprintf(error, SELECTOR_ERROR_SIZE, "%s%.*s: %s", before, shown(word), word.data, kind);
    return kind != NULL;
}

static bool
parse_class(struct slice word, struct selector *selector, char *error)
{
    struct nearest nearest = {word, NULL, NAME_FAR};
    for (size_t i = 0; i < CLASS_COUNT; i++) {
        struct slice known = class_word((enum class)i);
        if (!slice_equals(word, known)) {
            consider(&nearest, known.data);
            continue;
        }
        for (size_t row = 0; row < ROUTE_COUNT; row++)
            if ((route_row(row)->classes & CLASS_BIT(i)) != 0)
                route_set_add(&selector->routes, row);
        return true;
    }
    if (slice_equals_ignoring_case(word, SLICE_LITERAL("all")) && complain_of_kind(word, "@", error))
        return false;
    for (size_t i = 0; i < CLASS_COUNT && nearest.found == NULL; i++)
        if (cut_beginning(word, class_word((enum class)i)).length < word.length)
            nearest.found = class_word((enum class)i).data;
    if (nearest.found != NULL)
        return complain(error, "there is no such class", &nearest, "@");
    int length =
        snprintf(error, SELECTOR_ERROR_SIZE, "@%.*s: there is no such class; there are", shown(word), word.data);
    for (size_t i = 0; i < CLASS_COUNT && length < SELECTOR_ERROR_SIZE; i++)
        length += snprintf(error + length, SELECTOR_ERROR_SIZE - (size_t)length, "%s@%s", i == 0 ? " " : ", ",
                           class_word((enum class)i).data);
    return false;
}

/* A section of Podman has two words, of which one alone tells little. */
static bool
complain_of_section(struct slice word, char *error)
{
    struct nearest nearest = {word, NULL, NAME_FAR};
    if (slice_equals_ignoring_case(word, SLICE_LITERAL("libpod"))) {
        snprintf(
            error, SELECTOR_ERROR_SIZE,
            "section:%.*s: there is no such section; Podman's are section:libpod/containers, section:libpod/images …",
            (int)word.length, word.data);
        return false;
    }
    for (size_t i = 0; i < SECTION_NONE; i++) {
        struct slice known = section_segment((enum section)i);
        const char *slash = memchr(known.data, '/', known.length);
        consider(&nearest, known.data);
        if (slash != NULL && nearest.distance > 0 && slice_equals_ignoring_case(word, slice_from_string(slash + 1)))
            nearest = (struct nearest){word, known.data, 0};
    }
    return complain(error, "there is no such section", &nearest, "section:");
}

static bool
parse_section(struct slice word, struct selector *selector, char *error)
{
    enum section section = section_from_slice(word);
    if (section == SECTION_NONE) {
        return complain_of_section(word, error);
    }
    for (size_t row = 0; row < ROUTE_COUNT; row++)
        if (route_section(route_row(row)) == section)
            route_set_add(&selector->routes, row);
    return true;
}

static bool
parse_operation(struct slice word, struct selector *selector, char *error)
{
    struct nearest nearest = {word, NULL, NAME_FAR};
    bool found = false;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const char *operation = route_row(row)->operation;
        if (slice_equals(word, slice_from_string(operation))) {
            add_row(selector, row);
            found = true;
        }
    }
    for (size_t row = 0; !found && row < ROUTE_COUNT; row++)
        consider(&nearest, route_row(row)->operation);
    if (!found && complain_of_kind(word, "", error))
        return false;
    return found || complain(error, "no operation of the API is called so", &nearest, "");
}

bool
selector_template_equals(struct slice text, const char *template)
{
    const char *at = text.data;
    const char *end = text.data + text.length;
    while (at < end && *template != '\0') {
        if (*at != *template)
            return false;
        if (*at == '{') {
            const char *close = memchr(at, '}', (size_t)(end - at));
            if (close == NULL || memchr(at, '/', (size_t)(close - at)) != NULL)
                return false;
            at = close;
            template = strchr(template, '}');
        }
        at++;
        template ++;
    }
    return at == end && *template == '\0';
}

/* True for a path that the template stands for, one segment a name: /containers/web/json. */
static bool
template_covers(const char *template, struct slice path)
{
    const char *at = path.data;
    const char *end = path.data + path.length;
    while (at < end && *template != '\0') {
        if (*template == '{') {
            template = strchr(template, '}') + 1;
            const char *slash = memchr(at, '/', (size_t)(end - at));
            at = slash != NULL ? slash : end;
        } else if (*at++ != *template ++) {
            return false;
        }
    }
    return at == end && *template == '\0';
}

/* "GET, HEAD": the methods that a template has. False where it has none. */
static bool
list_methods(struct slice template, char *text, size_t size)
{
    size_t length = 0;
    for (size_t row = 0; row < ROUTE_COUNT && length < size; row++) {
        if (selector_template_equals(template, route_row(row)->template)) {
            length += (size_t)snprintf(text + length, size - length, "%s%s", length == 0 ? "" : ", ",
                                       method_text(route_row(row)->method));
        }
    }
    return length > 0;
}

static bool
complain_of_template(enum method method, struct slice template, char *error)
{
    char methods[64];
    char before[16];
    struct nearest nearest = {template, NULL, NAME_FAR};
    snprintf(before, sizeof(before), "%s ", method_text(method));
    if (list_methods(template, methods, sizeof(methods))) {
        snprintf(error, SELECTOR_ERROR_SIZE, "%s%.*s: no engine has this method there, it has %s", before,
                 shown(template), template.data, methods);
        return false;
    }
    if (template.length > 2 && template.data[1] == 'v' && template.data[2] >= '0' && template.data[2] <= '9')
        return complain(error, "a template has no version prefix: it stands for the path under each", &nearest, before);
    if (memchr(template.data, ' ', template.length) != NULL)
        return complain(error, "one method and one template a rule; several rules are parted by commas", &nearest,
                        before);
    if (memchr(template.data, '?', template.length) != NULL)
        return complain(error, "conditions stand behind a blank, as in GET /containers/json ?all=1", &nearest, before);
    if (memchr(template.data, '*', template.length) != NULL)
        return complain(error, "there are no wildcards; all of a section is section:containers", &nearest, before);
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const char *known = route_row(row)->template;
        if (route_row(row)->method != method)
            continue;
        consider_template(&nearest, known);
        if (nearest.found == NULL && template_covers(known, template))
            nearest.found = known;
    }
    return complain(error, "no engine has this route; a template is its path with names in braces", &nearest, before);
}

static bool
parse_template(enum method method, struct slice template, struct selector *selector, char *error)
{
    bool found = false;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        if (route_row(row)->method == method && selector_template_equals(template, route_row(row)->template)) {
            add_row(selector, row);
            found = true;
        }
    }
    for (size_t row = 0; !found && method == METHOD_HEAD && row < ROUTE_COUNT; row++) {
        if (route_row(row)->method == METHOD_GET && selector_template_equals(template, route_row(row)->template)) {
            route_set_add(&selector->routes, row);
            selector->methods = METHOD_BIT(METHOD_HEAD);
            return true;
        }
    }
    return found || complain_of_template(method, template, error);
}

/* The routes of one method in a section. Those of OPTIONS are all one, which goes by the path. */
static bool
parse_section_call(enum method method, struct slice name, struct selector *selector, char *error)
{
    struct selector all = *selector;
    if (!parse_section(name, &all, error))
        return false;
    if (method == METHOD_OPTIONS) {
        selector->methods = METHOD_BIT(METHOD_OPTIONS);
        selector->reach = RULE_WHOLE;
        selector->sections = UINT64_C(1) << section_from_slice(name);
        return true;
    }
    bool found = false;
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        enum method own = route_row(row)->method;
        bool head_of_get = method == METHOD_HEAD && own == METHOD_GET;
        if (route_set_has(&all.routes, row) && (own == method || head_of_get)) {
            add_row(selector, row);
            found = true;
        }
    }
    if (method == METHOD_HEAD)
        selector->methods = METHOD_BIT(METHOD_HEAD);
    if (!found)
        snprintf(error, SELECTOR_ERROR_SIZE, "%s section:%.*s: no engine has a call of this method there",
                 method_text(method), shown(name), name.data);
    return found;
}

/* OPTIONS of a path that another method has: /containers/{id}/start or /containers/create. */
static bool
parse_options(struct slice template, struct selector *selector, char *error)
{
    for (size_t row = 0; row < ROUTE_COUNT; row++) {
        const struct route *route = route_row(row);
        struct slice segment = section_segment(route_section(route));
        if (route->method == METHOD_OPTIONS || !selector_template_equals(template, route->template) ||
            template.length <= segment.length + 2)
            continue;
        struct slice rest = {template.data + segment.length + 2, template.length - segment.length - 2};
        const char *slash = memchr(rest.data, '/', rest.length);
        bool names = rest.data[0] == '{' && slash != NULL;
        selector->word = names ? (struct slice){slash + 1, rest.length - (size_t)(slash + 1 - rest.data)} : rest;
        if (memchr(selector->word.data, '{', selector->word.length) != NULL || (!names && slash != NULL))
            continue;
        selector->methods = METHOD_BIT(METHOD_OPTIONS);
        selector->reach = names ? RULE_ACTION : RULE_CALL;
        selector->sections = UINT64_C(1) << route_section(route);
        return true;
    }
    snprintf(error, SELECTOR_ERROR_SIZE,
             "OPTIONS %.*s: a rule for OPTIONS takes section:NAME, /SECTION/{id}/WORD or /SECTION/WORD of a route",
             shown(template), template.data);
    return false;
}

static bool
parse_call(struct slice text, size_t blank, struct selector *selector, char *error)
{
    struct slice word = {text.data, blank};
    enum method method = method_from_slice(word);
    while (blank < text.length && (text.data[blank] == ' ' || text.data[blank] == '\t'))
        blank++;
    if (method == METHOD_OTHER && text.data[blank] != '/') {
        snprintf(error, SELECTOR_ERROR_SIZE,
                 "%.*s: several are parted by commas, conditions begin with a question mark", shown(text), text.data);
        return false;
    }
    if (method == METHOD_OTHER) {
        struct nearest nearest = {word, NULL, NAME_FAR};
        for (size_t i = 0; i < METHOD_OTHER; i++)
            if (i != METHOD_PATCH) /* no route has it */
                consider(&nearest, method_text((enum method)i));
        return complain(error, "no method; a rule takes GET, HEAD, POST, PUT, DELETE or OPTIONS", &nearest, "");
    }
    struct slice rest = {text.data + blank, text.length - blank};
    if (rest.length > SECTION_WORD.length && memcmp(rest.data, SECTION_WORD.data, SECTION_WORD.length) == 0) {
        struct slice name = {rest.data + SECTION_WORD.length, rest.length - SECTION_WORD.length};
        return parse_section_call(method, name, selector, error);
    }
    if (method == METHOD_OPTIONS && !selector_template_equals(rest, "/{path...}"))
        return parse_options(rest, selector, error);
    return parse_template(method, rest, selector, error);
}

bool
selector_parse(struct slice text, struct selector *selector, char *error)
{
    memset(selector, 0, sizeof(*selector));
    selector->methods = METHODS_ALL;
    selector->reach = RULE_ROUTES;
    selector->sections = EVERY_SECTION;
    size_t blank = 0;
    while (blank < text.length && text.data[blank] != ' ' && text.data[blank] != '\t')
        blank++;
    if (text.length == 0) {
        snprintf(
            error, SELECTOR_ERROR_SIZE,
            ": nothing stands here; a rule takes operations (ContainerList), classes (@read), section:NAME, or METHOD "
            "/template");
        return false;
    }
    if (blank < text.length)
        return parse_call(text, blank, selector, error);
    if (text.data[0] == '@')
        return parse_class((struct slice){text.data + 1, text.length - 1}, selector, error);
    if (text.length > SECTION_WORD.length && memcmp(text.data, SECTION_WORD.data, SECTION_WORD.length) == 0) {
        struct slice name = {text.data + SECTION_WORD.length, text.length - SECTION_WORD.length};
        return parse_section(name, selector, error);
    }
    if (text.data[0] == '/') {
        snprintf(error, SELECTOR_ERROR_SIZE, "%.*s: a template needs its method, as in GET %.*s", shown(text),
                 text.data, shown(text), text.data);
        return false;
    }
    return parse_operation(text, selector, error);
}
