"""Connections that the engine takes over: a tunnel on its answer only, no byte lost, doubled or taken for a request."""

import threading

import pytest

from harness.fake_daemon import head, raw_stream_101, raw_stream_200
from harness.payload import MIB, noise, sha
from harness.raw_client import request
from harness.wait import stays
from tunnel_cases import ATTACH, EXEC, KINDS, PING, PREFACE, RAW, UPGRADE, echo, target_of


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
    words = sent.all("Connection")
    if "without Upgrade" in name:
        assert sent.get("Upgrade") is None and words == ["close"]
    else:
        assert sent.get("Upgrade") == wish and words == ["Upgrade", "close"]
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
        connection.send(sha(connection.drain()).encode())
    daemon.on("/v1.41/containers/x/attach", script)
    before = proxy.rss()
    client = connect()
    client.send(request(*ATTACH, *UPGRADE))
    daemon.connection()
    sent = client.send_for(data, 0.3)
    assert sent < 1.5 * MIB, "the client was not stopped"
    cpu = proxy.cpu()
    stays(lambda: proxy.rss() - before < 1 * MIB + proxy.slack, 0.3, "memory beyond its bounds")
    assert proxy.cpu() - cpu < 0.1, "busy while it waits"
    daemon.go_on.set()
    client.send(data[sent:]).half_close()
    assert client.read_head().status == 101
    assert client.read_until_eof().decode() == sha(data)


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
def test_a_client_that_leaves_a_tunnel_is_seen_to_leave_by_the_engine(daemon, serve, connect, name, way):
    proxy, go_on = serve(), threading.Event()
    data, answer = KINDS[name]

    def script(connection):
        connection.read_body()
        connection.send(answer)
        while True:
            connection.send(b"output " * 100)
            connection.wait(go_on)
    daemon.on(target_of(data), script)
    client = connect(proxy)
    client.send(data)
    client.read_head()
    log_name = f"client={client.name} "
    getattr(client, way)()
    go_on.set()
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
        reader = threading.Thread(target=lambda: got.append(sha(connection.drain())))
        reader.start()
        connection.send(output)
        connection.half_close()
        reader.join()
    daemon.on(target_of(data), script)
    before = proxy.forget_peak()
    client = connect(tcp)
    client.send(data)
    client.read_head()
    sender = threading.Thread(target=lambda: client.send(stdin).half_close())
    sender.start()
    assert sha(client.read_until_eof()) == sha(output)
    sender.join(20)
    daemon.connection().wait_ended()
    assert got == [sha(stdin)]
    assert proxy.peak_rss() - before < 3 * MIB + proxy.slack


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
            connection.send(sha(connection.drain()).encode())
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
    assert proxy.rss() - before < 1 * MIB + proxy.slack
    if stalled == "the engine":
        daemon.go_on.set()
        client.send(much[sent:]).half_close()
        assert client.read_until_eof().decode() == sha(much)
    else:
        assert client.read_exactly(len(much)) == much
        client.half_close()
        one.wait_ended()
        assert one.received.endswith(b"stdin")


# --- In the log ---

@pytest.mark.parametrize("name", ["attach with Upgrade", "exec start without Upgrade"])
def test_a_tunnel_is_one_access_record_when_it_ends_with_what_went_through_it(daemon, serve, connect, name):
    proxy = serve()
    data, answer = KINDS[name]
    daemon.on(target_of(data), echo(answer))
    client = connect(proxy)
    mark = f"client={client.name} "
    client.send(data + b"stdin")
    client.read_head()
    client.read_exactly(5)
    assert not proxy.lines(mark)
    client.half_close()
    client.assert_ended()
    line = proxy.wait_for_log(mark)
    assert " access " in line and f" status={101 if b'101' in answer[:15] else 200} " in line
    assert " sent=5 " in line and f" received={5 + (len(EXEC) if 'exec' in name else 0)} " in line
    assert len(proxy.lines(mark)) == 1
