"""What a test needs and this machine lacks: a skip that the summary repeats, and a failure where CI=true."""

import os

import pytest

told = []  # each once


def absent(what, reason):
    """Ends the test, or all tests that use the fixture."""
    text = f"{what}: {reason}"
    if text not in told:
        told.append(text)
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(text)


def repeat(reporter):
    """Writes what was absent below the results."""
    if not told:
        return
    count = len(reporter.stats.get("skipped", [])) + len(reporter.stats.get("error", []))
    reporter.write_sep("!", f"DID NOT RUN: {count}", red=True, bold=True)
    for text in told:
        reporter.write_line(text, red=True, bold=True)
