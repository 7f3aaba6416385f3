"""What is malformed or ambiguous is answered here and closed; not a byte of it reaches the engine."""

import contextlib
import json

import pytest

import head_cases
from harness.fake_daemon import FakeDaemon, json_answer, reply
from harness.proxy import BOTH_LISTENERS, GRANT_ALL, Proxy
from harness.raw_client import RawClient, request

SENTINEL = request("GET", "/info?sentinel")
CASES = head_cases.everything()
BY_NAME = {name: (data, statuses) for name, data, statuses in CASES}
VALID = request("GET", "/_ping", "X-Meta-A: 1", "Connection: keep-alive")
LEAK_CHECK = "/version?leak-check"


def assert_own_refusal(answer, statuses, method="GET"):
    assert answer.status in statuses, answer
    assert answer.get("Content-Type") == "application/json", answer
    if method == "HEAD":
        return
    assert answer.body.endswith(b"}\n") and list(json.loads(answer.body)) == ["message"], answer
    assert answer.message.startswith("sockwarden: "), answer


def assert_refused_and_closed(client, statuses, data=b""):
    """data: what was sent, for the answer to a HEAD has no body, whatever it says."""
    method = data.partition(b" ")[0].decode("latin-1")
    answer = client.read_answer(method)
    assert_own_refusal(answer, statuses, method)
    client.assert_ended()
    assert answer.get("Connection") == "close", answer
    return answer


def assert_nothing_leaked(daemon, proxy):
    """Every request that the engine has seen since forget() is the one that is sent here."""
    with RawClient(proxy.unix) as client:
        assert client.exchange(request("GET", LEAK_CHECK)).status == 200
    daemon.settle()
    assert [one.target for one in daemon.requests] == [LEAK_CHECK] and len(daemon.connections) == 1
    daemon.forget()


@pytest.mark.parametrize("name", [name for name, _, _ in CASES])
def test_a_bad_head_is_refused_whole_and_byte_by_byte(link, name):
    daemon, proxy, connect = link
    data, statuses = BY_NAME[name]
    client = connect()
    client.send(data + SENTINEL)
    assert_refused_and_closed(client, statuses, data)
    client = connect()
    client.send_split(data + SENTINEL, 1)
    assert_refused_and_closed(client, statuses, data)
    assert_nothing_leaked(daemon, proxy)


@pytest.mark.parametrize("name", head_cases.CUT_EVERYWHERE)
def test_a_bad_head_is_refused_however_it_is_cut(link, name):
    daemon, proxy, connect = link
    data, statuses = BY_NAME[name]
    for offset in range(1, len(data)):
        with connect() as client:
            client.send_cut(data + SENTINEL, offset)
            assert_refused_and_closed(client, statuses)
    assert_nothing_leaked(daemon, proxy)


@pytest.mark.parametrize("name", head_cases.TWISTED_TARGETS)
def test_a_twisted_target_is_refused_although_everything_is_granted(link, name):
    daemon, _, connect = link
    client = connect()
    client.send(head_cases.get(line=f"GET {head_cases.TWISTED_TARGETS[name]} HTTP/1.1") + SENTINEL)
    answer = client.read_answer()
    assert_own_refusal(answer, (400, 403))
    if answer.get("Connection") == "close":
        client.assert_ended()
    else:
        assert json.loads(client.read_answer().body)["target"] == "/info?sentinel"
    assert [one.target for one in daemon.requests] in ([], ["/info?sentinel"])


@pytest.mark.parametrize("byte", ["\r", "\n", "\0", "\x7f"], ids=["CR", "LF", "NUL", "DEL"])
def test_a_control_byte_is_refused_at_every_place_of_a_head(link, byte):
    daemon, proxy, connect = link
    # An LF before or behind the last LF is the same stream: a whole head, then a line feed.
    places = range(len(VALID) - 1 if byte == "\n" else len(VALID))
    for place in places:
        with connect() as client:
            client.send(VALID[:place] + byte.encode() + VALID[place:] + SENTINEL)
            assert_refused_and_closed(client, (400,))
    assert_nothing_leaked(daemon, proxy)


