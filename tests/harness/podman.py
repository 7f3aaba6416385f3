"""A private Podman service: own folder, socket, storage, locks and networks; nothing of it outlives stop()."""

import contextlib
import http.client
import os
import pathlib
import shutil
import subprocess

from .clients import Client
from .engine import BUSYBOX, Engine, busybox_root
from .wait import wait_until

OLDEST = 4
# The ulimits are those that any root may set; without them Podman asks for more than a container or a VM may grant.
CONFIG = """[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
events_logfile_path = "{folder}/events.log"
lock_type = "file"
runtime = "{runtime}"
tmp_dir = "{folder}/tmp"
[network]
network_config_dir = "{folder}/networks"
"""
STORAGE = """[storage]
driver = "vfs"
graphroot = "{folder}/storage"
runroot = "{folder}/run"
"""


def missing_podman():
    """Why no Podman can be started on this machine, or None."""
    for program in ("podman", "conmon"):
        if not shutil.which(program):
            return f"{program} is not installed (Debian: apt-get install {program})"
    version = subprocess.run(["podman", "--version"], capture_output=True, text=True, check=False).stdout.split()[-1:]
    if not version or not version[0].partition(".")[0].isdigit() or int(version[0].partition(".")[0]) < OLDEST:
        return f"podman is {' '.join(version) or 'of no version'}, the tests need {OLDEST} or newer"
    if not oci_runtime():
        return "neither runc nor crun is installed (Debian: apt-get install runc)"
    if os.geteuid() != 0:
        return "these containers need root"
    if not os.path.exists(BUSYBOX):
        return f"{BUSYBOX} is not installed (Debian: apt-get install busybox-static)"
    return None


def oci_runtime():
    """The one that dockerd uses before the other: crun does not start containers where cgroups are half v1, half v2."""
    return next((name for name in ("runc", "crun") if shutil.which(name)), None)


class PodmanService(Engine):
    """`podman system service`: `socket` is its API, for Podman's clients and for Docker's."""

    def __init__(self):
        super().__init__("sw-pod-")  # Podman takes no path of its run folder with more than 50 bytes
        self.socket = str(self.folder / "podman.sock")
        self.host = f"unix://{self.socket}"
        self.log_path = self.folder / "podman.log"
        self.service = None
        for name in ("tmp", "networks"):
            (self.folder / name).mkdir()
        settings = {"folder": self.folder, "runtime": oci_runtime()}
        (self.folder / "containers.conf").write_text(CONFIG.format(**settings))
        (self.folder / "storage.conf").write_text(STORAGE.format(**settings))
        self.env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(self.folder), "TERM": "xterm",
                    "TMPDIR": str(self.folder / "tmp"),
                    "CONTAINERS_CONF": str(self.folder / "containers.conf"),
                    "CONTAINERS_STORAGE_CONF": str(self.folder / "storage.conf")}

    def start(self):
        folder = self.folder
        try:
            with open(self.log_path, "ab") as log:
                self.service = subprocess.Popen(
                    ["podman", "--root", f"{folder}/storage", "--runroot", f"{folder}/run",
                     "--tmpdir", f"{folder}/tmp", "system", "service", "--time=0", self.host], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True)
            wait_until(self._answers, 60, "Podman to answer /_ping")
            self.request("POST", "/v4.0.0/libpod/images/import?reference=box:1", busybox_root(),
                         {"Content-Type": "application/x-tar"})
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
            for container in self.request("GET", "/v4.0.0/libpod/containers/json?all=true"):
                self.request("DELETE", f"/v4.0.0/libpod/containers/{container['Id']}?force=true&timeout=0")
        if self.service:
            self._end(self.service)
        self._kill_leftovers()
        self._unmount_leftovers()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self):
        if self.service.poll() is not None:
            raise RuntimeError(f"podman ended with {self.service.returncode}:\n{self.log_tail()}")
        try:
            return self.request("GET", "/_ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False

    def _kill_leftovers(self):
        """conmon names this folder on its command line; what it watches ends with it."""
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if str(self.folder) in (entry / "cmdline").read_text() and int(entry.name) != os.getpid():
                    os.kill(int(entry.name), 9)


def podman_client(host, service):
    """podman as a remote client of one address."""
    return Client(["podman", "--url", host], service.env)
