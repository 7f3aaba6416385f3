"""The loads, one function each: each puts one load on one proxy and returns figures by name. What a figure is in is the
end of its name. A figure whose name begins with `cpu_` is processor time of the proxy alone."""

import json
import pathlib
import re
import subprocess
import time

import peers

WRK_TIME = {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}


class Bench:
    """What the loads need: the two engines' sockets, the program that plays clients, and how long a load lasts."""

    def __init__(self, peer_program, seconds, size):
        self.peer_program, self.seconds, self.size = str(peer_program), seconds, size

    def client(self, verb, peer, *arguments):
        done = subprocess.run([self.peer_program, verb, str(peer.port), *map(str, arguments)], capture_output=True,
                              text=True, check=False, timeout=120)
        assert done.returncode == 0, f"{peer.name}: {verb}: {done.stderr}"
        return json.loads(done.stdout)


def _microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * WRK_TIME[unit]


def wrk(bench, peer, path, *arguments, refused=False, clients=32, lenient=False):
    """All calls must succeed, or be refused; or, where so many are made that some may fail, it is told how many did."""
    before = peer.cpu_seconds()
    done = subprocess.run(["wrk", "-t1", f"-c{clients}", f"-d{bench.seconds}s", "--latency", "--timeout", "30s", *arguments,
                           f"http://127.0.0.1:{peer.port}{path}"], capture_output=True, text=True, check=True)
    cpu = peer.cpu_seconds() - before
    requests = int(re.search(r"(\d+) requests in", done.stdout)[1])
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    failed = int(failed[1]) if failed else 0
    assert requests > 0 and (lenient or failed == (requests if refused else 0)), done.stdout
    return {
        "requests_per_second": float(re.search(r"Requests/sec: +([\d.]+)", done.stdout)[1]),
        "cpu_us_per_request": cpu / requests * 1e6,
        "busy_cores": cpu / bench.seconds,
        "p50_us": _microseconds(re.search(r"50% +(\S+)", done.stdout)[1]),
        "p99_us": _microseconds(re.search(r"99% +(\S+)", done.stdout)[1]),
        **({"failed_share": failed / requests} if lenient else {}),
    }


def ping(bench, peer, **options):
    return wrk(bench, peer, "/_ping", **options)


def listing(bench, peer):
    return wrk(bench, peer, "/containers/json")


def new_connections(bench, peer, **options):
    return wrk(bench, peer, "/_ping", "-H", "Connection: close", **options)


def refusals(bench, peer, **options):
    return wrk(bench, peer, peers.REFUSED, refused=True, **options)


def alone(load):
    """The same with the proxy on the first core and everything else on the others, and with more clients, so that there is
    always one to serve: the proxy is the limit as far as that is to be had."""
    def on_own_core(bench, peer):
        peer.keep_to(0)
        return load(bench, peer, clients=256)
    return on_own_core


def _transfer(bench, peer, verb, *arguments):
    peer.forget_highest_memory()
    resting = peer.memory("VmRSS")
    before = peer.cpu_seconds()
    told = bench.client(verb, peer, *arguments)
    cpu = peer.cpu_seconds() - before
    return {"mb_per_second": told["mb_per_second"], "cpu_s_per_gib": cpu * (1 << 30) / bench.size,
            "memory_growth_kib": (peer.memory("VmHWM") - resting) / 1024}


def download(bench, peer):
    return _transfer(bench, peer, "download", bench.size, 0)


def download_chunked(bench, peer):
    return _transfer(bench, peer, "download", bench.size, 1)


def upload(bench, peer):
    return _transfer(bench, peer, "upload", bench.size, 0)


def upload_chunked(bench, peer):
    return _transfer(bench, peer, "upload", bench.size, 1)


def tunnel(bench, peer):
    return _transfer(bench, peer, "tunnel", bench.size)


def echo(bench, peer):
    count = 20000
    before = peer.cpu_seconds()
    told = bench.client("echo", peer, count)
    return {**told, "cpu_us_per_echo": (peer.cpu_seconds() - before) / count * 1e6}


def idle_streams(bench, peer):
    return quiet_streams(bench, peer, 10000)


def quiet_streams(bench, peer, count):
    """Or as many as there are descriptors for."""
    count = min(count, peers.CLIENTS - 100)
    resting = peer.memory("VmRSS")
    with subprocess.Popen([bench.peer_program, "idle", str(peer.port), str(count)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as client:
        held = json.loads(client.stdout.readline())["open"]
        memory = peer.memory("VmRSS") - resting
        before = peer.cpu_seconds()
        time.sleep(bench.seconds)
        idle = peer.cpu_seconds() - before
        client.stdin.close()
    return {"streams_held": held, "kib_per_stream": memory / held / 1024,
            "cpu_ms_per_idle_second": idle / bench.seconds * 1e3}


def size_of(peer, started):
    """Start and rest; needs no load."""
    program = pathlib.Path(f"/proc/{peer.process.pid}/exe").resolve()
    return {"first_answer_ms": started * 1e3, "resting_memory_kib": peer.memory("VmRSS") / 1024,
            "program_kib": program.stat().st_size / 1024}


# name, function, which engine it needs, which stand-ins it is measured with beside the proxies (bench.py), what it is
LOADS = (
    ("ping", ping, "files", ("floor", "floor-kept", "haproxy-every-core", "two-processes"),
     "32 clients that stay connected, GET /_ping"),
    ("listing", listing, "files", ("floor", "floor-kept", "haproxy-every-core"),
     "32 clients that stay connected, GET /containers/json of 16 KB"),
    ("new-connections", new_connections, "files", ("floor", "haproxy-every-core", "two-processes"),
     "32 clients, a new connection for each GET /_ping"),
    ("refusals", refusals, "files", ("floor", "haproxy-every-core", "two-processes"),
     "32 clients that stay connected, a call that is refused"),
    ("alone-ping", alone(ping), "streams", (),
     "256 clients that stay connected, GET /_ping, the proxy on a core of its own, a faster engine"),
    ("alone-refusals", alone(refusals), "streams", (), "the same with a call that is refused"),
    ("download", download, "streams", (), "an answer of known length"),
    ("download-chunked", download_chunked, "streams", (), "a chunked answer"),
    ("upload", upload, "streams", (), "a body of known length"),
    ("upload-chunked", upload_chunked, "streams", (), "a chunked body"),
    ("tunnel", tunnel, "streams", (), "a tunnel, both ways at once"),
    ("echo", echo, "streams", (), "a tunnel, one byte there and back"),
    ("idle-streams", idle_streams, "streams", (),
     "10,000 event streams, or as many as there are descriptors for, on which nothing comes"),
)
