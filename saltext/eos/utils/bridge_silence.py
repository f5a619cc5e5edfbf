"""
Whether anybody is silent: "nothing was heard" is an alarm, "nothing happened" is none.

The sidecar tells every few seconds how its sources stand. It is silent when that does not come; a
source is silent when the sidecar has had no sign of life from its servers. While the sidecar is
silent, nothing is known of its sources, and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from saltext.eos.utils import measures, moments
from saltext.eos.utils.bridge_self import Said

BRIDGE = "bridge"
# Sources whose facts come from a beacon of a minion.
MINIONS = ("host:", "kernel:")
# A sidecar that works is heard every ten seconds, its servers every thirty-five at least.
LEAST = 60


class Heard(NamedTuple):
    """
    When somebody was heard last, in seconds since 1970.

    :param moment: None when never.
    :param clock: when that was known: now for the sidecar, its last status for a source.
    """

    moment: float | None
    clock: float
    reached: int | None = None


def limit(text: Any) -> float:
    """
    Read the setting ``silent_after``, in seconds.

    :raises ValueError: it is no span of time, or too short to be one.
    """
    try:
        seconds = measures.duration(text)
    except ValueError as err:
        raise ValueError(f"silent_after: {err}") from err
    if seconds < LEAST:
        raise ValueError(f"silent_after is {text!r}; expected {LEAST}s or more")
    return seconds


def own(silent: dict[str, float]) -> dict[str, float]:
    """Leave out the beacons of minions: hint_pulse looks after them."""
    return {name: at for name, at in silent.items() if not name.startswith(MINIONS)}


class Watch:
    """
    The one that notices silence, once each.

    :param after: seconds of silence that are too many.
    :param silent: who was silent before, since when: of the engine before this one.
    :param began: when this engine did; before that nobody could be heard.
    """

    def __init__(self, after: float, silent: dict[str, float], began: float) -> None:
        self._after = after
        self._silent = dict(silent)
        self._began = began
        self._awaited: dict[str, float] = {}

    def look(
        self, streams: list[dict[str, Any]], now: float
    ) -> Iterator[tuple[Said, float | None]]:
        """
        Give what is to be told, each with since when that source is silent; None when it is not.

        What could not be written is given again by the next look.

        :param streams: the sidecars that have greeted, with what each has told last.
        """
        active = [stream for stream in streams if stream["role"] == "active"]
        newest = max(active, key=lambda stream: stream["seen"], default=None)
        heard = {BRIDGE: Heard(newest["seen"] if newest else None, now)}
        yield from self._judge(BRIDGE, heard[BRIDGE], self._began)
        sources = _sources(newest) if newest and BRIDGE not in self._silent else None
        if sources is None:
            return
        self._awaited = {
            name: self._awaited.get(name, one.clock)
            for name, one in sources.items()
            if one.moment is None
        }
        for name, one in sources.items():
            yield from self._judge(name, one, self._awaited.get(name, 0.0))
        for name in self._silent.keys() - sources.keys() - {BRIDGE}:
            yield _over(name, "removed", "it is not configured any more", now, self._silent[name])
            del self._silent[name]

    def _judge(self, name: str, one: Heard, floor: float) -> Iterator[tuple[Said, float | None]]:
        known = self._silent.get(name)
        if known is None and one.clock - max(one.moment or 0.0, floor) > self._after:
            since = one.moment or floor
            yield _silence(name, one, since)
            self._silent[name] = since
        elif known is not None and one.moment and one.clock - one.moment <= self._after:
            yield _over(
                name, _cause(name), f"heard at {moments.moment(one.moment)}", one.moment, known
            )
            del self._silent[name]


def _silence(name: str, one: Heard, since: float) -> tuple[Said, float]:
    who = "the sidecar was" if name == BRIDGE else "its servers were"
    last = "never heard" if one.moment is None else f"heard last at {moments.moment(one.moment)}"
    said = Said(
        "silent", name, _cause(name), f"{who} {last}", str(int(since)), first=one.reached,
        amount=round(one.clock - since),
    )  # fmt: skip
    return said, since


def _over(name: str, cause: str, detail: str, moment: float, since: float) -> tuple[Said, None]:
    seconds = round(moment - since)
    return Said("heard", name, cause, detail, str(int(since)), amount=seconds), None


def _cause(name: str) -> str:
    return "sidecar" if name == BRIDGE else "source"


def _sources(newest: dict[str, Any]) -> dict[str, Heard] | None:
    """
    Give when a sidecar has heard the servers of each of its sources, as its last status says.

    The status may be old, so its moments are compared with its own; None without one.
    """
    standings = (newest["status"] or {}).get("standings")
    told = {
        one["name"]: one
        for one in (standings if isinstance(standings, list) else ())
        if isinstance(one, dict)
        and isinstance(one.get("name"), str)
        and isinstance(one.get("heard"), int | float)
    }
    itself = told.pop(BRIDGE, None)
    if itself is None:
        return None
    return {
        name: Heard(one["heard"] / 1000 or None, itself["heard"] / 1000, _whole(one))
        for name, one in told.items()
    }


def _whole(one: dict[str, Any]) -> int | None:
    index = one.get("index")
    return index if type(index) is int else None
