#ifndef SOCKWARDEN_POLICY_POLICY_H
#define SOCKWARDEN_POLICY_POLICY_H

/*
 * The face of the policy library: the proxy asks here whether a request may pass and learns how the engine will
 * treat it. A policy is compiled once, from an environment in a dialect or from written rules, is immutable
 * afterwards and is shared by reference count. A check allocates nothing, logs nothing, knows no sockets, events or
 * HTTP parser, and takes the request as slices; what it answers is judged on the canonical target only, and that
 * canonical target is what must be forwarded (invariant: judged = forwarded).
 */

#include "slice.h"

#include <stdbool.h>
#include <stddef.h>

struct policy;

/* What the request is, as its head tells it. `content_type.data` is NULL where the field is absent. */
struct policy_request {
    struct slice method;
    struct slice target;
    struct slice content_type;
    bool has_body; /* Content-Length above 0, or Transfer-Encoding: chunked */
};

enum verdict_action {
    VERDICT_DENY,      /* well formed, not granted: 403 */
    VERDICT_ALLOW,     /* forward it with the canonical target */
    VERDICT_MALFORMED, /* the target or the body is of a form that is refused whatever the policy: 400 and close */
};

/* How the engine treats a granted call; from the route table and the engine's own boolean rule for its parameters. */
enum verdict_transport {
    TRANSPORT_PLAIN,     /* an answer that ends by itself */
    TRANSPORT_STREAM,    /* the answer lasts until a peer closes: events, followed logs, stats … */
    TRANSPORT_LONG,      /* it ends by itself but its first byte may be long in coming: wait, pull, build, load … */
    TRANSPORT_HIJACK,    /* the engine may take the connection over: attach, exec start (101, or 200 raw stream) */
    TRANSPORT_WEBSOCKET, /* 101 to a websocket handshake only: attach/ws */
    TRANSPORT_H2C,       /* 101 to Upgrade: h2c only: session, grpc */
};

enum { VERDICT_TEXT_SIZE = 192 };

/* What stands for the operation of a call that no engine routes. */
#define POLICY_UNKNOWN "unknown"

struct verdict {
    enum verdict_action action;
    bool dry;                         /* allowed by a dry run alone: rule and cure say why it would have been denied */
    bool for_podman;                  /* of Podman's own API, whose clients read errors in its form */
    enum verdict_transport transport; /* of a denied call: what it would have been */
    /*
     * For TRANSPORT_HIJACK: true where the request has a body of its own that ends before the raw stream begins
     * (exec start's JSON); false where everything behind the head is already the raw stream (attach).
     */
    bool hijack_after_body;
    /* The API's name for the call (ContainerList …), POLICY_UNKNOWN where no engine routes it; a static string. */
    const char *operation;
    /*
     * The rule that decided, e.g. "CONTAINERS=1", "POST=0", "allow = @read", "no grant", "path form", "malformed"; it
     * lives as long as the policy.
     */
    const char *rule;
    /* For a denial, what would grant it: "needs POST=1 and CONTAINERS=1"; for a malformed request, what is wrong. */
    char cure[VERDICT_TEXT_SIZE];
    /*
     * The target to forward and the path (no version prefix, no query) to show; both point into the caller's buffer.
     * Both are printable ASCII, and empty where the method or the target is malformed.
     */
    struct slice canonical;
    struct slice path;
};

/*
 * Judges one request. `buffer` receives the canonical target and must hold policy_buffer_size(target length) bytes;
 * the slices of the verdict point into it. Never fails: what can't be judged is refused.
 */
void policy_check_head(const struct policy *policy, const struct policy_request *request, char *buffer,
                       size_t buffer_size, struct verdict *verdict);

/* What every engine answers with 200 while it lives (moby api/server/router/system, pingHandler; Podman's as well). */
#define POLICY_PING_TARGET "/_ping"

/* Bytes of buffer that a check of a target of this length may need. */
size_t policy_buffer_size(size_t target_length);

/* True where refused calls pass, as dry_run says. */
bool policy_is_on_trial(const struct policy *policy);

/* Takes a reference; policy_unref frees with the last one. NULL is let pass by unref. */
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy);

/*
 * The target as a log may show it: in place of values that are or may be secrets (registry passwords, build arguments,
 * users in URLs) stands ***. It is the target itself, or in `buffer`, and cut where that is too small.
 */
struct slice policy_loggable_target(struct slice target, char *buffer, size_t size);

/*
 * True when a request field of this name is one that the engine reads and that may therefore be forwarded
 * (Content-Type, X-Registry-Auth …). Hop-by-hop fields and everything unknown answer false. Case is ignored.
 */
bool policy_forwards_field(struct slice name);

