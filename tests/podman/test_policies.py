"""What policies make of Podman's clients: what is granted works, what is refused is told in words that they show."""

import contextlib
import json

import pytest

from harness.proxy import Proxy
from harness.raw_client import RawClient, request


@pytest.fixture
def switches(service):
    """switches(**variables): a proxy in linuxserver's dialect; no dialect is named, a LIBPOD_ switch tells it."""
    with contextlib.ExitStack() as stack:
        yield lambda **variables: stack.enter_context(
            Proxy(service.socket, variables, ("unix:{folder}/proxy.sock",)))


def refused(podman, *arguments, **options):
    done = podman.run(*arguments, **options)
    assert done.returncode != 0, f"{arguments}: {done.stdout}"
    return done.stderr.strip()


def test_linuxserver_s_switches_grant_their_sections(switches, clients, container):
    name = container()
    proxy = switches(LIBPOD_CONTAINERS="1", LIBPOD_INFO="1")
    proxy.wait_for_log("linuxserver: detected by LIBPOD_")
    podman, _ = clients(proxy)
    assert name in podman("ps", "--format", "{{.Names}}").split()
    assert json.loads(podman("inspect", name))[0]["Name"] == name
    assert podman("info", "--format", "{{.Host.OS}}") == "linux"
    assert podman("version")
    assert "LIBPOD_IMAGES=1" in refused(podman, "images")
    assert "LIBPOD_VOLUMES=1" in refused(podman, "volume", "ls")
    assert "POST=1" in refused(podman, "exec", name, "true")
    assert "POST=1" in refused(podman, "pause", name)


def test_the_guards_of_linuxserver_rule_over_the_sections(switches, clients, container):
    name = container("sh", "-c", "echo word; sleep 600")
    podman, _ = clients(switches(LIBPOD_CONTAINERS="1", POST="1"))
    assert "ALLOW_TOP=1" in refused(podman, "top", name)
    assert "ALLOW_EXPORT=1" in refused(podman, "export", name)
    assert "ALLOW_CHANGES=1" in refused(podman, "diff", name)
    podman, _ = clients(switches(LIBPOD_CONTAINERS="1", ALLOW_TOP="1", ALLOW_EXPORT="1", ALLOW_CHANGES="1",
                                 ALLOW_LOGS="1"))
    assert "sleep 600" in podman("top", name)
    assert len(podman("export", name, text=False)) > 1 << 20
    assert podman("logs", name) == "word"


def test_the_actions_of_linuxserver_need_no_post(switches, clients, container, unique):
    name = container()
    podman, _ = clients(switches(LIBPOD_CONTAINERS="1", LIBPOD_ALLOW_RESTARTS="1", LIBPOD_ALLOW_START="1"))
    assert podman("restart", "-t", "0", name) == name
    assert podman("stop", "-t", "0", name) == name
    assert podman("start", name) == name
    assert podman("kill", name) == name
    assert "POST=1" in refused(podman, "rm", "-f", name)


def test_one_side_of_podman_s_api_does_not_open_the_other(switches, clients):
    podman, docker = clients(switches(LIBPOD_CONTAINERS="1"))
    assert podman.run("ps").returncode == 0 and "CONTAINERS=1" in refused(docker, "ps")
    podman, docker = clients(switches(DIALECT="linuxserver", CONTAINERS="1"))
    assert docker.run("ps").returncode == 0 and "LIBPOD_CONTAINERS=1" in refused(podman, "ps")


def test_rules_by_operation_class_and_section(behind, clients, container):
    name = container()
    proxy = behind("deny = @logs\nallow = @read\nallow = ContainerRestartLibpod ?timeout<=5\n"
                   "allow = POST /libpod/containers/{name}/kill ?signal=URG|HUP\nallow = section:libpod/volumes")
    podman, _ = clients(proxy)
    assert name in podman("ps", "--format", "{{.Names}}").split()
    assert podman("restart", "-t", "0", name) == name
    assert "the query does not meet allow = " in refused(podman, "restart", "-t", "6", name)
    assert podman("kill", "-s", "URG", name) == name
    assert podman("kill", "-s", "SIGURG", name) == name
    assert "the query does not meet allow = " in refused(podman, "kill", name)
    assert "the query does not meet allow = " in refused(podman, "kill", "-s", "9", name)
    assert podman("volume", "create", f"{name}-v") == f"{name}-v"
    assert podman("volume", "rm", f"{name}-v") == f"{name}-v"
    assert "needs allow = ContainerExecLibpod in [policy main]" in refused(podman, "exec", name, "true")
    assert "needs allow = ImagePullLibpod in [policy main]" in refused(podman, "pull", "box:1")
    assert "needs allow = PodCreateLibpod in [policy main]" in refused(podman, "pod", "create")


@pytest.mark.parametrize("target, podman_form", [
    ("/v4.0.0/libpod/images/json", True), ("/v4.0.0/libpod/nosuch", True), ("/v1.41/images/json", False)])
def test_a_refusal_has_the_form_of_the_api_that_was_called(behind, target, podman_form):
    proxy = behind("allow = SystemPing")
    with RawClient(proxy.unix) as client:
        client.send(request("GET", target))
        answer = client.read_answer()
    error = json.loads(answer.body)
    assert answer.status == 403 and error["message"].startswith("sockwarden: GET /")
    assert (error.get("cause"), error.get("response")) == (("Forbidden", 403) if podman_form else (None, None))


def test_a_preset_for_the_docker_cli_serves_it_in_front_of_podman(behind, clients, container):
    name = container("sh", "-c", "echo word; sleep 600")
    podman, docker = clients(behind("preset = cli-readonly +logs +images"))
    assert name in docker("ps", "--format", "{{.Names}}").split()
    assert docker("logs", name) == "word"
    assert "box" in docker("images", "--format", "{{.Repository}}")
    assert "refused" in refused(docker, "exec", name, "true") and "refused" in refused(docker, "kill", name)
    assert "403" in refused(podman, "ps")


def test_a_registry_password_in_a_query_is_not_logged(behind, clients):
    """podman as a remote client sends it in the query."""
    proxy = behind("allow = SystemPingLibpod, ImagePullLibpod")
    podman, _ = clients(proxy)
    refused(podman, "pull", "--creds", "user:word-of-pass", "127.0.0.1:1/nosuch")
    record = proxy.wait_for_log("operation=ImagePullLibpod")
    assert "password=***&" in record and "reference=127.0.0.1%3A1%2Fnosuch" in record
    assert not proxy.lines("word-of-pass")


def test_a_dry_run_lets_everything_pass_and_tells_it(behind, clients, container):
    name = container()
    proxy = behind("dry_run = yes\nallow = @read")
    podman, _ = clients(proxy)
    assert podman("exec", name, "echo", "hello") == "hello"
    proxy.wait_for_log("operation=ContainerExecLibpod")
