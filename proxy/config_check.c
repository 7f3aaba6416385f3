#include "options.h"
#include "settings.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>

enum { PART_SIZE = CONFIG_PROBLEM_SIZE / 2 };

/* One of two sizes is not below the other: the one that was given last is to blame. */
static bool
check_below(const struct config *config, const char *lower, const char *upper, bool below, char *problem)
{
    const struct setting *low = settings_find(config->settings, "sockwarden", "", lower);
    const struct setting *high = settings_find(config->settings, "sockwarden", "", upper);
    bool low_is_later = settings_is_later(config->settings, low, high);
    const struct setting *blamed = low_is_later ? low : high;
    const struct setting *other = low_is_later ? high : low;
    char place[PART_SIZE] = "";
    char given[PART_SIZE];
    char other_place[PART_SIZE];
    if (below)
        return true;
    bool in_file = blamed->origin == ORIGIN_FILE;
    if (in_file)
        setting_place(blamed, config->path, place, sizeof(place));
    setting_describe(blamed, given, sizeof(given));
    setting_place(other, config->path, other_place, sizeof(other_place));
    return config_fail(problem, "%s%s%s: not taken; takes a size %s %s, which is %.32s (%s)", place,
                       in_file ? ": " : "", given, low_is_later ? "below" : "above",
                       in_file ? other->key : other->variable, other->value, other_place);
}

/* The line of a listener's address, where it is a file's; else what the environment says. */
static void
blame_listener(const struct config *config, size_t index, char *text, size_t size)
{
    const struct listener_config *listener = &config->listeners[index];
    const struct setting *setting =
        config->path != NULL ? settings_find(config->settings, "listener", listener->name, "address") : NULL;
    if (setting != NULL)
        snprintf(text, size, "%.80s:%u: address = %.120s", config->path, setting->line, setting->value);
    else
        snprintf(text, size, "%.32s=%.128s", config_listen_variable(config), listener->address.name);
}

/* True where `all` is every address of a port, and `one` is one of them. [::] takes IPv4, too. */
static bool
is_among(const struct address *one, const struct address *all)
{
    bool both_tcp = address_port(one) != 0 && address_port(one) == address_port(all);
    return both_tcp && address_is_any(all) && (all->socket.ss_family == AF_INET6 || one->socket.ss_family == AF_INET);
}

static bool
is_same_file(const char *one, const char *other)
{
    struct stat status;
    struct stat other_status;
    return stat(one, &status) == 0 && stat(other, &other_status) == 0 && status.st_dev == other_status.st_dev &&
           status.st_ino == other_status.st_ino;
}

/* The folder of an absolute path, written to `folder`, of CONFIG_PROBLEM_SIZE bytes; returns the rest of the path. */
static const char *
split_path(const char *path, char *folder)
{
    const char *last = strrchr(path, '/') + 1;
    snprintf(folder, CONFIG_PROBLEM_SIZE, "%.*s", (int)(last - path), path);
    return last;
}

/* Two paths may lead to one socket: by a folder that is a link, such as /var/run, by // or by /./. */
static bool
is_same_socket(const struct address *one, const struct address *other)
{
    char folder[CONFIG_PROBLEM_SIZE];
    char other_folder[CONFIG_PROBLEM_SIZE];
    if (one->path[0] == '\0' || other->path[0] == '\0')
        return false;
    const char *name = split_path(one->path, folder);
    return strcmp(name, split_path(other->path, other_folder)) == 0 && is_same_file(folder, other_folder);
}

static bool
is_same_place(const struct address *one, const struct address *other)
{
    return address_equals(one, other) || is_same_socket(one, other);
}

/* The engine's path may itself be a link to its socket. */
static bool
is_of_engine(const struct address *address, const struct address *engine)
{
    return is_same_place(address, engine) || (address_is_local(engine) && is_among(engine, address)) ||
           (address->path[0] != '\0' && engine->path[0] != '\0' && is_same_file(address->path, engine->path));
}

static bool
overlap(const struct address *one, const struct address *other)
{
    return is_same_place(one, other) || is_among(one, other) || is_among(other, one);
}

static bool
fail_overlap(const struct config *config, size_t index, size_t former, const char *blamed, char *problem)
{
    const struct address *there = &config->listeners[former].address;
    bool same = address_equals(&config->listeners[index].address, there);
    if (config->listeners[former].own_name != NULL)
        return config_fail(problem, "%s: not taken: [listener %s] is there, at %s; takes a place of its own", blamed,
                           config->listeners[former].name, there->name);
    return same
               ? config_fail(problem, "%s: not taken: it stands twice; takes each place once", blamed)
               : config_fail(problem, "%s: not taken: it overlaps with %s; takes each place once", blamed, there->name);
}

/* Two listeners at one place, or a listener where the engine is. A port of 0 is another one each time. */
static bool
check_place(const struct config *config, size_t index, char *problem)
{
    const struct address *address = &config->listeners[index].address;
    const struct address *engine = &config->engine;
    char blamed[PART_SIZE];
    if (!address_is_unix(address) && address_has_free_port(address))
        return true;
    blame_listener(config, index, blamed, sizeof(blamed));
    if (is_of_engine(address, engine))
        return config_fail(problem, "%s: not taken: that is where the engine is; takes another place", blamed);
    for (size_t i = 0; i < index; i++)
        if (overlap(address, &config->listeners[i].address))
            return fail_overlap(config, index, i, blamed, problem);
    return true;
}

static bool
leave_ipv6(struct address *address, char *problem)
{
    if (address->socket.ss_family != AF_INET6)
        return true;
    if (!address_is_any(address))
        return config_fail(problem, "LISTEN=%s: not taken; takes IPv4 addresses and unix:PATH while DISABLE_IPV6 is on",
                           address->name);
    address_to_ipv4_any(address);
    return true;
}

bool
config_complete(struct config *config, char *problem)
{
    if (!check_below(config, "buffer_low", "buffer_high", config->buffer_low < config->buffer_high, problem) ||
        !check_below(config, "max_target_size", "max_head_size", config->max_target_size < config->max_head_size,
                     problem))
        return false;
    for (size_t i = 0; i < config->listener_count; i++) {
        if (config->disable_ipv6 && !leave_ipv6(&config->listeners[i].address, problem))
            return false;
        if (!check_place(config, i, problem))
            return false;
    }
    config->marks = (struct transport_marks){config->buffer_high, config->buffer_low};
    return true;
}
