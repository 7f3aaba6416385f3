#ifndef SOCKWARDEN_PROXY_DEADLINE_H
#define SOCKWARDEN_PROXY_DEADLINE_H

/*
 * The one limit of time that a connection has at any moment: to ask, to complete a head, to be answered, to go. It is
 * set and cleared several times a request and hardly ever met, so setting it is writing a number down: the event behind
 * it stays where it is as long as it comes early enough, and looks at the number when it comes. Owned by client.c,
 * which lends it to its exchange. `passed` is called from the loop; by then nothing is awaited any more.
 */

#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

/* Fields are private to deadline.c. Times are in milliseconds. */
struct deadline {
    struct event event;
    uint64_t due; /* when the event comes, 0: it does not */
    uint64_t at;  /* 0: nothing is awaited */
    void (*passed)(void *owner);
    void *owner;
};

/* False: no such event can be made. */
bool deadline_init(struct deadline *deadline, struct event_base *base);

/* In place of what was set before. */
void deadline_set(struct deadline *deadline, uint64_t milliseconds, void (*passed)(void *owner), void *owner);

bool deadline_is_set(const struct deadline *deadline);

/* Nothing is awaited any more. */
void deadline_clear(struct deadline *deadline);

/* The same, and the event goes, too: before the memory does, or where there will be many turns of the loop without it.
 */
void deadline_stop(struct deadline *deadline);

#endif
