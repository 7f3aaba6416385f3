"""podman as a client of its own service, through a proxy that grants everything."""

import json

from harness.wait import stays, wait_until


def test_version_info_and_lists_are_those_of_the_service(podman, service, container):
    name = container()
    assert podman("version", "--format", "{{.Server.APIVersion}}")[0] in "456"
    assert podman("info", "--format", "{{.Store.GraphRoot}}") == f"{service.folder}/storage"
    assert name in podman("ps", "--format", "{{.Names}}").split()
    assert "localhost/box" in podman("images", "--format", "{{.Repository}}")
    assert json.loads(podman("inspect", name))[0]["Name"] == name


def test_run_prints_and_ends_with_the_exit_code(podman):
    done = podman.run("run", "--rm", "--network=none", "box:1", "sh", "-c", "echo out; echo err >&2; exit 9")
    assert (done.returncode, done.stdout, done.stderr) == (9, "out\n", "err\n")


def test_run_carries_stdin_and_its_end(podman):
    text = "".join(f"line {number}\n" for number in range(2000))
    assert podman("run", "-i", "--rm", "--network=none", "box:1", "cat", stdin=text) == text.removesuffix("\n")


def test_run_on_a_terminal(podman):
    session = podman.start("run", "-it", "--rm", "--network=none", "box:1", "sh", size=(30, 100))
    session.wait_for_output("#")
    session.write("tty && echo size $(stty size)\n")
    session.wait_for_output("size 30 100")
    session.write("exit 4\n")
    assert session.wait() == 4


def test_exec_prints_carries_stdin_and_ends_with_the_exit_code(podman, container):
    name = container()
    assert podman("exec", name, "echo", "hello") == "hello"
    assert podman("exec", "-i", name, "cat", stdin="in\n") == "in"
    assert podman.run("exec", name, "sh", "-c", "exit 7").returncode == 7


def test_exec_on_a_terminal(podman, container):
    session = podman.start("exec", "-it", container(), "sh", size=(30, 100))
    session.wait_for_output("#")
    session.write("echo a$((20 + 3))b\n")
    session.wait_for_output("a23b")
    session.write("exit\n")
    assert session.wait() == 0


def test_attach_gives_stdin_and_prints_until_the_container_ends(podman, service, unique):
    name = unique("attached")
    podman("create", "-i", "--name", name, "--network=none", "box:1", "sh", "-c", "read word; echo got $word")
    podman("start", name)
    session = podman.start("attach", name)
    session.write("hello\n")
    session.wait_for_output("got hello")
    session.close_stdin()
    assert session.wait() == 0
    service.request("DELETE", f"/v4.0.0/libpod/containers/{name}?force=true")


def test_followed_logs_come_line_by_line_and_end_with_the_container(podman, container):
    name = container("sh", "-c", "while [ ! -e /tmp/go ]; do echo waiting; sleep 0.2; done; echo last")
    session = podman.start("logs", "-f", name)
    session.wait_for_output("waiting")
    stays(session.alive, 0.3, "podman logs -f of a container that runs")
    podman("exec", name, "touch", "/tmp/go")
    session.wait_for_output("last")
    assert session.wait() == 0


def test_events_are_followed(podman, unique):
    name = unique("event")
    session = podman.start("events", "--format", "{{.Type}} {{.Status}} {{.Name}}")
    wait_until(lambda: podman("volume", "create", unique("early")) and "volume create" in session.output, 20,
               "the stream of events to have begun")
    podman("volume", "create", name)
    session.wait_for_output(f"volume create {name}")
    podman("volume", "rm", name)
    session.wait_for_output(f"volume remove {name}")


def test_stats_once_and_top_and_changes(podman, container):
    name = container()
    assert name in podman("stats", "--no-stream", "--format", "{{.Name}}", name)
    assert "sleep 600" in podman("top", name)
    podman("exec", name, "touch", "/tmp/new")
    assert "A /tmp/new" in podman("diff", name)


def test_stats_are_followed(podman, container):
    name = container()
    session = podman.start("stats", "--format", "{{.Name}}", "--interval", "1", "--no-reset", name)
    wait_until(lambda: session.output.count(name) >= 2, 20, f"two readings of {name}")


def test_files_are_copied_both_ways(podman, container, tmp_path):
    name = container()
    (tmp_path / "in").write_bytes(bytes(range(256)) * 4096)
    podman("cp", str(tmp_path / "in"), f"{name}:/tmp/in")
    podman("cp", f"{name}:/tmp/in", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == (tmp_path / "in").read_bytes()
    podman("export", name, "-o", str(tmp_path / "export.tar"))
    assert (tmp_path / "export.tar").stat().st_size > 1 << 20


def test_images_are_built_saved_loaded_and_removed(podman, unique, tmp_path):
    name = unique("built")
    (tmp_path / "Dockerfile").write_text("FROM box:1\nCOPY Dockerfile /d\nRUN echo in the build\n")
    done = podman("build", "--network=none", "-t", name, str(tmp_path))
    assert "in the build" in done
    podman("save", name, "-o", str(tmp_path / "image.tar"))
    podman("rmi", name)
    assert f"localhost/{name}:latest" in podman("load", "-i", str(tmp_path / "image.tar"))
    assert f"localhost/{name}" in podman("images", "--format", "{{.Repository}}").split()
    podman("rmi", name)


def test_a_container_is_committed_and_described(podman, container, unique):
    name, image = container(), unique("committed")
    assert "kind: Pod" in podman("generate", "kube", name)
    assert "[Service]" in podman("generate", "systemd", name)
    podman("commit", "-q", name, image)
    assert podman("image", "exists", image) == ""
    podman("rmi", image)


def test_a_container_is_paused_killed_stopped_and_removed(podman, container):
    name = container()
    for command in (("pause",), ("unpause",), ("kill", "-s", "URG"), ("restart", "-t", "0"), ("stop", "-t", "0")):
        assert podman(*command, name) == name
    assert podman("wait", name) == "137"
    assert podman("rm", name) == name


def test_pods(podman, unique):
    name = unique("pod")
    podman("pod", "create", "--infra=false", "--name", name)
    assert name in podman("pod", "ps", "--format", "{{.Name}}").split()
    podman("run", "-d", "--pod", name, "--name", f"{name}-a", "--network=none", "box:1", "sleep", "600")
    assert "sleep 600" in podman("pod", "top", name)
    assert f"name: {name}" in podman("generate", "kube", name)
    podman("pod", "kill", name)
    podman("pod", "rm", "-f", "-t", "0", name)
    assert podman.run("pod", "exists", name).returncode == 1


def test_volumes_networks_and_secrets(podman, unique, tmp_path):
    name = unique("thing")
    (tmp_path / "secret").write_text("word")
    podman("volume", "create", name)
    assert name in podman("volume", "ls", "-q").split()
    podman("volume", "rm", name)
    podman("network", "create", name)
    assert name in podman("network", "ls", "-q").split()
    podman("network", "rm", name)
    podman("secret", "create", name, str(tmp_path / "secret"))
    assert name in podman("secret", "ls", "--format", "{{.Name}}").split()
    podman("secret", "rm", name)


def test_an_error_of_the_service_reaches_the_client_as_it_is(podman):
    done = podman.run("inspect", "--type", "container", "nosuch")
    assert done.returncode != 0 and "no such container" in done.stderr
    done = podman.run("pull", "127.0.0.1:1/nosuch")
    assert done.returncode != 0 and "connection refused" in done.stderr
