"""Waiting for a condition, in the tests of everything that has a life of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def until(claim: Callable[[], Found], within: float = 40.0, pause: float = 0.05) -> Found:
    """Wait until a claim holds, and give what it gave."""
    ends = time.monotonic() + within
    while True:
        found = claim()
        if found:
            return found
        assert time.monotonic() < ends, f"did not hold within {within} s"
        time.sleep(pause)