/*
 * True for the Content-Type of an answer whose body is the raw bytes of a taken-over connection:
 * application/vnd.docker.raw-stream and multiplexed-stream (moby api/types, MediaTypeRawStream).
 */
bool policy_is_raw_stream_type(struct slice content_type);

/*
 * Compiles the policy that an environment describes, in the dialect that DIALECT names, or that a switch tells which
 * only one dialect has, or tecnativa. `environment` is an environ-like array of "NAME=value", NULL-terminated, and is
 * not kept. Returns a policy with one reference, or NULL when memory is short or DIALECT is not a dialect's word.
 */
struct policy *policy_from_environment(char *const environment[]);

/* True for a dialect's word, and for none (""); else writes to `takes` which there are and which is the nearest. */
bool policy_is_dialect(const char *word, char *takes, size_t size);

/* The word of the dialect that a policy's switches are in. */
const char *policy_dialect(const struct policy *policy);

/* A switch of a dialect. */
enum { POLICY_SWITCH_NAME_SIZE = 32 };

struct policy_switch {
    char name[POLICY_SWITCH_NAME_SIZE];
    const char *text; /* what it does, of policy_dialect_switches, else ""; lasts as long as the call */
    bool on;
    bool by_default;
};

/* True where switches have a say, be it by their defaults. */
bool policy_has_switches(const struct policy *policy);

/* Calls `line` for each switch of the policy's dialect, in the order of its table. */
void policy_switches(const struct policy *policy, void (*line)(void *owner, const struct policy_switch *entry),
                     void *owner);

/* Calls `dialect` for each dialect that there is, the default first. */
void policy_dialects(void (*dialect)(void *owner, const char *word, const char *product), void *owner);

/* Calls `line` for each switch of a dialect, all at their defaults. False: there is no such dialect. */
bool policy_dialect_switches(const char *word, void (*line)(void *owner, const struct policy_switch *entry),
                             void *owner);

/* Calls `line` for each access class: its word, as in @read, and what its calls do. */
void policy_classes(void (*line)(void *owner, const char *word, const char *text), void *owner);

/* True for a value of DISABLE_IPV6 that has an effect in the dialect that a policy's switches are in. */
bool policy_disables_ipv6(const struct policy *policy, const char *value);

/*
 * The variable that says in HAProxy's words where the original of the policy's dialect listens; NULL where it has none.
 */
const char *policy_bind_variable(const struct policy *policy);

/* "linuxserver: detected by LIBPOD_CONTAINERS …" for a policy whose dialect was told by a switch, else NULL. */
const char *policy_dialect_note(const struct policy *policy);

/*
 * Builds a policy from written rules, presets and switches, in the order of the calls: the first rule that fits
 * decides, the switches of a dialect come behind all rules, and what nothing fits is refused. A policy without switches
 * grants what its rules say and nothing else.
 *
 * Each step answers false when it was not understood; policy_builder_error then says what is wrong and what the nearest
 * right word is, without line end, and the builder may go on. Whoever reads files adds where it was.
 */
struct policy_builder;

/* `name` is what refusals call the policy, as in "allow = … in [policy NAME]"; it may be NULL. NULL: memory is short.
 */
struct policy_builder *policy_builder_new(const char *name);

/* Where what comes next was written: a line, by which policy_doubts calls it. */
void policy_builder_at(struct policy_builder *builder, unsigned line);

/*
 * The dialect of the switches; must come before the first of them. Without it: tecnativa. What the dialect grants by
 * default is granted as soon as it is named or a switch is set.
 */
bool policy_builder_dialect(struct policy_builder *builder, const char *word);

/* CONTAINERS = 1. Takes 1, yes, true, on and 0, no, false, off; each switch once. Unset ones have their defaults. */
bool policy_builder_switch(struct policy_builder *builder, const char *name, const char *value);

/* True for a name that is a switch in the builder's dialect. */
bool policy_builder_has_switch(const struct policy_builder *builder, const char *name);

/*
 * allow = ContainerList, @read, section:networks, GET /containers/{id}/json ?size=0
 * A comma list of operations, access classes, sections and calls, then conditions on the query for all of them:
 * ?name=VALUE|VALUE, ?name<=N, ?name>=N, ?name, ?!name. Where a rule looks at a parameter that is there twice, or in
 * another case, the call is refused.
 */
bool policy_builder_allow(struct policy_builder *builder, const char *text);
bool policy_builder_deny(struct policy_builder *builder, const char *text);

/*
 * preset = watchtower +lifecycle-hooks -ping-fallback: the calls of a client, with and without features of it, and no
 * others; a HEAD only where the client sends it.
 */
bool policy_builder_preset(struct policy_builder *builder, const char *words);

/* Refused calls pass, and their verdicts are marked; malformed ones and unclean paths are refused as ever. */
void policy_builder_dry_run(struct policy_builder *builder, bool on);

