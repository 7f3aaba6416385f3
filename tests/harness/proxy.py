"""The program under test: started with a clean environment, watched through its log, judged when it ends."""

import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import weakref

from .wait import wait_until

# Every finite limit short: what a test holds open for longer is held because nothing limits it.
SHORT = 2
SHORT_LIMITS = {name: f"{SHORT}s" for name in ("HEAD_TIMEOUT", "IDLE_TIMEOUT", "ANSWER_TIMEOUT", "CONNECT_TIMEOUT",
                                               "SHUTDOWN_GRACE")}
GRANT_ALL = {name: "1" for name in (
    "AUTH", "BUILD", "COMMIT", "CONFIGS", "CONTAINERS", "DISTRIBUTION", "EVENTS", "EXEC", "GRPC", "IMAGES", "INFO",
    "NETWORKS", "NODES", "PING", "PLUGINS", "POST", "SECRETS", "SERVICES", "SESSION", "SWARM", "SYSTEM", "TASKS",
    "VERSION", "VOLUMES")}
BOTH_LISTENERS = ("tcp://127.0.0.1:0", "unix:{folder}/proxy.sock")
SANITIZER_REPORT = re.compile(r"(Address|Leak|UndefinedBehavior|Memory)Sanitizer|runtime error:")
LISTENING = re.compile(r'\blistening(?: address=|","address":)"?([^\s"]+)')  # text and JSON


def binary():
    path = os.environ.get("SOCKWARDEN")
    assert path and os.path.isabs(path), "set SOCKWARDEN to the absolute path of the binary to test"
    assert os.access(path, os.X_OK), f"SOCKWARDEN={path} is not an executable file"
    return path


@functools.lru_cache
def sanitizer_slack():
    """Bytes that a sanitized build may grow by in addition: it keeps what is freed for a while, with a wide margin."""
    return 64 << 20 if b"__asan_init" in pathlib.Path(binary()).read_bytes() else 0


def clean_environment(**settings):
    """The environment of the program under test: these settings, and nothing inherited.

    A sanitizer looks for leaks with system calls that the sandbox forbids.
    """
    return {"PATH": "/usr/bin:/bin", "ASAN_OPTIONS": "quarantine_size_mb=4", "UBSAN_OPTIONS": "print_stacktrace=1",
            **({"SANDBOX": "no"} if sanitizer_slack() else {}), **settings}


class Proxy:
    """One sockwarden process.

    engine_socket is the value of SOCKET_PATH; environment holds the switches and nothing is inherited; None leaves a
    variable out. After start():
    address is the first listener as DOCKER_HOST takes it, addresses all of them, host and port those of the first TCP
    listener, unix the path of the first unix listener. stop() ends it and asserts a clean end. prefix is a command that
    runs the program in its place (prlimit, setpriv …).
    """

    live = []

    def __init__(self, engine_socket, environment=None, listen=("tcp://127.0.0.1:0",), arguments=(), prefix=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sockwarden-proxy-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.listen = [entry.format(folder=self.folder) for entry in listen]
        settings = {"SOCKET_PATH": engine_socket, "LISTEN": ",".join(self.listen), **(environment or {})}
        self.environment = clean_environment(**{name: value for name, value in settings.items() if value is not None})
        self.arguments = list(arguments)
        self.prefix = list(prefix)
        self.log = []
        self.process = None
        self.reader = None
        self.addresses, self.host, self.port, self.unix = [], None, None, None

    def start(self):
        command = [*self.prefix, binary(), *self.arguments]
        self.process = subprocess.Popen(command, env=self.environment, cwd=self.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        text=True, errors="replace", start_new_session=True)
        self.reader = threading.Thread(target=self._read_log, daemon=True)
        self.reader.start()
        Proxy.live.append(self)
        try:
            wait_until(self._listens, 20, f"a `listening` record for each of {self.listen}")
        except BaseException:
            self.kill()
            raise
        return self

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, kind, value, trace):
        if kind:
            self.kill()
        else:
            self.stop()

    @property
    def address(self):
        return self.addresses[0]

    @property
    def pid(self):
        return self.process.pid

    def wait_for_log(self, predicate, deadline=10, what="a log line"):
        """The first log line for which predicate(line) is true; a string stands for `is contained in`."""
        matches = (lambda line: predicate in line) if isinstance(predicate, str) else predicate
        return wait_until(lambda: next((line for line in list(self.log) if matches(line)), None), deadline,
                          f"{what} ({predicate}) in the log; its end:\n{self.log_tail()}")

    def lines(self, part):
        """Every log line so far that contains `part`."""
        return [line for line in list(self.log) if part in line]

    def signal(self, number):
        self.process.send_signal(number)

    def wait_exit(self, deadline=15):
        """Wait for the end of the process without sending anything; its exit code."""
        code = self.process.wait(deadline)
        self._ended()
        return code

    def terminate(self, deadline=15):
        """SIGTERM, then the exit code; no judgement."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.wait_exit(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"still running {deadline} s after SIGTERM; log:\n{self.log_tail()}") from None

    def stop(self):
        """End it if it still runs and assert that it ended well."""
        crashed = self.process.poll() is not None and self in Proxy.live
        code = self.terminate()
        reports = [line for line in self.log if SANITIZER_REPORT.search(line)]
        assert not reports, "sanitizer report:\n" + "\n".join(self.log[-80:])
        assert code == 0, f"exit code {code}{' before SIGTERM' if crashed else ''}; log:\n{self.log_tail()}"

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._ended()

    def rss(self):
        """Resident memory in bytes."""
        return self._status("VmRSS") * 1024

    def forget_peak(self):
        """Resident memory in bytes; what peak_rss() tells is from now on."""
        pathlib.Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")
        return self.rss()

    def peak_rss(self):
        """The most since the start, or since forget_peak()."""
        return self._status("VmHWM") * 1024

    @property
    def slack(self):
        """What a sanitizer's allocator may keep beyond what the program holds, in bytes; 0 in an ordinary build."""
        return 16 * 1024 * 1024 if b"__asan_init" in pathlib.Path(binary()).read_bytes() else 0

    def cpu(self):
        """Processor time used so far, in seconds."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fd_count(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def log_tail(self, lines=40):
        return "\n".join(self.log[-lines:])

    def _status(self, name):
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M).group(1))

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def _ended(self):
        self.reader.join(5)
        if self in Proxy.live:
            Proxy.live.remove(self)
            shutil.rmtree(self.folder, ignore_errors=True)

    def _listens(self):
        if self.process.poll() is not None:
            self.reader.join(5)
            raise AssertionError(f"ended with {self.process.returncode} before it listened:\n{self.log_tail()}")
        found = [match.group(1) for match in map(LISTENING.search, list(self.log)) if match]
        if len(found) < len(self.listen):
            return False
        for address in found:
            if address.startswith("tcp://"):
                host, port = address[len("tcp://"):].rsplit(":", 1)
                if self.port is None:
                    self.host, self.port = host.strip("[]"), int(port)
                self.addresses.append(address)
            else:
                path = re.sub("^unix:(//)?", "", address)
                self.unix = self.unix or path
                self.addresses.append(f"unix://{path}")
        return True
