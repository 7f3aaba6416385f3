#ifndef SOCKWARDEN_POLICY_PHRASE_H
#define SOCKWARDEN_POLICY_PHRASE_H

/*
 * A sentence that is put together in somebody else's buffer, without formats, because a refusal is answered on the way
 * of a request. What does not fit is cut, between letters and with an ellipsis; the buffer always ends in a NUL. Used
 * inside the policy library only.
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

/* As many bytes of a text, up to `most`, as are whole letters of UTF-8. */
static inline size_t
phrase_fit(struct slice text, size_t most)
{
    size_t length = text.length < most ? text.length : most;
    while (length > 0 && length < text.length && ((unsigned char)text.data[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static inline void
phrase_add_slice(struct phrase *phrase, struct slice slice)
{
    size_t room = phrase->full ? 0 : phrase->size - phrase->length - 1;
    size_t length = slice.length <= room ? slice.length : phrase_fit(slice, room);
    memcpy(phrase->text + phrase->length, slice.data, length);
    phrase->length += length;
    phrase->text[phrase->length] = '\0';
    if (slice.length <= room || phrase->full)
        return;
    phrase->full = true;
    size_t most = phrase->size >= sizeof(PHRASE_ELLIPSIS) ? phrase->size - sizeof(PHRASE_ELLIPSIS) : 0;
    struct slice whole = {phrase->text, phrase->length};
    phrase->length = phrase_fit(whole, most);
    phrase->text[phrase->length] = '\0';
    if (phrase->size < sizeof(PHRASE_ELLIPSIS))
        return;
    memcpy(phrase->text + phrase->length, PHRASE_ELLIPSIS, sizeof(PHRASE_ELLIPSIS));
    phrase->length += sizeof(PHRASE_ELLIPSIS) - 1;
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
    size_t length = phrase_fit(slice, most);
    phrase_add_slice(phrase, (struct slice){slice.data, length});
    if (length < slice.length)
        phrase_add(phrase, PHRASE_ELLIPSIS);
}

#endif
