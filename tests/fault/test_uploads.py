"""Bodies on their way up: 100-continue, answers that come early, pressure that is passed back, nothing held or lost."""

import contextlib
import json
import socket
import threading

import pytest

from harness.fake_daemon import LAST_CHUNK, chunk, chunked_head, head, json_answer, raw_stream_101, reply
from harness.payload import MIB, in_chunks, noise, sha
from harness.raw_client import request
from harness.wait import stays, wait_settled, wait_until

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LOAD = ("POST", "/images/load", "Content-Type: application/x-tar")
ERROR = {"message": "unexpected end of the archive"}


class Sender:
    """Sends in the background until all is sent or the connection refuses more."""

    def __init__(self, client, data):
        self.failed = None
        self.thread = threading.Thread(target=self._run, args=(client, data), daemon=True)
        self.thread.start()

    def _run(self, client, data):
        try:
            client.send(data)
        except OSError as error:
            self.failed = error

    def join(self, give_up=None):
        """Waits for the end; with give_up (the client) it stops sending, as one does that has its answer."""
        if give_up:
            with contextlib.suppress(OSError):
                give_up.sock.shutdown(socket.SHUT_RDWR)
        self.thread.join(20)
        assert not self.thread.is_alive(), "the client can neither send on nor is it told to stop"


# --- Expect: 100-continue ---

@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("word", ["100-continue", "100-Continue", " 100-CONTINUE "])
def test_an_expected_100_is_given_here_once_and_the_engine_knows_nothing_of_it(link, framing, word):
    daemon, _, connect = link
    daemon.on("/images/load", reply(CONTINUE, json_answer(200, {"loaded": True})))
    client = connect()
    field = "Content-Length: 5" if framing == "length" else "Transfer-Encoding: chunked"
    for _ in range(2):
        client.send(request(*LOAD, f"Expect: {word}", field))
        assert client.read_exactly(len(CONTINUE)) == CONTINUE
        client.assert_silent(0.05)
        client.send(b"hello" if framing == "length" else b"5\r\nhello\r\n0\r\n\r\n")
        answer = client.read_answer()
        assert answer.status == 200 and json.loads(answer.body) == {"loaded": True}
    assert len(daemon.connections) == 2
    for one in daemon.connections:
        assert one.body == b"hello" and one.request.get("Expect") is None


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_the_json_of_exec_start_may_be_expected_too(link, framing):
    daemon, _, connect = link
    daemon.on("/exec/x/start", lambda one: (one.read_body(), one.send(raw_stream_101()), one.send(one.read_some())))
    client = connect()
    field = "Content-Length: 2" if framing == "length" else "Transfer-Encoding: chunked"
    client.send(request("POST", "/exec/x/start", "Connection: Upgrade", "Upgrade: tcp", "Expect: 100-continue",
                        "Content-Type: application/json", field))
    assert client.read_exactly(len(CONTINUE)) == CONTINUE
    client.send(b"{}" if framing == "length" else chunk(b"{}") + LAST_CHUNK)
    assert client.read_head().status == 101
    client.send(b"stdin")
    assert client.read_exactly(5) == b"stdin"
    assert daemon.connection().body == b"{}" and daemon.connection().request.get("Expect") is None


def test_a_body_that_does_not_wait_for_the_100_is_taken_all_the_same(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*LOAD, "Expect: 100-continue", body=b"hello") + request("GET", "/info"))
    answer = client.read_answer()
    if answer.status == 100:
        answer = client.read_answer()
    assert json.loads(answer.body)["received"] == 5
    assert json.loads(client.read_answer().body)["target"] == "/info"
    assert daemon.connection().body == b"hello"


def test_a_refused_upload_is_not_invited(daemon, serve, connect):
    proxy = serve(POST="0")
    for tcp in (False, True):
        client = connect(proxy, unix=not tcp)
        client.send(request(*LOAD, "Expect: 100-continue", "Content-Length: 41"))
        answer = client.read_answer()
        assert answer.status == 403 and answer.get("Connection") == "close"
        with contextlib.suppress(OSError):
            client.send(request("GET", "/_ping"))
        client.assert_ended()
    assert daemon.connections == []


