"""One machine for all tests of this folder, with an engine in it and the program as its units run it."""

import json
import pathlib
import shlex

import pytest

from harness.absence import absent
from harness.machine import Machine, missing_machine
from harness.wait import wait_until

HERE = pathlib.Path(__file__).parent
ENGINE_UNIT = """
[Service]
ExecStart=/usr/bin/python3 /opt/engine.py /run/docker.sock
Type=notify
NotifyAccess=all
Group=docker
UMask=0007
"""


@pytest.fixture(scope="session")
def machine():
    """The booted machine."""
    reason = missing_machine()
    if reason:
        absent("no machine", reason)
    booted = Machine()
    for script in ("engine.py", "probe.py"):
        booted.write(f"/opt/{script}", (HERE / script).read_text())
    booted.write("/etc/systemd/system/engine.service", ENGINE_UNIT)
    booted.boot()
    yield booted
    booted.stop()


class Service:
    """One instance of the service in the machine."""

    def __init__(self, machine, unit, file):
        self.machine = machine
        self.unit = unit
        self.file = file
        self.since = machine.run("date", "+%s.%N").strip()

    def settings(self, text):
        self.machine.write(self.file, text)

    def drop_in(self, text):
        self.machine.write(f"/etc/systemd/system/{self.unit}.d/test.conf", text)
        self.machine.run("systemctl", "daemon-reload")

    def control(self, verb, check=True):
        return self.machine.run("systemctl", verb, self.unit, check=check)

    def show(self, name):
        return self.machine.run("systemctl", "show", "--value", "-p", name, self.unit).strip()

    def process(self):
        return int(self.show("MainPID"))

    def entries(self, *matches, unit=True):
        """What the journal holds of it since the test began, as the journal exports it."""
        self.machine.run("journalctl", "--sync")
        whose = ["--unit", self.unit] if unit else ["--identifier=sockwarden"]
        lines = self.machine.run("journalctl", "-o", "json", "--all", f"--since=@{self.since}", *whose, *matches,
                                 check=False).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def wait_entry(self, *matches, unit=True):
        return wait_until(lambda: self.entries(*matches, unit=unit), 15, f"an entry {matches}")[-1]

    def ask(self, path, *options, address="http://127.0.0.1:2375", user=None):
        """The status of a GET from within the machine; 000 where there is none."""
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", *options, address + path]
        if user:
            command = ["setpriv", *shlex.split(user), *command]
        return self.machine.run(*command, check=False).stdout


@pytest.fixture
def service(machine):
    """service(text, unit, file): an instance with this INI file, not started; stopped and forgotten after the test."""
    made = []

    def make(text, unit="sockwarden.service", file="/etc/sockwarden/sockwarden.ini"):
        machine.run("systemctl", "start", "engine.service")
        made.append(Service(machine, unit, file))
        made[-1].settings(text)
        return made[-1]

    yield make
    for one in made:
        machine.run("systemctl", "stop", one.unit, "sockwarden*.socket", check=False)
        drop_in = machine.root / f"etc/systemd/system/{one.unit}.d/test.conf"
        if drop_in.exists():
            drop_in.unlink()
        machine.run("systemctl", "daemon-reload")
        machine.run("systemctl", "reset-failed")
