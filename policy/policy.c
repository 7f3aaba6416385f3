#include "compiled.h"
#include "content.h"
#include "cure.h"
#include "grants.h"
#include "idle_switches.h"
#include "names.h"

#include <stdio.h>
#include <stdlib.h>

static const char RULE_NONE[] = "no grant";
static const char RULE_FORM[] = "path form";
static const char RULE_MALFORMED[] = "malformed";

static void
policy_free(struct policy *policy)
{
    route_table_free(policy->routes);
    rules_free(policy->rules);
    while (policy->parts != NULL) {
        struct policy_part *part = policy->parts;
        policy->parts = part->next;
        free(part);
    }
    free(policy);
}

struct policy *
policy_new(void)
{
    struct policy *policy = calloc(1, sizeof(*policy));
    if (policy == NULL)
        return NULL;
    policy->references = 1;
    policy->routes = route_table_new();
    policy->rules = rules_new();
    if (policy->routes == NULL || policy->rules == NULL) {
        policy_free(policy);
        return NULL;
    }
    return policy;
}

const char *
policy_dialect(const struct policy *policy)
{
    return policy->switches.dialect != NULL ? policy->switches.dialect->word : "none";
}

bool
policy_disables_ipv6(const struct policy *policy, const char *value)
{
    const char *words = policy->switches.dialect->disables_ipv6;
    struct slice word;
    while (names_next(&words, &word))
        if (word.length == strlen(value) && strncasecmp(word.data, value, word.length) == 0)
            return true;
    return false;
}

const char *
policy_bind_variable(const struct policy *policy)
{
    return policy->switches.dialect->binds;
}

void
policy_idle_switches(const struct policy *policy, bool exec_is_said, void (*line)(void *owner, const char *text),
                     void *owner)
{
    const struct idle_switches idle = {.switches = &policy->switches,
                                       .dialect_is_said = true,
                                       .exec_is_said = exec_is_said,
                                       .line = line,
                                       .owner = owner};
    if (policy->switches.dialect != NULL)
        idle_switches_list(&idle);
}

const char *
policy_dialect_note(const struct policy *policy)
{
    return policy->note[0] != '\0' ? policy->note : NULL;
}

bool
policy_is_on_trial(const struct policy *policy)
{
    return policy->dry_run;
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
    if (policy != NULL && --policy->references == 0)
        policy_free(policy);
}

void
policy_grants(const struct policy *policy, void (*line)(void *owner, const char *text), void *owner)
{
    grants_list(policy, line, owner);
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
        if (byte <= 0x20 || byte >= 0x7F || strchr("\"(),/:;<=>?@[\\]{}", byte) != NULL)
            return false;
    }
    return text.length > 0;
}

/* What is wrong with the path for every policy, though it is well formed; NULL where nothing is. */
static const char *
path_fault(const struct policy *policy, const struct call *call)
{
    if (call->target.reason != NULL)
        return call->target.reason;
    if (call->target.trailing_slash && call->target.count > 0 &&
        !route_ends_in_slash(policy->routes, call->section, &call->target))
        return "the engine has no such path with a slash at its end";
    return NULL;
}

/* Why the rules refuse the call, and what would grant it. */
static void
explain_refusal(const struct policy *policy, const struct call *call, const struct decision *decision,
                struct verdict *verdict)
{
    verdict->rule = decision->rule != NULL ? decision->rule->text : RULE_NONE;
    cure_for_refusal(policy, call, decision, verdict->cure, sizeof(verdict->cure));
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
    struct decision decision = rules_decide(policy->rules, call);
    bool granted = decision.rule != NULL && decision.rule->effect == RULE_ALLOW && !decision.unclear;
    if (!granted && !policy->dry_run) {
        verdict->action = VERDICT_DENY;
        explain_refusal(policy, call, &decision, verdict);
        return;
    }
    fault = content_fault(call->method, request);
    if (fault != NULL) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, fault);
        return;
    }
    verdict->action = VERDICT_ALLOW;
    verdict->dry = !granted;
    if (granted)
        verdict->rule = decision.rule->text;
    else
        explain_refusal(policy, call, &decision, verdict);
}

bool
policy_take_apart(const struct policy *policy, struct slice method, struct slice target, char *buffer,
                  size_t buffer_size, struct call *call)
{
    if (target_parse(target, buffer, buffer_size, &call->target) == TARGET_MALFORMED)
        return false;
    call->method = method_from_slice(method);
    call->section = section_of(&call->target);
    call->route = route_find(policy->routes, call->method, call->section, &call->target);
    return true;
}

void
policy_check_head(const struct policy *policy, const struct policy_request *request, char *buffer, size_t buffer_size,
                  struct verdict *verdict)
{
    struct call call;
    verdict->transport = TRANSPORT_PLAIN;
    verdict->hijack_after_body = false;
    verdict->dry = false;
    verdict->for_podman = false;
    verdict->operation = POLICY_UNKNOWN;
    verdict->cure[0] = '\0';
    verdict->canonical = (struct slice){buffer, 0};
    verdict->path = (struct slice){buffer, 0};
    if (!is_token(request->method)) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, "the method is not a token");
        return;
    }
    bool is_connect = slice_equals(request->method, SLICE_LITERAL("CONNECT"));
    if (is_connect || slice_equals(request->method, SLICE_LITERAL("TRACE"))) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED,
               is_connect ? "CONNECT is for forward proxies" : "TRACE is never passed on");
        return;
    }
    if (!policy_take_apart(policy, request->method, request->target, buffer, buffer_size, &call)) {
        decide(verdict, VERDICT_MALFORMED, RULE_MALFORMED, call.target.reason);
        return;
    }
    if (call.route != NULL)
        verdict->operation = call.route->operation;
    verdict->canonical = call.target.canonical;
    verdict->path = call.target.path;
    verdict->for_podman = call.target.count > 0 && slice_equals(call.target.head[0], SLICE_LITERAL("libpod"));
    /* Of a refused call, too: how it is refused depends on what the client waits for. */
    verdict->transport = route_transport(call.route, call.method, &call.target);
    verdict->hijack_after_body =
        verdict->transport == TRANSPORT_HIJACK && call.route != NULL && call.route->body == BODY_JSON;
    judge(policy, request, &call, verdict);
}
