#!/usr/bin/python3
"""The soak: mixed real load on a private engine for as long as asked, and at the end nothing may be left of it.

    SOCKWARDEN=/path/to/sockwarden tests/soak/soak.py [SECONDS]      (180; the long run is 1800)

All clients of soak_load.py run at once while the engine is restarted again and again, in order and by SIGKILL. A first, short
part of the load warms the process up; the values at rest behind it are those that must come back at the end.
"""

import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

# pylint: disable=wrong-import-position
from harness.clients import Docker
from harness.engine import IMAGE, Engine
from harness.proxy import GRANT_ALL, Proxy
from harness.wait import wait_until
from soak_load import Weather, all_clients

DEFAULT_SECONDS = 180
RESTART_EVERY = 45  # seconds, in a long run
# What may be left at the end, against the value at rest behind the warm-up.
RSS_BOUND = 1024 * 1024  # bytes; the allocator's own ups and downs
IDLE_CPU_BOUND = 0.25    # seconds of processor in a second of rest
FAULTS_SHOWN = 20
# Large enough that the engine never turns the ticker's log over: at that moment it gives followers a line twice.
LOG_SIZE = "64m"
TICKER = ["sh", "-c", "i=0; while :; do echo tick $i; i=$((i+1)); sleep 0.1; done"]
PARROT = ["sh", "-c", "while read -r line; do echo \"$line\"; done"]


class Site:
    """What the clients share: where to connect, two containers, the weather, the list of faults."""

    def __init__(self, engine, proxy, home, seed, say):
        self.engine, self.proxy, self.seed = engine, proxy, seed
        self.addresses = ((proxy.host, proxy.port), proxy.unix)
        self.docker = Docker(proxy.address, home)
        self.ticker, self.parrot = "soak-ticker", "soak-parrot"
        self.weather = Weather()
        self.stop = threading.Event()
        self.faults, self.say = [], say
        self.restarts = 0

    def fault(self, who, error):
        self.faults.append(f"{time.strftime('%H:%M:%S')} {who}: {type(error).__name__}: {error}"[:1000])
        self.say(self.faults[-1])

    def make_containers(self):
        for name, command in ((self.ticker, TICKER), (self.parrot, PARROT)):
            self.engine.request("POST", f"/containers/create?name={name}", {
                "Image": IMAGE, "Cmd": command, "OpenStdin": name == self.parrot, "StopSignal": "KILL",
                "HostConfig": {"LogConfig": {"Type": "json-file", "Config": {"max-size": LOG_SIZE}}}})
        self.start_containers()

    def start_containers(self):
        for name in (self.ticker, self.parrot):
            if not self.engine.inspect(name)["State"]["Running"]:
                self.engine.request("POST", f"/containers/{name}/start")

    def restart_engine(self):
        self.weather.turn(calm=False)
        self.restarts += 1
        self.engine.restart(kill=self.restarts % 2 == 0)
        self.start_containers()
        self.weather.turn(calm=True)

    def upstream_connections(self):
        """Unix sockets of the proxy without a name of their own: those that it connected (and libevent's own pair).

        The engine's count would say nothing: it forgets to close taken-over connections until its collector runs."""
        rows = [line.split() for line in pathlib.Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()[1:]]
        unnamed = {f"socket:[{row[6]}]" for row in rows if len(row) == 7}
        return sum(target in unnamed for target in descriptors_of(self.proxy.pid))


def descriptors_of(pid):
    """What the descriptors of a process are; one that is closed meanwhile is passed over."""
    for entry in os.scandir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            yield os.readlink(entry.path)


def run_load(site, seconds, say, restarts=True):
    """All clients at once for so long; returns them."""
    site.stop.clear()
    clients = all_clients(site)
    end = time.monotonic() + seconds
    between = min(RESTART_EVERY, seconds / 4)
    next_restart = time.monotonic() + between
    next_word = time.monotonic() + 60
    for one in clients:
        one.start()
    while (now := time.monotonic()) < end and len(site.faults) < FAULTS_SHOWN:
        if restarts and now > next_restart and end - now > between / 2:
            site.restart_engine()
            next_restart = time.monotonic() + between
        if now > next_word:
            say(f"{round(end - now)} s to go: {figures(site, clients)}")
            next_word = now + 60
        time.sleep(0.5)
    site.stop.set()
    for one in clients:
        one.join(120)
        if one.is_alive():
            site.fault(one.name, TimeoutError("hangs"))
    return clients