def test_a_line_end_cut_short_is_refused_at_every_place_of_a_head(link):
    daemon, proxy, connect = link
    for place in (place for place, byte in enumerate(VALID) if byte in b"\r\n"):
        for swapped in (b"", b" ", b"X"):
            with connect() as client:
                client.send(VALID[:place] + swapped + VALID[place + 1:] + SENTINEL)
                assert_refused_and_closed(client, (400,))
    assert_nothing_leaked(daemon, proxy)


@pytest.mark.parametrize("start", [
    b"GET /_ping HTTP/1.1\n", b"GET /_ping HTTP/1.1\rX", b"\x16\x03\x01", b"PRI * HTTP/2.0\r\n\r\n", b"GET /_ping\x01",
    b"GET /_ping HTTP/1.1\r\nA: b\0", b"GET /_ping HTTP/1.1\r\nA: b\r\n\rX", b"\0"])
def test_what_can_no_longer_become_a_head_is_refused_without_waiting_for_more(link, start):
    daemon, proxy, connect = link
    client = connect()
    client.send(start)
    assert_refused_and_closed(client, (400,))
    assert_nothing_leaked(daemon, proxy)


@pytest.mark.parametrize("offset", [1, 5, 16, len(VALID) - 2, len(VALID) - 1])
def test_a_head_cut_off_by_the_end_of_the_connection_is_never_served(link, offset):
    daemon, proxy, connect = link
    client = connect()
    client.send(VALID[:offset]).half_close()
    assert_refused_and_closed(client, (400, 408))
    assert_nothing_leaked(daemon, proxy)


def test_a_connection_without_a_byte_is_closed_without_a_word(daemon, serve, connect):
    proxy = serve()
    client = connect(proxy)
    client.half_close()
    client.assert_ended()
    name = f"client={client.name} "
    assert_nothing_leaked(daemon, proxy)
    proxy.wait_for_log(LEAK_CHECK)
    assert not proxy.lines(name) and not proxy.lines(" warning ")


def test_a_good_head_is_served_however_it_is_cut(link):
    daemon, _, connect = link
    client = connect()
    for offset in range(1, len(VALID)):
        client.send_cut(VALID, offset)
        assert client.read_answer().status == 200
    client.send_split(VALID, 1)
    assert client.read_answer().status == 200
    assert [one.line for one in daemon.requests] == ["GET /_ping HTTP/1.1"] * len(VALID)


