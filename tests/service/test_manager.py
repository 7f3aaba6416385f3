"""What a service manager hears, and the sockets that it passes."""

import os
import signal
import socket
import sys

import pytest

from harness.raw_client import RawClient, request
from test_file import HEAD, ONE, OPS, READERS, status

# Binds two sockets, passes them as a manager does, and writes down where they are.
LAUNCHER = """
import os, socket, sys
sockets = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))]
with open("ports", "w") as file:
    file.write(" ".join(str(s.getsockname()[1]) for s in sockets))
copies = [os.dup(s.fileno()) for s in sockets]
for number, copy in enumerate(copies):
    os.dup2(copy, 3 + number, inheritable=True)
environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="one:two")
os.execve(sys.argv[1], sys.argv[1:], environment)
"""


class Manager:
    """The receiving end of NOTIFY_SOCKET."""

    def __init__(self, path):
        self.path = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(10)
        self.heard = []

    def hear(self, what):
        """The next state that begins with `what`; what comes before it is kept in `heard`."""
        while True:
            state = self.socket.recv(4096).decode()
            self.heard.append(state)
            if state.startswith(what):
                return state


@pytest.fixture
def manager(tmp_path):
    heard = Manager(tmp_path / "notify.sock")
    yield heard
    heard.socket.close()


def test_the_manager_hears_of_each_step(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "200000"})
    manager.hear("READY=1")
    assert "1 listeners, 0 clients" in manager.hear("STATUS=")
    manager.hear("WATCHDOG=1")
    manager.hear("WATCHDOG=1")
    proxy.signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.hear("RELOADING=1")
    manager.hear("READY=1")
    proxy.signal(signal.SIGTERM)
    manager.hear("STOPPING=1")


def test_the_status_names_what_was_refused_last(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path})
    manager.hear("STATUS=")
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/info")).status == 403
        assert "1 clients, last refused: GET /info from 127.0.0.1:" in manager.hear("STATUS=")


def test_ready_is_not_said_before_it_listens(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path})
    manager.hear("READY=1")
    assert manager.heard == ["READY=1"] and status((proxy.host, proxy.port), "/version") == 200


def test_passed_sockets_are_taken_by_name(serve):
    text = HEAD + READERS + OPS
    text += "[listener a]\naddress = systemd:two\npolicy = ops\n[listener b]\naddress = systemd:one\npolicy = readers\n"
    proxy = serve(text, listeners=2, prefix=(sys.executable, "-c", LAUNCHER))
    one, two = ((proxy.folder / "ports").read_text().split())
    assert [status(("127.0.0.1", int(port)), "/info") for port in (one, two)] == [403, 200]
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    assert [status(("127.0.0.1", int(port)), "/info") for port in (one, two)] == [403, 200]


def test_a_socket_that_was_not_passed_stops_the_start_and_says_which_were(serve):
    text = HEAD + READERS + "[listener a]\naddress = systemd:three\npolicy = readers\n"
    with pytest.raises(AssertionError, match="no socket of that name was passed; there is one, two"):
        serve(text, prefix=(sys.executable, "-c", LAUNCHER))


def test_sockets_for_another_process_are_not_taken(serve):
    text = HEAD + READERS + "[listener a]\naddress = systemd:one\npolicy = readers\n"
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "one"}
    with pytest.raises(AssertionError, match="there is none"):
        serve(text, environment=environment)
