"""What a service manager hears, and the sockets that it passes."""

import os
import re
import signal
import socket
import subprocess
import sys

import pytest

from harness.raw_client import RawClient, request
from harness.wait import wait_until
from test_file import HEAD, ONE, OPS, READERS, status

# Opens descriptors as a manager does, of the kinds that it is given, and writes down the port or path of each.
LAUNCHER = """
import os, socket, sys
kinds, names, count = sys.argv[1].split(","), sys.argv[2], sys.argv[3]


def make(kind, path):
    if kind == "tcp":
        return socket.create_server(("127.0.0.1", 0))
    if kind == "file":
        return open("/dev/null")
    if kind == "connection":
        return socket.socketpair()[0]
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    made.bind(path)
    if kind == "unix":
        made.listen()
    return made


made = [kind != "closed" and make(kind, f"{os.getcwd()}/passed{number}") for number, kind in enumerate(kinds)]
with open("places", "w") as file:
    file.write(" ".join(str(one.getsockname()[1]) for one, kind in zip(made, kinds) if kind == "tcp"))
high = [one and os.dup2(one.fileno(), 100 + number, inheritable=False) for number, one in enumerate(made)]
os.closerange(3, 100)
for number, one in enumerate(high):
    if one:
        os.dup2(one, 3 + number, inheritable=True)
environment = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS=count or str(len(kinds)))
if names != "none":
    environment["LISTEN_FDNAMES"] = names
os.execve(sys.argv[4], sys.argv[4:], environment)
"""


def passing(kinds, names, count=""):
    """The command that runs a program with passed sockets of these kinds and names, both parted by commas."""
    return (sys.executable, "-c", LAUNCHER, kinds, names.replace(",", ":"), count)


def ports(proxy):
    return [int(port) for port in (proxy.folder / "places").read_text().split()]


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
    assert "1 listener, 0 clients" in manager.hear("STATUS=")
    manager.hear("WATCHDOG=1")
    manager.hear("WATCHDOG=1")
    proxy.signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in manager.hear("RELOADING=1")
    manager.hear("READY=1")
    proxy.signal(signal.SIGTERM)
    assert "EXTEND_TIMEOUT_USEC=10000000" in manager.hear("STOPPING=1")  # the grace and a little


def test_the_status_names_what_was_refused_last(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path})
    manager.hear("STATUS=")
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/info")).status == 403
        assert "1 client, last refused: GET /info from 127.0.0.1:" in manager.hear("STATUS=")


def test_ready_is_not_said_before_it_listens(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path})
    manager.hear("READY=1")
    assert manager.heard == ["READY=1"] and status((proxy.host, proxy.port), "/version") == 200


def takes(name, policy="readers", more=""):
    return f"[listener {name}-{policy}]\naddress = systemd:{name}\npolicy = {policy}\n{more}"


def test_passed_sockets_are_taken_by_name(serve):
    proxy = serve(HEAD + READERS + OPS + takes("two", "ops") + takes("one"), listeners=2,
                  prefix=passing("tcp,tcp", "one,two"))
    assert [status(("127.0.0.1", port), "/info") for port in ports(proxy)] == [403, 200]
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    assert [status(("127.0.0.1", port), "/info") for port in ports(proxy)] == [403, 200]


def test_the_log_says_where_the_passed_sockets_of_a_name_are(serve):
    proxy = serve(HEAD + READERS + takes("a"), prefix=passing("tcp,unix", "a,a"))
    line = proxy.wait_for_log(" listening address=systemd:a ")
    assert f'sockets="tcp://127.0.0.1:{ports(proxy)[0]}, unix:{proxy.folder}/passed1"' in line


@pytest.mark.parametrize("kind", ["tcp", "unix"])
def test_an_address_that_was_passed_already_is_told_how_to_take_it(serve, tmp_path, kind):
    """The launcher picks the address, so the settings are written by it."""
    path = tmp_path / "sockwarden.ini"
    address = "tcp://127.0.0.1:$(cat places)" if kind == "tcp" else "unix:$PWD/passed0"
    write = ("/bin/sh", "-c", f"sed -i \"s,@,{address},\" {path}; exec \"$@\"", "-")
    text = HEAD + READERS + "[listener one]\naddress = @\npolicy = readers\n"
    with pytest.raises(AssertionError, match="the socket a, which was passed, is there already; say address = sys"):
        serve(text, prefix=(*passing(kind, "a"), *write))


def test_sockets_of_one_name_are_one_listener(serve):
    proxy = serve(HEAD + READERS + OPS + takes("a") + takes("b", "ops"), listeners=2,
                  prefix=passing("tcp,tcp,unix,tcp", "a,b,a,a"))
    assert [status(("127.0.0.1", port), "/info") for port in ports(proxy)] == [403, 200, 403]
    assert status(str(proxy.folder / "passed2"), "/info") == 403


