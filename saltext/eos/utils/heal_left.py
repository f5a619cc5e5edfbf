"""
Incidents that end each step of the healer: what cannot be judged, or written, stops no other.

A step is kept wholly or not at all. So an incident that ends it some times is left to people for an
hour: nothing is judged about it, and no fact changes it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import heal_match

# Attempts on an incident before it is left to people.
ATTEMPTS = 3
# Errors that lie further apart are not one fault.
FORGOTTEN = 600.0


class Unjudged(RuntimeError):
    """
    One incident ends the step; nothing of the step may be kept, so who it was is told here.

    :param policy: that it is of.
    :param subject: what it is about.
    """

    def __init__(self, incident: str, policy: str, subject: Mapping[str, Any], why: str) -> None:
        super().__init__(f"incident {incident} cannot be judged: {why}")
        self.incident, self.policy = incident, policy
        # It has to be written where the incident itself perhaps could not be.
        self.place = heal_match.place(subject).encode("utf-8", "backslashreplace").decode()


class Left:
    """What the engine knows of them; a step that failed knows nothing."""

    def __init__(self) -> None:
        self._failed: dict[str, tuple[int, float, Unjudged]] = {}
        self.until: dict[str, float] = {}
        """By how its id begins, which is the same each time: the healer's moment of the end."""

    def failed(self, err: Unjudged) -> None:
        """Note that an incident has ended a step."""
        now = time.monotonic()
        times, at, _ = self._failed.get(err.incident, (0, now, err))
        times = times + 1 if now - at < FORGOTTEN else 1
        self._failed[err.incident] = (times, now, err)

    def ripe(self) -> list[Unjudged]:
        """List the incidents that have had their attempts, each with why."""
        return [err for times, _, err in self._failed.values() if times >= ATTEMPTS]

    def written(self, ripe: list[Unjudged]) -> None:
        """Note that they have been left to people, and that this is on the disk."""
        for err in ripe:
            self._failed.pop(err.incident, None)
