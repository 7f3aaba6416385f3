"""A scripted engine for what a real one can't be made to do: it delays, splits, drops, answers early or never.

Each connection is served by a thread that reads one request head, picks the script of its path and runs it with the
connection as its only argument. Scripts call the steps of Connection (read_body, send, wait, half_close, reset …);
what they leave unread is read after them until the peer ends. Every byte, the order of all events, and how the peer
ended are kept for the test to look at. A step that meets the peer's end raises PeerGone, which only ends the script;
any other exception of a script fails the test in FakeDaemon.stop().
"""

import contextlib
import json
import os
import select
import socket
import struct
import tempfile
import threading
import time

from .raw_client import unread_by_peer

RAW_STREAM = "application/vnd.docker.raw-stream"
MULTIPLEXED_STREAM = "application/vnd.docker.multiplexed-stream"
ENGINE_FIELDS = (("Api-Version", "1.41"), ("Docker-Experimental", "false"), ("Ostype", "linux"),
                 ("Server", "Docker/20.10.24 (linux)"))
REASONS = {200: "OK", 201: "Created", 204: "No Content", 304: "Not Modified", 400: "Bad Request", 404: "Not Found",
           409: "Conflict", 500: "Internal Server Error"}
DEADLINE = 20
PIECE = 256 * 1024


# --- Answers as bytes ---

def head(status, fields=(), reason=None, version="HTTP/1.1"):
    """An answer's head; the fields are written as given and in that order."""
    lines = [f"{version} {status} {reason or REASONS.get(status, 'Reason')}"]
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def json_answer(status, value, fields=()):
    """An ordinary answer of the engine: JSON and its length."""
    body = (json.dumps(value) + "\n").encode()
    framing = (("Content-Type", "application/json"), ("Content-Length", len(body)))
    return head(status, (*ENGINE_FIELDS, *framing, *fields)) + body


def chunked_head(status=200, content_type="application/json", fields=()):
    return head(status, (*ENGINE_FIELDS, ("Content-Type", content_type), ("Transfer-Encoding", "chunked"), *fields))


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


LAST_CHUNK = b"0\r\n\r\n"


def chunked(*pieces):
    """A whole chunked body, one chunk a piece."""
    return b"".join(map(chunk, pieces)) + LAST_CHUNK


def raw_stream_101(content_type=RAW_STREAM):
    """What attach and exec start answer to a request with an Upgrade field."""
    return head(101, (("Content-Type", content_type), ("Connection", "Upgrade"), ("Upgrade", "tcp")), "UPGRADED")


def raw_stream_200(content_type=RAW_STREAM):
    """What they answer without one: no length, and yet two directions until close."""
    return head(200, (("Content-Type", content_type),))


def h2c_101():
    return head(101, (("Connection", "Upgrade"), ("Upgrade", "h2c")), "Switching Protocols")


def websocket_101(accept="s3pPLMBiTxaQ9kYGzzhZRbK+xOo="):
    return head(101, (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)),
                "Switching Protocols")


# --- Scripts ---

def reply(*pieces):
    """Read the whole request, then send these bytes."""
    def script(connection):
        connection.read_body()
        for piece in pieces:
            connection.send(piece)
    return script


def never_answer(connection):
    """Read the whole request and whatever comes, answer nothing."""
    connection.read_body()
    connection.drain()


def say_who(connection):
    """The default: 200, and JSON that tells what was asked for."""
    body = connection.read_body()
    request = connection.request
    connection.send(json_answer(200, {"method": request.method, "target": request.target, "received": len(body)}))


# --- The engine ---

class PeerGone(Exception):
    """The peer ended, or the test did, before the script had what it waited for."""


class Request:
    """One request head as it arrived: line, method, target, version, fields in order."""

    def __init__(self, raw):
        self.raw = raw
        self.line, *lines = raw[:-4].decode("latin-1").split("\r\n")
        self.method, self.target, self.version = self.line.split(" ")
        self.path = self.target.partition("?")[0]
        self.fields = [tuple(line.split(": ", 1)) if ": " in line else tuple(line.split(":", 1)) for line in lines]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        """The value of the only field of this name; None without one."""
        values = self.all(name)
        assert len(values) < 2, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None


