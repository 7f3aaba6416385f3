"""The docker CLI under its presets, feature by feature: with it the command works, without it is refused."""

import time

import pytest

from harness.engine import IMAGE

# feature, command with {box} for a container, what it prints. The CLI of 20.10 asks for the version before stats.
LOOKS = [
    ("version", ("version", "--format", "{{.Server.APIVersion}}"), "1."),
    ("info", ("info",), "OSType: linux"),
    ("logs", ("logs", "{box}"), "word"),
    ("top", ("top", "{box}"), "sleep"),
    ("stats +version", ("stats", "--no-stream", "--format", "{{.Name}}", "{box}"), "{box}"),
    ("diff", ("diff", "{box}"), "A /made"),
    ("events", ("events", "--since", "0", "--until", "{now}", "--filter", "container={box}"), "container start"),
    ("images", ("images", "--format", "{{.Repository}}"), "box"),
    ("image-inspect", ("image", "inspect", IMAGE, "--format", "{{.Os}}"), "linux"),
    ("history", ("history", IMAGE), "SIZE"),
    ("network-ls", ("network", "ls", "--format", "{{.Name}}"), "none"),
    ("network-inspect", ("network", "inspect", "none", "--format", "{{.Driver}}"), "null"),
    ("volume-ls", ("volume", "ls"), "DRIVER"),
    ("system-df", ("system", "df"), "RECLAIMABLE"),
]


def refused(docker, *command):
    done = docker.run(*command)
    assert done.returncode != 0 and "refused: needs" in done.stdout + done.stderr, f"{command}: {done}"
    return done.stdout + done.stderr


def test_a_reading_cli_lists_and_inspects_and_does_nothing_else(docker, container):
    name = container()
    cli = docker("preset = cli-readonly")
    assert name in cli("ps", "--format", "{{.Names}}").split()
    assert cli("inspect", "--type", "container", name, "--format", "{{.Name}}") == f"/{name}"
    for command in (("kill", name), ("stop", name), ("rm", "-f", name), ("exec", name, "true"), ("pause", name),
                    ("run", "-d", IMAGE), ("cp", f"{name}:/bin/busybox", "-"), ("export", name), ("volume", "ls"),
                    ("rename", name, "x"), ("commit", name), ("container", "prune", "-f"), ("swarm", "init")):
        refused(cli, *command)


@pytest.mark.parametrize("feature, command, prints", LOOKS, ids=[row[0] for row in LOOKS])
def test_a_feature_of_the_reading_cli_adds_its_command(docker, container, feature, command, prints):
    name = container("sh", "-c", "echo word; touch /made; exec sleep 600")
    command = [word.format(box=name, now=int(time.time()) + 1) if "{{" not in word else word for word in command]
    cli = docker("preset = cli-readonly")
    told = refused(cli, *command)
    assert any(f"+{word.lstrip('+')} with preset cli-readonly" in told for word in feature.split()), told
    cli = docker(f"preset = cli-readonly +{feature}")
    assert prints.replace("{box}", name) in cli(*command)
    refused(cli, "kill", name)


def test_run_in_the_background_and_in_front(docker, unique, engine):
    name = unique("run")
    cli = docker("preset = cli-run +foreground +rm")
    assert cli("run", "-d", "--name", name, IMAGE, "sleep", "600")
    done = cli.run("run", "--rm", "-i", IMAGE, "sh", "-c", "cat; exit 3", stdin="in\n")
    assert (done.returncode, done.stdout) == (3, "in\n")
    assert "needs +stop with preset cli-run" in refused(cli, "stop", name)
    assert cli("rm", "-f", name) == name
    assert "+pull with preset cli-run" in refused(cli, "run", "nosuch:1")


def test_exec_logs_and_copies_of_the_running_cli(docker, container, tmp_path):
    name = container("sh", "-c", "echo word; exec sleep 600")
    cli = docker("preset = cli-run +exec +logs +cp +stop")
    assert cli("exec", "-i", name, "cat", stdin="in\n") == "in"
    assert cli("logs", name) == "word"
    (tmp_path / "f").write_text("text")
    cli("cp", str(tmp_path / "f"), f"{name}:/tmp/f")
    assert cli("exec", name, "cat", "/tmp/f") == "text"
    assert cli("stop", name) == name
    assert "needs +rm with preset cli-run" in refused(cli, "rm", name)
    assert "needs allow = ContainerList" in refused(cli, "ps")


def test_two_presets_and_rules_before_and_behind(docker, container):
    name = container("sh", "-c", "echo word; exec sleep 600")
    cli = docker("deny = ContainerLogs", "preset = cli-readonly +logs", "preset = cli-run +exec",
                 "allow = ContainerKill ?signal=HUP")
    assert name in cli("ps", "--format", "{{.Names}}").split()
    assert cli("exec", name, "echo", "hi") == "hi"
    done = cli.run("logs", name)
    assert done.returncode != 0 and "[policy main] has deny = ContainerLogs; an allow before it" in done.stderr
    assert cli("kill", "-s", "SIGHUP", name) == name
    done = cli.run("kill", name)
    assert done.returncode != 0 and "the query does not meet allow = " in done.stderr
