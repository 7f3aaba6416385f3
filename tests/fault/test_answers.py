"""What the client receives: the engine's answer as it comes, framed right, or a clear error; never a false end."""

import json
import threading

import pytest

from harness.fake_daemon import (ENGINE_FIELDS, LAST_CHUNK, chunk, chunked, chunked_head, head, json_answer, reply)
from harness.payload import MIB, noise, sha
from harness.raw_client import Ended, request
from harness.wait import stays, wait_settled

GET = request("GET", "/info")
PING = request("GET", "/_ping")
BODY = b'{"Containers":3}\n'
LENGTH = ("Content-Length", len(BODY))
JSON = ("Content-Type", "application/json")


def assert_usable(client):
    """The connection serves another request."""
    answer = client.exchange(PING)
    assert answer.status == 200 and json.loads(answer.body)["target"] == "/_ping"


def script_that_waits(*parts):
    """(script, events): sends part after part, each but the first after its event is set."""
    events = [threading.Event() for _ in parts]

    def script(connection):
        connection.read_body()
        for part, event in zip(parts, events):
            if part is not parts[0]:
                connection.wait(event)
            connection.send(part)
    return script, events


# --- Answers of every kind ---

WHOLE = {
    "a length": (head(200, (JSON, LENGTH)) + BODY, BODY),
    "length 0": (head(200, (JSON, ("Content-Length", 0))), b""),
    "chunks": (chunked_head() + chunked(BODY[:5], BODY[5:]), BODY),
    "chunks, none": (chunked_head() + chunked(), b""),
    "chunks with extensions and trailers": (chunked_head() + b"3;a=b\r\nabc\r\n0;c\r\nX-Sum: 1\r\n\r\n", b"abc"),
    "chunks in upper case and with zeros": (chunked_head() + b"0A\r\n0123456789\r\n00\r\n\r\n", b"0123456789"),
    "neither, until the end": (head(200, (JSON,)) + BODY, BODY),
    "neither and nothing, until the end": (head(200, (JSON,)), b""),
    "version 1.0, until the end": (head(200, (JSON,), version="HTTP/1.0") + BODY, BODY),
    "an error": (json_answer(409, {"message": "no"}), b'{"message": "no"}\n'),
    "a large body": (head(200, (("Content-Length", 3_000_000),)) + b"abc" * 1_000_000, b"abc" * 1_000_000),
    "a large chunk": (chunked_head() + chunked(b"abc" * 1_000_000), b"abc" * 1_000_000),
}


@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_arrives_whole_and_the_connection_serves_the_next_request(link, name):
    daemon, _, connect = link
    wire, body = WHOLE[name]
    daemon.on("/info", reply(wire))
    client = connect()
    answer = client.exchange(GET)
    assert answer.body == body
    if answer.framing == "eof":
        assert answer.get("Connection") == "close"
    else:
        assert_usable(client)


@pytest.mark.parametrize("name", WHOLE)
def test_a_client_of_1_0_gets_no_chunks_and_the_end_of_the_connection(link, name):
    daemon, _, connect = link
    wire, body = WHOLE[name]
    daemon.on("/info", reply(wire))
    client = connect()
    answer = client.exchange(request("GET", "/info", version="HTTP/1.0"))
    assert answer.body == body and answer.framing in ("length", "eof") and not answer.all("Transfer-Encoding")
    client.assert_ended()


@pytest.mark.parametrize("name", ["a length", "chunks"])
def test_a_client_of_1_0_that_asks_for_keep_alive_is_told_what_it_gets(link, name):
    daemon, _, connect = link
    daemon.on("/info", reply(WHOLE[name][0]))
    client = connect()
    old = request("GET", "/info", "Connection: keep-alive", version="HTTP/1.0")
    answer = client.exchange(old)
    assert answer.body == BODY and answer.framing in ("length", "eof")
    if (answer.get("Connection") or "").lower() == "keep-alive":
        assert answer.framing == "length" and client.exchange(old).body == BODY
    else:
        client.assert_ended()


