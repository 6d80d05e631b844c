"""Waiting for what another thread or process brings about."""

import time


def until(condition, seconds=10.0):
    """Return as soon as the condition holds; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it never came to that"
        time.sleep(0.005)