def figures(site, clients):
    return {"calls": sum(one.calls for one in clients), "rounds": sum(one.rounds for one in clients),
            "disturbed": sum(one.disturbed for one in clients), "faults": len(site.faults), "restarts": site.restarts,
            "rss_kib": site.proxy.rss() // 1024, "peak_rss_kib": site.proxy.peak_rss() // 1024,
            "descriptors": site.proxy.fd_count(), "cpu_seconds": round(site.proxy.cpu(), 1)}


def at_rest(site, descriptors, connections):
    """Waits until nothing of the load is left, then the memory in use. An AssertionError if something stays."""
    wait_until(lambda: site.proxy.fd_count() == descriptors, 60, f"the descriptors to be {descriptors} again")
    wait_until(lambda: site.upstream_connections() == connections, 60, f"the connections to be {connections} again")
    return site.proxy.rss()


def judge(site, clients, rss, warm_rss, idle_cpu):
    """What is wrong, as sentences."""
    wrong = [f"fault: {text}" for text in site.faults[:FAULTS_SHOWN]]
    wrong += [f"{one.name} never got through a round" for one in clients if one.rounds == 0]
    if rss > warm_rss + RSS_BOUND:
        wrong.append(f"memory at rest grew from {warm_rss // 1024} KiB to {rss // 1024} KiB")
    if idle_cpu > IDLE_CPU_BOUND:
        wrong.append(f"{idle_cpu:.2f} s of processor in a second of rest")
    if site.proxy.process.poll() is not None:
        wrong.append(f"the proxy ended with {site.proxy.process.returncode}")
    return wrong


def soak(engine, seconds, say=print):
    """Runs it on a started engine that nobody else uses. Returns (figures, what is wrong)."""
    settings = {**GRANT_ALL, "SECRETS": "0", "LOG_LEVEL": "notice", "SHUTDOWN_GRACE": "1s"}
    with contextlib.ExitStack() as stack:
        proxy = stack.enter_context(Proxy(engine.socket, settings, ("tcp://127.0.0.1:0", "unix:{folder}/proxy.sock")))
        home = stack.enter_context(tempfile.TemporaryDirectory(prefix="sockwarden-soak-"))
        site = Site(engine, proxy, home, seed=os.environ.get("SOAK_SEED", str(time.time_ns())), say=say)
        say(f"seed {site.seed}, proxy {proxy.pid}")
        site.make_containers()
        site.weather.turn(calm=True)
        descriptors, connections = proxy.fd_count(), site.upstream_connections()
        start_rss = proxy.rss()
        run_load(site, min(60, max(10, seconds // 6)), say, restarts=False)
        warm_rss = at_rest(site, descriptors, connections)
        clients = run_load(site, seconds, say)
        rss = at_rest(site, descriptors, connections)
        before = proxy.cpu()
        time.sleep(1)  # of rest, which is what is measured
        idle_cpu = proxy.cpu() - before
        result = {"seconds": seconds, **figures(site, clients), "start_rss_kib": start_rss // 1024,
                  "warm_rss_kib": warm_rss // 1024, "end_rss_kib": rss // 1024, "start_descriptors": descriptors,
                  "end_descriptors": proxy.fd_count(), "start_connections": connections,
                  "end_connections": site.upstream_connections(),
                  "idle_cpu": round(idle_cpu, 2), "by_kind": by_kind(clients)}
        return result, judge(site, clients, rss, warm_rss, idle_cpu)


def by_kind(clients):
    kinds = {}
    for one in clients:
        kind = kinds.setdefault(type(one).__name__, {"rounds": 0, "calls": 0, "disturbed": 0})
        for key in kind:
            kind[key] += getattr(one, key)
    return kinds


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the engine is stopped
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_SECONDS
    with contextlib.ExitStack() as stack:
        engine = Engine()
        stack.callback(engine.stop)
        result, wrong = soak(engine.start(), seconds, lambda text: print(text, flush=True))
    print(json.dumps(result, indent=1))
    print("\n".join(wrong) or "nothing wrong, nothing left")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
