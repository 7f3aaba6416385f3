#include "listener_set.h"
#include "config.h"
#include "listener.h"
#include "log.h"

#include <stdio.h>
#include <stdlib.h>

/* One listener with the settings that its clients get. */
struct place {
    struct listener_set *set;
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
    bool paused;
};

static void
on_accepted(void *owner, int fd, const struct sockaddr *peer, const char *name)
{
    struct place *place = owner;
    place->set->handler->accepted(place->set->owner, place->config, place->settings, fd, peer, name);
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

static struct place *
open_place(struct listener_set *set, const struct listener_config *settings, const struct config *config, char *problem)
{
    static const struct listener_handler listener_handler = {.accepted = on_accepted, .exhausted = on_exhausted};
    struct place *place = calloc(1, sizeof(*place));
    if (place == NULL) {
        snprintf(problem, LISTENER_PROBLEM_SIZE, "out of memory");
        return NULL;
    }
    place->set = set;
    place->address = settings->address;
    place->listener =
        listener_new(set->base, &settings->address, config->tcp_keepalive, &listener_handler, place, problem);
    if (place->listener == NULL) {
        free(place);
        return NULL;
    }
    listener_pause(place->listener, set->paused);
    return place;
}

/* One that stays, and that none of the `count` listeners before has: an address may stand in the settings twice. */
static struct place *
find_place(const struct listener_set *set, const struct address *address, struct place *const *taken, size_t count)
{
    for (size_t i = 0; i < set->count; i++) {
        bool free = address_equals(&set->places[i]->address, address);
        for (size_t j = 0; j < count; j++)
            free = free && taken[j] != set->places[i];
        if (free)
            return set->places[i];
    }
    return NULL;
}

static void
give_settings(struct place *place, struct config *config, const struct listener_config *settings)
{
    struct config *former = place->config;
    place->config = config_ref(config);
    place->settings = settings;
    config_unref(former);
}

static void
log_listening(const struct place *place)
{
    struct log_record record;
    log_begin(&record, LOG_LEVEL_NOTICE, "listening");
    log_string(&record, "address", listener_address(place->listener)->name);
    log_end(&record);
}

bool
listener_set_open(struct listener_set *set, struct config *config, char *problem)
{
    struct place *places[CONFIG_LISTENERS_MAX];
    bool kept[CONFIG_LISTENERS_MAX] = {false};
    for (size_t i = 0; i < config->listener_count; i++) {
        places[i] = find_place(set, &config->listeners[i].address, places, i);
        kept[i] = places[i] != NULL;
        if (!kept[i])
            places[i] = open_place(set, &config->listeners[i], config, problem);
        if (places[i] != NULL)
            continue;
        while (i-- > 0)
            if (!kept[i])
                close_place(places[i]);
        return false;
    }
    for (size_t i = 0; i < set->count; i++) {
        bool stays = false;
        for (size_t j = 0; j < config->listener_count; j++)
            stays = stays || places[j] == set->places[i];
        if (!stays)
            close_place(set->places[i]);
    }
    set->count = config->listener_count;
    for (size_t i = 0; i < set->count; i++) {
        set->places[i] = places[i];
        give_settings(places[i], config, &config->listeners[i]);
        if (!kept[i])
            log_listening(places[i]);
    }
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
