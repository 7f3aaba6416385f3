"""What a proxy adds to a call of a real engine: the same calls straight to the engine's socket and through each proxy, in turn,
so that the engine's own ups and downs meet all of them."""

import contextlib
import random
import re
import socket
import statistics
import time

from harness.engine import Engine, missing_engine

CALLS = {"docker ps": "/v1.41/containers/json", "docker info": "/v1.41/info"}
EXEC = b'{"AttachStdout":true,"AttachStderr":true,"Cmd":["/bin/echo","hello"]}'
CONTAINER = {"Image": "box:1", "Cmd": ["/bin/sleep", "1000"], "HostConfig": {"NetworkMode": "none"}}


class Wire:
    """One connection, on which calls are made one after the other."""

    def __init__(self, address):
        kind = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
        self.socket = socket.socket(kind, socket.SOCK_STREAM)
        self.socket.settimeout(60)
        self.socket.connect(address if kind == socket.AF_INET else str(address))
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

    def answer(self, has_body=True):
        """Status and body of an answer of known length, or chunked; `has_body` is false for one to HEAD."""
        data = self._more()
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _, body = data.partition(b"\r\n\r\n")
        if not has_body:
            return int(head.split()[1]), body
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


def _timed(wire, method, target):
    began = time.perf_counter()
    wire.send(method, target)
    status, _ = wire.answer()
    took = time.perf_counter() - began
    assert status == 200, f"{target}: {status}"
    return took


def on_new_connection(_, address, target):
    """The call as a program makes it that dials for each, the connection included."""
    began = time.perf_counter()
    with contextlib.closing(Wire(address)) as wire:
        _timed(wire, "GET", target)
        return time.perf_counter() - began


def as_cli(_, address, target):
    """What Docker's CLI does each time it is run: a new connection, HEAD /_ping, then the call on the same one."""
    began = time.perf_counter()
    with contextlib.closing(Wire(address)) as wire:
        wire.send("HEAD", "/_ping")
        assert wire.answer(has_body=False)[0] == 200
        _timed(wire, "GET", target)
        return time.perf_counter() - began


def on_kept_connection(kept, _, target):
    return _timed(kept, "GET", target)


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


# How a client reaches the engine; the first is what a user sees who runs the CLI.
KINDS = {"as the CLI": as_cli, "new connection": on_new_connection, "kept connection": on_kept_connection}


def _ways(stack, engine, proxies):
    """{way: its address}: straight, then each proxy by TCP and by a unix socket of its own."""
    ways = {"straight": engine.socket}
    for proxy in proxies:
        proxy.start(engine.socket)
        stack.callback(proxy.stop)
        ways[proxy.name] = ("127.0.0.1", proxy.port)
        ways[f"{proxy.name} by unix socket"] = proxy.path
    return ways


def _take_turns(ways, wires, container, rounds):
    """{call: {kind: {way: [seconds]}}}"""
    took = {name: {kind: {way: [] for way in ways} for kind in KINDS} for name in CALLS}
    took["docker exec echo"] = {"new connection": {way: [] for way in ways}}
    shuffled = random.Random(1)
    for turn in range(rounds):
        # Whoever comes behind a way that is like it finds the caches warm.
        order = shuffled.sample(list(ways), len(ways))
        for name, target in CALLS.items():
            for kind, call in KINDS.items():
                for way in order:
                    took[name][kind][way].append(call(wires[way], ways[way], target))
        for way in order if turn % 10 == 0 else ():
            took["docker exec echo"]["new connection"][way].append(exec_echo(ways[way], container))
    return took


def measure(proxies, rounds):
    """{call: {kind: {way: {"p50_us": …, "added_us": …}}}}, or None where there is no engine."""
    if missing_engine():
        print(f"\nengine: not measured: {missing_engine()}")
        return None
    with contextlib.ExitStack() as stack:
        engine = Engine(prefix="sockwarden-bench-engine-").start()
        stack.callback(engine.stop)
        container = engine.request("POST", "/containers/create", CONTAINER)["Id"]
        engine.request("POST", f"/containers/{container}/start")
        ways = _ways(stack, engine, proxies)
        wires = {way: stack.enter_context(contextlib.closing(Wire(address))) for way, address in ways.items()}
        took = _take_turns(ways, wires, container, rounds)
    return {name: {kind: summary(by_way) for kind, by_way in by_kind.items()} for name, by_kind in took.items()}


def summary(by_way):
    # In pairs, each with the straight call of the same turn: what the engine does slowly it does slowly for both.
    return {way: {"p50_us": statistics.median(times) * 1e6,
                  **added([(one - other) * 1e6 for one, other in zip(times, by_way["straight"])])}
            for way, times in by_way.items()}


def added(differences):
    """The median, and its standard error by the spread of the middle half."""
    if len(differences) < 2:
        return {"added_us": differences[0], "error_us": 0}
    first, _, third = statistics.quantiles(differences, n=4)
    return {"added_us": statistics.median(differences), "error_us": 0.93 * (third - first) / len(differences) ** 0.5}


def show(results):
    print("\nengine: calls of a real engine, microseconds at the median, and what is added to the straight call")
    for name, by_kind in results.items():
        for kind, by_way in by_kind.items():
            print(f"  {name}, {kind}")
            for way, figures in by_way.items():
                print(f"    {way:30}{figures['p50_us']:10.0f}{figures['added_us']:+10.0f} ± {figures['error_us']:.0f}")
