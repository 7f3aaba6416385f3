"""Bytes to send through: long ones that repeat late, and ways to cut them."""

import hashlib

from .fake_daemon import LAST_CHUNK, chunk

MIB = 1024 * 1024


def noise(size, seed=0):
    """Bytes in which a loss, a doubling or an exchange can't go unnoticed."""
    block = b"".join(hashlib.sha256(b"%d.%d" % (seed, number)).digest() for number in range(4096))
    return (block * (size // len(block) + 1))[:size]


def in_chunks(data, sizes):
    """The data as a chunked body, the sizes taken in turn."""
    wire, start, number = [], 0, 0
    while start < len(data):
        size = sizes[number % len(sizes)]
        wire.append(chunk(data[start:start + size]))
        start, number = start + size, number + 1
    return b"".join(wire) + LAST_CHUNK


def sha(data):
    return hashlib.sha256(data).hexdigest()
