"""Fixtures of the dialect tests."""

import pytest
from judges import HAProxy


@pytest.fixture
def haproxy(tmp_path):
    """haproxy(environment): a live HAProxy with the original's rules, ended with the test."""
    started = []

    def start(environment):
        folder = tmp_path / f"haproxy-{len(started)}"
        folder.mkdir()
        started.append(HAProxy(folder, environment))
        return started[-1].__enter__()

    yield start
    for one in started:
        one.__exit__()