def test_a_malformed_upload_is_not_invited(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*LOAD, "Expect: 100-continue", "Content-Length: 5", "Content-Length: 5"))
    assert client.read_answer().status == 400
    assert daemon.connections == []


def test_a_client_of_1_0_is_never_sent_a_100(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*LOAD, "Expect: 100-continue", "Content-Length: 5", version="HTTP/1.0"))
    client.assert_silent(0.2)
    client.send(b"hello")
    assert client.read_answer().status == 200
    assert daemon.connection().body == b"hello" and daemon.connection().request.get("Expect") is None


@pytest.mark.parametrize("method,fields", [("GET", ()), ("POST", ()), ("POST", ("Content-Length: 0",))])
def test_a_request_without_a_body_is_not_asked_for_one(link, method, fields):
    daemon, _, connect = link
    client = connect()
    client.send(request(method, "/containers/x/stop", "Expect: 100-continue", *fields))
    assert client.read_answer(method).status == 200
    assert daemon.connection().request.get("Expect") is None


# --- As it comes ---

@pytest.mark.parametrize("method,target", [("POST", "/images/load"), ("POST", "/build?t=x"),
                                           ("PUT", "/containers/x/archive?path=/"), ("POST", "/plugins/create?name=x"),
                                           ("POST", "/v1.41/images/create?fromSrc=-&repo=x")])
def test_the_first_bytes_of_a_body_are_forwarded_before_the_last_exist(link, method, target):
    daemon, _, connect = link
    client = connect()
    data = noise(64 * 1024)
    client.send(request(method, target, f"Content-Length: {2 * len(data)}") + data)
    one = daemon.connection()
    one.wait_for(lambda me: len(me.body) == len(data), "the first half")
    client.send(data)
    assert client.read_answer().status == 200
    assert one.body == data + data


def test_each_byte_of_a_chunked_body_is_forwarded_as_it_comes(link):
    daemon, _, connect = link
    client = connect()
    client.send(request(*LOAD, "Transfer-Encoding: chunked"))
    one = daemon.connection()
    for count in range(1, 20):
        client.send(chunk(b"x"))
        one.wait_for(lambda me, count=count: len(me.body) == count, f"byte {count}")
    client.send(LAST_CHUNK)
    assert client.read_answer().status == 200


def test_both_directions_of_a_build_run_at_once(link):
    daemon, _, connect = link

    def build(connection):
        connection.send(chunked_head())
        for _ in range(20):
            connection._read_chunk()  # pylint: disable=protected-access
            connection.send(chunk(b"step %d\n" % len(connection.body)))
        connection.read_body()
        connection.send(LAST_CHUNK)
    daemon.on("/build", build)
    client = connect()
    client.send(request("POST", "/build", "Transfer-Encoding: chunked"))
    assert client.read_head().status == 200
    for count in range(1, 21):
        client.send(chunk(b"x"))
        assert client.read_data(len(b"step %d\n" % count)) == b"step %d\n" % count
    client.send(LAST_CHUNK)
    assert client.read_piece() == b""
    assert client.exchange(request("GET", "/_ping")).status == 200


# --- Early answers ---

def go_on_reading(connection):
    connection.drain()


def stop_reading(connection):
    connection.wait(connection.daemon.go_on)


def close_with_bytes_unread(connection):
    connection.close()


def half_close_and_go_on(connection):
    connection.half_close()
    connection.drain()


def close_the_reading_side(connection):
    connection.sock.shutdown(0)
    connection.wait(connection.daemon.go_on)