NO_BODY = {
    "204": head(204), "204 with a length": head(204, (("Content-Length", 5),)),
    "204 with chunked": head(204, (("Transfer-Encoding", "chunked"),)),
    "304": head(304), "304 with a length": head(304, (("Content-Length", 5),)),
    "304 with chunked": head(304, (("Transfer-Encoding", "chunked"),)),
    "204 and a body against the rules": head(204) + b"hello",
    "204 and a chunked body against the rules": head(204, (("Transfer-Encoding", "chunked"),)) + chunked(b"hello"),
}


@pytest.mark.parametrize("name", NO_BODY)
def test_a_status_without_a_body_has_none_and_the_connection_goes_on(link, name):
    daemon, _, connect = link
    daemon.on("/containers/x/start", reply(NO_BODY[name]))
    client = connect()
    answer = client.exchange(request("POST", "/containers/x/start"))
    assert answer.status == int(name[:3]) and not answer.all("Transfer-Encoding")
    assert answer.status == 304 or not answer.all("Content-Length")
    assert_usable(client)


HEADS = {
    "a length": head(200, (*ENGINE_FIELDS, ("Content-Length", 1234))), "length 0": head(200, (("Content-Length", 0),)),
    "chunked": chunked_head(), "no framing": head(200, ENGINE_FIELDS),
    "404 with a length": head(404, (("Content-Length", 20),)), "a length and a body": head(200, (LENGTH,)) + BODY,
    "chunked and a body": chunked_head() + chunked(BODY), "no framing and a body": head(200) + BODY,
}


@pytest.mark.parametrize("name", HEADS)
def test_the_answer_to_head_is_a_head_alone(link, name):
    daemon, _, connect = link
    daemon.on("/_ping", reply(HEADS[name]))
    client = connect()
    answer = client.exchange(request("HEAD", "/_ping"))
    assert answer.status == (404 if name.startswith("404") else 200)
    if name == "a length":
        assert answer.get("Content-Length") == "1234" and answer.get("Api-Version") == "1.41"
    assert client.exchange(GET).status == 200


INTERIM = {
    "100": head(100, reason="Continue"), "100 twice": head(100, reason="Continue") * 2,
    "102": head(102, reason="Processing"), "103 with fields": head(103, (("Link", "</x>"),), "Early Hints"),
    "100 with a length": head(100, (("Content-Length", 5),), "Continue"),
    "103 with chunked": head(103, (("Transfer-Encoding", "chunked"),), "Early Hints"),
    "each of them": head(100) + head(102) + head(103),
}


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("name", INTERIM)
def test_an_interim_answer_is_not_the_answer(link, name, version):
    daemon, _, connect = link
    daemon.on("/info", reply(INTERIM[name], head(200, (JSON, LENGTH)) + BODY))
    client = connect()
    client.send(request("GET", "/info", version=version))
    answer = client.read_answer()
    while answer.status < 200:
        assert version == "HTTP/1.1" and answer.status in (102, 103), f"{answer.status} to a client that did not ask"
        assert not answer.all("Content-Length") and not answer.all("Transfer-Encoding")
        answer = client.read_answer()
    assert answer.status == 200 and answer.body == BODY
    if version == "HTTP/1.1":
        assert_usable(client)


# --- Fields ---

KEPT = (
    ("Api-Version", "1.41"), ("Docker-Experimental", "false"), ("Ostype", "linux"), ("Builder-Version", "2"),
    ("Swarm", "active/manager"), ("Server", "Docker/27.1.1 (linux)"), ("Date", "Tue, 25 Nov 2025 01:02:03 GMT"),
    ("X-Docker-Container-Path-Stat", "eyJuYW1lIjoieCJ9" + "QUJD" * 3000), ("Content-Type", "application/json"),
    ("Cache-Control", "no-cache, no-store, must-revalidate"), ("Pragma", "no-cache"),
    ("X-Content-Type-Options", "nosniff"), ("Docker-Plugin-Name", "a/b:c"), ("Location", "/v1.41/%2e?x"),
    ("X-Any", "a\tb  c"), ("x-lower", ""), ("X-Latin", "caf\xe9"),
    ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Warning", "one"), ("X-Between", "1"), ("Warning", "two"),
)


