"""Settings: where it listens, where the engine is, what is refused at the start with one line that helps."""

import contextlib
import os
import pathlib
import socket
import stat
import subprocess
import sys
import tempfile

import pytest

from harness import proxy as proxy_module
from harness.fake_daemon import FakeDaemon
from harness.proxy import binary, clean_environment
from harness.raw_client import RawClient, request

PING = request("GET", "/_ping")
HARNESS = pathlib.Path(proxy_module.__file__).parent
WITHOUT_IPV6 = (sys.executable, str(HARNESS / "without_ipv6.py"))
NO_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
IPV6_SWITCHED_OFF = ("unshare", "--net", "sh", "-c",
                     'ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"', "sh")


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="sockwarden-listen-") as name:
        yield name


def run_to_end(*arguments, prefix=(), **settings):
    """(exit code, lines on stderr) of a start that must end by itself."""
    done = subprocess.run([*prefix, binary(), *arguments], env=clean_environment(**settings), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=10, check=False)
    return done.returncode, done.stderr.splitlines()


def ask(*arguments):
    return subprocess.run([binary(), *arguments], env=clean_environment(), capture_output=True, text=True, timeout=10,
                          check=True)


def answered(address):
    with RawClient(address) as client:
        return client.exchange(PING).status == 200


# --- Bad settings ---

BAD = {
    "LISTEN": ["", ",", "2375", "127.0.0.1", "localhost:2375", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:",
               "tcp://:2375", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://127.0.0.1:x",
               "tcp://127.0.0.1:80 80", "tcp://nowhere.invalid:2375", "tcp://::1:2375", "tcp://[::1]",
               "tcp://[::1]2375", "tcp://[127.0.0.1:2375", "tcp://999.0.0.1:2375", "tcp://*:2375", "unix:",
               "unix:relative.sock", "unix:/" + "x" * 107, "http://127.0.0.1:1", "fd://0",
               "tcp://127.0.0.1:0,udp://127.0.0.1:1"],
    "SOCKET_PATH": ["", " ", "docker.sock", "./docker.sock", "unix:docker.sock", "unix://docker.sock", "/" + "x" * 107,
                    "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:x", "127.0.0.1:99999", "http://127.0.0.1:2375",
                    "abns@", "tcp://nowhere.invalid:2375", "localhost", "ssh://user@there"],
    "LOG_LEVEL": ["bogus", "INFO", "Info", "warn", "error", "0", "info,debug", " info"],
    "LOG_FORMAT": ["", "xml", "JSON", "Text", "1", "journald"],
    "PUID": ["", "-1", "nosuchuser", "1x", "4294967295", "1:1", "99999999999"],
    "PGID": ["", "-1", "nosuchgroup", "1x", "4294967295", "99999999999"],
    "SANDBOX": ["", "1", "on", "Yes", "required"],
    "HEAD_TIMEOUT": ["x", "-1", "0", "1y", "10 s", "1.5s", "1e3", "0x10", "s", "99999999999999", "9" * 40, "10s5"],
    "IDLE_TIMEOUT": ["x", "-1s", "0", "1d", "99999999999999"], "CONNECT_TIMEOUT": ["x", "-1", "0", "99999999999999h"],
    "ANSWER_TIMEOUT": ["x", "-1", "1y", "99999999999999"], "SHUTDOWN_GRACE": ["x", "-5", "99999999999999"],
    "TCP_KEEPALIVE": ["x", "-1", "99999999999999"],
    "MAX_HEAD_SIZE": ["x", "-1", "0", "1x", "64kb", "1.5m", "99999999999999999999", "1"],
    "MAX_HEAD_FIELDS": ["x", "-1", "0", "1k", "99999999999"], "MAX_TARGET_SIZE": ["x", "-1", "0", "1t"],
    "MAX_BODY_SIZE": ["x", "-1", "99999999999999999999k"], "BUFFER_HIGH": ["x", "-1", "0"],
    "MAX_REFUSED_BODY_SIZE": ["x", "-1", "65m"], "MAX_ANSWER_HEAD_SIZE": ["x", "-1", "0", "1g"],
    "MAX_CHUNK_EXTENSION_SIZE": ["x", "-1", "1m"], "MAX_TRAILERS_SIZE": ["x", "-1", "0", "2m"],
    "BUFFER_LOW": ["x", "-1", "64k"], "MAX_CONNECTIONS": ["x", "-1", "0", "4k", "99999999999"],
}


