"""Clients that abort, stay, crowd in or go quiet: no answer to the wrong one, no lost one, no spin, no crash."""

import contextlib
import json
import random
import resource
import threading

import pytest

from harness.fake_daemon import chunk, chunked_head, head, json_answer, never_answer, raw_stream_101, reply
from harness.proxy import GRANT_ALL, Proxy
from harness.raw_client import Ended, RawClient, request
from harness.wait import stays, wait_settled, wait_until

PING = request("GET", "/_ping")
MIB = 1024 * 1024


# --- Each answer belongs to its request ---

def test_no_client_ever_gets_the_answer_of_another(link):
    """Clients that check the id of each answer, beside hundreds that abort at every moment of theirs."""
    daemon, proxy, _ = link
    slow = threading.Event()

    def stats(connection):
        name = connection.request.path.split("/")[2]
        if name.startswith("slow"):
            with contextlib.suppress(AssertionError):
                connection.wait(slow)
        connection.send(json_answer(200, {"id": name, "padding": name * 100}))
    daemon.default = stats
    problems, done = [], threading.Event()

    def check(number):
        try:
            with RawClient((proxy.host, proxy.port)) as client:
                for turn in range(150):
                    name = f"check-{number}-{turn}"
                    answer = json.loads(client.exchange(request("GET", f"/containers/{name}/stats?stream=0")).body)
                    assert answer == {"id": name, "padding": name * 100}
        except BaseException as error:  # pylint: disable=broad-except
            problems.append(error)

    def abort(seed):
        dice = random.Random(seed)
        while not done.is_set():
            with contextlib.suppress(OSError), RawClient((proxy.host, proxy.port)) as client:
                data = request("GET", f"/containers/{dice.choice(['slow', 'quick'])}-{seed}/stats?stream=0")
                client.send(data[:dice.randrange(1, len(data) + 1)])
                if dice.random() < 0.5:
                    client.sock.settimeout(0.002)
                    with contextlib.suppress(TimeoutError):
                        client.sock.recv(dice.randrange(1, 500))
                if dice.random() < 0.5:
                    client.reset()
    checkers = [threading.Thread(target=check, args=(number,)) for number in range(4)]
    aborters = [threading.Thread(target=abort, args=(seed,)) for seed in range(3)]
    for thread in checkers + aborters:
        thread.start()
    for thread in checkers:
        thread.join(60)
    done.set()
    for thread in aborters:
        thread.join(10)
    slow.set()
    assert problems == []
    assert len(daemon.connections) > 600


def test_an_answer_that_nobody_waits_for_any_more_goes_to_nobody(link):
    daemon, _, connect = link
    go_on = threading.Event()

    def stats(connection):
        with contextlib.suppress(AssertionError):
            connection.wait(go_on)
        connection.send(json_answer(200, {"stats": True}))
    daemon.on("/containers/x/stats", stats)
    for _ in range(20):
        client = connect()
        client.send(request("GET", "/containers/x/stats?stream=0"))
        client.close()
    go_on.set()
    client = connect()
    for number in range(200):
        assert json.loads(client.exchange(request("GET", f"/version?{number}")).body)["target"] == f"/version?{number}"


def test_hundreds_of_aborts_leave_nothing_behind(link):
    daemon, proxy, connect = link
    daemon.on("/events", lambda one: (one.send(chunked_head() + chunk(b"x")), one.drain()))
    daemon.on("/containers/x/attach", lambda one: (one.send(raw_stream_101()), one.drain()))
    daemon.on("/info", never_answer)
    assert connect().exchange(PING).status == 200
    wait_until(lambda: proxy.fd_count() < 30, 10, "descriptors of earlier tests to be closed")
    before = proxy.fd_count()
    attach = request("POST", "/containers/x/attach", "Connection: Upgrade", "Upgrade: tcp")
    for data in (request("GET", "/events"), request("GET", "/info"), attach, PING[:10],
                 request("POST", "/images/load", "Content-Length: 100") + b"part"):
        clients = [connect() for _ in range(60)]
        for client in clients:
            client.send(data)
        for number, client in enumerate(clients):
            (client.reset if number % 2 else client.close)()
    wait_until(lambda: proxy.fd_count() <= before, 10, "all descriptors to be closed")
    assert connect().exchange(PING).status == 200
    wait_until(lambda: all(one.ended for one in daemon.connections), 10, "the engine's connections to end")


