"""Quiet is not dead: streams that nobody uses for three times every finite limit, and that are then used.

Each scenario is a generator: it opens its stream, yields, and finds it alive afterwards. All of them are opened before
the quiet time and go on after it, so it is paid for once.
"""

import contextlib
import functools
import http.client
import io
import tarfile
import time

import docker as docker_py
import pytest

from harness.clients import Docker, WebSocket, Wire, chunk, request_bytes
from harness.engine import IMAGE
from harness.proxy import GRANT_ALL, SHORT, Proxy
from harness.registry import Registry
from harness.wait import wait_until

QUIET = 3 * SHORT
SCENARIOS = {}
UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}
LOOP = "mkfifo /tmp/f; while :; do read line </tmp/f && echo $line; done"


def scenario(generator):
    SCENARIOS[generator.__name__] = generator
    return generator


class World:
    """What the scenarios share: a proxy with short limits, clients through it and past it, containers."""

    def __init__(self, engine, proxy, folder):
        self.engine, self.proxy, self.folder = engine, proxy, folder
        self.docker, self.direct = Docker(proxy.address, folder), Docker(engine.host, folder)
        self.stack = contextlib.ExitStack()
        self.stack.callback(self.docker.end)
        self.names = []

    def container(self, *command, start=True, **config):
        name = f"quiet-{len(self.names):02d}"
        self.names.append(name)
        self.engine.request("POST", f"/containers/create?name={name}",
                            {"Image": IMAGE, "Cmd": list(command) or ["sleep", "600"], "StopSignal": "KILL", **config})
        self.stack.callback(self.engine.request, "DELETE", f"/containers/{name}?force=1")
        if start:
            self.engine.request("POST", f"/containers/{name}/start")
        return name

    def say(self, name, text):
        self.direct("exec", name, "sh", "-c", f"until test -p /tmp/f; do sleep 0.05; done; echo {text} >/tmp/f")

    def wire(self):
        return self.stack.enter_context(Wire(self.proxy.address))


@scenario
def an_idle_connection_under_the_default_limits(world):
    proxy = world.stack.enter_context(Proxy(world.engine.socket))
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=10)

    def poll():
        connection.request("GET", "/version")
        answer = connection.getresponse()
        return answer.status, len(answer.read()) > 100

    assert poll() == (200, True)
    before = connection.sock
    yield
    assert poll() == (200, True)
    assert connection.sock is before
    connection.close()


@scenario
def events(world):
    watcher = world.docker.start("events", "--filter", "label=quiet-events", "--format", "{{.Action}}")
    yield
    world.container(start=False, Labels={"quiet-events": "1"})
    watcher.wait_for_output("create\n")
    assert watcher.alive()


@scenario
def events_of_docker_py(world):
    client = docker_py.DockerClient(base_url=world.proxy.address)
    stream = client.events(decode=True, filters={"label": "quiet-events-py"})
    yield
    world.container(start=False, Labels={"quiet-events-py": "1"})
    assert next(stream)["Action"] == "create"
    client.close()


@scenario
def logs_follow(world):
    name = world.container("sh", "-c", LOOP)
    follower = world.docker.start("logs", "-f", name)
    world.say(name, "before")
    follower.wait_for_output("before\n")
    yield
    world.say(name, "after")
    follower.wait_for_output("after\n")
    world.direct("kill", name)
    assert follower.wait() == 0


def logs_by_spelling(world, spelling):
    """The engine alone decides which words mean yes; nothing is answered before there is a line."""
    name = world.container("sh", "-c", LOOP)
    connection = world.wire()
    connection.send_request("GET", f"/containers/{name}/logs?stdout=1&{spelling}")
    yield
    world.say(name, "after")
    head = connection.read_head()
    assert head.status == 200
    assert connection.read_chunk().endswith(b"after\n")


for _spelling in ("follow=yes", "follow=2", "follow=TRUE", "follow=1&follow=0", "follow=%31"):
    SCENARIOS[f"logs with {_spelling}"] = functools.partial(logs_by_spelling, spelling=_spelling)


@scenario
def stats_of_a_container_that_is_not_started_yet(world):
    name = world.container(start=False)
    connection = world.wire()
    connection.send_request("GET", f"/containers/{name}/stats")
    yield
    world.direct("start", name)
    head = connection.read_head()
    assert head.status == 200
    wait_until(lambda: b'"pids_stats":{"current":1' in connection.read_chunk(), 10, "numbers of a running container")


