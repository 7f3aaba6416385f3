"""Clients: the docker CLI with pipes or on a terminal, and a bare connection whose every byte the test controls."""

import base64
import contextlib
import fcntl
import os
import pty
import re
import socket
import struct
import subprocess
import termios
import threading
from dataclasses import dataclass

from .wait import wait_until

DOCKER = os.environ.get("DOCKER", "/usr/bin/docker")


class Running:
    """A client process whose output is gathered while it runs; with a terminal of its own if size is given."""

    def __init__(self, command, env, size=None):
        self.command = command
        self.chunks = []
        self.errors = []
        self.master = None
        self.process = self._on_terminal(env, size) if size else self._on_pipes(env)

    def _on_pipes(self, env):
        process = subprocess.Popen(self.command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, bufsize=0, start_new_session=True)
        self.readers = [self._gather(process.stdout.fileno(), self.chunks),
                        self._gather(process.stderr.fileno(), self.errors)]
        return process

    def _on_terminal(self, env, size):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))

        def own_terminal():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        process = subprocess.Popen(self.command, env=env, stdin=slave, stdout=slave, stderr=slave,
                                   preexec_fn=own_terminal)
        os.close(slave)
        self.readers = [self._gather(self.master, self.chunks)]
        return process

    @staticmethod
    def _gather(descriptor, into):
        def gather():
            with contextlib.suppress(OSError):  # a terminal ends with EIO
                while data := os.read(descriptor, 65536):
                    into.append(data)

        thread = threading.Thread(target=gather, daemon=True)
        thread.start()
        return thread

    @property
    def output(self):
        return b"".join(self.chunks).decode(errors="replace")

    @property
    def stderr(self):
        return b"".join(self.errors).decode(errors="replace")

    def alive(self):
        return self.process.poll() is None

    def write(self, text):
        os.write(self.master if self.master is not None else self.process.stdin.fileno(), text.encode())

    def close_stdin(self):
        self.process.stdin.close()

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for_output(self, text, deadline=15):
        """Wait until `text`, a string or a compiled pattern, is in the output."""
        found = (lambda: text.search(self.output)) if isinstance(text, re.Pattern) else (lambda: text in self.output)
        try:
            return wait_until(found, deadline, f"{text!r} from {' '.join(self.command)}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nstate: {self.process.poll()}\nstdout: {self.output[-2000:]!r}\n"
                                 f"stderr: {self.stderr[-2000:]!r}") from None

    def wait(self, deadline=20):
        """Wait for its end; the exit code. All output has been gathered then."""
        try:
            code = self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{' '.join(self.command)} still runs after {deadline} s; stdout "
                                 f"{self.output[-2000:]!r} stderr {self.stderr[-2000:]!r}") from None
        for reader in self.readers:
            reader.join(5)
        return code

    def end(self):
        if self.alive():
            self.process.kill()
        self.process.wait(10)
        for reader in self.readers:
            reader.join(5)
        if self.master is not None:
            os.close(self.master)
            self.master = None


class Client:
    """A command line client: `command` with what the calls add, in an environment of its own."""

    def __init__(self, command, env):
        self.command = list(command)
        self.env = env
        self.started = []

    def run(self, *arguments, stdin=None, timeout=60, env=None, text=True):
        """Run to the end; the completed process, whatever its exit code."""
        options = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run([*self.command, *arguments], env={**self.env, **(env or {})}, capture_output=True, text=text,
                              timeout=timeout, check=False, **options)

    def __call__(self, *arguments, **options):
        """Run to the end, which must be exit code 0; its stdout, without the last line end."""
        done = self.run(*arguments, **options)
        assert done.returncode == 0, (f"{' '.join((*self.command, *arguments))}: exit code {done.returncode}\n"
                                      f"stdout: {done.stdout[-2000:]}\nstderr: {done.stderr[-2000:]}")
        return done.stdout.removesuffix("\n") if isinstance(done.stdout, str) else done.stdout

    def start(self, *arguments, size=None, env=None):
        """Start in the background, on a terminal of size (rows, columns) if given."""
        self.started.append(Running([*self.command, *arguments], {**self.env, **(env or {})}, size))
        return self.started[-1]

    def end(self):
        while self.started:
            self.started.pop().end()


class Docker(Client):
    """The docker CLI for one address, with a home folder of its own."""

    def __init__(self, host, home):
        super().__init__([DOCKER], {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(home),
                                    "DOCKER_CONFIG": str(home), "DOCKER_HOST": host, "TERM": "xterm"})
        self.host = host


