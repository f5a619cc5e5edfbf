"""
Whether the beacons of minions are there: each says so every minute, in its minion's own name.

A minion that is down, and a beacon that is not loaded or cannot write its books, tell nothing: no
unit fails there, no disk fills. Whoever has told once that it is there is waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from saltext.eos.utils import moments
from saltext.eos.utils.bridge_self import Said
from saltext.eos.utils.bridge_silence import MINIONS
from saltext.eos.utils.hint import Batch

# Three signs of life that did not come.
LEAST = 180.0
MOST_BOOTS = 8


class Life(NamedTuple):
    """
    The last sign of life of one beacon.

    :param at: seconds since 1970, when it came here.
    :param boots: those before this one; what is signed with them was recorded.
    """

    boot: str
    beat: int
    at: float
    boots: tuple[str, ...]


class Pulse:
    """
    Listens for signs of life, and notices silence, once each.

    :param after: seconds of silence that are too many.
    :param awaited: who has told that it is there, to an engine before this one; since when.
    :param silent: who was silent before, since when.
    :param began: when this engine did; before that nobody could be heard.
    """

    def __init__(
        self, after: float, awaited: dict[str, float], silent: dict[str, float], began: float
    ) -> None:
        self._after, self._began = max(after, LEAST), began
        self.awaited = dict(awaited)
        self._silent = {name: at for name, at in silent.items() if name.startswith(MINIONS)}
        self._lives: dict[str, Life] = {}

    def heard(self, batch: Batch, now: float) -> bool:
        """
        Take a sign of life; one that was recorded and comes again is none.

        :return: whether it is the first of its source.
        """
        name = batch.source()
        last = self._lives.get(name)
        if batch.beat is None:
            return False
        if last is None:
            last = Life(batch.boot, 0, now, ())
        elif last.boot == batch.boot and batch.beat <= last.beat:
            return False
        elif last.boot != batch.boot:
            if batch.boot in last.boots:
                return False
            last = last._replace(boots=(*last.boots, last.boot)[-MOST_BOOTS:])
        self._lives[name] = last._replace(boot=batch.boot, beat=batch.beat, at=now)
        return name not in self.awaited

    def look(
        self, is_accepted: Callable[[str], bool], now: float
    ) -> Iterator[tuple[Said, float | None]]:
        """
        Give what is to be told, each with since when that source is silent; None when it is not.

        What could not be written is given again by the next look.

        :param is_accepted: whether the master still accepts a minion.
        """
        for name in sorted(self.awaited):
            since, last = self._silent.get(name), self._lives.get(name)
            if not is_accepted(name.partition(":")[2]):
                if since is not None:
                    why = "the master does not accept that minion any more"
                    yield _over(name, "removed", why, since, now)
                    self._silent.pop(name, None)
                continue
            at = max(self._began, last.at if last else 0.0)
            if since is None and now - at > self._after:
                yield _silence(name, last, at, now)
                self._silent[name] = at
            elif since is not None and last is not None and now - last.at <= self._after:
                yield _over(name, "minion", f"heard at {moments.moment(last.at)}", since, now)
                self._silent.pop(name, None)

    def gone(self, is_accepted: Callable[[str], bool]) -> list[str]:
        """List whom nobody waits for any more, once their silence is over too."""
        return [
            name
            for name in self.awaited
            if name not in self._silent and not is_accepted(name.partition(":")[2])
        ]


def _silence(name: str, last: Life | None, at: float, now: float) -> tuple[Said, float]:
    heard = "not since the engine began" if last is None else f"last at {moments.moment(at)}"
    said = Said(
        "silent", name, "minion", f"its beacon was heard {heard}; look at that minion and its log",
        str(int(at)), amount=round(now - at),
    )  # fmt: skip
    return said, at


def _over(name: str, cause: str, detail: str, since: float, now: float) -> tuple[Said, None]:
    return Said("heard", name, cause, detail, str(int(since)), amount=round(now - since)), None
