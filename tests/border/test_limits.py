"""Limits that no other test reaches to the byte: bodies that are read whole, the marks of the buffers, fixed bounds."""

import contextlib
import threading

import pytest

from harness.fake_daemon import FakeDaemon, chunked_head, json_answer, reply
from harness.proxy import GRANT_ALL, Proxy
from harness.raw_client import Ended, RawClient, request
from stream_case import CHUNKED, CREATE, JSON, chunked, head

MIB = 1024 * 1024


@pytest.fixture
def serve():
    """serve(NAME=value): (daemon, proxy)"""
    with contextlib.ExitStack() as stack:
        def start(**settings):
            daemon = stack.enter_context(FakeDaemon())
            settings = {**GRANT_ALL, "LOG_LEVEL": "notice", **settings}
            return daemon, stack.enter_context(Proxy(daemon.address, settings, ("unix:{folder}/proxy.sock",)))
        yield start


@pytest.mark.parametrize("size,status", [(2048, 200), (2049, 413)])
def test_a_body_that_is_read_whole_may_have_its_limit_and_not_a_byte_more(serve, size, status):
    daemon, proxy = serve(MAX_BODY_SIZE="2k")
    body = b'{"Detach":true}'.ljust(size)
    with RawClient(proxy.unix) as client:
        client.send(request("POST", "/exec/none/start", JSON, CHUNKED) + b"%x\r\n%s\r\n0\r\n\r\n" % (size, body))
        assert client.read_answer().status == status
        if status == 413:
            client.assert_ended()
    assert [bytes(one.body) for one in daemon.connections] == ([body] if status == 200 else [])


@pytest.mark.parametrize("limit,size,kept", [("100", 100, True), ("100", 101, False), ("0", 1, False),
                                             ("64k", 65536, True), ("64k", 65537, False)])
def test_a_refused_body_within_its_limit_keeps_the_connection(serve, limit, size, kept):
    daemon, proxy = serve(MAX_REFUSED_BODY_SIZE=limit)
    with RawClient(proxy.unix) as client:
        client.send(request("POST", "/nowhere", f"Content-Length: {size}") + b"x" * size)
        assert client.read_answer().status == 403
        if kept:
            assert client.exchange(request("GET", "/_ping")).status == 200
        else:
            client.assert_ended()
    assert [one.target for one in daemon.requests] == (["/_ping"] if kept else [])


def answer_head(size, fields):
    """A head of so many bytes and fields."""
    start, end = b"HTTP/1.1 200 OK\r\n", b"Content-Length: 0\r\n\r\n"
    lines = [b"X-%d: a\r\n" % number for number in range(fields - 2)]
    room = size - len(start) - len(end) - sum(map(len, lines)) - len(b"X: \r\n")
    return start + b"".join(lines) + b"X: " + b"a" * room + b"\r\n" + end


@pytest.mark.parametrize("size,fields,status", [(4096, 3, 200), (4097, 3, 502), (4096, 256, 200), (4096, 257, 502)])
def test_the_head_of_an_answer_may_have_its_limits_and_no_more(serve, size, fields, status):
    daemon, proxy = serve(MAX_ANSWER_HEAD_SIZE="4k")
    daemon.default = reply(answer_head(size, fields))
    with RawClient(proxy.unix) as client:
        assert client.exchange(request("GET", "/info")).status == status
    assert [one.target for one in daemon.requests] == ["/info"]


def chunked_with(extension, trailers):
    """A chunked body with so many bytes of extension behind its `;`, and of trailers with all line ends but the last LF."""
    filled = b"X: " + b"a" * (trailers - 6) + b"\r\n" if trailers > 2 else b""
    return b"1;" + b"e" * extension + b"\r\nx\r\n0\r\n" + filled + b"\r\n"


# extension and trailers of a body under limits of 10 and 100 bytes
SMALL = {"MAX_CHUNK_EXTENSION_SIZE": "10", "MAX_TRAILERS_SIZE": "100"}
BODIES = [(10, 2, True), (11, 2, False), (0, 100, True), (0, 101, False), (10, 100, True)]


@pytest.mark.parametrize("extension,trailers,sound", BODIES)
def test_extensions_and_trailers_may_have_their_limits_and_not_a_byte_more(serve, extension, trailers, sound):
    daemon, proxy = serve(**SMALL)
    with RawClient(proxy.unix) as client:
        client.send(request("POST", "/images/load", CHUNKED) + chunked_with(extension, trailers))
        assert client.read_answer().status == (200 if sound else 400)
        if not sound:
            client.assert_ended()
    daemon.settle()
    assert [one.complete for one in daemon.connections if one.request] in ([[True]] if sound else [[], [False]])


