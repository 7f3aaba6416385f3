"""Each directive of the service keeps it from what it is for: tried without it, with it alone, and with all of them."""

import json
import re

import pytest

from harness.machine import NOBODY, REPOSITORY

UNIT = "docker/systemd/sockwarden.service"
# Directive: what it forbids, and the user who tries it where root is let pass.
FORBIDS = {
    "CapabilityBoundingSet=": ("give-a-file-away", None),
    "NoNewPrivileges=yes": ("gain-privileges-by-a-program", NOBODY),
    "LockPersonality=yes": ("change-the-personality", None),
    "MemoryDenyWriteExecute=yes": ("map-code", None),
    "PrivateDevices=yes": ("make-a-device", None),
    "PrivateMounts=yes": ("share-mounts", None),
    "PrivateTmp=yes": ("read-tmp-of-others", None),
    "ProcSubset=pid": ("see-the-kernel", None),
    "ProtectClock=yes": ("set-the-clock", None),
    "ProtectControlGroups=yes": ("make-a-cgroup", None),
    "ProtectHome=yes": ("read-homes", None),
    "ProtectHostname=yes": ("set-the-host-name", None),
    "ProtectKernelLogs=yes": ("read-the-kernel-log", None),
    "ProtectKernelModules=yes": ("load-a-module", None),
    "ProtectKernelTunables=yes": ("open-a-tunable", None),
    "ProtectProc=invisible": ("see-processes-of-others", NOBODY),
    "ProtectSystem=strict": ("write-to-etc", None),
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6": ("open-another-family", None),
    "RestrictNamespaces=yes": ("enter-a-namespace", None),
    "RestrictRealtime=yes": ("become-real-time", None),
    "RestrictSUIDSGID=yes": ("make-a-setuid-file", None),
    "SystemCallArchitectures=native": ("run-other-architecture", None),
    "SystemCallFilter=~@privileged @resources": ("change-the-root", None),
    "UMask=0077": ("make-a-file-for-others", None),
}
# Directives that open something, that only shape others, or that act when the service has ended.
ELSEWHERE = {
    "AmbientCapabilities=", "DynamicUser=yes", "PrivateUsers=no", "RemoveIPC=yes", "RuntimeDirectory=sockwarden",
    "RuntimeDirectoryMode=0755", "SupplementaryGroups=docker", "SystemCallErrorNumber=EPERM",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=@chown seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self",
}
ATTEMPTS = sorted({name for name, _ in FORBIDS.values()})
PROBE = ("/usr/bin/python3", "/opt/probe.py")


def hardening():
    """The directives of the unit behind the line that begins them."""
    text = (REPOSITORY / UNIT).read_text().split("LimitNOFILE=")[1].split("[Install]")[0]
    return [line for line in text.splitlines()[1:] if line and not line.startswith("#")]


@pytest.fixture(scope="module")
def prepared(machine):
    machine.run("sh", "-c", "echo x >/tmp/marker; chmod 644 /tmp/marker; mkdir -p -m 1777 /run/probe; "
                            "printf %s \"$(readlink /proc/1/ns/mnt)\" >/opt/mounts")
    return machine


def run_probe(machine, attempts, properties=(), user=None):
    options = [f"--property={one}" for one in properties] + ([f"--uid={user}"] if user else [])
    printed = machine.run("systemd-run", "--quiet", "--wait", "--pipe", *options, *PROBE, "/run/probe", *attempts)
    return json.loads(printed)


def test_each_directive_has_its_proof():
    assert sorted(FORBIDS.keys() | ELSEWHERE) == sorted(set(hardening()))


@pytest.mark.parametrize("user", [None, NOBODY])
def test_without_any_of_them_everything_can_be_done(prepared, user):
    attempts = [name for name, who in FORBIDS.values() if who == user]
    assert run_probe(prepared, attempts, user=user) == dict.fromkeys(attempts, "done")


@pytest.mark.parametrize("directive", FORBIDS)
def test_a_directive_by_itself_forbids_what_it_is_for(prepared, directive):
    attempt, user = FORBIDS[directive]
    assert run_probe(prepared, [attempt], [directive, "SystemCallErrorNumber=EPERM"], user)[attempt] != "done"


@pytest.fixture
def probe_unit(prepared):
    """The service as it is, with the probe in the program's place."""
    text = (REPOSITORY / UNIT).read_text()
    text = re.sub(r"(?m)^(Type|Exec\w+|Restart|WatchdogSec)=.*\n", "", text).replace(
        "[Service]\n", "[Service]\nType=oneshot\nStandardOutput=truncate:/opt/probe.out\n"
        f"ExecStart={' '.join(PROBE)} /run/sockwarden {' '.join(ATTEMPTS)} reach-the-engine\n")
    prepared.write("/etc/systemd/system/probe.service", text)
    prepared.run("systemctl", "daemon-reload")
    prepared.run("systemctl", "start", "engine.service")
    yield "probe.service"
    (prepared.root / "etc/systemd/system/probe.service").unlink()
    prepared.run("systemctl", "daemon-reload")


def test_in_the_service_nothing_of_it_can_be_done_and_the_engine_is_reached(prepared, probe_unit):
    prepared.run("systemctl", "start", probe_unit)
    results = json.loads((prepared.root / "opt/probe.out").read_text())
    assert results.pop("reach-the-engine") == "done"
    assert sorted(results) == ATTEMPTS and "done" not in results.values()
