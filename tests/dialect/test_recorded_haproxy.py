"""Our verdicts are those that were recorded from HAProxy, also where no HAProxy of that version is at hand."""

import pytest
from environments import everything, nothing
from judges import ROOT, judge_ours
from originals import ORIGINALS

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get"]


def read_recording(original):
    """The paths with their marks, the sets of methods by letter, and (settings, letters) for each environment."""
    paths, sets, rows = [], {}, []
    name = original.name.replace("-", "_")
    for line in (ROOT / "tests" / "policy" / f"recorded_{name}.txt").read_text().splitlines():
        if line.startswith("path "):
            paths.append(tuple(line.split(" ", 2)[1:]))
        elif line.startswith("set\t"):
            _, letter, methods = line.split("\t")
            sets[letter] = set(methods.split())
        elif line.startswith("env\t"):
            rows.append(line.split("\t")[1:])
    return paths, sets, rows


def environment_of(original, settings):
    words = settings.split()
    start = {"ALL": everything(original), "NONE": nothing(original)}.get(words[0] if words else "", {})
    return {**start, **dict(word.split("=") for word in words if "=" in word)}


RECORDINGS = {name: read_recording(original) for name, original in ORIGINALS.items()}
ROWS = [(name, settings, letters) for name, (_, _, rows) in RECORDINGS.items() for settings, letters in rows]


@pytest.mark.parametrize(("dialect", "settings", "letters"), ROWS,
                         ids=[f"{name}: {settings or 'defaults'}" for name, settings, _ in ROWS])
def test_verdicts_are_the_recorded_ones(dialect, settings, letters):
    original, (paths, sets, _) = ORIGINALS[dialect], RECORDINGS[dialect]
    assert len(letters) == len(paths)
    calls = [(method, path) for _, path in paths for method in METHODS]
    ours = dict(zip(calls, judge_ours(original, environment_of(original, settings), calls)))
    for (mark, path), letter in zip(paths, letters):
        granted = {method for method in METHODS if ours[method, path] == "allow"}
        if mark == "=":
            assert granted == sets[letter], path
        else:
            assert granted <= sets[letter], path
