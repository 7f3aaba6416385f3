"""A machine whose process 1 is systemd: a container of this host's own programs, with the units and the program in it.

Nothing is installed or downloaded: the root is a skeleton of a few files, /usr is this host's, read-only, with our
program laid over it. Or it is a root that somebody else made, as it stands.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

from .proxy import binary, clean_environment
from .wait import wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
DOCKER_GROUP = 990
CLIENTS_GROUP = 4000
NOBODY = 65534
BOOT_DEADLINE = 40
# What a program may ask of the kernel on a machine that is no container.
SYSTEM_CALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self"
FILES = {
    "etc/machine-id": "",
    "etc/hostname": "sockwarden-machine\n",
    "etc/hosts": "127.0.0.1 localhost here.test\n",
    "etc/nsswitch.conf": "passwd: files systemd\ngroup: files systemd\nhosts: files\n",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n",
    "etc/group": f"root:x:0:\nnogroup:x:65534:\ndocker:x:{DOCKER_GROUP}:\nclients:x:{CLIENTS_GROUP}:\n",
    "root/secret": "secret\n",
}


def missing_machine():
    """Why no machine can be booted here, or None."""
    if os.geteuid() != 0:
        return "booting a machine needs root"
    for program in ("systemd-nspawn", "nsenter", "journalctl"):
        if not shutil.which(program):
            return f"{program} is not installed"
    if not os.path.exists("/usr/lib/systemd/systemd"):
        return "systemd is not installed"
    if not os.path.islink("/bin"):
        return "this host's programs are not all below /usr"
    return None


class Machine:
    """root is the folder of its root, as seen from outside; run() runs a command in it."""

    def __init__(self, root=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockwarden-machine-"))
        self.folder.chmod(0o755)
        self.root = pathlib.Path(root) if root else self.folder / "root"
        self.console = self.folder / "console.log"
        self.nspawn = self.init = None
        self.overlay = []
        if not root:
            self._furnish()
            self._lay_over()

    def _lay_over(self):
        over = self.folder / "over"
        (over / "bin").mkdir(parents=True)
        over.chmod(0o755)
        shutil.copy(binary(), over / "bin/sockwarden")
        shutil.copy("/usr/bin/id", over / "bin/privileged-id")
        (over / "bin/privileged-id").chmod(0o4755)
        self.overlay = [f"--overlay-ro=/usr:{over}:/usr"]

    def boot(self):
        command = ["systemd-nspawn", f"--directory={self.root}", *self.overlay, "--boot",
                   f"--machine=sockwarden-{os.getpid()}", "--register=no", "--keep-unit", "--link-journal=no",
                   "--private-network", "--console=pipe", "--capability=all", f"--system-call-filter={SYSTEM_CALLS}"]
        with open(self.console, "wb") as console:
            self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                                           env=clean_environment(PATH=os.environ["PATH"]))
        try:
            wait_until(self._is_up, BOOT_DEADLINE, "the machine to be up")
        except AssertionError as error:
            raise AssertionError(f"{error}; its console:\n{self.stop()}") from None
        return self

    def stop(self):
        """Ends it; what it said on its console."""
        if self.nspawn and self.nspawn.poll() is None:
            self.nspawn.terminate()
            try:
                self.nspawn.wait(20)
            except subprocess.TimeoutExpired:
                if self.init:
                    os.kill(self.init, signal.SIGKILL)
                self.nspawn.kill()
                self.nspawn.wait(10)
        text = self.console.read_text(errors="replace") if self.console.exists() else ""
        shutil.rmtree(self.folder, ignore_errors=True)
        return text

    def command(self, *arguments):
        return ["nsenter", "-t", str(self.init), "-a", "--", *map(str, arguments)]

    def run(self, *arguments, check=True, timeout=60):
        """What a command in the machine prints; fails where it does."""
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=timeout, check=False,
                              env=clean_environment(), stdin=subprocess.DEVNULL)
        assert not check or done.returncode == 0, f"{arguments}: {done}"
        return done.stdout if check else done

    def write(self, path, text):
        """A file of the machine, by its absolute path below /etc, /opt or /root."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def _furnish(self):
        for folder in ("dev", "etc", "opt", "proc", "root", "run", "sys", "tmp", "usr", "var"):
            (self.root / folder).mkdir(parents=True)
        for name in ("bin", "lib", "lib32", "lib64", "libx32", "sbin"):
            if os.path.islink(f"/{name}"):
                (self.root / name).symlink_to(os.readlink(f"/{name}"))
        for name, text in FILES.items():
            self.write(name, text)
        shutil.copy("/etc/os-release", self.root / "etc/os-release")
        units = self.root / "etc/systemd/system"
        units.mkdir(parents=True)
        for unit in (REPOSITORY / "docker/systemd").iterdir():
            shutil.copy(unit, units)

    def _is_up(self):
        assert self.nspawn.poll() is None, f"systemd-nspawn ended with {self.nspawn.returncode}"
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children").read_text().split()
        if not children:
            return False
        self.init = int(children[0])  # at first a helper that makes process 1 and ends
        return self.run("systemctl", "is-system-running", check=False).stdout.strip() in ("running", "degraded")
