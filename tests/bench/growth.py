"""How cost grows: with clients, with the size of an answer, with quiet streams, with the rules of a policy. Each figure is one
measurement a point and proxy, so they show a course, where bench.py's medians show a value."""

import json
import os
import subprocess

import loads
import peers

CLIENTS = (1, 10, 100, 1000, 10000)
BODIES = {"0": 0, "1 KiB": 1 << 10, "16 KiB": 16 << 10, "256 KiB": 256 << 10, "4 MiB": 4 << 20, "64 MiB": 64 << 20}
STREAMS = (100, 1000, 10000)


def write_bodies(folder):
    """The files that an engine for /containers/{id}/json answers with, one a size."""
    for name, size in BODIES.items():
        file = folder / "containers" / name.replace(" ", "") / "json"
        file.parent.mkdir(parents=True)
        with open(file, "wb") as body:
            body.write(b"x" * size)


def _over(peer, engine, measure):
    peer.start(engine)
    try:
        return measure(peer)
    finally:
        peer.stop()


def with_clients(bench, proxies, engine):
    """{clients: {proxy: figures}}; more than there are descriptors for are as many as there are."""
    results = {}
    for count in CLIENTS:
        count = min(count, peers.CLIENTS - 100)
        results[count] = {proxy.name: _over(proxy, engine, lambda peer, n=count: loads.wrk(bench, peer, "/_ping", clients=n,
                                                                                           lenient=True))
                          for proxy in proxies}
    return results


def with_bodies(bench, proxies, engine):
    return {name: {proxy.name: _over(proxy, engine, lambda peer, path=f"/containers/{name.replace(' ', '')}/json":
                                     loads.wrk(bench, peer, path, clients=4)) for proxy in proxies} for name in BODIES}


def with_streams(bench, proxies, engine):
    return {count: {proxy.name: _over(proxy, engine, lambda peer, n=count: loads.quiet_streams(bench, peer, n))
                    for proxy in proxies} for count in STREAMS}


def with_rules():
    """[{policy, mean_ns, slowest_ns}]"""
    told = subprocess.run([os.environ["BENCH_VERDICT"]], capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in told.splitlines()]


def show(title, results, figures):
    print(f"\n{title}")
    for point, by_proxy in results.items():
        print(f"  {point!s:12}" + "   ".join(f"{proxy} " + ", ".join(f"{one[figure]:.2f} {figure}" for figure in figures)
                                             for proxy, one in by_proxy.items()), flush=True)


def measure(bench, proxies, sockets):
    results = {"clients": with_clients(bench, proxies, sockets["files"])}
    show("clients that stay connected, GET /_ping", results["clients"], ("requests_per_second", "cpu_us_per_request", "p99_us",
                                                                             "failed_share"))
    results["bodies"] = with_bodies(bench, proxies, sockets["files"])
    show("an answer's size, 4 clients", results["bodies"], ("requests_per_second", "cpu_us_per_request"))
    results["streams"] = with_streams(bench, proxies, sockets["streams"])
    show("quiet streams", results["streams"], ("streams_held", "kib_per_stream", "cpu_ms_per_idle_second"))
    results["verdicts"] = with_rules()
    print("\nverdicts")
    for row in results["verdicts"]:
        print(f"  {row['policy']:20}{row['mean_ns']:8.0f} ns, the slowest call {row['slowest_ns']:.0f} ns")
    return results
