"""A listener that can't be opened says why, who stands in the way and what mends it, and takes nothing from anybody."""

import fcntl
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile

import pytest

from harness.proxy import binary, clean_environment
from harness.wait import wait_until
from test_file import HEAD, READERS, status

AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not root")


def listener(address, more=""):
    return HEAD + READERS + f"[listener one]\naddress = {address}\npolicy = readers\n{more}"


@pytest.fixture
def public():
    """A folder that everybody may look into and write to; pytest's own are private."""
    with tempfile.TemporaryDirectory(prefix="sockwarden-public-") as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


@pytest.fixture
def expect_refusal(public):
    """expect_refusal(text, problem, prefix): with this file it ends with 1 (or `code`), and says what the pattern says."""
    def expect(text, problem, prefix=(), code=1):
        file = public / "sockwarden.ini"
        file.write_text(text.format(engine="/nowhere.sock"))
        done = subprocess.run([*prefix, binary(), "-c", str(file)], env=clean_environment(), capture_output=True,
                              text=True, timeout=30, check=False)
        assert done.returncode == code and re.search(problem, done.stderr), done
    return expect


@pytest.mark.parametrize("held,wanted", [
    ("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0"), ("127.0.0.1", "[::]"),
    ("::1", "[::1]"), ("::", "127.0.0.1"),
])
def test_a_port_in_use_is_told_with_the_process_that_has_it(expect_refusal, held, wanted):
    family = socket.AF_INET6 if ":" in held else socket.AF_INET
    with socket.create_server((held, 0), family=family, dualstack_ipv6=held == "::") as holder:
        port = holder.getsockname()[1]
        expect_refusal(listener(f"tcp://{wanted}:{port}"),
                       rf"cannot listen on tcp://{re.escape(wanted)}:{port}: the address is in use by process "
                       rf"{os.getpid()} \(python3\); stop that, or listen elsewhere")


@needs_root
def test_who_may_not_see_the_process_is_told_its_user(expect_refusal):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        expect_refusal(listener(f"tcp://127.0.0.1:{holder.getsockname()[1]}"), "in use by a process of user 0;",
                       AS_NOBODY)


def test_a_second_one_at_the_same_port_is_told_of_the_first(expect_refusal, serve):
    first = serve(listener("tcp://127.0.0.1:0"))
    expect_refusal(listener(f"tcp://127.0.0.1:{first.port}"), rf"in use by process {first.pid} \(sockwarden\)")
    assert status((first.host, first.port), "/version") == 200


def test_two_listeners_of_one_file_at_one_port_are_told_of_each_other(expect_refusal):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    text = listener(f"tcp://127.0.0.1:{port}") + f"[listener two]\naddress = tcp://0.0.0.0:{port}\npolicy = readers\n"
    expect_refusal(text, r"not taken: \[listener one\] is there, at tcp://127\.0\.0\.1", code=2)


def test_an_address_of_another_host(expect_refusal):
    expect_refusal(listener("tcp://192.0.2.1:0"), "this host has no such address")


@needs_root
def test_a_host_without_ipv6(expect_refusal):
    switched_off = ("unshare", "--net", "sh", "-c",
                    "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set lo up; exec \"$@\"", "-")
    expect_refusal(listener("tcp://[::1]:0"), "this host has no IPv6; choose an IPv4 address", switched_off)


@needs_root
def test_a_port_that_needs_a_right(expect_refusal):
    no_low_ports = ("unshare", "--net", "sh", "-c", "ip link set lo up; exec \"$@\"", "-", *AS_NOBODY)
    expect_refusal(listener("tcp://127.0.0.1:80"), "choose one from 1024 on, or let systemd open it",
                   no_low_ports)


@needs_root
@pytest.mark.parametrize("path,problem", [
    ("/run/none/s.sock", "the folder /run/none does not exist; make it"),
    ("/etc/passwd/s.sock", "a part of /etc/passwd is no folder"),
    ("/etc/s.sock", r"the user 65534, as which this runs, may not make files in /etc, which is of user 0, group 0 and "
                    r"mode 0755"),
    ("/root/deep/s.sock", "the user 65534, as which this runs, may not enter /root/deep"),
    ("/proc/s.sock", "in /proc no socket can be made"),
])
def test_a_folder_that_is_no_place_for_a_socket(expect_refusal, path, problem):
    expect_refusal(listener(f"unix:{path}"), problem, AS_NOBODY)


