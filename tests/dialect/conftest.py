"""Fixtures of the dialect tests."""

import pytest
from judges import HAProxy


@pytest.fixture
def haproxy(tmp_path):
    """haproxy(original, environment): a live HAProxy with the original's rules, ended with the test."""
    started = []

    def start(original, environment):
        folder = tmp_path / f"haproxy-{len(started)}"
        folder.mkdir()
        started.append(HAProxy(folder, original, environment))
        return started[-1].__enter__()

    yield start
    for one in started:
        one.__exit__()
