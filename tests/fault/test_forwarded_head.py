"""What the engine receives: a head written anew, the body as it was sent, one connection a request, no byte besides."""

import contextlib
import threading

import pytest

from harness.fake_daemon import never_answer
from harness.raw_client import RawClient, request

SENTINEL = request("GET", "/info?sentinel")
CHUNKED = request("POST", "/images/load", "Content-Type: application/x-tar", "Transfer-Encoding: chunked")
REGISTRY_AUTH = "eyJ1c2VybmFtZSI6" + "aGVsbG8t" * 2500 + "fQ=="


def names(sent):
    return [name.lower() for name, _ in sent.fields]


# --- The head ---

def test_the_head_is_our_own_and_holds_nothing_besides(link):
    daemon, _, connect = link
    assert connect().exchange(request("GET", "/v1.41/info")).status == 200
    sent = daemon.connection().request
    assert sent.line == "GET /v1.41/info HTTP/1.1"
    assert sorted((name.lower(), value) for name, value in sent.fields) == [("connection", "close"), ("host", "docker")]
    assert daemon.connection().received == sent.raw


TARGETS = [
    "/_ping", "/v1.24/version", "/v1.41/containers/json?all=1&limit=5&size=true", "/containers/json?",
    "/v1.41/events?filters=%7B%22type%22%3A%7B%22container%22%3Atrue%7D%7D&since=1700000000.000000001",
    "/images/ghcr.io:443/some/name@sha256:0123456789abcdef/json", "/containers/a%20b/json",
    "/containers/x/archive?path=/etc/../etc/passwd", "/containers/x/json?a=1?b=2", "/_ping?x=:/?@!$'()*,~-._",
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_canonical_target_arrives_as_it_was_sent(link, target):
    daemon, _, connect = link
    assert connect().exchange(request("GET", target)).status == 200
    assert daemon.connection().request.line == f"GET {target} HTTP/1.1"


ESCAPED = {
    "/%63ontainers/json": "/containers/json", "/containers/%6a%73%6f%6e": "/containers/json",
    "/v%31.24/containers/json": "/v1.24/containers/json", "/containers%2fjson": "/containers/json",
    "/v1.41%2fcontainers/json": "/v1.41/containers/json", "/%76%31.41/containers/json": "/v1.41/containers/json",
}


@pytest.mark.parametrize("target", ESCAPED)
def test_an_escaped_spelling_is_judged_and_forwarded_as_what_it_means_or_refused(daemon, serve, connect, target):
    refused = connect(serve(CONTAINERS="0")).exchange(request("GET", target))
    assert refused.status in (400, 403) and daemon.connections == []
    answer = connect(serve()).exchange(request("GET", target))
    assert answer.status in (200, 400, 403)
    assert [one.target for one in daemon.requests] == ([ESCAPED[target]] if answer.status == 200 else [])


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE"])
def test_the_engine_is_always_spoken_to_in_1_1_and_with_the_same_method(link, method, version):
    daemon, _, connect = link
    assert connect().exchange(request(method, "/containers/x/archive?path=/x", version=version)).status == 200
    assert daemon.connection().request.line == f"{method} /containers/x/archive?path=/x HTTP/1.1"


KEPT = [
    ("Content-Type", "application/json"), ("X-Registry-Auth", REGISTRY_AUTH), ("X-Registry-Config", "e30="),
    ("X-Meta-Team", "blue \t; green"), ("x-meta-b", "a"), ("Accept", "application/jsonl"),
    ("Accept", "application/x-ndjson, application/json-seq;q=0.5"), ("Accept-Encoding", "gzip"),
    ("User-Agent", "Docker-Client/27.1 (linux) caf\xe9"), ("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-01"),
    ("Baggage", "a=b"),
]


def test_fields_that_the_engine_reads_are_kept_byte_for_byte_and_in_order(link):
    daemon, _, connect = link
    client = connect()
    client.send(request("POST", "/images/create?fromImage=box", *[f"{name}: {value}" for name, value in KEPT]))
    assert client.read_answer().status == 200
    wanted = [(name.lower(), value) for name, value in KEPT]
    sent = [(name.lower(), value) for name, value in daemon.connection().request.fields]
    assert [field for field in sent if field[0] not in ("host", "connection", "content-length")] == wanted


DROPPED = [
    "X-Any: 1", "Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eDp5",
    "Proxy-Authenticate: x", "TE: trailers", "Trailer: X-Any", "Upgrade: tcp", "HTTP2-Settings: AAMAAABk",
    "Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: there", "X-Real-IP: 1.2.3.4", "Via: 1.1 x",
    "X-HTTP-Method-Override: DELETE", "X-Method-Override: DELETE", "X-Original-URL: /containers/json",
    "X-Rewrite-URL: /containers/json", "Cookie: a=b", "Content_Length: 5", "Content-Length-X: 5", "Hostname: x",
    "X-Hub-Signature: 1", "Max-Forwards: 0",
]


@pytest.mark.parametrize("field", DROPPED)
def test_a_field_that_the_engine_has_no_use_for_is_dropped(link, field):
    daemon, _, connect = link
    assert connect().exchange(request("GET", "/_ping", field)).status == 200
    assert sorted(names(daemon.connection().request)) == ["connection", "host"]


@pytest.mark.parametrize("host", ["Host: evil.example", "Host:", "Host: docker:80", "Host: %2Frun%2Fdocker.sock",
                                  "Host: 1.2.3.4"])
def test_the_engine_never_sees_the_host_of_the_client(link, host):
    daemon, _, connect = link
    assert connect().exchange(f"GET /_ping HTTP/1.1\r\n{host}\r\n\r\n".encode()).status == 200
    assert daemon.connection().request.get("Host") == "docker"


@pytest.mark.parametrize("nominated", ["X-Registry-Auth", "x-registry-auth, keep-alive", "close, Content-Type"])
def test_a_nomination_in_connection_never_takes_a_field_away(link, nominated):
    daemon, _, connect = link
    answer = connect().exchange(request("POST", "/images/create?fromImage=box", f"Connection: {nominated}",
                                        "X-Registry-Auth: e30=", "Content-Type: application/json"))
    assert answer.status in (200, 400)
    for one in daemon.connections:
        assert one.request.get("X-Registry-Auth") == "e30=" and one.request.get("Content-Type") == "application/json"
    assert len(daemon.connections) == (1 if answer.status == 200 else 0)


# --- One connection an exchange ---

def test_each_request_has_an_engine_connection_of_its_own_that_is_closed_with_its_answer(link):
    daemon, _, connect = link
    client = connect()
    for number in range(5):
        assert client.exchange(request("GET", f"/info?{number}")).status == 200
    assert len(daemon.connections) == 5
    for number, one in enumerate(daemon.connections):
        one.wait_ended()
        assert one.request.target == f"/info?{number}" and one.received == one.request.raw and one.fin


def test_a_post_without_a_length_has_no_body_and_what_is_behind_it_is_a_request(link):
    daemon, _, connect = link
    client = connect()
    client.send(request("POST", "/containers/x/start") + SENTINEL)
    assert [client.read_answer().status for _ in range(2)] == [200, 200]
    assert [one.line for one in daemon.requests] == ["POST /containers/x/start HTTP/1.1",
                                                     "GET /info?sentinel HTTP/1.1"]
    assert daemon.connections[0].received == daemon.requests[0].raw


@pytest.mark.parametrize("first", [
    request("GET", "/_ping", "Connection: close"), request("GET", "/_ping", version="HTTP/1.0"),
    request("GET", "/_ping", "Connection: keep-alive, close"),
    request("GET", "/_ping", "Connection: close", "Keep-Alive: 5"),
    request("POST", "/images/load", "Connection: Close", body=b"hello"),
], ids=["close", "1.0", "close wins", "close and Keep-Alive", "close on POST"])
def test_nothing_behind_a_request_that_ends_the_connection_is_looked_at(link, first):
    daemon, _, connect = link
    client = connect()
    client.send(first + SENTINEL)
    assert client.read_answer().status == 200
    client.assert_ended()
    assert len(daemon.connections) == 1


# --- Bodies ---

@pytest.mark.parametrize("size", [0, 1, 2, 4095, 4096, 65_536, 1_000_003])
def test_a_body_with_a_length_arrives_as_it_was_sent(link, size):
    daemon, _, connect = link
    body = bytes(index * 31 % 256 for index in range(size))
    client = connect()
    client.send(request("POST", "/images/load", "Content-Type: application/x-tar", body=body) + SENTINEL)
    assert client.read_answer().status == 200 and client.read_answer().status == 200
    one = daemon.connection()
    assert one.complete and one.body == body
    assert one.received == one.request.raw + body
    assert one.request.get("Content-Length") in ((None, "0") if size == 0 else (str(size),))
    assert "transfer-encoding" not in names(one.request)


@pytest.mark.parametrize("written", ["  5", "5  ", "\t5", "05", "000000000000000005"])
def test_a_length_in_an_unusual_but_legal_form_is_written_anew(link, written):
    daemon, _, connect = link
    client = connect()
    client.send(request("POST", "/images/load", f"Content-Length: {written}") + b"hello" + SENTINEL)
    assert [client.read_answer().status for _ in range(2)] == [200, 200]
    assert daemon.connection().request.get("Content-Length") == "5" and daemon.connection().body == b"hello"


GOOD_CHUNKS = {
    "one chunk": (b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "none": (b"0\r\n\r\n", b""),
    "chunks of a byte": (b"1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", b"hi"),
    "upper-case size": (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
    "zeros before the size": (b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    "an extension": (b"5;a=b\r\nhello\r\n0\r\n\r\n", b"hello"),
    "a quoted extension": (b'5;a="b c"\r\nhello\r\n0;last\r\n\r\n', b"hello"),
    "an extension that looks like a request": (b"5;GET /info HTTP/1.1\r\nhello\r\n0\r\n\r\n", b"hello"),
    "trailers": (b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Meta-Team: red\r\n\r\n", b"hello"),
    "a trailing length": (b"5\r\nhello\r\n0\r\nContent-Length: 9\r\nTransfer-Encoding: gzip\r\n\r\n", b"hello"),
    "a trailing close": (b"5\r\nhello\r\n0\r\nConnection: close\r\nUpgrade: x\r\n\r\n", b"hello"),
    "a trailing Host": (b"5\r\nhello\r\n0\r\nHost: there\r\n\r\n", b"hello"),
    "data that looks like chunks": (b"f\r\n0\r\n\r\nGET / HTTP\r\n0\r\n\r\n", b"0\r\n\r\nGET / HTTP"),
    "data of line ends": (b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    "a large chunk": (b"20000\r\n" + b"ab" * 65_536 + b"\r\n0\r\n\r\n", b"ab" * 65_536),
}


def assert_chunked_arrived(one, body):
    one.wait_for(lambda me: me.complete, "a whole body")
    assert one.body == body
    assert one.request.get("Transfer-Encoding") == "chunked" and "content-length" not in names(one.request)
    one.wait_ended()
    assert one.received.endswith(b"0\r\n\r\n") and not one.pending


@pytest.mark.parametrize("name", GOOD_CHUNKS)
def test_a_chunked_body_is_chunked_anew_without_extensions_and_trailers(link, name):
    daemon, _, connect = link
    wire, body = GOOD_CHUNKS[name]
    client = connect()
    client.send(CHUNKED + wire + SENTINEL)
    assert [client.read_answer().status for _ in range(2)] == [200, 200]
    assert_chunked_arrived(daemon.connection(), body)
    assert len(daemon.connections) == 2
    for text in (b"X-Sum", b"GET /info HTTP/1.1\r\nhello", b";a=", b"Host: there", b"Team"):
        assert text not in daemon.connection().received


def test_a_chunked_body_arrives_the_same_however_it_is_cut(link):
    daemon, _, connect = link
    wire = CHUNKED + b'5;a="b"\r\nhello\r\n00A\r\n0\r\n\r\nGET /\r\n0;x\r\nX-Sum: 1\r\nX-B:\r\n\r\n'
    client = connect()
    for offset in range(len(CHUNKED) - 3, len(wire)):
        client.send_cut(wire, offset)
        assert client.read_answer().status == 200
    client.send_split(wire, 1)
    assert client.read_answer().status == 200
    for one in daemon.connections:
        assert_chunked_arrived(one, b"hello0\r\n\r\nGET /")


@pytest.mark.parametrize("value", ["Chunked", "CHUNKED", " chunked ", "\tchunked"])
def test_the_coding_may_be_written_in_any_case_and_with_blanks_around_it(link, value):
    daemon, _, connect = link
    client = connect()
    client.send(request("POST", "/images/load", f"Transfer-Encoding: {value}") + b"5\r\nhello\r\n0\r\n\r\n" + SENTINEL)
    assert [client.read_answer().status for _ in range(2)] == [200, 200]
    assert_chunked_arrived(daemon.connection(), b"hello")


def test_a_chunked_body_of_delete_is_a_body_and_the_next_request_is_one(link):
    daemon, _, connect = link
    client = connect()
    client.send(request("DELETE", "/containers/x", "Transfer-Encoding: chunked") + GOOD_CHUNKS["one chunk"][0])
    client.send(SENTINEL)
    assert [client.read_answer().status for _ in range(2)] == [200, 200]
    assert_chunked_arrived(daemon.connection(), b"hello")
    assert daemon.requests[1].line == "GET /info?sentinel HTTP/1.1"


BROKEN_CHUNKS = {
    "0x before the size": b"0x5\r\nhello\r\n0\r\n\r\n",
    "a plus sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "a minus sign": b"-5\r\nhello\r\n0\r\n\r\n",
    "a blank before the size": b" 5\r\nhello\r\n0\r\n\r\n",
    "an underscore": b"1_0\r\n0123456789abcdef\r\n0\r\n\r\n",
    "a letter that is no hex digit": b"5g\r\nhello\r\n0\r\n\r\n",
    "digits behind a blank": b"5 0\r\nhello\r\n0\r\n\r\n",
    "a size of 17 digits": b"F" * 17 + b"\r\nhello\r\n0\r\n\r\n",
    "a size of 2^64 and 5": b"10000000000000005\r\nhello\r\n0\r\n\r\n",
    "a size of 2^64-1": b"FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
    "a size of 2^63 and 5": b"8000000000000005\r\nhello\r\n0\r\n\r\n",
    "endless zeros": b"0" * 5000 + b"5\r\nhello\r\n0\r\n\r\n",
    "no size": b"\r\nhello\r\n0\r\n\r\n",
    "an extension without a size": b";a=b\r\nhello\r\n0\r\n\r\n",
    "a decimal point": b"5.0\r\nhello\r\n0\r\n\r\n",
    "a comma": b"5,5\r\nhello\r\n0\r\n\r\n",
    "a NUL behind the size": b"5\0\r\nhello\r\n0\r\n\r\n",
    "a line feed behind the size": b"5\nhello\r\n0\r\n\r\n",
    "a line feed behind the last size": b"5\r\nhello\r\n0\n\r\n",
    "a carriage return and another byte behind the size": b"5\rXhello\r\n0\r\n\r\n",
    "a line feed in an extension": b"5;a\nhello\r\n0\r\n\r\n",
    "a line feed in an extension that hides a request": b"30;\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n" + b"y" * 48,
    "a line feed behind size and blank": b"2 \nhi\r\n0\r\n\r\n",
    "a carriage return in an extension": b"5;a\rhello\r\n0\r\n\r\n",
    "a NUL in an extension": b"5;a\0\r\nhello\r\n0\r\n\r\n",
    "an extension of 100 KB": b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n",
    "no line end behind the data": b"5\r\nhello0\r\n\r\n",
    "two other bytes behind the data": b"5\r\nhelloXX0\r\n\r\n",
    "a line feed behind the data": b"5\r\nhello\n0\r\n\r\n",
    "a carriage return and another byte behind the data": b"5\r\nhello\rX0\r\n\r\n",
    "more data than the size says": b"5\r\nhello!\r\n0\r\n\r\n",
    "less data than the size says": b"7\r\nhello\r\n0\r\n\r\nX",
    "the last line end replaced": b"5\r\nhello\r\n0\r\n\rX",
    "the last line end a line feed": b"5\r\nhello\r\n0\r\n\n",
    "a trailer without a colon": b"5\r\nhello\r\n0\r\nGET /info HTTP/1.1\r\nHost: x\r\n\r\n",
    "a trailer with a blank before its colon": b"5\r\nhello\r\n0\r\nX-Sum : 1\r\n\r\n",
    "a trailer ended by a line feed": b"5\r\nhello\r\n0\r\nX-Sum: 1\n\r\n",
    "a trailer with a bare CR": b"5\r\nhello\r\n0\r\nX-Sum: \r1\r\n\r\n",
    "a folded trailer": b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n 2\r\n\r\n",
    "endless trailers": b"5\r\nhello\r\n0\r\n" + b"X-Sum: 1\r\n" * 20_000 + b"\r\n",
}


def settle(daemon, connect):
    """The engine's connections so far, after one more that shows that they are all; the record is empty then."""
    assert connect().exchange(request("GET", "/version?settle")).status == 200
    control = daemon.connection_for("/version?settle")
    daemon.settle()
    before = [one for one in daemon.connections if one is not control]
    daemon.forget()
    return before


def assert_aborted(connections, sent):
    """Everything the engine was sent is part of one upload that never came to its end."""
    for one in connections:
        one.wait_ended()
        assert not one.complete, f"completed: {bytes(one.received)!r}"
        assert one.fin or one.reset_seen
        assert one.received.count(b"HTTP/1.1") == 1, "a second request"
        assert sent.startswith(bytes(one.body)), f"invented: {bytes(one.body)!r}"
    assert len(connections) <= 1


def assert_told_and_closed(client):
    answer = client.read_answer()
    assert answer.status in (400, 413, 431) and answer.message.startswith("sockwarden: "), answer
    client.assert_ended()


@pytest.mark.parametrize("glued", [True, False], ids=["glued to the head", "behind the head"])
@pytest.mark.parametrize("name", BROKEN_CHUNKS)
def test_a_broken_chunked_body_is_an_aborted_upload_and_nothing_more(link, name, glued):
    daemon, _, connect = link
    wire = BROKEN_CHUNKS[name] + SENTINEL
    client = connect()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        if glued:
            client.send(CHUNKED + wire)
        else:
            client.send(CHUNKED)
            daemon.connection()
            client.send_split(wire, 1 if len(wire) < 1000 else len(wire))
    assert_told_and_closed(client)
    connections = settle(daemon, connect)
    assert_aborted(connections, b"hello\r\n")
    assert connections or glued


def test_a_line_end_cut_short_is_noticed_at_every_place_of_a_chunked_body(link):
    daemon, _, connect = link
    wire = b"5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"
    for place in (place for place, byte in enumerate(wire) if byte in b"\r\n"):
        for swapped in (b"", b"X", b"\n" if wire[place] == 13 else b"\r"):
            client = connect()
            client.send(CHUNKED + wire[:place] + swapped + wire[place + 1:] + SENTINEL)
            assert_told_and_closed(client)
            assert_aborted(settle(daemon, connect), b"hello")


def test_a_broken_chunk_is_noticed_however_it_is_cut(link):
    daemon, _, connect = link
    wire = CHUNKED + b"5\r\nhello\r\n3\r\nabcX\r\n" + SENTINEL
    for offset in range(len(CHUNKED), len(wire) - len(SENTINEL)):
        client = connect()
        client.send_cut(wire, offset)
        assert_told_and_closed(client)
        assert_aborted(settle(daemon, connect), b"helloabc")


PARTS = {
    "a body with a length": (request("POST", "/images/load", "Content-Length: 100") + b"hello", b"hello"),
    "a length beyond 32 bits": (request("POST", "/images/load", "Content-Length: 4294967301") + b"hello", b"hello"),
    "a length of 18 digits": (request("POST", "/images/load", "Content-Length: " + "9" * 18) + b"hello", b"hello"),
    "a chunk": (CHUNKED + b"a\r\nhello", b"hello"),
    "a chunk, cut behind its size": (CHUNKED + b"5\r\nhello\r\na\r\n", b"hello"),
    "a chunk, cut before its line end": (CHUNKED + b"5\r\nhello", b"hello"),
    "chunks, cut before the last": (CHUNKED + b"5\r\nhello\r\n", b"hello"),
    "chunks, cut in the last": (CHUNKED + b"5\r\nhello\r\n0\r\n", b"hello"),
    "chunks, cut in a trailer": (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n", b"hello"),
}


@pytest.mark.parametrize("way", ["half-close", "close", "reset"])
@pytest.mark.parametrize("name", PARTS)
def test_an_upload_that_the_client_gives_up_is_aborted_never_completed(link, name, way):
    daemon, proxy, _ = link
    wire, body = PARTS[name]
    daemon.on("/images/load", never_answer)
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(wire)
        one = daemon.connection()
        one.wait_for(lambda me: bytes(me.body) == body, "the part that was sent")
        {"half-close": client.half_close, "close": client.close, "reset": client.reset}[way]()
        one.wait_ended()
        assert not one.complete and one.body == body
        if way == "half-close":
            client.read_until_eof(reset_ok=True)
    assert len(daemon.connections) == 1


def test_an_upload_that_stalls_is_waited_for(link):
    daemon, _, connect = link
    client = connect()
    client.send(CHUNKED + b"5\r\nhel")
    daemon.connection().wait_for(lambda me: me.body == b"hel", "the first part")
    client.assert_silent(0.5)
    client.send(b"lo\r\n0\r\n\r\n")
    assert client.read_answer().status == 200


# --- Refused requests with bodies ---

FORMS = ["application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-8", "multipart/form-data",
         "multipart/form-data; boundary=x", "Multipart/Form-Data; boundary=x", "APPLICATION/X-WWW-FORM-URLENCODED"]


@pytest.mark.parametrize("target", ["/images/create?fromImage=good", "/build", "/containers/create"])
@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_could_override_the_query_is_refused(link, form, target):
    daemon, _, connect = link
    client = connect()
    client.send(request("POST", target, f"Content-Type: {form}", body=b"fromImage=evil"))
    assert client.read_answer().status in (400, 403)
    assert daemon.connections == []


@pytest.mark.parametrize("body", [
    SENTINEL, b"{}" + SENTINEL, b"A" * 300_000 + SENTINEL, b"0\r\n\r\n" + SENTINEL,
], ids=["a request", "JSON and a request", "300 KB and a request", "a last chunk and a request"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_the_body_of_a_refused_request_is_never_taken_for_a_request(daemon, serve, connect, body, framing):
    proxy = serve(POST="0")
    second = request("GET", "/version?second")
    client = connect(proxy, unix=True)
    if framing == "length":
        wire = request("POST", "/containers/create", "Content-Type: application/json", body=body)
    else:
        wire = (request("POST", "/containers/create", "Transfer-Encoding: chunked")
                + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    sender = threading.Thread(target=quietly, args=(client.send, wire + second))
    sender.start()
    answer = client.read_answer()
    assert answer.status == 403 and answer.message.startswith("sockwarden: POST /containers/create refused: ")
    if answer.get("Connection") == "close":
        client.assert_ended()
    else:
        assert client.read_answer().status == 200
    sender.join(10)
    assert [one.target for one in daemon.requests] in ([], ["/version?second"])


def quietly(call, *arguments):
    with contextlib.suppress(OSError):
        call(*arguments)