@pytest.mark.parametrize("after", [go_on_reading, stop_reading, close_with_bytes_unread, half_close_and_go_on,
                                   close_the_reading_side], ids=lambda after: after.__name__)
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("tcp", [False, True], ids=["unix", "tcp"])
def test_an_answer_in_the_middle_of_an_upload_arrives_whole_and_ends_the_connection(link, framing, after, tcp):
    daemon, _, connect = link
    early = json_answer(400, {**ERROR, "padding": "x" * 20_000})

    def script(connection):
        connection.read_exactly(1024)
        connection.send(early)
        after(connection)
    daemon.on("/images/load", script)
    client = connect(tcp)
    data = noise(8 * MIB)
    sender = Sender(client, request(*LOAD, body=data) if framing == "length" else
                    request(*LOAD, "Transfer-Encoding: chunked") + in_chunks(data, (65_536, 1, 100)))
    answer = client.read_answer()
    assert answer.status == 400 and json.loads(answer.body)["message"] == ERROR["message"]
    client.assert_ended()
    daemon.go_on.set()
    sender.join(give_up=client)
    assert len(daemon.connections) == 1


def test_a_client_that_sends_on_behind_its_answer_is_stopped_in_the_end(link):
    daemon, _, connect = link
    daemon.on("/images/load", lambda one: (one.read_exactly(10), one.send(json_answer(400, ERROR)), one.drain()))
    client = connect(tcp=True)
    sender = Sender(client, request(*LOAD, body=noise(32 * MIB)))
    assert client.read_answer().status == 400
    client.assert_ended()
    sender.join()
    assert sender.failed


@pytest.mark.parametrize("after", [go_on_reading, close_with_bytes_unread], ids=lambda after: after.__name__)
def test_an_early_answer_reaches_a_client_that_only_sends_a_part(link, after):
    daemon, _, connect = link

    def script(connection):
        connection.read_exactly(3)
        connection.send(json_answer(409, ERROR))
        after(connection)
    daemon.on("/images/load", script)
    client = connect(tcp=True)
    client.send(request(*LOAD, "Content-Length: 100") + b"hello")
    assert client.read_answer().message == ERROR["message"]
    with contextlib.suppress(OSError):
        client.send(b"y" * 95 + request("GET", "/info"))
    client.assert_ended()
    assert len(daemon.connections) == 1


def test_a_large_early_answer_is_not_lost_to_a_client_that_sends_on_and_reads_late(link):
    daemon, _, connect = link
    body = noise(3 * MIB)

    def script(connection):
        connection.read_exactly(1024)
        connection.send(head(500, (("Content-Length", len(body)),)) + body)
        connection.half_close()
        connection.drain()
    daemon.on("/images/load", script)
    client = connect(tcp=True)
    sender = Sender(client, request(*LOAD, body=noise(16 * MIB)))
    one = daemon.connection()
    one.wait_for(lambda me: me.sent > 300_000, "the answer to be under way")
    wait_settled(lambda: one.sent, 10, "as much of the answer as finds room")
    assert sha(client.read_answer().body) == sha(body)
    client.assert_ended()
    sender.join(give_up=client)


def test_an_early_answer_and_the_rest_of_the_body_in_time_make_a_whole_exchange(link):
    daemon, _, connect = link

    def script(connection):
        connection.read_exactly(5)
        connection.send(chunked_head() + chunk(b"reading"))
        connection.wait(connection.daemon.go_on)
        connection.read_exactly(5)
        connection.send(chunk(b"done") + LAST_CHUNK)
    daemon.on("/build", script)
    client = connect()
    client.send(request("POST", "/build", "Content-Length: 10") + b"hello")
    assert client.read_head().status == 200 and client.read_data(7) == b"reading"
    client.send(b"world")
    daemon.go_on.set()
    assert client.read_data(4) == b"done" and client.read_piece() == b""


def test_an_engine_that_leaves_in_the_middle_of_an_upload_is_a_502(link):
    daemon, _, connect = link

    def script(connection):
        connection.read_exactly(1024)
        connection.close()
    daemon.on("/images/load", script)
    for tcp in (False, True):
        client = connect(tcp)
        sender = Sender(client, request(*LOAD, body=noise(8 * MIB)))
        answer = client.read_answer()
        assert answer.status == 502 and answer.message.startswith("sockwarden: ")
        client.assert_ended()
        sender.join(give_up=client)
    assert len(daemon.connections) == 2


