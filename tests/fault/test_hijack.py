"""Connections that the engine takes over: a tunnel on its answer only, no byte lost, doubled or taken for a request."""

import contextlib
import hashlib
import json
import threading

import pytest

from harness.fake_daemon import (LAST_CHUNK, MULTIPLEXED_STREAM, chunk, chunked, chunked_head, h2c_101, head,
                                 json_answer,
                                 raw_stream_101, raw_stream_200, websocket_101)
from harness.raw_client import RawClient, request
from harness.wait import stays

MIB = 1024 * 1024
PING = request("GET", "/_ping")
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
H2C = ("Connection: Upgrade", "Upgrade: h2c")
WEBSOCKET = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Version: 13")
ATTACH = ("POST", "/v1.41/containers/x/attach?stream=1&stdin=1&stdout=1")
START = ("POST", "/v1.41/exec/x/start", "Content-Type: application/json")
EXEC = b'{"Detach":false,"Tty":false}'
NOT_FOUND = json_answer(404, {"message": "No such exec instance: x"})
RAW_ERROR = head(404, (("Content-Type", "application/vnd.docker.raw-stream"),)) + b"No such container: x\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"

# What a client asks and what the engine answers when it takes the connection over.
KINDS = {
    "attach with Upgrade": (request(*ATTACH, *UPGRADE), raw_stream_101()),
    "attach with Upgrade and length 0": (request(*ATTACH, *UPGRADE, "Content-Length: 0"), raw_stream_101()),
    "attach without Upgrade": (request(*ATTACH), raw_stream_200()),
    "attach without Upgrade, length 0": (request(*ATTACH, "Content-Length: 0"), raw_stream_200()),
    "attach without a version": (request("POST", "/containers/x/attach?stream=1&stdin=1", *UPGRADE), raw_stream_101()),
    "attach, multiplexed": (request(*ATTACH, *UPGRADE), raw_stream_101(MULTIPLEXED_STREAM)),
    "attach without Upgrade, multiplexed": (request(*ATTACH), raw_stream_200(MULTIPLEXED_STREAM)),
    "exec start with Upgrade": (request(*START, *UPGRADE, body=EXEC), raw_stream_101()),
    "exec start without Upgrade": (request(*START, body=EXEC), raw_stream_200()),
    "exec start, chunked": (request(*START, *UPGRADE, "Transfer-Encoding: chunked") + chunked(EXEC[:7], EXEC[7:]),
                            raw_stream_101()),
    "attach by websocket": (request("GET", "/containers/x/attach/ws?stream=1&stdin=1", *WEBSOCKET), websocket_101()),
    "session": (request("POST", "/session", *H2C, "X-Docker-Expose-Session-Uuid: abc",
                        "X-Docker-Expose-Session-Grpc-Method: /a/B", "X-Docker-Expose-Session-Grpc-Method: /a/C"),
                h2c_101()),
    "grpc": (request("POST", "/grpc", *H2C), h2c_101()),
}
RAW = [name for name in KINDS if "websocket" not in name and name not in ("session", "grpc")]


@pytest.fixture
def link(shared):
    """(daemon, proxy, connect); connect() is over the unix listener, connect(tcp=True) over TCP."""
    daemon, proxy = shared
    daemon.forget()
    daemon.scripts.clear()
    daemon.go_on = threading.Event()
    with contextlib.ExitStack() as stack:
        yield (daemon, proxy,
               lambda tcp=False: stack.enter_context(RawClient((proxy.host, proxy.port) if tcp else proxy.unix)))


def target_of(data):
    return data.split(b" ", 2)[1].decode().partition("?")[0]


