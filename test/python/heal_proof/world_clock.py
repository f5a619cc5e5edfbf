"""A clock for the real loop: it passes as time does, and leaps when a test says so."""

from __future__ import annotations

import time

from saltext.eos.utils import heal_clock


class Clock:
    """The machine's own clocks, moved."""

    def __init__(self) -> None:
        self.boot, self._passed, self._wall = "boot-a", 0.0, 0.0

    def __call__(self) -> heal_clock.Reading:
        now = time.monotonic() + self._passed
        return heal_clock.Reading(self.boot, now, time.time() + self._passed + self._wall)

    def advance(self, seconds: float) -> None:
        """Let time pass at once, on every clock."""
        self._passed += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall clock alone."""
        self._wall += seconds

    def reboot(self, seconds: float) -> None:
        """Begin another boot, that long after this one."""
        self.boot += "+"
        self._passed += seconds