@pytest.mark.parametrize("name,value", [(name, value) for name, values in BAD.items() for value in values],
                         ids=lambda text: text[:30])
def test_a_bad_setting_is_one_line_with_name_value_and_what_it_takes(name, value):
    settings = {"LISTEN": "tcp://127.0.0.1:0", "SOCKET_PATH": "/nonexistent/docker.sock", name: value}
    code, lines = run_to_end(**settings)
    assert code == 2 and len(lines) == 1, (code, lines)
    shown = value if len(value) <= 100 else value[:100]
    assert lines[0].startswith(f"sockwarden: {name}={shown}"), lines[0]
    assert "takes" in lines[0] or "it must" in lines[0], lines[0]


def test_a_value_with_odd_bytes_is_still_one_line(folder):
    for value in ("10s\nnotice listening", "10s\r", "\x1b[31m", "\t"):
        code, lines = run_to_end(LISTEN=f"unix:{folder}/x.sock", HEAD_TIMEOUT=value)
        assert code == 2 and len(lines) == 1 and lines[0].isprintable(), lines


GOOD = {
    "HEAD_TIMEOUT": ["10", "10s", "500ms", "2m", "1h", "0010"], "IDLE_TIMEOUT": ["120s", "5m"],
    "ANSWER_TIMEOUT": ["0", "10m"], "SHUTDOWN_GRACE": ["0", "5"], "CONNECT_TIMEOUT": ["10s"], "TCP_KEEPALIVE": ["30s"],
    "MAX_HEAD_SIZE": ["64k", "65536", "1m", "64K"], "MAX_HEAD_FIELDS": ["128"], "MAX_TARGET_SIZE": ["16k"],
    "MAX_BODY_SIZE": ["4m"], "MAX_REFUSED_BODY_SIZE": ["0", "1m"], "MAX_ANSWER_HEAD_SIZE": ["1k", "16m"],
    "MAX_CHUNK_EXTENSION_SIZE": ["0", "64k"], "MAX_TRAILERS_SIZE": ["2", "1m"],
    "BUFFER_HIGH": ["1m"], "BUFFER_LOW": ["0"], "MAX_CONNECTIONS": ["4096"],
    "PUID": ["0", "1000", "nobody"], "PGID": ["0", "1000", "nogroup"],
    "LOG_LEVEL": ["", "info", "debug"], "LOG_FORMAT": ["text", "auto"],
    "DISABLE_IPV6": ["", "0", "1", "no", "True", "YES", "junk"],
}


@pytest.mark.parametrize("name,value", [(name, value) for name, values in GOOD.items() for value in values])
def test_a_good_setting_serves(daemon, start_proxy, name, value):
    proxy = start_proxy(daemon.address, {name: value})
    assert answered((proxy.host, proxy.port))


def test_every_setting_is_shown_by_help():
    done = ask("--help")
    for name in (*BAD, "DISABLE_IPV6"):
        assert name in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [("bogus",), ("run", "more"), ("--bogus",), ("explain",), ("explain", "GET"),
                                       ("explain", "GET", "/_ping", "more"), ("",)])
def test_bad_usage_is_exit_2_and_a_line(arguments):
    code, lines = run_to_end(*arguments, LISTEN="tcp://127.0.0.1:0")
    assert code == 2 and lines and lines[0].startswith("sockwarden: "), (code, lines)


def test_the_verb_run_is_the_default(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {})
    assert answered((proxy.host, proxy.port))
    from_verb = start_proxy(daemon.address, {}, arguments=("run",))
    assert answered((from_verb.host, from_verb.port))


def test_a_version_is_told():
    done = ask("--version")
    assert done.stdout.startswith("sockwarden ") and done.stdout.strip()[-1].isdigit()


# --- Where it listens ---

