"""Moments as events bear them and people read them: text, in UTC."""

from __future__ import annotations

import datetime as dt
import time


def moment(seconds: float) -> str:
    """Write seconds since 1970 to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def exact(seconds: float) -> str:
    """Write seconds since 1970 to the microsecond."""
    made = dt.datetime.fromtimestamp(seconds, tz=dt.timezone.utc)
    return made.isoformat(timespec="microseconds").replace("+00:00", "Z")
