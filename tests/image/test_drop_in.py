"""In place of another image by the image's name alone: the same port, variables, mounts and ways to harden it."""

import os
import pathlib

import pytest

from harness.container import docker
from harness.engine import IMAGE as BOX
from harness.fake_daemon import FakeDaemon, json_answer
from harness.wait import wait_until

NOBODY, ODD_GROUP = 65534, 4242

# Whose variables, which of them, and what a client may do then and what not; TARGET is a running container.
VERSION, LIST, INSPECT = ("version",), ("ps",), ("inspect", "TARGET")
LOGS, WAIT, RESTART = ("logs", "TARGET"), ("wait", "TARGET"), ("restart", "--time", "0", "TARGET")
START, STOP = ("start", "TARGET"), ("stop", "--time", "0", "TARGET")
REMOVE, RUN, PULL = ("rm", "--force", "TARGET"), ("run", "--network", "none", BOX, "true"), ("pull", "nowhere/none")
EXEC, TOP = ("exec", "TARGET", "true"), ("top", "TARGET")
NETWORKS, NETWORK = ("network", "ls"), ("network", "create", "--driver", "null", "TARGET-net")
IMAGES, VOLUMES, INFO, VOLUME = ("images",), ("volume", "ls"), ("info",), ("volume", "create", "TARGET-volume")
EXPORT = ("export", "--output", "FILE", "TARGET")
SCENARIOS = {
    "tecnativa by default": ({}, [VERSION],
                             [LIST, INSPECT, LOGS, WAIT, RESTART, REMOVE, RUN, PULL, EXEC, NETWORKS, NETWORK, IMAGES,
                              VOLUMES, INFO]),
    "tecnativa, containers": ({"CONTAINERS": "1"}, [VERSION, LIST, INSPECT, LOGS, EXPORT, TOP],
                              [WAIT, RESTART, STOP, REMOVE, RUN, PULL, EXEC, NETWORKS, IMAGES]),
    "tecnativa, POST alone": ({"POST": "1"}, [VERSION], [LIST, RUN, PULL, REMOVE, NETWORK, RESTART, EXEC]),
    "tecnativa, containers and POST": ({"POST": "1", "CONTAINERS": "1"}, [LIST, RUN, RESTART],
                                       [PULL, NETWORK, VOLUME, EXEC]),
    "tecnativa, networks and POST": ({"POST": "1", "NETWORKS": "1"}, [NETWORKS], [LIST, RUN, PULL, VOLUME]),
    "tecnativa, exec": ({"POST": "1", "CONTAINERS": "1", "EXEC": "1"}, [EXEC, INSPECT, LOGS], [NETWORKS, PULL]),
    "tecnativa, restarts": ({"POST": "1", "ALLOW_RESTARTS": "1"}, [RESTART, ("kill", "TARGET")],
                            [RUN, REMOVE, LIST]),
    "tecnativa, restarts without POST": ({"ALLOW_RESTARTS": "1"}, [VERSION], [RESTART]),
    "linuxserver by default": ({"DIALECT": "linuxserver"}, [VERSION], [LIST, RUN, LOGS, NETWORKS, IMAGES]),
    "linuxserver, containers": ({"CONTAINERS": "1", "DIALECT": "linuxserver"}, [LIST, INSPECT],
                                [LOGS, EXPORT, TOP, RESTART, RUN]),
    "linuxserver, lifted guards": ({"CONTAINERS": "1", "ALLOW_LOGS": "1", "ALLOW_TOP": "1", "DIALECT": "linuxserver"},
                                   [LIST, LOGS, TOP], [EXPORT, RUN]),
    "linuxserver, told by a switch": ({"CONTAINERS": "1", "ALLOW_CHANGES": "1"}, [LIST], [EXPORT, LOGS, RUN]),
    "linuxserver, restarts without POST": ({"ALLOW_RESTARTS": "1", "ALLOW_START": "1", "DIALECT": "linuxserver"},
                                           [RESTART, STOP, START], [LIST, RUN]),
    "linuxserver, exec": ({"POST": "1", "CONTAINERS": "1", "EXEC": "1", "DIALECT": "linuxserver"}, [EXEC], [LOGS]),
    "fluencelabs by default": ({"DIALECT": "fluencelabs"}, [VERSION], [LIST, RUN, NETWORKS]),
    "fluencelabs, single calls": ({"POST": "1", "CONTAINERS_EXEC": "1", "EXEC": "1", "CONTAINERS": "1"},
                                  [EXEC, LIST, LOGS], [REMOVE, PULL, NETWORK]),
    "fluencelabs, volumes": ({"POST": "1", "VOLUMES_CREATE": "1"}, [VOLUME], [NETWORK, RUN, LIST]),
    "fluencelabs, delete": ({"DELETE": "1", "CONTAINERS_DELETE": "1"}, [REMOVE], [RUN, RESTART]),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_client_may_do_what_the_variables_of_the_original_say(container, target, tmp_path, name):
    environment, granted, refused = SCENARIOS[name]
    running = container(environment=environment)

    def attempt(call):
        words = [word.replace("TARGET", target).replace("FILE", str(tmp_path / "file")) for word in call]
        return running.cli(*words)
    for call in refused:
        done = attempt(call)
        # What became of a connection that was to be taken over is told by its status alone.
        by_us = "sockwarden:" in done.stdout + done.stderr or "received 403" in done.stderr
        assert done.returncode != 0 and by_us, (call, done.stdout, done.stderr)
    for call in granted:
        done = attempt(call)
        assert done.returncode == 0, (call, done.stdout, done.stderr)


def privileged():
    """--privileged, or where this machine has not all capabilities itself, all that it has and no filters."""
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text())
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    own = int(next(line for line in lines if line.startswith("CapEff")).split()[1], 16)
    if own == (1 << (last + 1)) - 1:
        return ("--privileged",)
    return ("--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined", "--cap-add=SYS_ADMIN",
            "--cap-add=SYS_PTRACE", "--cap-add=NET_ADMIN", "--cap-add=DAC_READ_SEARCH", "--cap-add=SYS_MODULE")