const char *policy_builder_error(const struct policy_builder *builder);

/* The policy, with one reference; NULL when memory is short. Frees the builder in either case. */
struct policy *policy_builder_finish(struct policy_builder *builder);

/* For a builder that is not finished; NULL is let pass. */
void policy_builder_free(struct policy_builder *builder);

/* Calls `preset` for each preset that there is. */
void policy_presets(void (*preset)(void *owner, const char *name, const char *client), void *owner);

/* A call of a preset. */
struct policy_preset_call {
    const char *method;
    const char *template;
    const char *operation;
    const char *feature;    /* that takes it; "" where the client can't do without it */
    const char *conditions; /* on its query, as a rule has them; "" for none */
    bool granted;           /* with the features that are wanted */
};

/*
 * Calls `call` for each call of a preset, those of each feature behind those that it always needs. `words` is what a
 * policy says, as in "watchtower +cleanup". False, with the reason in `problem`, where there is no such preset or
 * feature.
 */
bool policy_preset_calls(const char *words, void (*call)(void *owner, const struct policy_preset_call *call),
                         void *owner, char *problem, size_t size);

enum policy_route_verdict {
    ROUTE_REFUSED,
    ROUTE_ALLOWED,
    ROUTE_CONDITIONAL, /* it depends on the query, or for OPTIONS on the path; `rule` says on what */
};

/*
 * A route of an engine and what a policy makes of it. All text but `order`, `cure` and `classes` lives as long as the
 * policy.
 */
struct policy_route {
    const char *method;
    const char *template;
    const char *operation;
    const char *section;
    const char *since;   /* in versions of Docker's API, for /libpod of Podman */
    const char *classes; /* "read logs" */
    const char *rule;
    /* Where it depends on the query, every rule that has a say, in their order; of OPTIONS, of how many paths; else "".
     */
    const char *order;
    const char *cure; /* "" where it is not refused */
    enum policy_route_verdict verdict;
    bool dry; /* what is refused passes all the same, as the policy is on trial */
};

/* Calls `route` for every route that an engine has, in the order of the table. A HEAD of a GET is judged with it. */
void policy_routes(const struct policy *policy, void (*route)(void *owner, const struct policy_route *route),
                   void *owner);

/*
 * Calls `route` for every route of which two policies make something different, by its query, too; for a GET once more
 * as HEAD where that differs by itself.
 */
void policy_diff(const struct policy *before, const struct policy *after,
                 void (*route)(void *owner, const struct policy_route *before, const struct policy_route *after),
                 void *owner);

enum policy_form {
    POLICY_AS_SWITCHES, /* "CONTAINERS = 1": the dialect and the switches, as they were read */
    POLICY_AS_RULES,    /* "allow = ContainerList, …": the same grants without a dialect */
};

/*
 * Calls `line` with the lines of a policy section that is equal to an environment, with comments (#) on what each
 * grants, none longer than 120 bytes. False when memory is short or DIALECT is not a dialect's word.
 */
bool policy_convert(char *const environment[], enum policy_form form, void (*line)(void *owner, const char *text),
                    void *owner);

/*
 * Calls `line` with one sentence for each setting of the environment that does nothing, or not what it seems to, with
 * its likely meaning. `extra_names` are settings that the caller reads itself, NULL-terminated (or NULL): they are
 * known, and their near misspellings are told too. Values that could be secrets are never repeated.
 */
void policy_warnings(char *const environment[], const char *const extra_names[],
                     void (*line)(void *owner, const char *text), void *owner);

/*
 * The same for an environment beside a file, whose policies are the file's: the switches of any dialect do nothing, and
 * neither do names that are nearly those of `extra_names`.
 */
void policy_warnings_beside_file(char *const environment[], const char *const extra_names[],
                                 void (*line)(void *owner, const char *text), void *owner);

/*
 * Calls `doubt` with a sentence for each written rule that does nothing: others before it cover all of its calls, or it
 * asks for a parameter that no engine is known to have. `line` is where it was written. A rule that is told to never
 * take effect may go without any verdict changing.
 */
void policy_doubts(const struct policy *policy, void (*doubt)(void *owner, unsigned line, const char *text),
                   void *owner);

/*
 * Calls `line` with a sentence, "NAME=1 does nothing while …", for each switch of a policy that is on and of no use
 * without another one. `exec_is_said`: somebody wrote a value for EXEC.
 */
void policy_idle_switches(const struct policy *policy, bool exec_is_said, void (*line)(void *owner, const char *text),
                          void *owner);

/* Calls `line` for each grant in force, narrowest words first; for the start-up log ("events: GET /events" …). */
void policy_grants(const struct policy *policy, void (*line)(void *owner, const char *text), void *owner);

#endif
