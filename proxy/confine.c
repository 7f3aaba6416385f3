#include "confine.h"
#include "account.h"
#include "config.h"
#include "log.h"
#include "privileges.h"
#include "sandbox.h"
#include "settings.h"
#include "systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { DNS_PORT = 53 };

static const char *hint = "";
static bool gave_up_root;
static const char *summary = "no sandbox";
static struct sandbox_limits limits;
static uint16_t engine_port; /* the one that may be connected to */
static bool abstract_sockets;
static struct {
    uid_t user;
    gid_t group;
    enum sandbox_mode sandbox;
} asked_for; /* by the settings of the start */

static bool
is_abstract(const struct address *address)
{
    return address_is_unix(address) && address->path[0] == '\0';
}

/* Writes the folders' names to `names`, which has room for them. */
static void
collect_folders(const struct config *config, struct sandbox_rules *rules, char (*names)[sizeof(config->engine.path)])
{
    for (size_t i = 0; i < config->listener_count; i++) {
        const char *path = config->listeners[i].address.path;
        const char *slash = strrchr(path, '/');
        if (slash == NULL)
            continue;
        char *name = names[rules->socket_folder_count];
        size_t length = slash == path ? 1 : (size_t)(slash - path);
        memcpy(name, path, length);
        name[length] = '\0';
        /* Many listeners have one folder. */
        if (rules->socket_folder_count == 0 || strcmp(names[rules->socket_folder_count - 1], name) != 0)
            rules->socket_folders[rules->socket_folder_count++] = name;
    }
}

static void
enter_sandbox(const struct config *config, const char *settings_file, char *holds, char *lacks)
{
    char folders[CONFIG_LISTENERS_MAX][sizeof(config->engine.path)];
    _Static_assert((int)SANDBOX_FOLDERS_MAX >= (int)CONFIG_LISTENERS_MAX, "each listener may have one");
    struct sandbox_rules rules = {.settings_file = settings_file, .ports = {DNS_PORT}, .port_count = 1};
    collect_folders(config, &rules, folders);
    if (!address_is_unix(&config->engine))
        rules.ports[rules.port_count++] = (uint16_t)address_port(&config->engine);
    rules.abstract_sockets = is_abstract(&config->engine) || systemd_is_abstract();
    engine_port = address_is_unix(&config->engine) ? 0 : (uint16_t)address_port(&config->engine);
    abstract_sockets = rules.abstract_sockets;
    limits = sandbox_enter(&rules, holds, lacks);
}

/* A file that can't be read by who the process is now would be found out at a reload, perhaps months later. */
static void
check_settings_file(const char *settings_file)
{
    if (settings_file != NULL && access(settings_file, R_OK) != 0)
        log_text(LOG_LEVEL_WARNING, "setting",
                 "%s can't be read by uid %u: a reload will fail; make it readable for that user", settings_file,
                 (unsigned)geteuid());
}

/* A user or a group that was asked for and is not had is no less said than another setting without effect. */
static void
check_identity(const struct config *config, const char *key, bool had, bool was_root)
{
    const struct setting *setting = settings_find(config->settings, "sockwarden", "", key);
    char text[128];
    if (had || setting == NULL || setting->origin == ORIGIN_DEFAULT)
        return;
    setting_describe(setting, text, sizeof(text));
    log_text(LOG_LEVEL_WARNING, "setting", "%s does nothing: the process %s, and is uid %u and gid %u", text,
             was_root ? "could not become that" : "was not started as root, which alone may become another",
             (unsigned)geteuid(), (unsigned)getegid());
}

bool
confine(const struct config *config, const char *settings_file, char *problem)
{
    char identity[PRIVILEGES_TEXT_SIZE];
    char holds[SANDBOX_TEXT_SIZE] = "";
    char lacks[SANDBOX_TEXT_SIZE] = "";
    bool was_root = geteuid() == 0;
    asked_for.user = config->user;
    asked_for.group = config->group;
    asked_for.sandbox = config->sandbox;
    if (!privileges_drop(config->user, config->group, config->engine.path, identity)) {
        snprintf(problem, CONFINE_PROBLEM_SIZE, "%s", identity);
        return false;
    }
    gave_up_root = was_root && geteuid() != 0;
    hint = was_root ? "; root was given up when it had started: a restart may help" : "";
    check_identity(config, "user", geteuid() == config->user, was_root);
    check_identity(config, "group", getegid() == config->group, was_root);
    check_settings_file(settings_file);
#ifdef SOCKWARDEN_SANITIZED
    /* LeakSanitizer looks into the process as it ends; a change of the user forbids that. */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
    if (config->sandbox == SANDBOX_NO) {
        log_text(LOG_LEVEL_NOTICE, "sandbox", "%s; no sandbox, as SANDBOX=no says", identity);
        return true;
    }
    account_remember_all();
    enter_sandbox(config, settings_file, holds, lacks);
    summary = lacks[0] == '\0' ? "sandbox whole" : "sandbox in part";
    if (lacks[0] != '\0' && config->sandbox == SANDBOX_REQUIRE) {
        snprintf(problem, CONFINE_PROBLEM_SIZE, "SANDBOX=require, and this machine lacks %s; SANDBOX=yes does without",
                 lacks);
        return false;
    }
    log_text(LOG_LEVEL_NOTICE, "sandbox", "%s; %s%s%s", identity, holds, lacks[0] != '\0' ? "; not to be had: " : "",
             lacks);
    return true;
}

static bool
is_kept_out(const struct address *engine)
{
    if (address_is_unix(engine))
        return limits.abstract_sockets && !abstract_sockets && is_abstract(engine);
    return limits.ports && address_port(engine) != engine_port && address_port(engine) != DNS_PORT;
}

bool
confine_lets_reach(const struct config *former, const struct config *config, char *problem)
{
    const struct address *engine = &config->engine;
    bool is_unix = address_is_unix(engine);
    if (address_equals(&former->engine, engine))
        return true;
    if (is_kept_out(engine)) {
        snprintf(problem, CONFINE_PROBLEM_SIZE,
                 "the engine %s: the sandbox was made for another one and lets no %s be reached; restart for it",
                 engine->name, is_unix ? "abstract socket" : "further TCP port");
        return false;
    }
    if (!is_unix || !gave_up_root || is_abstract(engine) ||
        faccessat(AT_FDCWD, engine->path, R_OK | W_OK, AT_EACCESS) == 0 || errno != EACCES)
        return true;
    snprintf(problem, CONFINE_PROBLEM_SIZE,
             "the engine %s: uid %u may not open it, and root was given up at the start; restart for it", engine->name,
             (unsigned)geteuid());
    return false;
}

bool
confine_differs(const struct config *config)
{
    return asked_for.user != config->user || asked_for.group != config->group || asked_for.sandbox != config->sandbox;
}

const char *
confine_hint(int error)
{
    return error == EACCES || error == EPERM ? hint : "";
}

bool
confine_gave_up_root(void)
{
    return gave_up_root;
}

const char *
confine_summary(void)
{
    return summary;
}
