"""A private dockerd: own folder, socket, data, containerd; nothing of it outlives stop()."""

import contextlib
import http.client
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tarfile
import tempfile

from .wait import wait_until

IMAGE = "box:1"
BUSYBOX = "/bin/busybox"
CONTAINERD_CONFIG = """version = 2
root = "{0}/containerd"
state = "{0}/containerd-state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{0}/containerd.sock"
"""


def missing_engine():
    """Why no engine can be started on this machine, or None."""
    for program in ("dockerd", "containerd", "runc"):
        if not shutil.which(program):
            return f"{program} is not installed (Debian: apt-get install docker.io)"
    if os.geteuid() != 0:
        return "dockerd needs root"
    if not os.path.exists(BUSYBOX):
        return f"{BUSYBOX} is not installed (Debian: apt-get install busybox-static)"
    return None


class UnixConnection(http.client.HTTPConnection):
    """http.client over a unix socket."""

    def __init__(self, path, timeout=60):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def busybox_root():
    """A tar of a root file system: busybox, a name for each of its applets, the usual folders."""
    applets = subprocess.run([BUSYBOX, "--list"], check=True, capture_output=True, text=True).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name in ("bin", "etc", "proc", "sys", "dev", "root", "tmp"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
            tar.addfile(folder)
        tar.add(BUSYBOX, "bin/busybox")
        for applet in applets:
            if applet != "busybox":
                link = tarfile.TarInfo(f"bin/{applet}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
        users = b"root:x:0:0:root:/root:/bin/sh\n"
        passwd = tarfile.TarInfo("etc/passwd")
        passwd.size = len(users)
        tar.addfile(passwd, io.BytesIO(users))
    return buffer.getvalue()


class Engine:
    """One dockerd and its containerd. `socket` is the path of its API socket, `host` the same as DOCKER_HOST."""

    def __init__(self, prefix="sockwarden-engine-"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=prefix))
        self.socket = str(self.folder / "docker.sock")
        self.host = f"unix://{self.socket}"
        self.log_path = self.folder / "dockerd.log"
        self.containerd = None
        self.dockerd = None

    def start(self):
        try:
            self._start_containerd()
            self.start_dockerd()
            self.request("POST", "/images/create?fromSrc=-&repo=box&tag=1", busybox_root())
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        """End everything this engine started, also what a crash left over, and remove its folder."""
        with contextlib.suppress(OSError, AssertionError, http.client.HTTPException):
            for container in self.request("GET", "/containers/json?all=1"):
                self.request("DELETE", f"/containers/{container['Id']}?force=1&v=1")
            self.request("POST", "/networks/prune")
        self.stop_dockerd()
        if self.containerd:
            self._end(self.containerd)
        self._kill_leftovers()
        self._unmount_leftovers()
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, kill=False):
        """Stop dockerd (at once with kill=True) and start it again on the same socket path."""
        self.stop_dockerd(kill)
        self.start_dockerd()

    def start_dockerd(self):
        folder = self.folder
        with open(self.log_path, "ab") as log:
            self.dockerd = subprocess.Popen(
                ["dockerd", "-H", self.host, "--containerd", f"{folder}/containerd.sock",
                 "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-p", f"{folder}/pid",
                 "--iptables=false", "--ip6tables=false", "--bridge=none", "--shutdown-timeout", "2"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_until(self._answers, 60, "the engine to answer /_ping")

    def stop_dockerd(self, kill=False):
        if self.dockerd:
            self._end(self.dockerd, signal.SIGKILL if kill else signal.SIGTERM)
            self.dockerd = None
        with contextlib.suppress(FileNotFoundError):
            (self.folder / "pid").unlink()

    def request(self, method, target, body=None, headers=None):
        """One call on the engine's own socket; the JSON answer, or its bytes, or an AssertionError."""
        connection = UnixConnection(self.socket)
        with contextlib.closing(connection):
            if isinstance(body, dict):
                body, headers = json.dumps(body), {"Content-Type": "application/json"}
            connection.request(method, target, body, headers or {})
            answer = connection.getresponse()
            data = answer.read()
            assert answer.status < 400, f"{method} {target}: {answer.status} {data[:500]!r}"
            if answer.getheader("Content-Type") == "application/json" and data:
                with contextlib.suppress(json.JSONDecodeError):
                    return json.loads(data)
            return data

    def inspect(self, container):
        return self.request("GET", f"/containers/{container}/json")

    def log_tail(self, lines=15):
        try:
            text = self.log_path.read_text(errors="replace").splitlines()
            return "\n".join([line for line in text if "level=info" not in line][-lines:])
        except FileNotFoundError:
            return "(no log)"

    def _start_containerd(self):
        config = self.folder / "containerd.toml"
        config.write_text(CONTAINERD_CONFIG.format(self.folder))
        with open(self.folder / "containerd.log", "ab") as log:
            self.containerd = subprocess.Popen(["containerd", "--config", str(config)], stdin=subprocess.DEVNULL,
                                               stdout=log, stderr=log, start_new_session=True)
        wait_until((self.folder / "containerd.sock").exists, 30, "containerd to make its socket")

    def _answers(self):
        if self.dockerd.poll() is not None:
            raise RuntimeError(f"dockerd ended with {self.dockerd.returncode}:\n{self.log_tail()}")
        try:
            return self.request("GET", "/_ping") == b"OK"
        except (OSError, http.client.HTTPException):
            return False

    @staticmethod
    def _end(process, with_signal=signal.SIGTERM):
        process.send_signal(with_signal)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)

    def _kill_leftovers(self):
        """Shims name this folder on their command line, container processes name their id in their cgroup."""
        containers = self.folder / "data" / "containers"
        marks = [str(self.folder)] + (os.listdir(containers) if containers.exists() else [])
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                text = (entry / "cmdline").read_text() + (entry / "cgroup").read_text()
                if int(entry.name) != os.getpid() and any(mark in text for mark in marks):
                    os.kill(int(entry.name), signal.SIGKILL)

    def _unmount_leftovers(self):
        mounts = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", mount], check=False, capture_output=True)
