"""Hijacked connections byte by byte, on a bare socket: what a client may send, when, and what comes back."""

import json
import subprocess

import pytest

from harness.clients import WebSocket, request_bytes
from harness.engine import UnixConnection
from harness.wait import wait_until

UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}
STREAM = {"Detach": False, "Tty": False}
RAW = "application/vnd.docker.raw-stream"


@pytest.fixture
def make_exec(engine, container):
    """make_exec(*command, **config): a fresh exec with stdin, stdout and stderr in a container of its own; its id."""
    def make(*command, **config):
        return engine.request("POST", f"/containers/{container()}/exec", {
            "Cmd": list(command), "AttachStdin": True, "AttachStdout": True, "AttachStderr": True, **config})["Id"]

    return make


def start_exec(connection, exec_id, behind=b"", **fields):
    """Send exec start with `behind` in the same packet; the head of the answer."""
    body = json.dumps(STREAM).encode()
    connection.send(request_bytes("POST", f"/v1.41/exec/{exec_id}/start", body, Content_Type="application/json",
                                  **fields) + behind)
    return connection.read_head()


def test_exec_start_with_upgrade_is_answered_as_by_the_engine(wire, make_exec, engine):
    straight = UnixConnection(engine.socket)
    straight.request("POST", f"/v1.41/exec/{make_exec('true')}/start", json.dumps(STREAM),
                     {"Content-Type": "application/json", **UPGRADE})
    expected = straight.getresponse()
    head = start_exec(wire(), make_exec("true"), **UPGRADE)
    assert (head.status, head.reason) == (expected.status, expected.reason) == (101, "UPGRADED")
    assert head.fields == {name.lower(): value for name, value in expected.getheaders()}
    straight.close()


@pytest.mark.parametrize("fields, status", [(UPGRADE, 101), ({}, 200)], ids=["with upgrade", "without"])
def test_exec_start_carries_both_directions(wire, make_exec, fields, status):
    connection = wire()
    head = start_exec(connection, make_exec("cat"), **fields)
    assert (head.status, head["Content-Type"], head["Content-Length"]) == (status, RAW, None)
    for word in (b"one\n", b"two\n"):
        connection.send(word)
        assert connection.read_frame() == (1, word)
    connection.half_close()
    assert connection.read_all() == b""


@pytest.mark.parametrize("fields", [UPGRADE, {}], ids=["with upgrade", "without"])
def test_stdin_sent_with_the_request_arrives_whole_and_once(wire, make_exec, fields):
    for _ in range(10):
        connection, data = wire(), b"0123456789" * 500
        start_exec(connection, make_exec("wc", "-c"), behind=data, **fields)
        connection.half_close()
        assert connection.read_frame() == (1, b"%d\n" % len(data))


def test_request_stdin_and_its_end_in_one_packet(wire, make_exec):
    for _ in range(10):
        connection = wire()
        body = json.dumps(STREAM).encode()
        connection.send(request_bytes("POST", f"/exec/{make_exec('wc', '-c')}/start", body,
                                      Content_Type="application/json", **UPGRADE) + b"x" * 1000)
        connection.half_close()
        assert connection.read_head().status == 101
        assert connection.read_frame() == (1, b"1000\n")


def test_output_long_after_the_end_of_stdin_is_whole(wire, make_exec):
    connection = wire()
    start_exec(connection, make_exec("sh", "-c", "cat >/dev/null; sleep 2; head -c 1048576 /dev/zero"), **UPGRADE)
    connection.half_close()
    size = 0
    while size < 1 << 20:
        stream, data = connection.read_frame()
        assert stream == 1
        size += len(data)
    assert connection.read_all() == b""


def test_exec_start_with_a_chunked_body(wire, make_exec):
    body = json.dumps(STREAM).encode()
    connection = wire()
    connection.send(request_bytes("POST", f"/exec/{make_exec('cat')}/start", Content_Type="application/json",
                                  Transfer_Encoding="chunked", **UPGRADE))
    connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
    assert connection.read_head().status == 101
    connection.send(b"only this\n")
    assert connection.read_frame() == (1, b"only this\n")
    connection.half_close()
    assert connection.read_all() == b""