# --- Idle ---

def test_an_idle_connection_is_closed_only_after_its_time_and_cleanly(daemon, serve, connect):
    proxy = serve(IDLE_TIMEOUT="1200ms")
    client, fresh = connect(proxy), connect(proxy)
    for _ in range(3):
        assert client.exchange(PING).status == 200
        client.assert_silent(0.5)
    assert client.exchange(PING).status == 200
    client.assert_silent(1)
    client.assert_ended(reset_ok=False)
    fresh.assert_ended(reset_ok=False)
    assert len(daemon.requests) == 4


def test_an_idle_connection_is_kept_for_longer_than_clients_pool_it(shared, connect):
    _, proxy = shared
    client = connect(proxy)
    assert client.exchange(PING).status == 200
    client.assert_silent(2.5)
    assert client.exchange(PING).status == 200


def test_a_request_that_races_with_the_idle_limit_is_served_or_met_by_a_clean_end(daemon, serve, connect):
    """At the very limit the connection may be closed, but never after the first byte of an answer."""
    proxy = serve(IDLE_TIMEOUT="20ms")
    served = ended = 0
    dice = random.Random(1)
    while served < 40 or ended < 5:
        client = connect(proxy)
        try:
            for wait in (0.001, dice.uniform(0.017, 0.023)):
                client.sock.settimeout(wait)
                with contextlib.suppress(AssertionError):
                    client._fill("nothing")  # pylint: disable=protected-access
                client.sock.settimeout(10)
                client.send(PING)
                assert client.read_answer().status == 200
            served += 1
        except (Ended, OSError):
            assert not client.pending, "cut off in the middle of an answer"
            ended += 1
        client.close()
    assert daemon.failures == []


# --- Few descriptors, many clients ---

@pytest.fixture
def few(daemon, start_proxy):
    """few(count, NAME=value): a proxy that may have this many descriptors."""
    def start(count, **settings):
        return start_proxy(daemon.address, {**GRANT_ALL, **settings}, prefix=("prlimit", f"--nofile={count}:{count}"))
    return start


@pytest.mark.parametrize("limits", [{}, {"MAX_CONNECTIONS": "10"}], ids=["64 descriptors", "10 connections"])
def test_more_clients_than_there_is_room_for_are_served_in_turn(daemon, few, start_proxy, connect, limits):
    proxy = few(64) if not limits else start_proxy(daemon.address, {**GRANT_ALL, **limits})
    clients = [connect(proxy) for _ in range(300)]
    for number, client in enumerate(clients):
        client.send(request("GET", f"/_ping?{number}", "Connection: close"))
    for number, client in enumerate(clients):
        answer = client.read_answer()
        assert answer.status == 200 and json.loads(answer.body)["target"] == f"/_ping?{number}"
        client.close()
    assert len(daemon.requests) == 300
    assert connect(proxy).exchange(PING).status == 200


@pytest.mark.parametrize("limits", [{}, {"MAX_CONNECTIONS": "10"}], ids=["64 descriptors", "10 connections"])
def test_clients_that_wait_for_room_cost_no_processor_time(daemon, few, start_proxy, connect, limits):
    proxy = few(64) if not limits else start_proxy(daemon.address, {**GRANT_ALL, **limits})
    clients = [connect(proxy) for _ in range(100)]
    last = connect(proxy).send(PING)
    before = proxy.cpu()
    last.assert_silent(0.8)
    assert proxy.cpu() - before < 0.15, "busy while it waits"
    for client in clients:
        client.close()
    assert last.read_answer().status == 200
    assert daemon.requests


