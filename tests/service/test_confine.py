"""What the process gives up once it listens: root, capabilities, and with the sandbox whatever it does not need."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile

import pytest

from harness.fake_daemon import FakeDaemon, json_answer
from harness.proxy import GRANT_ALL, Proxy, binary, sanitizer_slack
from harness.raw_client import RawClient
from harness.wait import wait_until

NOBODY = 65534
PING = b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def folder():
    """A folder that everybody may pass, unlike those of the other tests."""
    with tempfile.TemporaryDirectory(prefix="sockwarden-confine-") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture
def engine(folder):
    """engine(mode, owner, group): a scripted engine whose socket file has them."""
    with contextlib.ExitStack() as stack:
        def start(mode, owner=0, group=0):
            daemon = stack.enter_context(FakeDaemon(path=f"{folder}/docker.sock"))
            daemon.on("/_ping", lambda connection: connection.send(json_answer(200, {})))
            os.chown(daemon.path, owner, group)
            os.chmod(daemon.path, mode)
            return daemon
        yield start


@pytest.fixture
def open_binary(folder, monkeypatch):
    """A copy of the program where anyone may run it."""
    shutil.copy(binary(), folder / "sockwarden")
    os.chmod(folder / "sockwarden", 0o755)
    monkeypatch.setenv("SOCKWARDEN", str(folder / "sockwarden"))


def status(proxy):
    lines = pathlib.Path(f"/proc/{proxy.pid}/status").read_text().splitlines()
    return {name: value.split() for name, value in (line.split(":", 1) for line in lines)}


def identity(proxy):
    """uid, gid and supplementary groups, once it has become what it will be; each id in all its forms is the same."""
    proxy.wait_for_log(" sandbox ")
    told = status(proxy)
    assert len(set(told["Uid"])) == len(set(told["Gid"])) == 1, told
    return int(told["Uid"][0]), int(told["Gid"][0]), [int(group) for group in told["Groups"]]


def answers(proxy):
    with RawClient((proxy.host, proxy.port)) as client:
        return client.exchange(PING).status


# mode, owner and group of the engine's socket; what the process becomes
SOCKETS = {
    "as packages make it": (0o660, 0, 991, (NOBODY, NOBODY, [991])),
    "of group root": (0o660, 0, 0, (NOBODY, NOBODY, [0])),
    "of a rootless engine": (0o660, 1000, 1000, (NOBODY, NOBODY, [1000])),
    "of its owner alone": (0o600, 1000, 1000, (1000, NOBODY, [])),
    "of root alone": (0o600, 0, 0, (0, 0, [])),
    "of everybody": (0o666, 0, 991, (NOBODY, NOBODY, [991])),
    "of others but not of its group": (0o606, 0, 991, (NOBODY, NOBODY, [])),
}


@pytest.mark.parametrize("name", SOCKETS)
def test_root_becomes_a_user_who_may_open_the_socket_and_little_else(engine, start_proxy, name):
    mode, owner, group, wanted = SOCKETS[name]
    daemon = engine(mode, owner, group)
    proxy = start_proxy(daemon.path, GRANT_ALL)
    assert identity(proxy) == wanted
    assert answers(proxy) == 200
    told = status(proxy)
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(told[capabilities][0], 16) == 0, capabilities


@pytest.mark.parametrize("settings,wanted", [
    ({"PUID": "1234", "PGID": "2345"}, (1234, 2345, [991])), ({"PUID": "1234"}, (1234, NOBODY, [991])),
    ({"PUID": "daemon", "PGID": "daemon"}, (1, 1, [991])), ({"PUID": "0"}, (0, NOBODY, [991]))])
def test_who_root_becomes_is_a_setting(engine, start_proxy, settings, wanted):
    proxy = start_proxy(engine(0o660, 0, 991).path, {**GRANT_ALL, **settings})
    assert identity(proxy) == wanted
    assert answers(proxy) == 200 and status(proxy)["CapEff"] == ["0000000000000000"]


def test_user_and_group_stand_in_a_file_too(serve):
    proxy = serve("""
