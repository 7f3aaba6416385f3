"""Two judges of the same calls: a live HAProxy with the original's rules, and the program under test."""

import os
import pathlib
import re
import shutil
import socket
import subprocess

import originals
from harness.proxy import binary
from harness.wait import wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTES = [ROOT / "policy" / name for name in ("routes.def", "routes_libpod.def")]
START_DEADLINE = 15
CALLS_AT_A_TIME = 200
STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})")
A_FEW_OF_PODMAN = ("/libpod/_ping", "/libpod/info", "/libpod/containers/json", "/libpod/containers/{name}/start")
VERDICT_OF_STATUS = {"200": "allow", "403": "deny"}


def route_templates():
    """Every path template of the route table, in its order and once."""
    table = "".join(path.read_text() for path in ROUTES)
    templates = re.findall(r'^ROUTE(?:_UNDER\("\d\d", |\()\w+, *"([^"]+)"', table, re.MULTILINE)
    assert len(templates) > 200
    return list(dict.fromkeys(templates))


def sample_paths(libpod=True):
    """Each template with a simple name, and once more with a name of several segments where it may span them."""
    paths = []
    for template in route_templates():
        if template.startswith("/libpod/") and not libpod and template not in A_FEW_OF_PODMAN:
            continue
        simple = re.sub(r"\{\w+(\.\.\.)?\}", "abc.d-1_2", template)
        paths.append(simple)
        if "...}" in template:
            paths.append(re.sub(r"\{\w+\.\.\.\}", "reg.io:5000/a/b:t@sha256:0f", template))
    return list(dict.fromkeys(paths))


class HAProxy:
    """An HAProxy for one original in one environment; judge() sends calls through it and reads its verdicts."""

    def __init__(self, folder, original, environment):
        self.folder = pathlib.Path(folder)
        self.judge_path, self.answers_path = self.folder / "judge.sock", self.folder / "answers.sock"
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(originals.configuration(original, self.judge_path, self.answers_path))
        program = shutil.which("haproxy", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
        assert program, "haproxy is not installed"
        settings = {os.fsencode(name): os.fsencode(value) for name, value in
                    {"PATH": "/usr/bin:/bin", **original.defaults, **environment}.items()}
        self.log = (self.folder / "haproxy.log").open("ab")
        self.process = subprocess.Popen([program, "-db", "-f", str(configuration)], env=settings,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.connection = None

    def __enter__(self):
        self.connection = wait_until(self._connect, START_DEADLINE, "HAProxy accepts a connection")
        return self

    def __exit__(self, *_):
        if self.connection:
            self.connection.close()
        self.process.kill()
        self.process.wait()
        self.log.close()

    def _connect(self):
        assert self.process.poll() is None, (self.folder / "haproxy.log").read_text(errors="replace")
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(START_DEADLINE)
        try:
            connection.connect(str(self.judge_path))
        except OSError:
            connection.close()
            return None
        return connection

    def judge(self, calls):
        """The verdicts, in order. Calls go out in batches over one kept connection, each answer is read whole."""
        verdicts = []
        stream = self.connection.makefile("rb")
        for begin in range(0, len(calls), CALLS_AT_A_TIME):
            batch = calls[begin:begin + CALLS_AT_A_TIME]
            self.connection.sendall(b"".join(
                f"{method} {target} HTTP/1.1\r\nhost: engine\r\ncontent-length: 0\r\n\r\n".encode("latin-1")
                for method, target in batch))
            verdicts += [self._read_verdict(stream, method) for method, _ in batch]
        return verdicts

    @staticmethod
    def _read_verdict(stream, method):
        line = stream.readline()
        match = STATUS_LINE.match(line)
        assert match, f"HAProxy answered {line!r}"
        length = 0
        while (field := stream.readline().strip()) != b"":
            name, _, value = field.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            assert name.lower() != b"connection" or value.strip() != b"close", "HAProxy closes the connection"
        if method != "HEAD":
            stream.read(length)
        return VERDICT_OF_STATUS[match[1].decode()]


def ask(original, environment, calls):
    """The verdict, operation, rule and cure of each call under an environment, from `sockwarden explain -`."""
    settings = {os.fsencode(name): os.fsencode(value) for name, value in
                {"PATH": "/usr/bin:/bin", "DIALECT": original.name, **environment}.items()}
    lines = "".join(f"{method}\t{target}\n" for method, target in calls).encode("latin-1")
    done = subprocess.run([binary(), "explain", "-"], input=lines, env=settings, capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    answers = [tuple(line.split("\t")) for line in done.stdout.decode().splitlines()]
    assert len(answers) == len(calls), f"{len(calls)} calls, {len(answers)} answers"
    return answers


def judge_ours(original, environment, calls):
    return [answer[0] for answer in ask(original, environment, calls)]


def differences(calls, theirs, ours):
    """(call, HAProxy's verdict, ours) wherever the two differ."""
    assert len(calls) == len(theirs) == len(ours)
    return [(call, their, our) for call, their, our in zip(calls, theirs, ours) if their != our]
