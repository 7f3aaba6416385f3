"""The one way to wait: poll a condition until it holds or a deadline passes."""

import time


def wait_until(condition, deadline, what):
    """Return the first true value of condition(); fail with `what` when `deadline` seconds have passed."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {deadline} s in vain for: {what}")
        time.sleep(0.02)


def stays(condition, seconds, what):
    """Fail with `what` as soon as condition() is false within the next `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise AssertionError(f"did not stay true for {seconds} s: {what}")
        time.sleep(0.05)


def wait_settled(value, deadline, what):
    """Return value() once it was the same at four looks in a row: what moves it has come to rest."""
    looks = []

    def rests():
        looks.append(value())
        return len(looks) > 3 and len(set(looks[-4:])) == 1
    wait_until(rests, deadline, what)
    return looks[-1]
