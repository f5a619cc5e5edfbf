"""
Whether the beacons of minions are there: each says so every minute, in its minion's own name.

A minion that is down, and a beacon that is not loaded or cannot write its books, tell nothing: no
unit fails there, no disk fills. Whoever has told once that it is there is waited for. A sign says
when it was signed: what was recorded is too old for this master's clock, or older than the last.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from saltext.eos.utils import moments
from saltext.eos.utils.bridge_self import Said
from saltext.eos.utils.bridge_silence import MINIONS
from saltext.eos.utils.hint import Batch, Doubt

# Three signs of life that did not come.
LEAST = 180.0
# Seconds between two looks after which this machine, or its engine, stood still.
UNSEEN = 60.0
# No clock of now says so little, in milliseconds since 1970; an older wheel says since its boot.
OLDEST = 10**12


class Now(NamedTuple):
    """
    A moment.

    :param steady: seconds of a clock that never jumps, by which silence is counted.
    :param wall: seconds since 1970, for words and for the inbox.
    """

    steady: float
    wall: float


class Life(NamedTuple):
    """
    The last sign of life of one beacon.

    :param beat: when it was signed, in milliseconds since 1970 of its minion's clock.
    :param at: when it came here.
    """

    beat: int
    at: Now


def read() -> Now:
    """Read the clocks; the one that also counts while the machine sleeps."""
    return Now(time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


class Pulse:
    """
    Listens for signs of life, and notices silence, once each.

    :param after: seconds of silence that are too many.
    :param awaited: who has told that it is there, to an engine before this one; since when.
    :param silent: who was silent before, since when.
    :param began: when this engine did; before that nobody could be heard. A machine that stood
        still begins anew.
    """

    def __init__(
        self, after: float, awaited: dict[str, float], silent: dict[str, float], began: Now
    ) -> None:
        self._after, self._began = max(after, LEAST), began
        self._looked = began.steady
        self.awaited = dict(awaited)
        self._silent = {name: at for name, at in silent.items() if name.startswith(MINIONS)}
        self._lives: dict[str, Life] = {}
        self._refused: dict[str, str] = {}

    def heard(self, batch: Batch, now: Now) -> bool:
        """
        Take a sign of life; one that was recorded and comes again is none.

        :return: whether it is the first of its source.
        :raises Doubt: it is none.
        """
        name = batch.source()
        last = self._lives.get(name)
        if batch.beat is None:
            return False
        apart = batch.beat / 1000 - now.wall
        if last is not None:
            # A clock of this master that was set makes nobody a liar who was believed before.
            passed = now.steady - last.at.steady
            apart = min(apart, (batch.beat - last.beat) / 1000 - passed, key=abs)
        why = ""
        if abs(apart) > self._after and batch.beat < OLDEST:
            why = "signed by an older wheel: bring that minion up to this master's"
        elif abs(apart) > self._after:
            side = "ahead of" if apart > 0 else "behind"
            why = f"signed {abs(apart):.0f} s {side} this master's clock: is that minion's right?"
        elif last is not None and batch.beat <= last.beat:
            why = "no newer than the last one: it was recorded, or that minion's clock went back"
        if why:
            self._refused[name] = why
            raise Doubt(batch.minion, f"a sign of life was {why}")
        self._refused.pop(name, None)
        self._lives[name] = Life(batch.beat, now)
        return name not in self.awaited

    def look(
        self, is_accepted: Callable[[str], bool], now: Now
    ) -> Iterator[tuple[Said, float | None]]:
        """
        Give what is to be told, each with since when that source is silent; None when it is not.

        What could not be written is given again by the next look.

        :param is_accepted: whether the master still accepts a minion.
        """
        if now.steady - self._looked > UNSEEN:
            self._began = now
        self._looked = now.steady
        for name in sorted(self.awaited):
            since, last = self._silent.get(name), self._lives.get(name)
            if not is_accepted(name.partition(":")[2]):
                if since is not None:
                    why = "the master does not accept that minion any more"
                    yield _over(name, "removed", why, since, now)
                    self._silent.pop(name, None)
                continue
            at = max(self._began, last.at) if last else self._began
            if since is None and now.steady - at.steady > self._after:
                yield _silence(name, last, at, now, self._refused.get(name))
                self._silent[name] = at.wall
            elif since is not None and last and now.steady - last.at.steady <= self._after:
                yield _over(name, "minion", f"heard at {moments.moment(last.at.wall)}", since, now)
                self._silent.pop(name, None)

    def gone(self, is_accepted: Callable[[str], bool]) -> list[str]:
        """List whom nobody waits for any more, once their silence is over too."""
        return [
            name
            for name in self.awaited
            if name not in self._silent and not is_accepted(name.partition(":")[2])
        ]


def _silence(
    name: str, last: Life | None, at: Now, now: Now, refused: str | None
) -> tuple[Said, float]:
    heard = (
        "not since the engine began" if last is None else f"last at {moments.moment(last.at.wall)}"
    )
    heard += f", and then {refused}" if refused else ""
    said = Said(
        "silent", name, "minion", f"its beacon was heard {heard}; look at that minion and its log",
        str(int(at.wall)), amount=round(now.steady - at.steady),
    )  # fmt: skip
    return said, at.wall


def _over(name: str, cause: str, detail: str, since: float, now: Now) -> tuple[Said, None]:
    amount = max(0, round(now.wall - since))
    return Said("heard", name, cause, detail, str(int(since)), amount=amount), None
