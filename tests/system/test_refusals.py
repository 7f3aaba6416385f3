"""What is granted and what is refused on a real engine, and how clients tell their users."""

import json
import re

import docker as docker_py
import pytest

from harness.clients import Docker, Wire, request_bytes
from harness.engine import IMAGE
from harness.registry import Registry

UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


@pytest.fixture
def under(engine, start_proxy):
    """under(**switches): a proxy with exactly these switches."""
    return lambda **switches: start_proxy(engine.socket, {name: str(value) for name, value in switches.items()})


@pytest.fixture
def cli_under(under, tmp_path):
    """cli_under(**switches): the docker CLI through such a proxy."""
    return lambda **switches: Docker(under(**switches).address, tmp_path)


def test_without_any_switch_ping_version_and_events_are_open_and_nothing_else(under):
    connection = Wire(under().address)
    for method, target in (("GET", "/_ping"), ("HEAD", "/_ping"), ("GET", "/version"), ("GET", "/v1.41/version"),
                           ("GET", "/v1.41/events?until=1"), ("HEAD", "/v1.41/_ping")):
        assert connection.call(method, target)[0].status == 200
    for method, target in (("GET", "/info"), ("GET", "/containers/json"), ("GET", "/images/json"), ("POST", "/auth"),
                           ("POST", "/containers/create"), ("DELETE", "/images/box"), ("GET", "/system/df"),
                           ("GET", "/secrets"), ("POST", "/v1.41/containers/x/exec"), ("POST", "/_ping")):
        assert connection.call(method, target)[0].status == 403, f"{method} {target}"
    connection.close()


def test_version_negotiation_works_without_any_switch(cli_under, engine):
    cli = cli_under()
    assert cli("version", "--format", "{{.Client.APIVersion}}") == engine.request("GET", "/version")["ApiVersion"]


def test_a_refusal_is_json_in_the_form_of_the_engine_and_the_connection_goes_on(under):
    with Wire(under().address) as connection:
        head, body = connection.call("GET", "/v1.41/containers/json?all=1")
        assert head.status == 403
        assert head["Content-Type"] == "application/json"
        assert body.endswith(b"\n") and int(head["Content-Length"]) == len(body)
        assert json.loads(body) == {"message": "sockwarden: GET /containers/json refused: needs CONTAINERS=1"}
        assert connection.call("GET", "/_ping")[1] == b"OK"
        head, body = connection.call("POST", "/containers/create", b'{"Image":"box"}', Content_Type="application/json")
        assert head.status == 403 and b"needs POST=1 and CONTAINERS=1" in body
        assert connection.call("GET", "/_ping")[1] == b"OK"


@pytest.mark.parametrize("switches, arguments, cure", [
    ({}, ("ps",), "needs CONTAINERS=1"),
    ({}, ("system", "df"), "needs SYSTEM=1"),
    ({}, ("info",), "needs INFO=1"),
    ({"CONTAINERS": 1}, ("run", "--rm", IMAGE, "true"), "needs POST=1"),
    ({"CONTAINERS": 1}, ("start", "any"), "needs POST=1"),
    ({"POST": 1}, ("start", "any"), "ALLOW_START=1"),
    ({"POST": 1}, ("kill", "any"), "ALLOW_RESTARTS=1"),
    ({"POST": 1}, ("volume", "create"), "needs VOLUMES=1"),
    ({"POST": 1}, ("network", "rm", "any"), "needs NETWORKS=1"),
    ({"POST": 1, "CONTAINERS": 1}, ("pull", "127.0.0.1:1/any"), "needs IMAGES=1"),
    ({"POST": 1}, ("load", "-i", "/bin/busybox"), "needs IMAGES=1"),
    ({"POST": 1}, ("import", "/bin/busybox"), "needs IMAGES=1"),
    ({"POST": 1}, ("commit", "any"), "needs COMMIT=1"),
    ({"POST": 1}, ("swarm", "leave"), "needs SWARM=1"),
])
def test_the_docker_cli_prints_the_cure(cli_under, switches, arguments, cure):
    done = cli_under(**switches).run(*arguments)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "sockwarden: " in said and cure in said
    assert re.search(r"(Error response from daemon|ERROR): sockwarden: ", said), said


