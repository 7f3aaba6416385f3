"""Answers that are none, that break off, or that are more than one: a 502 or a clear break, and nothing stolen."""

import json

import pytest

from harness.fake_daemon import FakeDaemon, LAST_CHUNK, chunk, chunked, chunked_head, head, json_answer, reply
from harness.proxy import BOTH_LISTENERS, GRANT_ALL, Proxy
from harness.raw_client import Ended, request

GET = request("GET", "/info")
PING = request("GET", "/_ping")
BODY = b'{"Containers":3}\n'
LENGTH = ("Content-Length", len(BODY))


@pytest.fixture(scope="module", params=[False, True], ids=["unix engine", "tcp engine"])
def shared(request):  # pylint: disable=redefined-outer-name
    """As elsewhere, but also with an engine on TCP: only there is a reset one."""
    with FakeDaemon(tcp=request.param) as started, Proxy(started.address, GRANT_ALL, BOTH_LISTENERS) as proxy:
        yield started, proxy


def assert_usable(client):
    """The connection serves another request."""
    answer = client.exchange(PING)
    assert answer.status == 200 and json.loads(answer.body)["target"] == "/_ping"


def assert_goes_on(client, answer):
    """Behind an error of our own the connection serves another request, or is ended as the answer said."""
    if answer.get("Connection") == "close":
        client.assert_ended()
    else:
        assert_usable(client)


# --- Answers that are none ---

