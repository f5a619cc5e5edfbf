"""
When something about a host is told: once it has been so for its quiet time, and once for each time.

Pure: what is known of a thing goes in with what was seen of it, and comes out with what is to be
told. What could not be seen changes nothing.
"""

from __future__ import annotations

from typing import Any, NamedTuple

WELL = "well"
Known = dict[str, Any]


class Seen(NamedTuple):
    """
    One thing as it was seen.

    :param thing: names it for good, such as ``unit:consul.service``.
    :param event: the declared event that tells of it.
    :param level: ``well``, or the verb that it is; None where that cannot be told now.
    :param mark: what makes this time unlike every other of its verb, from the host's own data.
    :param occurred: when it came to be so.
    :param payload: subject, verdict, change and links of the event.
    :param recovery: the verb for being well again.
    :param is_silent: it is how this host was found: not worth telling before it was ever well.
    :param is_each: another mark is another time, also where the level stayed.
    :param is_numbered: the host's own data may be the same another time, so the number of the
        record joins the mark.
    :param well_in: the life in which it is well, which is kept for the next start.
    """

    thing: str
    event: str
    level: str | None
    mark: str
    occurred: str
    payload: dict[str, Any]
    recovery: str
    is_silent: bool = False
    is_each: bool = False
    is_numbered: bool = False
    well_in: str | None = None

    def verb(self) -> str:
        """Give the verb that tells of it."""
        return self.recovery if self.level == WELL else str(self.level)


def judge(known: Known | None, seen: Seen, now: float, quiet: float) -> tuple[Known, bool]:
    """
    Say whether what was seen is to be told now, and what is known after it.

    :param known: of this thing; None before it was ever seen.
    :param now: seconds of a clock that goes on while the host sleeps.
    :param quiet: how long it has to be so before it is told.
    """
    if known is None:
        # What is well has never been otherwise; what is not, was so before anybody looked.
        told = seen.level if seen.is_silent else WELL
        known = {"told": told, "mark": "", "level": None, "since": now, "silent": seen.is_silent}
    if seen.level is None:
        return known, False
    if seen.well_in is not None:
        known = {**known, "well_in": seen.well_in}
    if known["level"] != seen.level or (seen.is_each and known["seen"] != seen.mark):
        known = {**known, "level": seen.level, "seen": seen.mark, "since": now}
    is_other = known["told"] != seen.level or (seen.is_each and known["mark"] != seen.mark)
    if not is_other or not (now < known["since"] or now - known["since"] >= quiet):
        return known, False
    if known["silent"] and seen.level == WELL:
        return {**known, "told": WELL, "silent": False}, False
    return {**known, "told": seen.level, "mark": seen.mark, "silent": False}, True
