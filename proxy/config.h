#ifndef SOCKWARDEN_PROXY_CONFIG_H
#define SOCKWARDEN_PROXY_CONFIG_H

/*
 * The settings of the process as one immutable snapshot: the options of options.def, the listeners and the compiled
 * policies, built from the environment or a file. Where each value came from is kept beside them for messages and
 * `check --print`; nothing else asks. A bad setting gives no snapshot but a message that names the line or the
 * variable, its value and what it takes.
 */

#include "address.h"
#include "log.h"
#include "transport.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct allow_from;
struct policy;
struct settings;
struct trial;

/* So many listeners are still opened within a moment. */
enum { CONFIG_LISTENERS_MAX = 512, CONFIG_PROBLEM_SIZE = 512 };

/* One place where clients connect, and what they may do there. */
struct listener_config {
    const char *name; /* as the log and the messages call it */
    char *own_name;   /* where it is not the address's; freed with the snapshot */
    struct address address;
    struct policy *policy;         /* one reference */
    struct allow_from *allow_from; /* owned; NULL: everybody */
    bool terse;                    /* refusals do not say why */
    struct trial *trial;           /* owned; NULL unless the policy is on trial */
};

/* A policy by the name that its section has. */
struct named_policy {
    char *name;            /* freed with the snapshot */
    unsigned line;         /* of its section in the file; 0: the environment's */
    struct policy *policy; /* one reference */
};

enum sandbox_mode { SANDBOX_YES, SANDBOX_NO, SANDBOX_REQUIRE };

/* Durations are in milliseconds, sizes in bytes. */
struct config {
    unsigned references;
    struct listener_config *listeners;
    size_t listener_count;
    size_t listener_room;          /* how many the memory is for */
    struct named_policy *policies; /* all that there are, those that no listener uses, too, in their order */
    size_t policy_count;
    struct address engine;
    const char *dialect;       /* of the environment's policy; a static string */
    char *path;                /* of the file; NULL: the environment alone */
    struct settings *settings; /* every value as it was given, with its origin */
    bool disable_ipv6;
    enum log_level log_level;
    enum log_format log_format;
    uint64_t head_timeout;
    uint64_t idle_timeout;
    uint64_t answer_timeout;
    uint64_t connect_timeout;
    uint64_t shutdown_grace;
    uint64_t tcp_keepalive;
    uint64_t max_head_size;
    uint64_t max_head_fields;
    uint64_t max_target_size;
    uint64_t max_body_size;
    uint64_t max_refused_body_size;
    uint64_t max_chunk_extension_size;
    uint64_t max_trailers_size;
    uint64_t max_answer_head_size;
    uint64_t buffer_high;
    uint64_t buffer_low;
    uint64_t max_connections;
    uid_t user; /* what root becomes */
    gid_t group;
    enum sandbox_mode sandbox;
    struct transport_marks marks; /* buffer_high and buffer_low */
};

/*
 * Reads `environment` (environ-like). On a bad setting returns NULL and writes one line without line feed to
 * `problem`, of CONFIG_PROBLEM_SIZE bytes.
 */
struct config *config_from_environment(char *const environment[], char *problem);

/*
 * Reads the INI file at `path`: [sockwarden], [upstream], and any number of [listener NAME] and [policy NAME]. The
 * options of the environment stand above those of the file, but where to listen and what is granted is the file's
 * alone. On a fault returns NULL and writes "path:line: what, and the mend" to `problem`.
 */
struct config *config_from_file(const char *path, char *const environment[], char *problem);

/* For the readers: room for one more listener behind the last. False: there are as many as may be, or no memory. */
bool config_make_room(struct config *config);

/* For the readers: keeps a policy by its name, with a reference of the snapshot's own. False: no memory. */
bool config_add_policy(struct config *config, const char *name, unsigned line, struct policy *policy);

/* Whoever works with a snapshot beyond a call holds a reference; the last one frees it. NULL is let pass by unref. */
struct config *config_ref(struct config *config);
void config_unref(struct config *config);

/*
 * The policy of this name, or NULL. That of the environment is called "environment". It lives as long as the snapshot.
 */
struct policy *config_policy(const struct config *config, const char *name);

/* The variable of the environment that says, or would say, where to listen where no file does. */
const char *config_listen_variable(const struct config *config);

/* "listener1": what a listener of the environment is called where a file would have its name. */
enum { CONFIG_NUMBERED_SIZE = 32 };
void config_number_listener(size_t index, char name[CONFIG_NUMBERED_SIZE]);

/* A message stays on its line and does nothing to a terminal, whatever bytes a value in it has. */
void config_make_printable(char *text);

/* The value of a variable in an environ-like array, the first where there are several; NULL where it is missing. */
const char *config_variable(char *const environment[], const char *name);

enum { CONFIG_KEY_SIZE = 32, CONFIG_TAKES_SIZE = 160 };

/* An option as documents show it. */
struct config_option {
    const char *variable;      /* of the environment */
    char key[CONFIG_KEY_SIZE]; /* in [sockwarden]; "": a file has another place for it */
    const char *initial;
    char takes[CONFIG_TAKES_SIZE];
    const char *help;
};

/* The option of this index in the table's order; false behind the last. */
bool config_option_at(size_t index, struct config_option *option);

/* The names of all options, NULL-terminated, in the table's order; static. */
const char *const *config_option_names(void);

/* One paragraph an option for --help, those first that are no keys of [sockwarden]. */
void config_print_help(FILE *output);

#endif
