"""The compose files and the stack of examples/: right as they stand; each proxy in them grants what its client needs.

There is no registry and no network between containers on the tests' engine. So the client of a file is left out, and
the proxy has a network of its own; everything else of it is as the file says.
"""

import copy
import pathlib
import re
import subprocess

import pytest
import yaml

from harness.container import IMAGE, ROOT, SOCKET, Container, client_environment, docker, run
from harness.wait import wait_until

FOLDER = ROOT / "examples/compose"
FILES = sorted(path.name for path in FOLDER.glob("*.yml"))
COMPOSE = "docker-compose"
LIST, INSPECT, EVENTS, INFO = "GET /containers/json", "GET /containers/x/json", "GET /events?until=1", "GET /info"
LOGS, RESTART, CREATE = "GET /containers/x/logs?stdout=1", "POST /containers/x/restart", "POST /containers/create"
IMAGES, PULL, NETWORKS, VOLUMES = "GET /images/json", "POST /images/create", "GET /networks", "GET /volumes"
EXEC, SECRETS, SERVICES, TASKS = "POST /exec/x/start", "GET /secrets", "GET /services", "GET /tasks"

# What the proxy of the file lets pass and what not.
CALLS = {
    "traefik.yml": ([LIST, INSPECT, EVENTS], [RESTART, CREATE, IMAGES, NETWORKS, INFO, SECRETS]),
    "portainer.yml": ([LIST, INSPECT, IMAGES, NETWORKS, VOLUMES, INFO], [RESTART, CREATE, PULL, EXEC, SECRETS]),
    "watchtower.yml": ([LIST, INSPECT, IMAGES, CREATE, RESTART], [EXEC, VOLUMES, SECRETS, SERVICES, INFO]),
    "dozzle.yml": ([LIST, INSPECT, LOGS, EVENTS, INFO], [RESTART, CREATE, IMAGES, EXEC]),
    "homepage.yml": ([LIST, INSPECT], [RESTART, CREATE, IMAGES, INFO, SERVICES]),
    "unix-socket.yml": ([LIST, INSPECT, LOGS, INFO], [RESTART, CREATE, IMAGES, EXEC]),
    "several-clients.yml": ([], []),
    "swarm.yml": ([SERVICES, TASKS, NETWORKS, INFO], [LIST, CREATE, SECRETS]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_right_as_it_stands(name):
    run([COMPOSE, "-f", str(FOLDER / name), "config", "--quiet"])


def test_each_file_has_its_calls():
    assert sorted(CALLS) == FILES


def test_the_page_on_deployment_names_files_that_there_are():
    page = (ROOT / "docs/deployment.md").read_text()
    named = set(re.findall(r"(?:examples|docker)/[\w./-]*[\w/]", page))
    assert len(named) > 3 and [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", FILES)
def test_no_file_gives_the_proxy_more_than_it_needs(name):
    """Whatever is copied: no privileges, nothing writable, no port of the machine, a network without a way out."""
    text = yaml.safe_load((FOLDER / name).read_text())
    proxy = text["services"]["sockwarden"]
    assert proxy["read_only"] is True and proxy["cap_drop"] == ["ALL"] and set(proxy["cap_add"]) <= {"SETGID", "SETUID"}
    assert "ports" not in proxy and "privileged" not in proxy
    assert f"{SOCKET}:{SOCKET}:ro" in proxy["volumes"]
    for client, settings in text["services"].items():
        assert client == "sockwarden" or SOCKET not in str(settings.get("volumes"))
    if proxy.get("network_mode") != "none":
        networks = list(proxy["networks"])
        assert len(networks) == 1 and text["networks"][networks[0]]["internal"] is True


class Composed(Container):
    """The proxy of a compose file, under this engine's limits."""

    def __init__(self, engine, path, project):
        super().__init__(engine, f"{project}_sockwarden_1")
        text = yaml.safe_load((FOLDER / path).read_text())
        proxy = copy.deepcopy(text["services"]["sockwarden"])
        proxy.pop("networks", None)
        proxy.pop("deploy", None)
        proxy.update(image=IMAGE, network_mode="none", container_name=self.name)
        proxy["volumes"] = [volume.replace(f"{SOCKET}:", f"{engine.socket}:", 1).replace("./", f"{FOLDER}/")
                            for volume in proxy["volumes"]]
        self.text = {"version": text.get("version", "3.8"), "services": {"sockwarden": proxy},
                     "volumes": {name: {} for name in text.get("volumes", {}) if name == "sockets"}}
        self.project = project

    def compose(self, path, *arguments):
        return run([COMPOSE, "-f", str(path), "-p", self.project, *arguments],
                   env=client_environment(self.engine.host))


@pytest.fixture
def composed(engine, image, tmp_path):  # pylint: disable=unused-argument
    """composed(FILE): its proxy, running."""
    started = []

    def start(name):
        proxy = Composed(engine, name, f"t{len(name)}")
        path = tmp_path / name
        path.write_text(yaml.safe_dump(proxy.text))
        proxy.compose(path, "up", "-d", "sockwarden")
        started.append((proxy, path))
        wait_until(lambda: " sandbox " in proxy.log(), 30, "the proxy to serve")
        return proxy
    yield start
    for proxy, path in started:
        proxy.compose(path, "down", "--volumes", "--timeout", "5")


def judge(proxy, call):
    """Whether the call passes: what the engine says of it is another matter."""
    method, path = call.split(" ")
    listen = proxy.text["services"]["sockwarden"].get("environment", {}).get("LISTEN", "")
    if not listen.startswith("unix:"):
        return proxy.status(path, method) != 403
    volume = docker(proxy.engine, "inspect", "--format",
                    '{{range .Mounts}}{{if eq .Destination "/sockets"}}{{.Source}}{{end}}{{end}}', proxy.name).strip()
    done = proxy.within("curl", "-sg", "-o", "/dev/null", "-w", "%{http_code}", "-X", method, "--unix-socket",
                        str(pathlib.Path(volume) / "docker.sock"), f"http://x{path}")
    return int(done.stdout) != 403


@pytest.mark.parametrize("name", [name for name in FILES if CALLS[name][0]])
def test_the_proxy_of_a_file_grants_what_its_client_asks_for(composed, name):
    proxy = composed(name)
    granted, refused = CALLS[name]
    assert {call: judge(proxy, call) for call in granted + refused} == {
        **dict.fromkeys(granted, True), **dict.fromkeys(refused, False)}
    told = proxy.status_of_process()
    assert told["Uid"][0] == "65534" and told["CapEff"] == ["0000000000000000"]


def test_the_proxy_of_several_clients_reads_its_file_and_is_healthy(composed):
    proxy = composed("several-clients.yml")
    assert len([line for line in proxy.log().splitlines() if " listening " in line]) == 2
    assert proxy.execute("-c", "/etc/sockwarden/sockwarden.ini", "health").returncode == 0
    # Nobody here is one of its clients, for there are no names of neighbours.
    assert proxy.status("/_ping") in (0, 403)
    told = proxy.execute("-c", "/etc/sockwarden/sockwarden.ini", "-l", "traefik", "explain", "GET", "/containers/json")
    assert told.returncode == 0


@pytest.fixture
def swarm(engine):
    engine.request("POST", "/swarm/init", {"ListenAddr": "127.0.0.1:0", "AdvertiseAddr": "127.0.0.1"})
    yield
    engine.request("POST", "/swarm/leave?force=1")


def test_the_stack_is_deployed_on_a_swarm_of_one(engine, image, swarm, tmp_path):  # pylint: disable=unused-argument
    """With the network of the host, for this engine has none of its own."""
    text = yaml.safe_load((FOLDER / "swarm.yml").read_text())
    proxy = text["services"]["sockwarden"]
    proxy.update(image=IMAGE, networks=["host"])
    proxy["volumes"] = [f"{engine.socket}:{SOCKET}:ro"]
    proxy["environment"]["LISTEN"] = "tcp://127.0.0.1:23757"
    stack = {"version": text["version"], "services": {"sockwarden": proxy},
             "networks": {"host": {"external": True, "name": "host"}}}
    (tmp_path / "stack.yml").write_text(yaml.safe_dump(stack))
    docker(engine, "stack", "deploy", "--resolve-image", "never", "-c", str(tmp_path / "stack.yml"), "edge")
    try:
        def status(path):
            done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}",
                                   f"http://127.0.0.1:23757{path}"], capture_output=True, text=True, check=False)
            return int(done.stdout)
        wait_until(lambda: status("/_ping") == 200, 60, "the service to serve")
        assert (status("/services"), status("/tasks"), status("/containers/json")) == (200, 200, 403)
    finally:
        docker(engine, "stack", "rm", "edge")
        wait_until(lambda: not engine.request("GET", "/containers/json"), 60, "the service to end")
