"""A client that sends exactly the bytes it is told to and reads answers strictly, each step with a deadline."""

import array
import contextlib
import fcntl
import json
import os
import re
import select
import socket
import struct
import termios
import time

DEADLINE = 10
PIECE = 256 * 1024
SIOCOUTQ = termios.TIOCOUTQ


class Ended(Exception):
    """The connection ended where bytes were awaited; `reset` tells how."""

    def __init__(self, what, reset=False):
        super().__init__(f"{'reset' if reset else 'end'} while reading {what}")
        self.reset = reset


def unread_by_peer(sock):
    """How much of what was written waits for the peer to read it (unix sockets: exact at zero)."""
    count = array.array("i", [0])
    fcntl.ioctl(sock, SIOCOUTQ, count)
    return count[0]


class Answer:
    """One answer: status, reason, version, fields as (name, value) in order, body, and how the body was framed."""

    def __init__(self, raw):
        self.raw_head = raw
        line, *lines = raw[:-4].decode("latin-1").split("\r\n")
        self.version, code, self.reason = (line.split(" ", 2) + [""])[:3]
        assert self.version in ("HTTP/1.1", "HTTP/1.0") and len(code) == 3, f"status line {line!r}"
        self.status = int(code)
        self.fields = []
        for text in lines:
            name, colon, value = text.partition(":")
            assert colon and name == name.strip(), f"field line {text!r}"
            self.fields.append((name, value.strip(" \t")))
        self.body = b""
        self.framing = None

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def message(self):
        """The text of an error in the engine's form."""
        return json.loads(self.body)["message"]

    def __repr__(self):
        return f"<{self.status} {self.reason} {self.fields} {self.framing} {self.body[:200]!r}>"


