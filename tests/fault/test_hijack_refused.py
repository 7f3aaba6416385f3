"""What looks like a tunnel and is none: another answer, another route; and the JSON before the tunnel of exec start."""

import contextlib
import json

import pytest

from harness.fake_daemon import LAST_CHUNK, chunk, chunked, chunked_head, head, json_answer, raw_stream_101
from harness.raw_client import Ended, request, unread_by_peer
from harness.wait import wait_until
from tunnel_cases import ATTACH, EXEC, H2C, KINDS, PING, PREFACE, START, UPGRADE, WEBSOCKET, echo, target_of

NOT_FOUND = json_answer(404, {"message": "No such exec instance: x"})
RAW_ERROR = head(404, (("Content-Type", "application/vnd.docker.raw-stream"),)) + b"No such container: x\r\n"


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


@pytest.mark.parametrize("together", [True, False], ids=["in one piece", "in a piece of their own"])
@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("refusal", REFUSALS)
def test_behind_another_answer_early_bytes_are_dropped_and_the_connection_closed(link, refusal, name, together):
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
    client.send(data + PING if together else data)
    one = daemon.connection()
    if not together:
        daemon.wait_for(lambda: daemon.requests, "the request to reach the engine")
        client.send(PING)
        wait_until(lambda: not unread_by_peer(client.sock), 10, "the proxy to read the early bytes")
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
    try:
        assert client.read_answer().status == (200 if b"/info" in behind else 400)
    except Ended:
        assert not client.pending
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
