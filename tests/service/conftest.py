"""Fixtures of the service tests: a scripted engine and programs that read their settings from an INI file."""

import pytest

from harness.fake_daemon import FakeDaemon, json_answer
from harness.proxy import Proxy


@pytest.fixture
def daemon():
    with FakeDaemon() as started:
        for path in ("/_ping", "/info", "/version", "/containers/json"):
            started.on(path, lambda connection: connection.send(json_answer(200, {"engine": True})))
        yield started


@pytest.fixture
def serve(daemon, tmp_path):
    """serve(text, listeners): the program with an INI file of this text, {engine} and {folder} filled in.

    `keep` names what of LISTEN and SOCKET_PATH stays in the environment.
    """
    running = []

    def start(text, listeners=1, environment=None, prefix=(), keep=()):
        path = tmp_path / "sockwarden.ini"
        write(path, text)
        listen = tuple(f"tcp://127.0.0.1:{i}" for i in range(listeners))
        proxy = Proxy(daemon.address, environment, listen, ("-c", str(path)), prefix)
        for name in {"LISTEN", "SOCKET_PATH"} - set(keep):
            del proxy.environment[name]
        proxy.rewrite = lambda changed: write(path, changed)
        proxy.start()
        running.append(proxy)
        return proxy

    def write(path, text):
        path.write_text(text.format(engine=daemon.address, folder=tmp_path))

    yield start
    for proxy in running:
        proxy.stop()
