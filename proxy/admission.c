#include "admission.h"
#include "allow_from.h"
#include "config.h"
#include "log.h"
#include "sandbox.h"

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
    TEXT_SIZE = 512,
};

/* A client from an unknown address, until the names were looked up. */
struct question {
    struct question *next;
    const struct listener_config *listener;
    struct sockaddr_storage peer;
    void (*done)(void *owner, bool admitted);
    void *owner;
};

/* What was told of a name last. */
enum told { TOLD_NOTHING, TOLD_ADDRESSES, TOLD_NO_SUCH_NAME, TOLD_FAILURE };

/* One name of one list on its way through the resolver. */
struct lookup {
    struct lookup *next;
    struct evdns_getaddrinfo_request *request;
    struct admission *admission; /* NULL: it is gone */
    struct config *config;       /* one reference: the list lives in it */
    const struct listener_config *listener;
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
    bool starting; /* look-ups are being begun */
    struct lookup *under_way;
    size_t lookups;      /* of them */
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

static bool
is_no_name(int error)
{
    return error == EVUTIL_EAI_NONAME || error == EVUTIL_EAI_NODATA;
}

/* Told where it is another thing than the last time: what comes of it is that clients are let in or refused. */
static void
tell(const struct lookup *lookup, int error, const char *former)
{
    const struct allow_from *list = lookup->listener->allow_from;
    char present[TEXT_SIZE];
    int *told = allow_from_host_note(list, lookup->index);
    const char *name = allow_from_host(list, lookup->index);
    enum told news = error == 0 ? TOLD_ADDRESSES : is_no_name(error) ? TOLD_NO_SUCH_NAME : TOLD_FAILURE;
    allow_from_describe_host(list, lookup->index, present, sizeof(present));
    if (*told == (int)news && strcmp(former, present) == 0)
        return;
    *told = (int)news;
    if (news == TOLD_ADDRESSES)
        log_text(LOG_LEVEL_NOTICE, "allow-from", "listener %s: %s is %s", lookup->listener->name, name, present);
    else if (news == TOLD_NO_SUCH_NAME)
        log_text(LOG_LEVEL_WARNING, "allow-from",
                 "listener %s: there is no host %s: it lets nobody in until there is one", lookup->listener->name,
                 name);
    else
        log_text(LOG_LEVEL_WARNING, "allow-from", "listener %s: %s can't be looked up (%s): it %s%s",
                 lookup->listener->name, name, evutil_gai_strerror(error),
                 present[0] != '\0' ? "stays " : "lets nobody in", present);
}

/* A name that is gone stands for nobody; a resolver that does not answer says nothing about it. */
static void
take_answer(const struct lookup *lookup, int error, const struct evutil_addrinfo *found)
{
    const struct sockaddr *addresses[ADDRESSES_MAX] = {NULL};
    char former[TEXT_SIZE];
    size_t count = 0;
    for (const struct evutil_addrinfo *at = found; error == 0 && at != NULL && count < ADDRESSES_MAX; at = at->ai_next)
        addresses[count++] = at->ai_addr;
    allow_from_describe_host(lookup->listener->allow_from, lookup->index, former, sizeof(former));
    if (error == 0 || is_no_name(error))
        allow_from_set_host(lookup->listener->allow_from, lookup->index, addresses, count);
    tell(lookup, error, former);
}

static void
on_patience_over(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    struct admission *admission = argument;
    for (const struct lookup *lookup = admission->under_way; lookup != NULL; lookup = lookup->next)
        take_answer(lookup, EVUTIL_EAI_AGAIN, NULL);
    answer_questions(admission);
}

static void
drop_lookup(struct admission *admission, const struct lookup *lookup)
{
    struct lookup **at = &admission->under_way;
    while (*at != lookup)
        at = &(*at)->next;
    *at = lookup->next;
    admission->lookups--;
}

static void
on_looked_up(int error, struct evutil_addrinfo *found, void *argument)
{
    struct lookup *lookup = argument;
    struct admission *admission = lookup->admission;
    if (admission != NULL)
        drop_lookup(admission, lookup);
    if (admission != NULL && error != EVUTIL_EAI_CANCEL)
        take_answer(lookup, error, found);
    if (found != NULL)
        evutil_freeaddrinfo(found);
    config_unref(lookup->config);
    free(lookup);
    if (admission == NULL || admission->lookups > 0 || admission->starting)
        return;
    if (admission->outdated) /* not from here: the resolver is at work */
        event_active(&admission->refresh, EV_TIMEOUT, 0);
    else
        answer_questions(admission);
}

static void
on_resolver_message(int is_warning, const char *text)
{
    log_text(is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, "resolver", "%s", text);
}

/* A machine without resolv.conf has its hosts file; libevent alone would make no resolver there. */
static void
open_resolver(struct admission *admission)
{
    if (admission->resolver != NULL)
        return;
    evdns_set_log_fn(on_resolver_message);
    admission->resolver = evdns_base_new(admission->base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (admission->resolver != NULL)
        evdns_base_resolv_conf_parse(admission->resolver, DNS_OPTIONS_ALL, "/etc/resolv.conf");
}

/* Another file that took the place of one which may be read. */
static bool
is_shut(const char *path)
{
    bool shut = sandbox_closes(path);
    if (shut)
        log_text(
            LOG_LEVEL_WARNING, "resolver",
            "%s was replaced after the start, and the sandbox keeps the new one closed: the former one still holds; "
            "restart for it",
            path);
    return shut;
}

/* So that a reload reads resolv.conf and hosts again; not under way, for that would cancel look-ups. */
static void
renew_resolver(struct admission *admission)
{
    if (admission->outdated && admission->resolver != NULL && !is_shut("/etc/resolv.conf") && !is_shut("/etc/hosts")) {
        evdns_base_free(admission->resolver, 0);
        admission->resolver = NULL;
    }
    admission->outdated = false;
}

static void
look_up(struct admission *admission, const struct listener_config *listener, size_t index)
{
    static const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    open_resolver(admission);
    struct lookup *lookup = calloc(1, sizeof(*lookup));
    if (admission->resolver == NULL || lookup == NULL) {
        free(lookup);
        return;
    }
    *lookup = (struct lookup){.next = admission->under_way,
                              .admission = admission,
                              .config = config_ref(admission->config),
                              .listener = listener,
                              .index = index};
    admission->under_way = lookup;
    admission->lookups++;
    struct evdns_getaddrinfo_request *request = evdns_getaddrinfo(
        admission->resolver, allow_from_host(listener->allow_from, index), NULL, &hints, on_looked_up, lookup);
    if (request != NULL) /* else it was answered, and is gone */
        lookup->request = request;
}

static bool
has_names(const struct admission *admission)
{
    for (size_t i = 0; admission->config != NULL && i < admission->config->listener_count; i++) {
        const struct allow_from *list = admission->config->listeners[i].allow_from;
        if (list != NULL && allow_from_host(list, 0) != NULL)
            return true;
    }
    return false;
}

/* Looks all names up, unless that is under way. */
static void
refresh(struct admission *admission)
{
    if (admission->lookups > 0 || !has_names(admission))
        return;
    renew_resolver(admission);
    event_base_gettimeofday_cached(admission->base, &admission->last);
    admission->starting = true; /* the first ones may be answered at once, out of the hosts file */
    for (size_t i = 0; i < admission->config->listener_count; i++) {
        const struct listener_config *listener = &admission->config->listeners[i];
        for (size_t j = 0; listener->allow_from != NULL && allow_from_host(listener->allow_from, j) != NULL; j++)
            look_up(admission, listener, j);
    }
    admission->starting = false;
    if (admission->lookups == 0)
        answer_questions(admission);
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
    return admission->lookups == 0 && !admission->outdated && since.tv_sec >= 0 && since.tv_sec < LEAST_SECONDS;
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

/* A resolver that does not answer must not make the names of a new file unknown that were known before. */
static void
inherit_names(const struct config *config, const struct config *former)
{
    for (size_t i = 0; i < config->listener_count; i++)
        for (size_t j = 0; former != NULL && j < former->listener_count; j++)
            allow_from_inherit(config->listeners[i].allow_from, former->listeners[j].allow_from);
}

void
admission_set_config(struct admission *admission, struct config *config)
{
    struct config *former = admission->config;
    struct timeval interval = {.tv_sec = REFRESH_SECONDS};
    inherit_names(config, former);
    admission->config = config_ref(config);
    admission->outdated = true;
    config_unref(former);
    event_del(&admission->refresh);
    if (has_names(admission))
        event_add(&admission->refresh, &interval);
    for (struct lookup *lookup = admission->under_way; lookup != NULL; lookup = lookup->next)
        evdns_getaddrinfo_cancel(lookup->request);
    refresh(admission);
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
    for (struct lookup *lookup = admission->under_way; lookup != NULL; lookup = lookup->next)
        lookup->admission = NULL;
    if (admission->resolver != NULL) {
        evdns_base_free(admission->resolver, 1);
        event_base_loop(admission->base, EVLOOP_NONBLOCK); /* look-ups under way are told so by the loop */
    }
    config_unref(admission->config);
    free(admission);
}
