#include "admission.h"
#include "allow_from.h"
#include "config.h"
#include "log.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    REFRESH_SECONDS = 5,
    LOOKUP_SECONDS = 2, /* what a waiting client waits at most */
    LEAST_SECONDS = 1,  /* between two look-ups, however many unknown clients come */
    ADDRESSES_MAX = 32, /* of one name */
    GROUPS_MAX = 1024,  /* of a client; one in more of them is known by its user and own group alone */
};

/* A client from an unknown address, until the names were looked up. */
struct question {
    struct question *next;
    const struct listener_config *listener;
    struct sockaddr_storage peer;
    void (*done)(void *owner, bool admitted);
    void *owner;
};

/* One name of one list on its way through the resolver. */
struct lookup {
    struct admission *admission;
    struct config *config; /* one reference: the list lives in it */
    struct allow_from *list;
    size_t index;
};

struct admission {
    struct event_base *base;
    struct evdns_base *resolver; /* made when the first name needs it, and anew for new settings */
    bool outdated;               /* the resolver, by new settings */
    struct config *config;       /* one reference, or NULL */
    struct question *questions;
    struct event refresh;
    struct event patience;
    size_t lookups;      /* on their way */
    struct timeval last; /* when the last look-up of all names began */
};

static bool
knows(const struct listener_config *listener, const struct sockaddr *peer)
{
    return allow_from_has_address(listener->allow_from, peer);
}

/* As for a file of a group: its members are those who have it as their own, and those who have it as another one. */
static bool
knows_process(const struct allow_from *list, int fd)
{
    struct ucred credentials;
    gid_t groups[GROUPS_MAX];
    socklen_t size = sizeof(credentials);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return false;
    if (allow_from_has_user(list, credentials.uid, credentials.gid))
        return true;
    size = sizeof(groups);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) != 0)
        return false;
    for (size_t i = 0; i < size / sizeof(groups[0]); i++)
        if (allow_from_has_user(list, credentials.uid, groups[i]))
            return true;
    return false;
}

/* Answers all who wait; each question is taken out before its owner is told. */
static void
answer_questions(struct admission *admission)
{
    event_del(&admission->patience);
    while (admission->questions != NULL) {
        struct question *question = admission->questions;
        admission->questions = question->next;
        question->done(question->owner, knows(question->listener, (const struct sockaddr *)&question->peer));
        free(question);
    }
}

static void
on_patience_over(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    answer_questions(argument);
}

static void
on_looked_up(int error, struct evutil_addrinfo *found, void *argument)
{
    struct lookup *lookup = argument;
    struct admission *admission = lookup->admission;
    const struct sockaddr *addresses[ADDRESSES_MAX] = {NULL};
    size_t count = 0;
    for (struct evutil_addrinfo *at = found; error == 0 && at != NULL && count < ADDRESSES_MAX; at = at->ai_next)
        addresses[count++] = at->ai_addr;
    /* A name that is gone stands for nobody; a resolver that does not answer says nothing about it. */
    if (error == 0 || error == EVUTIL_EAI_NONAME)
        allow_from_set_host(lookup->list, lookup->index, addresses, count);
    if (found != NULL)
        evutil_freeaddrinfo(found);
    config_unref(lookup->config);
    free(lookup);
    if (error == EVUTIL_EAI_CANCEL)
        return; /* the resolver goes, and the admission with it */
    if (--admission->lookups == 0)
        answer_questions(admission);
}