def test_several_listeners_serve_at_once(daemon, start_proxy):
    listen = ("tcp://127.0.0.1:0", "unix:{folder}/one.sock", "tcp://127.0.0.1:0", "unix:{folder}/two.sock",
              "tcp://[::1]:0")
    proxy = start_proxy(daemon.address, {}, listen=listen)
    assert len(proxy.addresses) == 5 and len(set(proxy.addresses)) == 5
    for address in proxy.addresses:
        if address.startswith("unix://"):
            assert answered(address[len("unix://"):])
        else:
            host, port = address[len("tcp://"):].rsplit(":", 1)
            assert answered((host.strip("[]"), int(port)))
    assert len(daemon.requests) == 5


def test_blanks_and_a_trailing_comma_in_the_list_do_no_harm(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {"LISTEN": " tcp://127.0.0.1:0 , tcp://127.0.0.1:0 "}, listen=("x", "y"))
    assert len(proxy.addresses) == 2


def test_the_unix_spelling_with_two_slashes_is_taken(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {}, listen=("unix://{folder}/proxy.sock",))
    assert answered(proxy.unix)


def test_any_address_of_ipv6_serves_ipv4_as_well(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {}, listen=("tcp://[::]:0",))
    assert answered(("127.0.0.1", proxy.port)) and answered(("::1", proxy.port))


@pytest.mark.parametrize("value", ["1", "true", "yes", "TRUE", "Yes", "tRuE"])
def test_with_ipv6_disabled_any_address_is_that_of_ipv4(daemon, start_proxy, value):
    proxy = start_proxy(daemon.address, {"DISABLE_IPV6": value}, listen=("tcp://[::]:0",))
    assert proxy.host == "0.0.0.0" and answered(("127.0.0.1", proxy.port))
    with pytest.raises(ConnectionRefusedError):
        RawClient(("::1", proxy.port))


@pytest.mark.parametrize("value", ["0", "", "no", "false", "off", "on", "2"])
def test_other_words_leave_ipv6_on(daemon, start_proxy, value):
    proxy = start_proxy(daemon.address, {"DISABLE_IPV6": value}, listen=("tcp://[::]:0",))
    assert answered(("::1", proxy.port))


def troubles(proxy):
    """But for the one that is told of any port which others reach."""
    return [line for line in proxy.log if (" warning " in line or " err " in line) and "encryption" not in line]


def test_a_kernel_without_ipv6_is_listened_on_by_ipv4(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {}, listen=("tcp://[::]:0",), prefix=WITHOUT_IPV6)
    assert proxy.host == "0.0.0.0" and answered(("127.0.0.1", proxy.port))
    assert troubles(proxy) == []


def test_an_address_of_ipv6_on_a_kernel_without_it_is_named(daemon):
    code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN="tcp://[::1]:0", prefix=WITHOUT_IPV6)
    assert code == 1 and "[::1]" in lines[-1], (code, lines)


def test_a_host_with_ipv6_switched_off_is_listened_on_by_ipv4(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {}, listen=("tcp://[::]:0",), prefix=IPV6_SWITCHED_OFF)
    assert troubles(proxy) == []
    script = ("import sys; sys.path.insert(0, sys.argv[1]); from harness.raw_client import RawClient, request; "
           "print(RawClient(('127.0.0.1', int(sys.argv[2]))).exchange(request('GET', '/_ping')).status)")
    done = subprocess.run(["nsenter", f"--net=/proc/{proxy.pid}/ns/net", sys.executable, "-c", script,
                           str(HARNESS.parent),
                           str(proxy.port)], capture_output=True, text=True, timeout=10, check=False)
    assert done.stdout == "200\n", done.stderr


def test_a_unix_listener_is_for_its_owner_and_group_alone(daemon, start_proxy):
    proxy = start_proxy(daemon.address, {}, listen=("unix:{folder}/proxy.sock",))
    status = os.stat(proxy.unix)
    assert stat.S_ISSOCK(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o660


def test_the_socket_file_of_a_process_that_is_gone_is_replaced(daemon, start_proxy, folder):
    path = f"{folder}/proxy.sock"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(path)
    start_proxy(daemon.address, {}, listen=(f"unix:{path}",))
    assert answered(path)


def test_a_proxy_that_was_killed_can_be_started_again_on_the_same_path(daemon, start_proxy, folder):
    path = f"{folder}/proxy.sock"
    first = start_proxy(daemon.address, {}, listen=(f"unix:{path}",))
    first.kill()
    assert os.path.exists(path)
    start_proxy(daemon.address, {}, listen=(f"unix:{path}",))
    assert answered(path)


def test_the_socket_file_of_a_living_process_is_left_alone(daemon, start_proxy, folder):
    path = f"{folder}/proxy.sock"
    start_proxy(daemon.address, {}, listen=(f"unix:{path}",))
    code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN=f"unix:{path}")
    assert code == 1 and path in lines[-1], (code, lines)
    assert answered(path)


