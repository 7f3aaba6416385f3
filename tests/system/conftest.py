"""Clients on the session's proxy and containers of a test's own."""

import itertools

import pytest

from harness.clients import Docker, Wire
from harness.engine import IMAGE

_numbers = itertools.count(1)


@pytest.fixture
def unique():
    """unique(stem): a name that no other test uses."""
    return lambda stem="t": f"{stem}-{next(_numbers):04d}"


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
