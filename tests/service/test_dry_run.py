"""A policy on trial: refused calls pass, and each is told once by each listener, and anew after a reload."""

import itertools
import string

from harness.raw_client import RawClient, request
from test_file import HEAD, ONE, status
from test_reload import reload

STRANGERS = 64
TRIAL = "allow = SystemPing\ndry_run = yes\n"
TWO = HEAD + "[policy first]\n" + TRIAL + "[policy second]\n" + TRIAL + """
[listener one]
address = tcp://127.0.0.1:0
policy = first
[listener two]
address = tcp://127.0.0.1:0
policy = second
[listener three]
address = tcp://127.0.0.1:0
policy = second
"""
TOLD = " warning would-refuse "


def tell_all(proxy, clients):
    """What was told so far: the record of a call that is made now stands behind all of it."""
    mark = f"/_ping?{len(proxy.log)}"
    status(clients, mark)
    proxy.wait_for_log(mark + " ")
    return proxy.lines(TOLD)


def trial(serve):
    proxy = serve(ONE % "trial" + "[policy trial]\n" + TRIAL)
    return proxy, (proxy.host, proxy.port)


def test_a_refused_call_passes_and_is_told_once_with_what_would_grant_it(serve):
    proxy, clients = trial(serve)
    for path in ("/_ping", "/info", "/info?again", "/version"):
        assert status(clients, path) == 200
    told = tell_all(proxy, clients)
    assert len(told) == 2 and "path=/info operation=SystemInfo" in told[0] and "path=/version" in told[1]
    assert 'cure="needs allow = SystemInfo in [policy trial]"' in told[0]
    passed = {line.split("path=")[1].split()[0]: "dry_run=yes" in line for line in proxy.lines(" info access ")}
    assert passed["/_ping"] is False and passed["/info"] is True


def test_each_listener_tells_even_where_two_have_one_policy(serve):
    proxy = serve(TWO, listeners=3)
    clients = [tuple(address.removeprefix("tcp://").rsplit(":", 1)) for address in proxy.addresses]
    for _ in range(2):
        for host, port in clients:
            assert status((host, int(port)), "/info") == 200
    told = tell_all(proxy, (clients[0][0], int(clients[0][1])))
    assert [line.split("listener=")[1].split()[0] for line in told] == ["one", "two", "three"]


def test_a_reload_tells_anew(serve):
    proxy, clients = trial(serve)
    for count in (1, 2, 3):
        for _ in range(2):
            assert status(clients, "/info") == 200
        assert len(tell_all(proxy, clients)) == count
        reload(proxy)


def test_calls_that_no_engine_has_are_told_by_method_and_form_of_the_path(serve):
    proxy, clients = trial(serve)
    for path in ("/one", "/two", "/containers/web/frob", "/containers/db/frob", "/one", "/v1.41/two", "/jobs/17",
                 "/jobs/18"):
        status(clients, path)
    with RawClient(clients) as client:
        client.exchange(request("POST", "/one", "Content-Length: 0"))
    told = [line.split("path=")[1].split()[0] for line in tell_all(proxy, clients)]
    assert told == ["/one", "/two", "/containers/web/frob", "/jobs/17", "/one"]
    assert all("operation=unknown" in line for line in proxy.lines(TOLD))


def test_ten_thousand_unknown_calls_neither_fill_the_log_nor_the_memory(serve):
    proxy, clients = trial(serve)
    words = list(map("".join, itertools.product(string.ascii_lowercase, repeat=3)))

    def ask(paths):
        with RawClient(clients) as client:
            for path in paths:
                client.exchange(request("GET", path))

    ask(f"/{word}" for word in words[:200])
    before = proxy.forget_peak()
    ask(f"/{word}" for word in words[200:10000])
    assert status(clients, "/info") == 200
    told = tell_all(proxy, clients)
    assert proxy.peak_rss() - before < 512 * 1024 + proxy.slack
    assert len(told) == STRANGERS + 2
    assert f'"{STRANGERS} different calls that no engine has were told; further ones are not, until a' in told[-2]
    assert "listener=one" in told[-2] and "operation=SystemInfo" in told[-1]
