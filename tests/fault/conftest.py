"""Fixtures of the fault tests: a scripted engine, the proxy in front of it with everything granted, raw clients."""

import contextlib

import pytest

from harness.fake_daemon import FakeDaemon
from harness.proxy import GRANT_ALL, Proxy
from harness.raw_client import RawClient

LISTEN = ("tcp://127.0.0.1:0", "unix:{folder}/proxy.sock")


def tcp(proxy):
    return (proxy.host, proxy.port)


@pytest.fixture
def daemon():
    with FakeDaemon() as started:
        yield started


@pytest.fixture
def serve(daemon, start_proxy):
    """serve(NAME=value, …): a proxy of the test's own in front of the scripted engine."""
    def start(listen=LISTEN, **settings):
        return start_proxy(daemon.address, {**GRANT_ALL, **settings}, listen=listen)
    return start


@pytest.fixture
def connect(start_proxy):  # pylint: disable=unused-argument
    """connect(proxy): a raw client over TCP, connect(proxy, unix=True) over the unix listener; closed at the end."""
    with contextlib.ExitStack() as stack:
        yield lambda proxy, unix=False: stack.enter_context(RawClient(proxy.unix if unix else tcp(proxy)))


@pytest.fixture(scope="module")
def shared():
    """(daemon, proxy) for all tests of a module that only need the defaults; the engine's scripts are reset by each."""
    with FakeDaemon() as started, Proxy(started.address, GRANT_ALL, LISTEN) as proxy:
        yield started, proxy
