"""The units as a user installs them, under systemd as process 1: each thing that it promises a service, and a user."""

import pathlib
import re
import signal
import subprocess
import time

import pytest

from harness.machine import CLIENTS_GROUP, DOCKER_GROUP, NOBODY, REPOSITORY
from harness.wait import wait_until

POLICY = """
[policy readers]
allow = SystemPing, SystemVersion, SystemEvents
[policy ops]
allow = @read
"""
TCP = "[upstream]\naddress = unix:/run/docker.sock\n" + POLICY + """
[listener clients]
address = tcp://127.0.0.1:2375
policy = readers
"""
OPS = """
[listener ops]
address = unix:/run/sockwarden/ops.sock
mode = 0660
group = docker
policy = ops
"""
PASSED = TCP.replace("tcp://127.0.0.1:2375", "systemd:clients")
SECOND_SOCKET = """
[Socket]
ListenStream=/run/ops.sock
SocketMode=0660
SocketGroup=docker
FileDescriptorName=ops
Service=sockwarden.service
"""
AS_MEMBER = f"--reuid={NOBODY} --regid={NOBODY} --groups={DOCKER_GROUP}"
AS_STRANGER = f"--reuid={NOBODY} --regid={NOBODY} --clear-groups"


def test_it_starts_when_it_listens_and_serves_as_a_user_of_its_own(service):
    one = service(TCP)
    one.control("start")
    assert one.ask("/version") == "200"
    assert (one.show("ActiveState"), one.show("Result")) == ("active", "success")
    assert one.show("StatusText") == "1 listener, 0 clients"
    status = one.machine.run("cat", f"/proc/{one.process()}/status")
    user = int(re.search(r"^Uid:\s+(\d+)", status, re.M)[1])
    assert 61184 <= user <= 65519 and re.search(rf"^Groups:.*\b{DOCKER_GROUP}\b", status, re.M)
    assert re.search(r"^CapBnd:\s+0+$", status, re.M) and re.search(r"^NoNewPrivs:\s+1$", status, re.M)


@pytest.mark.parametrize("mode,result", [("0640", 0), ("0600", 1)])
def test_its_file_can_be_kept_from_all_but_its_group(service, mode, result):
    one = service(TCP)
    one.drop_in("[Service]\nRestart=no\n")
    one.machine.run("chgrp", "docker", one.file)
    one.machine.run("chmod", mode, one.file)
    try:
        assert one.control("start", check=False).returncode == result
        assert result == 0 or one.show("StatusText") == f"{one.file}: can't be read: Permission denied"
    finally:
        one.machine.run("chmod", "0644", one.file)


def test_it_shuts_itself_in_further(service):
    one = service(TCP)
    one.control("start")
    text = one.wait_entry("SOCKWARDEN_EVENT=sandbox")["SOCKWARDEN_TEXT"]
    assert "seccomp" in text and "Landlock" in text and "not to be had" not in text


def test_a_refusal_stands_in_the_journal_with_its_fields_and_in_the_status(service):
    one = service(TCP)
    one.control("start")
    assert one.ask("/info") == "403"
    entry = one.wait_entry("SOCKWARDEN_EVENT=refused")
    assert {name: entry[name] for name in ("PRIORITY", "SYSLOG_IDENTIFIER", "SOCKWARDEN_METHOD", "SOCKWARDEN_PATH",
                                           "SOCKWARDEN_STATUS", "SOCKWARDEN_OPERATION", "_TRANSPORT")} == {
        "PRIORITY": "4", "SYSLOG_IDENTIFIER": "sockwarden", "SOCKWARDEN_METHOD": "GET", "SOCKWARDEN_PATH": "/info",
        "SOCKWARDEN_STATUS": "403", "SOCKWARDEN_OPERATION": "SystemInfo", "_TRANSPORT": "journal"}
    assert entry["MESSAGE"].startswith("refused client=127.0.0.1:")
    one.ask("/version")
    warnings = one.entries("--priority=warning", "SOCKWARDEN_METHOD=GET")
    assert [found["SOCKWARDEN_PATH"] for found in warnings] == ["/info"]
    one.control("reload")
    wait_until(lambda: "last refused: GET /info from 127.0.0.1:" in one.show("StatusText"), 15, "the status")


