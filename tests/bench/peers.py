"""What is measured: one process each, listening on a port of loopback in front of the same engine socket, with the same
grants. Processor time and memory are read from /proc, for the process and its threads."""

import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import time

import originals

GRANTS = {"CONTAINERS": "1", "EVENTS": "1", "PING": "1", "VERSION": "1", "INFO": "1", "EXEC": "1", "POST": "1"}
# As many as there are descriptors for, two each, with some left for the rest.
CLIENTS = min(24000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2 - 100)
REFUSED = "/secrets"  # granted by nothing above

# Tecnativa's own settings, but for the rules, which the dialect tests' data make, and the number of threads.
HAPROXY = """
global
    log stdout format raw daemon info
    maxconn {clients}
{threads}defaults
    log global
    mode http
    option httplog
    option dontlognull
    option http-server-close
    option redispatch
    retries 3
    timeout http-request 10s
    timeout queue 1m
    timeout connect 10s
    timeout client 10m
    timeout server 10m
    timeout http-keep-alive 10s
    timeout check 10s
    maxconn {clients}
backend engine
    server engine {engine}
frontend clients
    bind 127.0.0.1:{port}
    bind unix@{path} mode 666
{rules}
    http-request deny
    default_backend engine
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peer:
    """One proxy under measurement. `command` gives arguments and environment for an engine and a port; at `path` those that
    are set up here listen as well."""

    def __init__(self, name, folder):
        self.name, self.folder, self.process, self.port = name, pathlib.Path(folder), None, None
        self.path = self.folder / f"{name}.sock"

    def command(self, engine, port):
        raise NotImplementedError

    def passed(self):
        """Descriptors that its process inherits."""
        return ()

    def start(self, engine):
        """Returns the seconds until it answered its first request."""
        self.port = free_port()
        arguments, environment = self.command(engine, self.port)
        # Logs go where they would go in a container: into a pipe that somebody empties.
        began = time.monotonic()
        self.process = subprocess.Popen(arguments, env={"PATH": os.environ["PATH"], **environment},
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        pass_fds=self.passed())
        self.reader = subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)
        self.process.stdout.close()
        while not self._answers():
            assert self.process.poll() is None and time.monotonic() < began + 10, f"{self.name} does not start"
        return time.monotonic() - began

    def _answers(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(f"GET {REFUSED} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
                return connection.recv(12).endswith(b"403")
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.reader.wait()

    def processes(self):
        """The processes that serve."""
        return [self.process.pid]

    def cpu_seconds(self):
        """User and system time of all its threads."""
        tasks = [task for pid in self.processes() for task in pathlib.Path(f"/proc/{pid}/task").iterdir()]
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9

    def keep_to(self, core):
        """All its threads on one core."""
        for pid in self.processes():
            for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
                os.sched_setaffinity(int(task.name), {core})

    def memory(self, field):
        """Bytes: VmRSS, or VmHWM for the highest that it was."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(field)

    def forget_highest_memory(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")


class Sockwarden(Peer):
    """The program of this tree."""

    def __init__(self, binary, folder, name="sockwarden"):
        super().__init__(name, folder)
        self.binary = binary

    def command(self, engine, port):
        return [self.binary], {**GRANTS, "SOCKET_PATH": engine, "LISTEN": f"tcp://127.0.0.1:{port},unix:{self.path}",
                               "MAX_CONNECTIONS": str(CLIENTS)}


class Pair(Sockwarden):
    """Two processes of it that take connections from one socket, as a manager would pass it to them."""

    def __init__(self, binary, folder):
        super().__init__(binary, folder, "two-processes")
        self.listening = None

    def command(self, engine, port):
        _, environment = super().command(engine, port)
        self.listening = socket.create_server(("127.0.0.1", port), backlog=4096)
        one = f"sh -c 'LISTEN_PID=$$ exec {self.binary}' &"
        return (["sh", "-c", f"exec 3<&{self.listening.fileno()}; {one} {one} wait"],
                {**environment, "LISTEN": "systemd:bench", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "bench"})

    def passed(self):
        return (self.listening.fileno(),)

    def processes(self):
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(pid) for pid in pathlib.Path(children).read_text(encoding="ascii").split()]

    def stop(self):
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        super().stop()
        self.listening.close()


class HAProxy(Peer):
    """HAProxy with Tecnativa's rules and settings, on one thread, or on as many as there are cores, which is its default."""

    def __init__(self, folder, every_core=False):
        super().__init__("haproxy-every-core" if every_core else "haproxy", folder)
        self.threads = "" if every_core else "    nbthread 1\n"

    def command(self, engine, port):
        original = originals.TECNATIVA
        path = self.folder / f"{self.name}.cfg"
        path.write_text(HAPROXY.format(engine=engine, port=port, path=self.path, rules=originals.rules(original),
                                       clients=CLIENTS, threads=self.threads))
        program = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
        return [program, "-db", "-f", str(path)], {**original.defaults, **GRANTS}


class Floor(Peer):
    """The least that any proxy can take (floor.c): a fresh connection to the engine for each call, or ones that stay."""

    def __init__(self, program, folder, kept):
        super().__init__("floor-kept" if kept else "floor", folder)
        self.program, self.kept = program, kept

    def command(self, engine, port):
        return [self.program, engine, str(port), str(self.path)] + ["kept"] * self.kept, {}


class Other(Peer):
    """A further proxy by its command line, in which {engine} and {port} are filled in; its settings are its user's."""

    def __init__(self, name, line, folder):
        super().__init__(name, folder)
        self.line = line

    def command(self, engine, port):
        return ["/bin/sh", "-c", "exec " + self.line.format(engine=engine, port=port)], dict(os.environ)