def test_a_surplus_line_end_behind_the_body_is_stdin(wire, make_exec):
    connection = wire()
    start_exec(connection, make_exec("od", "-c"), behind=b"\n", **UPGRADE)
    connection.half_close()
    assert b"\\n" in connection.read_frame()[1]


def test_exec_start_detached_is_an_ordinary_answer(wire, make_exec):
    connection = wire()
    head, body = connection.call("POST", f"/exec/{make_exec('true')}/start", b'{"Detach": true}',
                                 Content_Type="application/json", **UPGRADE)
    assert (head.status, body) == (200, b"")
    assert connection.call("GET", "/_ping")[1] == b"OK"


@pytest.mark.parametrize("fields", [UPGRADE, {}], ids=["with upgrade", "without"])
def test_a_refused_hijack_is_an_ordinary_answer_and_the_connection_goes_on(wire, fields):
    connection = wire()
    head, body = connection.call("POST", "/exec/0123456789/start", json.dumps(STREAM).encode(),
                                 Content_Type="application/json", **fields)
    assert head.status == 404 and b"No such exec instance" in body
    assert head["Upgrade"] is None
    assert connection.call("GET", "/_ping")[1] == b"OK"


def test_an_exec_in_a_paused_container_is_a_409_and_the_connection_goes_on(wire, container, engine):
    name = container()
    exec_id = engine.request("POST", f"/containers/{name}/exec", {"Cmd": ["true"]})["Id"]
    engine.request("POST", f"/containers/{name}/pause")
    connection = wire()
    head, body = connection.call("POST", f"/exec/{exec_id}/start", json.dumps(STREAM).encode(),
                                 Content_Type="application/json", **UPGRADE)
    assert head.status == 409 and b"is paused" in body
    assert connection.call("GET", "/_ping")[1] == b"OK"


@pytest.mark.parametrize("fields, status", [(UPGRADE, 101), ({}, 200)], ids=["with upgrade", "without"])
def test_attach_to_a_container_that_has_not_started_is_answered_at_once(wire, container, engine, fields, status):
    name = container("sh", "-c", "read x; echo got $x", start=False, OpenStdin=True, StdinOnce=True)
    connection = wire()
    connection.send_request("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1", **fields)
    assert connection.read_head().status == status
    connection.send(b"early\n")
    engine.request("POST", f"/containers/{name}/start")
    assert connection.read_frame() == (1, b"got early\n")
    assert connection.read_all() == b""


def test_stdin_sent_with_an_attach_arrives_whole_and_once(wire, container):
    for _ in range(10):
        name = container("wc", "-c", OpenStdin=True, StdinOnce=True)
        connection = wire()
        connection.send(request_bytes("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1", **UPGRADE) +
                        b"x" * 5000)
        assert connection.read_head().status == 101
        connection.half_close()
        assert connection.read_frame() == (1, b"5000\n")


def test_a_body_declared_by_an_attach_is_not_stdin(wire, container):
    """dockerode repeats its options as a JSON body; the engine throws it away with what it read along with the head."""
    name, body = container("cat", OpenStdin=True), b'{"stream":true,"stdin":true}'
    for cut in (0, 10, len(body)):
        connection = wire()
        head = request_bytes("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1",
                             Content_Type="application/json", Content_Length=len(body), **UPGRADE)
        connection.send(head + body[:cut])
        connection.send(body[cut:])
        assert connection.read_head().status == 101
        connection.send(b"stdin\n")
        assert connection.read_frame() == (1, b"stdin\n")


def test_attach_to_a_missing_container_is_the_error_of_the_engine(wire):
    connection = wire()
    head, body = connection.call("POST", "/containers/never-made/attach?stream=1&stdout=1", **UPGRADE)
    assert head.status == 404 and b"No such container" in body


