"""
Incidents that end each step of the healer: what cannot be judged, or written, stops no other.

A step is kept wholly or not at all. So an incident that ends it some times is left to people for an
hour: nothing is judged about it, and no fact changes it.
"""

from __future__ import annotations

import time

# Attempts on an incident before it is left to people.
ATTEMPTS = 3
# Errors that lie further apart are not one fault.
FORGOTTEN = 600.0


class Unjudged(RuntimeError):
    """One incident ends the step; nothing of the step may be kept."""

    def __init__(self, incident: str, why: str) -> None:
        super().__init__(f"incident {incident} cannot be judged: {why}")
        self.incident = incident


class Left:
    """What the engine knows of them; a step that failed knows nothing."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, float, str]] = {}
        self.until: dict[str, float] = {}
        """By how its id begins, which is the same each time: the healer's moment of the end."""

    def failed(self, err: Unjudged) -> None:
        """Note that an incident has ended a step."""
        now = time.monotonic()
        times, at, _ = self._failed.get(err.incident, (0, now, ""))
        times = times + 1 if now - at < FORGOTTEN else 1
        self._failed[err.incident] = (times, now, str(err))

    def ripe(self) -> list[tuple[str, str]]:
        """List the incidents that have had their attempts, each with why."""
        return [(name, why) for name, (times, _, why) in self._failed.items() if times >= ATTEMPTS]

    def written(self, ripe: list[tuple[str, str]]) -> None:
        """Note that they have been left to people, and that this is on the disk."""
        for name, _ in ripe:
            self._failed.pop(name, None)