def test_a_start_that_fails_says_why_in_its_status_and_the_journal(service):
    one = service(TCP.replace("127.0.0.1:2375", "192.0.2.1:2375"))
    one.drop_in("[Service]\nRestart=no\n")
    assert one.control("start", check=False).returncode == 1
    assert one.show("Result") == "exit-code"
    assert one.show("StatusText").startswith("cannot listen on tcp://192.0.2.1:2375: this host has no such address")
    # The journal loses the unit of a process that is gone before it looks, so last words wait for it a little.
    wait_until(lambda: one.control("start", check=False) and one.entries("--grep", "no such address", "--priority=err"),
               20, "the reason among what the journal has of the unit")


@pytest.mark.parametrize("address,told", [
    ("unix:/run/other.sock", "may not make files in /run, which is of user 0, group 0 and mode 0755; choose a folder "
                             "of its own [(]under systemd a RuntimeDirectory=[)]"),
    ("unix:/home/x/s.sock", "the user [0-9]+, as which this runs, may not enter /home"),
    ("unix:/run/sockwarden/none/s.sock", "the folder /run/sockwarden/none does not exist"),
    ("tcp://127.0.0.1:80", "let systemd open it"),
    ("unix:/run/docker.sock", "/etc/sockwarden/sockwarden.ini:10: .* that is where the engine is"),
])
def test_a_place_that_the_service_can_not_listen_at_is_told_with_the_mend(service, address, told):
    one = service(TCP.replace("tcp://127.0.0.1:2375", address))
    one.drop_in("[Service]\nRestart=no\n")
    assert one.control("start", check=False).returncode == 1
    text = one.show("StatusText")
    assert re.search(told, text), text


