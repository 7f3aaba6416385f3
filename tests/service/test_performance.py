"""The page on performance says what its figures say."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/bench"))

import page  # noqa: E402  pylint: disable=wrong-import-position


def figures():
    return json.loads((ROOT / "docs/performance.json").read_text(encoding="utf-8"))


def test_the_tables_are_those_of_the_figures():
    done = subprocess.run([ROOT / "tests/bench/page.py", "--check"], check=False, timeout=60)
    assert done.returncode == 0, "docs/performance.md is not what tests/bench/page.py makes of docs/performance.json"


def test_another_figure_makes_another_page():
    results = figures()
    written = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    results["loads"]["ping"]["sockwarden"]["cpu_us_per_request"] += 1
    assert page.filled(written, results) != written


def test_an_aim_that_is_missed_is_said_to_be():
    assert page.judged(0.41, 0.4) == ("≤ 0.4", "missed") and page.judged(0.4, 0.4) == ("≤ 0.4", "met")
    assert page.judged(1.9, ">2") == ("≥ 2", "missed") and page.judged(2.0, ">2") == ("≥ 2", "met")
    assert page.judged(7, None) == ("", "")
