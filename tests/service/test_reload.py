"""SIGHUP: the new settings hold for new requests, nothing that runs is touched, and it is all or nothing."""

import os
import pathlib
import signal
import socket
import stat
import subprocess
import tempfile
import threading

import pytest

from harness.fake_daemon import chunk, chunked_head, json_answer
from harness.proxy import Proxy, binary, clean_environment, sanitizer_slack
from harness.raw_client import RawClient, request
from harness.wait import wait_settled, wait_until
from test_file import HEAD, OPS, READERS, status

RELOADS = 200
GROUP = 4711
AS_MEMBER = ("setpriv", "--reuid=65534", "--regid=65534", f"--groups={GROUP}")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root")
FILE = HEAD + READERS + "allow = SystemEvents\n" + OPS


def listener(name, address, policy="readers", more=""):
    return f"[listener {name}]\naddress = {address}\npolicy = {policy}\n{more}"


def reload(proxy, text=None, event=" notice reload "):
    """Sends SIGHUP, with a new file or the same, and waits for what the log says of it; returns that."""
    before = len(proxy.lines(event))
    if text is not None:
        proxy.rewrite(text)
    proxy.signal(signal.SIGHUP)
    return wait_until(lambda: proxy.lines(event)[before:], 10, f"{event} in the log:\n{proxy.log_tail()}")[0]