@scenario
def stats_stream(world):
    name = world.container()
    watcher = world.docker.start("stats", "--format", "{{.Name}}", name)
    watcher.wait_for_output(name)
    yield
    before = watcher.output.count(name)
    wait_until(lambda: watcher.output.count(name) > before + 1, 10, "more numbers")


@scenario
def attach(world):
    name = world.container("cat", OpenStdin=True)
    session = world.docker.start("attach", "--sig-proxy=false", name)
    yield
    session.write("after\n")
    session.wait_for_output("after\n")


@scenario
def attach_on_a_terminal(world):
    name = world.container("sh", Tty=True, OpenStdin=True)
    session = world.docker.start("attach", name, size=(24, 80))
    yield
    session.write("echo af''ter; stty size\n")
    session.wait_for_output("after")
    session.wait_for_output("24 80")


@scenario
def attach_to_a_container_that_is_not_started_yet(world):
    name = world.container("sh", "-c", "read x; echo got $x", start=False, OpenStdin=True, StdinOnce=True)
    connection = world.wire()
    connection.send_request("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1", **UPGRADE)
    assert connection.read_head().status == 101
    yield
    world.direct("start", name)
    connection.send(b"late\n")
    assert connection.read_frame() == (1, b"got late\n")


@scenario
def attach_over_a_websocket(world):
    name = world.container("cat", Tty=True, OpenStdin=True)
    session = WebSocket(world.proxy.address, f"/v1.41/containers/{name}/attach/ws?stream=1&stdin=1&stdout=1")
    yield
    session.send_text("after\n")
    session.receive_until("after\r\nafter")
    session.close()


@scenario
def exec_with_open_stdin(world):
    session = world.docker.start("exec", "-i", world.container(), "cat")
    session.write("before\n")
    session.wait_for_output("before\n")
    yield
    session.write("after\n")
    session.wait_for_output("after\n")
    session.close_stdin()
    assert session.wait() == 0


@scenario
def exec_after_the_end_of_stdin(world):
    session = world.docker.start("exec", world.container(), "sh", "-c", f"sleep {QUIET}; echo late")
    yield
    assert session.wait() == 0
    assert session.output == "late\n"


@scenario
def run(world):
    session = world.docker.start("run", "--rm", IMAGE, "sh", "-c", f"sleep {QUIET}; echo late; exit 3")
    yield
    assert session.wait() == 3
    assert session.output == "late\n"


@scenario
def wait(world):
    name = world.container()
    waiter = world.docker.start("wait", name)
    yield
    assert waiter.alive()
    world.direct("kill", "--signal", "KILL", name)
    assert waiter.wait() == 0
    assert waiter.output == "137\n"


@scenario
def stop_with_a_long_grace(world):
    name = world.container("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", StopSignal="TERM")
    stopper = world.docker.start("stop", "-t", str(QUIET + 1), name)
    yield
    assert stopper.wait() == 0
    assert world.engine.inspect(name)["State"]["ExitCode"] == 137


def build(world, buildkit):
    folder = world.folder / f"build{buildkit}"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN sleep {QUIET} && echo la''te\n")
    builder = world.docker.start("build", "--network", "none", "--no-cache", str(folder),
                                 env={"DOCKER_BUILDKIT": buildkit, "BUILDKIT_PROGRESS": "plain"})
    yield
    assert builder.wait() == 0, builder.stderr
    assert "late" in builder.output + builder.stderr


@scenario
def build_classic(world):
    yield from build(world, "0")


@scenario
def build_by_buildkit(world):
    yield from build(world, "1")


@scenario
def pull_from_a_slow_registry(world):
    registry = world.stack.enter_context(Registry())
    remote = f"{registry.address}/slow/{IMAGE}"
    other = world.direct("commit", world.container("true"))
    for action in (("tag", other, remote), ("push", remote), ("rmi", remote)):
        world.direct(*action)
    registry.open_gate.clear()
    puller = world.docker.start("pull", remote)
    world.stack.callback(world.direct, "rmi", remote)
    yield
    assert puller.alive(), puller.output + puller.stderr
    registry.open_gate.set()
    assert puller.wait() == 0
    assert "Downloaded newer image" in puller.output