@dataclass
class Head:
    status: int
    reason: str
    fields: dict

    def __getitem__(self, name):
        return self.fields.get(name.lower())


class Wire:
    """One connection to tcp://HOST:PORT or unix://PATH, HTTP/1.1 written and read by hand."""

    def __init__(self, address, timeout=20):
        if address.startswith("tcp://"):
            host, port = address[len("tcp://"):].rsplit(":", 1)
            self.socket = socket.create_connection((host.strip("[]"), int(port)), timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(timeout)
            self.socket.connect(address.removeprefix("unix://"))
        self.held = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)

    def send_request(self, method, target, body=None, **fields):
        """Send a head and its body; keywords are fields, underscores in their names stand for hyphens."""
        self.send(request_bytes(method, target, body, **fields))

    def call(self, method, target, body=None, **fields):
        """One whole exchange: head and body of the answer."""
        self.send_request(method, target, body, **fields)
        head = self.read_head()
        return head, b"" if method == "HEAD" else self.read_body(head)

    def read_head(self):
        lines = self.read_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        _, status, *reason = lines[0].split(" ", 2)
        fields = dict(line.split(":", 1) for line in lines[1:] if line)
        return Head(int(status), "".join(reason), {name.lower(): value.strip() for name, value in fields.items()})

    def read_body(self, head):
        """The body as its framing says; until the end of the connection where it has none."""
        if head.status in (204, 304):
            return b""
        if head["Transfer-Encoding"] == "chunked":
            return b"".join(iter(self.read_chunk, b""))
        if head["Content-Length"] is not None:
            return self.read_exactly(int(head["Content-Length"]))
        return self.read_all()

    def read_chunk(self):
        """One chunk; empty at the end of the body."""
        size = int(self.read_until(b"\r\n").split(b";")[0], 16)
        data = self.read_exactly(size)
        assert self.read_exactly(2) == b"\r\n"
        return data

    def read_frame(self):
        """One frame of a multiplexed stream: (1 stdout or 2 stderr, payload)."""
        stream, size = struct.unpack(">BxxxI", self.read_exactly(8))
        return stream, self.read_exactly(size)

    def read_exactly(self, count):
        while len(self.held) < count:
            self._receive(f"{count} bytes")
        data, self.held = self.held[:count], self.held[count:]
        return data

    def read_until(self, mark):
        """Bytes up to and without `mark`, which is taken off too."""
        while mark not in self.held:
            self._receive(repr(mark))
        data, self.held = self.held.split(mark, 1)
        return data

    def read_all(self):
        while data := self.socket.recv(65536):
            self.held += data
        data, self.held = self.held, b""
        return data

    def _receive(self, wanted):
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"connection ended before {wanted}; unread: {self.held[:500]!r}")
        self.held += data


def request_bytes(method, target, body=None, **fields):
    """A request in bytes: Host and, with a body, Content-Length are added unless given; None leaves a field out."""
    fields = {"Host": "docker", **fields}
    if body is not None and "Transfer_Encoding" not in fields:
        fields.setdefault("Content_Length", len(body))
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items() if value is not None]
    return "\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode() + (body or b"")


def chunk(data):
    """One chunk of a chunked body; of no data: its end."""
    return b"%x\r\n%s\r\n" % (len(data), data)


class WebSocket:
    """The client side of RFC 6455, as little as attach/ws needs."""

    def __init__(self, address, target):
        self.wire = Wire(address)
        self.wire.send_request("GET", target, Connection="Upgrade", Upgrade="websocket", Origin="http://localhost",
                               Sec_WebSocket_Key=base64.b64encode(os.urandom(16)).decode(), Sec_WebSocket_Version="13")
        self.head = self.wire.read_head()

    def send_text(self, text):
        data, mask = text.encode(), os.urandom(4)
        assert len(data) < 126
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.wire.send(bytes([0x81, 0x80 | len(data)]) + mask + masked)

    def receive(self):
        """The payload of the next frame."""
        _, size = self.wire.read_exactly(2)
        if size == 126:
            size = struct.unpack(">H", self.wire.read_exactly(2))[0]
        return self.wire.read_exactly(size)

    def receive_until(self, text):
        """Payloads of the next frames, until they contain `text`."""
        data = b""
        while text.encode() not in data:
            data += self.receive()
        return data.decode()

    def close(self):
        self.wire.close()