/* A machine without resolv.conf has its hosts file; libevent alone would make no resolver there. */
static void
open_resolver(struct admission *admission)
{
    if (admission->resolver != NULL)
        return;
    admission->resolver = evdns_base_new(admission->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (admission->resolver != NULL)
        evdns_base_resolv_conf_parse(admission->resolver, DNS_OPTIONS_ALL, "/etc/resolv.conf");
}

/* So that a reload reads resolv.conf and hosts again; not under way, for that would cancel look-ups. */
static void
renew_resolver(struct admission *admission)
{
    if (admission->outdated && admission->resolver != NULL)
        evdns_base_free(admission->resolver, 0);
    if (admission->outdated)
        admission->resolver = NULL;
    admission->outdated = false;
}

static void
look_up(struct admission *admission, struct allow_from *list, size_t index)
{
    static const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    open_resolver(admission);
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (admission->resolver == NULL || lookup == NULL) {
        free(lookup);
        return;
    }
    *lookup = (struct lookup){admission, config_ref(admission->config), list, index};
    admission->lookups++;
    evdns_getaddrinfo(admission->resolver, allow_from_host(list, index), NULL, &hints, on_looked_up, lookup);
}

/* Looks all names up, unless that is under way. Returns false where there are none. */
static bool
refresh(struct admission *admission)
{
    bool any = admission->lookups > 0;
    if (admission->config == NULL || any)
        return any;
    renew_resolver(admission);
    event_base_gettimeofday_cached(admission->base, &admission->last);
    /* Kept from reaching 0 while the first ones may be answered from a cache at once. */
    admission->lookups++;
    for (size_t i = 0; i < admission->config->listener_count; i++) {
        struct allow_from *list = admission->config->listeners[i].allow_from;
        for (size_t j = 0; list != NULL && allow_from_host(list, j) != NULL; j++) {
            any = true;
            look_up(admission, list, j);
        }
    }
    if (--admission->lookups == 0)
        answer_questions(admission);
    return any;
}

static void
on_refresh(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    refresh(argument);
}

static bool
is_fresh(const struct admission *admission)
{
    struct timeval now;
    struct timeval since;
    event_base_gettimeofday_cached(admission->base, &now);
    evutil_timersub(&now, &admission->last, &since);
    return admission->lookups == 0 && since.tv_sec >= 0 && since.tv_sec < LEAST_SECONDS;
}

static enum admission_answer
wait_for_names(struct admission *admission, const struct listener_config *listener, const struct sockaddr *peer,
               void (*done)(void *owner, bool admitted), void *owner)
{
    struct question *question = calloc(1, sizeof(*question));
    if (question == NULL)
        return BARRED;
    size_t length = peer->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memcpy(&question->peer, peer, length);
    question->listener = listener;
    question->done = done;
    question->owner = owner;
    question->next = admission->questions;
    admission->questions = question;
    struct timeval patience = {.tv_sec = LOOKUP_SECONDS};
    event_add(&admission->patience, &patience);
    refresh(admission);
    return ADMISSION_PENDING;
}

enum admission_answer
admission_ask(struct admission *admission, const struct listener_config *listener, int fd, const struct sockaddr *peer,
              void (*done)(void *owner, bool admitted), void *owner)
{
    if (allow_from_is_empty(listener->allow_from))
        return ADMITTED;
    if (peer->sa_family == AF_UNIX)
        return knows_process(listener->allow_from, fd) ? ADMITTED : BARRED;
    if (knows(listener, peer))
        return ADMITTED;
    if (allow_from_host(listener->allow_from, 0) == NULL || is_fresh(admission))
        return BARRED;
    return wait_for_names(admission, listener, peer, done, owner);
}

void
admission_cancel(struct admission *admission, const void *owner)
{
    for (struct question **at = &admission->questions; *at != NULL;) {
        struct question *question = *at;
        if (question->owner != owner) {
            at = &question->next;
            continue;
        }
        *at = question->next;
        free(question);
    }
}

void
admission_set_config(struct admission *admission, struct config *config)
{
    struct config *former = admission->config;
    struct timeval interval = {.tv_sec = REFRESH_SECONDS};
    admission->config = config_ref(config);
    admission->outdated = true;
    config_unref(former);
    event_del(&admission->refresh);
    if (refresh(admission))
        event_add(&admission->refresh, &interval);
}

struct admission *
admission_new(struct event_base *base)
{
    struct admission *admission = calloc(1, sizeof(*admission));
    if (admission == NULL)
        return NULL;
    admission->base = base;
    event_assign(&admission->refresh, base, -1, EV_PERSIST, on_refresh, admission);
    event_assign(&admission->patience, base, -1, 0, on_patience_over, admission);
    return admission;
}

void
admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    event_del(&admission->refresh);
    event_del(&admission->patience);
    while (admission->questions != NULL)
        admission_cancel(admission, admission->questions->owner);
    if (admission->resolver != NULL)
        evdns_base_free(admission->resolver, 1);
    config_unref(admission->config);
    free(admission);
}
