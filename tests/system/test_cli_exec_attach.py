"""The docker CLI: hijacked connections, with and without a terminal, and the end of either direction."""

import hashlib
import re
import signal

import pytest

from harness.engine import IMAGE
from harness.wait import stays


def test_exec_prints_and_ends_with_the_exit_code(any_docker, container):
    done = any_docker.run("exec", container(), "sh", "-c", "echo out; echo err >&2; exit 9")
    assert (done.returncode, done.stdout, done.stderr) == (9, "out\n", "err\n")


def test_exec_without_stdin_waits_for_late_output(any_docker, container):
    assert any_docker("exec", container(), "sh", "-c", "sleep 1; echo hi") == "hi"


def test_exec_without_stdin_never_loses_its_output(docker, container):
    name = container()
    lost = [number for number in range(60) if docker("exec", name, "echo", f"run {number}") != f"run {number}"]
    assert not lost


def test_exec_with_piped_stdin_never_loses_it(docker, container):
    name = container()
    lost = [number for number in range(40) if docker("exec", "-i", name, "cat", stdin=f"{number}\n") != f"{number}"]
    assert not lost


def test_exec_with_empty_stdin_ends_every_time(docker, container):
    name = container()
    for _ in range(20):
        assert docker("exec", "-i", name, "cat", stdin="", timeout=20) == ""


def test_exec_many_at_once(docker, container):
    name = container()
    running = [docker.start("exec", name, "sh", "-c", f"sleep 1; echo hi {number}") for number in range(15)]
    for number, one in enumerate(running):
        assert one.wait() == 0
        assert one.output == f"hi {number}\n"


def test_exec_prints_a_megabyte_after_the_end_of_stdin(any_docker, container):
    script = "cat >/dev/null; sleep 1; dd if=/dev/zero bs=1024 count=1024 2>/dev/null | tr '\\0' x"
    done = any_docker.run("exec", "-i", container(), "sh", "-c", script, stdin="end\n")
    assert done.returncode == 0
    assert done.stdout == "x" * (1 << 20)


def test_exec_carries_many_bytes_of_stdin_untouched(any_docker, container):
    data = bytes(range(256)) * (8 << 12)
    done = any_docker.run("exec", "-i", container(), "sha256sum", stdin=data, text=False)
    assert done.stdout.split()[0].decode() == hashlib.sha256(data).hexdigest()


def test_exec_echoes_binary_data_both_ways(docker, container):
    data = bytes(range(256)) * (4 << 12)
    done = docker.run("exec", "-i", container(), "cat", stdin=data, text=False)
    assert hashlib.sha256(done.stdout).hexdigest() == hashlib.sha256(data).hexdigest()


def test_exec_answers_line_by_line_while_stdin_stays_open(any_docker, container):
    session = any_docker.start("exec", "-i", container(), "cat")
    for word in ("one", "two", "three"):
        session.write(f"{word}\n")
        session.wait_for_output(f"{word}\n")
    stays(session.alive, 0.3, "docker exec -i with open stdin")
    session.close_stdin()
    assert session.wait() == 0
    assert session.output == "one\ntwo\nthree\n"


def test_exec_on_a_terminal_follows_its_size(any_docker, container):
    session = any_docker.start("exec", "-it", container(), "sh", size=(30, 100))
    session.wait_for_output("#")
    session.write("stty size\n")
    session.wait_for_output("30 100")
    session.resize(41, 123)
    session.write("until test \"$(stty size)\" = '41 123'; do sleep 0.1; done; echo resi''zed\n")
    session.wait_for_output("resized")
    session.write("exit 4\n")
    assert session.wait() == 4


def test_exec_detached_runs_on(docker, container, engine):
    name = container()
    assert docker("exec", "-d", name, "sh", "-c", "echo done >/tmp/done; sleep 600") == ""
    docker("exec", name, "sh", "-c", "until grep done /tmp/done; do sleep 0.1; done")
    assert len(engine.inspect(name)["ExecIDs"]) == 1


def test_exec_with_environment_user_and_folder(docker, container):
    script = "echo $COLOUR; id -u; pwd"
    done = docker("exec", "-e", "COLOUR=blue", "-u", "33", "-w", "/etc", container(), "sh", "-c", script)
    assert done.split() == ["blue", "33", "/etc"]


def test_exec_in_a_stopped_container_fails_with_the_message_of_the_engine(docker, container):
    name = container("true")
    docker("wait", name)
    done = docker.run("exec", name, "true")
    assert done.returncode == 1
    assert re.search(f"Error response from daemon: Container {name}|[0-9a-f]+ is not running", done.stderr)


def test_attach_gives_stdin_and_prints_until_the_container_ends(any_docker, container):
    name = container("sh", "-c", "cat; echo end", OpenStdin=True, StdinOnce=True)
    session = any_docker.start("attach", name)
    session.write("hello\n")
    session.wait_for_output("hello\n")
    session.close_stdin()
    assert session.wait() == 0
    assert session.output == "hello\nend\n"


def test_attach_passes_the_end_of_stdin_on(docker, container, direct):
    name = container("wc", "-c", OpenStdin=True, StdinOnce=True)
    docker.run("attach", name, stdin="x" * 100000)
    direct("wait", name)
    assert direct("logs", name) == "100000"


def test_attach_and_detach_by_keys_leaves_the_container_running(unix_docker, container, engine):
    """Over a unix socket, since over TCP this client takes its own detach keys for an end of input."""
    name = container("sh", Tty=True, OpenStdin=True)
    session = unix_docker.start("attach", "--detach-keys", "ctrl-x,x", name, size=(24, 80))
    session.write("echo at''tached\n")
    session.wait_for_output("attached")
    session.write("\x18")
    session.write("x")
    session.wait()
    assert engine.inspect(name)["State"]["Running"]
    assert "read escape sequence" in session.output


def test_attach_resizes_the_terminal_of_the_container(docker, container):
    name = container("sh", Tty=True, OpenStdin=True)
    session = docker.start("attach", name, size=(25, 91))
    session.write("until test \"$(stty size)\" = '25 91'; do sleep 0.1; done; echo resi''zed\n")
    session.wait_for_output("resized")
    session.resize(44, 133)
    session.write("until test \"$(stty size)\" = '44 133'; do sleep 0.1; done; echo ag''ain\n")
    session.wait_for_output("again")


def test_attach_by_two_clients_shows_both_the_same(docker, container):
    name = container("sh", "-c", "while read x; do echo got $x; done", OpenStdin=True)
    first, second = (docker.start("attach", "--sig-proxy=false", name) for _ in range(2))
    first.write("one\n")
    first.wait_for_output("got one")
    second.write("two\n")
    second.wait_for_output("got two")
    first.wait_for_output("got two")


def test_run_interactive_in_parallel_keeps_the_sessions_apart(docker):
    running = [docker.start("run", "--rm", "-i", IMAGE, "cat") for _ in range(6)]
    for number, one in enumerate(running):
        one.write(f"{number}\n" * 1000)
        one.close_stdin()
    for number, one in enumerate(running):
        assert one.wait(60) == 0
        assert one.output == f"{number}\n" * 1000


@pytest.mark.parametrize("name", ["TERM", "HUP"])
def test_run_passes_signals_to_the_container(docker, name):
    script = f"trap 'echo got-{name}; exit 6' {name}; echo ready; while :; do sleep 0.1; done"
    session = docker.start("run", "--rm", IMAGE, "sh", "-c", script)
    session.wait_for_output("ready")
    session.process.send_signal(getattr(signal, f"SIG{name}"))
    assert session.wait() == 6
    assert f"got-{name}" in session.output
