"""The clients of the soak: each does what a real one does, again and again, and checks every answer it gets.

Two kinds of trouble are told apart. Broken: a call that failed or ended early; it is expected while the engine is being
restarted and a fault at any other time. Wrong: an answer that belongs to another request, or data that nobody sent; it
is a fault always.
"""

import io
import json
import random
import struct
import subprocess
import tarfile
import threading
import time

from harness.raw_client import Ended, RawClient, request

JSON = "Content-Type: application/json"
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
PACE = 0.05  # seconds between two calls of a client, on average


class Broken(Exception):
    """The call failed."""


class Wrong(Exception):
    """The answer can't be the one to this call."""


def expect(condition, text):
    if not condition:
        raise Broken(text)


class Weather:
    """Whether the engine is up, and how often that changed. Set by the one who restarts it, read by the clients."""

    def __init__(self):
        self.calm = threading.Event()
        self.changes = 0

    def turn(self, calm):
        self.changes += 1
        if calm:
            self.calm.set()
        else:
            self.calm.clear()


class Client(threading.Thread):
    """One kind of client. A subclass does one round of its work in `round`; connections it opens are closed after it."""

    def __init__(self, site, number):
        super().__init__(daemon=True, name=f"{type(self).__name__}-{number}")
        self.site = site
        self.random = random.Random(f"{site.seed} {self.name}")
        self.rounds, self.calls, self.disturbed = 0, 0, 0
        self.opened = []

    def run(self):
        while not self.site.stop.wait(self.random.uniform(0, 2 * PACE)):
            changes, calm = self.site.weather.changes, self.site.weather.calm.is_set()
            try:
                self.round()
                self.rounds += 1
            except Wrong as error:
                self.site.fault(self.name, error)
            except (Broken, Ended, AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
                if calm and changes == self.site.weather.changes:
                    self.site.fault(self.name, error)
                else:
                    self.disturbed += 1
            except Exception as error:  # pylint: disable=broad-except
                self.site.fault(self.name, error)  # a client that is at fault itself must not fall silent
            finally:
                for one in self.opened:
                    one.close()
                self.opened.clear()

    def round(self):
        raise NotImplementedError

    def connect(self):
        self.opened.append(RawClient(self.site.addresses[self.random.random() < 0.3], deadline=30))
        return self.opened[-1]

    def token(self):
        return f"soak-{self.name.lower()}-{self.random.getrandbits(64):016x}"

    def call(self, client, method, target, *fields, body=None, status=(200,)):
        """One whole exchange; an answer made by the proxy for want of an engine is Broken."""
        self.calls += 1
        answer = client.exchange(request(method, target, *fields, body=body), method)
        expect(answer.status in status, f"{method} {target}: {answer}")
        return answer

    def call_json(self, client, method, target, value, status=(200, 201)):
        answer = self.call(client, method, target, JSON, body=json.dumps(value).encode(), status=status)
        return json.loads(answer.body)

    def new_exec(self, client, container, *command, stdin=False):
        wanted = {"Cmd": list(command), "AttachStdin": stdin, "AttachStdout": True, "AttachStderr": True}
        return self.call_json(client, "POST", f"/containers/{container}/exec", wanted)["Id"]

    def pause(self, most):
        self.site.stop.wait(self.random.uniform(0, most))


def read_frames(client, length):
    """The payloads of a multiplexed stream, up to this many bytes or the end."""
    data = b""
    while len(data) < length:
        try:
            _, size = struct.unpack(">BxxxI", client.read_exactly(8))
        except Ended as end:
            if end.reset:
                raise
            break
        data += client.read_exactly(size)
    return data


def read_chunked_frame(client, held):
    """The payload of the next frame of a multiplexed stream in a chunked body; `held` keeps what was read beyond."""
    def need(count):
        while len(held) < count:
            piece = client.read_piece()
            expect(piece, "the stream ended")
            held.extend(piece)
    need(8)
    size = struct.unpack(">BxxxI", held[:8])[1]
    need(8 + size)
    data = bytes(held[8:8 + size])
    del held[:8 + size]
    return data


class Poller(Client):
    """A dashboard: many quick calls over one connection. The only one that goes on asking while the engine is away."""

    def round(self):
        client = self.connect()
        for _ in range(self.random.randint(1, 30)):
            if self.site.stop.is_set():
                return
            self.random.choice((self.ping, self.head, self.version, self.list, self.missing, self.missing, self.refused,
                                self.refused_body))(client)
            self.pause(PACE)

    def ping(self, client):
        answer = self.call(client, "GET", "/_ping", status=(200, 503, 502))
        if answer.status == 200:
            self.check(answer.body == b"OK", answer)
        else:
            self.away(answer)

    def head(self, client):
        answer = self.call(client, "HEAD", "/_ping")
        self.check(answer.body == b"" and answer.get("Api-Version"), answer)

    def version(self, client):
        answer = self.call(client, "GET", "/version")
        self.check("ApiVersion" in json.loads(answer.body), answer)

    def list(self, client):
        answer = self.call(client, "GET", "/v1.41/containers/json?all=1")
        names = [name for one in json.loads(answer.body) for name in one["Names"]]
        self.check(f"/{self.site.ticker}" in names, answer)

    def missing(self, client):
        token = self.token()
        answer = self.call(client, "GET", f"/containers/{token}/json", status=(404, 503, 502))
        if answer.status == 404:
            self.check(token in answer.message, answer)
        else:
            self.away(answer)

    def refused(self, client):
        token = self.token()
        answer = self.call(client, "GET", f"/secrets/{token}", status=(403,))
        self.check(answer.message.startswith(f"sockwarden: GET /secrets/{token} refused: "), answer)

    def refused_body(self, client):
        token = self.token()
        answer = self.call(client, "POST", f"/secrets/{token}/update", JSON, body=b" " * self.random.randint(1, 5000),
                           status=(403,))
        self.check(f"POST /secrets/{token}/update" in answer.message, answer)

    @staticmethod
    def away(answer):
        if not answer.message.startswith("sockwarden: "):
            raise Wrong(f"not an answer of the proxy: {answer}")
        raise Broken(answer.message)

    @staticmethod
    def check(condition, answer):
        if not condition:
            raise Wrong(f"not the answer to this call: {answer}")


class Aborter(Client):
    """A client that leaves at any point: within a head, within a body, before the answer, within it, within a tunnel."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        self.calls += 1
        self.random.choice((self.within_head, self.within_body, self.before_answer, self.within_answer, self.within_stream,
                            self.within_tunnel))(client)
        self.random.choice((client.close, client.reset, client.half_close))()

    def within_head(self, client):
        data = request("GET", f"/containers/{self.token()}/json", "X-Meta-Pad: " + "a" * self.random.randint(0, 3000))
        client.send(data[:self.random.randrange(1, len(data))])

    def within_body(self, client):
        framing = self.random.choice(("Content-Length: 200000", "Transfer-Encoding: chunked"))
        client.send(request("POST", "/images/load", "Content-Type: application/x-tar", framing))
        data = b"1000\r\n" + b"a" * 4096 + b"\r\n" if "chunked" in framing else b"a" * 4096
        client.send(data * self.random.randint(0, 20) + data[:self.random.randrange(len(data))])

    def before_answer(self, client):
        client.send(request("GET", f"/containers/{self.token()}/json") * self.random.randint(1, 5))

    def within_answer(self, client):
        client.send(request("GET", "/info"))
        client.read_exactly(self.random.randint(1, 500))

    def within_stream(self, client):
        client.send(request("GET", f"/containers/{self.site.ticker}/logs?follow=1&stdout=1&tail=100"))
        client.read_exactly(self.random.randint(1, 2000))

    def within_tunnel(self, client):
        number = self.new_exec(client, self.site.ticker, "cat", stdin=True)
        client.send(request("POST", f"/exec/{number}/start", JSON, *UPGRADE, body=b'{"Detach":false,"Tty":false}'))
        expect(client.read_head().status == 101, "exec start was not taken over")
        client.send(b"x" * self.random.randint(1, 50_000))


class EventWatcher(Client):
    """Follows the events and finds those that it caused itself."""

    def round(self):
        self.site.weather.calm.wait(5)
        watcher, actor = self.connect(), self.connect()
        self.calls += 1
        # The engine sends its head before it subscribes, so that what happens between would be missed without `since`.
        filters = '{"type":["container"]}'.replace('"', "%22")
        watcher.send(request("GET", f"/events?since={int(time.time())}&filters={filters}"))
        head = watcher.read_head()
        expect(head.status == 200 and head.get("Transfer-Encoding") == "chunked", f"events: {head}")
        for _ in range(self.random.randint(1, 5)):
            token = self.token()
            number = self.new_exec(actor, self.site.ticker, "echo", token)
            self.wait_for(watcher, f"exec_create: echo {token}", number)
        watcher.half_close()
        while watcher.read_piece():
            pass

    def wait_for(self, watcher, action, number):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            event = json.loads(watcher.read_chunk())
            if event["Action"] == action:
                if event["Actor"]["Attributes"]["execID"] != number:
                    raise Wrong(f"an event of another exec: {event}")
                return
        raise Broken(f"no event {action!r}")


class LogFollower(Client):
    """Follows the log of a container that counts; the numbers must be consecutive."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        self.calls += 1
        client.send(request("GET", f"/containers/{self.site.ticker}/logs?follow=1&stdout=1&tail=3"))
        head = client.read_head()
        expect(head.status == 200, f"logs: {head}")
        last, held = None, bytearray()
        for _ in range(self.random.randint(5, 60)):
            line = read_chunked_frame(client, held).decode()
            if not line.startswith("tick "):
                raise Wrong(f"a line that nobody wrote: {line!r}")
            number = int(line.split()[1])
            if last is not None and number not in (last + 1, 0):  # 0: the container was started anew
                raise Wrong(f"tick {number} behind tick {last}")
            last = number


class StatsWatcher(Client):
    """Reads some documents of a stats stream, then leaves."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        self.calls += 1
        client.send(request("GET", f"/containers/{self.site.ticker}/stats"))
        head = client.read_head()
        expect(head.status == 200, f"stats: {head}")
        for _ in range(self.random.randint(1, 3)):
            text = b""
            while not text.endswith(b"\n"):
                piece = client.read_piece()
                expect(piece, "the stats ended")
                text += piece
            name = json.loads(text)["name"]
            if name != f"/{self.site.ticker}":
                raise Wrong(f"the stats of {name}")


class Executor(Client):
    """docker exec -i: bytes go in, the same come back, then the end, in both framings of the request."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        number = self.new_exec(client, self.site.ticker, "cat", stdin=True)
        data = self.random.randbytes(self.random.choice((0, 1, 100, 70_000, 300_000)))
        body = b'{"Detach":false,"Tty":false}'
        self.calls += 1
        if self.random.random() < 0.5:
            client.send(request("POST", f"/exec/{number}/start", JSON, *UPGRADE, body=body))
            wanted = 101
        else:
            client.send(request("POST", f"/exec/{number}/start", JSON, "Transfer-Encoding: chunked"))
            client.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            wanted = 200
        head = client.read_head()
        expect(head.status == wanted, f"exec start: {head}")
        writer = threading.Thread(target=self.write, args=(client, data), daemon=True)
        writer.start()
        got = read_frames(client, len(data) + 1)
        writer.join(30)
        # An engine that goes down meanwhile writes its error into the stream, where a process would have written.
        expect(data.startswith(got) or not got.endswith(b"\r\n"), f"the stream says {got[:500]!r}")
        if not data.startswith(got):
            raise Wrong(f"{len(got)} bytes came back, not those of the {len(data)} that were sent")
        expect(len(got) == len(data), f"{len(got)} of {len(data)} bytes came back")
        state = json.loads(self.call(self.connect(), "GET", f"/exec/{number}/json").body)
        if state["ID"] != number:
            raise Wrong(f"asked for exec {number}, got {state}")

    @staticmethod
    def write(client, data):
        try:
            client.send(data)
            client.half_close()
        except OSError:
            pass  # the reader meets the same end and tells it


class Attacher(Client):
    """docker attach: says lines to a container that repeats them. The only client of that container."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        self.calls += 1
        client.send(request("POST", f"/containers/{self.site.parrot}/attach?stream=1&stdin=1&stdout=1", *UPGRADE))
        head = client.read_head()
        expect(head.status == 101, f"attach: {head}")
        for _ in range(self.random.randint(1, 5)):
            line = self.token().encode() + b"\n"
            client.send(line)
            got = read_frames(client, len(line))
            expect(got, "the attached stream ended")
            if got != line:
                raise Wrong(f"said {line!r}, heard {got!r}")


class Copier(Client):
    """docker cp: a file goes in with or without a length, and comes back as it was."""

    def round(self):
        self.site.weather.calm.wait(5)
        client = self.connect()
        name, data = self.token(), self.random.randbytes(self.random.choice((0, 10, 100_000, 1_000_000)))
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        self.put(client, buffer.getvalue())
        answer = self.call(client, "GET", f"/containers/{self.site.ticker}/archive?path=/tmp/{name}")
        with tarfile.open(fileobj=io.BytesIO(answer.body)) as tar:
            back = tar.extractfile(name).read()
        if back != data:
            raise Wrong(f"{len(data)} bytes of {name} came back as {len(back)} others")
        number = self.new_exec(client, self.site.ticker, "rm", f"/tmp/{name}")
        self.call(client, "POST", f"/exec/{number}/start", JSON, body=b'{"Detach":true}')

    def put(self, client, archive):
        target, tar_type = f"/containers/{self.site.ticker}/archive?path=/tmp", "Content-Type: application/x-tar"
        if self.random.random() < 0.5:
            self.call(client, "PUT", target, tar_type, body=archive)
            return
        self.calls += 1
        client.send(request("PUT", target, tar_type, "Transfer-Encoding: chunked", "Expect: 100-continue"))
        head = client.read_head()
        expect(head.status == 100, f"no 100 Continue but {head}")
        while archive:
            size = self.random.randint(1, 50_000)
            client.send(b"%x\r\n%s\r\n" % (len(archive[:size]), archive[:size]))
            archive = archive[size:]
        client.send(b"0\r\n\r\n")
        answer = client.read_answer()
        expect(answer.status == 200, f"PUT {target}: {answer}")


class CommandLine(Client):
    """The docker CLI itself, at a slow pace."""

    def round(self):
        self.site.weather.calm.wait(5)
        token = self.token()
        self.calls += 1
        said = self.site.docker("exec", "-i", self.site.ticker, "cat", stdin=token, timeout=60)
        if said != token:
            raise Wrong(f"docker exec cat was told {token!r} and said {said!r}")
        expect(self.site.ticker in self.site.docker("ps", "--format", "{{.Names}}", timeout=60), "docker ps")
        self.pause(2)


KINDS = ((Poller, 6), (Aborter, 3), (EventWatcher, 1), (LogFollower, 2), (StatsWatcher, 1), (Executor, 2), (Attacher, 1),
         (Copier, 1), (CommandLine, 1))


def all_clients(site):
    return [kind(site, number) for kind, count in KINDS for number in range(count)]
