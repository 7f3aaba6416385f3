#!/usr/bin/python3
"""Writes the tables of docs/performance.md from docs/performance.json, so that no figure of the page can differ from those of
the run: each stands between <!-- NAME --> and <!-- /NAME -->. With --check it changes nothing, and exits with 1 where the
page is not what it would write."""

import json
import pathlib
import sys

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
OURS, PEER = "sockwarden", "haproxy"

# A core that is used by less than this waits for others.
FULL = 0.9

CALL = "processor time a call"
RATE = "calls a second"
# load, what it is, (figure, its name, how it is written, what is aimed at: the most, or with ">" the least, ratio)
RATIOS = (
    ("ping", "32 clients that stay connected, `GET /_ping`",
     (("cpu_us_per_request", CALL, "us", 0.4), ("requests_per_second", RATE, "count", None),
      ("p50_us", "p50", "ms", None), ("p99_us", "p99", "ms", 1))),
    ("listing", "the same, `GET /containers/json` of 16 KB",
     (("cpu_us_per_request", CALL, "us", 0.4), ("requests_per_second", RATE, "count", None),
      ("p50_us", "p50", "ms", None), ("p99_us", "p99", "ms", 1))),
    ("new-connections", "a new connection for each call",
     (("cpu_us_per_request", CALL, "us", 0.5), ("requests_per_second", RATE, "count", None))),
    ("refusals", "calls that are refused",
     (("cpu_us_per_request", CALL, "us", 0.3), ("requests_per_second", RATE, "count", None))),
    ("alone-ping", "256 clients, `GET /_ping`, the proxy on a core of its own",
     (("requests_per_second", RATE, "count", ">2"), ("busy_cores", "of its core it uses", "share", None))),
    ("alone-refusals", "the same, calls that are refused",
     (("requests_per_second", RATE, "count", ">2"), ("busy_cores", "of its core it uses", "share", None))),
    ("download", "1 GiB answer of known length",
     (("cpu_s_per_gib", "processor time a GiB", "s", 0.7), ("mb_per_second", "MB/s", "count", ">1"))),
    ("download-chunked", "1 GiB answer, chunked",
     (("cpu_s_per_gib", "processor time a GiB", "s", 0.7), ("mb_per_second", "MB/s", "count", ">1"))),
    ("upload", "1 GiB upload of known length",
     (("cpu_s_per_gib", "processor time a GiB", "s", 0.7), ("mb_per_second", "MB/s", "count", ">1"))),
    ("upload-chunked", "1 GiB upload, chunked",
     (("cpu_s_per_gib", "processor time a GiB", "s", 0.7), ("mb_per_second", "MB/s", "count", ">1"))),
    ("tunnel", "tunnel, 1 GiB each way at once",
     (("cpu_s_per_gib", "processor time", "s", 0.6), ("mb_per_second", "MB/s", "count", ">1"))),
    ("echo", "tunnel, one byte there and back", (("p50_us", "p50", "us", 1), ("p99_us", "p99", "us", 1))),
)
# load, what it is, figure, its name, how it is written, the most that is aimed at and in words
BOUNDS = (
    ("idle-streams", "{held} quiet event streams", "kib_per_stream", "memory a stream", "kib", 4, "4 KiB"),
    ("idle-streams", "", "cpu_ms_per_idle_second", "processor time a second", "ms_exact", 0.1, "0"),
    ("at-rest", "start", "first_answer_ms", "first answer after", "ms_exact", 20, "20 ms"),
    ("at-rest", "at rest", "resting_memory_kib", "memory (RSS)", "mib", 3072, "3 MiB"),
    ("at-rest", "the program, stripped", "program_kib", "size", "kib_whole", 300, "300 KiB"),
)
FLOORS = (
    ("ping", "32 clients that stay connected, `GET /_ping`", 0.4),
    ("listing", "the same, 16 KB", 0.4),
    ("new-connections", "a new connection for each call", 0.5),
    ("refusals", "calls that are refused", 0.3),
)
MANY_CORES = (("ping", "`GET /_ping`"), ("new-connections", "a new connection for each call"), ("refusals", "refusals"))
FORMS = {
    "us": lambda value: f"{value:.1f} µs" if value < 100 else f"{value:.0f} µs",
    "ms": lambda value: f"{value / 1000:.2f} ms",
    "ms_exact": lambda value: f"{value:.1f} ms" if value else "0",
    "s": lambda value: f"{value:.2f} s",
    "count": lambda value: f"{value:,.0f}",
    "share": lambda value: f"{value * 100:.0f} %",
    "kib": lambda value: f"{value:.1f} KiB",
    "kib_whole": lambda value: f"{value:,.0f} KiB",
    "mib": lambda value: f"{value / 1024:.1f} MiB",
}


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head)] + rows)


def judged(ratio, aim):
    if aim is None:
        return "", ""
    least = isinstance(aim, str)
    ratio = round(ratio, 2)
    met = ratio >= float(aim[1:]) if least else ratio <= aim
    return f"{'≥' if least else '≤'} {str(aim).lstrip('>')}", "met" if met else "missed"