def test_streams_that_take_all_descriptors_leave_room_for_an_answer_to_the_next(daemon, few, connect):
    """However many hold on, whoever was accepted is answered: with 200 or an error, not with silence."""
    proxy = few(64)
    daemon.on("/events", lambda one: (one.send(chunked_head() + chunk(b"x")), one.drain()))
    streams = [connect(proxy).send(request("GET", "/events")) for _ in range(60)]
    wait_until(lambda: len(daemon.requests) >= 15, 10, "some streams")
    wait_settled(lambda: len(daemon.requests), 10, "as many streams as there is room for")
    before = proxy.cpu()
    stays(lambda: proxy.process.poll() is None, 0.5, "a crash")
    assert proxy.cpu() - before < 0.15, "busy while it waits"
    for client in streams:
        client.close()
    client = connect(proxy)
    assert client.exchange(PING).status == 200


def test_a_huge_limit_of_descriptors_costs_no_memory(daemon, few):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    most = min(hard, int(open("/proc/sys/fs/nr_open", encoding="ascii").read()))
    proxy, small = few(most), few(1024)
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(PING).status == 200
    assert proxy.rss() - small.rss() < 1 * MIB + proxy.slack
    assert daemon.requests


def test_a_proxy_with_hardly_any_descriptors_starts_or_says_why_not(daemon):
    for count in (12, 16, 24):
        proxy = Proxy(daemon.address, GRANT_ALL, prefix=("prlimit", f"--nofile={count}:{count}"))
        try:
            proxy.start()
        except AssertionError:
            assert proxy.log and "sockwarden" in proxy.log[-1] + proxy.log[0], proxy.log
            assert proxy.process.returncode in (1, 2), proxy.process.returncode
            continue
        with proxy, RawClient((proxy.host, proxy.port)) as client:
            assert client.exchange(PING).status == 200


@pytest.mark.parametrize("what", ["refusals", "errors", "small answers", "heads"])
def test_a_client_that_asks_on_and_never_reads_is_stopped(daemon, start_proxy, connect, what):
    """Answers that wait to be read are bounded like everything else; once they are read the rest is served."""
    engine = "/nonexistent/docker.sock" if what == "errors" else daemon.address
    proxy = start_proxy(engine, {"INFO": "0" if what == "refusals" else "1"}, listen=("unix:{folder}/proxy.sock",))
    daemon.on("/info", reply(head(204, (("X-Long", "x" * 4000),))))
    data = request("HEAD" if what == "heads" else "GET", "/info")
    before = proxy.rss()
    client = connect(proxy, unix=True)
    flood, sent, records = data * 20_000, 0, -1
    while records != len(proxy.log):
        records = len(proxy.log)
        sent += client.send_for(flood[sent:], 0.3)
    assert proxy.rss() - before < MIB + proxy.slack
    assert sent < len(flood), "the client was not stopped"
    method = data[:4].decode().strip()
    for _ in range(sent // len(data)):
        assert client.read_answer(method).status in (403, 503, 204)
    if sent % len(data):
        client.send(data[sent % len(data):])
        assert client.read_answer(method).status in (403, 503, 204)
    client.assert_silent(0.1)


def test_many_idle_connections_cost_little(daemon, serve, connect):
    proxy = serve()
    before = proxy.rss()
    clients = [connect(proxy) for _ in range(500)]
    for client in clients[::10]:
        assert client.exchange(PING).status == 200
    assert proxy.rss() - before < 500 * 8 * 1024 + proxy.slack
    assert daemon.requests


def test_memory_does_not_grow_with_the_number_of_exchanges(daemon, serve, connect):
    proxy = serve()
    client = connect(proxy)

    def rounds(count):
        for _ in range(count):
            assert client.exchange(PING).status == 200
            assert client.exchange(request("POST", "/images/load", body=b"x" * 1000)).status == 200
            assert client.exchange(request("GET", "//x")).status in (400, 403)
        daemon.forget()
    rounds(200)
    before = proxy.rss()
    rounds(600)
    assert proxy.rss() - before < MIB // 2 + proxy.slack


def test_slow_clients_do_not_slow_others(link):
    daemon, _, connect = link
    slow = [connect() for _ in range(30)]
    for step, byte in enumerate(PING):
        for client in slow:
            client.send(bytes([byte]))
        if step % 8 == 0:
            assert connect().exchange(request("GET", "/info")).status == 200
    for client in slow:
        assert client.read_answer().status == 200
    assert len([one for one in daemon.requests if one.target == "/_ping"]) == 30
