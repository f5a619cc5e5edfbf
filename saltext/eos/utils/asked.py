"""What people type behind a verb: spans of time and flags, or a clear word that it is none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from salt.exceptions import SaltRunnerError

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Unclear(SaltRunnerError):
    """What was asked for cannot be meant; nothing was done, and the exit status is 2."""


def span(name: str, text: Any) -> float:
    """
    Read a span of time such as ``90s`` or ``2h``, in seconds.

    :param name: of the option.
    :raises Unclear: it is none.
    """
    found = _SPAN.fullmatch(str(text))
    seconds = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if seconds <= 0:
        raise Unclear(f"{name} is {text!r}; expected a span such as 90s, 15m, 2h or 1d")
    return seconds


def flag(name: str, value: Any) -> bool:
    """
    Read an option that is on or off.

    :raises Unclear: it is neither.
    """
    if isinstance(value, bool):
        return value
    raise Unclear(f"{name} is {value!r}; expected True or False")


def nothing_else(others: Mapping[str, Any], known: Iterable[str]) -> None:
    """
    Refuse an option that there is not; what Salt itself adds begins with underscores.

    :raises Unclear: there is one.
    """
    for name in others:
        if not name.startswith("__"):
            raise Unclear(f"{name} is no option; expected one of {', '.join(known)}")