def noise(size, seed=0):
    block = b"".join(hashlib.sha256(b"%d.%d" % (seed, number)).digest() for number in range(4096))
    return (block * (size // len(block) + 1))[:size]


def echo(answer):
    """Answer, then send back what comes, then end with the peer."""
    def script(connection):
        connection.read_body()
        connection.send(answer)
        while data := connection.read_some():
            connection.send(data)
    return script


def assert_switched(client, answer):
    """The engine's own head arrived: its status line, its fields, nothing of a framing."""
    got, wanted = client.read_head(), answer.split(b"\r\n\r\n")[0].decode().split("\r\n")
    assert got.raw_head.decode().split("\r\n")[0] == wanted[0]
    assert {f"{name}: {value}".lower() for name, value in got.fields if name.lower() != "connection"} == {
        line.lower() for line in wanted[1:] if not line.startswith("Connection")}
    assert got.status == 200 or got.get("Connection").lower() == "upgrade"
    return got


# --- The tunnel ---

@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize("name", KINDS)
def test_after_the_answer_bytes_go_both_ways_until_both_have_ended(link, name, tcp):
    daemon, _, connect = link
    data, answer = KINDS[name]
    daemon.on(target_of(data), echo(answer))
    client = connect(tcp)
    client.send(data)
    assert_switched(client, answer)
    one = daemon.connection()
    for text in (b"hello\n", b"\0\xff\r\n\r\n", PING, b"0\r\n\r\n", PREFACE):
        client.send(text)
        assert client.read_exactly(len(text)) == text
    client.half_close()
    client.assert_ended(reset_ok=False)
    one.wait_ended()
    assert one.fin and len(daemon.connections) == 1


@pytest.mark.parametrize("name", KINDS)
def test_the_engine_sees_the_wish_of_the_client_and_that_it_is_the_last_request(link, name):
    daemon, _, connect = link
    data, answer = KINDS[name]
    daemon.on(target_of(data), echo(answer))
    client = connect()
    client.send(data)
    client.read_head()
    one = daemon.connection()
    sent = one.request
    wish = {"session": "h2c", "grpc": "h2c", "attach by websocket": "websocket"}.get(name, "tcp")
    words = [word.strip().lower() for word in sent.get("Connection").split(",")]
    if "without Upgrade" in name:
        assert sent.get("Upgrade") is None and words == ["close"]
    else:
        assert sent.get("Upgrade") == wish and words == ["upgrade", "close"]
    assert sent.get("Host") == "docker"
    if name.startswith("exec"):
        assert sent.get("Content-Length") == str(len(EXEC)) and sent.get("Transfer-Encoding") is None
        assert one.body == EXEC and sent.get("Content-Type") == "application/json"
    else:
        assert sent.get("Content-Length") in (None, "0") and sent.get("Transfer-Encoding") is None
    if name == "session":
        assert sent.all("X-Docker-Expose-Session-Grpc-Method") == ["/a/B", "/a/C"]
        assert sent.get("X-Docker-Expose-Session-Uuid") == "abc"
    if "websocket" in name:
        assert sent.get("Sec-WebSocket-Key") == "dGhlIHNhbXBsZSBub25jZQ==" and sent.get("Sec-WebSocket-Version") == "13"


@pytest.mark.parametrize("upgrade", ["tcp", "TCP", "websocket", "anything"])
def test_attach_asks_for_whatever_protocol_the_client_names(link, upgrade):
    daemon, _, connect = link
    daemon.on("/v1.41/containers/x/attach", echo(raw_stream_101()))
    client = connect()
    client.send(request(*ATTACH, "Connection: Upgrade", f"Upgrade: {upgrade}"))
    assert client.read_head().status == 101
    assert daemon.connection().request.get("Upgrade")


def test_a_tunnel_can_follow_ordinary_requests_on_one_connection(link):
    daemon, _, connect = link
    daemon.on("/v1.41/containers/x/attach", echo(raw_stream_101()))
    client = connect()
    assert client.exchange(PING).status == 200
    client.send(PING + request(*ATTACH, *UPGRADE) + b"early")
    assert client.read_answer().status == 200
    assert client.read_head().status == 101
    assert client.read_exactly(5) == b"early"


@pytest.mark.parametrize("name", RAW)
def test_output_in_the_same_segment_as_the_answer_arrives(link, name):
    daemon, _, connect = link
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.send(answer + b"HTTP/1.1 200 OK\r\n\r\nfirst output")
    daemon.on(target_of(data), script)
    client = connect()
    client.send(data)
    assert_switched(client, answer)
    client.half_close()
    assert client.read_until_eof() == b"HTTP/1.1 200 OK\r\n\r\nfirst output"


@pytest.mark.parametrize("answer", [raw_stream_101(), raw_stream_200(), head(100) + raw_stream_101()],
                         ids=["101", "200", "100 before"])
def test_an_answer_that_switches_may_be_cut_anywhere(link, answer):
    daemon, _, connect = link
    wire = answer + b"output"
    offsets = iter(range(1, len(wire)))

    def script(connection):
        offset = next(offsets)
        connection.send_split(wire[:offset], offset)
        connection.send(wire[offset:])
        connection.read_exactly(5)
        connection.send(b"more")
    daemon.on("/v1.41/containers/x/attach", script)
    for _ in range(1, len(wire)):
        with connect() as client:
            client.send(request(*ATTACH, *(UPGRADE if b" 101 " in answer else ())) + b"stdin")
            got = client.read_head()
            assert got.status in (101, 200)
            assert client.read_exactly(10) == b"outputmore"


# --- Before the answer ---

@pytest.mark.parametrize("name", KINDS)
def test_bytes_behind_the_request_wait_for_the_answer_and_then_arrive_once(link, name):
    daemon, _, connect = link
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.assert_silent(0.15)
        connection.send(answer)
        assert connection.read_exactly(len(PING) + 6) == PING + b"stdin\n"
        connection.send(b"got it")
        connection.drain()
    daemon.on(target_of(data), script)
    client = connect()
    client.send(data + PING)
    client.send(b"stdin\n")
    assert_switched(client, answer)
    assert client.read_exactly(6) == b"got it"
    client.half_close()
    client.assert_ended()
    one = daemon.connection()
    one.wait_ended()
    assert one.received.count(b"stdin\n") == 1 and one.received.endswith(PING + b"stdin\n")
    assert len(daemon.connections) == 1


@pytest.mark.parametrize("name", ["attach with Upgrade", "attach without Upgrade", "exec start with Upgrade",
                                  "exec start, chunked"])
def test_request_and_stdin_may_be_cut_anywhere(link, name):
    daemon, _, connect = link
    data, answer = KINDS[name]
    daemon.on(target_of(data), echo(answer))
    wire = data + b"stdin\n"
    for offset in range(1, len(wire)):
        with connect() as client:
            client.send_split(wire[:offset], offset)
            client.send(wire[offset:])
            client.read_head()
            assert client.read_exactly(6) == b"stdin\n"


@pytest.mark.parametrize("name", RAW)
@pytest.mark.parametrize("early", [b"", b"all of stdin\n"], ids=["no stdin", "stdin"])
@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_an_end_of_stdin_before_the_answer_is_delivered_behind_the_switch(link, name, early, tcp):
    daemon, _, connect = link
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.assert_silent(0.05)
        connection.send(answer)
        stdin = connection.drain()
        connection.send(b"%d bytes" % len(stdin))
    daemon.on(target_of(data), script)
    client = connect(tcp)
    client.send(data + early).half_close()
    assert_switched(client, answer)
    assert client.read_until_eof() == b"%d bytes" % len(early)
    one = daemon.connection()
    one.wait_ended()
    assert one.fin and not one.reset_seen


def test_an_immediate_end_of_stdin_never_hangs_or_aborts(link):
    daemon, _, connect = link

    def script(connection):
        connection.read_body()
        connection.send(raw_stream_101())
        connection.drain()
        connection.send(b"done")
    daemon.on("/v1.41/exec/x/start", script)
    data = KINDS["exec start with Upgrade"][0]
    for number in range(200):
        with connect(tcp=number % 2) as client:
            client.send(data).half_close()
            assert client.read_head().status == 101
            assert client.read_until_eof() == b"done"


def test_stdin_before_the_answer_is_held_within_bounds_and_none_is_lost(link):
    daemon, proxy, connect = link
    data = noise(8 * MIB)

    def script(connection):
        connection.wait(daemon.go_on)
        connection.send(raw_stream_101())
        connection.send(hashlib.sha256(connection.drain()).hexdigest().encode())
    daemon.on("/v1.41/containers/x/attach", script)
    before = proxy.rss()
    client = connect()
    client.send(request(*ATTACH, *UPGRADE))
    daemon.connection()
    sent = client.send_for(data, 0.3)
    assert sent < 1.5 * MIB, "the client was not stopped"
    cpu = proxy.cpu()
    stays(lambda: proxy.rss() - before < 1 * MIB, 0.3, "memory beyond its bounds")
    assert proxy.cpu() - cpu < 0.1, "busy while it waits"
    daemon.go_on.set()
    client.send(data[sent:]).half_close()
    assert client.read_head().status == 101
    assert client.read_until_eof().decode() == hashlib.sha256(data).hexdigest()


def test_an_answer_that_is_long_in_coming_and_a_quiet_tunnel_outlast_every_limit(daemon, serve, connect):
    limits = {name: "200ms" for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT", "ANSWER_TIMEOUT", "CONNECT_TIMEOUT")}
    proxy = serve(**limits)
    go_on = threading.Event()
    clients = []
    for name, (data, answer) in KINDS.items():
        def script(connection, answer=answer, quiet_first="multiplexed" in name):
            connection.read_body()
            if quiet_first:
                connection.wait(go_on)
            connection.send(answer)
            while text := connection.read_some():
                connection.send(text)
        daemon.on(target_of(data), script)
        client = connect(proxy)
        client.send(data)
        daemon.wait_for(lambda: len(daemon.requests) == len(clients) + 1, "the request")  # pylint: disable=W0640
        clients.append(client)
    clients[0].read_head()
    clients[0].assert_silent(0.8)
    go_on.set()
    for number, client in enumerate(clients):
        if number:
            client.read_head()
        client.send(b"still here")
        assert client.read_exactly(10) == b"still here"


# --- Half-close ---

@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize("name", RAW)
def test_the_end_of_stdin_is_passed_on_and_output_still_flows(link, name, tcp):
    daemon, _, connect = link
    data, answer = KINDS[name]
    output = noise(MIB)

    def script(connection):
        connection.read_body()
        connection.send(answer)
        assert connection.drain() == b"stdin\n"
        connection.wait(daemon.go_on)
        connection.send(output)
    daemon.on(target_of(data), script)
    client = connect(tcp)
    client.send(data)
    client.read_head()
    client.send(b"stdin\n").half_close()
    daemon.connection().wait_for(lambda me: me.fin, "the end of stdin")
    client.assert_silent(0.1)
    daemon.go_on.set()
    assert client.read_until_eof() == output


@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize("name", RAW)
def test_the_end_of_output_is_passed_on_and_stdin_still_flows(link, name, tcp):
    daemon, _, connect = link
    data, answer = KINDS[name]
    stdin = noise(MIB)
    got = []

    def script(connection):
        connection.read_body()
        connection.send(answer + b"output")
        connection.half_close()
        got.append(connection.drain())
    daemon.on(target_of(data), script)
    client = connect(tcp)
    client.send(data)
    client.read_head()
    assert client.read_until_eof() == b"output"
    client.send(stdin).half_close()
    daemon.connection().wait_ended()
    assert got == [stdin]


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("name", ["attach with Upgrade", "exec start without Upgrade", "grpc"])
def test_an_engine_that_ends_a_tunnel_ends_it_for_the_client(link, name, way):
    daemon, _, connect = link
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.send(answer + b"output")
        connection.wait(daemon.go_on)
        getattr(connection, way)()
    daemon.on(target_of(data), script)
    client = connect(tcp=True)
    client.send(data)
    client.read_head()
    assert client.read_exactly(6) == b"output"
    daemon.go_on.set()
    client.assert_ended()


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("name", ["attach with Upgrade", "exec start without Upgrade", "session"])
def test_a_client_that_leaves_a_tunnel_is_seen_to_leave_by_the_engine(link, name, way):
    daemon, proxy, connect = link
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.send(answer)
        while True:
            connection.send(b"output " * 100)
            connection.wait(daemon.go_on)
    daemon.on(target_of(data), script)
    client = connect(tcp=True)
    client.send(data)
    client.read_head()
    log_name = f"client={client.name} "
    getattr(client, way)()
    daemon.go_on.set()
    daemon.connection().wait_ended()
    assert " access " in proxy.wait_for_log(log_name)


# --- Much ---

@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
@pytest.mark.parametrize("name", ["attach with Upgrade", "exec start without Upgrade"])
def test_much_in_both_directions_at_once_arrives_whole_in_constant_memory(link, name, tcp):
    daemon, proxy, connect = link
    data, answer = KINDS[name]
    stdin, output = noise(24 * MIB, 1), noise(24 * MIB, 2)
    got = []

    def script(connection):
        connection.read_body()
        connection.send(answer)
        reader = threading.Thread(target=lambda: got.append(hashlib.sha256(connection.drain()).digest()))
        reader.start()
        connection.send(output)
        connection.half_close()
        reader.join()
    daemon.on(target_of(data), script)
    before = proxy.rss()
    client = connect(tcp)
    client.send(data)
    client.read_head()
    sender = threading.Thread(target=lambda: client.send(stdin).half_close())
    sender.start()
    assert hashlib.sha256(client.read_until_eof()).digest() == hashlib.sha256(output).digest()
    sender.join(20)
    daemon.connection().wait_ended()
    assert got == [hashlib.sha256(stdin).digest()]
    assert proxy.peak_rss() - before < 3 * MIB


@pytest.mark.parametrize("stalled", ["the engine", "the client"])
def test_a_side_of_a_tunnel_that_does_not_read_stops_the_other_but_not_its_own_direction(link, stalled):
    daemon, proxy, connect = link
    much = noise(8 * MIB)
    done = threading.Event()

    def script(connection):
        connection.send(raw_stream_101())
        if stalled == "the engine":
            connection.send(b"output")
            connection.wait(daemon.go_on)
            connection.send(hashlib.sha256(connection.drain()).hexdigest().encode())
        else:
            connection.send(much)
            done.set()
            connection.drain()
    daemon.on("/v1.41/containers/x/attach", script)
    before = proxy.rss()
    client = connect()
    client.send(request(*ATTACH, *UPGRADE))
    assert client.read_head().status == 101
    if stalled == "the engine":
        sent = client.send_for(much, 0.3)
        assert sent < 1.5 * MIB and client.read_exactly(6) == b"output"
    else:
        client.send(b"stdin")
        one = daemon.connection()
        stays(lambda: not done.is_set(), 0.3, "the engine was not stopped")
        assert one.sent < 1.5 * MIB
    assert proxy.rss() - before < 1 * MIB
    if stalled == "the engine":
        daemon.go_on.set()
        client.send(much[sent:]).half_close()
        assert client.read_until_eof().decode() == hashlib.sha256(much).hexdigest()
    else:
        assert client.read_exactly(len(much)) == much
        client.half_close()
        one.wait_ended()
        assert one.received.endswith(b"stdin")


# --- No tunnel ---

REFUSALS = {
    "400": json_answer(400, {"message": "bad parameter"}), "404": NOT_FOUND,
    "409": json_answer(409, {"message": "Container x is not running"}),
    "500": json_answer(500, {"message": "server error"}),
    "404, chunked": chunked_head(404) + chunked(b'{"message":"x"}\n'),
    "200 of a detached exec": json_answer(200, {}),
    "200 with length 0": head(200, (("Content-Length", 0),)),
    "201": head(201, (("Content-Length", 0),)), "204": head(204), "304": head(304),
    "200, a raw stream with a length": head(200, (("Content-Type", "application/vnd.docker.raw-stream"),
                                                  ("Content-Length", 5))) + b"hello",
    "200, a raw stream in chunks": chunked_head(200, "application/vnd.docker.raw-stream") + chunked(b"hello"),
}


def answer_and_listen(wire):
    """Answer, then take note of whatever still comes."""
    def script(connection):
        connection.read_body()
        connection.send(wire)
        connection.drain()
    return script


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_another_answer_is_an_ordinary_one_and_the_connection_stays_usable(link, refusal, name):
    daemon, _, connect = link
    data, _ = KINDS[name]
    daemon.on(target_of(data), answer_and_listen(REFUSALS[refusal]))
    client = connect()
    client.send(data)
    answer = client.read_answer()
    assert answer.status == int(refusal[:3]) and not answer.all("Upgrade")
    assert client.exchange(PING).status == 200
    assert [one.target for one in daemon.requests][1:] == ["/_ping"]
    daemon.connections[0].wait_ended()


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_behind_another_answer_early_bytes_are_dropped_and_the_connection_closed(link, refusal, name):
    daemon, _, connect = link
    data, _ = KINDS[name]
    go_on = daemon.go_on

    def script(connection):
        connection.read_body()
        connection.wait(go_on)
        connection.send(REFUSALS[refusal])
        connection.drain()
    daemon.on(target_of(data), script)
    client = connect()
    client.send(data + PING)
    one = daemon.connection()
    go_on.set()
    assert client.read_answer().status == int(refusal[:3])
    client.assert_ended()
    one.wait_ended()
    assert len(daemon.connections) == 1, "early bytes were taken for a request"
    assert PING not in one.received, "early bytes went to the engine although it did not take over"


@pytest.mark.parametrize("early", [b"", PING], ids=["nothing early", "early bytes"])
@pytest.mark.parametrize("wire",
                         [RAW_ERROR, head(200, (("Content-Type", "application/json"),)) + b"{}", head(200) + b"x"],
                         ids=["an error of attach", "JSON without a length", "no type"])
def test_an_answer_until_the_end_that_is_no_raw_stream_is_no_tunnel(link, wire, early):
    daemon, _, connect = link

    def script(connection):
        connection.send(wire)
        connection.wait(daemon.go_on)
    daemon.on("/v1.41/containers/x/attach", script)
    client = connect()
    client.send(request(*ATTACH, *UPGRADE) + early)
    answer = client.read_head()
    assert answer.status == int(wire[9:12])
    with contextlib.suppress(OSError):
        client.send(b"more")
    one = daemon.connection()
    daemon.go_on.set()
    body = client.read_until_eof(reset_ok=True) if not answer.all("Transfer-Encoding") else client.read_chunk()
    assert body == wire.split(b"\r\n\r\n", 1)[1]
    one.wait_ended()
    assert one.received == one.request.raw and len(daemon.connections) == 1


def test_an_end_of_stdin_before_another_answer_does_not_lose_that_answer(link):
    daemon, _, connect = link

    def script(connection):
        connection.read_body()
        connection.wait(daemon.go_on)
        connection.send(NOT_FOUND)
    daemon.on("/v1.41/exec/x/start", script)
    client = connect(tcp=True)
    client.send(KINDS["exec start with Upgrade"][0] + b"stdin").half_close()
    daemon.connection()
    daemon.go_on.set()
    assert client.read_answer().status == 404
    client.assert_ended()


def test_an_engine_that_leaves_instead_of_taking_over_is_a_502(link):
    daemon, _, connect = link
    daemon.on("/v1.41/containers/x/attach", lambda connection: connection.close())
    for early in (b"", PING):
        client = connect()
        client.send(request(*ATTACH, *UPGRADE) + early)
        assert client.read_answer().status == 502
        if early:
            client.assert_ended()
    assert {one.target for one in daemon.requests} == {ATTACH[1]}


PLAIN = [("GET", "/_ping"), ("GET", "/info"), ("POST", "/containers/x/start"), ("GET", "/containers/x/logs?follow=1"),
         ("GET", "/v1.41/events"), ("GET", "/containers/x/attach"), ("POST", "/containers/x/attach/ws"),
         ("GET", "/exec/x/json"), ("POST", "/exec/x/resize?h=1&w=1"), ("GET", "/session"), ("POST", "/build")]


@pytest.mark.parametrize("method,target", PLAIN, ids=[" ".join(one) for one in PLAIN])
def test_a_101_where_nothing_is_taken_over_is_a_502_and_no_tunnel(link, method, target):
    daemon, _, connect = link
    daemon.on(target.partition("?")[0], answer_and_listen(raw_stream_101() + b"output"))
    client = connect()
    client.send(request(method, target, *UPGRADE))
    assert client.read_answer(method).status in (502, 403)
    with contextlib.suppress(OSError):
        client.send(b"stdin for a tunnel")
    if daemon.connections:
        one = daemon.connection()
        one.wait_ended()
        assert one.received == one.request.raw


@pytest.mark.parametrize("fields", [
    UPGRADE, H2C, WEBSOCKET, ("Upgrade: tcp",), ("Connection: Upgrade",), ("Connection: Upgrade, HTTP2-Settings",
                                                                          "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    ("Proxy-Connection: Upgrade", "Upgrade: x"), ("Connection: keep-alive", "Connection: Upgrade", "Upgrade: x"),
    ("Connection: Upgrade", "Upgrade:"), ("Connection: Upgrade, close", "Upgrade: x")],
    ids=lambda fields: "; ".join(fields)[:40])
@pytest.mark.parametrize("behind", [request("GET", "/info"), PREFACE, b"\x81\x05hello"],
                         ids=["a request", "a preface", "a frame"])
def test_an_upgrade_elsewhere_is_stripped_and_what_is_behind_is_a_request_or_nothing(link, fields, behind):
    daemon, _, connect = link
    client = connect()
    client.send(request("GET", "/_ping", *fields) + behind)
    answer = client.read_answer()
    assert answer.status == 200 and json.loads(answer.body)["target"] == "/_ping"
    rest = client.read_head() if b"/info" in behind and answer.get("Connection") != "close" else None
    assert rest is None or rest.status == 200
    if rest is None and answer.get("Connection") != "close":
        assert client.read_answer().status == 400
        client.assert_ended()
    for one in daemon.connections:
        one.wait_ended()
        assert one.received == one.request.raw and one.request.get("Upgrade") is None
        assert "upgrade" not in one.request.get("Connection").lower()
    assert [one.target for one in daemon.requests] in (["/_ping"], ["/_ping", "/info"])


# --- The JSON of exec start ---

@pytest.mark.parametrize("sizes", [(len(EXEC),), (1,), (3, 5, 100)], ids=["one chunk", "bytes", "odd chunks"])
def test_the_chunked_json_of_exec_start_is_collected_and_sent_with_its_length(link, sizes):
    daemon, _, connect = link
    daemon.on("/v1.41/exec/x/start", echo(raw_stream_101()))
    wire, start = b"", 0
    while start < len(EXEC):
        size = sizes[start % len(sizes)]
        wire += chunk(EXEC[start:start + size])
        start += size
    client = connect()
    client.send(request(*START, *UPGRADE, "Transfer-Encoding: chunked"))
    client.send_split(wire + LAST_CHUNK, 7)
    client.send(b"stdin")
    assert client.read_head().status == 101 and client.read_exactly(5) == b"stdin"
    one = daemon.connection()
    assert one.received == one.request.raw + EXEC + b"stdin"
    assert one.request.get("Content-Length") == str(len(EXEC)) and one.request.get("Transfer-Encoding") is None


def test_a_broken_chunked_exec_start_does_not_reach_the_engine(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*START, *UPGRADE, "Transfer-Encoding: chunked") + b"5\r\nhelloXX0\r\n\r\n" + PING)
    assert client.read_answer().status == 400
    client.assert_ended()
    assert daemon.connections == []


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "endless"])
def test_a_chunked_exec_start_over_its_limit_is_413_and_does_not_reach_the_engine(daemon, serve, connect, whole):
    proxy = serve(MAX_BODY_SIZE="2k")
    client = connect(proxy)
    client.send(request(*START, *UPGRADE, "Transfer-Encoding: chunked") + chunk(b" " * 2048 + EXEC))
    if whole:
        client.send(LAST_CHUNK + PING)
    assert client.read_answer().status == 413
    client.assert_ended()
    assert daemon.connections == []


def test_an_exec_start_whose_json_is_cut_off_never_reaches_the_engine_whole(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*START, *UPGRADE, f"Content-Length: {len(EXEC)}") + EXEC[:10]).half_close()
    client.read_until_eof(reset_ok=True)
    for one in daemon.connections:
        one.wait_ended()
        assert not one.complete


# --- In the log ---

@pytest.mark.parametrize("name", ["attach with Upgrade", "exec start without Upgrade"])
def test_a_tunnel_is_one_access_record_when_it_ends_with_what_went_through_it(link, name):
    daemon, proxy, connect = link
    data, answer = KINDS[name]
    daemon.on(target_of(data), echo(answer))
    client = connect(tcp=True)
    mark = f"client={client.name} "
    client.send(data + b"stdin")
    client.read_head()
    client.read_exactly(5)
    assert not proxy.lines(mark)
    client.half_close()
    client.assert_ended()
    line = proxy.wait_for_log(mark)
    assert " access " in line and f" status={101 if b'101' in answer[:15] else 200} " in line
    assert len(proxy.lines(mark)) == 1
