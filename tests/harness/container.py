"""The image of docker/Dockerfile, built on a private engine without a registry, and containers of it."""

import json
import pathlib
import re
import shutil
import subprocess

from .clients import DOCKER
from .debian import bare_root_archive
from .wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = "sockwarden:test"
SOCKET = "/var/run/docker.sock"
PORT = 2375


def base_name():
    """What the Dockerfile begins with, such as debian:bookworm-slim."""
    return re.search(r"^ARG BASE=(\S+)$", (ROOT / "docker/Dockerfile").read_text(), re.M)[1]


def build_image(engine):
    """The image's name, once the engine has it."""
    docker(engine, "import", str(bare_root_archive()), base_name())
    docker(engine, "build", "--network", "host", "-f", str(ROOT / "docker/Dockerfile"), "-t", IMAGE, str(ROOT),
           timeout=900)
    return IMAGE


def run(command, timeout=60, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False, **options)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def client_environment(host):
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/nonexistent", "DOCKER_HOST": host}


def docker(engine, *arguments, timeout=60):
    """The CLI on the engine's own socket; its output."""
    return run([DOCKER, *arguments], timeout, env=client_environment(engine.host))


class Container:
    """A container of the image with a network of its own, its socket mounted as people mount it.

    After start() the program serves, or failed() tells why not. Clients reach it as its neighbours would: from within
    its network, at the port of the original.
    """

    def __init__(self, engine, name, *options, arguments=(), environment=None, mount=(SOCKET,), network="none",
                 image=IMAGE):
        self.engine = engine
        self.name = name
        settings = [f"--env={key}={value}" for key, value in (environment or {}).items()]
        mounts = [f"--volume={engine.socket}:{path}:ro" for path in mount]
        self.command = ["run", "--detach", "--name", name, "--network", network, *mounts, *settings, *options, image,
                        *arguments]

    def __enter__(self):
        docker(self.engine, *self.command)
        try:
            wait_until(lambda: " sandbox " in self.log() or not self.state()["Running"], 30, "the container to serve")
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        docker(self.engine, "rm", "--force", "--volumes", self.name)

    def state(self):
        return json.loads(docker(self.engine, "inspect", "--format", "{{json .State}}", self.name))

    def log(self):
        done = subprocess.run([DOCKER, "logs", self.name], env=client_environment(self.engine.host), text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=True)
        return done.stdout

    def wait_for_log(self, part):
        return wait_until(lambda: next((line for line in self.log().splitlines() if part in line), None), 15,
                          f"{part} in the log")

    def status_of_process(self):
        """/proc/PID/status of the program, as a dictionary of lists of words."""
        lines = pathlib.Path(f"/proc/{self.state()['Pid']}/status").read_text().splitlines()
        return {key: value.split() for key, value in (line.split(":", 1) for line in lines)}

    def within(self, *command, environment=None):
        """A command of this machine in the container's network."""
        return subprocess.run(["nsenter", "-t", str(self.state()["Pid"]), "-n", *command], capture_output=True,
                              text=True, timeout=60, check=False, env=environment)

    def cli(self, *arguments):
        """The docker CLI as a neighbour would use it."""
        return self.within(DOCKER, *arguments, environment=client_environment(f"tcp://127.0.0.1:{PORT}"))

    def status(self, path, method="GET", host="127.0.0.1"):
        """The status of one call, 0 where there was no answer."""
        done = self.within(shutil.which("curl"), "-sg", "-o", "/dev/null", "-w", "%{http_code}", "-X", method,
                           f"http://{host}:{PORT}{path}")
        return int(done.stdout)

    def execute(self, *arguments):
        """docker exec of the program itself: there is nothing else in the container."""
        return subprocess.run([DOCKER, "exec", self.name, "/sockwarden", *arguments], capture_output=True, text=True,
                              env=client_environment(self.engine.host), timeout=60, check=False)