def test_a_refused_hijack_is_an_error_to_the_docker_cli_and_not_a_stream(under, tmp_path, container):
    """It knows no message there; an answer that said `Connection: close` would even pass for the stream itself."""
    proxy = under(POST=1, CONTAINERS=1)
    done = Docker(proxy.address, tmp_path).run("exec", container(), "true")
    assert done.returncode != 0
    assert "unable to upgrade to tcp, received 403" in done.stderr
    assert re.search(r'operation=ExecStart .*cure="needs EXEC=1"', proxy.wait_for_log(" refused "))


def test_behind_a_refused_hijack_nothing_is_taken_for_a_request(under, engine, container):
    """What follows may be stdin, whatever it looks like."""
    exec_id = engine.request("POST", f"/containers/{container()}/exec", {"Cmd": ["true"]})["Id"]
    proxy = under(POST=1, CONTAINERS=1)
    with Wire(proxy.address) as connection:
        connection.send(request_bytes("POST", f"/exec/{exec_id}/start", b'{"Detach":false}',
                                      Content_Type="application/json", **UPGRADE) + request_bytes("GET", "/_ping"))
        head = connection.read_head()
        assert (head.status, head["Upgrade"], head["Connection"]) == (403, None, None)
        assert b"needs EXEC=1" in connection.read_body(head)
        assert connection.read_all() == b""
    assert not proxy.lines("path=/_ping")


# SESSION without BUILD is left out: BuildKit's client may close its session before it serves it, and then waits for ever
# for an engine that has no reason to end it, with this proxy as without it.
@pytest.mark.parametrize("buildkit, switches, said", [
    ("0", {"POST": 1}, "sockwarden: POST /build refused: needs BUILD=1"),
    ("1", {"POST": 1, "BUILD": 1}, "unable to upgrade to h2c, received 403"),
])
def test_a_refused_build_is_explained_by_the_client_and_in_the_log(under, tmp_path, buildkit, switches, said):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\n")
    proxy = under(**switches)
    done = Docker(proxy.address, tmp_path).run("build", str(tmp_path), env={"DOCKER_BUILDKIT": buildkit})
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    missing = "SESSION" if "BUILD" in switches else "BUILD"
    assert f'cure="needs {missing}=1"' in proxy.wait_for_log(" refused ")


