"""Clients on the session's proxy."""

import pytest

from harness.clients import Docker, Wire


@pytest.fixture
def docker(proxy, tmp_path):
    """The docker CLI through the proxy over TCP."""
    client = Docker(proxy.address, tmp_path)
    yield client
    client.end()


@pytest.fixture
def unix_docker(proxy, tmp_path):
    """The docker CLI through the proxy over a unix socket."""
    client = Docker(proxy.addresses[1], tmp_path)
    yield client
    client.end()


@pytest.fixture(params=["tcp", "unix"])
def any_docker(request, proxy, tmp_path):
    """The docker CLI through the proxy, once over TCP and once over a unix socket."""
    client = Docker(proxy.addresses[request.param == "unix"], tmp_path)
    yield client
    client.end()


@pytest.fixture
def direct(engine, tmp_path):
    """The docker CLI on the engine's own socket, for what happens behind the proxy's back."""
    client = Docker(engine.host, tmp_path)
    yield client
    client.end()


@pytest.fixture
def wire(proxy):
    """wire(): a bare connection to the proxy, closed at the end of the test."""
    opened = []

    def connect():
        opened.append(Wire(proxy.address))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()