# How it is run, and who the program is then.
DROPPED, KEPT = (NOBODY, [ODD_GROUP]), (NOBODY, None)
RUNS = {
    "as it is": ((), DROPPED),
    "privileged": (privileged(), DROPPED),
    "read-only": (("--read-only",), DROPPED),
    "read-only with tmpfs": (("--read-only", "--tmpfs=/run", "--tmpfs=/tmp"), DROPPED),
    "with two capabilities": (("--cap-drop=ALL", "--cap-add=SETUID", "--cap-add=SETGID", "--read-only",
                               "--security-opt=no-new-privileges"), DROPPED),
    "without capabilities": (("--cap-drop=ALL",), (0, None)),
    "no new privileges": (("--security-opt=no-new-privileges",), DROPPED),
    "as nobody of the group": ((f"--user={NOBODY}:{ODD_GROUP}",), KEPT),
    "as nobody with the group": (("--user=nobody", f"--group-add={ODD_GROUP}"), KEPT),
    "with PUID and PGID": (("--env=PUID=1000", "--env=PGID=1000"), (1000, [ODD_GROUP])),
    "as hard as can be": (("--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges",
                           f"--user={NOBODY}:{ODD_GROUP}"), KEPT),
    "with an init": (("--init",), None),
}


@pytest.mark.parametrize("name", RUNS)
def test_it_serves_however_it_is_run_and_has_no_power_left(container, name):
    options, who = RUNS[name]
    running = container(*options, environment={"CONTAINERS": "1"})
    assert running.status("/containers/json") == 200
    assert running.status("/containers/create", "POST") == 403
    assert running.execute("health").returncode == 0
    if who is None:
        return
    told = running.status_of_process()
    assert int(told["CapEff"][0], 16) == int(told["CapPrm"][0], 16) == 0
    assert (int(told["Uid"][0]), told["NoNewPrivs"], told["Seccomp"]) == (who[0], ["1"], ["2"])
    if who[1] is not None:
        assert [int(group) for group in told["Groups"]] == who[1]


