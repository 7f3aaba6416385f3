"""The docker CLI: the life of a container, call by call, as on the engine's own socket."""

import json
import re

import pytest

from harness.engine import IMAGE


def test_version_names_client_and_server(any_docker, direct):
    through, straight = (json.loads(cli("version", "--format", "{{json .}}")) for cli in (any_docker, direct))
    assert through["Server"] == straight["Server"] and through["Server"]["ApiVersion"]
    assert through["Client"]["ApiVersion"] == straight["Client"]["ApiVersion"]


def test_info_describes_the_same_engine(any_docker, engine):
    assert any_docker("info", "--format", "{{.ID}}") == engine.request("GET", "/info")["ID"]


def test_ps_lists_by_filter(any_docker, container):
    name = container(Labels={"colour": "blue"})
    assert any_docker("ps", "--filter", "label=colour=blue", "--format", "{{.Names}}") == name
    assert any_docker("ps", "--filter", "label=colour=green", "--format", "{{.Names}}") == ""


def test_run_prints_the_output_of_the_container(any_docker):
    assert any_docker("run", "--rm", IMAGE, "echo", "hello") == "hello"


def test_run_keeps_stdout_and_stderr_apart(docker):
    done = docker.run("run", "--rm", IMAGE, "sh", "-c", "echo out; echo err >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "out\n", "err\n")


@pytest.mark.parametrize("command, code", [("exit 0", 0), ("exit 1", 1), ("exit 42", 42), ("kill -9 $$", 137)])
def test_run_ends_with_the_exit_code_of_the_container(docker, command, code):
    assert docker.run("run", "--rm", "--init", IMAGE, "sh", "-c", f"sh -c '{command}'").returncode == code


def test_run_of_a_command_that_is_not_there_ends_with_127(docker):
    done = docker.run("run", "--rm", IMAGE, "no-such-command")
    assert done.returncode == 127 and "no-such-command" in done.stderr


def test_run_gives_piped_stdin_to_the_container(any_docker):
    text = "".join(f"line {number}\n" for number in range(20000))
    assert any_docker("run", "--rm", "-i", IMAGE, "wc", "-c", stdin=text) == str(len(text))


def test_run_without_stdin_waits_for_late_output(docker):
    assert docker("run", "--rm", IMAGE, "sh", "-c", "sleep 3; echo ok") == "ok"


def test_run_with_empty_stdin_ends(docker):
    assert docker("run", "--rm", "-i", IMAGE, "cat", stdin="") == ""


def test_run_on_a_terminal_is_interactive(docker, unique):
    session = docker.start("run", "--rm", "-it", "--name", unique("box"), IMAGE, "sh", size=(33, 77))
    session.wait_for_output("#")
    session.write("stty size; test -t 1 && echo is-a-$((1))-terminal\n")
    session.wait_for_output("33 77")
    session.wait_for_output("is-a-1-terminal")
    session.write("exit 7\n")
    assert session.wait() == 7


def test_run_with_a_terminal_but_no_stdin_prints(docker):
    session = docker.start("run", "--rm", "-t", IMAGE, "sh", "-c", "test -t 1 && echo terminal", size=(24, 80))
    session.wait_for_output("terminal")
    assert session.wait() == 0


def test_run_detached_leaves_a_container_that_runs(docker, unique, engine):
    name = unique("box")
    assert re.fullmatch("[0-9a-f]{64}", docker("run", "-d", "--name", name, IMAGE, "sleep", "600"))
    assert engine.inspect(name)["State"]["Running"]
    docker("rm", "-f", name)


def test_ctrl_c_in_run_reaches_the_container(docker, unique):
    session = docker.start("run", "--rm", "-it", "--name", unique("box"), IMAGE,
                           "sh", "-c", "trap 'echo caught; exit 3' INT; echo ready; while :; do sleep 0.1; done",
                           size=(24, 80))
    session.wait_for_output("ready")
    session.write("\x03")
    session.wait_for_output("caught")
    assert session.wait() == 3


def test_create_start_stop_restart_kill_and_remove(any_docker, unique, engine):
    name = unique("box")
    any_docker("create", "--name", name, "--stop-signal", "KILL", IMAGE, "sleep", "600")
    assert engine.inspect(name)["State"]["Status"] == "created"
    any_docker("start", name)
    assert engine.inspect(name)["State"]["Running"]
    any_docker("stop", name)
    assert engine.inspect(name)["State"]["Status"] == "exited"
    any_docker("restart", name)
    assert engine.inspect(name)["State"]["Running"]
    any_docker("kill", "--signal", "KILL", name)
    assert any_docker("wait", name) == "137"
    any_docker("rm", name)
    assert name not in any_docker("ps", "-a", "--format", "{{.Names}}").split()


def test_pause_and_unpause(docker, container, engine):
    name = container()
    docker("pause", name)
    assert engine.inspect(name)["State"]["Paused"]
    docker("unpause", name)
    assert not engine.inspect(name)["State"]["Paused"]


def test_stop_waits_for_its_grace_and_succeeds(docker, container, engine):
    name = container("sh", "-c", "trap '' TERM; while :; do sleep 0.1; done", StopSignal="TERM")
    assert docker("stop", "-t", "2", name) == name
    assert engine.inspect(name)["State"]["ExitCode"] == 137


def test_rename_and_update(docker, container, unique, engine):
    name, other = container(), unique("renamed")
    docker("rename", name, other)
    assert engine.inspect(other)["Name"] == f"/{other}"
    docker("update", "--memory", "64m", "--memory-swap", "64m", other)
    assert engine.inspect(other)["HostConfig"]["Memory"] == 64 << 20
    docker("rename", other, name)


def test_inspect_and_diff(docker, container):
    name = container("sh", "-c", "touch /tmp/new; sleep 600")
    docker("exec", name, "sh", "-c", "until test -e /tmp/new; do sleep 0.1; done")
    assert docker("inspect", "--format", "{{.Config.Image}}", name) == IMAGE
    assert "A /tmp/new" in docker("diff", name).splitlines()


def test_top_lists_the_processes(any_docker, container):
    name = container("sleep", "4321")
    assert "sleep 4321" in any_docker("top", name)
    assert "sleep 4321" in any_docker("top", name, "-o", "pid,args")


def test_start_attached_gives_stdin_and_prints_output(docker, unique):
    name = unique("box")
    docker("create", "-i", "--name", name, IMAGE, "sh", "-c", "cat; echo end; exit 5")
    done = docker.run("start", "-ai", name, stdin="through stdin\n")
    assert (done.returncode, done.stdout) == (5, "through stdin\nend\n")
    docker("rm", name)


def test_a_call_on_a_missing_container_fails_with_the_message_of_the_engine(any_docker):
    done = any_docker.run("start", "never-made")
    assert done.returncode == 1
    assert "Error response from daemon: No such container: never-made" in done.stderr
