#include "reaper.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

struct reaper {
    struct event turn_end;
    struct reaper_entry *waiting;
};

static void
reap(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct reaper *reaper = argument;
    /* A free function may hand over further objects: those wait for the next turn. */
    struct reaper_entry *entry = reaper->waiting;
    reaper->waiting = NULL;
    while (entry != NULL) {
        struct reaper_entry *next = entry->next;
        entry->free(entry);
        entry = next;
    }
}

struct reaper *
reaper_new(struct event_base *base)
{
    struct reaper *reaper = calloc(1, sizeof(*reaper));
    if (reaper == NULL)
        return NULL;
    if (event_assign(&reaper->turn_end, base, -1, 0, reap, reaper) != 0) {
        free(reaper);
        return NULL;
    }
    return reaper;
}

void
reaper_free(struct reaper *reaper)
{
    if (reaper == NULL)
        return;
    event_del(&reaper->turn_end);
    while (reaper->waiting != NULL)
        reap(-1, 0, reaper);
    free(reaper);
}

void
reaper_take(struct reaper *reaper, struct reaper_entry *entry, void (*free_entry)(struct reaper_entry *entry))
{
    /* An event that is made active during a callback runs behind those that are active already. */
    if (reaper->waiting == NULL)
        event_active(&reaper->turn_end, 0, 0);
    entry->free = free_entry;
    entry->next = reaper->waiting;
    reaper->waiting = entry;
}
