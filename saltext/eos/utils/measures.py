"""Sizes and durations as declarations write them."""

from __future__ import annotations

import re

BYTES = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3, "TiB": 1024**4}
SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(KiB|MiB|GiB|TiB)")
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")


def size(text: str) -> int:
    """
    Turn ``128MiB`` into bytes.

    :raises ValueError: not a number followed by KiB, MiB, GiB or TiB.
    """
    match = _SIZE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"expected a size such as 128MiB or 2GiB; found {text!r}")
    return int(float(match[1]) * BYTES[match[2]])


def duration(text: str) -> float:
    """
    Turn ``90s`` or ``5m`` into seconds.

    :raises ValueError: not a number followed by ms, s, m, h or d.
    """
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"expected a duration such as 500ms, 90s or 5m; found {text!r}")
    seconds = float(match[1]) * SECONDS[match[2]]
    return int(seconds) if seconds == int(seconds) else seconds


def readable(count: int) -> str:
    """Write bytes in the largest unit that keeps the number at one or more."""
    for unit in ("TiB", "GiB", "MiB"):
        if count >= BYTES[unit]:
            return f"{count / BYTES[unit]:.1f}{unit}".replace(".0", "")
    return f"{count // BYTES['KiB']}KiB"
