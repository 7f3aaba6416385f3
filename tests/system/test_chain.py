"""Two proxies in a row, and a proxy whose engine is reached over TCP."""

import hashlib
import os

import pytest

from harness.clients import Docker, Wire
from harness.engine import IMAGE
from harness.proxy import GRANT_ALL

UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


@pytest.fixture(params=["unix", "tcp"])
def chained(request, engine, start_proxy):
    """The outer one of two proxies; the inner one listens on a unix socket or on TCP."""
    inner = start_proxy(engine.socket, GRANT_ALL,
                        listen=("unix:{folder}/inner.sock" if request.param == "unix" else "tcp://127.0.0.1:0",))
    return start_proxy(inner.unix or inner.address, GRANT_ALL)


@pytest.fixture
def docker(chained, tmp_path):
    client = Docker(chained.address, tmp_path)
    yield client
    client.end()


def test_exec_with_stdin_late_output_and_exit_code(docker, container):
    name, data = container(), os.urandom(1 << 20)
    assert docker("exec", name, "sh", "-c", "sleep 1; echo hi") == "hi"
    echoed = docker.run("exec", "-i", name, "sh", "-c", "cat; exit 7", stdin=data, text=False)
    assert echoed.returncode == 7
    assert hashlib.sha256(echoed.stdout).digest() == hashlib.sha256(data).digest()


def test_exec_on_a_terminal(docker, container):
    session = docker.start("exec", "-it", container(), "sh", size=(31, 97))
    session.wait_for_output("#")
    session.write("stty size\n")
    session.wait_for_output("31 97")
    session.write("exit 3\n")
    assert session.wait() == 3


def test_run_attach_logs_and_events(docker, container):
    watcher = docker.start("events", "--filter", "event=die", "--format", "{{.Action}}")
    assert docker("run", "-i", "--rm", IMAGE, "cat", stdin="through two\n") == "through two"
    watcher.wait_for_output("die\n")
    name = container("sh", "-c", "echo started; read x; echo got $x", OpenStdin=True)
    follower = docker.start("logs", "-f", name)
    follower.wait_for_output("started\n")
    session = docker.start("attach", name)
    session.write("word\n")
    follower.wait_for_output("got word\n")
    assert follower.wait() == session.wait() == 0


def test_build_by_buildkit(docker, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo built\n")
    docker("build", "--network", "none", "--no-cache", str(tmp_path), env={"DOCKER_BUILDKIT": "1"})


def test_stdin_sent_with_the_request_arrives_whole_and_once(chained, container):
    with Wire(chained.address) as connection:
        name = container("wc", "-c", OpenStdin=True, StdinOnce=True)
        connection.send_request("POST", f"/containers/{name}/attach?stream=1&stdin=1&stdout=1", **UPGRADE)
        connection.send(b"x" * 3000)
        connection.half_close()
        assert connection.read_head().status == 101
        assert connection.read_frame() == (1, b"3000\n")


def test_a_refusal_of_the_inner_one_is_passed_on(engine, start_proxy):
    inner = start_proxy(engine.socket, {"CONTAINERS": "1"})
    outer = start_proxy(inner.address, {**GRANT_ALL})
    with Wire(outer.address) as connection:
        head, body = connection.call("GET", "/images/json")
        assert (head.status, head["Content-Type"]) == (403, "application/json")
        assert b"sockwarden: GET /images/json refused: needs IMAGES=1" in body
        assert connection.call("GET", "/containers/json")[0].status == 200
