"""Clients that leave, and engines that die, in each state of an exchange: nothing is left behind, nobody else notices, and
what was cut off is never taken for complete."""

import contextlib
import json
import os
import socket
import threading

import pytest

from harness.fake_daemon import (FakeDaemon, chunk, chunked_head, fill_backlog, head, never_answer, raw_stream_101,
                                 say_who)
from harness.proxy import GRANT_ALL, sanitizer_slack
from harness.raw_client import Ended, RawClient, request
from harness.wait import wait_until

PING = request("GET", "/_ping")
TAR = "Content-Type: application/x-tar"
JSON = "Content-Type: application/json"
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")

# Name -> what the client sends; whether it then reads a head; whether it ends its input.
STATES = {
    "nothing sent": (b"", False, False),
    "within the head": (PING[:10], False, False),
    "in an upload of known length": (request("POST", "/images/load", TAR, "Content-Length: 100") + b"part", False, False),
    "in a chunked upload": (request("POST", "/images/load", TAR, "Transfer-Encoding: chunked") + b"a\r\npart", False, False),
    "before the body that it announced": (
        request("POST", "/images/load", TAR, "Content-Length: 100", "Expect: 100-continue"), True, False),
    "in a body that is collected": (
        request("POST", "/exec/a/start", JSON, "Transfer-Encoding: chunked") + b"a\r\n{", False, False),
    "in the body of a refused request": (request("POST", "/nowhere", TAR, "Content-Length: 100") + b"part", True, False),
    "waiting for the answer": (request("GET", "/info"), False, False),
    "in an answer of known length": (request("GET", "/containers/a/json"), True, False),
    "in a chunked answer": (request("GET", "/events"), True, False),
    "in a tunnel": (request("POST", "/containers/a/attach", *UPGRADE) + b"input", True, False),
    "in a tunnel whose input has ended": (request("POST", "/containers/a/attach", *UPGRADE) + b"input", True, True),
}
# Where a byte of the answer has reached the client, the end of the engine can't be an answer any more.
BEGUN = ("in an answer of known length", "in a chunked answer", "in a tunnel", "in a tunnel whose input has ended")
REACHES_NO_ENGINE = ("nothing sent", "within the head", "in a body that is collected", "in the body of a refused request")


def play(daemon):
    """Scripts that hold each of the states until the peer ends."""
    daemon.on("/info", never_answer)
    daemon.on("/events", lambda one: (one.send(chunked_head() + chunk(b"x")), one.drain()))
    daemon.on("/containers/a/json", lambda one: (one.send(head(200, (("Content-Length", "1000"),)) + b"x"), one.drain()))
    daemon.on("/containers/a/attach", lambda one: (one.send(raw_stream_101()), one.drain()))


def bring_to(client, state):
    data, answered, ended = STATES[state]
    client.send(data)
    if answered:
        client.read_head()
    if ended:
        client.half_close()
    return client