UNUSUAL = {
    "a tab inside a value": request("GET", "/_ping", "X-Any: a\tb"),
    "an empty value": request("GET", "/_ping", "X-Any:"),
    "no blank behind the colon": request("GET", "/_ping", "X-Any:a"),
    "blanks and tabs around a value": request("GET", "/_ping", "X-Any: \t a \t "),
    "bytes of Latin-1 in a value": request("GET", "/_ping", "X-Any: caf\xe9"),
    "every byte that a name may hold": request("GET", "/_ping", "!#$%&'*+-.^_`|~09azAZ: 1"),
    "lower-case names": b"GET /_ping HTTP/1.1\r\nhost: here\r\nconnection: keep-alive\r\n\r\n",
    "no Host on 1.0": b"GET /_ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "an empty Host": b"GET /_ping HTTP/1.1\r\nHost:\r\n\r\n",
    "a Host that is an escaped socket path": b"GET /_ping HTTP/1.1\r\nHost: %2Frun%2Fdocker.sock\r\n\r\n",
    "an empty Connection": request("GET", "/_ping", "Connection:"),
    "empty words in Connection": request("GET", "/_ping", "Connection: , keep-alive, ,"),
    "length 0 on GET": request("GET", "/_ping", "Content-Length: 0"),
    "TE and Trailer": request("GET", "/_ping", "TE: trailers", "Trailer: Content-Length"),
    "names that begin like framing": request("GET", "/_ping", "Content-Length-X: 5", "Transfer-EncodingX: chunked"),
    "names that resemble framing": request("GET", "/_ping", "Content_Length: 5", "Transfer_Encoding: chunked"),
    "Proxy-Connection": request("GET", "/_ping", "Proxy-Connection: close"),
    "method overrides": request("GET", "/_ping", "X-HTTP-Method-Override: DELETE", "X-Original-URL: /info"),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_but_legal_head_is_served_and_the_next_one_too(link, name):
    daemon, _, connect = link
    client = connect()
    client.send(UNUSUAL[name] + SENTINEL)
    assert json.loads(client.read_answer().body)["target"] == "/_ping"
    assert json.loads(client.read_answer().body)["target"] == "/info?sentinel"
    assert [one.line for one in daemon.requests] == ["GET /_ping HTTP/1.1", "GET /info?sentinel HTTP/1.1"]


@pytest.mark.parametrize("junk", [b"\r\n", b"\r\n\r\n", b"\n", b"\r"], ids=["CRLF", "two CRLF", "LF", "CR"])
@pytest.mark.parametrize("behind", ["the start", "a GET", "a POST with a body"])
def test_empty_lines_between_requests_are_skipped_or_refused_but_never_forwarded(link, junk, behind):
    daemon, proxy, connect = link
    first = {"the start": b"", "a GET": request("GET", "/_ping"),
             "a POST with a body": request("POST", "/containers/create", "Content-Type: application/json", body=b"{}")}
    client = connect()
    client.send(first[behind] + junk + SENTINEL)
    served = 0
    if first[behind]:
        assert client.read_answer().status == 200
        served = 1
    answer = client.read_answer()
    if answer.status == 200:
        assert junk.startswith(b"\r\n"), "a bare CR or LF was skipped"
        assert json.loads(answer.body)["target"] == "/info?sentinel"
        served += 1
    else:
        assert_own_refusal(answer, (400,))
        client.assert_ended()
    assert len(daemon.requests) == served
    assert all(bytes(one.received).startswith(one.request.raw) for one in daemon.connections)
    daemon.forget()
    assert_nothing_leaked(daemon, proxy)


def test_a_malformed_request_is_one_warning_that_names_client_and_reason(serve):
    proxy = serve()
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(request("GET", "/_ping", "Content-Length: 5, 5"))
        assert_refused_and_closed(client, (400,))
        name = f"client={client.name} "
    line = proxy.wait_for_log(name)
    assert " warning malformed " in line and " status=400 " in line and " reason=" in line
    assert len(proxy.lines(name)) == 1


def test_a_control_byte_of_a_request_does_not_reach_the_log(link):
    _, proxy, connect = link
    client = connect()
    client.send(b"GET /\x1b[31mred HTTP/1.1\r\nHost: x\r\n\r\n")
    assert_refused_and_closed(client, (400,))
    client = connect()
    client.send(request("GET", "/containers/a%22%20b=c/json"))
    client.read_answer()
    proxy.wait_for_log("%22%20b=c")
    assert not [line for line in proxy.log if any(ord(letter) < 32 for letter in line)]


# --- Limits, each from its setting ---

def limited(**limits):
    """A fixture: (daemon, proxy) with these limits; the engine must never be reached by what is over them."""
    @pytest.fixture(scope="module")
    def fixture():
        with FakeDaemon() as daemon, Proxy(daemon.address, {**GRANT_ALL, **limits}, BOTH_LISTENERS) as proxy:
            yield daemon, proxy
    return fixture


small = limited(MAX_HEAD_SIZE="2k", MAX_HEAD_FIELDS="10", MAX_TARGET_SIZE="500")
hasty = limited(HEAD_TIMEOUT="300ms")


def sized_head(size):
    """A head of exactly this many bytes."""
    empty = request("GET", "/_ping", "X-Any: ")
    return request("GET", "/_ping", "X-Any: " + "a" * (size - len(empty)))


def sized_target(size):
    return "/_ping?" + "a" * (size - len("/_ping?"))


def fields(count):
    """Fields for a request of that many, with Host."""
    return [f"X-{number}: 1" for number in range(count - 1)]


LIMITS = [
    ("head at its limit", sized_head(2048), 200), ("head over its limit", sized_head(2049), 431),
    ("one long field", request("GET", "/_ping", "X-Any: " + "a" * 100_000), 431),
    ("a head without an end", b"GET /_ping HTTP/1.1\r\nX-Any: " + b"a" * 4000, 431),
    ("a field name without an end", b"GET /_ping HTTP/1.1\r\n" + b"a" * 4000, 431),
    ("fields at their limit", request("GET", "/_ping", *fields(10)), 200),
    ("fields over their limit", request("GET", "/_ping", *fields(11)), 431),
    ("target at its limit", request("GET", sized_target(500)), 200),
    ("target over its limit", request("GET", sized_target(501)), 414),
    ("target without an end", b"GET /" + b"a" * 1900, 414),
]


@pytest.mark.parametrize("data,status", [(data, status) for _, data, status in LIMITS],
                         ids=[name for name, _, _ in LIMITS])
def test_each_limit_of_a_head_holds_to_the_byte(small, data, status):
    daemon, proxy = small
    daemon.forget()
    for size in (len(data), 1):
        with RawClient(proxy.unix) as client:
            client.send_split(data, size)
            if status == 200:
                assert client.read_answer().status == 200
            else:
                assert_refused_and_closed(client, (status,))
    assert len(daemon.requests) == (2 if status == 200 else 0)
    assert len(daemon.connections) == len(daemon.requests)


DEFAULT_LIMITS = [
    ("20 KB of registry credentials", request("GET", "/_ping", "X-Registry-Config: " + "a" * 20_000), 200),
    ("60 KB of head", sized_head(60_000), 200), ("64 KiB of head", sized_head(65_536), 200),
    ("a byte over 64 KiB", sized_head(65_537), 431), ("128 fields", request("GET", "/_ping", *fields(128)), 200),
    ("129 fields", request("GET", "/_ping", *fields(129)), 431),
    ("target of 16 KiB", request("GET", sized_target(16_384)), 200),
    ("target over 16 KiB", request("GET", sized_target(16_385)), 414),
    ("target whose length is 6 in 16 bits", request("GET", "/_ping" + "/" * 65_536), 414),
    ("method of 5000 letters", b"A" * 5000 + b" /_ping HTTP/1.1\r\n\r\n", 400),
    ("field of 300 KB", request("GET", "/_ping", "X-Any: " + "a" * 300_000), 431),
]


@pytest.mark.parametrize("data,status", [(data, status) for _, data, status in DEFAULT_LIMITS],
                         ids=[name for name, _, _ in DEFAULT_LIMITS])
def test_the_default_limits_of_a_head(link, data, status):
    daemon, _, connect = link
    client = connect()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.send(data)
    if status == 200:
        assert client.read_answer().status == 200
    else:
        assert_refused_and_closed(client, (status,))
    assert len(daemon.connections) == (1 if status == 200 else 0)


@pytest.mark.parametrize("start", [b"G", b"GET /_ping HTTP/1.1\r\nHost: here\r\n", VALID[:-1]])
def test_a_head_that_does_not_come_to_an_end_is_answered_408(hasty, start):
    daemon, proxy = hasty
    daemon.forget()
    with RawClient(proxy.unix) as client:
        client.send(start)
        assert_refused_and_closed(client, (408,))
    assert daemon.connections == []


def test_the_time_for_a_head_is_not_prolonged_by_another_byte(hasty):
    _, proxy = hasty
    with RawClient(proxy.unix) as client:
        client.sock.settimeout(0.1)
        for byte in VALID * 10:
            client.send(bytes([byte]))
            with contextlib.suppress(AssertionError):
                client._fill("an answer")  # pylint: disable=protected-access
            if client.pending:
                break
        assert client.read_head().status == 408


def test_the_time_for_a_head_begins_with_its_first_byte_and_anew_for_each_request(hasty):
    daemon, proxy = hasty
    with RawClient(proxy.unix) as client:
        client.assert_silent(0.6)
        for _ in range(2):
            assert client.exchange(VALID).status == 200
            client.assert_silent(0.6)
    daemon.on("/info", reply(json_answer(200, {})))
    with RawClient(proxy.unix) as client:
        client.send(request("GET", "/info"))
        assert client.read_answer().status == 200
        client.send(VALID[:10])
        assert_refused_and_closed(client, (408,))
