"""What a proxy adds to a call of a real engine: the same calls straight to the engine's socket and through each proxy, in turn,
so that the engine's own ups and downs meet all of them."""

import contextlib
import re
import socket
import statistics
import time

from harness.engine import Engine, missing_engine

CALLS = (("docker ps", "GET", "/v1.41/containers/json"), ("docker info", "GET", "/v1.41/info"))
EXEC = b'{"AttachStdout":true,"AttachStderr":true,"Cmd":["/bin/echo","hello"]}'
CONTAINER = {"Image": "box:1", "Cmd": ["/bin/sleep", "1000"], "HostConfig": {"NetworkMode": "none"}}


class Wire:
    """One connection, on which calls are made one after the other."""

    def __init__(self, address):
        kind = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(kind, socket.SOCK_STREAM)
        self.socket.connect(address)
        if kind == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, method, target, body=b"", fields=""):
        head = f"{method} {target} HTTP/1.1\r\nHost: docker\r\n{fields}"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(head.encode() + b"\r\n" + body)

    def _more(self):
        piece = self.socket.recv(1 << 18)
        assert piece, "the connection ended early"
        return piece

    def answer(self):
        """Status and body of an answer of known length, or chunked."""
        data = self._more()
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        while len(body) < int(length[1]) if length else not body.endswith(b"0\r\n\r\n"):
            body += self._more()
        return int(head.split()[1]), body

    def rest(self):
        data = b""
        while piece := self.socket.recv(1 << 16):
            data += piece
        return data

    def close(self):
        self.socket.close()


def call(wire, method, target):
    began = time.perf_counter()
    wire.send(method, target)
    status, _ = wire.answer()
    took = time.perf_counter() - began
    assert status == 200, f"{target}: {status}"
    return took


def exec_echo(address, container):
    """What `docker exec CONTAINER echo hello` does, from the creation to the last byte."""
    began = time.perf_counter()
    with contextlib.closing(Wire(address)) as wire:
        wire.send("POST", f"/v1.41/containers/{container}/exec", EXEC)
        status, body = wire.answer()
        assert status == 201, body
        name = re.search(rb'"Id":"(\w+)"', body)[1].decode()
        wire.send("POST", f"/v1.41/exec/{name}/start", b'{"Detach":false,"Tty":false}',
                  "Connection: Upgrade\r\nUpgrade: tcp\r\n")
        data = wire.rest()
    took = time.perf_counter() - began
    # HAProxy drops the wish for an upgrade from a request with a body; the engine then answers 200 with the same stream.
    assert data.split()[1] in (b"101", b"200") and data.endswith(b"hello\n"), data
    return took


def measure(proxies, rounds):
    """{call: {way: {"p50_us": …, "added_us": …}}}, or None where there is no engine."""
    if missing_engine():
        print(f"\nengine: not measured: {missing_engine()}")
        return None
    with contextlib.ExitStack() as stack:
        engine = Engine(prefix="sockwarden-bench-engine-").start()
        stack.callback(engine.stop)
        container = engine.request("POST", "/containers/create", CONTAINER)["Id"]
        engine.request("POST", f"/containers/{container}/start")
        ways = {"direct": engine.socket}
        for proxy in proxies:
            proxy.start(engine.socket)
            stack.callback(proxy.stop)
            ways[proxy.name] = ("127.0.0.1", proxy.port)
        wires = {way: stack.enter_context(contextlib.closing(Wire(address))) for way, address in ways.items()}
        took = {name: {way: [] for way in ways} for name in [row[0] for row in CALLS] + ["docker exec echo"]}
        for turn in range(rounds):
            order = list(ways) if turn % 2 == 0 else list(ways)[::-1]
            for name, method, target in CALLS:
                for way in order:
                    took[name][way].append(call(wires[way], method, target))
            for way in order if turn % 10 == 0 else ():
                took["docker exec echo"][way].append(exec_echo(ways[way], container))
    return {name: summary(by_way) for name, by_way in took.items()}


def summary(by_way):
    direct = statistics.median(by_way["direct"])
    # In pairs, each with the direct call of the same turn: what the engine does slowly it does slowly for both.
    added = {way: statistics.median(one - other for one, other in zip(times, by_way["direct"]))
             for way, times in by_way.items()}
    return {way: {"p50_us": statistics.median(times) * 1e6, "added_us": added[way] * 1e6, "direct_p50_us": direct * 1e6}
            for way, times in by_way.items()}


def show(results):
    print("\nengine: calls of a real engine, microseconds at the median")
    for name, by_way in results.items():
        print(f"  {name:24}" + "".join(f"{way} {figures['p50_us']:.0f} ({figures['added_us']:+.0f})   "
                                       for way, figures in by_way.items()))