@pytest.mark.parametrize("how", ["close", "reset"])
@pytest.mark.parametrize("state", STATES)
def test_clients_that_leave_in_any_state_leave_nothing_behind(link, state, how):
    daemon, proxy, connect = link
    play(daemon)
    witness = connect()
    assert witness.exchange(PING).status == 200
    wait_until(lambda: all(one.ended for one in daemon.connections), 10, "the engine's connections to end")
    before = proxy.fd_count()
    daemon.forget()
    leaving = [bring_to(connect(tcp=number % 2 == 0), state) for number in range(20)]
    for number, client in enumerate(leaving):
        getattr(client, how)()
        answer = witness.exchange(request("GET", f"/version?{number}"))
        assert json.loads(answer.body)["target"] == f"/version?{number}"
    wait_until(lambda: proxy.fd_count() <= before, 10, "the descriptors to be closed")
    wait_until(lambda: all(one.ended for one in daemon.connections), 10, "the engine's connections to end")
    others = [one for one in daemon.connections if one.request is None or one.request.path != "/version"]
    assert [one for one in others if one.request and one.request.method == "POST" and one.complete and
            one.request.path == "/images/load"] == [], "half an upload was taken for a whole one"
    assert state not in REACHES_NO_ENGINE or others == []


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_client_that_reads_byte_by_byte_costs_no_memory_however_much_the_engine_sends(link, framing):
    daemon, proxy, connect = link
    giga, piece, sent = 1 << 30, b"x" * (1 << 20), []

    def pour(one):
        one.send(head(200, (("Content-Length", str(giga)),)) if framing == "length" else chunked_head())
        for _ in range(giga // len(piece)):
            one.send(piece if framing == "length" else chunk(piece))
            sent.append(len(piece))

    daemon.on("/containers/a/export", pour)
    resting = proxy.rss()
    client = connect(tcp=True)
    client.send(request("GET", "/containers/a/export"))
    assert client.read_head().status == 200
    for _ in range(50):
        # A piece of the socket alone: what else is there stays in the kernel's buffers.
        assert len(client.sock.recv(1)) == 1
        assert proxy.rss() - resting < (1 << 20) + proxy.slack
        assert connect().exchange(PING).status == 200
    assert sum(sent) < giga // 8, "the engine was not held back"
    client.reset()
    wait_until(lambda: daemon.connection_for("/containers/a/export").ended, 10, "the engine's connection to end")


# A FIN may be that of a client which waits for its answer, so such a dial goes on for as long as a dial may; a reset is
# an end at once.
@pytest.mark.parametrize("how,limit", [("close", "1s"), ("reset", "1h")])
def test_clients_that_leave_while_the_engine_is_dialled_leave_nothing_behind(start_proxy, connect, folder, how, limit):
    path = f"{folder}/docker.sock"
    with socket.socket(socket.AF_UNIX) as listener, contextlib.ExitStack() as stack:
        for filler in fill_backlog(listener, path):
            stack.enter_context(filler)
        proxy = start_proxy(path, {**GRANT_ALL, "CONNECT_TIMEOUT": limit})
        witness = connect(proxy)
        assert witness.exchange(request("GET", "/nowhere")).status == 403
        before = proxy.fd_count()
        leaving = [connect(proxy).send(request("POST", "/images/load", TAR, "Content-Length: 9") + b"part")
                   for _ in range(20)]
        wait_until(lambda: proxy.fd_count() >= before + 40, 10, "a dial for each client")
        for client in leaving:
            getattr(client, how)()
        wait_until(lambda: proxy.fd_count() <= before, 10, "the descriptors to be closed")
        assert witness.exchange(request("GET", "/nowhere")).status == 403


@pytest.mark.parametrize("state", [state for state in STATES if state not in REACHES_NO_ENGINE])
def test_an_engine_that_dies_in_any_state_is_told_and_the_next_one_is_used(start_proxy, connect, folder, state):
    path = f"{folder}/docker.sock"
    with FakeDaemon(path=path) as first:
        play(first)
        proxy = start_proxy(path, GRANT_ALL)
        client = bring_to(connect(proxy), state)
        wait_until(lambda: first.requests, 10, "the request to reach the engine")
    os.unlink(path)
    if state in ("in a tunnel", "in a tunnel whose input has ended"):
        client.read_until_eof(reset_ok=True)
    elif state in BEGUN:
        # The end is an abort, never a clean end: half an answer must not look whole.
        with pytest.raises(Ended):
            client.read_data(1000)
    else:
        answer = client.read_answer()
        assert answer.status == 502 and answer.message.startswith("sockwarden: ")
    assert connect(proxy).exchange(PING).status == 503
    with FakeDaemon(path=path) as second:
        assert connect(proxy).exchange(PING).status == 200
        assert [one.target for one in second.requests] == ["/_ping"]


class Poller(threading.Thread):
    """One client that polls for as long as it is let: each answer must be its own, or say that the engine is away."""

    def __init__(self, proxy, number):
        super().__init__(daemon=True)
        self.proxy, self.number = proxy, number
        self.served, self.wrong, self.stop = 0, [], threading.Event()

    def run(self):
        while not self.stop.is_set():
            with contextlib.suppress(Ended, OSError), RawClient((self.proxy.host, self.proxy.port)) as client:
                while not self.stop.is_set():
                    self.poll(client)

    def poll(self, client):
        target = f"/_ping?poller={self.number}&poll={self.served}"
        answer = client.exchange(request("GET", target))
        if answer.status == 200 and json.loads(answer.body)["target"] == target:
            self.served += 1
        elif answer.status not in (502, 503):
            self.wrong.append(answer)


def test_fifty_polling_clients_all_recover_from_each_restart_of_the_engine(start_proxy, folder):
    path, inodes = f"{folder}/docker.sock", set()
    with FakeDaemon(path=path):
        proxy = start_proxy(path, GRANT_ALL)
        # Held open, so that no later file can have the number of an earlier one.
        held = os.open(path, os.O_PATH)
    pollers = [Poller(proxy, number) for number in range(50)]
    for poller in pollers:
        poller.start()
    for _ in range(4):
        os.unlink(path)
        with FakeDaemon(path=path) as engine:
            engine.default = say_who
            inodes.add(os.stat(path).st_ino)
            before = [poller.served for poller in pollers]
            wait_until(lambda served=before: all(poller.served > one for poller, one in zip(pollers, served)), 30,
                       "each client to be served by the new engine")
    for poller in pollers:
        poller.stop.set()
    for poller in pollers:
        poller.join(20)
        assert not poller.is_alive()
    assert os.fstat(held).st_ino not in inodes
    os.close(held)
    assert [poller.wrong for poller in pollers if poller.wrong] == []


@pytest.mark.parametrize("descriptors", [1073741816, 20000])
def test_little_memory_is_enough_whatever_the_limit_of_descriptors_is(daemon, start_proxy, connect, descriptors):
    """Where the kernel has no room for that many descriptors the limit is left as it is, and memory is short all the same."""
    most = int(open("/proc/sys/fs/nr_open", encoding="ascii").read())
    limit = min(most, descriptors)
    room = "unlimited" if sanitizer_slack() else 64 << 20  # of address space; a sanitizer maps terabytes
    proxy = start_proxy(daemon.address, GRANT_ALL, prefix=("sh", "-c", f'prlimit --pid $$ --nofile={limit}:{limit} '
                                                         f'2>/dev/null; exec prlimit --as={room} "$@"', "sh"))
    assert connect(proxy).exchange(PING).status == 200
    assert proxy.rss() < (8 << 20) + proxy.slack


def test_no_writable_path_is_needed(daemon, start_proxy, connect):
    """With every file system read-only, as with read_only: true in a container, and nothing in /tmp."""
    read_only = ("unshare", "--mount", "sh", "-c",
                 'mount -o remount,ro,bind / 2>/dev/null || mount --bind / / && mount -o remount,ro,bind /; '
                 'mount -t tmpfs -o ro none /var/tmp; exec "$@"', "sh")
    proxy = start_proxy(daemon.address, GRANT_ALL, prefix=read_only)
    assert connect(proxy).exchange(PING).status == 200
    mounts = open(f"/proc/{proxy.process.pid}/mountinfo", encoding="utf-8").read().splitlines()
    assert [line for line in mounts if line.split()[4] == "/"][-1].split()[5].startswith("ro")
