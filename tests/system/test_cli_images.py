"""The docker CLI: images, in and out; builds by either builder; a registry."""

import hashlib
import io
import os
import signal
import subprocess
import tarfile

import pytest

from harness.clients import Docker, Wire, chunk, request_bytes
from harness.engine import IMAGE
from harness.proxy import GRANT_ALL, sanitizer_slack
from harness.registry import PASSWORD, USER, Registry
from harness.wait import wait_until

MEBIBYTE = 1 << 20
LARGE = 500 * MEBIBYTE
ALLOWED_GROWTH = 4 * MEBIBYTE  # the buffers of one exchange and what the allocator keeps of them, whatever the size


def digest_of(path):
    return subprocess.run(["sha256sum", path], capture_output=True, check=True, text=True).stdout.split()[0]


@pytest.fixture(scope="module")
def large_layer(tmp_path_factory):
    """A root file system of 500 MB that does not compress, as a tar file."""
    path = tmp_path_factory.mktemp("large") / "root.tar"
    block = os.urandom(MEBIBYTE)
    with tarfile.open(path, "w") as tar:
        for number in range(LARGE // (50 * MEBIBYTE)):
            entry = tarfile.TarInfo(f"file{number}")
            entry.size = 50 * MEBIBYTE
            tar.addfile(entry, io.BytesIO(block[number:] * 51))
    return path


@pytest.fixture
def image(docker, unique):
    """A fresh tag of the base image."""
    name = f"{unique('img')}:1"
    docker("tag", IMAGE, name)
    yield name
    docker.run("rmi", "-f", name)


def test_save_and_load_of_500_mb_in_constant_memory(engine, start_proxy, direct, large_layer, tmp_path, unique):
    proxy = start_proxy(engine.socket, GRANT_ALL)
    docker = Docker(proxy.address, tmp_path)
    name, saved = f"{unique('large')}:1", tmp_path / "saved.tar"
    direct("import", str(large_layer), name)
    image_id = docker("inspect", "--format", "{{.Id}}", name)
    before = proxy.peak_rss()
    docker("save", "-o", str(saved), name, timeout=120)
    assert saved.stat().st_size > LARGE
    direct("rmi", name)
    docker("load", "-i", str(saved), timeout=120)
    assert proxy.peak_rss() - before < ALLOWED_GROWTH + sanitizer_slack()
    assert direct("inspect", "--format", "{{.Id}}", name) == image_id
    direct("rmi", name)


def test_load_pushes_back_while_the_engine_does_not_read(wire, proxy, engine):
    before = proxy.rss()
    engine.dockerd.send_signal(signal.SIGSTOP)
    try:
        slow = wire()
        slow.send(request_bytes("POST", "/images/load", Transfer_Encoding="chunked"))
        slow.socket.settimeout(2)
        with pytest.raises(TimeoutError):
            for _ in range(256):
                slow.send(chunk(bytes(MEBIBYTE)))
        assert proxy.rss() - before < ALLOWED_GROWTH + sanitizer_slack()
    finally:
        engine.dockerd.send_signal(signal.SIGCONT)


def test_save_to_stdout_and_load_from_stdin(any_docker, image):
    data = any_docker("save", image, text=False)
    any_docker("rmi", image)
    assert "Loaded image" in any_docker("load", stdin=data, text=False).decode()
    assert any_docker("run", "--rm", image, "echo", "loaded") == "loaded"


def test_import_from_stdin_and_export_again(any_docker, unique):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("hello")
        entry.size = 5
        tar.addfile(entry, io.BytesIO(b"hello"))
    name, container = f"{unique('imported')}:1", unique("box")
    any_docker("import", "-", name, stdin=buffer.getvalue(), text=False)
    any_docker("create", "--name", container, name, "none")
    exported = any_docker("export", container, text=False)
    with tarfile.open(fileobj=io.BytesIO(exported)) as tar:
        assert tar.extractfile("hello").read() == b"hello"
    any_docker("rm", container)
    any_docker("rmi", name)


def test_commit_tag_history_and_remove(any_docker, container, direct, unique):
    name, image = container("sh", "-c", "echo kept >/kept"), unique("committed")
    direct("wait", name)
    any_docker("commit", "-m", "note", "-c", "ENV COLOUR=blue", name, f"{image}:1")
    any_docker("tag", f"{image}:1", f"{image}:2")
    assert any_docker("run", "--rm", f"{image}:2", "sh", "-c", "cat /kept; echo $COLOUR").split() == ["kept", "blue"]
    assert "note" in any_docker("history", f"{image}:2")
    assert set(any_docker("images", "--format", "{{.Tag}}", image).split()) == {"1", "2"}
    any_docker("rmi", f"{image}:1", f"{image}:2")
    assert any_docker("images", "-q", image) == ""


def write_context(folder, *steps):
    (folder / "Dockerfile").write_text("\n".join([f"FROM {IMAGE}", *steps]) + "\n")
    (folder / "data").write_bytes(os.urandom(3 * MEBIBYTE))
    return str(folder)


@pytest.mark.parametrize("network", ["none", "host"])
@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_build_and_run_what_was_built(any_docker, tmp_path, unique, buildkit, network):
    tag = unique("built")
    context = write_context(tmp_path, "ARG WORD", "COPY data /data", "RUN sha256sum /data >/sum && echo $WORD >/word")
    any_docker("build", "--network", network, "--no-cache", "--build-arg", "WORD=blue", "-t", tag, context,
               env={"DOCKER_BUILDKIT": buildkit})
    lines = any_docker("run", "--rm", tag, "sh", "-c", "cut -d' ' -f1 /sum; cat /word").split()
    assert lines == [digest_of(tmp_path / "data"), "blue"]
    any_docker("rmi", tag)


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_build_that_fails_tells_why(docker, tmp_path, buildkit):
    context = write_context(tmp_path, "RUN echo about-to-fail && exit 23")
    done = docker.run("build", "--network", "none", "--no-cache", context, env={"DOCKER_BUILDKIT": buildkit})
    assert done.returncode != 0
    assert "about-to-fail" in done.stdout + done.stderr
    assert "exit code: 23" in done.stderr or "returned a non-zero code: 23" in done.stderr


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_build_shows_its_output_while_it_runs(docker, tmp_path, buildkit):
    context = write_context(tmp_path, "RUN echo fir''st && sleep 3 && echo sec''ond")
    build = docker.start("build", "--network", "none", "--no-cache", context,
                         env={"DOCKER_BUILDKIT": buildkit, "BUILDKIT_PROGRESS": "plain"})
    wait_until(lambda: "first" in build.output + build.stderr, 20, "the first line of the build step")
    assert "second" not in build.output + build.stderr
    assert build.wait() == 0
    assert "second" in build.output + build.stderr


def test_build_from_a_tar_on_stdin(docker, tmp_path):
    write_context(tmp_path, "COPY data /data")
    tar = subprocess.run(["tar", "-C", tmp_path, "-c", "."], check=True, capture_output=True).stdout
    built = docker("build", "-q", "-", stdin=tar, text=False, env={"DOCKER_BUILDKIT": "0"})
    assert built.startswith(b"sha256:")


def test_buildkit_build_with_a_secret_and_a_large_context(docker, tmp_path, unique):
    tag = unique("built")
    (tmp_path / "secret").write_text("hidden")
    context = write_context(tmp_path, "COPY large /large",
                            "RUN --mount=type=secret,id=word sha256sum /run/secrets/word /large >/sums")
    with open(tmp_path / "large", "wb") as file:
        for _ in range(100):
            file.write(os.urandom(MEBIBYTE))
    docker("build", "--network", "none", "--secret", f"id=word,src={tmp_path}/secret", "-t", tag, context,
           env={"DOCKER_BUILDKIT": "1"}, timeout=120)
    sums = docker("run", "--rm", tag, "cut", "-d", " ", "-f", "1", "/sums").split()
    assert sums == [hashlib.sha256(b"hidden").hexdigest(), digest_of(tmp_path / "large")]
    docker("rmi", tag)


def test_builder_prune(docker):
    assert "Total reclaimed space" in docker("builder", "prune", "-f", "--filter", "unused-for=100h")


def test_push_and_pull(any_docker, image, unique):
    with Registry() as registry:
        remote = f"{registry.address}/some/where/{unique('img')}:1"
        any_docker("tag", image, remote)
        assert "digest: sha256:" in any_docker("push", remote)
        any_docker("rmi", remote)
        assert "Status: Downloaded newer image" in any_docker("pull", remote)
        assert any_docker("inspect", "--format", "{{.Id}}", remote) == any_docker(
            "inspect", "--format", "{{.Id}}", image)
        any_docker("rmi", remote)


def test_login_push_and_pull_with_credentials(docker, image, unique):
    with Registry(protected=True) as registry:
        remote = f"{registry.address}/{unique('img')}:1"
        docker("tag", image, remote)
        assert docker.run("push", remote).returncode != 0
        done = docker.run("login", "-u", USER, "--password-stdin", registry.address, stdin=PASSWORD)
        assert "Login Succeeded" in done.stdout
        before = registry.logins
        docker("push", remote)
        docker("pull", remote)
        assert registry.logins > before
        docker("rmi", remote)


def test_run_pulls_what_is_missing(docker, image, unique):
    with Registry() as registry:
        remote = f"{registry.address}/{unique('img')}:1"
        docker("tag", image, remote)
        docker("push", remote)
        docker("rmi", remote)
        assert docker("run", "--rm", remote, "echo", "pulled") == "pulled"
        docker("rmi", remote)


def test_a_save_that_the_client_gives_up_frees_both_connections(proxy, direct, large_layer, unique):
    name = f"{unique('large')}:1"
    direct("import", str(large_layer), name)
    before = proxy.fd_count()
    with Wire(proxy.address) as client:
        client.send_request("GET", f"/images/{name}/get")
        assert client.read_head().status == 200
        client.read_exactly(MEBIBYTE)
    wait_until(lambda: proxy.fd_count() <= before, 10, "both connections to be gone")
    direct("rmi", name)
