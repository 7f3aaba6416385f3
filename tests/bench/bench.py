#!/usr/bin/python3
"""Measures sockwarden beside its peers, in one run: each load is put on each proxy in turn, for some rounds, and the median
counts. Then how cost grows, and what is added to calls of a real engine. Prints tables of ratios; a run of everything, or
one with --output FOLDER, also writes performance.json and performance.svg, by default into docs/, where the tables of
performance.md are then written anew, too. It judges nothing: a slow run is no failure.

    tests/bench/run.sh [--rounds N] [--seconds N] [--mebibytes N] [--only LOAD]... [--peer NAME=COMMAND]... [--output FOLDER]
"""

import argparse
import contextlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/dialect")]

# pylint: disable=wrong-import-position
import engine_calls
import growth
import loads
import page
import peers
import plot

FILES_ENGINE = """
worker_processes 1;
daemon off;
error_log stderr crit;
pid {folder}/nginx.pid;
worker_rlimit_nofile {files};
events {{ worker_connections {files}; }}
http {{
    access_log off;
    keepalive_requests 1000000;
    server {{ listen unix:{folder}/files.sock backlog=4096; root {folder}/files; default_type application/json; }}
}}
"""
# Higher is better; for all others, lower is.
HIGHER = ("requests_per_second", "mb_per_second", "streams_held", "busy_cores")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="how long a load of requests lasts (3)")
    parser.add_argument("--mebibytes", type=int, default=1024, help="how large a transfer is (1024)")
    parser.add_argument("--only", action="append", choices=[load[0] for load in loads.LOADS] + ["growth", "engine"],
                        default=[], help="a part of it")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=COMMAND",
                        help="a further proxy; {engine} and {port} in its command are filled in")
    parser.add_argument("--output", type=pathlib.Path)
    return parser.parse_args()


class Engines:
    """The two engines: files by nginx, streams by our own program."""

    def __init__(self, folder, peer_program):
        (folder / "files/containers").mkdir(parents=True)
        (folder / "files/_ping").write_text("OK")
        (folder / "files/containers/json").write_text("[" + "x" * (16 * 1024 - 2) + "]")
        growth.write_bodies(folder / "files")
        folder.chmod(0o755)
        configuration = folder / "nginx.conf"
        configuration.write_text(FILES_ENGINE.format(folder=folder, files=2 * peers.CLIENTS))
        self.sockets = {"files": str(folder / "files.sock"), "streams": str(folder / "streams.sock")}
        streams = subprocess.Popen([peer_program, "engine", self.sockets["streams"]], stdout=subprocess.PIPE, text=True)
        assert streams.stdout.readline()
        files = subprocess.Popen(["nginx", "-c", str(configuration)], env={"PATH": "/usr/sbin:/usr/bin:/bin"})
        self.processes = (streams, files)

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def cores(engines, load):
    """For a load with the proxy on the first core: clients and engines on the others, and back."""
    every = os.sched_getaffinity(0)
    own = load.startswith("alone-")
    for pid in [0] + [process.pid for process in engines.processes]:
        os.sched_setaffinity(pid, every - {min(every)} if own else every)
    yield
    for pid in [0] + [process.pid for process in engines.processes]:
        os.sched_setaffinity(pid, every)


def one_round(bench, proxy, function, engine, at_rest):
    """The figures, or None where the proxy can't take this load, which is told and no failure."""
    try:
        started = proxy.start(engine)
        try:
            at_rest.setdefault(proxy.name, []).append(loads.size_of(proxy, started))
            return function(bench, proxy)
        finally:
            proxy.stop()
    except (AssertionError, OSError, ValueError, subprocess.SubprocessError) as error:
        print(f"{proxy.name} is left out: {str(error)[:300]}", flush=True)
        return None


