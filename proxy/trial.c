#include "trial.h"

#include <stdint.h>
#include <stdlib.h>

enum { SLOTS = 1024, NAME_LENGTH = 32 };

/* Fingerprints of what was told, in a table with room to spare: 0 is a free slot. */
struct trial {
    uint64_t slots[SLOTS];
    size_t count;
    size_t strangers;
    bool limit_told;
};

/* FNV-1a. Two calls of one fingerprint would be told as one, which harms nobody. */
static const uint64_t FINGERPRINT_BEGIN = 0xcbf29ce484222325;

static uint64_t
fingerprint_add(uint64_t fingerprint, struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        fingerprint = (fingerprint ^ (unsigned char)text.data[i]) * 0x100000001b3;
    /* An end that no text has, so that "ab" "c" is not "a" "bc". */
    return (fingerprint ^ 0x100) * 0x100000001b3;
}

/* The slot that has the fingerprint or that it would get. One is always free. */
static uint64_t *
find(struct trial *trial, uint64_t fingerprint)
{
    size_t at = fingerprint % SLOTS;
    while (trial->slots[at] != 0 && trial->slots[at] != fingerprint)
        at = (at + 1) % SLOTS;
    return &trial->slots[at];
}

static bool
add(struct trial *trial, uint64_t fingerprint, size_t most)
{
    uint64_t *slot = find(trial, fingerprint);
    if (*slot != 0 || trial->count >= most)
        return false;
    *slot = fingerprint;
    trial->count++;
    return true;
}

/* 0 means a free slot. */
static uint64_t
not_zero(uint64_t fingerprint)
{
    return fingerprint != 0 ? fingerprint : 1;
}

struct trial *
trial_new(void)
{
    return calloc(1, sizeof(struct trial));
}

void
trial_free(struct trial *trial)
{
    free(trial);
}

enum trial_news
trial_note(struct trial *trial, const char *operation)
{
    uint64_t fingerprint = fingerprint_add(FINGERPRINT_BEGIN, slice_from_string(operation));
    return add(trial, not_zero(fingerprint), SLOTS - TRIAL_STRANGERS_MAX - 1) ? TRIAL_FIRST : TRIAL_TOLD;
}

static bool
is_name(struct slice segment, size_t index, bool is_last)
{
    if (segment.length > NAME_LENGTH || (index % 2 == 1 && !is_last))
        return true;
    for (size_t i = 0; i < segment.length; i++)
        if (segment.data[i] >= '0' && segment.data[i] <= '9')
            return true;
    return false;
}

/* Takes the first segment off a path that begins with its slash. */
static struct slice
next_segment(struct slice *path)
{
    struct slice segment = {path->data + 1, path->length - 1};
    const char *slash = memchr(segment.data, '/', segment.length);
    if (slash != NULL)
        segment.length = (size_t)(slash - segment.data);
    *path = (struct slice){segment.data + segment.length, path->length - 1 - segment.length};
    return segment;
}

enum trial_news
trial_note_stranger(struct trial *trial, struct slice method, struct slice path)
{
    uint64_t fingerprint = fingerprint_add(FINGERPRINT_BEGIN, method);
    size_t index = 0;
    while (path.length > 0) {
        struct slice segment = next_segment(&path);
        bool prefix = index == 0 && slice_equals(segment, SLICE_LITERAL("libpod"));
        bool name = is_name(segment, index, path.length == 0);
        fingerprint = fingerprint_add(fingerprint, name ? SLICE_LITERAL("{}") : segment);
        index += prefix ? 0 : 1; /* what follows it has the form that Docker's paths have */
    }
    if (trial->strangers < TRIAL_STRANGERS_MAX) {
        if (!add(trial, not_zero(fingerprint), SLOTS - 1))
            return TRIAL_TOLD;
        trial->strangers++;
        return TRIAL_FIRST;
    }
    if (trial->limit_told || *find(trial, not_zero(fingerprint)) != 0)
        return TRIAL_TOLD;
    trial->limit_told = true;
    return TRIAL_LIMIT;
}