[sockwarden]
user = 1234
group = 2345
[upstream]
address = tcp://127.0.0.1:1
[listener a]
address = tcp://127.0.0.1:0
policy = a
[policy a]
allow = SystemPing
""")
    assert identity(proxy) == (1234, 2345, [])


def test_while_the_engine_has_no_socket_yet_the_process_stays_who_can_open_most(folder, start_proxy):
    proxy = start_proxy(f"{folder}/docker.sock", GRANT_ALL)
    assert identity(proxy)[0] == 0
    assert status(proxy)["CapEff"] == ["0000000000000000"]
    line = proxy.wait_for_log(" sandbox ")
    assert " notice " in line and "not there yet" in line
    with FakeDaemon(path=f"{folder}/docker.sock") as daemon:
        daemon.on("/_ping", lambda connection: connection.send(json_answer(200, {})))
        os.chmod(daemon.path, 0o660)
        os.chown(daemon.path, 0, 991)
        assert answers(proxy) == 200


@pytest.mark.parametrize("dropped", ["-all", "-setuid", "-setgid", "-setpcap"])
def test_root_without_the_right_to_become_another_still_serves(engine, start_proxy, dropped):
    """As in a container with cap_drop: ALL."""
    proxy = start_proxy(engine(0o660, 0, 991).path, GRANT_ALL, prefix=("setpriv", "--bounding-set", dropped,
                                                                       "--inh-caps", dropped))
    assert answers(proxy) == 200
    assert status(proxy)["CapEff"] == ["0000000000000000"]
    assert identity(proxy)[0] == (0 if dropped in ("-all", "-setuid", "-setgid") else NOBODY)


def test_started_as_another_user_it_stays_that_user_without_capabilities(engine, start_proxy, open_binary):
    proxy = start_proxy(engine(0o660, 0, 991).path, GRANT_ALL, prefix=(
        "setpriv", "--reuid", "1234", "--regid", "2345", "--groups", "991,992", "--inh-caps", "+net_bind_service",
        "--ambient-caps", "+net_bind_service"))
    assert identity(proxy) == (1234, 2345, [991, 992])
    told = status(proxy)
    assert [told[name] for name in ("CapEff", "CapPrm", "CapAmb")] == [["0000000000000000"]] * 3
    assert answers(proxy) == 200


@pytest.mark.parametrize("prefix,why", [
    (("setpriv", "--reuid", "1234", "--regid", "2345", "--groups", "991"), "was not started as root"),
    (("setpriv", "--bounding-set", "-all", "--inh-caps", "-all"), "could not become that")])
def test_a_user_that_can_not_be_had_is_said(engine, start_proxy, open_binary, prefix, why):
    proxy = start_proxy(engine(0o660, 0, 991).path, {**GRANT_ALL, "PUID": "1000", "PGID": "1000"}, prefix=prefix)
    proxy.wait_for_log(" sandbox ")
    said = proxy.lines("does nothing")
    assert len(said) == 2 and all(" warning setting " in line and why in line for line in said)
    assert "PUID=1000" in said[0] and "PGID=1000" in said[1]


def test_a_socket_file_that_can_not_be_removed_any_more_is_told_and_replaced_by_the_next_start(engine, folder,
                                                                                               start_proxy):
    daemon = engine(0o660, 0, 991)
    (folder / "sockets").mkdir()
    first = start_proxy(daemon.path, GRANT_ALL, listen=(f"unix:{folder}/sockets/a.sock",))
    assert identity(first)[0] == NOBODY
    first.stop()
    assert first.lines(" notice listener ") and (folder / "sockets/a.sock").exists()
    second = start_proxy(daemon.path, GRANT_ALL, listen=(f"unix:{folder}/sockets/a.sock",))
    with RawClient(second.unix) as client:
        assert client.exchange(PING).status == 200


def test_a_socket_that_came_back_with_another_group_is_told_with_what_helps(engine, start_proxy):
    daemon = engine(0o660, 0, 991)
    proxy = start_proxy(daemon.path, GRANT_ALL)
    assert answers(proxy) == 200
    os.chown(daemon.path, 0, 992)
    with RawClient((proxy.host, proxy.port)) as client:
        answer = client.exchange(PING)
    assert answer.status == 503
    for word in (b"gid 992", b"restart it"):
        assert word in answer.body
    os.chown(daemon.path, 0, 991)
    assert answers(proxy) == 200


def test_a_socket_of_its_owner_alone_is_told_with_the_user_that_opens_it(engine, start_proxy, open_binary):
    proxy = start_proxy(engine(0o600, 1000, 991).path, GRANT_ALL,
                        prefix=("setpriv", "--reuid", "1234", "--regid", "991", "--clear-groups"))
    line = proxy.wait_for_log(" err engine ")
    assert "--user 1000" in line and "group-add" not in line


FILE = """
[upstream]
address = {engine}
[listener a]
address = tcp://127.0.0.1:0
policy = a
[policy a]
allow = SystemPing
"""
SECOND = """
[listener b]
address = {address}
policy = a
"""


def test_what_takes_root_fails_in_a_reload_with_a_word_about_it(engine, folder, serve_file):
    daemon = engine(0o660, 0, 991)
    proxy, rewrite = serve_file(daemon, FILE)
    assert identity(proxy) == (NOBODY, NOBODY, [991])
    (folder / "closed").mkdir(mode=0o755)
    rewrite(FILE + SECOND.replace("{address}", f"unix:{folder}/closed/b.sock"))
    proxy.signal(signal.SIGHUP)
    line = proxy.wait_for_log("err reload")
    assert "may not make files in" in line and "root was given up" in line
    assert answers(proxy) == 200


def test_an_engine_that_takes_root_to_open_is_told_to_take_a_restart(engine, folder, serve_file):
    proxy, rewrite = serve_file(engine(0o660, 0, 991), FILE)
    assert answers(proxy) == 200
    with FakeDaemon(path=f"{folder}/other.sock") as other:
        os.chown(other.path, 0, 992)
        os.chmod(other.path, 0o660)
        rewrite(FILE.replace("{engine}", f"unix:{other.path}"))
        proxy.signal(signal.SIGHUP)
        told = proxy.wait_for_log(" err reload ")
    assert f"the engine unix:{other.path}: uid {NOBODY} may not open it" in told and "restart for it" in told
    assert answers(proxy) == 200  # by the former engine


@pytest.mark.parametrize("as_root", [True, False], ids=["root", "another user"])
def test_a_folder_that_the_sandbox_keeps_closed_is_told_as_that(engine, serve_file, open_binary, as_root):
    if not landlock():
        pytest.skip("this kernel has no Landlock")
    prefix = () if as_root else ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    proxy, rewrite = serve_file(engine(0o666), FILE, environment=sandboxed("yes"), prefix=prefix)
    rewrite(FILE + SECOND.replace("{address}", "unix:/var/tmp/sockwarden-test.sock"))
    proxy.signal(signal.SIGHUP)
    assert "the sandbox was made for the folders of the start, /run and /tmp, and /var/tmp is in none" in \
        proxy.wait_for_log(" err reload ")
    rewrite(FILE + SECOND.replace("{address}", "unix:/root/b.sock"))
    proxy.signal(signal.SIGHUP)
    told = proxy.wait_for_log("may not make files in /root")
    assert ("a restart may help" in told) == as_root  # one who never was root would gain nothing by it


def test_a_reload_reads_the_file_that_took_the_place_of_the_first(engine, folder, serve_file):
    daemon = engine(0o660, 0, 991)
    proxy, rewrite = serve_file(daemon, FILE)
    rewrite(FILE + SECOND.replace("{address}", "tcp://127.0.0.1:0"), replace=True)
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: len(proxy.lines(" listening ")) == 2, 10, "a second listener")


def test_an_engine_on_another_port_is_told_to_take_a_restart(engine, serve_file):
    if not landlock() or int(landlock()[0].split()[1]) < 4:
        pytest.skip("this kernel has no Landlock that limits ports")
    proxy, rewrite = serve_file(engine(0o660, 0, 991), FILE, environment=sandboxed("yes"))
    with FakeDaemon(tcp=True) as other:
        rewrite(FILE.replace("{engine}", other.address))
        proxy.signal(signal.SIGHUP)
        told = proxy.wait_for_log(" err reload ")
    assert f"the engine {other.address}: the sandbox was made for another one" in told and "restart for it" in told
    assert answers(proxy) == 200  # by the former engine


def test_a_user_or_group_that_is_added_later_takes_a_restart_and_the_others_do_not(engine, folder, serve_file):
    if not landlock():
        pytest.skip("this kernel has no Landlock")
    etc = folder / "etc"
    subprocess.run(["cp", "-a", "/etc", etc], check=True)

    def add(file, line):  # as useradd and groupadd do
        (folder / "new").write_text((etc / file).read_text() + line)
        (folder / "new").chmod(0o644)
        (folder / "new").rename(etc / file)
    text = FILE + f"[listener b]\naddress = unix:{folder}/b.sock\npolicy = a\nallow_from = "
    proxy, rewrite = serve_file(engine(0o660, 0, 991), text + "uid:0\n",
                                environment=sandboxed("yes"),
                                prefix=("unshare", "--mount", "sh", "-c", f"mount --bind {etc} /etc; exec \"$@\"", "-"))
    add("group", "later:x:4711:\n")
    add("passwd", "later:x:4711:4711::/:/bin/sh\n")
    for reloads, kind in ((1, "group"), (2, "user")):
        rewrite(text + f"{kind}:later\n")
        proxy.signal(signal.SIGHUP)
        file = {"group": "/etc/group", "user": "/etc/passwd"}[kind]
        told = f"{kind}:later: not taken: {file} was replaced after the start"
        assert "restart for it, or give the number" in proxy.wait_for_log(told)
        rewrite(text + f"user:nobody, group:daemon, gid:{4711 + reloads}\n")
        proxy.signal(signal.SIGHUP)
        wait_until(lambda count=reloads: len(proxy.lines(" notice reload ")) == count, 10, "a reload with known names")
        proxy.wait_for_log("names mean what they did then; restart for a change")


def test_user_and_sandbox_of_a_reload_are_said_to_take_a_restart(engine, serve_file):
    proxy, rewrite = serve_file(engine(0o660, 0, 991), FILE)
    rewrite("[sockwarden]\nuser = 1234\n" + FILE)
    proxy.signal(signal.SIGHUP)
    assert "restart" in proxy.wait_for_log("warning reload")
    assert identity(proxy)[0] == NOBODY
    # It is said as long as it is so, and not of the way back to the settings of the start.
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: len(proxy.lines("warning reload")) == 2, 10, "the same once more")
    rewrite(FILE)
    proxy.signal(signal.SIGHUP)
    wait_until(lambda: len(proxy.lines(" notice reload ")) == 3, 10, "the way back")
    assert proxy.terminate() == 0
    assert len(proxy.lines("warning reload")) == 2


def test_a_file_that_a_reload_could_not_read_is_told_at_the_start(engine, serve_file):
    proxy, _ = serve_file(engine(0o660, 0, 991), FILE, mode=0o600)
    proxy.wait_for_log("can't be read by uid 65534")


@pytest.fixture
def serve_file(folder):
    """serve_file(daemon, text, mode): the program with a file of this text, and a way to write it anew."""
    path = folder / "sockwarden.ini"

    def serve(daemon, text, mode=0o644, environment=None, prefix=()):
        def rewrite(changed, replace=False):
            target = folder / "new.ini" if replace else path
            target.write_text(changed.replace("{engine}", f"unix:{daemon.path}"))
            target.chmod(mode)
            if replace:
                target.rename(path)
        rewrite(text)
        proxy = Proxy(daemon.path, environment, arguments=("-c", str(path)), prefix=prefix)
        del proxy.environment["LISTEN"], proxy.environment["SOCKET_PATH"]
        running.append(proxy)
        return proxy.start(), rewrite
    running = []
    yield serve
    for proxy in running:
        proxy.stop()


# ---- the sandbox -----------------------------------------------------------------------------------------------------

def test_the_sandbox_is_on_by_default_and_told_in_one_record(engine, start_proxy):
    proxy = start_proxy(engine(0o660, 0, 991).path, {**GRANT_ALL, **sandboxed("yes")})
    line = proxy.wait_for_log(" notice sandbox ")
    for word in ("uid 65534", "group 991", "no capabilities", "no new privileges", "seccomp", *landlock()):
        assert word in line
    told = status(proxy)
    assert told["NoNewPrivs"] == ["1"] and told["Seccomp"] == ["2"]
    done = subprocess.run([binary(), "health"], env={"LISTEN": proxy.address}, capture_output=True, text=True,
                          check=False)
    assert done.stdout.rstrip().endswith("uid 65534, sandbox whole" if landlock() else "uid 65534, sandbox in part")


def test_without_a_sandbox_root_is_given_up_all_the_same(engine, start_proxy):
    proxy = start_proxy(engine(0o660, 0, 991).path, {**GRANT_ALL, "SANDBOX": "no"})
    assert identity(proxy) == (NOBODY, NOBODY, [991])
    told = status(proxy)
    assert told["NoNewPrivs"] == ["0"] and told["Seccomp"] == ["0"] and told["CapEff"] == ["0000000000000000"]


def test_a_required_sandbox_starts_where_all_of_it_is_to_be_had(engine, start_proxy):
    if not landlock():
        pytest.skip("this kernel has no Landlock")
    proxy = start_proxy(engine(0o660, 0, 991).path, {**GRANT_ALL, **sandboxed("require")})
    assert answers(proxy) == 200


def test_a_required_sandbox_that_is_not_to_be_had_ends_the_start(engine, folder, open_binary):
    """The process may not make filters of its own: a filter of ours in front of it forbids that."""
    program = [probe(), "without-seccomp", os.environ["SOCKWARDEN"], "-", "0"]
    settings = {"SOCKET_PATH": engine(0o660, 0, 991).path, "LISTEN": "tcp://127.0.0.1:0",
                "ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run(program, env={**settings, "SANDBOX": "require"}, capture_output=True, text=True, timeout=30,
                          check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("sockwarden: SANDBOX=require, and this machine lacks seccomp"), done.stderr
    with subprocess.Popen(program, env={**settings, "SANDBOX": "yes"}, stderr=subprocess.PIPE, text=True) as process:
        line = next(line for line in process.stderr if " sandbox " in line)
        process.terminate()
        process.stderr.read()
    assert "not to be had: seccomp" in line


def sandboxed(value):
    """The harness switches the sandbox off for sanitizers; here it is on, without the look for leaks at the end."""
    return {"SANDBOX": value, **({"ASAN_OPTIONS": "detect_leaks=0"} if sanitizer_slack() else {})}


def landlock():
    """What the kernel has, as a list of words to look for."""
    done = subprocess.run([probe(), "version", "-", "-", "0"], capture_output=True, text=True, check=True)
    return [] if done.stdout.strip() == "0" else [f"Landlock {done.stdout.strip()}"]


def probe():
    """tests/unit/sandbox_probe.c, built beside the program."""
    places = (os.environ.get("SANDBOX_PROBE"), pathlib.Path(ORIGINAL).parent / "sandbox_probe",
              pathlib.Path(ORIGINAL).parent / "tests/unit/sandbox_probe")
    found = [str(place) for place in places if place and os.access(place, os.X_OK)]
    assert found, f"sandbox_probe is not beside the program: {places}"
    return found[0]


ORIGINAL = os.environ.get("SOCKWARDEN", "")
KILLED, FILES = "killed", "Landlock"

# What is tried, what becomes of it, and which part does it where the kernel may lack it.
FORBIDDEN = {
    "execve": (KILLED, None), "ptrace": (KILLED, None), "mount": (KILLED, None), "unshare": (KILLED, None),
    "io_uring": (KILLED, None), "bpf": (KILLED, None), "fork": ("EPERM", None), "setuid": ("EPERM", None),
    "kill": ("EPERM", None), "tiocsti": ("EPERM", None), "map-code": ("EPERM", None), "make-code": ("EPERM", None),
    "packet-socket": ("EPERM", None), "write": ("EPERM", None), "open-shadow": ("EACCES", FILES),
    "list-etc": ("EACCES", FILES), "open-neighbour": ("EACCES", FILES), "unlink-neighbour": ("EACCES", FILES),
    "socket-elsewhere": ("EACCES", FILES), "connect-elsewhere": ("EACCES", FILES), "abstract-socket": ("EPERM", FILES),
}
NEEDED = ("open-hosts", "open-settings", "open-other-settings", "socket", "connect", "internet-socket", "resolve")


@pytest.fixture
def attempt():
    """attempt(thing, inside): what sandbox_probe says of it. Not below /tmp, where sockets may be made."""
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp")))
        (folder / "settings").mkdir()
        (folder / "sockets").mkdir()
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract.bind("\0sockwarden-probe")
        abstract.listen()
        first, second = neighbours(stack)
        assert second == first + 1

        def run(thing, inside):
            for name in ("settings/file", "settings/new", "neighbour"):
                (folder / name).write_text("text")
            done = subprocess.run([probe(), "inside" if inside else "outside", thing, str(folder), str(first)],
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False,
                                  env={"ASAN_OPTIONS": "detect_leaks=0"})
            if done.returncode == -signal.SIGSYS:
                return KILLED
            assert done.returncode == 0, done.stderr
            return done.stdout.strip()
        yield run


def neighbours(stack):
    """Two listeners on ports side by side."""
    while True:
        with contextlib.ExitStack() as trial:
            first = trial.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                trial.enter_context(socket.create_server(("127.0.0.1", port + 1)))
                stack.enter_context(trial.pop_all())
                return port, port + 1


@pytest.mark.parametrize("thing", FORBIDDEN)
def test_what_is_forbidden_fails_in_the_sandbox_alone(attempt, thing):
    result, part = FORBIDDEN[thing]
    if part and not landlock():
        pytest.skip("this kernel has no Landlock")
    outside = attempt(thing, inside=False)
    assert outside != result, "it proves nothing"
    assert attempt(thing, inside=True) == result


@pytest.mark.parametrize("thing", NEEDED)
def test_what_is_needed_works_in_the_sandbox(attempt, thing):
    assert attempt(thing, inside=True) == "done"
