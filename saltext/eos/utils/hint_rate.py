"""How much of what one minion tells may come in, so that it cannot fill the disk of the master."""

from __future__ import annotations

from typing import NamedTuple

DAY = 86_400.0


class Limit(NamedTuple):
    """
    A bucket that drips.

    :param most: what it holds at once.
    :param rate: what comes back per second.
    """

    most: float
    rate: float


RECORDS = (Limit(200, 20.0), Limit(20_000, 20_000 / DAY))
BYTES = Limit(64 * 1024 * 1024, 64 * 1024 * 1024 / DAY)


class Allowance:
    """
    What one minion may tell: 200 records at once and 20 a second, 20,000 and 64 MiB a day.

    A kernel that kills more than that has told enough: the counters say how many there were.

    :param now: moment on a clock that never goes back, in seconds.
    """

    def __init__(self, now: float) -> None:
        self._limits = (*RECORDS, BYTES)
        self._held = [limit.most for limit in self._limits]
        self._then = now

    def take(self, size: int, now: float) -> bool:
        """
        Take one record out of every bucket, or out of none.

        :param size: its bytes.
        """
        elapsed, self._then = max(0.0, now - self._then), now
        pairs = zip(self._limits, self._held, strict=True)
        self._held = [min(limit.most, held + elapsed * limit.rate) for limit, held in pairs]
        wanted = (1.0, 1.0, float(size))
        if any(held < want for held, want in zip(self._held, wanted, strict=True)):
            return False
        self._held = [held - want for held, want in zip(self._held, wanted, strict=True)]
        return True
