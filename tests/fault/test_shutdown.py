"""SIGTERM: short calls end well, streams get a clean end at once, tunnels get the grace, the exit code is 0."""

import contextlib
import os
import signal
import threading
import time

import pytest

from harness.fake_daemon import LAST_CHUNK, chunk, chunked_head, head, json_answer, never_answer, raw_stream_101
from harness.raw_client import Ended, RawClient, request

ATTACH = request("POST", "/containers/x/attach?stream=1", "Connection: Upgrade", "Upgrade: tcp")
LONG_GRACE = "60s"
SOON = 5  # seconds; far below LONG_GRACE


def hold(*parts):
    """Send these, then keep the connection until the peer ends it."""
    def script(connection):
        connection.read_body()
        for part in parts:
            connection.send(part)
        connection.drain()
    return script


def assert_ended(client, reset_ok=False):
    """The end arrives; then the client closes as well, for the program waits a little for that."""
    client.assert_ended(reset_ok)
    client.close()


def assert_exit(proxy, deadline=SOON):
    assert proxy.wait_exit(deadline) == 0, proxy.log_tail()
    assert any(" notice stopping" in line for line in proxy.log)
    assert " notice stopped" in proxy.log[-1]


STREAMS = ["/events", "/v1.41/events?since=1", "/containers/x/logs?follow=1&stdout=1", "/containers/x/stats",
           "/services/x/logs?follow=true&stdout=1", "/v1.41/tasks/x/logs?follow=1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1],
                         ids=["SIGTERM", "SIGINT", "SIGUSR1"])
def test_streams_get_their_last_chunk_at_once_and_the_exit_code_is_0(daemon, serve, connect, number):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    daemon.default = hold(chunked_head(), chunk(b'{"one":1}\n'))
    clients = []
    for target in STREAMS:
        client = connect(proxy)
        client.send(request("GET", target))
        assert client.read_head().status == 200 and client.read_data(10) == b'{"one":1}\n'
        clients.append(client)
    proxy.signal(number)
    for client in clients:
        assert client.read_piece() == b"", "no last chunk"
        assert_ended(client)
    assert_exit(proxy)
    for one in daemon.connections:
        one.wait_ended()