class Connection:
    """One accepted connection; the scripts use it as an actor, the tests as the record of what came.

    received: every byte. request: the head read first. body: what the request's body has brought so far, decoded.
    complete: its end was seen. chunks: the sizes of its chunks. fin, reset: how the peer ended. ended: all is over.
    """

    def __init__(self, daemon, sock):
        self.daemon, self.sock, self.number = daemon, sock, None
        self.received, self.pending = bytearray(), bytearray()
        self.events = []
        self.request = None
        self.body, self.complete, self.chunks = bytearray(), False, []
        self.sent = 0
        self.fin = self.reset_seen = self.ended = False

    # Steps of a script

    def read_head(self):
        while b"\r\n\r\n" not in self.pending:
            self._fill()
        end = self.pending.index(b"\r\n\r\n") + 4
        self.request = Request(self._take(end))
        self.body, self.complete, self.chunks = bytearray(), False, []
        self._note("head", self.request.line)
        return self.request

    def read_body(self):
        """The whole body by its framing."""
        if self.complete:
            return bytes(self.body)
        if self.request.get("Transfer-Encoding") == "chunked":
            while self._read_chunk():
                pass
        else:
            self._read_into_body(int(self.request.get("Content-Length") or 0))
        self.complete = True
        self._note("body", len(self.body))
        return bytes(self.body)

    def read_exactly(self, count):
        while len(self.pending) < count:
            self._fill()
        return self._take(count)

    def read_some(self):
        """What is there, at least a byte; b'' at the end."""
        with contextlib.suppress(PeerGone):
            while not self.pending:
                self._fill()
        return self._take(len(self.pending))

    def assert_silent(self, seconds):
        """Neither a byte nor the peer's end within this time."""
        assert not self.pending, f"bytes that should have waited: {bytes(self.pending[:200])!r}"
        assert not select.select([self.sock], [], [], seconds)[0], "bytes or an end that should have waited"

    def drain(self):
        """Everything until the peer ends."""
        with contextlib.suppress(PeerGone):
            while True:
                self._fill()
        return self._take(len(self.pending))

    def send(self, data):
        view = memoryview(data)
        try:
            while view:
                count = self.sock.send(view[:PIECE])
                view = view[count:]
                self.sent += count
        except (BrokenPipeError, ConnectionResetError) as error:
            self._note("send failed", type(error).__name__)
            raise PeerGone from error
        except TimeoutError:
            self._check_stop("send")
            raise
        self._note("sent", len(data))

    def send_split(self, data, size):
        """Send in pieces, each after the peer has taken the one before (unix sockets tell)."""
        for start in range(0, len(data), size):
            self.send(data[start:start + size])
            wait_taken(self.sock, DEADLINE)

    def wait(self, event):
        """Until the test sets this threading.Event."""
        end = time.monotonic() + DEADLINE
        while not event.wait(0.2):
            if self.daemon.stopping:
                raise PeerGone
            assert time.monotonic() < end, "the event that a script waits for never came"

    def half_close(self):
        self._note("half-closed")
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def close(self):
        """Close at once, whatever is unread."""
        self._note("closed")
        self.sock.close()

    def reset(self):
        """End with RST (TCP); a unix socket's peer sees ECONNRESET where bytes of it are unread."""
        self._note("reset")
        if self.sock.family != socket.AF_UNIX:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    # For tests

    def wait_for(self, condition, what, deadline=DEADLINE):
        """Until condition(connection) holds."""
        return self.daemon.wait_for(lambda: condition(self), f"connection {self.number}: {what}", deadline)

    def wait_received(self, data, deadline=DEADLINE):
        return self.wait_for(lambda me: data in me.received, f"bytes {data[:60]!r}", deadline)

    def wait_ended(self, deadline=DEADLINE):
        return self.wait_for(lambda me: me.ended, "to end", deadline)

    def kinds(self):
        return [kind for kind, _ in self.events]

    # Inner parts

    def run(self, script):
        try:
            if script is None:
                self.read_head()
                script = self.daemon.script_for(self.request)
            script(self)
            if self.sock.fileno() >= 0:
                self.half_close()
                self.drain()
        except PeerGone:
            pass
        except Exception as error:  # pylint: disable=broad-except
            if not self.daemon.stopping:
                self.daemon.failures.append((self.number, error))
        finally:
            self.sock.close()
            self.ended = True
            self.daemon.open.remove(self)
            self._note("ended")

    def _fill(self):
        if self.fin or self.reset_seen:
            raise PeerGone
        try:
            data = self.sock.recv(PIECE)
        except ConnectionResetError as error:
            self.reset_seen = True
            self._note("peer reset")
            raise PeerGone from error
        except TimeoutError:
            self._check_stop("recv")
            raise
        if not data:
            self._check_stop("recv")
            self.fin = True
            self._note("peer fin")
            raise PeerGone
        self.received += data
        self.pending += data
        self.daemon.count(self)
        self._note("received", len(data))

    def _check_stop(self, _step):
        if self.daemon.stopping:
            raise PeerGone

    def _take(self, count):
        data = bytes(self.pending[:count])
        del self.pending[:count]
        return data

    def _read_chunk(self):
        while b"\r\n" not in self.pending:
            self._fill()
        line = self._take(self.pending.index(b"\r\n") + 2)[:-2]
        size = int(line, 16)
        assert b"%x" % size == line.lower(), f"chunk size written as {line!r}"
        self._read_into_body(size)
        assert self.read_exactly(2) == b"\r\n", "bytes behind the last chunk or behind a chunk's data"
        self.chunks.append(size)
        return size

    def _read_into_body(self, count):
        while count:
            if not self.pending:
                self._fill()
            piece = self._take(min(count, len(self.pending)))
            self.body += piece
            count -= len(piece)
            self._note("body part", len(piece))

    def _note(self, kind, detail=None):
        with self.daemon.changed:
            self.events.append((kind, detail))
            self.daemon.changed.notify_all()


