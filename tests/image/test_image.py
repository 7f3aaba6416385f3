"""What the image is: its files, its settings, its size, and what it does without a shell."""

import gzip
import io
import json
import subprocess
import tarfile

import pytest

from harness.clients import DOCKER
from harness.container import client_environment, docker
from harness.wait import wait_until

MEBIBYTE = 1 << 20
MADE_BY_THE_ENGINE = (".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/resolv.conf")


@pytest.fixture(scope="module")
def archive(engine, image):
    """The whole file system of the image."""
    name = docker(engine, "create", image).strip()
    done = subprocess.run([DOCKER, "export", name], capture_output=True, check=True,
                          env=client_environment(engine.host), timeout=60)
    docker(engine, "rm", name)
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as tar:
        yield tar


@pytest.fixture(scope="module")
def files(archive):
    return {member.name: member for member in archive.getmembers()}


@pytest.fixture(scope="module")
def contents(archive):
    return lambda name: archive.extractfile(name).read()


@pytest.fixture(scope="module")
def described(engine, image):
    return json.loads(docker(engine, "image", "inspect", image))[0]


def test_there_is_the_program_and_what_it_links_and_nothing_else_to_run(files):
    own = {name: member for name, member in files.items() if member.isfile() and name not in MADE_BY_THE_ENGINE}
    others = {name for name in own if ".so" not in name and not name.startswith("licenses/")}
    assert others == {"sockwarden", "sockwarden.spdx.json", "etc/passwd", "etc/group", "etc/nsswitch.conf"}
    assert all(member.mode & 0o6022 == 0 and member.uid == 0 for member in own.values())


def test_it_lists_what_is_linked_with_a_licence_each(files, contents):
    listed = {package["name"]: package for package in json.loads(contents("sockwarden.spdx.json"))["packages"]}
    licences = {name.split("/")[1] for name in files if name.startswith("licenses/")}
    assert {"sockwarden", "libc6", "libseccomp2"} <= set(listed) == licences
    assert all(package["versionInfo"] for package in listed.values())


def test_it_is_small(engine, image):
    done = subprocess.run([DOCKER, "save", image], capture_output=True, check=True, timeout=60,
                          env=client_environment(engine.host))
    assert len(gzip.compress(done.stdout)) <= 3 * MEBIBYTE


def test_it_says_what_it_is(described):
    config = described["Config"]
    assert config["Entrypoint"] == ["/sockwarden"] and config["ExposedPorts"] == {"2375/tcp": {}}
    assert config["StopSignal"] == "SIGTERM" and config["Healthcheck"]["Test"] == ["CMD", "/sockwarden", "health"]
    assert config["Env"] is None or all(one.startswith("PATH=") for one in config["Env"])
    assert config["User"] == ""
    labels = config["Labels"]
    for name in ("title", "description", "version", "revision", "licenses"):
        assert labels[f"org.opencontainers.image.{name}"]


def test_the_verbs_work_in_it(container):
    running = container(environment={"CONTAINERS": "1"})
    assert "ContainerList" in running.execute("routes").stdout
    told = running.execute("explain", "GET", "/containers/json")
    assert told.returncode == 0 and told.stdout.startswith("allow")
    told = running.execute("explain", "POST", "/containers/create")
    assert told.returncode == 1 and "POST" in told.stdout
    assert running.execute("--version").stdout.startswith("sockwarden ")


def test_its_health_is_that_of_proxy_and_engine(container):
    well = container("--health-interval=1s")
    ill = container("--health-interval=1s", "--health-retries=1", environment={"SOCKET_PATH": "/var/run/other.sock"})
    wait_until(lambda: well.state()["Health"]["Status"] == "healthy", 30, "a healthy container")
    wait_until(lambda: ill.state()["Health"]["Status"] == "unhealthy", 30, "an unhealthy container")
    assert "/var/run/other.sock" in ill.state()["Health"]["Log"][0]["Output"]
    assert well.execute("health").returncode == 0 and ill.execute("health").returncode == 1


@pytest.mark.parametrize("option", [(), ("--init",)], ids=["first process", "behind a small init"])
def test_its_health_check_and_verbs_find_the_file_of_the_proxy(container, tmp_path, option):
    tmp_path.chmod(0o755)
    (tmp_path / "s.ini").write_text("[listener a]\naddress = tcp://127.0.0.1:2999\npolicy = a\n"
                                    "[policy a]\nallow = SystemPing\n")
    running = container("--health-interval=1s", f"--volume={tmp_path}:/etc/s:ro", *option, arguments=("-c", "/etc/s/s.ini"))
    wait_until(lambda: running.state()["Health"]["Status"] == "healthy", 30, "a healthy container")
    assert running.execute("explain", "GET", "/_ping").stdout.split("\t")[2] == "allow = SystemPing"
    assert running.execute("explain", "-d", "tecnativa", "GET", "/_ping").stdout.split("\t")[2] == "PING=1"
    assert " allow = SystemPing" in running.execute("routes").stdout


@pytest.mark.parametrize("sysctl", [0, 1], ids=["with IPv6", "without IPv6"])
def test_it_listens_and_knows_its_health_with_and_without_ipv6(container, sysctl):
    running = container(f"--sysctl=net.ipv6.conf.all.disable_ipv6={sysctl}")
    assert running.status("/_ping") == 200
    assert running.execute("health").returncode == 0
    if not sysctl:
        assert running.status("/_ping", host="[::1]") == 200


def test_it_ends_at_once_and_well_with_a_stream_open(engine, container):
    running = container()
    pid = running.state()["Pid"]
    with subprocess.Popen(["nsenter", "-t", str(pid), "-n", "curl", "-sN", "http://127.0.0.1:2375/events"]) as client:
        running.wait_for_log(" listening ")
        docker(engine, "stop", "--time", "20", running.name)
        assert client.wait(20) == 0
    assert running.state()["ExitCode"] == 0
    assert "everything has ended" in running.log()


def test_a_host_name_is_an_engine_too(container):
    """What the C library needs for it is in the image: another container's name, by /etc/hosts here."""
    running = container("--add-host=engine:127.0.0.1", environment={"SOCKET_PATH": "tcp://engine:1"}, mount=())
    assert "127.0.0.1:1" in running.wait_for_log(" err engine ")
