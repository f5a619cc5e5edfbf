"""When a fact occurred, in the healer's own time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from saltext.eos.utils.heal_clock import Time


def occurred(envelope: Mapping[str, Any], moment: Time) -> float:
    """
    Say when a fact occurred; now for one that does not say, and never later than now.

    Clocks of sources differ: whoever waits by this bounds how far back it may reach.
    """
    return _moment(envelope, "occurred", moment)


def heard(envelope: Mapping[str, Any], moment: Time) -> float:
    """
    Say since when a fact could be known here, which is how late it may be called.

    A beacon's moment is of its minion's clock, that may be slow by any time: what the master noted
    on its arrival counts.
    """
    name = "observed" if envelope.get("origin") == "beacon" else "occurred"
    return _moment(envelope, name, moment)


def _moment(envelope: Mapping[str, Any], name: str, moment: Time) -> float:
    told = (envelope.get("time") or {}).get(name)
    if not isinstance(told, str):
        return moment.now
    try:
        # Python 3.10 reads no Z.
        found = datetime.fromisoformat(told.removesuffix("Z") + "+00:00" * told.endswith("Z"))
    except ValueError:
        return moment.now
    found = found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    return min(moment.now, moment.now - (moment.reading.wall - found.timestamp()))
