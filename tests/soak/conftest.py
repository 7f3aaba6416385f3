"""The soak has a length of its own, SOAK_SECONDS (180), and not the limit of an ordinary test."""

import os
import signal

import pytest

from soak import DEFAULT_SECONDS

SECONDS = int(os.environ.get("SOAK_SECONDS", DEFAULT_SECONDS))


@pytest.fixture
def seconds():
    return SECONDS


@pytest.hookimpl(hookwrapper=True, trylast=True)
def pytest_runtest_call():
    """Inside the hook that sets the ordinary limit: begins it anew with what a soak may take."""
    signal.alarm(2 * SECONDS + 300)
    yield