def test_attach_to_a_terminal_is_raw_in_both_directions(wire, container):
    name = container("cat", Tty=True, OpenStdin=True)
    connection = wire()
    connection.send_request("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1", **UPGRADE)
    assert connection.read_head().status == 101
    connection.send(b"echo\n")
    assert connection.read_exactly(12) == b"echo\r\necho\r\n"


@pytest.mark.parametrize("version", ["/v1.41", ""])
def test_attach_over_a_websocket_echoes(proxy, container, version):
    name = container("cat", OpenStdin=True, Tty=True)
    session = WebSocket(proxy.address, f"{version}/containers/{name}/attach/ws?stream=1&stdin=1&stdout=1")
    assert (session.head.status, session.head["Upgrade"].lower()) == (101, "websocket")
    for word in ("one", "two"):
        session.send_text(f"{word}\n")
        assert f"{word}\r\n{word}" in session.receive_until(f"{word}\r\n{word}")
    session.close()


@pytest.mark.parametrize("host", ["", "docker"], ids=["empty host", "host"])
def test_grpc_is_a_tunnel_after_the_answer(wire, host):
    """Through it goes HTTP/2: the preface and empty SETTINGS are acknowledged."""
    connection = wire()
    connection.send_request("POST", "/grpc", Host=host, Connection="Upgrade", Upgrade="h2c")
    head = connection.read_head()
    assert (head.status, head["Upgrade"]) == (101, "h2c")
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    kind = None
    while kind != b"\4\1":
        frame = connection.read_exactly(9)
        kind = frame[3:5]
        connection.read_exactly(int.from_bytes(frame[:3], "big"))


def test_session_is_a_tunnel_after_the_answer(wire):
    """There the engine is the HTTP/2 client and speaks first."""
    connection = wire()
    connection.send_request("POST", "/session", Connection="Upgrade", Upgrade="h2c",
                            X_Docker_Expose_Session_Uuid="0123456789abcdef", X_Docker_Expose_Session_Name="test",
                            X_Docker_Expose_Session_Sharedkey="")
    head = connection.read_head()
    assert (head.status, head["Upgrade"]) == (101, "h2c")
    assert connection.read_exactly(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def test_session_without_an_upgrade_is_an_ordinary_answer(wire):
    connection = wire()
    head, _ = connection.call("POST", "/session")
    assert head.status >= 400
    assert connection.call("GET", "/_ping")[1] == b"OK"


def test_http_2_without_upgrade_is_refused_with_one_clean_answer(wire, proxy):
    connection = wire()
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    head = connection.read_head()
    assert head.status == 400
    connection.read_body(head)
    assert connection.read_all() == b""


def test_tcp_keep_alive_watches_idle_streams_and_half_closed_tunnels(wire, proxy, make_exec):
    idle, half_closed = wire(), wire()
    idle.send_request("GET", "/events")
    assert idle.read_head().status == 200
    start_exec(half_closed, make_exec("sh", "-c", "cat; sleep 60"), **UPGRADE)
    half_closed.half_close()

    def watched(connection, state):
        peer = "%s:%d" % connection.socket.getsockname()
        shown = subprocess.run(["ss", "-tnoH", "state", state, "src", f"127.0.0.1:{proxy.port}", "dst", peer],
                               capture_output=True, check=True, text=True).stdout
        return "timer:(keepalive," in shown

    wait_until(lambda: watched(idle, "established"), 5, "a keep-alive timer on the idle stream")
    wait_until(lambda: watched(half_closed, "close-wait"), 5, "a keep-alive timer on the half-closed tunnel")


def test_tunnels_leave_nothing_behind(wire, proxy, make_exec):
    before = proxy.fd_count()
    for _ in range(10):
        connection = wire()
        start_exec(connection, make_exec("echo", "hi"), **UPGRADE)
        assert connection.read_frame() == (1, b"hi\n")
        assert connection.read_all() == b""
        connection.close()
    wait_until(lambda: proxy.fd_count() <= before, 10, f"the proxy to be back at {before} descriptors")
