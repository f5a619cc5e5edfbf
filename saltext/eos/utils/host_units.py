"""Whether the units of components run, as systemd says it."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, NamedTuple

from saltext.eos.utils import host_bus
from saltext.eos.utils.host_bus import Bus, Call, NoAnswer
from saltext.eos.utils.host_judge import WELL, Seen
from saltext.eos.utils.moments import exact

MANAGER = "org.freedesktop.systemd1.Manager"
UNIT = "org.freedesktop.systemd1.Unit"
SERVICE = "org.freedesktop.systemd1.Service"
ROOT = "/org/freedesktop/systemd1"
# What is asked in each pass, and what can only be another where one of those is another.
ALWAYS = ((SERVICE, "NRestarts"), (UNIT, "InvocationID"))
DETAILS = ((UNIT, "StateChangeTimestamp"), (SERVICE, "Result"), (SERVICE, "ExecMainStatus"))
WINDOW = 60.0
# After so long without a restart, a unit that was started again and again stays up.
STEADY = 30.0


class Standing(NamedTuple):
    """
    One unit as systemd has it.

    :param job: a job is queued for it, so that its state is about to change.
    """

    load: str
    active: str
    sub: str
    job: bool
    restarts: int
    invocation: str | None
    since: int
    result: str | None
    status: int | None


class Loop:
    """Whether a unit is started again and again: restarts over the last minute."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self._steady = 0.0
        self.is_looping = False

    def note(self, now: float, restarts: int, most: int) -> None:
        """
        Take a reading of systemd's counter, which starts anew with each start by hand.

        :param most: restarts within a minute from which on it loops.
        """
        if not self._counts or restarts != self._counts[-1][1]:
            if self._counts and restarts < self._counts[-1][1]:
                # Somebody started it by hand: what was before says nothing of what comes.
                self._counts.clear()
                self.is_looping = False
            self._steady = now
            self._counts.append((now, restarts))
        while len(self._counts) > 1 and now - self._counts[1][0] > WINDOW:
            self._counts.popleft()
        if now - self._steady >= STEADY:
            self.is_looping = False
        elif self._counts[-1][1] - self._counts[0][1] >= most:
            self.is_looping = True


class End:
    """
    How a unit that is started again and again ended last: systemd forgets that with each start.
    """

    def __init__(self) -> None:
        self._result: str | None = None
        self._status: int | None = None
        self._at = 0.0

    def note(self, now: float, one: Standing) -> Standing:
        """Take a reading of a unit that loops, or may; give it with how it ended last."""
        if one.result not in (None, "success"):
            self._result, self._status, self._at = one.result, one.status, now
            return one
        if self._result is not None and now - self._at <= WINDOW:
            return one._replace(result=self._result, status=self._status)
        # It was never seen between an end and the next start: nobody knows.
        return one._replace(result=None, status=None)


class Units:
    """
    The units of this host's components.

    :param units: unit to component.
    :param most: restarts within a minute from which on a unit that does not stay up has failed.
    """

    def __init__(self, units: dict[str, str], most: int) -> None:
        self._units = units
        self._most = most
        self._bus: Bus | None = None
        self._details: dict[str, tuple[tuple[Any, ...], Standing]] = {}
        self._loops = {unit: Loop() for unit in units}
        self._ends = {unit: End() for unit in units}

    def close(self) -> None:
        """Close the connection to systemd."""
        if self._bus:
            self._bus.close()
            self._bus = None

    def invocation(self, unit: str) -> str | None:
        """Give systemd's id of a unit's life when it was last seen."""
        known = self._details.get(unit)
        return known[1].invocation if known else None

    def look(self, minion: str, boot: str, now: float) -> list[Seen]:
        """
        See every unit; nothing of those that systemd does not tell of now.

        :param now: seconds of a clock that does not jump.
        """
        if not self._units:
            return []
        try:
            standings = self._standings()
        except NoAnswer:
            self.close()
            return []
        found = []
        for unit, one in standings.items():
            self._loops[unit].note(now, one.restarts, self._most)
            component, is_looping = self._units[unit], self._loops[unit].is_looping
            ended = self._ends[unit].note(now, one)
            told = ended if is_looping else one
            found.append(seen(minion, boot, unit, component, told, is_looping))
        return found

    def _standings(self) -> dict[str, Standing]:
        bus = self._bus = self._bus or host_bus.opened()
        names = list(self._units)
        (listed,) = bus.ask([Call(ROOT, MANAGER, "ListUnitsByNames", "as", (names,))])
        rows = {row[0]: row for row in (listed[0] if listed else ())}
        paths = {unit: rows[unit][6] for unit in names if unit in rows}
        lives = _properties(bus, paths, ALWAYS)
        keys = {
            unit: (*rows[unit][2:5], rows[unit][7] != 0, *lives[unit]) for unit in paths
        }  # fmt: skip
        changed = {
            unit: path for unit, path in paths.items()
            if self._details.get(unit, ((), None))[0] != keys[unit]
        }  # fmt: skip
        for unit, (since, result, status) in _properties(bus, changed, DETAILS).items():
            load, active, sub, job, count, invocation = keys[unit]
            life = invocation.hex() if invocation else None
            standing = Standing(
                load, active, sub, job, count or 0, life, since or 0, result, status
            )
            self._details[unit] = (keys[unit], standing)
        return {unit: self._details[unit][1] for unit in paths}


def seen(
    minion: str, boot: str, unit: str, component: str, one: Standing, is_looping: bool
) -> Seen:
    """Judge one unit by what systemd says of it; what is under way is neither well nor not."""
    level, cause = _level(one, is_looping)
    return Seen(
        thing=f"unit:{unit}",
        event="host/unit",
        level=level,
        mark=f"{one.invocation or f'{boot}:{unit}'}:{one.since}",
        occurred=exact(one.since / 1e6 if one.since else time.time()),
        payload={
            "subject": {"minion": minion, "unit": unit, "component": component},
            "verdict": {
                "cause": cause,
                "result": one.result,
                "status": one.status,
                "state": f"{one.active}/{one.sub}",
            },
            "change": {"restarts": one.restarts, "since": str(one.since)},
            "links": {"boot": boot, "invocation": one.invocation},
        },
        recovery="recovered",
        is_silent=cause == "missing",
        is_each=cause == "gave_up",
    )


def _level(one: Standing, is_looping: bool) -> tuple[str | None, str]:
    if one.active == "failed":
        return "failed", "gave_up"
    if is_looping and one.active in ("active", "activating", "deactivating"):
        return "failed", "restarts"
    if one.active in ("active", "reloading"):
        return WELL, "runs"
    if one.active == "inactive" and not one.job:
        return "stopped", "missing" if one.load == "not-found" else "inactive"
    return None, "inactive"


def _properties(
    bus: Bus, paths: dict[str, str], names: tuple[tuple[str, str], ...]
) -> dict[str, list[Any]]:
    """Give properties of units; None for one that a unit of its sort does not have."""
    calls = [
        Call(path, "org.freedesktop.DBus.Properties", "Get", "ss", name)
        for path in paths.values() for name in names
    ]  # fmt: skip
    answers = iter(bus.ask(calls) if calls else ())
    values = {unit: [next(answers) for _ in names] for unit in paths}
    return {unit: [one and one[0] for one in found] for unit, found in values.items()}