def measure(options, bench, engines, proxies, others):
    """{load: {proxy: {figure: median}}}; `others` are not proxies of their own, and measured with some loads."""
    results = {}
    at_rest = {}
    wanted = [load for load in loads.LOADS if not options.only or load[0] in options.only]
    for name, function, engine, stand_ins, text in wanted:
        if name.startswith("alone-") and len(os.sched_getaffinity(0)) < 2:
            print(f"\n{name}: not measured: there is one core only")
            continue
        row = proxies + [other for other in others if other.name in stand_ins]
        figures = {proxy.name: [] for proxy in row}
        with cores(engines, name):
            for turn in range(options.rounds):
                for proxy in row if turn % 2 == 0 else row[::-1]:
                    figures[proxy.name].append(one_round(bench, proxy, function, engines.sockets[engine], at_rest))
        results[name] = {proxy: medians(rounds) for proxy, rounds in figures.items() if None not in rounds}
        show(name, text, results[name])
    if wanted:
        results["at-rest"] = {proxy.name: medians(at_rest[proxy.name]) for proxy in proxies if at_rest.get(proxy.name)}
        show("at-rest", "start and rest", results["at-rest"])
    return results


def machine():
    """What the figures were taken on; the ratios are what can be compared."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    version = subprocess.run(["haproxy", "-v"], capture_output=True, text=True, check=False,
                             env={"PATH": os.environ["PATH"] + ":/usr/sbin"}).stdout.split("\n", maxsplit=1)[0]
    return {"processors": f"{len(names)} × {names[0] if names else '?'}", "kernel": platform.release(), "peer": version,
            "clients_at_most": peers.CLIENTS}


def medians(rounds):
    return {figure: statistics.median(one[figure] for one in rounds) for figure in rounds[0]}


def show(name, text, by_proxy):
    print(f"\n{name}: {text}")
    others = [proxy for proxy in by_proxy if proxy != "sockwarden"]
    if "sockwarden" not in by_proxy:
        return
    print(f"  {'':24}{'sockwarden':>14}" + "".join(f"{other:>20}{'ratio':>8}" for other in others))
    for figure, value in by_proxy["sockwarden"].items():
        line = f"  {figure:24}{value:14.2f}"
        for other in others:
            theirs = by_proxy[other][figure]
            line += f"{theirs:20.2f}" + (f"{value / theirs:8.2f}" if theirs else f"{'–':>8}")
        print(line + ("   (more is better)" if figure in HIGHER else ""), flush=True)


def main():
    options = arguments()
    peer_program = pathlib.Path(os.environ["BENCH_PEER"])
    with tempfile.TemporaryDirectory(prefix="sockwarden-bench-") as name:
        folder = pathlib.Path(name)
        engines = Engines(folder, peer_program)
        # The further peers' own settings are theirs: what grows, and a real engine, are asked of the two that are set up here.
        ours = [peers.Sockwarden(os.environ["SOCKWARDEN"], folder), peers.HAProxy(folder)]
        least = [peers.Floor(os.environ["BENCH_FLOOR"], folder, kept) for kept in (False, True)]
        proxies = ours + [peers.Other(*line.split("=", 1), folder) for line in options.peer]
        others = least + [peers.HAProxy(folder, every_core=True), peers.Pair(os.environ["SOCKWARDEN"], folder)]
        bench = loads.Bench(peer_program, options.seconds, options.mebibytes << 20)
        try:
            results = {"machine": machine(), "loads": measure(options, bench, engines, proxies, others)}
            if not options.only or "growth" in options.only:
                results["growth"] = growth.measure(bench, ours, engines.sockets)
            if not options.only or "engine" in options.only:
                results["engine"] = engine_calls.measure(ours + least[:1], 300)
                engine_calls.show(results["engine"] or {})
        finally:
            engines.stop()
    output = options.output or (None if options.only else ROOT / "docs")
    if output:
        output.mkdir(parents=True, exist_ok=True)
        (output / "performance.json").write_text(json.dumps(results, indent=1) + "\n")
        (output / "performance.svg").write_text(plot.draw(results))
    if not options.only and not options.output:
        page.main()


if __name__ == "__main__":
    main()
