#include "idle_switches.h"
#include "grants.h"

#include <stdarg.h>
#include <stdio.h>

enum { SENTENCE_SIZE = 320 };

static void say(const struct idle_switches *idle, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
say(const struct idle_switches *idle, const char *format, ...)
{
    char text[SENTENCE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    idle->line(idle->owner, text);
}

/* True when the engine has a GET in the section. */
static bool
section_has_reads(enum section section)
{
    const struct route *route;
    for (size_t i = 0; (route = route_row(i)) != NULL; i++)
        if (route->method == METHOD_GET && route_section(route) == section)
            return true;
    return false;
}

/* The gate that is closed for the only method by which the step is of any use; NULL where there is none. */
static const struct dialect_switch *
closed_gate(const struct switches *switches, size_t step)
{
    const struct dialect_switch *entry = &switches->dialect->switches[step];
    enum method method = entry->kind == SWITCH_REMOVAL ? METHOD_DELETE : METHOD_POST;
    bool only_writes = (entry->kind == SWITCH_ACTION && !grant_has_reads(entry)) || entry->kind == SWITCH_CALL ||
                       entry->kind == SWITCH_REMOVAL ||
                       (entry->kind == SWITCH_GRANT && !section_has_reads(dialect_section(entry)));
    for (size_t i = 0; only_writes && i < step; i++) {
        const struct dialect_switch *gate = &switches->dialect->switches[i];
        if (gate->kind == SWITCH_GATE && !switches->on[i] && (gate->methods & METHOD_BIT(method)) != 0)
            return gate;
    }
    return NULL;
}

static bool
opens_paths(const struct dialect_switch *entry)
{
    return entry->kind != SWITCH_GATE && entry->kind != SWITCH_GUARD;
}

/* A gate or a guard that is on, and nothing that it could let through. */
static void
check_of_use(const struct idle_switches *idle, const struct dialect_switch *entry)
{
    const struct switches *switches = idle->switches;
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const struct dialect_switch *other = &switches->dialect->switches[i];
        if (switches->on[i] && opens_paths(other) && !other->by_default && (other->sections & entry->sections) != 0)
            return;
    }
    if (entry->kind == SWITCH_GATE)
        say(idle, "%s opens no path by itself; it needs a section, such as CONTAINERS=1", entry->rule_on);
    else
        say(idle, "%s opens no path by itself, it only lifts a refusal; it needs CONTAINERS=1 too", entry->rule_on);
}

static bool
is_on(const struct switches *switches, const char *name, bool absent)
{
    const struct dialect_switch *entry = dialect_switch_find(switches->dialect, slice_from_string(name));
    return entry == NULL ? absent : switches->on[entry - switches->dialect->switches];
}

/* The dialect whose original looks at this action before any gate; NULL where it is said which one it is, or none. */
static const struct dialect *
dialect_without_gate(const struct idle_switches *idle, const struct dialect_switch *entry)
{
    const struct dialect *dialect;
    for (size_t i = 0; !idle->dialect_is_said && (dialect = dialect_at(i)) != NULL; i++) {
        const struct dialect_switch *own = dialect_switch_find(dialect, dialect_name(entry));
        const struct dialect_switch *at = dialect->switches;
        while (own != NULL && at < own && at->kind != SWITCH_GATE)
            at++;
        if (own != NULL && own->kind == SWITCH_ACTION && at == own)
            return dialect;
    }
    return NULL;
}

static void
say_closed(const struct idle_switches *idle, const struct dialect_switch *entry, const struct dialect_switch *gate)
{
    const struct dialect *other = dialect_without_gate(idle, entry);
    bool all = gate->methods == METHODS_WRITE;
    struct slice refused = all ? SLICE_LITERAL("every method but GET and HEAD") : dialect_name(gate);
    say(idle, "%s does nothing while %s, which refuses %.*s; did you mean %s too?%s%s%s", entry->rule_on,
        gate->rule_off, (int)refused.length, refused.data, gate->rule_on, other != NULL ? " With DIALECT=" : "",
        other != NULL ? other->word : "", other != NULL ? " it needs none" : "");
}

void
idle_switches_list(const struct idle_switches *idle)
{
    const struct switches *switches = idle->switches;
    for (size_t i = 0; i < switches->dialect->count; i++) {
        const struct dialect_switch *entry = &switches->dialect->switches[i];
        const struct dialect_switch *gate = switches->on[i] ? closed_gate(switches, i) : NULL;
        if (gate != NULL) {
            say_closed(idle, entry, gate);
        } else if (switches->on[i] && !opens_paths(entry)) {
            check_of_use(idle, entry);
        }
    }
    if (is_on(switches, "POST", false) && is_on(switches, "CONTAINERS", false) && !is_on(switches, "EXEC", true) &&
        is_on(switches, "ALLOW_EXEC", true) && idle->exec_is_said)
        say(idle, "EXEC=0 does not close exec creation: POST=1 and CONTAINERS=1 open POST /containers/{id}/exec");
}