@pytest.mark.parametrize("extension,trailers,sound", BODIES)
def test_an_answer_with_too_long_an_extension_or_trailers_is_cut_off(serve, extension, trailers, sound):
    daemon, proxy = serve(**SMALL)
    daemon.default = reply(chunked_head(), chunked_with(extension, trailers))
    with RawClient(proxy.unix) as client:
        if sound:
            answer = client.exchange(request("GET", "/info"))
            assert (answer.status, answer.body) == (200, b"x")
        else:
            with pytest.raises(Ended):
                client.exchange(request("GET", "/info"))
    assert [one.target for one in daemon.requests] == ["/info"]


def taken_without_a_reader(serve, **settings):
    """How much of an upload goes out while the engine reads nothing; then all of it must arrive."""
    daemon, proxy = serve(**settings)
    read_on = threading.Event()

    def slow(connection):
        connection.wait(read_on)
        connection.read_body()
        connection.send(json_answer(200, {}))

    daemon.default = slow
    data = b"x" * (16 * MIB)
    with RawClient(proxy.unix) as client:
        client.send(request("POST", "/images/load", f"Content-Length: {len(data)}"))
        daemon.connection()
        taken = client.send_for(data, 1)
        read_on.set()
        client.send(data[taken:])
        assert client.read_answer().status == 200
    assert daemon.connections[0].body == data
    return taken


def test_a_sender_is_paused_at_the_high_mark_and_goes_on_at_the_low_one(serve):
    small = taken_without_a_reader(serve, BUFFER_HIGH="64k", BUFFER_LOW="0")
    large = taken_without_a_reader(serve, BUFFER_HIGH="8m", BUFFER_LOW="7m")
    # The kernel's own buffers take the same in both.
    assert 7 * MIB < large - small < 9 * MIB, (small, large)


def trailers(size):
    """A body whose trailers, with the empty line that ends them but its LF, have so many bytes."""
    line = b"X: "
    return b"5\r\nhello\r\n0\r\n" + line + b"a" * (size - len(line) - 3) + b"\r\n\r\n"


REFUSED_PATH = "/nothing/here"
BOUNDS = [
    ("extension at its bound", chunked(b"5;" + b"a" * 1024 + b"\r\nhello\r\n0\r\n\r\n"), 200, "keep"),
    ("extension over its bound", chunked(b"5;" + b"a" * 1025 + b"\r\nhello\r\n0\r\n\r\n"), 400, "close"),
    ("trailers at their bound", chunked(trailers(8192)), 200, "keep"),
    ("trailers over their bound", chunked(trailers(8193)), 400, "close"),
    ("chunk size at its bound", chunked(b"00000005\r\nhello\r\n0\r\n\r\n"), 200, "keep"),
    ("chunk size over its bound", chunked(b"000000005\r\nhello\r\n0\r\n\r\n"), 400, "close"),
    ("length at its bound", head(f"POST {CREATE} HTTP/1.1", f"Content-Length: {'5'.zfill(18)}") + b"hello", 200,
     "keep"),
    ("length over its bound", head(f"POST {CREATE} HTTP/1.1", f"Content-Length: {'5'.zfill(19)}") + b"hello", 400,
     "close"),
    ("method at its bound", head("A" * 16 + " /_ping HTTP/1.1"), 400, "the method is none of"),
    ("method over its bound", head("A" * 17 + " /_ping HTTP/1.1"), 400, "does not begin with a method"),
    ("refused body at its bound", head(f"POST {REFUSED_PATH} HTTP/1.1", "Content-Length: 65536") + b"a" * 65536, 403,
     "keep"),
    ("refused body over its bound", head(f"POST {REFUSED_PATH} HTTP/1.1", "Content-Length: 65537") + b"a" * 65537, 403,
     "close"),
]


@pytest.mark.parametrize("data,status,then", [row[1:] for row in BOUNDS], ids=[row[0] for row in BOUNDS])
def test_each_fixed_bound_holds_to_the_byte(serve, data, status, then):
    _, proxy = serve()
    with RawClient(proxy.unix) as client:
        client.send(data)
        answer = client.read_answer()
        assert answer.status == status, answer
        if then == "keep":
            assert client.exchange(request("GET", "/_ping")).status == 200
            return
        client.assert_ended()
        assert then == "close" or then in answer.message
