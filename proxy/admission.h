#ifndef SOCKWARDEN_PROXY_ADMISSION_H
#define SOCKWARDEN_PROXY_ADMISSION_H

/*
 * Decides whether a client may use the listener it came in by, from the listener's allow_from. Addresses, blocks and
 * users are decided at once. Host names are looked up without blocking, again every few seconds, and once more when a
 * client comes from an address that is not known: a container that was just made must not be turned away because its
 * name was looked up before. Such a client waits for that look-up, which is made at most once a second. What a name
 * stands for stays while the resolver does not answer, over a reload as well; each change is told. One a server.
 */

#include <stdbool.h>

struct admission;
struct config;
struct event_base;
struct listener_config;
struct sockaddr;

enum admission_answer {
    ADMITTED,
    BARRED,
    ADMISSION_PENDING, /* `done` will be called once, later */
};

/* NULL: no memory. */
struct admission *admission_new(struct event_base *base);
/* Lets the loop turn once, so that look-ups end. */
void admission_free(struct admission *admission);

/* Keeps the host names of this snapshot fresh, in place of a former one's. Takes a reference. */
void admission_set_config(struct admission *admission, struct config *config);

/* `owner` names the question for admission_cancel; `peer` and the credentials of `fd` say who asks. */
enum admission_answer admission_ask(struct admission *admission, const struct listener_config *listener, int fd,
                                    const struct sockaddr *peer, void (*done)(void *owner, bool admitted), void *owner);

/* `done` of this owner will not be called any more. */
void admission_cancel(struct admission *admission, const void *owner);

#endif