def test_a_stream_that_has_not_brought_a_byte_gets_a_clean_end_too(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    daemon.on("/events", hold(chunked_head()))
    client = connect(proxy)
    client.send(request("GET", "/events"))
    assert client.read_head().status == 200
    proxy.signal(signal.SIGTERM)
    assert client.read_piece() == b""
    assert_ended(client)
    assert_exit(proxy)


def test_a_stream_that_is_in_the_middle_of_a_chunk_is_not_ended_falsely(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE="1s")
    daemon.on("/events", hold(chunked_head() + chunk(b"whole") + b"a\r\nhel"))
    client = connect(proxy)
    client.send(request("GET", "/events"))
    client.read_head()
    assert client.read_data(8) == b"wholehel"
    proxy.signal(signal.SIGTERM)
    with contextlib.suppress(Ended):
        assert client.read_piece() == b"", "bytes were invented"
    client.close()
    assert_exit(proxy)


def test_a_stream_without_chunks_is_ended_too(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    daemon.on("/events", hold(head(200) + b"one"))
    client = connect(proxy)
    client.send(request("GET", "/events", version="HTTP/1.0"))
    client.read_head()
    assert client.read_exactly(3) == b"one"
    proxy.signal(signal.SIGTERM)
    assert_ended(client)
    assert_exit(proxy)


def test_a_stream_that_the_engine_has_not_answered_does_not_hold_up_the_end(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    daemon.on("/events", never_answer)
    client = connect(proxy)
    client.send(request("GET", "/events"))
    daemon.connection()
    proxy.signal(signal.SIGTERM)
    with contextlib.suppress(Ended):
        assert client.read_answer().status >= 500
    client.close()
    assert_exit(proxy)


def test_a_slow_call_is_answered_and_then_the_connection_closed(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    go_on = threading.Event()

    def slow(connection):
        connection.wait(go_on)
        connection.send(json_answer(200, {"late": True}))
    daemon.on("/images/json", slow)
    client, idle = connect(proxy), connect(proxy)
    assert idle.exchange(request("GET", "/_ping")).status == 200
    client.send(request("GET", "/images/json"))
    daemon.connection_for("/images/json")
    proxy.signal(signal.SIGTERM)
    assert_ended(idle)
    with pytest.raises(ConnectionRefusedError):
        RawClient((proxy.host, proxy.port))
    assert proxy.process.poll() is None
    go_on.set()
    answer = client.read_answer()
    assert answer.status == 200 and answer.get("Connection") == "close"
    assert_ended(client)
    assert_exit(proxy)


def test_pipelined_requests_behind_the_one_in_progress_are_not_begun(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    go_on = threading.Event()

    def slow(connection):
        connection.wait(go_on)
        connection.send(json_answer(200, {}))
    daemon.on("/images/json", slow)
    client = connect(proxy)
    client.send(request("GET", "/images/json") + request("GET", "/info"))
    daemon.connection_for("/images/json")
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    go_on.set()
    assert client.read_answer().status == 200
    assert_ended(client)
    assert_exit(proxy)
    assert [one.target for one in daemon.requests] == ["/images/json"]


def test_an_upload_may_come_to_its_end_within_the_grace(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    client = connect(proxy)
    client.send(request("POST", "/images/load", "Content-Length: 10") + b"hello")
    daemon.connection().wait_for(lambda me: me.body == b"hello", "the first half")
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    client.send(b"world")
    assert client.read_answer().status == 200
    assert_ended(client)
    assert_exit(proxy)
    assert daemon.connection().body == b"helloworld"


def test_a_tunnel_works_on_within_the_grace_and_its_end_is_the_end(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)

    def echo(connection):
        connection.send(raw_stream_101())
        while text := connection.read_some():
            connection.send(text)
    daemon.on("/containers/x/attach", echo)
    client = connect(proxy)
    client.send(ATTACH)
    assert client.read_head().status == 101
    proxy.signal(signal.SIGTERM)
    proxy.wait_for_log("stopping")
    client.send(b"still here")
    assert client.read_exactly(10) == b"still here"
    client.half_close()
    assert_ended(client)
    assert_exit(proxy)


def test_what_outlasts_the_grace_is_ended_with_it(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE="600ms")
    daemon.default = never_answer
    daemon.on("/containers/x/attach", hold(raw_stream_101()))
    daemon.on("/images/x/get", hold(head(200, (("Content-Length", 20_000_000),)) + bytes(10_000_000)))
    requests = [ATTACH, request("GET", "/info"), request("POST", "/containers/x/stop"), request("GET", "/images/x/get"),
                request("POST", "/images/load", "Content-Length: 100") + b"hello", b"GET /_ping HT"]
    clients = [connect(proxy).send(data) for data in requests]
    assert clients[0].read_head().status == 101
    daemon.wait_for(lambda: len(daemon.requests) == len(requests) - 1, "all requests")
    start = time.monotonic()
    proxy.signal(signal.SIGTERM)
    assert_exit(proxy)
    assert time.monotonic() - start >= 0.59, "the grace was not given"
    for client in clients[1:]:
        with contextlib.suppress(Ended):
            answer = client.read_answer()
            assert answer.status >= 500, answer


@pytest.mark.parametrize("first,second", [(signal.SIGTERM, signal.SIGTERM), (signal.SIGTERM, signal.SIGINT),
                                          (signal.SIGINT, signal.SIGTERM)])
def test_a_second_signal_ends_at_once(daemon, serve, connect, first, second):
    proxy = serve(SHUTDOWN_GRACE=LONG_GRACE)
    daemon.default = never_answer
    daemon.on("/containers/x/attach", hold(raw_stream_101()))
    client = connect(proxy)
    client.send(ATTACH)
    assert client.read_head().status == 101
    other = connect(proxy).send(request("POST", "/containers/x/stop"))
    daemon.connection_for("/containers/x/stop")
    proxy.signal(first)
    proxy.wait_for_log("stopping")
    assert proxy.process.poll() is None
    proxy.signal(second)
    assert proxy.wait_exit(SOON) == 0
    assert_ended(client)
    with contextlib.suppress(Ended):
        assert other.read_answer().status >= 500


def test_without_clients_the_end_is_at_once_and_a_socket_file_is_gone(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {"SHUTDOWN_GRACE": LONG_GRACE}, listen=("unix:{folder}/proxy.sock",))
    assert os.path.exists(proxy.unix)
    proxy.signal(signal.SIGTERM)
    proxy.process.wait(SOON)
    assert proxy.folder.exists() and not os.path.exists(proxy.unix)
    assert_exit(proxy)


def test_clients_that_do_not_read_do_not_hold_up_the_end(daemon, serve, connect):
    proxy = serve(SHUTDOWN_GRACE="500ms")
    daemon.on("/events", hold(chunked_head() + chunk(bytes(8_000_000)) + LAST_CHUNK))
    client = connect(proxy)
    client.send(request("GET", "/events"))
    assert client.read_head().status == 200
    proxy.signal(signal.SIGTERM)
    assert_exit(proxy)


def test_a_restart_can_take_the_same_port_at_once(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {})
    port = proxy.port
    for _ in range(10):
        with RawClient(("127.0.0.1", port)) as client:
            assert client.exchange(request("GET", "/_ping")).status == 200
            proxy.signal(signal.SIGTERM)
            assert_ended(client)
        assert proxy.wait_exit(SOON) == 0
        proxy = start_proxy(daemon.address, {}, listen=(f"tcp://127.0.0.1:{port}",))


def test_signals_that_come_until_the_very_end_do_not_turn_it_into_a_kill(serve):
    for _ in range(20):
        proxy = serve()
        while proxy.process.poll() is None:
            proxy.signal(signal.SIGTERM)
        assert_exit(proxy)