def test_a_place_that_comes_later_is_waited_for(service):
    one = service(TCP.replace("127.0.0.1:2375", "192.0.2.1:2375"))
    one.control("start", check=False)
    one.machine.run("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
    try:
        wait_until(lambda: one.ask("/version", address="http://192.0.2.1:2375") == "200", 20, "the service to be there")
    finally:
        one.machine.run("ip", "address", "del", "192.0.2.1/32", "dev", "lo")


def test_a_file_with_a_fault_stops_the_start_for_good_and_is_named(service):
    one = service(TCP + "adress = x\n")
    assert one.control("start", check=False).returncode == 1
    assert one.show("StatusText").startswith("/etc/sockwarden/sockwarden.ini:12: ")
    message = one.wait_entry("--grep", "did you mean address", unit=False)["MESSAGE"]
    assert "/etc/sockwarden/sockwarden.ini:12: " in message
    assert (one.show("ActiveState"), one.show("NRestarts")) == ("failed", "0")


def test_a_reload_takes_over_what_is_new_and_keeps_the_streams(service):
    one = service(TCP)
    one.control("start")
    process = one.process()
    events = subprocess.Popen(one.machine.command("curl", "-sN", "http://127.0.0.1:2375/events"),
                              stdout=subprocess.PIPE, text=True)
    try:
        assert events.stdout.readline() == "{}\n"
        one.settings(TCP + OPS)
        one.control("reload")
        wait_until(lambda: one.show("StatusText").startswith("2 listeners, 1 client"), 10, "two listeners")
        assert one.ask("/info", "--unix-socket", "/run/sockwarden/ops.sock", address="http://d") == "200"
        for _ in range(5):
            assert events.stdout.readline() == "{}\n"
        assert (one.process(), one.show("ActiveState")) == (process, "active")
    finally:
        events.kill()
        events.wait()


def test_a_reload_of_a_file_with_a_fault_fails_and_keeps_the_settings(service):
    one = service(TCP)
    one.control("start")
    one.settings(TCP + "colour = red\n")
    assert one.control("reload", check=False).returncode == 1
    assert "colour" in one.wait_entry("--grep", "colour", unit=False)["MESSAGE"]
    assert (one.show("ActiveState"), one.ask("/version")) == ("active", "200")
    one.settings(TCP.replace("127.0.0.1:2375", "192.0.2.1:2375"))  # a fault that only opening it finds
    one.control("reload")
    wait_until(lambda: "the last reload failed: cannot listen on tcp://192.0.2.1:2375" in one.show("StatusText"), 10,
               "the failure in the status")
    assert one.ask("/version") == "200"


def test_the_group_of_a_socket_may_use_it_and_nobody_else(service):
    one = service(TCP + OPS)
    one.control("start")
    over = ("--unix-socket", "/run/sockwarden/ops.sock")
    assert one.machine.run("stat", "-c", "%a %G", "/run/sockwarden/ops.sock").split() == ["660", "docker"]
    assert one.ask("/info", *over, address="http://d", user=AS_MEMBER) == "200"
    assert one.ask("/info", *over, address="http://d", user=AS_STRANGER) == "000"
    one.control("stop")
    assert one.machine.run("ls", "/run/sockwarden", check=False).returncode != 0


FILES = [REPOSITORY / "docker/package/sockwarden.ini", *sorted((REPOSITORY / "examples").glob("*.ini"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_each_file_that_comes_with_it_starts_the_service(service, file):
    one = service(pathlib.Path(file).read_text())
    one.control("start")
    assert one.show("ActiveState") == "active"
    assert not one.entries("--priority=err", "SOCKWARDEN_EVENT=setting")


@pytest.mark.parametrize("names,expected", [("here.test", "200"), ("10.0.0.0/8, elsewhere.test", "403")])
def test_who_may_use_a_listener_can_be_given_by_name(service, names, expected):
    one = service(TCP + f"allow_from = {names}\n")
    one.control("start")
    assert one.ask("/version") == expected


def test_sockets_start_the_service_and_outlive_it(service):
    one = service(PASSED + OPS.replace("unix:/run/sockwarden/ops.sock\nmode = 0660\ngroup = docker", "systemd:ops"))
    one.machine.write("/etc/systemd/system/sockwarden-ops.socket", SECOND_SOCKET)
    one.machine.run("systemctl", "daemon-reload")
    one.machine.run("systemctl", "start", "sockwarden.socket", "sockwarden-ops.socket")
    assert one.show("ActiveState") == "inactive"
    assert one.ask("/info", "--unix-socket", "/run/ops.sock", address="http://d", user=AS_MEMBER) == "200"
    assert one.show("ActiveState") == "active"
    assert (one.ask("/version"), one.ask("/info")) == ("200", "403")
    # Who connects while there is no service waits for the next one.
    one.machine.run("systemctl", "restart", "--no-block", one.unit)
    for _ in range(20):
        assert one.ask("/version") == "200"
    assert one.ask("/version", "--unix-socket", "/run/ops.sock", address="http://d", user=AS_STRANGER) == "000"
    assert not one.entries("--grep", "is closed: no listener")


def test_a_socket_for_a_container_stays_the_same_over_restarts_and_is_its_groups_alone(service):
    one = service(PASSED.replace("systemd:clients", "systemd:dozzle"))
    path = "/run/sockwarden-dozzle/docker.sock"
    one.machine.write("/etc/systemd/system/sockwarden-dozzle.socket",
                      SECOND_SOCKET.replace("=docker", "=clients").replace("/run/ops.sock", path).replace("=ops",
                                                                                                          "=dozzle"))
    one.machine.run("systemctl", "daemon-reload")
    one.machine.run("systemctl", "start", "sockwarden-dozzle.socket")
    inodes = set()
    for _ in range(2):
        one.control("restart")
        inodes.add(one.machine.run("stat", "-c", "%i %a %g", path))
        for user, expected in ((AS_STRANGER.replace("--clear-groups", f"--groups={CLIENTS_GROUP}"), "200"),
                               (AS_STRANGER, "000")):
            assert one.ask("/version", "--unix-socket", path, address="http://d", user=user) == expected
    assert len(inodes) == 1 and inodes.pop().split()[1:] == ["660", str(CLIENTS_GROUP)]


def test_a_socket_that_no_listener_takes_is_told(service):
    one = service(TCP.replace(":2375", ":2376"))
    one.machine.run("systemctl", "start", "sockwarden.socket")
    one.control("start")
    text = one.wait_entry("SOCKWARDEN_EVENT=systemd")["SOCKWARDEN_TEXT"]
    assert "the passed socket clients at tcp://127.0.0.1:2375 is closed: no listener has" in text


def test_an_instance_of_the_template_has_its_own_file_folder_and_user(service):
    text = TCP.replace(":2375", ":2380") + OPS.replace("/run/sockwarden/", "/run/sockwarden-ci/")
    one = service(text, "sockwarden@ci.service", "/etc/sockwarden/ci.ini")
    other = service(TCP)
    one.control("start")
    other.control("start")
    assert one.ask("/version", address="http://127.0.0.1:2380") == "200" and other.ask("/version") == "200"
    assert one.ask("/info", "--unix-socket", "/run/sockwarden-ci/ops.sock", address="http://d") == "200"
    users = {one.machine.run("stat", "-c", "%u", f"/proc/{each.process()}").strip() for each in (one, other)}
    assert len(users) == 2 and "0" not in users
    other.control("stop")
    assert one.ask("/version", address="http://127.0.0.1:2380") == "200"


def test_one_that_hangs_is_killed_by_the_watchdog_and_started_anew(service):
    one = service(TCP)
    one.drop_in("[Service]\nWatchdogSec=1s\nTimeoutAbortSec=1s\n")
    one.control("start")
    first = one.process()
    end = time.monotonic() + 2.5
    wait_until(lambda: time.monotonic() > end, 20, "two limits and a half to pass")
    assert one.process() == first  # it answers while it can
    one.machine.run("kill", "-STOP", str(first))
    wait_until(lambda: one.process() not in (0, first) and one.show("ActiveState") == "active", 20, "a new process")
    assert one.ask("/version") == "200"
    assert one.entries("--grep", "Watchdog timeout")


def test_one_that_was_killed_comes_again(service):
    one = service(TCP)
    one.control("start")
    first = one.process()
    one.machine.run("kill", f"-{signal.SIGKILL.value}", str(first))
    wait_until(lambda: one.process() not in (0, first) and one.ask("/version") == "200", 20, "a new process")


def test_it_stops_in_order_with_a_stream_open(service):
    one = service(TCP)
    one.control("start")
    events = subprocess.Popen(one.machine.command("curl", "-sN", "http://127.0.0.1:2375/events"),
                              stdout=subprocess.PIPE, text=True)
    assert events.stdout.readline() == "{}\n"
    one.control("stop")
    events.communicate(timeout=20)
    assert events.returncode == 0  # the stream ended with its last chunk
    assert (one.show("Result"), one.show("ExecMainStatus")) == ("success", "0")
    assert one.entries("SOCKWARDEN_EVENT=stopped")


def test_the_manager_waits_as_long_as_the_settings_give_calls_to_end(service):
    one = service("[sockwarden]\nshutdown_grace = 20s\n" + TCP)
    one.drop_in("[Service]\nTimeoutStopSec=1s\n")
    one.control("start")
    one.machine.run("rm", "-f", "/run/slow")
    curl = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:2375/version?slow=1")
    call = subprocess.Popen(one.machine.command(*curl), stdout=subprocess.PIPE, text=True)
    wait_until(lambda: one.machine.run("ls", "/run/slow", check=False).returncode == 0, 10, "the call to be there")
    one.control("stop")
    assert call.communicate(timeout=20)[0] == "200"
    assert one.show("Result") == "success"


def test_it_waits_for_an_engine_that_comes_later_and_comes_again(service):
    one = service(TCP)
    one.machine.run("systemctl", "stop", "engine.service")
    one.control("start")
    assert one.ask("/version") == "503"
    one.machine.run("systemctl", "start", "engine.service")
    assert one.ask("/version") == "200"
    one.machine.run("systemctl", "restart", "engine.service")
    assert one.ask("/version") == "200"