# --- Pressure ---

def test_an_engine_that_does_not_read_stops_the_client_and_nothing_is_held_or_lost(link):
    daemon, proxy, connect = link

    def script(connection):
        connection.wait(daemon.go_on)
        connection.send(json_answer(200, {"sha": sha(connection.read_body())}))
    daemon.on("/images/load", script)
    before = proxy.rss()
    client = connect()
    data = noise(16 * MIB)
    client.send(request(*LOAD, f"Content-Length: {len(data)}"))
    sent = client.send_for(data, 0.3)
    assert sent < 1.5 * MIB, "the client was not stopped"
    cpu = proxy.cpu()
    stays(lambda: proxy.rss() - before < 1 * MIB + proxy.slack, 0.5, "memory beyond its bounds")
    assert proxy.cpu() - cpu < 0.1, "busy while it waits"
    daemon.go_on.set()
    client.send(data[sent:])
    assert json.loads(client.read_answer().body) == {"sha": sha(data)}


@pytest.mark.parametrize("framing", ["length", "chunked", "until the end"])
def test_a_client_that_does_not_read_stops_the_engine_and_nothing_is_held_or_lost(link, framing):
    daemon, proxy, connect = link
    data = noise(16 * MIB)
    wire = {"length": head(200, (("Content-Length", len(data)),)) + data, "until the end": head(200) + data,
            "chunked": chunked_head() + in_chunks(data, (32_768, 7, 1000))}[framing]
    daemon.on("/images/x/get", reply(wire))
    before = proxy.rss()
    client = connect()
    client.send(request("GET", "/images/x/get"))
    one = daemon.connection()
    wait_until(lambda: one.sent > 200_000, 10, "the answer to begin")
    wait_settled(lambda: one.sent, 10, "the engine to be stopped")
    assert one.sent < 1.5 * MIB, "the engine was not stopped"
    cpu = proxy.cpu()
    stays(lambda: proxy.rss() - before < 1 * MIB + proxy.slack, 0.3, "memory beyond its bounds")
    assert proxy.cpu() - cpu < 0.1, "busy while it waits"
    answer = client.read_answer()
    assert sha(answer.body) == sha(data)


def test_many_stalled_uploads_hold_little_memory_and_leave_others_alone(link):
    daemon, proxy, connect = link

    def script(connection):
        connection.wait(daemon.go_on)
        connection.send(json_answer(200, {"sha": sha(connection.read_body())}))
    daemon.on("/images/load", script)
    before = proxy.rss()
    data = noise(1 * MIB)
    clients = []
    for _ in range(30):
        client = connect()
        client.send(request(*LOAD, f"Content-Length: {len(data)}"))
        clients.append((client, client.send_for(data, 0.02)))
    assert proxy.rss() - before < 30 * 300 * 1024 + proxy.slack
    assert connect().exchange(request("GET", "/_ping")).status == 200
    daemon.go_on.set()
    for client, sent in clients:
        client.send(data[sent:])
        assert json.loads(client.read_answer().body) == {"sha": sha(data)}


def test_a_large_chunked_upload_arrives_whole_in_constant_memory(link):
    daemon, proxy, connect = link

    def script(connection):
        digest = sha(connection.read_body())
        connection.send(json_answer(200, {"sha": digest}))
    daemon.on("/images/load", script)
    before = proxy.forget_peak()
    data = noise(24 * MIB)
    for tcp in (False, True):
        client = connect(tcp)
        sender = Sender(client, request(*LOAD, "Transfer-Encoding: chunked")
                        + in_chunks(data, (65_536, 1, 4097, 250_000)))
        assert json.loads(client.read_answer().body) == {"sha": sha(data)}
        sender.join()
    assert proxy.peak_rss() - before < 3 * MIB + proxy.slack


