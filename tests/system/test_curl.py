"""curl, as scripts use it: keep-alive, HEAD, uploads, plain answers of streams."""

import io
import json
import subprocess
import tarfile

import pytest

from harness.engine import IMAGE


@pytest.fixture
def curl(proxy):
    """curl(*arguments): its standard output; {url} stands for the proxy."""
    url = proxy.address.replace("tcp:", "http:")

    def run(*arguments, stdin=None, check=True):
        done = subprocess.run(["curl", "-sS", "--max-time", "30", *(part.replace("{url}", url) for part in arguments)],
                              input=stdin, capture_output=True, check=False)
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


def test_two_calls_share_one_connection(curl):
    done = curl("-v", "{url}/version", "{url}/info")
    assert b'"ApiVersion"' in done.stdout and b'"ContainersRunning"' in done.stdout
    assert b"Re-using existing connection" in done.stderr


def test_over_a_unix_socket(curl, proxy):
    assert curl("--unix-socket", proxy.unix, "http://docker/_ping").stdout == b"OK"


def test_head_of_ping_has_the_fields_of_the_engine_and_no_body(curl, engine):
    through = curl("-I", "{url}/_ping").stdout.decode().split("\r\n")
    straight = curl("-I", "--unix-socket", engine.socket, "http://docker/_ping").stdout.decode().split("\r\n")
    assert through[0] == "HTTP/1.1 200 OK" and any(line.startswith("Api-Version: 1.") for line in through)
    assert [line for line in through if "Date:" not in line] == [line for line in straight if "Date:" not in line]


def test_head_and_get_on_one_connection(curl):
    done = curl("-v", "-I", "{url}/_ping", "--next", "{url}/_ping")
    assert done.stdout.endswith(b"\r\n\r\nOK")
    assert b"Re-using existing connection" in done.stderr


@pytest.mark.parametrize("version", ["", "/v1.41", "/v1.24"])
def test_any_api_version_is_passed_on(curl, version):
    answer = curl("-i", f"{{url}}{version}/_ping").stdout
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"OK")


def test_a_version_that_the_engine_does_not_know_gets_the_answer_of_the_engine(curl):
    assert "client version 9.99 is too new" in json.loads(curl("{url}/v9.99/version").stdout)["message"]


def test_http_1_0_is_answered_and_closed(curl):
    done = curl("-0", "-v", "{url}/_ping")
    assert done.stdout == b"OK" and b"Closing connection" in done.stderr


def test_post_without_a_length_is_an_empty_body(curl, container, engine):
    """As small scripts restart containers: curl sends neither Content-Length nor Transfer-Encoding."""
    name = container()
    started = engine.inspect(name)["State"]["StartedAt"]
    done = curl("-X", "POST", "-w", "%{http_code}", f"{{url}}/containers/{name}/restart?t=0")
    assert done.stdout == b"204"
    assert engine.inspect(name)["State"]["StartedAt"] != started


def test_raw_json_in_the_query_is_passed_on(curl, container):
    name = container(Labels={"colour": "blue", "shade": "dark"})
    target = '{url}/containers/json?filters={"label":["colour=blue","shade=dark"],"name":["' + name + '"]}'
    assert [one["Names"] for one in json.loads(curl("-g", target).stdout)] == [[f"/{name}"]]


def test_chunked_upload_of_an_image(curl, unique, direct):
    name, data = unique("img"), direct("save", IMAGE, text=False)
    direct("tag", IMAGE, f"{name}:kept")
    answer = curl("-X", "POST", "-T", "-", "{url}/images/load", stdin=data)
    assert b"Loaded image" in answer.stdout
    direct("rmi", f"{name}:kept")


@pytest.mark.parametrize("expect", ["100-continue", ""], ids=["with expect", "without expect"])
def test_upload_into_a_container(curl, container, direct, expect):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("file")
        entry.size = 2 << 20
        tar.addfile(entry, io.BytesIO(bytes(entry.size)))
    name = container()
    curl("-f", "-T", "-", "-H", f"Expect: {expect}", f"{{url}}/containers/{name}/archive?path=/tmp",
         stdin=buffer.getvalue())
    assert direct("exec", name, "stat", "-c", "%s", "/tmp/file") == str(2 << 20)


def test_an_upload_of_rubbish_gets_the_error_of_the_engine(curl, container):
    name = container()
    done = curl("-T", "-", "-w", "%{http_code}", f"{{url}}/containers/{name}/archive?path=/tmp", stdin=b"x" * (4 << 20))
    assert done.stdout[-3:] in (b"400", b"500")
    assert json.loads(done.stdout[:-3])["message"]


def test_an_error_before_the_upload_is_read_reaches_the_client(curl):
    done = curl("-T", "-", "-w", "%{http_code}", "{url}/containers/never-made/archive?path=/tmp", stdin=bytes(32 << 20))
    assert done.stdout[-3:] == b"404"
    assert b"No such container" in done.stdout


def test_events_without_buffering(proxy, container, unique):
    label, url = unique("label"), proxy.address.replace("tcp:", "http:")
    with subprocess.Popen(["curl", "-sS", "-N", "-v", "-g", f'{url}/events?filters={{"label":["{label}"]}}'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watcher:
        try:
            while watcher.stderr.readline() != b"< \r\n":  # the end of the head, before there is any event
                assert watcher.poll() is None
            container(Labels={label: "yes"}, start=False)
            assert json.loads(watcher.stdout.readline())["Action"] == "create"
            assert watcher.poll() is None
        finally:
            watcher.kill()


def test_the_raw_stream_of_an_attach_without_upgrade(curl, container):
    name = container("sh", "-c", "echo out; echo err >&2; sleep 2")
    done = curl("-i", "-N", "-d", "", f"{{url}}/containers/{name}/attach?logs=1&stream=1&stdout=1&stderr=1")
    head, stream = done.stdout.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream")
    assert sorted([stream[:12], stream[12:]]) == [b"\1\0\0\0\0\0\0\4out\n", b"\2\0\0\0\0\0\0\4err\n"]