def test_buildkit_builds_with_build_session_and_post(cli_under, tmp_path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN true\n")
    cli_under(POST=1, BUILD=1, SESSION=1)("build", "--network", "none", str(tmp_path), env={"DOCKER_BUILDKIT": "1"})


def test_a_refused_large_upload_is_told_and_not_cut_off(cli_under, tmp_path):
    (tmp_path / "large.tar").write_bytes(bytes(64 << 20))
    for _ in range(5):
        done = cli_under(POST=1).run("load", "-i", str(tmp_path / "large.tar"))
        assert done.returncode != 0
        assert "sockwarden: POST /images/load refused: needs IMAGES=1" in done.stderr


def test_start_and_stop_can_be_granted_without_the_rest(cli_under, container, engine):
    cli, name = cli_under(POST=1, ALLOW_START=1, ALLOW_STOP=1), container(start=False)
    cli("start", name)
    assert engine.inspect(name)["State"]["Running"]
    cli("stop", name)
    assert not engine.inspect(name)["State"]["Running"]
    for arguments in (("run", IMAGE), ("rm", name), ("restart", name), ("kill", name)):
        assert "sockwarden: " in cli.run(*arguments).stderr, arguments


def test_restarts_can_be_granted_without_the_rest(cli_under, container):
    cli, name = cli_under(POST=1, ALLOW_RESTARTS=1), container()
    cli("restart", "-t", "0", name)
    cli("kill", "--signal", "USR1", name)
    for arguments in (("start", name), ("rm", "-f", name), ("create", IMAGE)):
        assert "sockwarden: " in cli.run(*arguments).stderr, arguments


def test_post_0_stands_before_the_allow_switches(cli_under, container):
    done = cli_under(ALLOW_START=1, ALLOW_RESTARTS=1).run("start", container(start=False))
    assert "needs POST=1" in done.stderr


@pytest.mark.parametrize("version", ["", "/v1.24", "/v1.40", "/v1.41"])
@pytest.mark.parametrize("query", ["", "?all=1", "?all=1&limit=5&size=0", "?filters=%7B%7D"])
def test_neither_version_nor_query_changes_a_verdict(under, version, query):
    with Wire(under(CONTAINERS=1).address) as connection:
        assert connection.call("GET", f"{version}/containers/json{query}")[0].status == 200
        assert connection.call("GET", f"{version}/images/json{query}")[0].status == 403
        assert connection.call("POST", f"{version}/containers/prune{query}")[0].status == 403


def test_image_names_with_ports_slashes_tags_and_digests(under, direct, unique):
    with Registry() as registry, Wire(under(IMAGES=1).address) as connection:
        name = f"{registry.address}/some/where/{unique('img')}"
        direct("tag", IMAGE, f"{name}:v1.2_3-x")
        direct("push", f"{name}:v1.2_3-x")
        digest = json.loads(direct("inspect", f"{name}:v1.2_3-x"))[0]["RepoDigests"][0].split("@")[1]
        for target in (f"{name}:v1.2_3-x", f"{name}@{digest}", name.replace("/", "%2F") + ":v1.2_3-x"):
            head, body = connection.call("GET", f"/images/{target}/json")
            assert head.status == 200 and digest.encode() in body, target
        assert connection.call("GET", f"/images/{name}:v1.2_3-x/history")[0].status == 200
        assert connection.call("POST", f"/images/{name}:v1.2_3-x/tag?repo=x")[0].status == 403
        direct("rmi", f"{name}:v1.2_3-x")


def test_containers_1_opens_logs_and_archive_as_it_always_did(under, container, direct):
    name = container("echo", "hello")
    direct("wait", name)
    with Wire(under(CONTAINERS=1).address) as connection:
        assert b"hello" in connection.call("GET", f"/containers/{name}/logs?stdout=1")[1]
        assert connection.call("HEAD", f"/containers/{name}/archive?path=/etc/passwd")[0].status == 200
        assert connection.call("GET", f"/containers/{name}/json")[0].status == 200


def test_a_refused_call_is_one_line_that_names_client_call_rule_and_cure(under):
    proxy = under(CONTAINERS=1)
    with Wire(proxy.address) as connection:
        client = "%s:%d" % connection.socket.getsockname()
        connection.call("POST", "/v1.41/containers/x/restart?t=3")
    proxy.wait_for_log(" refused ")
    [line] = proxy.lines("/containers/x/restart")
    assert re.search(r"^\S+ warning refused ", line)
    for part in (f"client={client} ", "method=POST ", "/containers/x/restart ", "status=403 ",
                 "operation=ContainerRestart ", 'rule="POST=0"', 'cure="needs POST=1"'):
        assert part in line


def test_docker_py_shows_the_message(under):
    client = docker_py.DockerClient(base_url=under().address)
    with pytest.raises(docker_py.errors.APIError) as error:
        client.containers.list()
    assert error.value.status_code == 403
    assert error.value.explanation.startswith("sockwarden: ") and "needs CONTAINERS=1" in error.value.explanation
    client.close()


def test_a_refused_version_is_what_docker_py_reports_when_it_is_made(under):
    with pytest.raises(docker_py.errors.DockerException) as error:
        docker_py.DockerClient(base_url=under(VERSION=0).address, version="auto")
    assert "needs VERSION=1" in str(error.value) or "403" in str(error.value)