def test_large_bodies_side_by_side_never_mix_whoever_gives_up_in_the_middle(link):
    """Uploads and tunnels of half a dozen clients at once; two of them reset while their bytes are on the way."""
    daemon, proxy, connect = link

    def script(connection):
        connection.send(json_answer(200, {"sha": sha(connection.read_body())}))
    daemon.on("/images/load", script)
    daemon.on("/containers/x/attach", lambda one: (one.send(raw_stream_101()), one.drain()))
    bodies = [noise(3 * MIB + number, number) for number in range(6)]
    for tcp in (True, False):
        clients = [connect(tcp) for _ in range(8)]
        senders = [Sender(client, request(*LOAD, f"Content-Length: {len(body)}") + body)
                   for client, body in zip(clients, bodies)]
        clients[6].send(request(*LOAD, f"Content-Length: {4 * MIB}"))
        clients[7].send(request("POST", "/containers/x/attach", "Upgrade: tcp", "Connection: Upgrade"))
        assert clients[7].read_head().status == 101
        for leaver in clients[6:]:
            leaver.send_for(b"leaver" * MIB, 0.05)
            leaver.reset()
        for client, body, sender in zip(clients, bodies, senders):
            assert json.loads(client.read_answer().body) == {"sha": sha(body)}
            sender.join()
        wait_until(lambda: all(one.ended for one in daemon.connections), 10, "the engine to see those who left")


def test_a_client_that_stops_reading_for_good_does_not_outlive_its_reset(link):
    daemon, _, connect = link
    daemon.on("/images/x/get", reply(head(200, (("Content-Length", 8 * MIB),)) + noise(8 * MIB)))
    client = connect(tcp=True)
    client.send(request("GET", "/images/x/get"))
    one = daemon.connection()
    wait_until(lambda: one.sent > 200_000, 10, "the answer to begin")
    client.reset()
    one.wait_ended()


# --- Patience ---

def test_uploads_that_pause_beyond_every_limit_are_waited_for(daemon, serve, connect):
    limits = {name: "200ms" for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT", "ANSWER_TIMEOUT", "CONNECT_TIMEOUT")}
    proxy = serve(**limits)
    clients = []
    for method, target in (("POST", "/images/load"), ("POST", "/build"), ("PUT", "/containers/x/archive?path=/")):
        client = connect(proxy)
        client.send(request(method, target, "Content-Length: 10") + b"hello")
        clients.append(client)
    client = connect(proxy)
    client.send(request(*LOAD, "Transfer-Encoding: chunked") + b"a\r\nhello")
    clients.append(client)
    clients[0].assert_silent(0.7)
    for client in clients:
        client.send(b"world" if client is not clients[-1] else b"world\r\n0\r\n\r\n")
        assert client.read_answer().status == 200
    assert [one.body for one in daemon.connections] == [b"helloworld"] * 4


def test_an_upload_whose_answer_is_long_in_coming_is_waited_for(daemon, serve, connect):
    limits = {name: "200ms" for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT", "ANSWER_TIMEOUT", "CONNECT_TIMEOUT")}
    proxy = serve(**limits)
    go_on = threading.Event()

    def script(connection):
        connection.read_body()
        connection.wait(go_on)
        connection.send(json_answer(200, {}))
    daemon.default = script
    clients = []
    for method, target in (("POST", "/images/load"), ("POST", "/commit?container=x"), ("POST", "/containers/x/stop"),
                           ("DELETE", "/containers/x?force=1")):
        clients.append((method, connect(proxy)))
        clients[-1][1].send(request(method, target, body=b"{}" if method == "POST" else None))
    clients[0][1].assert_silent(0.7)
    go_on.set()
    for method, client in clients:
        assert client.read_answer(method).status == 200


def test_the_end_of_a_client_during_a_long_answer_is_not_an_error_of_the_engine(daemon, serve, connect):
    proxy = serve()
    daemon.on("/images/x/get", lambda connection: (connection.send(chunked_head() + chunk(b"x")), connection.drain()))
    client = connect(proxy)
    client.send(request("GET", "/images/x/get"))
    client.read_head()
    name = f"client={client.name} "
    client.reset()
    line = proxy.wait_for_log(name)
    assert " access " in line and " end=client-closed" in line
    daemon.connection().wait_ended()
