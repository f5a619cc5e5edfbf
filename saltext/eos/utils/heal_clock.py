"""
The healer's time: seconds that never run backwards, across boots and jumps of the clock.

Within a boot it is the monotonic clock. How long the machine was off nobody can prove: a wall clock
may be wrong until the network has set it. So over a reboot only that passes for which the new boot
has run, and no more than the wall clock says; every pause, suspension and freeze lasts from there.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from saltext.eos.utils.boot import boot_id


class Reading(NamedTuple):
    """
    What the clocks of the machine show.

    :param boot: names the boot within which ``monotonic`` counts.
    :param monotonic: seconds since some moment of that boot.
    :param wall: seconds since 1970.
    """

    boot: str
    monotonic: float
    wall: float


class Time(NamedTuple):
    """
    The healer's time at a reading.

    :param now: seconds since the healer's first start.
    """

    now: float
    reading: Reading


def read() -> Reading:
    """Read the clocks; the one that also counts while the machine sleeps."""
    return Reading(boot_id(), time.clock_gettime(time.CLOCK_BOOTTIME), time.time())


def first(reading: Reading) -> Time:
    """Begin at nought."""
    return Time(0.0, reading)


def after(last: Time, reading: Reading) -> Time:
    """Say what time it is, having known what time it was."""
    before = last.reading
    if reading.boot == before.boot:
        passed = reading.monotonic - before.monotonic
    else:
        # The file may come from another machine: then the wall clock says less than this boot.
        passed = min(reading.wall - before.wall, reading.monotonic)
    return Time(last.now + max(0.0, passed), reading)


def packed(time_: Time) -> dict[str, Any]:
    """Give what is written down."""
    return {"now": time_.now, **time_.reading._asdict()}


def unpacked(found: Any) -> Time:
    """
    Read what was written down.

    :raises ValueError: it is no time.
    """
    try:
        numbers = [float(found[name]) for name in ("now", "monotonic", "wall")]
        boot = found["boot"]
    except (KeyError, TypeError, ValueError) as err:
        raise ValueError(f"the time is {found!r}; expected now, boot, monotonic and wall") from err
    if type(boot) is not str or not all(number == number and number >= 0 for number in numbers):
        raise ValueError(f"the time is {found!r}; expected numbers from 0 on and a boot")
    return Time(numbers[0], Reading(boot, numbers[1], numbers[2]))
