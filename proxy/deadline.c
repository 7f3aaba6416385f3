#include "deadline.h"

#include <event2/event.h>
#include <time.h>

static uint64_t
now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
arm(struct deadline *deadline, uint64_t milliseconds)
{
    struct timeval delay = {.tv_sec = (time_t)(milliseconds / 1000),
                            .tv_usec = (suseconds_t)(milliseconds % 1000) * 1000};
    deadline->due = event_add(&deadline->event, &delay) == 0 ? now_milliseconds() + milliseconds : 0;
}

static void
on_event(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct deadline *deadline = argument;
    deadline->due = 0;
    if (deadline->at == 0)
        return;
    uint64_t now = now_milliseconds();
    if (now < deadline->at) {
        arm(deadline, deadline->at - now);
        return;
    }
    deadline->at = 0;
    deadline->passed(deadline->owner);
}

bool
deadline_init(struct deadline *deadline, struct event_base *base)
{
    *deadline = (struct deadline){.at = 0};
    return event_assign(&deadline->event, base, -1, 0, on_event, deadline) == 0;
}

void
deadline_set(struct deadline *deadline, uint64_t milliseconds, void (*passed)(void *owner), void *owner)
{
    deadline->at = now_milliseconds() + milliseconds;
    deadline->passed = passed;
    deadline->owner = owner;
    if (deadline->due == 0 || deadline->due > deadline->at)
        arm(deadline, milliseconds);
}

bool
deadline_is_set(const struct deadline *deadline)
{
    return deadline->at != 0;
}

void
deadline_clear(struct deadline *deadline)
{
    deadline->at = 0;
}

void
deadline_stop(struct deadline *deadline)
{
    deadline->at = 0;
    deadline->due = 0;
    event_del(&deadline->event);
}