@needs_root
def test_a_file_system_that_can_not_be_written_to(expect_refusal, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir()
    mounted = ("unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o ro none {folder}; exec \"$@\"", "-")
    expect_refusal(listener(f"unix:{folder}/s.sock"), f"the file system of {folder} can't be written to",
                   mounted)


def test_a_path_that_is_too_long(serve):
    with pytest.raises(AssertionError, match="the path of a socket can have 107 bytes at most"):
        serve(listener("unix:/run/" + "x" * 103))


def test_a_stale_socket_is_replaced_and_a_live_one_is_named_by_its_process(expect_refusal, serve, tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
        gone.listen()
    proxy = serve(listener(f"unix:{path}"))
    assert status(proxy.unix, "/version") == 200
    expect_refusal(listener(f"unix:{path}"), rf"process {proxy.pid} \(sockwarden\) listens there; stop that")
    assert status(proxy.unix, "/version") == 200


def test_a_live_socket_whose_backlog_is_full_is_named_by_its_process(expect_refusal, tmp_path):
    path = str(tmp_path / "s.sock")
    with socket.socket(socket.AF_UNIX) as busy, socket.socket(socket.AF_UNIX) as client:
        busy.bind(path)
        busy.listen(0)
        client.connect(path)
        expect_refusal(listener(f"unix:{path}"), rf"process {os.getpid()} \(python3\) listens there")


@needs_root
def test_a_socket_that_may_not_be_asked_is_taken_for_a_live_one(expect_refusal, public):
    path = public / "s.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    path.chmod(0o600)
    expect_refusal(listener(f"unix:{path}"), "whether it is in use can't be told: Permission denied", AS_NOBODY)
    assert path.is_socket()


@pytest.mark.parametrize("make,problem", [
    (lambda path: path.write_text("x"), "a file is there, and no socket; remove it or choose another path"),
    (lambda path: path.mkdir(), "a folder is there, and no socket"),
    (lambda path: path.symlink_to("elsewhere.sock"), "a symbolic link is there, and no socket"),
    (lambda path: os.mkfifo(path), "a pipe or device is there, and no socket"),
])
def test_what_is_no_socket_stays(expect_refusal, tmp_path, make, problem):
    path = tmp_path / "s.sock"
    make(path)
    before = os.lstat(path)
    expect_refusal(listener(f"unix:{path}"), problem)
    after = os.lstat(path)
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


def test_a_datagram_socket_in_use_stays(expect_refusal, tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        expect_refusal(listener(f"unix:{path}"), "a socket of another kind is there, and in use")
    assert path.is_socket()


@needs_root
def test_a_file_that_can_not_be_given_away_is_not_left_behind(expect_refusal, public):
    expect_refusal(listener(f"unix:{public}/s.sock", "owner = root\n"),
                   "its file can't be given to user 0: Operation not permitted", AS_NOBODY)
    assert not (public / "s.sock").exists()


def test_of_many_that_start_at_once_at_a_stale_socket_one_serves_and_the_others_say_so(daemon, tmp_path):
    path = tmp_path / "s.sock"
    environment = clean_environment(LISTEN=f"unix:{path}", SOCKET_PATH=daemon.address)
    for _ in range(5):
        with socket.socket(socket.AF_UNIX) as gone:
            gone.bind(str(path))
        logs = [tmp_path / f"log{number}" for number in range(8)]
        running = []
        for log in logs:
            with open(log, "w", encoding="utf-8") as output:
                running.append(subprocess.Popen([binary()], env=environment, stderr=output))
        wait_until(lambda: sum(one.poll() is None for one in running) == 1, 20, "all but one to end")
        winner, = [one for one in running if one.poll() is None]
        wait_until(lambda: any(" listening " in log.read_text() for log in logs), 10, "the one to listen")
        assert status(str(path), "/version") == 200
        for one, log in zip(running, logs):
            if one is not winner:
                assert one.wait() == 1 and "listens there; stop that" in log.read_text()
        winner.send_signal(signal.SIGTERM)
        assert winner.wait(15) == 0 and not path.exists()


def test_looking_removing_and_listening_are_one_step_under_the_lock_of_the_folder(daemon, tmp_path):
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(path))
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    environment = clean_environment(LISTEN=f"unix:{path}", SOCKET_PATH=daemon.address)
    with subprocess.Popen([binary()], env=environment, stderr=subprocess.PIPE, text=True) as proxy:
        folders = pathlib.Path(f"/proc/{proxy.pid}/fd")
        wait_until(lambda: any(os.readlink(fd) == str(tmp_path) for fd in folders.iterdir()), 10,
                   "a look at the folder")
        proxy.send_signal(signal.SIGSTOP)
        path.unlink()
        with socket.socket(socket.AF_UNIX) as faster:
            faster.bind(str(path))
            faster.listen()
            os.close(lock)
            proxy.send_signal(signal.SIGCONT)
            try:
                assert proxy.wait(10) == 1
            finally:
                proxy.kill()
            assert f"process {os.getpid()} (python3) listens there" in proxy.stderr.read()
    assert path.is_socket()


def test_a_lock_that_is_never_given_back_stops_nobody(serve, tmp_path):
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    proxy = serve(listener(f"unix:{tmp_path}/s.sock"))
    assert status(proxy.unix, "/version") == 200
    os.close(lock)


def test_at_its_end_it_removes_its_own_file_and_no_other(serve, tmp_path):
    path = tmp_path / "s.sock"
    proxy = serve(listener(f"unix:{path}"))
    path.rename(tmp_path / "aside.sock")
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        proxy.stop()
        assert path.is_socket()


@needs_root
def test_a_member_of_a_group_by_whatever_way_is_in_allow_from(serve, public):
    proxy = serve(listener(f"unix:{public}/s.sock", "mode = 0666\nallow_from = gid:4711\n"))
    ask = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); " \
          "s.sendall(b'GET /version HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'); print(s.recv(12).decode()[9:])"
    for groups, expected in ((("--regid=4711", "--clear-groups"), "200"), (("--regid=65534", "--groups=4711"), "200"),
                             (("--regid=65534", "--groups=1,4711,7"), "200"), (("--regid=65534", "--groups=7"), "403"),
                             (("--regid=65534", "--clear-groups"), "403")):
        done = subprocess.run(["setpriv", "--reuid=65534", *groups, sys.executable, "-c", ask, proxy.unix],
                              capture_output=True, text=True, timeout=20, check=True)
        assert done.stdout.strip() == expected, groups