@scenario
def upload_of_an_image_that_pauses(world):
    data = world.direct("save", IMAGE, text=False)
    connection = world.wire()
    connection.send(request_bytes("POST", "/images/load", Transfer_Encoding="chunked"))
    connection.send(chunk(data[:100000]))
    yield
    connection.send(chunk(data[100000:]) + chunk(b""))
    head = connection.read_head()
    assert head.status == 200
    assert b"Loaded image" in connection.read_body(head)


@scenario
def upload_into_a_container_that_pauses(world):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = 200000
        tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    name, data = world.container(), buffer.getvalue()
    connection = world.wire()
    connection.send(request_bytes("PUT", f"/containers/{name}/archive?path=/tmp", data[:1000],
                                  Content_Length=len(data)))
    yield
    connection.send(data[1000:])
    assert connection.read_head().status == 200
    assert world.direct("exec", name, "stat", "-c", "%s", "/tmp/file") == "200000"


@scenario
def import_from_a_slow_pipe(world):
    world.stack.callback(world.direct, "rmi", "quiet-import:1")
    importer = world.docker.start("import", "-", "quiet-import:1")
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w"):
        pass
    yield
    importer.process.stdin.write(buffer.getvalue())
    importer.close_stdin()
    assert importer.wait() == 0


@scenario
def download_that_the_client_pauses(world):
    name = world.container("sh", "-c", "head -c 33554432 /dev/zero >/large; sleep 600")
    world.direct("exec", name, "sh", "-c", "until test $(stat -c %s /large) = 33554432; do sleep 0.1; done")
    connection = world.wire()
    connection.send_request("GET", f"/containers/{name}/export")
    head = connection.read_head()
    first = connection.read_chunk()
    yield
    with tarfile.open(fileobj=io.BytesIO(first + connection.read_body(head))) as tar:
        assert tar.getmember("large").size == 33554432


def skip_to_frame(connection, kind_and_flags):
    """Read HTTP/2 frames up to and with the first of this kind."""
    while True:
        head = connection.read_exactly(9)
        connection.read_exactly(int.from_bytes(head[:3], "big"))
        if head[3:5] == kind_and_flags:
            return


@scenario
def grpc_tunnel(world):
    connection = world.wire()
    connection.send_request("POST", "/grpc", Host="", Connection="Upgrade", Upgrade="h2c")
    assert connection.read_head().status == 101
    connection.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0")
    skip_to_frame(connection, b"\4\1")
    yield
    connection.send(b"\0\0\x08\6\0\0\0\0\0" + b"quietly?")
    skip_to_frame(connection, b"\6\1")


@scenario
def a_poll_after_the_idle_connection_was_closed(world):
    client = docker_py.DockerClient(base_url=world.proxy.address)
    assert client.ping()
    yield
    assert client.ping()
    client.close()


@pytest.fixture(scope="module")
def after_the_quiet(engine, tmp_path_factory, short_limits):
    """{scenario: its generator, or what it raised}, all past their yield's left side, QUIET seconds later."""
    running = {}
    with Proxy(engine.socket, {**GRANT_ALL, **short_limits}) as proxy:
        world = World(engine, proxy, tmp_path_factory.mktemp("quiet"))
        with world.stack:
            for name, generator in SCENARIOS.items():
                running[name] = generator(world)
                try:
                    next(running[name])
                except Exception as error:  # pylint: disable=broad-except
                    running[name] = error
            time.sleep(QUIET + 0.5)
            yield running


@pytest.mark.parametrize("spelling", ["follow=no", "follow=None", "follow=FALSE", "follow=0&follow=1", "follow="])
def test_logs_that_the_engine_does_not_follow_end_at_once(wire, container, spelling):
    connection = wire()
    head, body = connection.call("GET", f"/containers/{container()}/logs?stdout=1&{spelling}")
    assert (head.status, body) == (200, b"")


@pytest.mark.parametrize("name", SCENARIOS)
def test_stream_is_alive_after_three_limits_of_quiet(after_the_quiet, name):
    going = after_the_quiet[name]
    if isinstance(going, Exception):
        raise going
    with pytest.raises(StopIteration):
        next(going)
