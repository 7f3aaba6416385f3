"""Host names in allow_from: looked up beside everything else, again and again, and told where they change."""

import os
import signal
import socket
import subprocess

import pytest

from harness.dns import HANGS, NO_SUCH_NAME, NameServer
from harness.raw_client import RawClient, request
from harness.wait import stays, wait_until
from test_confine import landlock, sandboxed
from test_file import HEAD, READERS, status
from test_reload import listener, reload

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="not root")
TEXT = HEAD + READERS + listener("one", "tcp://127.0.0.1:0", more="allow_from = web.test, 127.0.0.2\n")


@pytest.fixture
def names():
    with NameServer() as server:
        yield server


@pytest.fixture
def serve_names(serve, names, tmp_path):
    """serve_names(text, answers): the program, once the name server has these answers."""
    def start(answers, text=TEXT, environment=None):
        names.answers.update(answers)
        return serve(text, prefix=names.prefix(tmp_path), environment=environment)
    return start


def asks(proxy, path="/version"):
    return status((proxy.host, proxy.port), path)


def test_a_name_lets_in_who_has_its_address_as_long_as_it_is_so(serve_names, names):
    proxy = serve_names({"web.test": ["192.0.2.1", "127.0.0.1"]})
    assert asks(proxy) == 200
    proxy.wait_for_log(' notice allow-from text="listener one: web.test is 127.0.0.1, 192.0.2.1"')
    names.answers["web.test"] = ["192.0.2.1"]
    proxy.wait_for_log(' notice allow-from text="listener one: web.test is 192.0.2.1"', 20)
    assert asks(proxy) == 403
    names.answers["web.test"] = NO_SUCH_NAME
    proxy.wait_for_log(' warning allow-from text="listener one: there is no host web.test: it lets nobody in', 20)
    assert asks(proxy) == 403
    assert len(proxy.lines(" allow-from ")) == 3  # what stays is not told again


def test_a_name_that_comes_later_is_found_when_its_client_asks(serve_names, names):
    proxy = serve_names({"web.test": NO_SUCH_NAME})
    proxy.wait_for_log("there is no host web.test")
    assert asks(proxy) == 403
    names.answers["web.test"] = ["127.0.0.1"]
    wait_until(lambda: asks(proxy) == 200, 10, "the name to be looked up again")


def test_a_name_that_has_an_address_of_ipv6_alone(serve_names):
    proxy = serve_names({"web.test": ["::1"]}, TEXT.replace("127.0.0.1:0", "[::1]:0"))
    assert status(("::1", proxy.port), "/version") == 200


def test_while_the_resolver_hangs_others_are_served_and_who_waits_is_refused(serve_names):
    proxy = serve_names({"web.test": HANGS})
    with RawClient((proxy.host, proxy.port)) as waiting:
        waiting.send(request("GET", "/version"))
        with socket.create_connection((proxy.host, proxy.port), 10, ("127.0.0.2", 0)) as known:
            known.sendall(request("GET", "/version"))
            assert known.recv(12) == b"HTTP/1.1 200"
        answer = waiting.read_answer()
    assert answer.status == 403 and "is not in allow_from of listener one" in answer.message
    proxy.wait_for_log("warning allow-from text=\"listener one: web.test can't be looked up")


def test_what_is_known_stays_so_while_the_resolver_hangs_over_a_reload_as_well(serve_names, names):
    proxy = serve_names({"web.test": ["127.0.0.1"]})
    assert asks(proxy) == 200
    names.answers["web.test"] = HANGS
    asked = names.asked
    wait_until(lambda: names.asked > asked, 20, "another look-up")
    reload(proxy)
    stays(lambda: asks(proxy) == 200, 1, "the client to be let in")


def test_a_new_name_does_not_wait_for_an_old_one_that_hangs(serve_names):
    proxy = serve_names({"web.test": HANGS, "ops.test": ["127.0.0.1"]})
    reload(proxy, TEXT.replace("web.test", "ops.test"))
    assert asks(proxy) == 200


def test_a_reload_does_not_wait_long_for_the_name_of_an_engine(serve, names, tmp_path):
    text = READERS + listener("one", "tcp://127.0.0.1:0")
    proxy = serve(HEAD + text, prefix=names.prefix(tmp_path, times=3))
    proxy.rewrite("[upstream]\naddress = tcp://engine.test:2375\n" + text)
    proxy.signal(signal.SIGHUP)
    assert "the host name does not resolve" in proxy.wait_for_log(" err reload ", 20)  # half a minute without hurry
    assert asks(proxy) == 200


def test_a_hosts_file_that_was_replaced_is_told_and_the_former_one_holds(serve, tmp_path):
    if not landlock():
        pytest.skip("this kernel has no Landlock")
    etc = tmp_path / "etc"
    subprocess.run(["cp", "-a", "/etc", etc], check=True)
    (etc / "hosts").write_text("127.0.0.1 web.test\n")
    proxy = serve(TEXT, environment=sandboxed("yes"),
                  prefix=("unshare", "--mount", "sh", "-c", f"mount --bind {etc} /etc; exec \"$@\"", "-"))
    assert asks(proxy) == 200
    (tmp_path / "new").write_text("127.0.0.1 ops.test\n")
    (tmp_path / "new").rename(etc / "hosts")
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log("warning resolver text=\"/etc/hosts was replaced after the start")
    assert asks(proxy) == 200
