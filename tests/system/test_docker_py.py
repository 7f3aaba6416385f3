"""docker-py: a pooled session, streams read from the raw socket, hijacks without an Upgrade header."""

import io
import os
import re
import socket
import struct
import tarfile
import threading

import docker
import pytest
import requests

from harness.engine import IMAGE
from harness.wait import wait_until


# Over TCP docker-py loses output that arrives in one packet with the answer's head, on the engine's own socket too.
LATE = "sleep 0.2;"


@pytest.fixture(params=["tcp", "unix"])
def client(request, proxy):
    """docker-py through the proxy; making it already asks for /version."""
    with_proxy = docker.DockerClient(base_url=proxy.addresses[request.param == "unix"], version="auto", timeout=30)
    yield with_proxy
    with_proxy.close()


def bare(stream):
    """The socket under the file-like object that docker-py hands out."""
    return getattr(stream, "_sock", stream)


def frame_of(stream):
    """One frame of a multiplexed stream: (1 stdout or 2 stderr, payload)."""
    def exactly(count):
        data = b""
        while len(data) < count:
            piece = bare(stream).recv(count - len(data))
            assert piece, f"end of stream after {data!r}"
            data += piece
        return data

    kind, size = struct.unpack(">BxxxI", exactly(8))
    return kind, exactly(size)


def tar_of(name, data):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        tar.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def test_version_info_and_ping(client, engine):
    assert client.version() == engine.request("GET", "/version")
    assert client.info()["ID"] == engine.request("GET", "/info")["ID"]
    assert client.ping()


def test_list_containers_and_images(client, container):
    name = container(Labels={"colour": "blue"})
    assert [one.name for one in client.containers.list(filters={"label": "colour=blue"}) if one.name == name] == [name]
    assert IMAGE in [tag for image in client.images.list() for tag in image.tags]


def test_run_returns_output_and_raises_on_failure(client):
    assert client.containers.run(IMAGE, ["echo", "hello"], remove=True) == b"hello\n"
    with pytest.raises(docker.errors.ContainerError) as error:
        client.containers.run(IMAGE, ["sh", "-c", "echo bad >&2; exit 3"], remove=True)
    assert error.value.exit_status == 3 and error.value.stderr == b"bad\n"


def test_wait_returns_the_exit_code(client, container):
    assert client.containers.get(container("sh", "-c", "sleep 1; exit 11")).wait() == {"Error": None, "StatusCode": 11}


def test_logs_at_once_and_followed(client, container):
    one = client.containers.get(container("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.3; done"))
    assert b"".join(one.logs(stream=True, follow=True)) == b"1\n2\n3\n"
    assert one.logs(tail=1) == b"3\n"


def test_events_arrive_one_by_one(client, container, unique):
    label = unique("label")
    events = client.events(decode=True, filters={"label": label, "type": "container"})
    made = container(Labels={label: "yes"})
    assert [next(events)["Action"] for _ in range(2)] == ["create", "start"]
    client.containers.get(made).kill("KILL")
    assert next(events)["Action"] == "kill"
    events.close()


def test_stats_once_and_streamed(client, container):
    one = client.containers.get(container())
    assert one.stats(stream=False)["name"] == f"/{one.name}"
    stream = one.stats(decode=True)
    assert [next(stream)["id"] for _ in range(3)] == [one.id] * 3


def test_exec_run_with_and_without_stream_and_demux(client, container):
    one = client.containers.get(container())
    assert one.exec_run(["sh", "-c", f"{LATE} echo out; exit 4"]) == (4, b"out\n")
    lines = one.exec_run(["sh", "-c", f"{LATE} echo 1; sleep 0.3; echo 2"], stream=True).output
    assert b"".join(lines) == b"1\n2\n"
    assert one.exec_run(["sh", "-c", f"{LATE} echo out; echo err >&2"], demux=True).output == (b"out\n", b"err\n")
    assert one.exec_run(["sh", "-c", f"{LATE} tty"], tty=True).output.startswith(b"/dev/pts/")
    one.exec_run(["touch", "/tmp/detached"], detach=True)
    assert one.exec_run(["sh", "-c", "until test -e /tmp/detached; do sleep 0.1; done"]).exit_code == 0


def test_the_head_of_a_hijack_is_not_held_back_until_there_is_output(proxy, container):
    """Over TCP docker-py loses what arrives together with the head: now and then, unless small packets are held back."""
    client = docker.DockerClient(base_url=proxy.address)
    one = client.containers.get(container())
    lost = sum(one.exec_run(["echo", "out"]).output != b"out\n" for _ in range(60))
    client.close()
    assert lost < 40


def test_exec_socket_echoes_lines_and_ends_after_a_half_close(client, container):
    one = client.containers.get(container())
    stream = one.exec_run(["sh", "-c", "cat; echo end"], stdin=True, socket=True).output
    for number in range(10):
        bare(stream).sendall(f"line {number}\n".encode())
        assert frame_of(stream) == (1, f"line {number}\n".encode())
    bare(stream).shutdown(socket.SHUT_WR)
    assert frame_of(stream) == (1, b"end\n")
    assert bare(stream).recv(1) == b""
    stream.close()


