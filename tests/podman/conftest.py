"""A Podman service, the program in front of it, and clients of both APIs."""

import pytest

from harness.absence import absent
from harness.clients import Docker
from harness.podman import PodmanService, missing_podman, podman_client
from harness.proxy import Proxy

EVERYTHING = ("allow = @read, @sensitive, @control, @create, @change, @destroy, @exec, @files, @pull, @push\n"
              "allow = @build, @host")


@pytest.fixture(scope="session")
def service():
    """The session's Podman."""
    reason = missing_podman()
    if reason:
        absent("no Podman", reason)
    started = PodmanService()
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def behind(service, tmp_path_factory):
    """behind(rules): a proxy with one unix listener and one policy of these lines."""
    started = []

    def start(rules, environment=None):
        folder = tmp_path_factory.mktemp("proxy")
        (folder / "sockwarden.ini").write_text(
            f"[upstream]\naddress = unix:{service.socket}\n[listener main]\naddress = unix:{folder}/proxy.sock\n"
            f"policy = main\n[policy main]\n{rules}\n")
        proxy = Proxy(service.socket, environment, ("unix:proxy",), ("-c", str(folder / "sockwarden.ini")))
        del proxy.environment["LISTEN"], proxy.environment["SOCKET_PATH"]
        started.append(proxy.start())
        return proxy

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture(scope="session")
def open_proxy(behind):
    """The session's proxy: everything granted."""
    return behind(EVERYTHING)


@pytest.fixture(scope="session")
def clients(service, tmp_path_factory):
    """clients(proxy): podman and docker for this proxy's socket."""
    made = []

    def make(proxy):
        made.append(podman_client(proxy.address, service))
        made.append(Docker(proxy.address, tmp_path_factory.mktemp("docker")))
        return made[-2:]

    yield make
    for one in made:
        one.end()


@pytest.fixture(scope="session")
def podman(open_proxy, clients):
    return clients(open_proxy)[0]


@pytest.fixture(scope="session")
def docker(open_proxy, clients):
    return clients(open_proxy)[1]


@pytest.fixture
def container(service, unique):
    """container(command): made and started on Podman itself, removed at the end; its name."""
    names = []

    def make(*command):
        names.append(unique("box"))
        service.request("POST", "/v4.0.0/libpod/containers/create",
                        {"name": names[-1], "image": "box:1", "command": list(command) or ["sleep", "600"],
                         "netns": {"nsmode": "none"}, "stop_signal": 9})
        service.request("POST", f"/v4.0.0/libpod/containers/{names[-1]}/start")
        return names[-1]

    yield make
    for name in names:
        service.request("DELETE", f"/v4.0.0/libpod/containers/{name}?force=true&timeout=0&ignore=true")