def test_the_fields_of_an_answer_are_kept_byte_for_byte_and_in_order(link):
    daemon, _, connect = link
    daemon.on("/info", reply(head(200, (*KEPT, LENGTH)) + BODY))
    answer = connect().exchange(GET)
    assert [field for field in answer.fields if field[0] not in ("Content-Length", "Connection")] == list(KEPT)
    assert answer.body == BODY


@pytest.mark.parametrize("field", [
    ("Connection", "close"), ("Connection", "keep-alive"), ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "close"),
    ("Trailer", "X-Sum"), ("Upgrade", "h2c"), ("Proxy-Authenticate", "Basic"), ("TE", "trailers")], ids=": ".join)
def test_a_hop_by_hop_field_of_an_answer_ends_at_the_hop(link, field):
    daemon, _, connect = link
    daemon.on("/info", reply(head(200, (field, LENGTH)) + BODY))
    client = connect()
    answer = client.exchange(GET)
    assert answer.body == BODY
    assert [name for name, _ in answer.fields] in (["Content-Length"], ["Content-Length", "Connection"],
                                                   ["Connection", "Content-Length"])
    assert (answer.get("Connection") or "keep-alive").lower() == "keep-alive"
    assert_usable(client)


@pytest.mark.parametrize("status,reason",
                         [(200, "OK"), (201, "Created"), (299, "Any thing"), (301, "Moved Permanently"),
                          (400, "Bad parameter"), (418, ""), (500, "Internal"), (503, "x"), (599, "y")])
def test_status_and_reason_are_passed_on(link, status, reason):
    daemon, _, connect = link
    daemon.on("/info", reply(f"HTTP/1.1 {status} {reason}\r\nContent-Length: 2\r\n\r\nhi".encode()))
    client = connect()
    answer = client.exchange(GET)
    assert (answer.status, answer.reason, answer.body) == (status, reason, b"hi")
    assert_usable(client)


# --- As it comes ---

@pytest.mark.parametrize("framing", [chunked_head(), head(200, (JSON, ("Content-Length", 1))), head(200, (JSON,))],
                         ids=["chunked", "length", "until the end"])
@pytest.mark.parametrize("target", ["/events", "/info", "/containers/x/logs?follow=1&stdout=1"])
def test_the_head_of_an_answer_is_passed_on_before_its_body_exists(link, target, framing):
    daemon, _, connect = link
    script, events = script_that_waits(framing, b"1\r\nx\r\n0\r\n\r\n" if b"chunked" in framing else b"x")
    daemon.on(target.partition("?")[0], script)
    client = connect()
    client.send(request("GET", target))
    answer = client.read_head()
    assert answer.status == 200
    client.assert_silent(0.05)
    events[1].set()
    assert (client.read_data(1) if answer.all("Transfer-Encoding") else client.read_exactly(1)) == b"x"


def test_the_head_of_wait_is_passed_on_at_once_and_its_body_when_it_comes(link):
    daemon, _, connect = link
    script, events = script_that_waits(chunked_head(), chunked(b'{"StatusCode":0}\n'))
    daemon.on("/v1.41/containers/x/wait", script)
    client = connect()
    client.send(request("POST", "/v1.41/containers/x/wait?condition=next-exit", "Content-Length: 0"))
    assert client.read_head().status == 200
    client.assert_silent(0.3)
    events[1].set()
    assert client.read_data(17) == b'{"StatusCode":0}\n' and client.read_piece() == b""
    assert_usable(client)


