"""Waiting for a condition, in the tests of everything that has a life of its own."""

from __future__ import annotations

import queue
import threading
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


def ended(call: Callable[[], Found], within: float = 60.0) -> Found:
    """
    Give what a call gives, or raise what it raises; one that does not end fails its test alone.

    What it must not wait for hangs until the test lets it go: that it ended shows that it did not.
    """
    told: queue.SimpleQueue[tuple[Found | None, BaseException | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            told.put((call(), None))
        except BaseException as err:  # noqa: BLE001 - whoever waits raises it
            told.put((None, err))

    threading.Thread(target=run, daemon=True).start()
    try:
        found, error = told.get(timeout=within)
    except queue.Empty:
        raise AssertionError(f"it still waits after {within} s") from None
    if error is not None:
        raise error
    return found
