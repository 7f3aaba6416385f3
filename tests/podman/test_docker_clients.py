"""Clients made for Docker in front of Podman's compatible API, through a proxy that grants everything."""

import contextlib
import json
import subprocess

import docker as docker_py
import pytest

from harness.raw_client import RawClient, request


def test_the_docker_cli_lists_runs_and_carries_stdin(docker, container):
    name = container()
    assert name in docker("ps", "--format", "{{.Names}}").split()
    assert docker("version", "--format", "{{.Server.APIVersion}}")
    # Podman 4.3 tells Docker's CLI the exit code 0 of everything that was run with --rm.
    done = docker.run("run", "--network=none", "box:1", "sh", "-c", "echo out; echo err >&2; exit 9")
    assert (done.returncode, done.stdout, done.stderr) == (9, "out\n", "err\n")
    assert docker("run", "-i", "--rm", "--network=none", "box:1", "cat", stdin="in\n") == "in"


def test_the_docker_cli_execs_on_pipes_and_on_a_terminal(docker, container):
    name = container()
    assert docker("exec", "-i", name, "cat", stdin="in\n") == "in"
    assert docker.run("exec", name, "sh", "-c", "exit 7").returncode == 7
    session = docker.start("exec", "-it", name, "sh", size=(30, 100))
    session.wait_for_output("#")
    session.write("echo a$((20 + 3))b; exit\n")
    session.wait_for_output("a23b")
    assert session.wait() == 0


def test_the_docker_cli_follows_logs_and_copies(docker, podman, container, tmp_path):
    name = container("sh", "-c", "while [ ! -e /tmp/go ]; do echo waiting; sleep 0.2; done; echo last")
    session = docker.start("logs", "-f", name)
    session.wait_for_output("waiting")
    (tmp_path / "go").write_text("go")
    docker("cp", str(tmp_path / "go"), f"{name}:/tmp/go")
    session.wait_for_output("last")
    assert session.wait() == 0


@pytest.mark.parametrize("target", ["/_ping", "/v1.41/_ping", "/libpod/_ping", "/v4.0.0/libpod/_ping"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ping_in_every_form(open_proxy, target, method):
    with RawClient(open_proxy.unix) as client:
        client.send(request(method, target))
        answer = client.read_answer(method)
    assert answer.status == 200 and answer.get("Libpod-API-Version") and answer.get("API-Version")
    assert answer.body == (b"OK" if method == "GET" else b"")


def test_docker_py_and_its_streams(open_proxy, container):
    name = container()
    with contextlib.closing(docker_py.DockerClient(f"unix://{open_proxy.unix}")) as client:
        assert client.ping() and client.version()["Components"][0]["Name"] == "Podman Engine"
        box = client.containers.get(name)
        assert box.exec_run(["echo", "hello"]).output == b"hello\n"
        _, stream = box.exec_run(["cat"], stdin=True, socket=True)
        stream._sock.sendall(b"in\n")
        assert stream.read(8 + 3)[-3:] == b"in\n"
        stream._sock.close()
        reading = next(box.stats(decode=True))
        assert reading["name"].strip("/") == name
        assert any(one.tags for one in client.images.list())


def test_curl_gets_json_and_podman_s_own_error(open_proxy):
    command = ["curl", "-s", "--unix-socket", open_proxy.unix]
    assert json.loads(subprocess.run([*command, "http://d/v4.0.0/libpod/info"], capture_output=True,
                                     check=True).stdout)["host"]["os"] == "linux"
    error = json.loads(subprocess.run([*command, "http://d/v4.0.0/libpod/containers/nosuch/json"], capture_output=True,
                                      check=True).stdout)
    assert error["response"] == 404 and "no such container" in error["cause"]
