#include "phrase.h"

/* As many bytes of a text, up to `most`, as are whole letters of UTF-8. */
static size_t
phrase_fit(struct slice text, size_t most)
{
    size_t length = text.length < most ? text.length : most;
    while (length > 0 && length < text.length && ((unsigned char)text.data[length] & 0xC0) == 0x80)
        length--;
    return length;
}

static void
append(struct phrase *phrase, struct slice slice)
{
    memcpy(phrase->text + phrase->length, slice.data, slice.length);
    phrase->length += slice.length;
    phrase->text[phrase->length] = '\0';
}

/* The last that it takes: what fits, and an ellipsis. */
static void
cut(struct phrase *phrase, struct slice slice, size_t room)
{
    append(phrase, (struct slice){slice.data, phrase_fit(slice, room)});
    phrase->full = true;
    size_t most = phrase->size >= sizeof(PHRASE_ELLIPSIS) ? phrase->size - sizeof(PHRASE_ELLIPSIS) : 0;
    phrase->length = phrase_fit((struct slice){phrase->text, phrase->length}, most);
    phrase->text[phrase->length] = '\0';
    if (phrase->size >= sizeof(PHRASE_ELLIPSIS))
        append(phrase, SLICE_LITERAL(PHRASE_ELLIPSIS));
}

void
phrase_add_slice(struct phrase *phrase, struct slice slice)
{
    size_t room = phrase->size - phrase->length - 1;
    if (phrase->full)
        return;
    if (slice.length <= room)
        append(phrase, slice);
    else
        cut(phrase, slice, room);
}

void
phrase_add(struct phrase *phrase, const char *text)
{
    phrase_add_slice(phrase, slice_from_string(text));
}

void
phrase_add_cut(struct phrase *phrase, struct slice slice, size_t most)
{
    size_t length = phrase_fit(slice, most);
    phrase_add_slice(phrase, (struct slice){slice.data, length});
    if (length < slice.length)
        phrase_add(phrase, PHRASE_ELLIPSIS);
}
