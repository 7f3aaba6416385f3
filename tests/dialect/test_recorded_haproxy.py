"""Our verdicts are those that were recorded from HAProxy 3.2, also where no HAProxy of that version is at hand."""

import pytest
import tecnativa
from judges import ROOT, judge_ours

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"]
GRANTED = {"A": set(METHODS), "R": {"GET", "HEAD"}, "D": set()}


def read_recording():
    paths, rows = [], []
    for line in (ROOT / "tests" / "policy" / "recorded_tecnativa.txt").read_text().splitlines():
        if line.startswith("path "):
            paths.append(tuple(line.split(" ", 2)[1:]))
        elif line.startswith("env\t"):
            rows.append(line.split("\t")[1:])
    return paths, rows


def environment_of(settings):
    words = settings.split()
    everything = {variable: "1" for variable in tecnativa.VARIABLES} if words[:1] == ["ALL"] else {}
    return {**everything, **dict(word.split("=") for word in words if "=" in word)}


PATHS, ROWS = read_recording()


@pytest.mark.parametrize(("settings", "letters"), ROWS, ids=[settings or "defaults" for settings, _ in ROWS])
def test_verdicts_are_the_recorded_ones(settings, letters):
    assert len(letters) == len(PATHS)
    calls = [(method, path) for _, path in PATHS for method in METHODS]
    ours = dict(zip(calls, judge_ours(environment_of(settings), calls)))
    for (mark, path), letter in zip(PATHS, letters):
        granted = {method for method in METHODS if ours[method, path] == "allow"}
        if mark == "=":
            assert granted == GRANTED[letter], path
        else:
            assert granted <= GRANTED[letter], path
