#ifndef SOCKWARDEN_POLICY_PHRASE_H
#define SOCKWARDEN_POLICY_PHRASE_H

/*
 * A sentence that is put together in somebody else's buffer, without formats, because a refusal is answered on the way
 * of a request. What does not fit is cut; the buffer always ends in a NUL. Used inside the policy library only.
 */

#include "slice.h"

struct phrase {
    char *text;
    size_t size;
    size_t length;
};

static inline struct phrase
phrase_begin(char *text, size_t size)
{
    text[0] = '\0';
    return (struct phrase){text, size, 0};
}

static inline void
phrase_add_slice(struct phrase *phrase, struct slice slice)
{
    size_t room = phrase->size - phrase->length - 1;
    size_t length = slice.length < room ? slice.length : room;
    memcpy(phrase->text + phrase->length, slice.data, length);
    phrase->length += length;
    phrase->text[phrase->length] = '\0';
}

static inline void
phrase_add(struct phrase *phrase, const char *text)
{
    phrase_add_slice(phrase, slice_from_string(text));
}

/* Not more than `most` bytes of a text that may be long. */
static inline void
phrase_add_cut(struct phrase *phrase, struct slice slice, size_t most)
{
    slice.length = slice.length < most ? slice.length : most;
    phrase_add_slice(phrase, slice);
}

#endif