def test_each_piece_of_a_stream_is_passed_on_as_it_comes(link):
    daemon, _, connect = link
    pieces = [b'{"Action":"%d"}\n' % number for number in range(20)]
    script, events = script_that_waits(chunked_head(), *map(chunk, pieces), LAST_CHUNK)
    daemon.on("/events", script)
    client = connect()
    client.send(request("GET", "/events"))
    client.read_head()
    for piece, event in zip(pieces, events[1:]):
        event.set()
        assert client.read_data(len(piece)) == piece
    events[-1].set()
    assert client.read_chunk() == b""
    assert_usable(client)


def test_half_a_chunk_is_passed_on_as_it_comes(link):
    daemon, _, connect = link
    script, events = script_that_waits(chunked_head() + b"a\r\nhel", b"lo", b"world\r\n0\r\n\r\n")
    daemon.on("/events", script)
    client = connect()
    client.send(request("GET", "/events"))
    client.read_head()
    assert client.read_data(3) == b"hel"
    events[1].set()
    assert client.read_data(2) == b"lo"
    events[2].set()
    assert client.read_data(5) == b"world" and client.read_piece() == b""
    assert_usable(client)


@pytest.mark.parametrize("name", ["a length", "chunks with extensions and trailers", "neither, until the end"])
def test_an_answer_arrives_the_same_byte_by_byte(link, name):
    daemon, _, connect = link
    wire, body = WHOLE[name]

    def script(connection):
        connection.send_split(wire, 1)
    daemon.on("/info", script)
    assert connect().exchange(GET).body == body


def test_an_answer_head_arrives_the_same_however_it_is_cut(link):
    daemon, _, connect = link
    wire = head(100) + head(200, (*ENGINE_FIELDS[:2], ("Transfer-Encoding", "chunked"))) + chunked(b"abc", b"de")
    offsets = iter(range(1, len(wire)))

    def script(connection):
        offset = next(offsets)
        connection.send_split(wire[:offset], offset)
        connection.send(wire[offset:])
    daemon.on("/info", script)
    client = connect()
    for _ in range(1, len(wire)):
        answer = client.exchange(GET)
        assert answer.status == 200 and answer.body == b"abcde" and answer.fields[:2] == list(ENGINE_FIELDS[:2])


# --- Order, keep-alive, the end ---

def test_pipelined_requests_are_answered_in_their_order(link):
    daemon, _, connect = link
    slow = threading.Event()

    def wait_first(connection):
        connection.wait(slow)
        connection.send(json_answer(200, {"target": connection.request.target}))
    daemon.on("/info", wait_first)
    client = connect()
    targets = ["/info", "/_ping?1", "/version", "/containers/json", "/_ping?4"]
    client.send(b"".join(request("GET", target) for target in targets))
    daemon.connection()
    client.assert_silent(0.2)
    assert len(daemon.connections) == 1, "the second request was sent before the first was answered"
    slow.set()
    assert [json.loads(client.read_answer().body)["target"] for _ in targets] == targets
    assert [one.target for one in daemon.requests] == targets


def test_a_pipelined_refusal_stands_at_its_place(daemon, serve, connect):
    proxy = serve(INFO="0")
    client = connect(proxy)
    client.send(PING + GET + request("GET", "/version") + GET + PING)
    assert [client.read_answer().status for _ in range(5)] == [200, 403, 200, 403, 200]
    assert [one.target for one in daemon.requests] == ["/_ping", "/version", "/_ping"]


def test_hundreds_of_requests_go_over_one_connection(link):
    daemon, _, connect = link
    client = connect()
    for number in range(300):
        assert json.loads(client.exchange(request("GET", f"/info?{number}")).body)["target"] == f"/info?{number}"
    assert len(daemon.connections) == 300