def beside(results):
    rows = []
    for load, name, figures in RATIOS:
        both = results["loads"].get(load, {})
        if OURS not in both or PEER not in both:
            continue
        for figure, label, form, aim in figures:
            ours, theirs = both[OURS][figure], both[PEER][figure]
            ratio = ours / theirs
            words, verdict = judged(ratio, aim)
            if verdict == "missed" and load.startswith("alone-") and both[OURS]["busy_cores"] < FULL:
                verdict += "; the rest of the chain was the limit"
            rows.append([name, label, FORMS[form](ours), FORMS[form](theirs), "" if form == "share" else f"{ratio:.2f}",
                         words, verdict])
            name = ""
    for load, name, figure, label, form, most, words in BOUNDS:
        ours, theirs = results["loads"][load][OURS], results["loads"][load][PEER]
        rows.append([name.format(held=FORMS["count"](ours.get("streams_held", 0))), label, FORMS[form](ours[figure]),
                     FORMS[form](theirs[figure]), f"{ours[figure] / theirs[figure]:.2f}" if theirs[figure] else "",
                     "≤ " + words, "met" if ours[figure] <= most else "missed"])
    return table(["load", "figure", "sockwarden", "HAProxy", "ratio", "aimed at", ""], rows)


def floor(results):
    """Processor time a call: what nobody can go below, beside what is aimed at."""
    rows = []
    for load, name, aim in FLOORS:
        cpu = {proxy: figures["cpu_us_per_request"] for proxy, figures in results["loads"][load].items()}
        least, peer = cpu["floor"], cpu[PEER]
        kept = cpu.get("floor-kept")
        rows.append([name, FORMS["us"](cpu[OURS]), FORMS["us"](least), f"{cpu[OURS] / least:.2f}", FORMS["us"](peer),
                     f"{least / peer:.2f}", f"{aim}: " + ("within reach" if least / peer <= aim else "out of reach"),
                     f"{FORMS['us'](kept)}, {kept / peer:.2f}" if kept else ""])
    return table(["load", "sockwarden", "the least", "ratio to it", "HAProxy", "the least, to HAProxy", "aimed at",
                  "the least with connections that stay, to HAProxy"], rows)


def cores(results):
    rows = []
    for load, name in MANY_CORES:
        for proxy, label in ((OURS, "sockwarden"), ("two-processes", "two processes of it, one socket"),
                             (PEER, "HAProxy, one thread"), ("haproxy-every-core", "HAProxy, a thread a core (its default)")):
            figures = results["loads"][load].get(proxy)
            if figures:
                rows.append([name, label, FORMS["count"](figures["requests_per_second"]),
                             FORMS["us"](figures["cpu_us_per_request"]), FORMS["ms"](figures["p99_us"])])
                name = ""
    return table(["load", "", RATE, CALL, "p99"], rows)


def added(figures):
    value, error = figures["added_us"], figures.get("error_us", 0)
    if abs(value) < 2 * error:
        return f"nothing to be told (± {FORMS['us'](error) if error < 1000 else FORMS['ms'](error)})"
    return f"{value:+.0f} µs" + (f" ± {error:.0f}" if error else "")


def engine(results):
    if not results.get("engine"):
        return "There was no engine to measure with."
    ways = list(next(iter(next(iter(results["engine"].values())).values())))[1:]
    rows = []
    for call, by_kind in results["engine"].items():
        name = f"`{call}`" if call in ("docker ps", "docker info") else "`docker exec` of an echo"
        for kind, by_way in by_kind.items():
            straight = by_way["straight"]["p50_us"]
            written = FORMS["us"](straight) if straight < 1000 else f"{straight / 1000:.1f} ms"
            rows.append([name, kind, written] + [added(by_way[way]) for way in ways])
            name = ""
    heads = {"haproxy": "HAProxy", "floor": "the least"}
    return table(["call", "", "straight"] + [heads.get(way.split(" by ")[0], way.split(" by ")[0]) +
                                             (", unix" if " by " in way else ", TCP") for way in ways], rows)


def growth(results, points, figure, form, head):
    by_point = results["growth"][points]

    def cell(figures):
        failed = figures.get("failed_share", 0)
        return FORMS[form](figures[figure]) + (f" ({failed * 100:.0f} % failed)" if failed >= 0.005 else "")

    rows = [[label] + [cell(both[proxy]) for both in by_point.values()]
            for proxy, label in ((OURS, "sockwarden"), (PEER, "HAProxy"))]
    return table([head] + [f"{int(point):,}" if point.isdigit() else point for point in by_point], rows)


def verdicts(results):
    rows = [[row["policy"], f"{row['mean_ns']:.0f} ns", f"{row['slowest_ns']:,.0f} ns"] for row in results["growth"]["verdicts"]]
    return table(["policy", "a verdict, mean of seven calls", "the slowest of them"], rows)


def machine(results):
    told = results["machine"]
    return f"{told['processors']}, Linux {told['kernel']}; {told['peer'].split(' - ')[0]}."


PARTS = {
    "machine": machine,
    "beside": beside,
    "floor": floor,
    "cores": cores,
    "engine": engine,
    "clients": lambda results: growth(results, "clients", "cpu_us_per_request", "us",
                                      "clients that stay connected: processor time a call"),
    "bodies": lambda results: growth(results, "bodies", "cpu_us_per_request", "us",
                                     "size of an answer, 4 clients: processor time a call"),
    "streams": lambda results: growth(results, "streams", "kib_per_stream", "kib", "quiet streams: memory a stream"),
    "verdicts": verdicts,
}


def filled(page, results):
    for name, part in PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        assert found, f"the page has no place for {name}"
        page = before + begin + part(results) + "\n" + end + after
    return page


def main():
    page = DOCS / "performance.md"
    # Through the text: numbers as keys are strings then, as in the file.
    written = page.read_text(encoding="utf-8")
    wanted = filled(written, json.loads((DOCS / "performance.json").read_text(encoding="utf-8")))
    if sys.argv[1:] == ["--check"]:
        return 0 if wanted == written else 1
    page.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
