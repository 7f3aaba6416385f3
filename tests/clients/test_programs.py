"""Programs that are packaged whole: Docker Compose, Prometheus and Glances, each under its preset."""

import json
import os
import subprocess
import urllib.request

import pytest

from harness.clients import Client
from harness.engine import IMAGE
from harness.packages import UNPACKED, find_program, lacking
from harness.wait import wait_until

COMPOSE = f"""version: "2.4"
services:
  one:
    image: {IMAGE}
    command: sleep 600
    network_mode: none
    stop_signal: SIGKILL
  two:
    image: {IMAGE}
    command: sh -c "while true; do echo word; sleep 0.2; done"
    network_mode: none
    stop_signal: SIGKILL
"""


@pytest.fixture
def compose(under, tmp_path, unique):
    """compose(*lines): docker-compose with two services, under a policy of these lines."""
    path = find_program("docker-compose")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    project = unique("project")
    made = []

    def make(*lines):
        made.append(Client([path, "-f", str(tmp_path / "compose.yml"), "-p", project, "--no-ansi"], {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(tmp_path), "DOCKER_CONFIG": str(tmp_path),
            "DOCKER_HOST": under(*lines).address}))
        return made[-1]

    yield make
    if made:
        make("allow = @read, @control, @destroy").run("down", "-t", "0")
    for one in made:
        one.end()


def test_compose_brings_up_works_and_takes_down(compose):
    # Compose before 2 and 2.40 ask for the version, the former also for what is needed for external networks.
    client = compose("preset = compose +up +logs +exec +restart +kill +version +external-networks")
    client("up", "-d")
    assert len(client("ps", "-q").splitlines()) == 2
    assert client("exec", "-T", "one", "echo", "hi").splitlines()[-1] == "hi"
    client("restart", "-t", "0", "one")
    session = client.start("logs", "-f", "two")
    session.wait_for_output("word")
    session.end()
    client("kill", "one")
    done = client.run("pause", "two")
    assert "refused: needs +pause with preset compose" in done.stdout + done.stderr
    client("down", "-t", "0")
    assert client("ps", "-q") == ""


def test_compose_is_told_what_it_lacks(compose):
    client = compose("preset = cli-readonly +version +info")
    done = client.run("up", "-d")
    assert done.returncode != 0 and "sockwarden: " in done.stdout + done.stderr


@pytest.fixture
def prometheus(tmp_path):
    """prometheus(host): Prometheus with docker_sd_configs for this host; what it says of its targets."""
    path = find_program("prometheus")
    running = []

    def start(host):
        (tmp_path / "prometheus.yml").write_text(
            f"scrape_configs:\n- job_name: docker\n  docker_sd_configs:\n  - host: {host}\n    refresh_interval: 1s\n")
        client = Client([path, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                         "--web.listen-address=127.0.0.1:0"], {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        running.append(client)
        process = client.start()
        line = wait_until(lambda: "ready to receive" in process.stderr and next(
            one for one in process.stderr.splitlines() if "Listening on" in one), 40, "Prometheus to be ready")
        address = line.rpartition("address=")[2].split()[0]

        def ask():
            with urllib.request.urlopen(f"http://{address}/api/v1/targets", timeout=10) as answer:
                return json.load(answer)["data"]["activeTargets"], process.stderr

        return ask

    yield start
    for one in running:
        one.end()


def test_prometheus_finds_containers(under, prometheus, container):
    name = container()
    proxy = under("preset = prometheus-sd")
    ask = prometheus(proxy.address)
    wait_until(lambda: f"/{name}" in [one["discoveredLabels"]["__meta_docker_container_name"] for one in ask()[0]], 40,
               "Prometheus to find the container")
    assert not proxy.lines("refused")
    assert {line.partition("operation=")[2].split()[0] for line in proxy.lines(" access ")} <= {
        "SystemPingHead", "ContainerList", "NetworkList"}


def test_prometheus_without_networks_finds_nothing_and_says_why(under, prometheus, container):
    container()
    proxy = under("allow = SystemPing, ContainerList")
    ask = prometheus(proxy.address)
    proxy.wait_for_log("operation=NetworkList", 40)
    wait_until(lambda: "needs allow = NetworkList in [policy main]" in ask()[1], 40, "its log to repeat the refusal")
    assert not ask()[0]


def test_glances_shows_containers(under, container, tmp_path):
    name = container()
    proxy = under("preset = glances")
    library = UNPACKED / "glances" / "usr" / "lib" / "python3" / "dist-packages"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "DOCKER_HOST": proxy.address, "LOG_CFG": os.devnull,
           "PYTHONPATH": str(library)}
    command = ["/usr/bin/python3", "-m", "glances"]
    if subprocess.run([*command, "--version"], env={**env, "LOG_CFG": ""}, capture_output=True, check=False).returncode:
        lacking("glances")
    client = Client(command, {**env, "LOG_CFG": ""})
    process = client.start("--stdout", "docker", "--stop-after", "4", "--time", "1")
    process.wait_for_output(f"'name': '{name}'", 40)
    process.wait_for_output("'memory_usage': ", 40)
    client.end()
    assert not proxy.lines("refused")
    proxy.wait_for_log("operation=ContainerStats")