@pytest.fixture
def ports():
    """Two ports that were free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        return one.getsockname()[1], two.getsockname()[1]


@pytest.fixture
def events(daemon):
    """/events at the engine: a chunk each time that `more` is set, until `over` is."""
    class Stream:
        more, over = threading.Event(), threading.Event()

    def script(connection):
        connection.send(chunked_head())
        while not Stream.over.is_set():
            connection.send(chunk(b"{}\n"))
            Stream.more.wait(20)
            Stream.more.clear()
        connection.send(b"0\r\n\r\n")

    daemon.on("/events", script)
    yield Stream
    Stream.over.set()
    Stream.more.set()


def read_to_the_end(client):
    """How many chunks come before the last one."""
    count = 0
    while client.read_chunk():
        count += 1
    return count


class Poller(threading.Thread):
    """Asks without end, a connection a call or all over one, and keeps what went wrong."""

    def __init__(self, address, keep):
        super().__init__(daemon=True)
        self.address, self.keep, self.calls, self.faults, self.over = address, keep, 0, [], False

    def run(self):
        client = None
        while not self.over:
            try:
                client = client or RawClient(self.address)
                answer = client.exchange(request("GET", "/version"))
                if answer.status != 200:
                    self.faults.append(answer.status)
                self.calls += 1
                if not self.keep:
                    client.close()
                    client = None
            except Exception as error:  # whatever it is, it is a fault
                self.faults.append(repr(error))
                client = None

    def stop(self):
        self.over = True
        self.join(30)
        return self.faults


def test_two_hundred_reloads_under_load_are_not_felt(serve, events, tmp_path, ports):
    path = tmp_path / "kept.sock"
    kept = listener("tcp", f"tcp://127.0.0.1:{ports[0]}", more="allow_from = 127.0.0.0/8, localhost\n")
    kept += listener("unix", f"unix:{path}")
    files = (FILE + kept, FILE + kept + listener("more", f"tcp://127.0.0.1:{ports[1]}", "ops")
             + listener("file", "unix:{folder}/more.sock", "ops"))
    proxy = serve(files[0], listeners=2)
    tcp = ("127.0.0.1", ports[0])
    stream = RawClient(tcp)
    stream.send(request("GET", "/events"))
    assert stream.read_head().status == 200
    pollers = [Poller(address, keep) for address in (tcp, str(path)) for keep in (True, False)]
    for poller in pollers:
        poller.start()
    for number in range(20):
        reload(proxy, files[number % 2])
    descriptors, memory = proxy.fd_count(), proxy.rss()
    for number in range(20, RELOADS):
        reload(proxy, files[number % 2])
    assert all(poller.calls > 0 for poller in pollers)
    assert [poller.stop() for poller in pollers] == [[], [], [], []]
    reload(proxy, files[RELOADS % 2])
    # What hangs on a connection to the engine or a poller may come or go; nothing may stay of each reload.
    assert wait_settled(proxy.fd_count, 10, "descriptors at rest") <= descriptors + 8
    assert proxy.rss() <= memory + (2 << 20) + sanitizer_slack()
    events.over.set()
    events.more.set()
    assert read_to_the_end(stream)
    stream.close()


def test_an_exchange_keeps_the_settings_it_began_with_and_the_next_has_the_new_ones(serve, events):
    proxy = serve(FILE + listener("one", "tcp://127.0.0.1:0"))
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(request("GET", "/events"))
        assert client.read_head().status == 200
        reload(proxy, FILE + "[policy none]\ndeny = @read\n" + listener("one", "tcp://127.0.0.1:0", "none"))
        assert status((proxy.host, proxy.port), "/version") == 403
        events.over.set()
        events.more.set()
        assert read_to_the_end(client)
        assert client.exchange(request("GET", "/version")).status == 403


def test_a_head_in_part_is_judged_by_the_settings_that_hold_when_it_is_whole(serve):
    proxy = serve(FILE + listener("one", "tcp://127.0.0.1:0"))
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(b"GET /info HTTP/1.1\r\nHo")
        reload(proxy, FILE + listener("one", "tcp://127.0.0.1:0", "ops"))
        client.send(b"st: x\r\n\r\n")
        assert client.read_answer().status == 200


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
def test_who_may_use_a_listener_is_decided_anew_for_a_connection_that_stays(serve, tmp_path, unix):
    address = f"unix:{tmp_path}/s.sock" if unix else "tcp://127.0.0.1:0"
    names = (f"uid:{os.getuid()}", "uid:4711") if unix else ("localhost", "192.0.2.1")
    text = FILE + listener("one", address, more="allow_from = %s\n")
    proxy = serve(text % names[0])
    with RawClient(proxy.unix or (proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/version")).status == 200
        for name, expected in ((names[0], 200), (names[1], 403)):
            reload(proxy, text % name)
            assert client.exchange(request("GET", "/version")).status == expected


def test_an_upload_under_way_ends_by_the_settings_it_began_with(serve, daemon):
    daemon.on("/images/load",
              lambda connection: connection.send(json_answer(200, {"bytes": len(connection.read_body())})))
    proxy = serve(FILE + "[policy load]\nallow = ImageLoad\n" + listener("one", "tcp://127.0.0.1:0", "load"))
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(b"POST /images/load HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        wait_until(lambda: daemon.requests, 10, "the upload at the engine")
        reload(proxy, FILE + "[policy load]\ndeny = ImageLoad\n" + listener("one", "tcp://127.0.0.1:0", "load",
                                                                          "allow_from = 192.0.2.1\n"))
        client.send(b"67890")
        assert client.read_answer().status == 200
        assert client.exchange(request("GET", "/version")).status == 403


def test_a_connection_of_a_listener_that_is_gone_ends_once_nothing_runs_on_it(serve, events, tmp_path, ports):
    path = str(tmp_path / "gone.sock")
    stays = listener("stays", f"tcp://127.0.0.1:{ports[0]}")
    proxy = serve(FILE + stays + listener("gone", f"unix:{path}"), listeners=2)
    with RawClient(path) as idle, RawClient(path) as begun, RawClient(path) as streams:
        assert idle.exchange(request("GET", "/version")).status == 200
        begun.send(b"GET /version HTTP/1.1\r\n")
        streams.send(request("GET", "/events"))
        assert streams.read_head().status == 200
        reload(proxy, FILE + stays)
        idle.assert_ended(reset_ok=False)
        begun.send(b"Host: x\r\n\r\n")
        answer = begun.read_answer()
        assert (answer.status, answer.get("Connection")) == (200, "close")
        events.over.set()
        events.more.set()
        assert read_to_the_end(streams)
        begun.assert_ended(reset_ok=False)
        streams.assert_ended(reset_ok=False)


def test_a_connection_of_a_listener_that_is_gone_can_not_wait_for_long_with_its_first_request(serve, tmp_path, ports):
    path = str(tmp_path / "gone.sock")
    text = "[sockwarden]\nhead_timeout = 1s\nidle_timeout = 1h\n" + FILE
    stays = listener("stays", f"tcp://127.0.0.1:{ports[0]}")
    proxy = serve(text + stays + listener("gone", f"unix:{path}"), listeners=2)
    with RawClient(path) as silent:
        reload(proxy, text + stays)
        silent.assert_ended(reset_ok=False)


def test_a_stream_outlives_its_listener(serve, events, tmp_path, ports):
    gone = listener("gone", f"unix:{tmp_path}/gone.sock")
    stays = listener("stays", f"tcp://127.0.0.1:{ports[0]}")
    proxy = serve(FILE + stays + gone, listeners=2)
    with RawClient(str(tmp_path / "gone.sock")) as client:
        client.send(request("GET", "/events"))
        assert client.read_head().status == 200
        reload(proxy, FILE + stays)
        assert not (tmp_path / "gone.sock").exists()
        assert len(proxy.lines(" closed address=unix:")) == 1
        events.over.set()
        events.more.set()
        assert read_to_the_end(client)


def test_who_waits_for_a_listener_that_goes_is_served(serve, tmp_path, ports):
    path = str(tmp_path / "gone.sock")
    stays = listener("stays", f"tcp://127.0.0.1:{ports[0]}")
    proxy = serve(FILE + stays + listener("gone", f"unix:{path}"), listeners=2)
    proxy.rewrite(FILE + stays)
    proxy.signal(signal.SIGSTOP)
    waiting = [RawClient(path) for _ in range(10)]
    for client in waiting:
        client.send(request("GET", "/version"))
    proxy.signal(signal.SIGHUP)
    proxy.signal(signal.SIGCONT)
    assert [client.read_answer().status for client in waiting] == [200] * 10
    for client in waiting:
        client.close()


@pytest.mark.parametrize("before,after", [("127.0.0.1", "0.0.0.0"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "[::]"),
                                          ("[::]", "127.0.0.1"), ("0.0.0.0", "[::]")])
def test_an_address_that_overlaps_with_its_predecessor_takes_its_place(serve, ports, before, after):
    text = FILE + "[listener one]\naddress = tcp://%s:" + str(ports[0]) + "\npolicy = readers\n"
    proxy = serve(text % before)
    poller = Poller(("127.0.0.1", ports[0]), False)
    poller.start()
    for address in (after, before, after):
        reload(proxy, text % address)
    wait_until(lambda: poller.calls > 20, 20, "calls")
    assert poller.stop() == []
    with pytest.raises(OSError), socket.create_server(("127.0.0.1", ports[0])):
        pass  # what a predecessor shared with its successor is shared with nobody else


def test_a_listener_that_stays_takes_over_a_new_mode(serve, tmp_path):
    path = tmp_path / "s.sock"
    proxy = serve(FILE + listener("one", f"unix:{path}", more="mode = 0600\n"))
    inode = path.stat().st_ino
    for more, mode in (("mode = 0666\n", 0o666), ("", 0o660), ("mode = 0600\n", 0o600)):
        reload(proxy, FILE + listener("one", f"unix:{path}", more=more))
        assert (stat.S_IMODE(path.stat().st_mode), path.stat().st_ino) == (mode, inode)
    assert status(proxy.unix, "/version") == 200


@needs_root
def test_a_listener_that_stays_takes_over_a_new_group(daemon):
    with tempfile.TemporaryDirectory(prefix="sockwarden-public-") as name:
        os.chmod(name, 0o777)
        folder = pathlib.Path(name)
        file = folder / "sockwarden.ini"
        text = FILE.format(engine=daemon.address) + listener("one", f"unix:{folder}/s.sock", more="%s")
        file.write_text(text % "")
        proxy = Proxy(daemon.address, arguments=("-c", str(file)), prefix=AS_MEMBER)
        del proxy.environment["LISTEN"], proxy.environment["SOCKET_PATH"]
        proxy.rewrite = file.write_text
        with proxy:
            for more, group in ((f"group = {GROUP}\n", GROUP), ("", 65534)):
                reload(proxy, text % more)
                assert (folder / "s.sock").stat().st_gid == group
            line = reload(proxy, text % "group = 4712\nmode = 0666\n", " err reload ")
            assert "its file can't be given to group 4712" in line
            assert (folder / "s.sock").stat().st_gid == 65534
            assert stat.S_IMODE((folder / "s.sock").stat().st_mode) == 0o660


def test_what_can_not_be_opened_leaves_nothing_half_done(serve, tmp_path, ports):
    path, new = tmp_path / "kept.sock", tmp_path / "new.sock"
    text = FILE + listener("one", f"unix:{path}", more="mode = 0600\n")
    proxy = serve(text)
    before = wait_settled(proxy.fd_count, 10, "descriptors at rest")
    with socket.create_server(("127.0.0.1", ports[0])):
        line = reload(proxy, FILE + listener("one", f"unix:{path}", "ops", "mode = 0666\n")
                      + listener("new", f"unix:{new}") + listener("bad", f"tcp://127.0.0.1:{ports[0]}"), " err reload ")
    assert f"cannot listen on tcp://127.0.0.1:{ports[0]}" in line
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and not new.exists()
    assert [status(str(path), target) for target in ("/version", "/info")] == [200, 403]
    assert wait_settled(proxy.fd_count, 10, "descriptors at rest") == before
    assert not proxy.lines(" closed ")


def test_a_unix_socket_by_another_name_is_the_same_listener(serve, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path)
    names = [f"unix:{tmp_path}/{name}" for name in ("s.sock", "link/s.sock", "./s.sock", "s.sock")]
    proxy = serve(FILE + listener("one", names[0]))
    inode = (tmp_path / "s.sock").stat().st_ino
    for name in names[1:]:
        reload(proxy, FILE + listener("one", name, more="mode = 0600\n"))
        assert (tmp_path / "s.sock").stat().st_ino == inode
        assert status(proxy.unix, "/version") == 200
    assert not proxy.lines(" closed ")
    proxy.stop()
    assert not (tmp_path / "s.sock").exists()


def test_a_socket_file_that_was_removed_is_made_anew(serve, tmp_path):
    path = tmp_path / "s.sock"
    proxy = serve(FILE + listener("one", f"unix:{path}"))
    path.unlink()
    reload(proxy)
    assert status(str(path), "/version") == 200
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:  # what somebody else put there is not ours
        other.bind(str(path))
        other.listen()
        assert "listens there" in reload(proxy, event=" err reload ")


def test_new_connections_have_the_new_keep_alive(serve):
    text = "[sockwarden]\ntcp_keepalive = %s\n" + FILE + listener("one", "tcp://127.0.0.1:0")
    proxy = serve(text % "1h")

    def timer():
        with RawClient((proxy.host, proxy.port)) as client:
            assert client.exchange(request("GET", "/version")).status == 200
            shown = subprocess.run(["ss", "-tnoH", "sport", "=", f":{proxy.port}", "and", "dport", "=",
                                    f":{client.sock.getsockname()[1]}"], capture_output=True, text=True, check=True)
        return shown.stdout.split("timer:(keepalive,")[1].split(",")[0]
    assert "min" in timer()
    reload(proxy, text % "9s")
    assert timer().rstrip("ms.0123456789ec") == "" and "min" not in timer()


def test_who_waits_over_the_limit_is_served_when_a_reload_raises_it(serve):
    text = "[sockwarden]\nmax_connections = %d\n" + FILE + listener("one", "tcp://127.0.0.1:0")
    proxy = serve(text % 1)
    with RawClient((proxy.host, proxy.port)) as first, RawClient((proxy.host, proxy.port)) as second:
        first.send(b"GET /ver")  # not idle: it keeps its place
        second.send(request("GET", "/version"))
        proxy.wait_for_log(lambda line: " listening " in line)
        reload(proxy, text % 4)
        assert second.read_answer().status == 200


def test_a_lower_limit_closes_idle_connections_for_who_waits(serve):
    text = "[sockwarden]\nmax_connections = %d\n" + FILE + listener("one", "tcp://127.0.0.1:0")
    proxy = serve(text % 20)
    idle = [RawClient((proxy.host, proxy.port)) for _ in range(8)]
    for client in idle:
        assert client.exchange(request("GET", "/version")).status == 200
    with RawClient((proxy.host, proxy.port)) as busy:
        busy.send(b"GET /version HTTP/1.1\r\n")
        wait_settled(proxy.fd_count, 10, "the last one to be accepted")
        reload(proxy, text % 3)
        assert status((proxy.host, proxy.port), "/version") == 200
        busy.send(b"Host: x\r\n\r\n")
        assert busy.read_answer().status == 200
    for client in idle[:6]:  # the first to come is the first to go
        client.assert_ended(reset_ok=False)
    for client in idle:
        client.close()


def test_a_signal_before_it_serves_is_met_by_a_reload_then(tmp_path):
    """The file is a pipe: the program waits for it at a place that can be seen."""
    path = tmp_path / "pipe.ini"
    os.mkfifo(path)
    text = (FILE + listener("one", "tcp://127.0.0.1:0")).format(engine="/nowhere.sock")
    with subprocess.Popen([binary(), "-c", str(path)], env=clean_environment(), stderr=subprocess.PIPE,
                          text=True) as proxy:
        try:
            with open(path, "w", encoding="utf-8") as pipe:
                proxy.send_signal(signal.SIGHUP)
                pipe.write(text)
            assert any(" listening " in line for line in iter(proxy.stderr.readline, ""))
            told = next(line for line in iter(proxy.stderr.readline, "") if " reload text=" in line)
            assert "it is no regular file, which alone is read again" in told  # nobody may wait for a writer
            proxy.terminate()
            assert proxy.wait(15) == 0
        finally:
            proxy.kill()


def test_a_burst_of_signals_is_as_good_as_one(serve):
    proxy = serve(FILE + listener("one", "tcp://127.0.0.1:0"))
    proxy.rewrite(FILE + listener("one", "tcp://127.0.0.1:0", "ops"))
    for _ in range(100):
        proxy.signal(signal.SIGHUP)
    wait_until(lambda: status((proxy.host, proxy.port), "/info") == 200, 10, "the new file to hold")
    assert not proxy.lines(" err ")


def test_a_signal_while_it_stops_changes_nothing(serve, events):
    proxy = serve("[sockwarden]\nshutdown_grace = 10s\n" + FILE + listener("one", "tcp://127.0.0.1:0"))
    with RawClient((proxy.host, proxy.port)) as client:
        client.send(b"GET /version HTTP/1.1\r\nHost: x\r\n")
        wait_until(lambda: proxy.fd_count() > 0, 10, "a client")
        proxy.signal(signal.SIGTERM)
        proxy.wait_for_log(" stopping ")
        proxy.signal(signal.SIGHUP)
        client.close()
    assert proxy.wait_exit() == 0
    assert not proxy.lines(" reload ")