def test_as_many_as_can_be_passed_are_served(serve):
    proxy = serve(HEAD + READERS + takes("a"), prefix=passing(",".join(["tcp"] * 64), ",".join(["a"] * 64)))
    assert {status(("127.0.0.1", port), "/version") for port in ports(proxy)} == {200}
    assert len(ports(proxy)) == 64


def test_sockets_without_names_are_called_unknown(serve):
    proxy = serve(HEAD + READERS + takes("unknown"), prefix=passing("tcp,unix", "none"))
    assert status(("127.0.0.1", ports(proxy)[0]), "/version") == 200
    assert status(str(proxy.folder / "passed1"), "/version") == 200


def test_a_socket_that_no_listener_takes_is_closed_and_told(serve):
    proxy = serve(HEAD + READERS + takes("a"), prefix=passing("tcp,tcp", "a,b"))
    used, unused = ports(proxy)
    line = proxy.wait_for_log(" warning systemd ")
    assert f"the passed socket b at tcp://127.0.0.1:{unused} is closed: no listener has address = systemd:b" in line
    assert status(("127.0.0.1", used), "/version") == 200
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", unused)) != 0


def test_a_socket_that_a_reload_drops_can_be_taken_by_a_later_one(serve):
    both = HEAD + READERS + takes("a") + takes("b")
    proxy = serve(both, listeners=2, prefix=passing("tcp,tcp", "a,b"))
    port = ports(proxy)[1]
    for text, event in ((HEAD + READERS + takes("a"), " closed "), (both, " reload ")):
        proxy.rewrite(text)
        proxy.signal(signal.SIGHUP)
        proxy.wait_for_log(event)
    wait_until(lambda: len(proxy.lines(" listening address=systemd:b")) == 2, 10, "a second listener of b")
    assert status(("127.0.0.1", port), "/version") == 200


@pytest.mark.parametrize("kinds,names,count,problem", [
    ("datagram", "a", "", "the passed descriptor 3, named a, is of no use: it is no stream socket"),
    ("tcp,connection", "a,b", "", "descriptor 4, named b, is of no use: it is a connection"),
    ("tcp,file", "a,b", "", "descriptor 4, named b, is of no use: it is no socket"),
    ("tcp,closed", "a,b", "", "descriptor 4, named b, is of no use: it is not open"),
    ("bound", "a", "", "descriptor 3, named a, is of no use: nobody listens on it"),
    ("tcp", "a,b", "", "LISTEN_FDNAMES=a:b: has 2 names for the 1 sockets of LISTEN_FDS"),
    ("tcp,tcp", "a", "", "LISTEN_FDNAMES=a: has 1 names for the 2 sockets of LISTEN_FDS"),
    ("tcp", "a", "65", "LISTEN_FDS=65: not taken; takes a number of sockets up to 64"),
    ("tcp", "a", "-1", "LISTEN_FDS=-1: not taken"), ("tcp", "a", "1x", "LISTEN_FDS=1x: not taken"),
    ("tcp", "a", "99999999999999999999", "LISTEN_FDS=99999999999999999999: not taken"),
    ("tcp,tcp", "one,two", "", "those that were: one, two"),
    ("tcp", "A", "", "no socket of that name was passed at the start (start the socket unit that has "
     "FileDescriptorName=a first, then this); those that were: A"),
    ("tcp", "a", "0", "those that were: none"),
])
def test_what_can_not_be_listened_on_stops_the_start_with_its_reason(serve, kinds, names, count, problem):
    with pytest.raises(AssertionError, match=re.escape(problem)):
        serve(HEAD + READERS + takes("a"), prefix=passing(kinds, names, count))


def test_two_listeners_can_not_share_a_passed_socket(serve):
    with pytest.raises(AssertionError, match=re.escape("systemd:a: not taken: [listener a-readers] is there")):
        serve(HEAD + READERS + OPS + takes("a") + takes("a", "ops"), prefix=passing("tcp", "a"))


def test_nor_can_they_where_the_environment_names_them(start_proxy, daemon):
    with pytest.raises(AssertionError, match="LISTEN=systemd:a: not taken: it stands twice"):
        start_proxy(daemon.address, listen=("systemd:a", "systemd:a"), prefix=passing("tcp", "a"))


def test_sockets_for_another_process_are_not_taken(serve):
    environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "one"}
    with pytest.raises(AssertionError, match=f"those that were: none, for LISTEN_PID named the process {os.getpid()}"):
        serve(HEAD + READERS + takes("one"), environment=environment)


