"""Moments as records bear them."""

from __future__ import annotations

import datetime as dt


def moment(seconds: float) -> str:
    """Give seconds since 1970 as text in UTC."""
    made = dt.datetime.fromtimestamp(seconds, tz=dt.timezone.utc)
    return made.isoformat(timespec="microseconds").replace("+00:00", "Z")


def second(moment_: dt.datetime) -> str:
    """Give a moment in UTC as text, to the second."""
    return moment_.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
