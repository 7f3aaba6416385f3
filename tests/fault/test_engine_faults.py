"""An engine that is missing, refusing, forbidden, restarted, replaced, silent: a clear 503, 502 or 504; recovery."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import tempfile
import threading
import time

import pytest

from harness.fake_daemon import FakeDaemon, chunk, chunked_head, fill_backlog, head, json_answer, never_answer
from harness.proxy import GRANT_ALL, binary
from harness.raw_client import Ended, request
from harness.wait import stays, wait_until

INFO = request("GET", "/info")
NOBODY = ("setpriv", "--reuid", "65534", "--regid", "65534")


@pytest.fixture
def front(start_proxy):
    """front(address, NAME=value, prefix=…): a proxy in front of whatever is at this address."""
    def start(address, prefix=(), **settings):
        return start_proxy(address, {**GRANT_ALL, **settings}, prefix=prefix)
    return start


def engine_records(proxy, level):
    return [line for line in list(proxy.log) if f" {level} engine " in line]


def unavailable(client, status=503):
    answer = client.exchange(INFO)
    assert answer.status == status and answer.get("Content-Type") == "application/json"
    assert answer.message.startswith("sockwarden: ")
    return answer.message


# --- What is wrong, in words ---

def stale_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)


def test_each_trouble_has_a_message_of_its_own_that_names_the_socket(front, connect, folder):
    troubles = {"missing": lambda path: None, "refused": stale_socket, "directory": os.mkdir,
                "file": lambda path: pathlib.Path(path).write_text("x"),
                "loop": lambda path: os.symlink(path, path)}
    said = {}
    for name, make in troubles.items():
        path = f"{folder}/{name}.sock"
        make(path)
        said[name] = unavailable(connect(front(path)))
        assert path in said[name]
        said[name] = said[name].replace(path, "PATH")
    assert len(set(said.values())) == len(troubles), said
    assert "no such file" in said["missing"].lower()
    assert "refused" in said["refused"]
    assert "directory" in said["directory"]


@pytest.fixture
def open_binary():
    """A copy of the program where anyone may run it."""
    with tempfile.TemporaryDirectory(prefix="sockwarden-bin-") as name:
        os.chmod(name, 0o755)
        copy = shutil.copy(binary(), name)
        os.chmod(copy, 0o755)
        yield copy


@pytest.fixture
def as_nobody(start_proxy, open_binary, monkeypatch):
    """as_nobody(address, groups): a proxy that runs as uid 65534 with these groups."""
    monkeypatch.setenv("SOCKWARDEN", open_binary)

    def start(address, groups=None):
        grouping = ("--groups", groups) if groups else ("--clear-groups",)
        return start_proxy(address, GRANT_ALL, prefix=(*NOBODY, *grouping))
    return start


def test_a_socket_of_another_group_is_told_with_the_group_that_it_needs(as_nobody, connect, folder):
    with FakeDaemon(path=f"{folder}/docker.sock") as daemon:
        os.chmod(daemon.path, 0o660)
        os.chown(daemon.path, 0, 991)
        message = unavailable(connect(as_nobody(daemon.path)))
        assert "permission denied" in message and "991" in message and daemon.path in message
        assert daemon.connections == []
        assert connect(as_nobody(daemon.path, "991")).exchange(INFO).status == 200


def test_a_folder_that_may_not_be_entered_is_told_apart_from_the_socket(as_nobody, connect, folder):
    with FakeDaemon(path=f"{folder}/docker.sock") as daemon:
        os.chmod(daemon.path, 0o666)
        os.chmod(folder, 0o700)
        message = unavailable(connect(as_nobody(daemon.path)))
        assert f"permission denied: the folder {folder} above the socket, mode 0700 of 0:0" in message


def test_a_permission_that_is_granted_later_needs_no_restart(as_nobody, connect, folder):
    with FakeDaemon(path=f"{folder}/docker.sock") as daemon:
        os.chmod(daemon.path, 0o600)
        proxy = as_nobody(daemon.path)
        client = connect(proxy)
        unavailable(client)
        os.chmod(daemon.path, 0o666)
        assert client.exchange(INFO).status == 200


def test_a_tcp_engine_that_refuses_is_named_too(front, connect):
    with socket.create_server(("127.0.0.1", 0)) as one:
        address = "127.0.0.1:%d" % one.getsockname()[1]
    message = unavailable(connect(front(f"tcp://{address}")))
    assert address in message and "refused" in message


# --- Recovery, and what the log says of it ---

def test_an_engine_that_comes_goes_and_comes_again_is_noticed_without_a_restart(front, connect, folder):
    path = f"{folder}/docker.sock"
    proxy = front(path)
    client = connect(proxy)
    for times in (1, 2):
        for _ in range(5):
            unavailable(client)
        with FakeDaemon(path=path):
            for _ in range(5):
                assert client.exchange(INFO).status == 200
        os.unlink(path)
        wait_until(lambda: len(engine_records(proxy, "notice")) >= times, 10, "the record of the recovery")
        assert len(engine_records(proxy, "notice")) == times, "each recovery is told once"
        assert len(engine_records(proxy, "err")) == times, "each trouble is told once, not a line a call"
    assert path in engine_records(proxy, "err")[0] and "answers again" in engine_records(proxy, "notice")[0]


def test_another_trouble_is_another_record(front, connect, folder):
    path = f"{folder}/docker.sock"
    proxy = front(path)
    client = connect(proxy)
    unavailable(client)
    stale_socket(path)
    unavailable(client)
    unavailable(client)
    proxy.wait_for_log("connection refused")
    assert len(engine_records(proxy, "err")) == 2 and "refused" in engine_records(proxy, "err")[1]


def test_an_engine_that_is_missing_at_the_start_is_told_at_the_start(front, folder):
    proxy = front(f"{folder}/docker.sock")
    line = proxy.wait_for_log(" engine ")
    assert " engine " in line and f"{folder}/docker.sock" in line
    assert proxy.process.poll() is None


def test_a_restarted_engine_with_a_new_socket_file_is_used_at_once(front, connect, folder):
    path = f"{folder}/docker.sock"
    with FakeDaemon(path=path) as first:
        proxy = front(path)
        client, watcher = connect(proxy), connect(proxy)
        first.on("/events", lambda one: (one.send(chunked_head() + chunk(b"x")), one.drain()))
        assert client.exchange(INFO).status == 200
        watcher.send(request("GET", "/events"))
        assert watcher.read_head().status == 200 and watcher.read_data(1) == b"x"
        inode = os.stat(path).st_ino
    with pytest.raises(Ended):
        watcher.read_piece()
    os.unlink(path)
    with FakeDaemon(path=path) as second:
        assert second.path == path
        assert client.exchange(INFO).status == 200
        assert [one.target for one in second.requests] == ["/info"]


def test_a_socket_file_that_is_replaced_under_a_living_engine_leads_to_the_new_one(front, connect, folder):
    path = f"{folder}/docker.sock"
    with FakeDaemon(path=path) as first:
        proxy = front(path)
        client = connect(proxy)
        assert client.exchange(INFO).status == 200
        os.unlink(path)
        with FakeDaemon(path=path) as second:
            assert client.exchange(INFO).status == 200
            assert len(first.requests) == len(second.requests) == 1


def test_a_symbolic_link_is_followed_at_each_call(front, connect, folder):
    link = f"{folder}/link.sock"
    with FakeDaemon() as first, FakeDaemon() as second:
        os.symlink(first.path, link)
        client = connect(front(link))
        assert client.exchange(INFO).status == 200
        os.symlink(second.path, f"{link}.new")
        os.replace(f"{link}.new", link)
        assert client.exchange(INFO).status == 200
        assert len(first.requests) == len(second.requests) == 1


def test_a_refused_or_malformed_request_needs_no_engine(front, connect, folder):
    proxy = front(f"{folder}/docker.sock", INFO="0")
    assert connect(proxy).exchange(INFO).status == 403
    assert connect(proxy).exchange(b"BAD\r\n\r\n").status == 400


@pytest.mark.parametrize("data", [
    INFO, request("HEAD", "/_ping"), request("POST", "/containers/x/start"), request("DELETE", "/containers/x"),
    request("GET", "/events")], ids=lambda data: data.split(b" ")[1].decode())
def test_without_an_engine_a_connection_goes_on(front, connect, folder, data):
    client = connect(front(f"{folder}/docker.sock"))
    for _ in range(3):
        assert client.exchange(data).status == 503


def test_without_an_engine_what_is_behind_an_attach_is_not_taken_for_a_request(front, connect, folder):
    client = connect(front(f"{folder}/docker.sock"))
    client.send(request("POST", "/containers/x/attach", "Connection: Upgrade", "Upgrade: tcp") + INFO)
    assert client.read_answer().status == 503
    assert client.read_until_eof() == b""


def test_without_an_engine_an_upload_is_answered_and_not_taken_for_requests(front, connect, folder):
    for expect in ((), ("Expect: 100-continue",)):
        client = connect(front(f"{folder}/docker.sock"))
        client.send(request("POST", "/images/load", *expect, "Content-Length: 100000"))
        answer = client.read_answer()
        if answer.status == 100:
            client.send(b"x" * 100)
            answer = client.read_answer()
        assert answer.status == 503
        with contextlib.suppress(OSError):
            client.send(INFO * 100)
        if answer.get("Connection") == "close":
            client.assert_ended()
        else:
            client.assert_silent(0.1)


# --- An engine that does not accept ---

def test_an_engine_that_is_too_busy_from_the_start_does_not_hold_up_the_end(front, folder):
    path = f"{folder}/docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        filler = fill_backlog(listener, path)
        front(path, CONNECT_TIMEOUT="1h").stop()
        assert filler


def test_an_engine_that_is_too_busy_to_accept_is_waited_for(front, connect, folder):
    path = f"{folder}/docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        filler = fill_backlog(listener, path)
        proxy = front(path, CONNECT_TIMEOUT="10s")
        client = connect(proxy)
        client.send(INFO)
        cpu = proxy.cpu()
        client.assert_silent(0.5)
        assert proxy.cpu() - cpu < 0.1, "busy while it waits"
        listener.settimeout(10)
        taken = None
        for _ in range(len(filler) + 2):
            taken = listener.accept()[0]
            taken.settimeout(1)
            with contextlib.suppress(TimeoutError):
                if taken.recv(1000):
                    break
        taken.sendall(json_answer(200, {}))
        assert client.read_answer().status == 200


def test_an_engine_that_never_accepts_is_given_up_after_the_time_to_connect(front, connect, folder):
    path = f"{folder}/docker.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(0)
        filler = []
        with contextlib.suppress(BlockingIOError):
            for _ in range(20):
                one = socket.socket(socket.AF_UNIX)
                filler.append(one)
                one.setblocking(False)
                one.connect(path)
        client = connect(front(path, CONNECT_TIMEOUT="300ms"))
        start = time.monotonic()
        client.send(INFO)
        answer = client.read_answer()
        assert answer.status in (503, 504) and path in answer.message
        assert time.monotonic() - start >= 0.29


# --- Never twice ---

def gone_after(*steps):
    """Read the whole request, do the steps, close."""
    def script(connection):
        connection.read_body()
        for step in steps:
            step(connection)
        connection.close()
    return script


@pytest.mark.parametrize("method,target,body", [
    ("POST", "/containers/x/start", None), ("POST", "/containers/create", b"{}"), ("DELETE", "/containers/x", None),
    ("PUT", "/containers/x/archive?path=/", b"tar"), ("POST", "/images/load", b"x" * 100_000), ("GET", "/info", None)])
@pytest.mark.parametrize("moment", ["read", "half a head", "an interim answer"])
def test_a_request_that_was_sent_is_never_sent_again(shared, connect, method, target, body, moment):
    daemon, proxy = shared
    daemon.forget()
    steps = {"read": (), "half a head": (lambda one: one.send(b"HTTP/1.1 2"),),
             "an interim answer": (lambda one: one.send(head(102)),)}[moment]
    daemon.scripts.clear()
    daemon.on(target.partition("?")[0], gone_after(*steps))
    client = connect(proxy)
    client.send(request(method, target, body=body))
    answer = client.read_answer()
    while answer.status == 102:
        answer = client.read_answer()
    assert answer.status == 502 and answer.message.startswith("sockwarden: ")
    daemon.scripts.clear()
    assert connect(proxy).exchange(request("GET", "/_ping")).status == 200
    assert [one.line.split()[0] for one in daemon.requests] == [method, "GET"]
    assert len(daemon.connections) == 2


# --- Silence ---

SILENT_LIMITS = {name: "300ms" for name in ("ANSWER_TIMEOUT", "HEAD_TIMEOUT", "IDLE_TIMEOUT", "CONNECT_TIMEOUT")}

PLAIN = [("GET", "/info"), ("HEAD", "/_ping"), ("GET", "/v1.41/containers/json?all=1"), ("GET", "/containers/x/json"),
         ("GET", "/containers/x/stats?stream=0"), ("GET", "/containers/x/stats?stream=false"),
         ("GET", "/containers/x/logs?stdout=1"), ("GET", "/containers/x/logs?follow=0"),
         ("GET", "/containers/x/logs?follow=false"), ("GET", "/containers/x/logs?follow=none"),
         ("GET", "/containers/x/logs?follow=no"), ("GET", "/containers/x/logs?follow="),
         ("GET", "/containers/x/logs?follow=0&follow=1"), ("GET", "/containers/x/stats?stream=no"),
         ("GET", "/containers/x/stats?stream="), ("GET", "/containers/x/logs?follow=%20No%20")]
STREAMS = [("GET", "/events"), ("GET", "/v1.41/events?since=1"), ("GET", "/containers/x/logs?follow=1"),
           ("GET", "/containers/x/logs?follow=true"), ("GET", "/containers/x/logs?follow=yes"),
           ("GET", "/containers/x/logs?follow=2"), ("GET", "/containers/x/logs?follow=off"),
           ("GET", "/containers/x/logs?follow=1&follow=0"),
           ("GET", "/services/x/logs?follow=1"), ("GET", "/tasks/x/logs?follow=1"), ("GET", "/containers/x/stats"),
           ("GET", "/containers/x/stats?stream=1"), ("POST", "/containers/x/wait"),
           ("POST", "/images/create?fromImage=x"),
           ("POST", "/build"), ("POST", "/containers/x/stop?t=600"),
           ("POST", "/commit?container=x"), ("POST", "/images/x/push"), ("POST", "/containers/prune"),
           ("DELETE", "/containers/x?force=1"), ("PUT", "/containers/x/archive?path=/")]


def test_a_silent_engine_is_a_504_for_plain_reads_and_waited_for_where_it_may_be_silent(daemon, serve, connect):
    proxy = serve(**SILENT_LIMITS)
    daemon.default = never_answer
    waiting = [(f"{method} {target}", method, connect(proxy).send(request(method, target))) for method, target in PLAIN]
    streams = [(f"{method} {target}", connect(proxy).send(request(method, target))) for method, target in STREAMS]
    for name, method, client in waiting:
        answer = client.read_answer(method)
        assert answer.status == 504, f"{name}: {answer}"
        assert method == "HEAD" or answer.message.startswith("sockwarden: ")
    streams[0][1].assert_silent(0.6)
    for name, client in streams:
        client.assert_silent(0)
    for one in daemon.connections:
        if f"{one.request.method} {one.request.target}" not in dict(streams):
            one.wait_ended()
    assert len([one for one in daemon.connections if not one.ended]) == len(STREAMS)


def test_a_504_is_given_only_after_its_time_and_never_with_a_time_of_0(daemon, serve, connect):
    daemon.default = never_answer
    start = time.monotonic()
    client = connect(serve(ANSWER_TIMEOUT="500ms"))
    assert client.exchange(INFO).status == 504
    assert time.monotonic() - start >= 0.49
    patient = connect(serve(ANSWER_TIMEOUT="0"))
    patient.send(INFO)
    patient.assert_silent(0.7)


@pytest.mark.parametrize("target", ["/info", "/images/x/get", "/containers/x/export", "/containers/x/archive?path=/"])
def test_an_answer_that_has_begun_may_pause_beyond_every_limit(daemon, serve, connect, target):
    proxy = serve(**SILENT_LIMITS)
    go_on = threading.Event()

    def script(connection):
        connection.send(head(200, (("Content-Length", 10),)) + b"hello")
        connection.wait(go_on)
        connection.send(b"world")
    daemon.on(target.partition("?")[0], script)
    client = connect(proxy)
    client.send(request("GET", target))
    client.read_head()
    assert client.read_exactly(5) == b"hello"
    client.assert_silent(0.7)
    go_on.set()
    assert client.read_exactly(5) == b"world"


def test_streams_that_are_quiet_beyond_every_limit_are_still_alive(daemon, serve, connect):
    proxy = serve(**SILENT_LIMITS)
    go_on = threading.Event()

    def script(connection):
        connection.read_body()
        connection.send(chunked_head() + chunk(b"first"))
        connection.wait(go_on)
        connection.send(chunk(b"last") + b"0\r\n\r\n")
    daemon.default = script
    clients = [connect(proxy).send(request(method, target)) for method, target in STREAMS]
    for client in clients:
        assert client.read_head().status == 200 and client.read_data(5) == b"first"
    clients[0].assert_silent(0.9)
    go_on.set()
    for client in clients:
        assert client.read_data(4) == b"last" and client.read_piece() == b""


def test_an_engine_that_sends_half_a_head_and_nothing_more_is_a_504(daemon, serve, connect):
    proxy = serve(**SILENT_LIMITS)
    daemon.on("/info", lambda one: (one.send(b"HTTP/1.1 200 OK\r\nConte"), one.drain()))
    assert connect(proxy).exchange(INFO).status in (502, 504)
    daemon.connection().wait_ended()


def test_an_engine_that_hangs_for_one_client_does_not_for_another(daemon, serve, connect):
    proxy = serve()
    daemon.on("/info", never_answer)
    stuck = [connect(proxy).send(INFO) for _ in range(50)]
    client = connect(proxy)
    for number in range(50):
        assert json.loads(client.exchange(request("GET", f"/_ping?{number}")).body)["target"] == f"/_ping?{number}"
    stays(lambda: len(daemon.connections) >= 100, 0.1, "all connections")
    for one in stuck:
        one.close()
    wait_until(lambda: all(one.ended for one in daemon.connections), 10, "the engine to be told that they left")
