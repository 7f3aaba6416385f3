"""The docker CLI: answers that go on for as long as the engine has something to say."""

import json
import re

import pytest

from harness.wait import stays, wait_until

LOOP = "mkfifo /tmp/f; while :; do read line </tmp/f && echo $line; done"


def say(direct, name, text):
    """Have a container that runs LOOP print a line."""
    direct("exec", name, "sh", "-c", f"until test -p /tmp/f; do sleep 0.05; done; echo {text} >/tmp/f")


def test_logs_prints_what_was_written(any_docker, container, direct):
    name = container("sh", "-c", "seq 1 5000; echo oops >&2")
    direct("wait", name)
    done = any_docker.run("logs", name)
    assert done.stdout.split() == [str(number) for number in range(1, 5001)]
    assert done.stderr == "oops\n"


def test_logs_tail_and_timestamps(docker, container, direct):
    name = container("seq", "1", "100")
    direct("wait", name)
    lines = docker("logs", "--tail", "2", "--timestamps", name).splitlines()
    assert [line.split()[1] for line in lines] == ["99", "100"]
    assert all(re.match(r"\d{4}-\d\d-\d\dT", line) for line in lines)


def test_logs_follow_prints_each_line_at_once_and_ends_with_the_container(any_docker, container, direct):
    name = container("sh", "-c", LOOP)
    follower = any_docker.start("logs", "-f", name)
    for word in ("first", "second", "third"):
        say(direct, name, word)
        follower.wait_for_output(word)
    stays(follower.alive, 1, "docker logs -f of a quiet container")
    direct("kill", name)
    assert follower.wait() == 0
    assert follower.output.split() == ["first", "second", "third"]


def test_events_filter_and_each_arrives_at_once(any_docker, container, direct, unique):
    label = unique("label")
    watcher = any_docker.start("events", "--filter", f"label={label}", "--filter", "type=container",
                               "--format", "{{.Action}}")
    stays(watcher.alive, 0.3, "docker events before the first event")
    container()
    name = container(Labels={label: "yes"}, start=False)
    direct("start", name)
    watcher.wait_for_output("start\n")
    direct("pause", name)
    watcher.wait_for_output("pause\n")
    direct("unpause", name)
    watcher.wait_for_output("unpause\n")
    assert watcher.output.split()[-3:] == ["start", "pause", "unpause"]
    assert watcher.alive()


def test_events_until_now_ends_by_itself(docker, container, engine):
    name = container()
    now = engine.request("GET", "/info")["SystemTime"]
    seen = docker("events", "--since", "10m", "--until", now, "--filter", f"container={name}",
                  "--format", "{{json .}}")
    assert [json.loads(line)["Action"] for line in seen.splitlines()] == ["create", "start"]


def test_stats_once(any_docker, container):
    name = container()
    line = any_docker("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}} {{.PIDs}}", name)
    assert re.fullmatch(rf"{name} [\d.]+\w+ / [\d.]+\w+ 1", line)


@pytest.mark.parametrize("named", [True, False], ids=["of one container", "of all"])
def test_stats_go_on(docker, container, named):
    name = container()
    watcher = docker.start("stats", "--format", "{{.Name}}|{{.CPUPerc}}", *([name] if named else []))
    wait_until(lambda: len(re.findall(rf"{name}\|\d+\.\d+%", watcher.output)) > 2, 15, "three rounds of numbers")
    assert watcher.alive()


def test_wait_blocks_until_the_container_ends(any_docker, container, direct):
    name = container()
    waiter = any_docker.start("wait", name)
    stays(waiter.alive, 0.5, "docker wait on a running container")
    direct("kill", "--signal", "KILL", name)
    assert waiter.wait() == 0
    assert waiter.output == "137\n"


def test_followers_that_leave_are_forgotten_at_once(docker, container, proxy, direct):
    name = container("sh", "-c", LOOP)
    before = proxy.fd_count()
    clients = [docker.start("logs", "-f", name) for _ in range(5)]
    clients += [docker.start("events"), docker.start("stats", name)]
    say(direct, name, "hello")
    for client in clients[:5]:
        client.wait_for_output("hello")
    assert proxy.fd_count() >= before + 2 * len(clients[:5])
    docker.end()
    wait_until(lambda: proxy.fd_count() <= before, 10, f"the proxy to be back at {before} descriptors")


def test_attached_clients_that_leave_are_forgotten_when_the_container_speaks(docker, container, proxy, direct):
    """Until then their leaving cannot be told from a half-close, after which output must go on."""
    name = container("sh", "-c", LOOP)
    before = proxy.fd_count()
    clients = [docker.start("attach", "--no-stdin", "--sig-proxy=false", name) for _ in range(5)]

    def attached():
        say(direct, name, "hello")
        return all("hello" in client.output for client in clients)

    wait_until(attached, 10, "all to be attached")
    docker.end()

    def forgotten():
        say(direct, name, "anyone there?")
        return proxy.fd_count() <= before

    wait_until(forgotten, 10, f"the proxy to be back at {before} descriptors")
