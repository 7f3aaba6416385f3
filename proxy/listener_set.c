#include "listener_set.h"
#include "allow_from.h"
#include "config.h"
#include "listener.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOCKETS_SIZE = 1024 };

/* One listener with the settings that its clients get. */
struct place {
    struct listener_set *set;
    listener_set_entrance entrance;
    struct listener *listener;
    struct address address; /* as configured: its port may be 0 */
    struct config *config;  /* one reference */
    const struct listener_config *settings;
};

struct listener_set {
    struct event_base *base;
    const struct listener_set_handler *handler;
    void *owner;
    struct place *places[CONFIG_LISTENERS_MAX];
    size_t count;
    listener_set_entrance last_entrance;
    bool paused;
};

static void
on_accepted(void *owner, int fd, const struct sockaddr *peer, const char *name)
{
    struct place *place = owner;
    place->set->handler->accepted(place->set->owner, place->entrance, place->config, place->settings, fd, peer, name);
}

static void
on_exhausted(void *owner, int error)
{
    struct place *place = owner;
    place->set->handler->exhausted(place->set->owner, error);
}

static void
close_place(struct place *place)
{
    listener_free(place->listener);
    config_unref(place->config);
    free(place);
}

/* A passed socket may be of a kind that nothing in allow_from can fit. */
static bool
can_be_used(const struct place *place, const struct listener_config *settings, char *problem)
{
    if (settings->address.passed[0] == '\0' || allow_from_is_empty(settings->allow_from))
        return true;
    bool usable = (listener_has_tcp(place->listener) && allow_from_is_for_tcp(settings->allow_from)) ||
                  (listener_has_unix(place->listener) && allow_from_is_for_unix(settings->allow_from));
    if (!usable)
        snprintf(problem, LISTENER_PROBLEM_SIZE,
                 "listener %s: %s was passed as a %s, so nobody could be in allow_from, which holds %s only",
                 settings->name, settings->address.name,
                 listener_has_tcp(place->listener) ? "TCP socket" : "unix socket",
                 listener_has_tcp(place->listener) ? "users and groups" : "addresses and host names");
    return usable;
}

static struct place *
open_place(struct listener_set *set, const struct listener_config *settings, const struct config *config, bool beside,
           char *problem)
{
    static const struct listener_handler listener_handler = {.accepted = on_accepted, .exhausted = on_exhausted};
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "out of memory");
        return NULL;
    }
    place->set = set;
    place->entrance = ++set->last_entrance;
    place->address = settings->address;
    place->listener =
        listener_new(set->base, &settings->address, beside, config->tcp_keepalive, &listener_handler, place, problem);
    if (place->listener == NULL) {
        free(place);
        return NULL;
    }
    listener_pause(place->listener, set->paused);
    return place;
}

/*
 * One change of the set. `next` are the places as they will be, `kept` those among them that stay; what stays is
 * adapted last, so that there is little to undo.
 */
struct change {
    struct listener_set *set;
    struct config *config;
    struct place *next[CONFIG_LISTENERS_MAX];
    bool kept[CONFIG_LISTENERS_MAX];
};

static bool
is_in(const struct change *change, const struct place *place, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (change->next[i] == place)
            return true;
    return false;
}

static bool
is_at(const struct place *place, const struct address *address)
{
    return (address_equals(&place->address, address) || listener_is_at(place->listener, address)) &&
           listener_is_reachable(place->listener);
}

/* One that listens there already. Two of one address (port 0, say) are two places. */
static struct place *
find_place(const struct change *change, size_t index)
{
    const struct listener_set *set = change->set;
    for (size_t i = 0; i < set->count; i++)
        if (is_at(set->places[i], &change->config->listeners[index].address) && !is_in(change, set->places[i], index))
            return set->places[i];
    return NULL;
}

static void
find_kept(struct change *change)
{
    for (size_t i = 0; i < change->config->listener_count; i++) {
        change->next[i] = find_place(change, i);
        change->kept[i] = change->next[i] != NULL;
    }
}

static bool
goes(const struct change *change, size_t index)
{
    return !is_in(change, change->set->places[index], change->config->listener_count);
}

static void
set_yielding(const struct change *change, bool yields)
{
    for (size_t i = 0; i < change->set->count; i++)
        if (goes(change, i))
            listener_yield(change->set->places[i]->listener, yields);
}

/* A successor of one that goes may overlap with it: 127.0.0.1:2375 and then all addresses. */
static bool
has_predecessor(const struct change *change, const struct address *address)
{
    for (size_t i = 0; i < change->set->count; i++) {
        unsigned port = address_port(&change->set->places[i]->address);
        if (port != 0 && port == address_port(address) && goes(change, i))
            return true;
    }
    return false;
}

