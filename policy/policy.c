#include "policy.h"

#include "content.h"
#include "cure.h"
#include "grants.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

enum { POLICY_NOTE_SIZE = 160 };

struct policy {
    unsigned references;
    struct switches switches;
    struct route_table *routes;
    struct rules *rules;
    char note[POLICY_NOTE_SIZE];
};

static const char UNKNOWN_OPERATION[] = "unknown";
static const char RULE_NONE[] = "no grant";
static const char RULE_FORM[] = "path form";
static const char RULE_MALFORMED[] = "malformed";

static void
policy_free(struct policy *policy)
{
    route_table_free(policy->routes);
    rules_free(policy->rules);
    free(policy);
}

/* "linuxserver: detected by LIBPOD_CONTAINERS", where the environment does not say it in a word. */
static void
note_dialect(struct policy *policy, const struct dialect_choice *choice)
{
    if (choice->detected_by != NULL) {
        snprintf(policy->note, sizeof(policy->note), "%s: detected by %s; DIALECT=%s says it for certain",
                 choice->dialect->word, choice->detected_by, choice->dialect->word);
    }
}

struct policy *
policy_from_environment(char *const environment[])
{
    struct dialect_choice choice = dialect_choose(environment);
    struct policy *policy = choice.dialect != NULL ? calloc(1, sizeof(*policy)) : NULL;
    if (policy == NULL) {
        return NULL;
    }
    policy->references = 1;
    policy->routes = route_table_new();
    policy->rules = rules_new();
    note_dialect(policy, &choice);
    dialect_read(choice.dialect, environment, &policy->switches);
    if (policy->routes == NULL || policy->rules == NULL || !dialect_compile(&policy->switches, policy->rules)) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

const char *
policy_dialect(const struct policy *policy)
{
    return policy->switches.dialect->word;
}

const char *
policy_dialect_note(const struct policy *policy)
{
    return policy->note[0] != '\0' ? policy->note : NULL;
}

/* The dialect's word that is nearest to this one; NULL where none is near. */
static const char *
nearest_dialect(const char *word)
{
    struct slice name = slice_from_string(word);
    const char *nearest = NULL;
    unsigned least = NAME_FAR;
    const struct dialect *dialect;
    for (size_t i = 0; (dialect = dialect_at(i)) != NULL; i++) {
        struct slice known = slice_from_string(dialect->word);
        unsigned distance = name_equals_loosely(name, known) ? 0 : name_distance(name, known);
        bool begun =
            name.length > 2 && name.length < known.length && strncasecmp(word, dialect->word, name.length) == 0;
        if (distance < least || (begun && nearest == NULL)) {
            least = distance < least ? distance : least;
            nearest = dialect->word;
        }
    }
    return nearest;
}

bool
policy_is_dialect(const char *word, char *takes, size_t size)
{
    if (*word == '\0' || dialect_find(word) != NULL) {
        return true;
    }
    size_t length = 0;
    const struct dialect *dialect;
    for (size_t i = 0; (dialect = dialect_at(i)) != NULL && length < size; i++) {
        const char *joint = i == 0 ? "" : dialect_at(i + 1) == NULL ? " or " : ", ";
        length += (size_t)snprintf(takes + length, size - length, "%s%s", joint, dialect->word);
    }
    const char *nearest = nearest_dialect(word);
    if (nearest != NULL && length < size) {
        snprintf(takes + length, size - length, "; did you mean %s?", nearest);
    }
    return false;
}

struct policy *
policy_ref(struct policy *policy)
{
    policy->references++;
    return policy;
}

void
policy_unref(struct policy *policy)
{
    if (policy != NULL && --policy->references == 0) {
        policy_free(policy);
    }
}

void
policy_grants(const struct policy *policy, void (*line)(void *owner, const char *text), void *owner)
{
    grants_list(&policy->switches, line, owner);
}

size_t
policy_buffer_size(size_t target_length)
{
    return target_buffer_size(target_length);
}

static void
decide(struct verdict *verdict, enum verdict_action action, const char *rule, const char *cure)
{
    verdict->action = action;
    verdict->rule = rule;
    snprintf(verdict->cure, sizeof(verdict->cure), "%s", cure);
}

/* A method is a token (RFC 9110 section 5.6.2). */
static bool
is_token(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte <= 0x20 || byte >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", byte) != NULL) {
            return false;
        }
    }
    return text.length > 0;
}

/* What is wrong with the path for every policy, though it is well formed; NULL where nothing is. */
static const char *
path_fault(const struct policy *policy, const struct call *call)
{
    if (call->target.reason != NULL) {
        return call->target.reason;
    }
    if (call->target.trailing_slash && call->target.count > 0 &&
        !route_ends_in_slash(policy->routes, call->section, &call->target)) {
        return "the engine has no such path with a slash at its end";
    }
    return NULL;
}

static void
judge(const struct policy *policy, const struct policy_request *request, const struct call *call,
      struct verdict *verdict)
{
    const char *fault = path_fault(policy, call);
    if (fault != NULL) {
        decide(verdict, VERDICT_DENY, RULE_FORM, fault);
        return;
    }
    const struct rule *rule = rules_decide(policy->rules, call);
    if (rule == NULL || rule->effect == RULE_DENY) {
        verdict->action = VERDICT_DENY;
        verdict->rule = rule != NULL ? rule->text : RULE_NONE;
        cure_for_refusal(&policy->switches, call, verdict->cure, sizeof(verdict->cure));
        return;
    }
    fault = content_fault(call->method, request);
    if (fault != NULL) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, fault);
        return;
    }
    verdict->action = VERDICT_ALLOW;
    verdict->rule = rule->text;
}

void
policy_check_head(const struct policy *policy, const struct policy_request *request, char *buffer, size_t buffer_size,
                  struct verdict *verdict)
{
    struct call call;
    verdict->transport = TRANSPORT_PLAIN;
    verdict->hijack_after_body = false;
    verdict->operation = UNKNOWN_OPERATION;
    verdict->cure[0] = '\0';
    verdict->canonical = (struct slice){buffer, 0};
    verdict->path = (struct slice){buffer, 0};
    if (!is_token(request->method)) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, "the method is not a token");
        return;
    }
    if (slice_equals(request->method, SLICE_LITERAL("CONNECT"))) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, "CONNECT is for forward proxies");
        return;
    }
    if (target_parse(request->target, buffer, buffer_size, &call.target) == TARGET_MALFORMED) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, call.target.reason);
        return;
    }
    call.method = method_from_slice(request->method);
    call.section = section_of(&call.target);
    call.route = route_find(policy->routes, call.method, call.section, &call.target);
    if (call.route != NULL) {
        verdict->operation = call.route->operation;
    }
    verdict->canonical = call.target.canonical;
    verdict->path = call.target.path;
    /* Of a refused call, too: how it is refused depends on what the client waits for. */
    verdict->transport = route_transport(call.route, call.method, &call.target);
    verdict->hijack_after_body =
        verdict->transport == TRANSPORT_HIJACK && call.route != NULL && call.route->body == BODY_JSON;
    judge(policy, request, &call, verdict);
}