@pytest.mark.parametrize("kind,allowed,refused", [
    ("tcp", "127.0.0.0/8", "10.0.0.0/8"),
    ("unix", f"uid:{os.getuid()}", f"uid:{os.getuid() + 1}"),
    ("unix", f"10.0.0.0/8, gid:{os.getgid()}", f"gid:{os.getgid() + 1}"),
])
def test_who_may_use_a_passed_socket_goes_by_what_it_is(serve, kind, allowed, refused):
    text = HEAD + READERS + takes("a", more="allow_from = %s\n")
    proxy = serve(text % allowed, prefix=passing(kind, "a"))
    address = ("127.0.0.1", ports(proxy)[0]) if kind == "tcp" else str(proxy.folder / "passed0")
    assert status(address, "/version") == 200
    proxy.rewrite(text % refused)
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    assert status(address, "/version") == 403


@pytest.mark.parametrize("kind,allow_from,problem", [
    ("tcp", "uid:0", "systemd:a was passed as a TCP socket, so nobody could be in allow_from, which holds users and"),
    ("unix", "127.0.0.1", "systemd:a was passed as a unix socket, so nobody could be in allow_from, which holds addr"),
])
def test_who_may_use_it_must_be_able_to(serve, kind, allow_from, problem):
    with pytest.raises(AssertionError, match=problem):
        serve(HEAD + READERS + takes("a", more=f"allow_from = {allow_from}\n"), prefix=passing(kind, "a"))


def test_keep_alive_watches_the_connections_of_a_passed_socket(serve):
    proxy = serve(HEAD + READERS + takes("a"), prefix=passing("tcp", "a"))
    with RawClient(("127.0.0.1", ports(proxy)[0])) as client:
        assert client.exchange(request("GET", "/version")).status == 200
        timers = subprocess.run(["ss", "-tnoH", "sport", "=", f":{ports(proxy)[0]}"], capture_output=True, text=True,
                                check=True).stdout
    assert "timer:(keepalive," in timers


def test_an_abstract_notify_socket_is_told(serve):
    name = f"sockwarden-test-{os.getpid()}"
    manager = Manager("\0" + name)
    serve(ONE % "readers", environment={"NOTIFY_SOCKET": "@" + name})
    manager.hear("READY=1")
    manager.socket.close()


@pytest.mark.parametrize("name,value,told", [
    ("NOTIFY_SOCKET", "relative/path", "neither a path nor @NAME"), ("NOTIFY_SOCKET", "@", "neither a path nor @NAME"),
    ("NOTIFY_SOCKET", "vsock:2:9999", "neither a path nor @NAME"),
    ("NOTIFY_SOCKET", "/" + "x" * 107, "neither a path nor @NAME"),
    ("WATCHDOG_USEC", "soon", "there is no watchdog"), ("WATCHDOG_USEC", "-5", "there is no watchdog"),
    ("WATCHDOG_USEC", "0", "there is no watchdog"),
])
def test_a_manager_that_can_not_be_told_stops_nothing(serve, name, value, told):
    proxy = serve(ONE % "readers", environment={name: value})
    assert told in proxy.wait_for_log(f"{name}=")
    assert status((proxy.host, proxy.port), "/version") == 200


def test_a_notify_socket_that_is_not_there_stops_nothing_and_is_told_once(serve, tmp_path):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": str(tmp_path / "none.sock")})
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" reload ")
    line, = proxy.lines("the service manager can't be told")
    assert f"NOTIFY_SOCKET={tmp_path}/none.sock: No such file or directory" in line
    assert status((proxy.host, proxy.port), "/version") == 200


def test_a_watchdog_of_another_process_is_not_answered(serve, manager):
    environment = {"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "20000", "WATCHDOG_PID": str(os.getpid())}
    proxy = serve(ONE % "readers", environment=environment)
    manager.hear("READY=1")
    for _ in range(3):
        proxy.signal(signal.SIGHUP)
        manager.hear("RELOADING=1")
    assert not [state for state in manager.heard if state.startswith("WATCHDOG")]


def test_a_reload_that_failed_stands_in_the_status_until_one_succeeds(serve, manager):
    proxy = serve(ONE % "readers", environment={"NOTIFY_SOCKET": manager.path})
    manager.hear("STATUS=")
    proxy.rewrite("[listener]\n")
    proxy.signal(signal.SIGHUP)
    manager.hear("RELOADING=1")
    manager.hear("READY=1")
    assert "1 listener, 0 clients; the last reload failed: " in manager.hear("STATUS=")
    proxy.rewrite(ONE % "readers")
    proxy.signal(signal.SIGHUP)
    manager.hear("READY=1")
    assert manager.hear("STATUS=") == "STATUS=1 listener, 0 clients"
