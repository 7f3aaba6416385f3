"""The package in a bare Debian whose process 1 is systemd: enabled, upgraded while it serves, and purged."""

import shutil

import pytest

from harness.absence import absent
from harness.debian import DebianRoot
from harness.machine import Machine, missing_machine
from packages import SETTINGS, repack

PASSED = """[upstream]
address = unix:/run/docker.sock
[listener clients]
address = systemd:clients
policy = all
[policy all]
allow = @read
"""
ASK = "exec 3<>/dev/tcp/127.0.0.1/2375; printf 'GET /version HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


@pytest.fixture(scope="module")
def machine(package, tmp_path_factory):
    reason = missing_machine()
    if reason:
        absent("no machine", reason)
    root = DebianRoot(tmp_path_factory.mktemp("machine"))
    root.apt("update")
    root.apt("install", "systemd-sysv")
    shutil.copy(package, root.folder / "root/sockwarden.deb")
    booted = Machine(root.folder)
    # The machine has no network: what the package needs is installed before.
    root.apt("install", "libevent-core-2.1-7", "libevent-extra-2.1-7", "libhttp-parser2.9", "libinih1", "libcjson1", "libseccomp2")
    booted.boot()
    yield booted
    booted.stop()


def install(machine, path):
    return machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "install", path, timeout=120)


def listening_socket(machine):
    """The inode of the socket that listens on port 2375, as the kernel tells it."""
    rows = [line.split() for line in machine.run("cat", "/proc/net/tcp").splitlines()[1:]]
    return [row[9] for row in rows if row[1].endswith(":0947") and row[3] == "0A"]


def test_it_is_enabled_upgraded_while_it_serves_and_purged(machine, package, tmp_path):
    install(machine, "/root/sockwarden.deb")
    assert machine.run("systemctl", "is-enabled", "sockwarden", check=False).stdout == "disabled\n"
    assert machine.run("systemctl", "is-active", "sockwarden", check=False).stdout == "inactive\n"
    machine.run("systemctl", "enable", "--now", "sockwarden")
    assert machine.run("systemctl", "is-active", "sockwarden") == "active\n"
    assert "cannot connect to unix:/run/docker.sock" in machine.run("sockwarden", "-c", f"/{SETTINGS}", "health",
                                                                    check=False).stdout
    machine.write(f"/{SETTINGS}", PASSED)
    machine.run("systemctl", "stop", "sockwarden")
    machine.run("systemctl", "enable", "--now", "sockwarden.socket")
    assert "sockwarden: cannot connect to unix:/run/docker.sock" in machine.run("bash", "-c", ASK)
    process, sockets = machine.run("systemctl", "show", "--value", "-p", "MainPID", "sockwarden"), listening_socket(machine)
    assert process != "0\n" and len(sockets) == 1
    shutil.copy(repack(package, tmp_path / "next", "9.0"), machine.root / "root/next.deb")
    install(machine, "/root/next.deb")
    assert machine.run("systemctl", "show", "--value", "-p", "MainPID", "sockwarden") not in (process, "0\n")
    assert listening_socket(machine) == sockets, "the socket was closed meanwhile"
    assert machine.run("cat", f"/{SETTINGS}") == PASSED
    assert "sockwarden: cannot connect to unix:/run/docker.sock" in machine.run("bash", "-c", ASK)
    machine.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "purge", "sockwarden", timeout=120)
    assert listening_socket(machine) == []
    left = machine.run("find", "/etc", "/run/systemd", "/usr", "/var/lib/systemd", "/var/lib/private", "-name",
                       "*sockwarden*", check=False).stdout.split()
    assert left == []
    assert machine.run("systemctl", "--failed", "--no-legend", "--plain", "list-units", "sockwarden*") == ""