class FakeDaemon:
    """Listens on a unix socket in a folder of its own, or on TCP with tcp=True; `address` is for SOCKET_PATH.

    on(path, script) sets the script of a path (without its query), `default` that of all others; queue(script) gives
    the next connection a script that begins before anything is read. connections and requests hold all so far; a
    connection counts with its first byte, or at once where its script was queued.
    """

    def __init__(self, tcp=False, path=None, backlog=1024):
        self.changed = threading.Condition()
        self.connections, self.open, self.failures, self.threads = [], [], [], []
        self.scripts, self.queued, self.default = {}, [], say_who
        self.stopping = False
        self.folder = None
        self.backlog = backlog
        if tcp:
            self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
            self.address = "tcp://127.0.0.1:%d" % self.listener.getsockname()[1]
            self.path = None
        else:
            if path is None:
                self.folder = tempfile.TemporaryDirectory(prefix="sockwarden-fake-")
                path = os.path.join(self.folder.name, "docker.sock")
            self.path = self.address = path
            self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.listener.bind(path)
            self.listener.listen(backlog)
        self.acceptor = threading.Thread(target=self._accept, daemon=True)
        self.acceptor.start()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop(judge=kind is None)

    def on(self, path, script):
        self.scripts[path] = script
        return self

    def queue(self, script):
        self.queued.append(script)

    def count(self, connection):
        with self.changed:
            if connection.number is None:
                connection.number = len(self.connections)
                self.connections.append(connection)
                self.changed.notify_all()

    def script_for(self, request):
        return self.scripts.get(request.path, self.default)

    @property
    def requests(self):
        return [one.request for one in list(self.connections) if one.request]

    def connection(self, number=0, deadline=DEADLINE):
        """Waits for the connection of this number and its head."""
        self.wait_for(lambda: len(self.connections) > number and self.connections[number].request,
                      f"request {number}", deadline)
        return self.connections[number]

    def connection_for(self, target, deadline=DEADLINE):
        """Waits for the first connection whose request has this target."""
        def find():
            return next((one for one in list(self.connections) if one.request and one.request.target == target), None)
        return self.wait_for(find, f"a request for {target}", deadline)

    def wait_for(self, condition, what, deadline=DEADLINE):
        with self.changed:
            value = self.changed.wait_for(condition, deadline)
            assert value, f"the engine waited {deadline} s in vain for {what}; it saw {self.story()}"
            return value

    def story(self):
        """The events of the last connections, for messages."""
        return [(one.number, one.events[-8:]) for one in self.connections[-4:]] or "no connection"

    def settle(self):
        """Until every connection that was accepted has brought its first byte or has ended."""
        self.wait_for(lambda: all(one.number is not None for one in list(self.open)), "open connections to say a word")

    def forget(self):
        """Begin a new count; what was accepted before it does not count late."""
        self.settle()
        with self.changed:
            self.connections = []

    def stop(self, judge=True):
        self.stopping = True
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.acceptor.join(5)
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(5)
        if self.folder:
            self.folder.cleanup()
        if judge:
            self.judge()

    def judge(self):
        """Fails with the first failure of a script, once."""
        failures, self.failures = self.failures, []
        if failures:
            number, error = failures[0]
            raise AssertionError(f"the script of connection {number} failed: {error!r}") from error

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(DEADLINE)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self, sock)
            self.open.append(connection)
            script = self.queued.pop(0) if self.queued else None
            if script:
                self.count(connection)
            thread = threading.Thread(target=connection.run, args=(script,), daemon=True)
            self.threads.append(thread)
            thread.start()


def fill_backlog(listener, path):
    """Listen at `path` and leave no room in the backlog; the sockets that fill it."""
    listener.bind(path)
    listener.listen(0)
    filler = []
    with contextlib.suppress(BlockingIOError):
        for _ in range(20):
            one = socket.socket(socket.AF_UNIX)
            filler.append(one)
            one.setblocking(False)
            one.connect(path)
    return filler


def wait_taken(sock, deadline):
    """Until the peer has read all that was written; False when it ended or the deadline passed. Unix sockets only."""
    end = time.monotonic() + deadline
    while unread_by_peer(sock):
        if time.monotonic() > end:
            return False
        os.sched_yield()
    return True