@pytest.mark.parametrize("mode,owner,group,user", [(0o660, 0, 0, NOBODY), (0o660, 0, 103, NOBODY), (0o600, 0, 0, 0),
                                                   (0o660, 1000, 1000, NOBODY), (0o600, 1000, 1000, 1000),
                                                   (0o666, 0, 0, NOBODY)])
def test_any_owner_and_group_of_the_socket_will_do(container, socket_rights, mode, owner, group, user):
    socket_rights(mode, owner, group)
    running = container()
    assert running.status("/version") == 200
    assert int(running.status_of_process()["Uid"][0]) == user


def test_a_user_who_may_not_open_the_socket_is_told_what_is_missing(container):
    running = container("--user=65534:65534")
    line = running.wait_for_log(" err engine ")
    assert f"--group-add {ODD_GROUP}" in line
    assert running.status("/version") == 503
    done = running.execute("health")
    assert done.returncode == 1 and f"--group-add {ODD_GROUP}" in done.stdout


@pytest.mark.parametrize("path", ["/var/run/docker.sock", "/run/docker.sock"])
def test_the_socket_may_be_mounted_at_either_name(container, path):
    assert container(mount=(path,)).status("/version") == 200


def test_another_place_of_the_socket_is_a_variable(container):
    running = container(environment={"SOCKET_PATH": "/engine.sock"}, mount=("/engine.sock",))
    assert running.status("/version") == 200


def test_a_mounted_file_of_an_engine_that_was_restarted_is_told_apart(container, tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "docker.sock"

    def engine():
        daemon = FakeDaemon(path=str(path))
        os.chmod(path, 0o666)
        return daemon.on("/_ping", lambda connection: connection.send(json_answer(200, {})))
    with engine():
        running = container(f"--volume={path}:/var/run/docker.sock", mount=())
        assert running.status("/_ping") == 200
    path.unlink(missing_ok=True)
    with engine():
        assert running.status("/_ping") == 503
        line = running.wait_for_log(" err engine ")
        assert "restarted since" in line and "restart this container" in line
        done = running.execute("health")
        assert done.returncode == 1 and "restarted since" in done.stdout
        docker(running.engine, "restart", "--time", "5", running.name)
        wait_until(lambda: running.status("/_ping") == 200, 20, "the new engine to be found")


def test_a_listener_may_be_a_unix_socket_in_a_volume_and_survives_restarts(engine, container, tmp_path):
    running = container(f"--volume={tmp_path}:/sockets", environment={"LISTEN": "unix:/sockets/docker.sock"})
    for _ in range(2):
        done = running.within("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket",
                              str(tmp_path / "docker.sock"), "http://x/version")
        assert done.stdout == "200"
        assert running.execute("health").returncode == 0
        engine.request("POST", f"/containers/{running.name}/restart?t=5")
        running.wait_for_log(" listening ")


def test_a_file_of_settings_is_read_and_read_again(engine, container, tmp_path):
    settings = tmp_path / "sockwarden.ini"
    text = "[listener a]\naddress = tcp://[::]:2375\npolicy = a\n[policy a]\nallow = SystemPing%s\n"
    tmp_path.chmod(0o755)
    settings.write_text(text % "")
    settings.chmod(0o644)
    running = container(f"--volume={tmp_path}:/etc/sockwarden:ro", arguments=("-c", "/etc/sockwarden/sockwarden.ini"))
    assert (running.status("/_ping"), running.status("/info")) == (200, 403)
    assert " warning setting " not in running.log()
    assert running.execute("health").returncode == 0, "the default is where this file listens, too"
    settings.write_text(text % ", SystemInfo")
    engine.request("POST", f"/containers/{running.name}/kill?signal=HUP")
    running.wait_for_log(" reload ")
    assert (running.status("/_ping"), running.status("/info")) == (200, 200)


def test_a_bad_setting_ends_the_container_with_a_line_that_names_it(container):
    running = container(environment={"LOG_LEVEL": "warn"})
    assert running.state()["ExitCode"] == 2
    assert running.log().startswith("sockwarden: LOG_LEVEL=warn: not taken")