GARBAGE = {
    "nothing": b"", "a line feed": b"\n", "a piece of a status line": b"HTTP/1.",
    "a status line alone": b"HTTP/1.1 200 OK\r\n",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
    "a head cut before its last byte": head(200, (LENGTH,))[:-1],
    "an interim answer and nothing": head(100),
    "an interim answer and half a head": head(103) + b"HTTP/1.1 200 OK\r\nA",
    "text": b"I am not HTTP\r\n\r\n", "TLS": bytes.fromhex("15030300020246"),
    "HTTP/2 SETTINGS": bytes.fromhex("000000040000000000"),
    "SSH": b"SSH-2.0-x\r\n", "zeros": bytes(100), "a request": request("GET", "/_ping"),
    "version 2": b"HTTP/2.0 200 OK\r\n\r\n",
    "no version": b"HTTP 200 OK\r\n\r\n", "lower case": b"http/1.1 200 OK\r\n\r\n",
    "two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "four digits": b"HTTP/1.1 2000 OK\r\n\r\n", "letters for a status": b"HTTP/1.1 abc OK\r\n\r\n",
    "status 099": b"HTTP/1.1 099 OK\r\n\r\n", "a sign": b"HTTP/1.1 +20 OK\r\n\r\n",
    "bare line feeds": b"HTTP/1.1 200 OK\nA: b\n\n",
    "a bare CR": b"HTTP/1.1 200 OK\r\nA: b\rC: d\r\nContent-Length: 0\r\n\r\n",
    "NUL in a value": b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n",
    "a blank before a colon": b"HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n",
    "a field without a colon": b"HTTP/1.1 200 OK\r\nAb\r\nContent-Length: 0\r\n\r\n",
    "a folded field": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a blank in a name": b"HTTP/1.1 200 OK\r\nA b: c\r\nContent-Length: 0\r\n\r\n",
    "length and chunked": head(200, (("Content-Length", 5), ("Transfer-Encoding", "chunked"))) + chunked(b"hello"),
    "chunked and length": head(200, (("Transfer-Encoding", "chunked"), ("Content-Length", 5))) + chunked(b"hello"),
    "two lengths": head(200, (("Content-Length", 5), ("Content-Length", 6))) + b"hello",
    "a negative length": head(200, (("Content-Length", -1),)),
    "a length of letters": head(200, (("Content-Length", "five"),)),
    "a length over 64 bits": head(200, (("Content-Length", "18446744073709551621"),)) + b"hello",
    "an empty length": head(200, (("Content-Length", ""),)) + b"hello",
    "gzip and chunked": head(200, (("Transfer-Encoding", "gzip, chunked"),)) + chunked(b"hello"),
    "another coding": head(200, (("Transfer-Encoding", "gzip"),)) + b"hello",
    "two codings": head(200, (("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked"))) + chunked(b"hello"),
    "a switch that nobody asked for": head(101, (("Connection", "Upgrade"), ("Upgrade", "tcp"))) + b"raw",
    "a bare 101": head(101) + b"raw", "a head of 300 KB": head(200, (("X-Any", "a" * 300_000),)) + b"hello",
    "a head without an end": b"HTTP/1.1 200 OK\r\nA: " + b"a" * 300_000,
    "4000 fields": head(200, [(f"X-{number}", "a" * 30) for number in range(4000)]) + b"hello",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_an_answer_that_is_none_is_502_and_never_passed_on(link, name):
    daemon, _, connect = link
    daemon.on("/info", reply(GARBAGE[name]))
    client = connect()
    client.send(GET)
    answer = client.read_answer()
    while answer.status in (102, 103):
        answer = client.read_answer()
    assert answer.status == 502 and answer.get("Content-Type") == "application/json"
    assert answer.message.startswith("sockwarden: ")
    assert_goes_on(client, answer)
    daemon.connection().wait_ended()
    assert [one.target for one in daemon.requests] in (["/info"], ["/info", "/_ping"])


@pytest.mark.parametrize("way", ["close", "reset"])
@pytest.mark.parametrize("moment", ["before the request is read", "after it is read", "in the head"])
def test_an_engine_that_leaves_before_its_answer_is_a_502(link, moment, way):
    daemon, _, connect = link

    def script(connection):
        if moment != "before the request is read":
            connection.read_head()
        if moment == "in the head":
            connection.send(b"HTTP/1.1 200 OK\r\nContent-")
        getattr(connection, way)()
    daemon.queue(script)
    client = connect()
    answer = client.exchange(GET)
    assert answer.status == 502 and answer.message.startswith("sockwarden: ")
    assert_goes_on(client, answer)
    assert len(daemon.connections) <= 2


# --- Answers that break off ---

CUT_OFF = {
    "a length": (head(200, (("Content-Length", 100),)) + b"hello", b"hello"),
    "a length and nothing": (head(200, (("Content-Length", 100),)), b""),
    "chunks": (chunked_head() + chunk(b"hello"), b"hello"),
    "chunks and nothing": (chunked_head(), b""),
    "half a chunk": (chunked_head() + b"a\r\nhello", b"hello"),
    "half a size line": (chunked_head() + chunk(b"hello") + b"1", b"hello"),
    "half an end": (chunked_head() + chunk(b"hello") + b"0\r\n", b"hello"),
}
BROKEN_FRAMING = {
    "a broken size": (chunked_head() + chunk(b"hello") + b"xyz\r\nhello\r\n0\r\n\r\n", b"hello"),
    "a broken chunk end": (chunked_head() + b"5\r\nhelloXX0\r\n\r\n", b"hello"),
    "a letter and a line feed behind a chunk": (chunked_head() + b"5\r\nhelloX\n0\r\n\r\n", b"hello"),
    "a carriage return and a letter behind a chunk": (chunked_head() + b"5\r\nhello\rX0\r\n\r\n", b"hello"),
    "a size of 17 digits": (chunked_head() + chunk(b"hello") + b"1" * 17 + b"\r\nx", b"hello"),
    "a line feed behind a size": (chunked_head() + chunk(b"hello") + b"2\nab\r\n0\r\n\r\n", b"hello"),
}


SHORT = {**CUT_OFF, **BROKEN_FRAMING}


def read_broken(client):
    """(body, reset): the body of an answer that must not come to its proper end."""
    answer, body = client.read_head(), b""
    assert answer.status == 200
    try:
        if answer.all("Transfer-Encoding"):
            while piece := client.read_piece():
                body += piece
            raise AssertionError("a last chunk was invented")
        left = int(answer.get("Content-Length") or 1 << 60)
        while left > len(body):
            body += client.read_exactly(1)
        raise AssertionError("bytes were invented")
    except Ended as end:
        return body, end.reset


def give_way(wire, way):
    def script(connection):
        connection.read_body()
        connection.send(wire)
        getattr(connection, way)()
    return script


@pytest.mark.parametrize("way", ["half_close", "close", "reset"])
@pytest.mark.parametrize("name", SHORT)
def test_an_answer_that_breaks_off_ends_the_connection_without_a_false_end(link, name, way):
    daemon, _, connect = link
    wire, body = SHORT[name]
    daemon.on("/info", give_way(wire, way))
    for tcp in (False, True):
        client = connect(tcp)
        client.send(GET + PING)
        got, _ = read_broken(client)
        assert body.startswith(got)
        assert got == body or way == "reset" or name in BROKEN_FRAMING, "what came before the end was not passed on"
    assert len(daemon.connections) == 2, "a request behind the broken answer was served"


@pytest.mark.parametrize("name", SHORT)
def test_a_client_of_1_0_learns_of_a_broken_answer_by_a_short_length_or_a_reset(link, name):
    daemon, _, connect = link
    wire, body = SHORT[name]
    daemon.on("/info", give_way(wire, "half_close"))
    client = connect(tcp=True)
    client.send(request("GET", "/info", version="HTTP/1.0"))
    got, reset = read_broken(client)
    assert body.startswith(got)
    assert reset or "length" in name


# --- More than one answer ---

FIRST = {
    "a length": (head(200, (LENGTH,)) + BODY, BODY), "length 0": (head(200, (("Content-Length", 0),)), b""),
    "chunks": (chunked_head() + chunked(BODY[:5], BODY[5:]), BODY), "chunks, none": (chunked_head() + LAST_CHUNK, b""),
    "an error": (json_answer(409, {"message": "no"}), b'{"message": "no"}\n'),
}

SECOND = json_answer(200, {"stolen": True})


@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("behind", [SECOND, b"\r\n" + SECOND, b"junk", b"\0" * 5000],
                         ids=["answer", "CRLF", "junk", "NULs"])
def test_what_comes_behind_an_answer_is_dropped_with_its_connection(link, first, behind):
    daemon, _, connect = link
    wire, body = FIRST[first]
    daemon.on("/info", reply(wire + behind))
    client = connect()
    assert client.exchange(GET).body == body
    client.assert_silent(0.05)
    assert_usable(client)
    daemon.connections[0].wait_ended()


def test_an_answer_behind_an_answer_without_a_body_is_dropped_too(link):
    daemon, _, connect = link
    daemon.on("/info", reply(head(204) + SECOND))
    daemon.on("/_ping", reply(head(200, (("Content-Length", 2),)) + SECOND))
    client = connect()
    assert client.exchange(GET).status == 204
    assert client.exchange(request("HEAD", "/_ping")).status == 200
    assert json.loads(client.exchange(request("GET", "/version")).body)["target"] == "/version"


def test_an_answer_before_the_request_is_complete_in_itself_and_goes_to_no_other(link):
    daemon, _, connect = link
    daemon.queue(lambda connection: (connection.send(SECOND + SECOND), connection.drain()))
    client = connect()
    assert client.exchange(GET).status in (200, 502)
    assert_usable(client)
