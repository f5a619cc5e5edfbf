"""What the healer's engine says of itself after each turn: a file for gates, people and metrics."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

NAME = "healer.status.json"
RUNNING, FROZEN, STANDBY = "running", "frozen", "standby"
# An engine whose word is older than this does not turn.
FRESH = 30.0


class Status(NamedTuple):
    """
    How the engine is.

    :param at: seconds since 1970 at which this was so.
    :param row: number of the last fact that was taken.
    :param lag: facts that wait; None when the inbox cannot be read.
    :param state: ``running``, ``frozen`` or ``standby``; ``frozen`` decides nothing.
    :param why: what it waits for or what is wrong; empty when all is well.
    :param settings: what holds, as pillar would say it; None before it was read.
    :param tokens: acts that may still be decided now.
    :param counters: since the start of the engine.
    """

    at: float
    pid: int
    epoch: int
    row: int
    lag: int | None
    state: str
    why: str
    settings: dict[str, Any] | None
    tokens: float
    counters: dict[str, int]


def write(path: Path, status: Status) -> None:
    """
    Put a status in the place of the last one.

    :raises OSError: the disk refuses.
    """
    staged = path.with_name(f".{path.name}")
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(status._asdict(), stream, sort_keys=True)
    staged.replace(path)


def read(path: Path) -> Status | None:
    """
    Give what the engine last said; None when it never did.

    :raises ValueError: the file is not what an engine writes.
    :raises OSError: it cannot be read.
    """
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    if not isinstance(found, dict) or set(found) != set(Status._fields):
        raise ValueError(f"{path} is no status of the healer; expected {', '.join(Status._fields)}")
    return Status(**found)


def plain(value: Any) -> Any:
    """Give settings as JSON has them: tuples with names become objects."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    return [plain(one) for one in value] if isinstance(value, (list, tuple)) else value