class RawClient:
    """A TCP connection to (host, port) or a unix one to a path."""

    def __init__(self, address, deadline=DEADLINE):
        self.sock = socket.socket(socket.AF_UNIX if isinstance(address, str) else
                                  socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
        self.sock.settimeout(deadline)
        self.sock.connect(address)
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = bytearray()
        self.left = 0  # of the chunk that is being read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    @property
    def name(self):
        """How the log calls this client."""
        if self.sock.family == socket.AF_UNIX:
            return f"uid:{os.getuid()},pid:{os.getpid()}"
        return "%s:%d" % self.sock.getsockname()[:2]

    # Writing

    def send(self, data):
        self.sock.sendall(data)
        return self

    def send_split(self, data, size=1):
        """Each piece only after the proxy has read the one before; stops when it answers or ends. Unix sockets only.

        Returns the count of bytes sent."""
        for start in range(0, len(data), size):
            try:
                self.sock.sendall(data[start:start + size])
            except (BrokenPipeError, ConnectionResetError):
                return start
            if not self._wait_taken():
                return start + size
        return len(data)

    def send_cut(self, data, offset):
        """In two pieces, the second after the proxy has read the first."""
        self.send_split(data[:offset], offset or 1)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data[offset:])

    def send_for(self, data, seconds):
        """As much as goes out within this time of nothing moving; the count."""
        view, total = memoryview(data), 0
        self.sock.setblocking(False)
        try:
            while view and select.select([], [self.sock], [], seconds)[1]:
                with contextlib.suppress(BlockingIOError):
                    count = self.sock.send(view[:PIECE])
                    view, total = view[count:], total + count
        finally:
            self.sock.settimeout(DEADLINE)
        return total

    def half_close(self):
        self.sock.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        """End with RST; on a unix socket a close, which is all there is."""
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    # Reading

    def read_head(self):
        """The head of the next message, as an Answer without a body."""
        while b"\r\n\r\n" not in self.pending:
            self._fill("a head")
        return Answer(self._take(self.pending.index(b"\r\n\r\n") + 4))

    def read_answer(self, method="GET"):
        """The next answer and its body, as its framing says; a 1xx other than 101 is an answer of its own."""
        answer = self.read_head()
        coding, length = answer.get("Transfer-Encoding"), answer.get("Content-Length")
        assert not (coding and length), f"two framings: {answer}"
        if method == "HEAD" or answer.status in (204, 304) or answer.status < 200:
            answer.framing = "none"
        elif coding:
            assert coding == "chunked", f"Transfer-Encoding {coding!r}"
            answer.framing = "chunked"
            pieces = []
            while piece := self.read_piece():
                pieces.append(piece)
            answer.body = b"".join(pieces)
        elif length is not None:
            answer.framing = "length"
            answer.body = self.read_exactly(int(length))
        else:
            answer.framing = "eof"
            answer.body = self.read_until_eof()
        return answer

    def read_piece(self):
        """Some data of a chunked body, what there is of it in one chunk; b'' at the end of the body."""
        if not self.left:
            size = self.read_line().partition(b";")[0]
            assert re.fullmatch(rb"[0-9a-fA-F]{1,16}", size), f"chunk size {size!r}"
            self.left = int(size, 16)
            if not self.left:
                while self.read_line():  # trailers
                    pass
                return b""
        if not self.pending:
            self._fill(f"a chunk of which {self.left} bytes are to come")
        data = self._take(min(self.left, len(self.pending)))
        self.left -= len(data)
        if not self.left:
            assert self.read_exactly(2) == b"\r\n", "a chunk without its CRLF"
        return data

    def read_chunk(self):
        """The data of the next chunk; b'' for the last one with its end."""
        data = self.read_piece()
        while self.left:
            data += self.read_piece()
        return data

    def read_data(self, count):
        """Exactly this much data of a chunked body, however it is cut into chunks."""
        data = b""
        while len(data) < count:
            piece = self.read_piece()
            assert piece, f"the body ended behind {data!r}"
            data += piece
        assert len(data) == count, f"more data than awaited: {data!r}"
        return data

    def read_line(self):
        while b"\r\n" not in self.pending:
            self._fill("a line")
        return self._take(self.pending.index(b"\r\n") + 2)[:-2]

    def read_exactly(self, count):
        while len(self.pending) < count:
            self._fill(f"{count} bytes, of which {len(self.pending)} came")
        return self._take(count)

    def read_until_eof(self, reset_ok=False):
        """Everything up to the end, which must be a FIN unless reset_ok."""
        while True:
            try:
                self._fill("until the end")
            except Ended as end:
                if end.reset and not reset_ok:
                    raise
                return self._take(len(self.pending))

    def assert_ended(self, reset_ok=True):
        """The connection ends, without another byte."""
        rest = self.read_until_eof(reset_ok)
        assert rest == b"", f"bytes before the end: {rest[:300]!r}"

    def assert_silent(self, seconds):
        """Neither a byte nor the end arrives within this time."""
        ready = select.select([self.sock], [], [], seconds)[0]
        got = self.sock.recv(300, socket.MSG_PEEK) if ready else None
        assert not self.pending and not ready, f"expected silence, got {bytes(self.pending) or got!r}"

    def exchange(self, request, method=None):
        """Send one request, read its answer."""
        self.send(request)
        return self.read_answer(method or request.split(b" ", 1)[0].decode())

    # Inner parts

    def _fill(self, what):
        try:
            data = self.sock.recv(PIECE)
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Ended(what, reset=True) from error
        except TimeoutError as error:
            raise AssertionError(f"nothing came for {self.sock.gettimeout()} s while reading {what}; "
                                 f"so far {bytes(self.pending[:300])!r}") from error
        if not data:
            raise Ended(what)
        self.pending += data

    def _take(self, count):
        data = bytes(self.pending[:count])
        del self.pending[:count]
        return data

    def _wait_taken(self):
        end = time.monotonic() + DEADLINE
        while unread_by_peer(self.sock):
            if select.select([self.sock], [], [], 0)[0]:
                return False
            assert time.monotonic() < end, "the proxy stopped reading and said nothing"
            os.sched_yield()
        return True


def request(method, target, *fields, body=None, version="HTTP/1.1"):
    """The bytes of a request; fields are 'Name: value' strings, a body gets its Content-Length."""
    lines = [f"{method} {target} {version}", "Host: localhost", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
