"""The engine comes late, goes, is killed and comes back, under clients that go on calling; the proxy is never restarted."""

import http.client
import json
import os
import signal
import socket
import struct
import threading

import docker as docker_py
import pytest

from harness.clients import Docker, Wire
from harness.engine import Engine
from harness.proxy import GRANT_ALL
from harness.wait import wait_until


@pytest.fixture(scope="module")
def own_engine(engine):  # pylint: disable=unused-argument
    """An engine that these tests may stop and kill; the session's own one stays as it is."""
    started = Engine().start()
    yield started
    started.stop()


@pytest.fixture
def running_engine(own_engine):
    """The same, surely running; its proxy is started by the test."""
    if own_engine.dockerd is None:
        own_engine.start_dockerd()
    return own_engine


def call(proxy, target, method="GET"):
    """Status and body of one call on a connection of its own."""
    connection = http.client.HTTPConnection(proxy.host, proxy.port, timeout=20)
    connection.request(method, target)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


class Poller:
    """Calls a proxy again and again from a thread of its own; answers holds (status, body)."""

    def __init__(self, proxy, target="/version"):
        self.proxy, self.target, self.answers, self.failures = proxy, target, [], []
        self.going = True
        self.thread = threading.Thread(target=self._poll, daemon=True)

    def _poll(self):
        while self.going:
            try:
                self.answers.append(call(self.proxy, self.target))
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(error)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.going = False
        self.thread.join(20)

    def wait_for(self, status):
        """Wait for an answer with this status after those that are there."""
        seen = len(self.answers)
        wait_until(lambda: any(answer[0] == status for answer in self.answers[seen:]), 30, f"a poll answered {status}")


def test_an_engine_that_comes_late_is_found(running_engine, start_proxy):
    running_engine.stop_dockerd()
    proxy = start_proxy(running_engine.socket)
    status, body = call(proxy, "/version")
    assert status == 503
    message = json.loads(body)["message"]
    assert message.startswith("sockwarden: ") and running_engine.socket in message
    assert "no such file" in message
    running_engine.start_dockerd()
    assert call(proxy, "/version")[0] == 200


def test_a_socket_that_nobody_listens_on_is_told_from_one_that_is_missing(running_engine, start_proxy):
    running_engine.stop_dockerd(kill=True)
    assert os.path.exists(running_engine.socket)
    proxy = start_proxy(running_engine.socket)
    status, body = call(proxy, "/version")
    assert status == 503
    message = json.loads(body)["message"]
    assert "connection refused" in message and running_engine.socket in message
    running_engine.start_dockerd()
    assert call(proxy, "/version")[0] == 200


def test_a_socket_without_permission_is_said_to_be_one(running_engine, start_proxy):
    os.chmod(running_engine.folder, 0o711)
    os.chmod(running_engine.socket, 0o660)
    group = os.stat(running_engine.socket).st_gid
    proxy = start_proxy(running_engine.socket,
                        prefix=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
    status, body = call(proxy, "/version")
    assert status == 503
    message = json.loads(body)["message"]
    assert "permission denied" in message and running_engine.socket in message and str(group) in message
    os.chmod(running_engine.socket, 0o666)
    assert call(proxy, "/version")[0] == 200


@pytest.mark.parametrize("kill", [False, True], ids=["restarted", "killed"])
def test_a_restart_of_the_engine_is_503_for_a_while_and_then_200(running_engine, start_proxy, kill):
    proxy = start_proxy(running_engine.socket)
    with Poller(proxy) as poller:
        poller.wait_for(200)
        running_engine.stop_dockerd(kill)
        poller.wait_for(503)
        running_engine.start_dockerd()
        poller.wait_for(200)
    assert not poller.failures
    assert {status for status, _ in poller.answers} <= {200, 502, 503}
    for status, body in poller.answers:
        assert status == 200 or json.loads(body)["message"].startswith("sockwarden: ")
    assert call(proxy, "/version")[0] == 200


def test_the_log_says_once_what_is_wrong_and_once_that_it_is_over(running_engine, start_proxy):
    proxy = start_proxy(running_engine.socket)
    running_engine.stop_dockerd()
    for _ in range(25):
        assert call(proxy, "/version")[0] == 503
    running_engine.start_dockerd()
    assert call(proxy, "/version")[0] == 200
    proxy.wait_for_log(" notice engine ")
    assert len(proxy.lines(" err engine ")) == 1
    assert running_engine.socket in proxy.lines(" err engine ")[0]
    assert len(proxy.lines(" notice engine ")) == 1


def test_the_docker_cli_prints_the_cause(running_engine, start_proxy, tmp_path):
    proxy = start_proxy(running_engine.socket, {"CONTAINERS": "1"})
    running_engine.stop_dockerd()
    done = Docker(proxy.address, tmp_path).run("ps")
    assert done.returncode == 1
    assert "Error response from daemon: sockwarden: " in done.stderr and running_engine.socket in done.stderr


def test_a_session_of_docker_py_outlives_a_restart(running_engine, start_proxy):
    proxy = start_proxy(running_engine.socket, {"CONTAINERS": "1"})
    client = docker_py.DockerClient(base_url=proxy.address)
    assert client.containers.list(all=True) == []
    running_engine.stop_dockerd()
    with pytest.raises(docker_py.errors.APIError) as error:
        client.containers.list()
    assert error.value.status_code == 503 and error.value.explanation.startswith("sockwarden: ")
    running_engine.start_dockerd()
    assert client.containers.list(all=True) == []
    client.close()


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_streams_end_with_the_engine_and_can_be_opened_again(running_engine, start_proxy, tmp_path, kill):
    proxy = start_proxy(running_engine.socket, GRANT_ALL)
    docker = Docker(proxy.address, tmp_path)
    for _ in range(2):
        watcher = docker.start("events", "--filter", "type=volume", "--format", "{{.Action}}")

        def seen():
            docker("volume", "rm", docker("volume", "create"))
            return "destroy" in watcher.output  # pylint: disable=cell-var-from-loop

        wait_until(seen, 10, "an event")
        running_engine.stop_dockerd(kill)
        watcher.wait()
        running_engine.start_dockerd()


def test_a_stream_that_is_cut_by_the_death_of_the_engine_has_no_false_end(running_engine, start_proxy):
    proxy = start_proxy(running_engine.socket)
    with Wire(proxy.address) as connection:
        connection.send_request("GET", "/events")
        assert connection.read_head().status == 200
        running_engine.stop_dockerd(kill=True)
        with pytest.raises((EOFError, ConnectionResetError)):
            connection.read_chunk()


def test_a_hanging_engine_does_not_hold_up_who_leaves(running_engine, start_proxy):
    proxy = start_proxy(running_engine.socket)
    before = proxy.fd_count()
    running_engine.dockerd.send_signal(signal.SIGSTOP)
    try:
        connections = [Wire(proxy.address) for _ in range(20)]
        for connection in connections:
            connection.send_request("GET", "/version")
        wait_until(lambda: proxy.fd_count() >= before + 2 * len(connections), 10, "all calls to wait for the engine")
        for connection in connections:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # leave by a reset
            connection.close()
        wait_until(lambda: proxy.fd_count() <= before, 10, f"the proxy to be back at {before} descriptors")
    finally:
        running_engine.dockerd.send_signal(signal.SIGCONT)
    assert call(proxy, "/version")[0] == 200
