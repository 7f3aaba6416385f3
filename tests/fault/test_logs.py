"""The log: one record a line that a program can read, one access record an exchange, one warning a refusal."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading

import pytest

from harness.fake_daemon import chunk, chunked_head, never_answer, raw_stream_101
from harness.proxy import GRANT_ALL, binary, clean_environment
from harness.raw_client import RawClient, request
from harness.wait import wait_until

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
LEVELS = ("debug", "info", "notice", "warning", "err", "crit", "alert", "emerg")
PAIR = re.compile(r' ([a-z_]+)=("(?:[^"\\]|\\.)*"|[^\s"=]+)')
ACCESS = {"client", "method", "path", "status", "operation", "rule", "received", "sent", "duration", "end"}
REFUSED = {"client", "method", "path", "status", "operation", "rule", "cure"}


def parse_text(line):
    """{time, level, event, key: value …} of a text record; fails where it is not one."""
    match = re.match(rf"({TIME}) ([a-z]+) ([a-z]+)", line)
    assert match and match.group(2) in LEVELS, f"not a record: {line!r}"
    record = dict(zip(("time", "level", "event"), match.groups()))
    at = match.end()
    while at < len(line):
        pair = PAIR.match(line, at)
        assert pair, f"not a pair at {line[at:]!r} of {line!r}"
        key, value = pair.groups()
        assert key not in record, f"{key} twice in {line!r}"
        record[key] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        at = pair.end()
    return record


def parse_json(line):
    record = json.loads(line)
    assert re.fullmatch(TIME, record["time"]) and record["level"] in LEVELS and record["event"], line
    return record


FORMATS = {"text": parse_text, "json": parse_json}


def records(proxy, log_format, event=None):
    parsed = [FORMATS[log_format](line) for line in list(proxy.log)]
    return [one for one in parsed if event in (None, one["event"])]


def wait_records(proxy, log_format, event, count):
    wait_until(lambda: len(records(proxy, log_format, event)) >= count, 10, f"{count} {event} records")
    return records(proxy, log_format, event)


@pytest.mark.parametrize("log_format", FORMATS)
def test_every_line_is_a_record_whatever_happens(daemon, serve, connect, log_format):
    proxy = serve(LOG_FORMAT=log_format, LOG_LEVEL="debug", INFO="0", INF0="1", LOGS="1", CONTAINERS="true")
    daemon.on("/containers/x/attach", lambda one: (one.send(raw_stream_101()), one.drain()))
    daemon.on("/images/json", lambda one: one.close())
    daemon.on("/images/x/json", lambda one: one.send(b"garbage\r\n\r\n"))
    odd = "/containers/a%22%20b%5c%3d%27c=d%e2%82%ac/json?x=\"y\"&z={}|<>^`"
    for data in (request("GET", "/info"), request("GET", odd), request("GET", "/_ping", "User-Agent: \"x\" \\ \t y=z"),
                 request("GET", "/images/json"), request("GET", "/images/x/json"), request("HEAD", "/_ping"),
                 request("POST", "/images/load", body=b"hello"), request("POST", "/secrets/create", body=b"{}"),
                 b"GET /\x1b[31m HTTP/1.1\r\n\r\n", b"\xff\xfe\r\n\r\n", request("GET", "/a%0ab"), request("GET", "*"),
                 request("GET", "/" + "x" * 3000), request("GET", "/_ping", "Content-Length: \"5\"")):
        client = connect(proxy)
        client.exchange(data, "HEAD" if data.startswith(b"HEAD") else "GET")
        client.close()
    client = connect(proxy, unix=True)
    client.send(request("POST", "/containers/x/attach", "Upgrade: tcp", "Connection: Upgrade") + b"early")
    assert client.read_head().status in (101, 403)
    client.close()
    proxy.signal(signal.SIGTERM)
    assert proxy.wait_exit() == 0
    assert len(records(proxy, log_format)) == len(proxy.log) > 20
    assert {one["event"] for one in records(proxy, log_format)} >= {"start", "setting", "grant", "listening", "access",
                                                                    "refused", "malformed", "stopping", "stopped"}


@pytest.mark.parametrize("log_format", FORMATS)
def test_an_exchange_is_one_access_record_with_all_that_was_asked_for(daemon, serve, connect, log_format):
    proxy = serve(LOG_FORMAT=log_format)
    client, local = connect(proxy), connect(proxy, unix=True)
    answers = [client.exchange(request("GET", "/v1.41/info")),
               local.exchange(request("POST", "/images/load", body=b"hello")),
               client.exchange(request("HEAD", "/_ping")), client.exchange(request("GET", "/containers/x/json"))]
    got = wait_records(proxy, log_format, "access", 4)
    assert len(got) == 4
    for record in got:
        assert ACCESS <= set(record) and record["level"] == "info", record
        assert record["end"] == "complete" and int(record["status"]) == 200
        assert 0 <= float(record["duration"]) < 10
    assert [record["client"] for record in got] == [client.name, f"uid:{os.getuid()},pid:{os.getpid()}", client.name, client.name]
    assert [record["method"] for record in got] == ["GET", "POST", "HEAD", "GET"]
    assert [record["operation"] for record in got] == ["SystemInfo", "ImageLoad", "SystemPingHead", "ContainerInspect"]
    assert [record["rule"] for record in got] == ["INFO=1", "IMAGES=1", "PING=1", "CONTAINERS=1"]
    assert [int(record["received"]) for record in got] == [0, 5, 0, 0]
    assert [int(record["sent"]) for record in got] == [len(answer.body) for answer in answers]
    assert got[0]["path"] == "/v1.41/info"


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_refused_call_is_one_warning_that_names_rule_and_cure(daemon, serve, connect, log_format):
    proxy = serve(LOG_FORMAT=log_format, POST="0", CONTAINERS="0")
    client = connect(proxy)
    answer = client.exchange(request("POST", "/v1.41/containers/create?name=x", "Content-Type: application/json",
                                     body=b"{}"))
    assert answer.status == 403
    assert answer.message == "sockwarden: POST /containers/create refused: needs POST=1 and CONTAINERS=1"
    assert client.exchange(request("GET", "/containers/json")).message == (
        "sockwarden: GET /containers/json refused: needs CONTAINERS=1")
    first, second = wait_records(proxy, log_format, "refused", 2)
    for record in (first, second):
        assert REFUSED <= set(record) and record["level"] == "warning" and int(record["status"]) == 403
        assert record["client"] == client.name
    assert (first["method"], first["operation"], first["rule"], first["cure"]) == (
        "POST", "ContainerCreate", "POST=0", "needs POST=1 and CONTAINERS=1")
    assert first["path"].startswith("/") and "/containers/create" in first["path"]
    assert second["cure"] == "needs CONTAINERS=1"
    assert client.exchange(request("GET", "/_ping")).status == 200
    wait_records(proxy, log_format, "access", 1)
    assert len(records(proxy, log_format, "refused")) == 2 and len(records(proxy, log_format, "access")) == 1
    assert [one.target for one in daemon.requests] == ["/_ping"]


def test_hundreds_of_exchanges_are_as_many_records(daemon, serve, connect):
    proxy = serve()
    client = connect(proxy)
    for number in range(200):
        assert client.exchange(request("GET", f"/containers/c{number}/json")).status == 200
    got = wait_records(proxy, "text", "access", 200)
    assert [record["path"] for record in got] == [f"/containers/c{number}/json" for number in range(200)]
    assert len(daemon.connections) == 200


def test_each_way_to_end_is_named(daemon, serve, connect):
    proxy = serve(ANSWER_TIMEOUT="100ms")
    daemon.on("/images/json", lambda one: one.close())
    daemon.on("/images/x/json", lambda one: one.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"))
    daemon.on("/info", never_answer)
    daemon.on("/events", lambda one: (one.send(chunked_head() + chunk(b"x")), one.drain()))
    daemon.on("/containers/x/attach", lambda one: (one.send(raw_stream_101()), one.drain()))
    ends = {}

    def note(name, client, data, *steps):
        mark = f"client={client.name} "
        client.send(data)
        for step in steps:
            with contextlib.suppress(Exception):
                step()
        line = proxy.wait_for_log(lambda line: mark in line and " access " in line, what=name)
        ends[name] = parse_text(line)["end"]
    client = connect(proxy)
    note("502", client, request("GET", "/images/json"), client.read_answer)
    client = connect(proxy)
    note("broken off", client, request("GET", "/images/x/json"), client.read_answer)
    client = connect(proxy)
    note("504", client, request("GET", "/info"), client.read_answer)
    client = connect(proxy)
    note("client left", client, request("GET", "/events"), client.read_head, client.reset)
    client = connect(proxy)
    note("tunnel", client, request("POST", "/containers/x/attach", "Upgrade: tcp", "Connection: Upgrade"),
         client.read_head,
         client.half_close, client.read_until_eof)
    assert ends["502"] == "engine-closed" and ends["broken off"] == "engine-closed"
    assert ends["504"] == "timeout" and ends["client left"] == "client-closed"
    assert ends["tunnel"] in ("tunnel", "complete")


LEVEL_SHOWS = {"debug": {"start", "access", "refused"}, "info": {"start", "access", "refused"},
               "": {"start", "access", "refused"},
               "notice": {"start", "refused"}, "warning": {"refused"}, "err": set(), "crit": set(), "alert": set(),
               "emerg": set()}


@pytest.mark.parametrize("level", LEVEL_SHOWS)
def test_the_level_decides_what_is_shown(daemon, start_on, level):
    port, log = start_on(daemon, LOG_LEVEL=level)
    with RawClient(("127.0.0.1", port)) as client:
        assert client.exchange(request("GET", "/_ping")).status == 200
        assert client.exchange(request("GET", "/info")).status == 403
        assert client.exchange(request("GET", "/_ping")).status == 200
    lines = log()
    assert {parse_text(line)["event"] for line in lines} & {"start", "access", "refused"} == LEVEL_SHOWS[level]
    shown = LEVELS[LEVELS.index(level or "info"):]
    assert all(parse_text(line)["level"] in shown for line in lines)


@pytest.fixture
def start_on():
    """start_on(daemon, NAME=value): (port, function that ends the program and returns its log).

    The port is chosen here, for at high levels the log does not tell it."""
    ended = []

    def start(daemon, **settings):
        with socket.create_server(("127.0.0.1", 0)) as one:
            port = one.getsockname()[1]
        process = subprocess.Popen([binary()], env=clean_environment(SOCKET_PATH=daemon.address,
                                                                     LISTEN=f"tcp://127.0.0.1:{port}", **settings),
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        ended.append(process)

        def listens():
            with contextlib.suppress(OSError):
                RawClient(("127.0.0.1", port)).close()
                return True
            return False
        wait_until(listens, 10, "the port to be open")

        def finish():
            process.send_signal(signal.SIGTERM)
            return process.communicate(timeout=15)[1].splitlines()
        return port, finish
    yield start
    for process in ended:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_a_start_with_defaults_warns_of_nothing_and_lists_what_is_granted(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {})
    parsed = records(proxy, "text")
    assert [one for one in parsed if one["level"] not in ("notice", "info")] == []
    assert parsed[0]["event"] == "start" and parsed[0]["dialect"] == "tecnativa" and parsed[0]["version"]
    assert parsed[0]["engine"] == f"unix:{daemon.path}"
    grants = " ".join(one["text"] for one in parsed if one["event"] == "grant")
    for word in ("PING=1", "VERSION=1", "EVENTS=1"):
        assert word in grants
    assert "CONTAINERS" not in grants
    assert [one["address"] for one in parsed if one["event"] == "listening"] == [proxy.address]
    order = ["start", "setting", "grant", "listening", "sandbox"]
    events = [one["event"] for one in parsed if one["event"] in order]
    assert events == sorted(events, key=order.index)


IDLE_SETTINGS = {"CONTAINERS=true": "CONTAINERS=1", "INF0=1": "INFO", "CONTAINER=1": "CONTAINERS",
                 "LOGS=1": "CONTAINERS",
                 "DELETE=1": "POST", "IMAGE=1": "IMAGES", "EVENT=1": "EVENTS", "POSTS=1": "POST"}


@pytest.mark.parametrize("setting", IDLE_SETTINGS)
def test_a_setting_that_does_nothing_is_called_out_with_what_was_meant(daemon, start_proxy, setting):
    name, value = setting.split("=")
    proxy = start_proxy(daemon.address, {name: value})
    warnings = [one["text"] for one in records(proxy, "text", "setting")]
    assert len(warnings) == 1, warnings
    assert name in warnings[0] and IDLE_SETTINGS[setting] in warnings[0]
    assert [one["level"] for one in records(proxy, "text", "setting")] == ["warning"]


def test_the_ordinary_environment_of_a_container_is_no_reason_to_warn(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {
        "HOSTNAME": "0123456789ab", "HOME": "/root", "TERM": "xterm", "LANG": "C.UTF-8", "TZ": "Europe/Berlin",
        "PWD": "/",
        "SHLVL": "1", "container": "podman", "INVOCATION_ID": "1",
        "JOURNAL_STREAM": "8:1",
        "KUBERNETES_SERVICE_HOST": "10.0.0.1", "MY_APP_CONTAINERS_MAX": "5", "_": "/usr/bin/env"})
    assert records(proxy, "text", "setting") == []


def test_a_log_that_nobody_reads_any_more_does_not_end_the_program(daemon):
    reading, writing = os.pipe()
    port_line = b""
    process = subprocess.Popen([binary()],
                               env=clean_environment(SOCKET_PATH=daemon.address, LISTEN="tcp://127.0.0.1:0"),
                               stdin=subprocess.DEVNULL, stderr=writing)
    os.close(writing)
    try:
        while b"listening" not in port_line:
            port_line += os.read(reading, 4096)
        os.close(reading)
        port = int(re.search(rb"address=tcp://127\.0\.0\.1:(\d+)", port_line).group(1))
        with RawClient(("127.0.0.1", port)) as client:
            for _ in range(5):
                assert client.exchange(request("GET", "/_ping")).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def listens(path):
    with socket.socket(socket.AF_UNIX) as one:
        return one.connect_ex(str(path)) == 0


def test_a_log_that_nobody_ever_reads_does_not_keep_the_program_from_serving(daemon, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    path = tmp_path / "proxy.sock"
    process = subprocess.Popen([binary()], env=clean_environment(SOCKET_PATH=daemon.address, LISTEN=f"unix:{path}"),
                               stdin=subprocess.DEVNULL, stderr=writing)
    os.close(writing)
    try:
        wait_until(lambda: listens(path) or process.poll() is not None, 10, "its socket")
        with RawClient(str(path)) as client:
            assert client.exchange(request("GET", "/_ping")).status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()


def test_a_log_that_is_read_slowly_does_not_stop_the_program_for_good(daemon):
    reading, writing = os.pipe()
    process = subprocess.Popen([binary()], stdin=subprocess.DEVNULL, stderr=writing,
                               env=clean_environment(SOCKET_PATH=daemon.address, LISTEN="tcp://127.0.0.1:0"))
    os.close(writing)
    try:
        first = b""
        while b"listening" not in first:
            first += os.read(reading, 4096)
        port = int(re.search(rb"address=tcp://127\.0\.0\.1:(\d+)", first).group(1))
        answered = []

        def ask():
            with RawClient(("127.0.0.1", port)) as client:
                for number in range(1000):
                    answered.append(client.exchange(request("GET", f"/_ping?{number}" + "x" * 200)).status)
        asker = threading.Thread(target=ask, daemon=True)
        asker.start()
        wait_until(lambda: len(answered) > 100, 10, "answers although nobody reads the log")
        read = threading.Thread(target=lambda: [None for _ in iter(lambda: os.read(reading, 65_536), b"")], daemon=True)
        read.start()
        asker.join(20)
        assert answered == [200] * 1000
    finally:
        process.kill()
        process.wait()


def test_log_values_cannot_forge_a_record(daemon, serve, connect):
    proxy = serve()
    forged = "2026-01-01T00:00:00.000Z info access client=forged"
    connect(proxy).exchange(request("GET", "/containers/" + forged.replace(" ", "%20") + "/json"))
    connect(proxy).exchange(request("GET", "/containers/x%0d%0a" + forged.replace(" ", "%20") + "/json"))
    connect(proxy).exchange(request("GET", "/_ping", f"User-Agent: x\t{forged}"))
    daemon.on("/info", lambda one: one.send(b"HTTP/1.1 200 \r\nX: " + forged.encode() + b"\n\r\n\r\n"))
    connect(proxy).exchange(request("GET", "/info"))
    assert connect(proxy).exchange(request("GET", "/version")).status == 200
    wait_until(lambda: proxy.lines("path=/version "), 10, "the last record")
    assert not [line for line in proxy.log if line.startswith("2026-01-01T00:00:00.000Z")]
    assert all(record.get("client") != "forged" for record in records(proxy, "text"))


def test_grants_are_listed_one_a_record(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {**GRANT_ALL, "POST": "0"})
    grants = [one["text"] for one in records(proxy, "text", "grant")]
    for name in ("CONTAINERS=1", "IMAGES=1", "INFO=1", "VOLUMES=1"):
        assert len([text for text in grants if name in text]) == 1, name


def test_nothing_goes_to_standard_output(daemon):
    process = subprocess.Popen([binary()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=clean_environment(SOCKET_PATH=daemon.address, LISTEN="tcp://127.0.0.1:0"))
    line = process.stderr.readline()
    while b" listening " not in line:
        line = process.stderr.readline()
        assert line, "ended before it listened"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=10)[0] == b"" and process.returncode == 0


def test_a_closed_standard_stream_is_no_place_for_a_socket(daemon, tmp_path):
    """Else the log would speak into the connection that gets its number."""
    path = str(tmp_path / "s.sock")
    closed = ("sh", "-c", "exec \"$@\" <&- >&- 2>&-", "-")
    with subprocess.Popen([*closed, binary()], env=clean_environment(LISTEN=f"unix:{path}", SOCKET_PATH=daemon.address),
                          start_new_session=True) as proxy:
        try:
            wait_until(lambda: os.path.exists(path), 10, "a socket")
            assert {os.readlink(f"/proc/{proxy.pid}/fd/{number}") for number in range(3)} == {"/dev/null"}
            with RawClient(path) as client:
                assert client.exchange(request("GET", "/_ping")).status == 200
        finally:
            proxy.terminate()
        assert proxy.wait(15) == 0
