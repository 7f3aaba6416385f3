"""Draws the results as one SVG, without any library: bars for each load against a line at 1, which is the first peer, and how
a call's processor time grows with clients."""

from html import escape

ROW, LEFT, WIDTH, TOP = 26, 190, 430, 64
OURS, PEER, GRID, INK = "#2563a8", "#c2703d", "#d5d9de", "#22262b"
RATE = {"requests_per_second": "requests/s", "mb_per_second": "MB/s"}
CPU = {"cpu_us_per_request": "CPU", "cpu_s_per_gib": "CPU", "cpu_us_per_echo": "CPU"}
STYLE = "font-family:system-ui,sans-serif;font-size:12px"


def _text(x, y, words, anchor="start", colour=INK, weight="normal"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">'
            f"{escape(str(words))}</text>")


def _named(peer):
    return "HAProxy" if peer == "haproxy" else peer


def _ratio(figures, ours, peer, names):
    for name in names:
        if figures[ours].get(name) and figures[peer].get(name):
            return figures[ours][name] / figures[peer][name]
    return None


def _bars(loads, ours, peer, names, title, left, top):
    """One bar a load; the line is where both are equal."""
    rows = [(load, _ratio(by_proxy, ours, peer, names)) for load, by_proxy in loads.items()]
    rows = [(load, ratio) for load, ratio in rows if ratio is not None]
    if not rows:
        return "", 0
    most = max([ratio for _, ratio in rows] + [1.5])
    scale = WIDTH / most
    bottom = top + ROW * len(rows)
    parts = [_text(left + LEFT, top - 12, title, weight="bold")]
    for number, (load, ratio) in enumerate(rows):
        y = top + ROW * number
        parts.append(_text(left + LEFT - 8, y + 17, load, "end"))
        parts.append(f'<rect x="{left + LEFT}" y="{y + 4}" width="{ratio * scale:.1f}" height="{ROW - 9}" fill="{OURS}"/>')
        # Behind the bar, but where that is the line or the edge.
        inside = ratio * scale > WIDTH - 40 or scale - 40 < ratio * scale <= scale
        parts.append(_text(left + LEFT + ratio * scale + (-6 if inside else 6), y + 17, f"{ratio:.2f}",
                           "end" if inside else "start", "#ffffff" if inside else INK))
    x = left + LEFT + scale
    parts.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{PEER}" stroke-width="2"/>')
    parts.append(_text(x, bottom + 15, "both the same", "middle", PEER))
    return "".join(parts), bottom + 40 - top


def _course(points, ours, peer, left, top):
    """Processor time a call over the number of clients, both on their own line."""
    height = 170
    most = max(figures["cpu_us_per_request"] for by_proxy in points.values() for figures in by_proxy.values()) * 1.1
    step = WIDTH / max(len(points) - 1, 1)
    parts = [_text(left + LEFT, top - 12, "processor time of a call (µs) by clients", weight="bold"),
             f'<rect x="{left + LEFT}" y="{top}" width="{WIDTH}" height="{height}" fill="none" stroke="{GRID}"/>']
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(_text(left + LEFT - 8, top + height - share * height + 4, f"{share * most:.0f}", "end"))
    for proxy, colour in ((ours, OURS), (peer, PEER)):
        places = [(left + LEFT + number * step, top + height - by_proxy[proxy]["cpu_us_per_request"] / most * height)
                  for number, by_proxy in enumerate(points.values())]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
    for number, count in enumerate(points):
        parts.append(_text(left + LEFT + number * step, top + height + 17, count, "middle"))
    parts.append(_text(left + LEFT, top + height + 36, ours, colour=OURS, weight="bold"))
    parts.append(_text(left + LEFT + 100, top + height + 36, _named(peer), colour=PEER, weight="bold"))
    return "".join(parts), height + 60


def draw(results):
    loads = {name: by_proxy for name, by_proxy in results["loads"].items() if name != "at-rest"}
    if not loads:
        return '<svg xmlns="http://www.w3.org/2000/svg"/>\n'
    ours, peer = list(next(iter(loads.values())))[:2]
    named = _named(peer)
    rates, used = _bars(loads, ours, peer, RATE, f"rate, {ours} / {named} (more is better)", 0, TOP)
    times, used_too = _bars(loads, ours, peer, CPU, f"processor time, {ours} / {named} (less is better)", 0, TOP + used + 20)
    parts, height = [rates, times], TOP + used + used_too + 20
    if "growth" in results:
        course, more = _course(results["growth"]["clients"], ours, peer, 0, height + 20)
        parts.append(course)
        height += more + 20
    width = LEFT + WIDTH + 40
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'style="{STYLE}"><rect width="{width}" height="{height}" fill="#ffffff"/>'
            f'{_text(20, 26, f"{ours} beside {named}, medians of one run", weight="bold")}{"".join(parts)}</svg>\n')