static bool
open_new(struct change *change, char *problem)
{
    bool opened = true;
    set_yielding(change, true);
    for (size_t i = 0; opened && i < change->config->listener_count; i++) {
        const struct listener_config *settings = &change->config->listeners[i];
        if (!change->kept[i])
            change->next[i] =
                open_place(change->set, settings, change->config, has_predecessor(change, &settings->address), problem);
        opened = change->next[i] != NULL && can_be_used(change->next[i], settings, problem);
    }
    set_yielding(change, false);
    return opened;
}

static bool
adapt_kept(struct change *change, char *problem)
{
    char ignored[LISTENER_PROBLEM_SIZE];
    for (size_t i = 0; i < change->config->listener_count; i++) {
        if (!change->kept[i] || listener_adapt(change->next[i]->listener, &change->config->listeners[i].address,
                                               change->config->tcp_keepalive, problem))
            continue;
        for (size_t j = 0; j <= i; j++)
            if (change->kept[j])
                listener_adapt(change->next[j]->listener, &change->next[j]->address,
                               change->next[j]->config->tcp_keepalive, ignored);
        return false;
    }
    return true;
}

static void
undo(struct change *change)
{
    for (size_t i = 0; i < change->config->listener_count; i++)
        if (!change->kept[i] && change->next[i] != NULL)
            close_place(change->next[i]);
}

static void
log_place(const char *event, const struct place *place)
{
    struct log_record record;
    if (!log_wanted(LOG_LEVEL_NOTICE))
        return;
    log_begin(&record, LOG_LEVEL_NOTICE, event);
    log_string(&record, "address", listener_address(place->listener)->name);
    if (place->settings->own_name != NULL)
        log_string(&record, "listener", place->settings->own_name);
    if (place->address.passed[0] != '\0') {
        char sockets[SOCKETS_SIZE];
        listener_list_sockets(place->listener, sockets, sizeof(sockets));
        log_string(&record, "sockets", sockets);
    }
    log_end(&record);
}

static void
give_settings(struct place *place, struct config *config, const struct listener_config *settings)
{
    struct config *former = place->config;
    place->config = config_ref(config);
    place->settings = settings;
    place->address = settings->address;
    config_unref(former);
}

/* Nothing can fail any more. Who waits for a listener that goes is served as those before; that may pause the set. */
static void
carry_out(struct change *change)
{
    struct listener_set *set = change->set;
    for (size_t i = 0; i < set->count; i++)
        if (goes(change, i))
            listener_retire(set->places[i]->listener);
    for (size_t i = 0; i < set->count; i++) {
        if (!goes(change, i))
            continue;
        log_place("closed", set->places[i]);
        close_place(set->places[i]);
    }
    set->count = change->config->listener_count;
    for (size_t i = 0; i < set->count; i++) {
        struct place *place = change->next[i];
        if (place == NULL)
            continue; /* never so, once all were opened */
        set->places[i] = place;
        give_settings(place, change->config, &change->config->listeners[i]);
        listener_pause(place->listener, set->paused);
        if (!change->kept[i])
            log_place("listening", place);
    }
}

bool
listener_set_open(struct listener_set *set, struct config *config, char *problem)
{
    struct change change = {.set = set, .config = config};
    find_kept(&change);
    if (!open_new(&change, problem) || !adapt_kept(&change, problem)) {
        undo(&change);
        return false;
    }
    carry_out(&change);
    return true;
}

struct listener_set *
listener_set_new(struct event_base *base, const struct listener_set_handler *handler, void *owner)
{
    struct listener_set *set = calloc(1, sizeof(*set));
    if (set == NULL)
        return NULL;
    set->base = base;
    set->handler = handler;
    set->owner = owner;
    return set;
}

const struct listener_config *
listener_set_settings(const struct listener_set *set, listener_set_entrance entrance)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->places[i]->entrance == entrance)
            return set->places[i]->settings;
    return NULL;
}

void
listener_set_pause(struct listener_set *set, bool pause)
{
    set->paused = pause;
    for (size_t i = 0; i < set->count; i++)
        listener_pause(set->places[i]->listener, pause);
}

void
listener_set_close(struct listener_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        close_place(set->places[i]);
    set->count = 0;
}

void
listener_set_free(struct listener_set *set)
{
    if (set == NULL)
        return;
    listener_set_close(set);
    free(set);
}
