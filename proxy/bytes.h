#ifndef SOCKWARDEN_PROXY_BYTES_H
#define SOCKWARDEN_PROXY_BYTES_H

/*
 * Looking for bytes eight at a time. Each function marks, by its highest bit, every byte of a word that is looked for;
 * a byte behind the first marked one may be marked by mistake, one in front of it never is. So marks of several kinds
 * may be put together with |, and only the first counts. Pure; used by http_scan.c and text.c.
 */

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BYTES_A_WORD = sizeof(uint64_t) };

static const uint64_t BYTES_ONES = UINT64_MAX / 0xff;

/* As little-endian, whatever the machine: the lowest byte is the first. */
static inline uint64_t
bytes_load(const char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return le64toh(word);
}

/* `least` is at most 0x80. */
static inline uint64_t
bytes_below(uint64_t word, unsigned least)
{
    return (word - BYTES_ONES * least) & ~word;
}

static inline uint64_t
bytes_equal(uint64_t word, unsigned char byte)
{
    uint64_t other = word ^ BYTES_ONES * byte;
    return (other - BYTES_ONES) & ~other;
}

static inline uint64_t
bytes_above_ascii(uint64_t word)
{
    return word;
}

/* Nonzero where a byte is marked. */
static inline uint64_t
bytes_marked(uint64_t marks)
{
    return marks & BYTES_ONES * 0x80;
}

/* Which byte the first marked one is; there is one. */
static inline size_t
bytes_first(uint64_t marked)
{
    return (size_t)__builtin_ctzll(marked) / 8;
}

#endif
