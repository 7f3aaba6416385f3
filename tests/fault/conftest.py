"""Fixtures of the fault tests: a scripted engine, the proxy in front of it with everything granted, raw clients."""

import contextlib
import os
import tempfile
import threading

import pytest

from harness.fake_daemon import FakeDaemon, say_who
from harness.proxy import BOTH_LISTENERS, GRANT_ALL, Proxy
from harness.raw_client import RawClient


@pytest.fixture
def daemon():
    with FakeDaemon() as started:
        yield started


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="sockwarden-engine-") as name:
        os.chmod(name, 0o755)
        yield name


@pytest.fixture
def serve(daemon, start_proxy):
    """serve(NAME=value, …): a proxy of the test's own in front of the scripted engine."""
    def start(listen=BOTH_LISTENERS, **settings):
        return start_proxy(daemon.address, {**GRANT_ALL, **settings}, listen=listen)
    return start


@pytest.fixture
def connect(start_proxy):  # pylint: disable=unused-argument
    """connect(proxy): a raw client over TCP, connect(proxy, unix=True) over the unix listener; closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda proxy, unix=False: stack.enter_context(RawClient(proxy.unix if unix else (proxy.host, proxy.port)))


@pytest.fixture(scope="module")
def shared():
    """(daemon, proxy) for all tests of a module that only need the defaults."""
    with FakeDaemon() as started, Proxy(started.address, GRANT_ALL, BOTH_LISTENERS) as proxy:
        yield started, proxy


@pytest.fixture
def link(shared):
    """(daemon, proxy, connect) of the module, the engine's record and scripts empty.

    connect() is a raw client over the unix listener, connect(tcp=True) over TCP. daemon.go_on is an event for scripts.
    """
    daemon, proxy = shared
    daemon.forget()
    daemon.scripts.clear()
    daemon.default = say_who
    daemon.go_on = threading.Event()
    with contextlib.ExitStack() as stack:
        yield (daemon, proxy,
               lambda tcp=False: stack.enter_context(RawClient((proxy.host, proxy.port) if tcp else proxy.unix)))
        daemon.go_on.set()
        daemon.judge()
