"""Fixtures shared by the system and the fault tests."""

import contextlib
import itertools
import signal

import pytest

from harness.absence import absent, repeat
from harness.engine import IMAGE, Engine, missing_engine
from harness.proxy import GRANT_ALL, SHORT_LIMITS, Proxy, binary

TEST_DEADLINE = 150
_engines = []
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine():
    """The session's dockerd."""
    reason = missing_engine()
    if reason:
        absent("no engine", reason)
    started = Engine()
    _engines.append(started)
    started.start()
    yield started
    _engines.remove(started)
    started.stop()


@pytest.fixture(scope="session")
def proxy(engine):
    """The session's proxy: every section and POST granted, a TCP and a unix listener, default limits."""
    with Proxy(engine.socket, GRANT_ALL, ("tcp://127.0.0.1:0", "unix:{folder}/proxy.sock")) as started:
        yield started


@pytest.fixture
def start_proxy():
    """start_proxy(engine_socket, environment, listen=…): a proxy of the test's own, stopped and judged at its end."""
    started = []

    def start(*arguments, **options):
        started.append(Proxy(*arguments, **options))
        return started[-1].start()

    yield start
    with contextlib.ExitStack() as stack:
        for one in started:
            if one in Proxy.live:
                stack.callback(one.stop)


@pytest.fixture
def unique():
    """unique(stem): a name that no other test uses."""
    return lambda stem="t": f"{stem}-{next(_numbers):04d}"


@pytest.fixture
def container(engine, unique):
    """container(command, start=True, **config): made on the engine itself, removed at the end; its name."""
    names = []

    def make(*command, start=True, **config):
        names.append(unique("box"))
        engine.request("POST", f"/containers/create?name={names[-1]}",
                       {"Image": IMAGE, "Cmd": list(command) or ["sleep", "600"], "StopSignal": "KILL", **config})
        if start:
            engine.request("POST", f"/containers/{names[-1]}/start")
        return names[-1]

    yield make
    for name in names:
        try:
            engine.request("DELETE", f"/containers/{name}?force=1&v=1")
        except AssertionError as gone:
            assert "No such container" in str(gone)


@pytest.fixture(scope="session")
def short_limits():
    """Settings under which every finite limit is 2 s."""
    return dict(SHORT_LIMITS)


def pytest_collection_modifyitems(items):
    """Without a program to test say so once, not once a test."""
    if any({"proxy", "start_proxy"} & set(item.fixturenames) for item in items):
        try:
            binary()
        except AssertionError as error:
            pytest.exit(str(error), returncode=2)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    """No test may hang: after TEST_DEADLINE seconds it fails where it stands."""
    def expire(*_):
        raise AssertionError(f"{item.name} took longer than {TEST_DEADLINE} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.alarm(TEST_DEADLINE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for one in list(Proxy.live):
            report.sections.append((f"proxy log, process {one.pid}", one.log_tail()))
        for one in _engines:
            report.sections.append(("engine log", one.log_tail()))


def pytest_terminal_summary(terminalreporter):
    repeat(terminalreporter)