def test_exec_start_without_an_upgrade_header_still_carries_both_directions(client, container):
    """As docker-py before 4.0 and compose 1 send it: the answer is 200 with a raw stream."""
    one = client.containers.get(container())
    exec_id = client.api.exec_create(one.id, ["sh", "-c", "read x; echo got $x"], stdin=True)["Id"]
    answer = client.api._post_json(client.api._url("/exec/{0}/start", exec_id), data={"Detach": False, "Tty": False},
                                   stream=True)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/vnd.docker.raw-stream"
    stream = client.api._get_raw_response_socket(answer)
    bare(stream).sendall(b"word\n")
    assert frame_of(stream) == (1, b"got word\n")


def test_attach_socket_before_the_start_then_stdin_and_half_close(client, container):
    one = client.containers.get(container("sh", "-c", "cat; echo end", start=False, OpenStdin=True, StdinOnce=True))
    stream = one.attach_socket(params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
    one.start()
    for number in range(10):
        bare(stream).sendall(f"line {number}\n".encode())
        assert frame_of(stream) == (1, f"line {number}\n".encode())
    bare(stream).shutdown(socket.SHUT_WR)
    assert frame_of(stream) == (1, b"end\n")
    assert one.wait()["StatusCode"] == 0
    stream.close()


def test_attach_without_an_upgrade_header_still_carries_both_directions(client, container):
    one = client.containers.get(container("cat", OpenStdin=True))
    answer = client.api._post(client.api._url("/containers/{0}/attach", one.id), stream=True,
                              params={"stdin": 1, "stdout": 1, "stream": 1})
    assert answer.status_code == 200
    stream = client.api._get_raw_response_socket(answer)
    bare(stream).sendall(b"echo\n")
    assert frame_of(stream) == (1, b"echo\n")


def test_attach_streams_what_the_container_writes(client, container):
    one = client.containers.get(container("sh", "-c", "read x; seq 1 1000", OpenStdin=True))
    output = one.attach(stream=True, logs=True)
    stdin = one.attach_socket(params={"stdin": 1, "stream": 1})
    bare(stdin).sendall(b"go\n")
    assert b"".join(output).split() == [str(number).encode() for number in range(1, 1001)]


def test_put_archive_and_get_archive(client, container):
    one, data = client.containers.get(container()), os.urandom(3 << 20)
    assert one.put_archive("/tmp", tar_of("file", data))
    pieces, stat = one.get_archive("/tmp/file")
    assert stat["name"] == "file" and stat["size"] == len(data)
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        assert tar.extractfile("file").read() == data


def test_build_and_its_output(client, unique):
    dockerfile = io.BytesIO(f"FROM {IMAGE}\nRUN echo building\nCMD echo built\n".encode())
    tag = unique("built")
    image, log = client.images.build(fileobj=dockerfile, tag=tag, rm=True, network_mode="none", nocache=True)
    assert any("building" in line.get("stream", "") for line in log)
    assert client.containers.run(tag, remove=True) == b"built\n"
    client.images.remove(image.id, force=True)


def test_save_and_load_images(client, unique):
    client.images.get(IMAGE).tag(unique("img"), "1")
    data = b"".join(client.images.get(IMAGE).save(named=True))
    assert [image.tags for image in client.images.load(data)][0].count(IMAGE) == 1


def test_networks_and_volumes(client, unique):
    network, volume = client.networks.create(unique("net")), client.volumes.create(unique("vol"))
    assert network.id in [one.id for one in client.networks.list()]
    assert volume.name in [one.name for one in client.volumes.list()]
    network.remove()
    volume.remove()
    assert client.df()["Volumes"] is not None


def test_not_found_is_the_error_of_the_engine(client):
    with pytest.raises(docker.errors.NotFound) as error:
        client.containers.get("never-made")
    assert error.value.explanation == "No such container: never-made"


def test_polls_of_one_session_stay_on_one_connection(proxy, container):
    client = docker.DockerClient(base_url=proxy.address, version="1.41")
    name = container()
    for _ in range(200):
        assert client.containers.get(name).status == "running"
    client.close()
    wait_until(lambda: len(proxy.lines(f"/containers/{name}/json")) == 200, 10, "a record for each poll")
    polls = proxy.lines(f"/containers/{name}/json")
    assert len({re.search(r"client=(\S+)", line).group(1) for line in polls}) == 1


def test_threads_of_one_client_do_not_mix_up_their_answers(client, container):
    names = [container() for _ in range(4)]
    wrong = []

    def poll(name):
        for _ in range(40):
            answer = client.api.inspect_container(name)
            if answer["Name"] != f"/{name}":
                wrong.append((name, answer["Name"]))

    threads = [threading.Thread(target=poll, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    wait_until(lambda: not any(thread.is_alive() for thread in threads), 60, "all polls")
    assert not wrong


def test_clients_that_give_up_on_a_slow_call_leave_no_answer_for_others(proxy, container):
    """stats without stream takes the engine a second or two; the caller leaves after a tenth of it."""
    names = [container() for _ in range(3)]
    address = proxy.address.replace("tcp:", "http:")
    for turn in range(10):
        with pytest.raises(requests.exceptions.ReadTimeout):
            requests.get(f"{address}/containers/{names[turn % 3]}/stats?stream=0", timeout=0.1)
        for name in names:
            assert requests.get(f"{address}/containers/{name}/json", timeout=20).json()["Name"] == f"/{name}"
