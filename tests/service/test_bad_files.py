"""A bad file is refused with its line, its value and the mend: by check, at a start, and in a reload."""

import os
import signal
import socket
import subprocess

import pytest

from bad_files import A, P, ROWS
from harness.proxy import binary, clean_environment
from harness.raw_client import RawClient, request
from harness.wait import wait_until

GOOD = "[upstream]\naddress = unix:{engine}\n" + A + P


def read(path, *arguments, **settings):
    return subprocess.run([binary(), "-c", str(path), *arguments], env=clean_environment(**settings), timeout=20,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)


def as_bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def expect(done, path, line, phrases):
    """Exit code 2 and one line that begins with the place and holds the phrases."""
    message = done.stderr.decode()
    place = f"sockwarden: {path}:{line}: " if line else f"sockwarden: {path}: "
    assert done.returncode == 2 and message.startswith(place) and message.count("\n") == 1, message
    assert message.rstrip("\n").isprintable(), message
    assert [phrase for phrase in phrases if phrase not in message] == [], message


@pytest.mark.parametrize("verb", ["check", "run"])
@pytest.mark.parametrize("text, line, phrases", [(row[0], row[1], row[2:]) for row in ROWS],
                         ids=[row[2][:40] for row in ROWS])
def test_a_bad_file_is_told_with_its_line_and_the_mend(tmp_path, text, line, phrases, verb):
    path = tmp_path / "bad.ini"
    path.write_bytes(as_bytes(text))
    expect(read(path, verb), path, line, phrases)


def test_a_reload_with_any_of_them_names_the_line_and_leaves_all_as_it_was(serve, tmp_path):
    proxy = serve(GOOD)
    path = tmp_path / "sockwarden.ini"
    for count, (text, line, *_phrases) in enumerate(ROWS, 1):
        path.write_bytes(as_bytes(text))
        proxy.signal(signal.SIGHUP)
        wait_until(lambda expected=count: len(proxy.lines(" err reload ")) == expected, 10, f"a record of row {count}")
        place = f"{path}:{line}: " if line else f"{path}: "
        assert f"the settings stay as they were: {place}" in proxy.lines(" err reload ")[-1], text
    with RawClient((proxy.host, proxy.port)) as client:
        assert client.exchange(request("GET", "/version")).status == 200
    proxy.rewrite(GOOD)
    proxy.signal(signal.SIGHUP)
    proxy.wait_for_log(" notice reload ")


@pytest.mark.parametrize("name, why", [("folder", "Is a directory"), ("nothing", "No such file or directory")])
def test_what_is_no_file_is_named_with_the_reason(tmp_path, name, why):
    (tmp_path / "folder").mkdir()
    for verb in ("check", "run"):
        expect(read(tmp_path / name, verb), tmp_path / name, 0, [f"can't be read: {why}"])


def test_a_file_that_may_not_be_read_is_named_with_the_reason():
    as_nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 else []
    done = subprocess.run([*as_nobody, binary(), "-c", "/etc/shadow", "check"], env=clean_environment(),
                          capture_output=True, timeout=20, check=False)
    expect(done, "/etc/shadow", 0, ["can't be read: Permission denied"])


@pytest.mark.parametrize("text", [
    b"\xef\xbb\xbf" + (A + P).encode(), (A + P).replace("\n", "\r\n").encode(), (A + P).rstrip("\n").encode(),
    ("; " + "x" * 10000 + "\n" + A + P).encode(), (A + P + "# " + "x" * 10000).encode(),
    (A + "allow_from =\n  127.0.0.1,\n\t10.0.0.0/8 ; " + "x" * 300 + "\n; between\n\n  web\n" + P).encode(),
    (A + P + "allow =\n  ContainerStart,\n  ContainerPause\n  ContainerStop ?t<=60\n").encode(),
    (A.replace(" = ", "=") + P.replace(" = ", ":")).encode(), (A + "[ policy  p ]\nallow = @read\n").encode(),
], ids=["mark", "crlf", "no last line feed", "long comment", "long last comment", "continued", "rules", "no blanks",
        "blanks in brackets"])
def test_an_odd_but_right_file_is_taken(tmp_path, text):
    path = tmp_path / "odd.ini"
    path.write_bytes(text)
    done = read(path, "check")
    assert (done.returncode, done.stderr) == (0, b""), done.stderr


def test_the_longest_line_is_one_of_197_bytes(tmp_path):
    path = tmp_path / "long.ini"
    for ending in ("\n", "\r\n", ""):
        for length in (196, 197, 198):
            line = "allow = " + "SystemInfo, " * 14 + "SystemInfo".rjust(length - len("allow = ") - 14 * 12)
            path.write_bytes((A + P + line + ending).encode())
            done = read(path, "check")
            assert done.returncode == (0 if length <= 197 else 2), (length, done.stderr)


def test_a_listener_where_the_engine_s_path_leads_to_by_a_link_is_refused(tmp_path):
    with socket.socket(socket.AF_UNIX) as engine:
        engine.bind(str(tmp_path / "engine.sock"))
        (tmp_path / "docker.sock").symlink_to(tmp_path / "engine.sock")
        path = tmp_path / "bad.ini"
        path.write_text(f"[upstream]\naddress = {tmp_path}/docker.sock\n"
                        + A.replace("tcp://127.0.0.1:0", f"unix:{tmp_path}/engine.sock") + P)
        expect(read(path, "check"), path, 4, ["not taken: that is where the engine is"])
