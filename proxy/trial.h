#ifndef SOCKWARDEN_PROXY_TRIAL_H
#define SOCKWARDEN_PROXY_TRIAL_H

/*
 * Which calls a listener let pass for dry_run alone and has told of, so that each is told once. The listeners of a
 * snapshot whose policy is on trial own one each: what was told by one listener, or before a reload, is news for
 * another one and after it. Of a fixed size, made with the snapshot; asking allocates nothing. Knows neither log nor
 * policy.
 */

#include "policy/slice.h"

/* How many calls without a route in any engine are told; those that have one are always told, there are fewer of them.
 */
enum { TRIAL_STRANGERS_MAX = 64 };

enum trial_news {
    TRIAL_TOLD,  /* nothing new */
    TRIAL_FIRST, /* to be told */
    TRIAL_LIMIT, /* the first stranger too many: it is to be told that no more of them are */
};

struct trial;

/* NULL: memory is short. */
struct trial *trial_new(void);

/* NULL is let pass. */
void trial_free(struct trial *trial);

/* A call that an engine routes, by the name of its operation. */
enum trial_news trial_note(struct trial *trial, const char *operation);

/*
 * Any other call, by its method and the shape of its path: a segment with a digit in it or of more than 32 bytes counts
 * as a name, and so does the one in the middle of /section/name/action; all names are alike.
 */
enum trial_news trial_note_stranger(struct trial *trial, struct slice method, struct slice path);

#endif
