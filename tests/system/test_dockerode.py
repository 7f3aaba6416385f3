"""dockerode, the client of the Node world: unversioned paths, hijacks through its own agent."""

import json
import pathlib
import shutil
import subprocess

import pytest

from harness.engine import IMAGE

FOLDER = pathlib.Path(__file__).parent / "dockerode"


@pytest.fixture
def dockerode(proxy):
    """dockerode(scenario, **options): what the scenario of client.js prints."""
    assert shutil.which("node"), "node is not installed (Debian: apt-get install nodejs npm)"
    assert (FOLDER / "node_modules" / "dockerode").is_dir(), f"run `npm install` in {FOLDER} first"

    def run(scenario, **options):
        done = subprocess.run(["node", "client.js", scenario, json.dumps(options)], cwd=FOLDER, timeout=40, text=True,
                              capture_output=True, check=False, stdin=subprocess.DEVNULL,
                              env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DOCKER_HOST": proxy.address})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_list_version_info_and_ping(dockerode, container, engine):
    name = container()
    seen = dockerode("list")
    assert f"/{name}" in seen["names"] and IMAGE in seen["tags"]
    assert seen["id"] == engine.request("GET", "/info")["ID"]
    assert seen["api"] == engine.request("GET", "/version")["ApiVersion"]


def test_run_prints_and_returns_the_exit_code(dockerode):
    assert dockerode("run", image=IMAGE) == {"status": 3, "output": "hello\r\n"}


def test_attach_echoes_three_lines_and_ends_with_stdin(dockerode, container):
    name = container("sh", "-c", "cat; exit 5", start=False, OpenStdin=True, StdinOnce=True)
    assert dockerode("attach", container=name) == {"text": "one\ntwo\nthree\n", "status": 5}


def test_exec_echoes_three_lines_and_ends_with_stdin(dockerode, container):
    assert dockerode("exec", container=container()) == {"text": "one\ntwo\nthree\n", "status": 6}


def test_exec_without_stdin_prints_late_output(dockerode, container):
    assert dockerode("execWithoutStdin", container=container()) == "late\n"


def test_logs_follow_until_the_container_ends(dockerode, container):
    name = container("sh", "-c", "trap 'echo second' USR1; echo first; while :; do sleep 0.1; done")
    assert dockerode("logs", container=name) == "first\nsecond\n"


def test_events_arrive_while_the_stream_is_open(dockerode, container):
    assert dockerode("events", container=container(start=False)) == ["start", "die"]


def test_stats_once_and_streamed(dockerode, container):
    name = container()
    assert dockerode("stats", container=name) == [f"/{name}"] * 3


def test_build_streams_its_steps(dockerode, tmp_path, unique, docker):
    tag = unique("built")
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nCOPY data /data\nRUN cat /data\n")
    (tmp_path / "data").write_text("step by step\n")
    assert "step by step" in dockerode("build", folder=str(tmp_path), tag=tag)
    docker("rmi", tag)


def test_get_archive_is_whole(dockerode, container):
    size = pathlib.Path("/bin/busybox").stat().st_size
    assert dockerode("archive", container=container()) >= size


def test_a_missing_container_is_the_404_of_the_engine(dockerode):
    assert dockerode("missing") == {"status": 404, "message": "No such container: never-made"}