@pytest.mark.parametrize("kind", ["file", "folder", "link", "fifo"])
def test_what_is_no_socket_is_never_removed(daemon, folder, kind):
    path = pathlib.Path(folder) / "proxy.sock"
    {"file": lambda: path.write_text("precious"), "folder": path.mkdir, "fifo": lambda: os.mkfifo(path),
     "link": lambda: path.symlink_to("/etc/hostname")}[kind]()
    before = os.lstat(path)
    code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN=f"unix:{path}")
    assert code == 1 and str(path) in lines[-1], (code, lines)
    assert os.lstat(path).st_ino == before.st_ino
    assert kind != "file" or path.read_text() == "precious"


@pytest.mark.parametrize("other", ["tcp", "unix"])
def test_an_address_in_use_is_named_and_the_other_listeners_leave_nothing(daemon, folder, other):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        first = f"unix:{folder}/proxy.sock" if other == "unix" else "tcp://127.0.0.1:0"
        code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN=f"{first},tcp://127.0.0.1:{port}")
    assert code == 1 and f"127.0.0.1:{port}" in lines[-1] and "in use" in lines[-1], (code, lines)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("address", ["tcp://192.0.2.1:2375", "unix:/nonexistent/proxy.sock", "unix:/proc/proxy.sock"])
def test_an_address_that_cannot_be_had_is_named(daemon, address):
    code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN=address)
    assert code == 1 and address.partition(":")[2].lstrip("/") in lines[-1].replace("//", ""), (code, lines)


def test_a_listener_that_is_named_twice_is_told(daemon, folder):
    path = f"{folder}/proxy.sock"
    code, lines = run_to_end(SOCKET_PATH=daemon.address, LISTEN=f"unix:{path},unix:{path}")
    assert code in (1, 2) and path in lines[-1], (code, lines)


# --- Where the engine is ---

@pytest.mark.parametrize("spelling", ["{}", "unix:{}", "unix://{}", "unix@{}"])
def test_an_engine_on_a_path_in_every_spelling(daemon, start_proxy, spelling):
    proxy = start_proxy(spelling.format(daemon.path), {})
    assert answered((proxy.host, proxy.port)) and len(daemon.requests) == 1
    assert proxy.lines(f" engine=unix:{daemon.path}")


@pytest.mark.parametrize("spelling", ["tcp://127.0.0.1:{}", "127.0.0.1:{}", "tcp@127.0.0.1:{}", "ipv4@127.0.0.1:{}",
                                      "localhost:{}", "tcp://localhost:{}"])
def test_an_engine_on_a_port_in_every_spelling(start_proxy, spelling):
    with FakeDaemon(tcp=True) as daemon:
        proxy = start_proxy(spelling.format(daemon.address.rsplit(":", 1)[1]), {})
        assert answered((proxy.host, proxy.port)) and len(daemon.requests) == 1


def test_an_engine_in_the_abstract_name_space(start_proxy):
    name = f"sockwarden-test-{os.getpid()}"
    with FakeDaemon(path=b"\0" + name.encode().ljust(107, b"\0")) as daemon:
        proxy = start_proxy(f"abns@{name}", {})
        assert answered((proxy.host, proxy.port)) and len(daemon.requests) == 1


def test_the_defaults_are_those_of_the_original():
    """Without a setting: port 2375 of the loopback, the engine where it always is."""
    with contextlib.ExitStack() as stack:
        process = subprocess.Popen([*NO_NETWORK, binary()], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                   env=clean_environment())
        stack.callback(process.stderr.close)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        lines = []
        while not lines or " listening " not in lines[-1]:
            lines.append(process.stderr.readline())
            assert lines[-1], f"ended: {lines}"
        assert "engine=unix:/var/run/docker.sock" in lines[0]
        assert lines[-1].rstrip().endswith("address=tcp://127.0.0.1:2375")
