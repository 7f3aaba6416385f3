"""The docker CLI: files in and out of containers, networks, volumes, disk usage, prune."""

import hashlib
import io
import json
import os
import tarfile

import pytest

from harness.engine import IMAGE

MEBIBYTE = 1 << 20


@pytest.mark.parametrize("running", [True, False], ids=["running", "created"])
def test_cp_of_a_large_file_in_and_out(any_docker, container, tmp_path, running):
    name = container(start=running)
    (tmp_path / "in").write_bytes(os.urandom(24 * MEBIBYTE))
    any_docker("cp", str(tmp_path / "in"), f"{name}:/tmp/file")
    any_docker("cp", f"{name}:/tmp/file", str(tmp_path / "out"))
    digests = [hashlib.sha256((tmp_path / side).read_bytes()).hexdigest() for side in ("in", "out")]
    assert digests[0] == digests[1]


def test_cp_of_a_folder_keeps_modes_and_links(docker, container, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "script").write_text("#!/bin/sh\n")
    (source / "sub" / "script").chmod(0o751)
    (source / "link").symlink_to("sub/script")
    name = container()
    docker("cp", str(source), f"{name}:/tmp/copy")
    docker("cp", f"{name}:/tmp/copy", str(tmp_path / "back"))
    assert (tmp_path / "back" / "sub" / "script").stat().st_mode & 0o777 == 0o751
    assert os.readlink(tmp_path / "back" / "link") == "sub/script"


def test_cp_by_tar_on_stdin_and_stdout(any_docker, container):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("note")
        entry.size = 4
        tar.addfile(entry, io.BytesIO(b"text"))
    name = container()
    any_docker("cp", "-", f"{name}:/tmp", stdin=buffer.getvalue(), text=False)
    with tarfile.open(fileobj=io.BytesIO(any_docker("cp", f"{name}:/tmp/note", "-", text=False))) as tar:
        assert tar.extractfile("note").read() == b"text"


def test_cp_of_a_missing_path_fails_with_the_message_of_the_engine(docker, container, tmp_path):
    done = docker.run("cp", f"{container()}:/no/such", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "/no/such" in done.stderr and "sockwarden" not in done.stderr


def test_network_create_inspect_connect_disconnect_and_remove(any_docker, container, unique):
    network, name = unique("net"), container()
    any_docker("network", "create", "--label", "colour=blue", network)
    assert network in any_docker("network", "ls", "--filter", "label=colour=blue", "--format", "{{.Name}}").split()
    any_docker("network", "connect", network, name)
    inspected = json.loads(any_docker("network", "inspect", network))
    assert [one["Name"] for one in inspected[0]["Containers"].values()] == [name]
    any_docker("network", "disconnect", network, name)
    any_docker("network", "rm", network)
    assert network not in any_docker("network", "ls", "--format", "{{.Name}}").split()


def test_volume_create_use_inspect_and_remove(any_docker, unique):
    volume = unique("vol")
    assert any_docker("volume", "create", "--label", "colour=blue", volume) == volume
    any_docker("run", "--rm", "-v", f"{volume}:/data", IMAGE, "sh", "-c", "echo kept >/data/file")
    assert any_docker("run", "--rm", "-v", f"{volume}:/data", IMAGE, "cat", "/data/file") == "kept"
    assert json.loads(any_docker("volume", "inspect", volume))[0]["Labels"] == {"colour": "blue"}
    assert any_docker("volume", "ls", "-q", "--filter", "label=colour=blue") == volume
    any_docker("volume", "rm", volume)
    assert volume not in any_docker("volume", "ls", "-q").split()


def test_system_df_counts_what_is_there(any_docker, container):
    container()
    lines = any_docker("system", "df").splitlines()
    assert [line.split()[0] for line in lines] == ["TYPE", "Images", "Containers", "Local", "Build"]
    assert int(lines[2].split()[1]) >= 1


def test_prune_removes_what_its_filter_names(any_docker, container, direct, unique):
    label = unique("label")
    gone, kept = container("true", Labels={label: "yes"}), container("true")
    direct("wait", gone, kept)
    direct("volume", "create", "--label", f"{label}=yes", unique("vol"))
    assert "Total reclaimed space" in any_docker("system", "prune", "-f", "--volumes", "--filter", f"label={label}")
    names = any_docker("ps", "-a", "--format", "{{.Names}}").split()
    assert gone not in names and kept in names
    assert any_docker("volume", "ls", "-q", "--filter", f"label={label}") == ""
