"""One path, one verdict: each route in each spelling, what is forwarded, and what a real router makes of it."""

import contextlib
import subprocess

import pytest

from border import assert_written_anew
from harness.engine import UnixConnection
from harness.fake_daemon import FakeDaemon
from harness.proxy import GRANT_ALL, Proxy, binary, clean_environment
from harness.raw_client import RawClient, request
from route_paths import NAMES, all_routes, other_path, other_section, same_path

ROUTES = all_routes()
GRANTABLE = [route for route in ROUTES if route.method != "OPTIONS" and not route.path.startswith("/debug/")]
BY_ROUTE = pytest.mark.parametrize("route", ROUTES, ids=str)
BY_GRANTABLE = pytest.mark.parametrize("route", GRANTABLE, ids=str)  # no switch grants /debug
VERSIONS = ("", "/v1.41", "/v1.24", "/v1.41.0")
# Well formed, and refused by every engine once its router has found the route: it shows the route and does nothing.
NEVER = "/v0.1"


def explain(calls, **switches):
    """[(method, target)] -> [(verdict, operation)], by the program's own word."""
    lines = "".join(f"{method}\t{target}\n" for method, target in calls)
    done = subprocess.run([binary(), "explain", "-"], input=lines.encode("latin-1"), env=clean_environment(**switches),
                          capture_output=True, check=True, timeout=60)
    rows = [row.split("\t") for row in done.stdout.decode().splitlines()]
    assert len(rows) == len(calls), done.stderr
    return [(row[0], row[1]) for row in rows]


@BY_GRANTABLE
def test_every_spelling_of_a_path_has_the_verdict_of_the_path(route):
    spelled = [(what, version + target) for version in VERSIONS for what, target in same_path(route.path)]
    calls = [(route.method, target) for _, target in spelled]
    for switches, verdict in ((GRANT_ALL, None), ({"POST": "1"}, None), ({"PING": "0", "VERSION": "0", "EVENTS": "0"},
        "deny")):
        answers = explain(calls, **switches)
        for (what, target), answer in zip(spelled, answers):
            assert answer == answers[0], f"{route}, {what}: {target} is {answer}, the path itself {answers[0]}"
        assert verdict in (None, answers[0][0])
        assert answers[0][1] == route.operation


@BY_ROUTE
def test_nothing_else_is_taken_for_the_path(route):
    odd = [(what, target) for what, target in other_path(route.path)]
    for (what, target), (verdict, _) in zip(odd, explain([(route.method, target) for _, target in odd], **GRANT_ALL)):
        assert verdict == "deny", f"{route}, {what}: {target}"
    if route.method == "OPTIONS":
        return
    odd = [(what, target) for what, target in other_section(route.path)]
    for (what, target), (verdict, operation) in zip(odd, explain([(route.method, target) for _, target in odd],
                                                                 **GRANT_ALL)):
        assert (verdict, operation) == ("deny", "unknown"), f"{route}, {what}: {target} is {operation}"


@pytest.fixture(scope="module")
def shared():
    with FakeDaemon() as daemon, Proxy(daemon.address, {**GRANT_ALL, "LOG_LEVEL": "notice"},
                                       ("unix:{folder}/proxy.sock",)) as proxy:
        yield daemon, proxy


def forwarded(daemon, proxy, method, target):
    """The target that the engine is asked for."""
    daemon.forget()
    with RawClient(proxy.unix) as client:
        answer = client.exchange(request(method, target, "Content-Length: 0"))
        assert answer.status == 200, f"{method} {target}: {answer}"
    connection = daemon.connection()
    assert_written_anew(connection, f"{method} {target}: ")
    return connection.request.target


@BY_GRANTABLE
def test_what_is_forwarded_is_the_one_spelling_that_was_judged(shared, route):
    daemon, proxy = shared
    for version in VERSIONS:
        for what, target in same_path(route.path):
            if not what.startswith("byte") or version == "/v1.41":
                seen = forwarded(daemon, proxy, route.method, version + target)
                assert seen == version + route.path, f"{route}, {what}: {target} went on as {seen}"


@pytest.mark.parametrize("method,before,behind,name", [
    (method, before, behind, name) for method, before, behind, names in NAMES for name in names])
def test_a_name_with_slashes_ports_and_digests_goes_through_as_it_is(shared, method, before, behind, name):
    daemon, proxy = shared
    path = before + name + behind
    assert forwarded(daemon, proxy, method, path) == path
    assert forwarded(daemon, proxy, method, "/v1.41" + before + name.replace("/", "%2F").replace(":",
        "%3a") + behind) == "/v1.41" + path


# --- A real engine's router ---

def ask(engine, method, target):
    """(status, message) of the engine itself to a target as it is spelled."""
    with contextlib.closing(UnixConnection(engine.socket)) as connection:
        connection.putrequest(method, target, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def is_routed(engine, method, target):
    """Whether the engine's router finds a handler: it then says that the version is too old, and does nothing."""
    status, text = ask(engine, method, target)
    assert status in (301, 400, 404), f"{method} {target}: {status} {text}"
    return status == 400 and ("client version" in text or method == "HEAD")


@pytest.fixture(scope="module")
def routed_here(engine):
    """The routes that this engine has."""
    api = tuple(map(int, engine.request("GET", "/version")["ApiVersion"].split(".")))
    found = [route for route in ROUTES if route.in_version(api) and "/debug" not in route.template]
    assert len(found) > 100
    return found


def test_a_real_engine_routes_every_route_of_the_table(engine, routed_here):
    missing = [str(route) for route in routed_here if not is_routed(engine, route.method, NEVER + route.path)]
    assert not missing


def test_a_real_engine_takes_each_spelling_of_a_path_for_that_path(engine, routed_here):
    for route in routed_here:
        for what, target in same_path(route.path):
            assert is_routed(engine, route.method, NEVER + target), f"{route}, {what}: {target}"


def test_what_a_real_engine_would_serve_is_what_was_judged(engine, routed_here):
    """Of every odd spelling: where the engine finds a route, it is the judged one or the call is refused."""
    calls = []
    for route in routed_here:
        odd = [*other_path(route.path), *other_section(route.path)]
        calls += [(route, what, target) for what, target in odd if target.startswith("/") and ord(max(target)) < 127
                  and (" encoded twice" not in what or what.startswith("byte 3 "))]
    verdicts = explain([(route.method, NEVER + target) for route, _, target in calls], **GRANT_ALL)
    for (route, what, target), (verdict, operation) in zip(calls, verdicts):
        if verdict == "allow" and operation != "unknown":
            assert is_routed(engine, route.method,
                             NEVER + target), f"{route}, {what}: {target} is judged as {operation}"
        elif verdict == "allow":
            assert not is_routed(engine, route.method,
                                 NEVER + target), f"{route}, {what}: {target} is judged as unknown"


def test_a_real_engine_answers_a_spelling_as_it_answers_the_path(engine, routed_here):
    """Calls that only read, about things that do not exist, to their handlers."""
    for route in (one
                  for one in routed_here if one.method == "GET" and "{" in one.template and "{id}" not in one.template):
        if route.template.startswith("/distribution") or route.template.endswith(("/checkpoints",
            "/plugins/{name...}")):
            continue  # asks a registry; experimental; an older form of another route
        wanted = ask(engine, "GET", route.path)
        assert wanted[0] in (400, 404) and "page not found" not in wanted[1], f"{route}: {wanted}"
        for target in ("/" + route.path[1:].replace("/", "%2F"),
                       "/" + "".join(f"%{ord(byte):02x}" for byte in route.path[1:])):
            assert ask(engine, "GET", target) == wanted, f"{route}: {target}"
