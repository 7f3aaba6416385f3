"""An INI file: listeners with policies of their own, who may use them, and reading it again."""

import json
import os
import re
import signal
import socket
import stat

from harness.raw_client import RawClient, request
from harness.wait import wait_until

HEAD = "[upstream]\naddress = unix:{engine}\n"
READERS = "[policy readers]\nallow = SystemPing, SystemVersion\n"
OPS = "[policy ops]\nINFO = 1\n"
TWO = HEAD + READERS + OPS + """
[listener one]
address = tcp://127.0.0.1:0
policy = readers
[listener two]
address = unix:{folder}/two.sock
mode = 0600
policy = ops
"""
ONE = HEAD + READERS + OPS + "[listener one]\naddress = tcp://127.0.0.1:0\npolicy = %s\n"


def status(address, path):
    with RawClient(address) as client:
        return client.exchange(request("GET", path)).status


def test_each_listener_has_its_own_policy(serve):
    proxy = serve(TWO, listeners=2)
    tcp, unix = (proxy.host, proxy.port), proxy.unix
    assert [status(tcp, path) for path in ("/version", "/info")] == [200, 403]
    assert [status(unix, path) for path in ("/_ping", "/info")] == [200, 200]
    assert stat.S_IMODE(os.stat(unix).st_mode) == 0o600


def test_a_client_from_elsewhere_is_told_so_and_reaches_nothing(serve, daemon):
    proxy = serve(ONE % "readers" + "allow_from = 10.0.0.0/8, fd00::/8\n")
    with RawClient((proxy.host, proxy.port)) as client:
        answer = client.exchange(request("GET", "/version"))
    assert answer.status == 403 and "is not in allow_from of listener one" in json.loads(answer.body)["message"]
    proxy.wait_for_log("rule=allow_from")
    assert not daemon.requests


def test_a_client_by_a_name_that_resolves_to_it_is_let_in(serve):
    proxy = serve(ONE % "readers" + "allow_from = localhost\n")
    assert status((proxy.host, proxy.port), "/version") == 200


def test_a_unix_client_is_known_by_its_user(serve):
    text = HEAD + READERS + "[listener one]\naddress = unix:{folder}/one.sock\npolicy = readers\nallow_from = uid:%d\n"
    proxy = serve(text % os.getuid())
    assert status(proxy.unix, "/version") == 200
    proxy.rewrite(text % (os.getuid() + 1))
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    assert status(proxy.unix, "/version") == 403


def test_a_terse_listener_does_not_say_why(serve):
    proxy = serve(ONE % "readers" + "deny_detail = terse\n")
    with RawClient((proxy.host, proxy.port)) as client:
        message = json.loads(client.exchange(request("GET", "/info")).body)["message"]
    assert message == "sockwarden: GET /info refused: not granted here"
    assert "allow = SystemInfo" in proxy.wait_for_log(" refused ")


def test_a_reload_holds_for_the_next_request_of_each_connection(serve):
    proxy = serve(ONE % "readers")
    with RawClient((proxy.host, proxy.port)) as old:
        assert old.exchange(request("GET", "/info")).status == 403
        proxy.rewrite(ONE % "ops")
        proxy.signal(signal.SIGHUP)
        proxy.wait_for_log(" reload ")
        assert status((proxy.host, proxy.port), "/info") == 200
        assert old.exchange(request("GET", "/info")).status == 200


def test_a_bad_file_changes_nothing_and_is_named_with_its_line(serve):
    proxy = serve(ONE % "readers")
    proxy.rewrite(HEAD + "[listener one]\nadress = tcp://127.0.0.1:0\n")
    proxy.signal(signal.SIGHUP)
    line = proxy.wait_for_log(" err reload ")
    assert "sockwarden.ini:4: " in line and "did you mean address?" in line
    assert status((proxy.host, proxy.port), "/version") == 200


def test_a_reload_adds_and_removes_listeners_and_keeps_connections(serve):
    proxy = serve(ONE % "readers")
    with RawClient((proxy.host, proxy.port)) as kept:
        assert kept.exchange(request("GET", "/version")).status == 200
        proxy.rewrite(TWO)
        proxy.signal(signal.SIGHUP)
        path = proxy.wait_for_log("two.sock").rsplit("unix:", 1)[1].split()[0]
        assert status(path, "/info") == 200
        proxy.rewrite(ONE % "readers")
        proxy.signal(signal.SIGHUP)
        proxy.wait_for_log(lambda line: " reload " in line and proxy.lines(" reload ").index(line) == 1)
        assert not os.path.exists(path)
        assert kept.exchange(request("GET", "/version")).status == 200


def test_any_free_port_that_comes_to_stand_twice_is_two_listeners(serve):
    again = "[listener again]\naddress = tcp://127.0.0.1:{port}\npolicy = readers\n"
    proxy = serve(ONE % "readers")
    proxy.rewrite(ONE % "readers" + again.replace("{port}", "0"))
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: len(proxy.lines(" listening ")) == 2, 10, "a second listener")
    port = int(proxy.lines(" listening ")[1].rsplit(":", 1)[1].split()[0])
    assert status(("127.0.0.1", port), "/version") == 200


def test_a_listener_that_can_not_be_opened_leaves_all_as_it_was(serve, tmp_path):
    proxy = serve(ONE % "readers")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "two.sock"))
        other.listen()
        proxy.rewrite(TWO)
        proxy.signal(signal.SIGHUP)
        # Without a sandbox it knows the name of the process, too.
        proxy.wait_for_log(lambda line: re.search(rf" err reload .*process {os.getpid()}( \(\S+\))? listens there", line))
    assert status((proxy.host, proxy.port), "/version") == 200
    assert status((proxy.host, proxy.port), "/info") == 403


def test_as_many_listeners_and_policies_as_a_host_has_users(serve, tmp_path):
    count = 200
    text = HEAD + "".join(f"[listener user{number}]\naddress = unix:{tmp_path}/{number}.sock\npolicy = user{number}\n"
                          f"[policy user{number}]\nallow = SystemVersion\n" for number in range(count))
    proxy = serve(text, listeners=count)
    assert [status(f"{tmp_path}/{number}.sock", "/version") for number in (0, 99, count - 1)] == [200] * 3
    proxy.rewrite(text.replace("SystemVersion", "SystemInfo"))
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    assert [status(f"{tmp_path}/{number}.sock", "/version") for number in (0, 99, count - 1)] == [403] * 3
    assert not proxy.lines(" closed ")