@pytest.mark.parametrize("name", ["a length", "chunks", "neither, until the end", "an error"])
def test_a_client_that_asks_for_the_end_gets_it_after_its_answer(link, name):
    daemon, _, connect = link
    wire, body = WHOLE[name]
    daemon.on("/info", reply(wire))
    client = connect(tcp=True)
    answer = client.exchange(request("GET", "/info", "Connection: close"))
    assert answer.body == body and answer.get("Connection") == "close"
    with pytest.raises(Ended) as end:
        client.read_exactly(1)
    assert not end.value.reset


@pytest.mark.parametrize("name", ["a length", "chunks"])
def test_a_quick_call_is_answered_although_the_client_has_half_closed(link, name):
    daemon, _, connect = link
    wire, body = WHOLE[name]
    daemon.on("/info", reply(wire))
    for tcp in (False, True):
        client = connect(tcp)
        client.send(GET).half_close()
        assert client.read_answer().body == body
        client.assert_ended()


def test_a_large_answer_is_read_to_its_end_after_a_half_close(link):
    daemon, _, connect = link
    body = noise(4 * MIB)
    daemon.on("/images/x/get", reply(head(200, (("Content-Length", len(body)),)) + body))
    client = connect(tcp=True)
    client.send(request("GET", "/images/x/get")).half_close()
    daemon.connection().wait_for(lambda me: me.fin or me.sent > 300_000, "the answer to be on its way")
    assert sha(client.read_answer().body) == sha(body)
    client.assert_ended(reset_ok=False)


@pytest.mark.parametrize("end", ["half-close", "close", "1.0"])
def test_an_answer_that_waits_for_a_late_reader_outlives_the_engine_and_the_end_of_the_connection(link, end):
    """Sizes around what a socket holds: the rest waits in the program when the engine has long gone."""
    daemon, proxy, connect = link
    clients = []
    for size in range(150_000, 320_000, 10_000):
        daemon.on(f"/images/{size}/get", reply(head(200, (("Content-Length", size),)) + noise(size)))
        client = connect()
        client.send(request("GET", f"/images/{size}/get", *(["Connection: close"] if end == "close" else []),
                            version="HTTP/1.0" if end == "1.0" else "HTTP/1.1"))
        if end == "half-close":
            client.half_close()
        clients.append((size, client))
    wait_settled(lambda: str([one.ended for one in daemon.connections]), 10, "the engine to have sent what it can")
    stays(lambda: proxy.process.poll() is None, 2.3, "the program lives")
    for size, client in clients:
        assert sha(client.read_answer().body) == sha(noise(size)), size
        client.assert_ended(reset_ok=False)


def test_pipelined_requests_before_a_half_close_are_all_answered(link):
    _, _, connect = link
    client = connect()
    client.send(PING * 3).half_close()
    assert [client.read_answer().status for _ in range(3)] == [200, 200, 200]
    client.assert_ended()


@pytest.mark.parametrize("way", ["half_close", "close", "reset"])
def test_a_client_that_leaves_a_stream_is_seen_to_leave_by_the_engine(link, way):
    daemon, _, connect = link
    daemon.on("/events", lambda connection: (connection.send(chunked_head() + chunk(b"one")), connection.drain()))
    client = connect(tcp=True)
    client.send(request("GET", "/events"))
    client.read_head()
    assert client.read_chunk() == b"one"
    getattr(client, way)()
    one = daemon.connection()
    one.wait_for(lambda me: me.fin or me.reset_seen, "the end of the client")
    one.wait_ended()
    if way == "half_close":
        with pytest.raises(Ended):
            client.read_chunk()


def test_a_client_that_leaves_before_the_answer_is_seen_to_leave_by_the_engine(link):
    daemon, _, connect = link
    daemon.on("/containers/x/stats", lambda connection: connection.drain())
    for way in ("close", "reset"):
        daemon.forget()
        client = connect(tcp=True)
        client.send(request("GET", "/containers/x/stats?stream=0"))
        one = daemon.connection()
        getattr(client, way)()
        one.wait_ended()
    assert one.fin or one.reset_seen
