#ifndef SOCKWARDEN_POLICY_PHRASE_H
#define SOCKWARDEN_POLICY_PHRASE_H

/*
 * A sentence that is put together in somebody else's buffer, without formats, because a refusal is answered on the way
 * of a request. What does not fit is cut, between letters and with an ellipsis; the buffer always ends in a NUL. Used
 * by every layer that answers or records one.
 */

#include "slice.h"

struct phrase {
    char *text;
    size_t size;
    size_t length;
    bool full; /* cut: takes nothing more */
};

#define PHRASE_ELLIPSIS "…"

static inline struct phrase
phrase_begin(char *text, size_t size)
{
    text[0] = '\0';
    return (struct phrase){text, size, 0, false};
}

void phrase_add(struct phrase *phrase, const char *text);
void phrase_add_slice(struct phrase *phrase, struct slice slice);

/* Not more than `most` bytes of a text that may be long. */
void phrase_add_cut(struct phrase *phrase, struct slice slice, size_t most);

#endif
