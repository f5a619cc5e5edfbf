"""What systemd-oomd killed: its marks on cgroups, and systemd's messages about units."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

MARK = "user.oomd_kill"
MOUNTS = ("", "unified", "systemd")
DAEMON = "system.slice/systemd-oomd.service"


class Kill(NamedTuple):
    """A unit, the processes it lost, and what makes this kill different from the next."""

    unit: str
    processes: int | None
    mark: str
    occurred: float | None


def mount(cgroup: Path) -> Path | None:
    """Give the hierarchy in which systemd-oomd runs; ``None`` where it does not."""
    for name in MOUNTS:
        if (cgroup / name / DAEMON).is_dir():
            return cgroup / name
    return None


def marks(hierarchy: Path, units: list[str]) -> dict[str, int]:
    """
    Read the marks of the given units; a slice stands for itself and what is directly in it.

    :return: kills that systemd-oomd has counted, by path of the cgroup.
    """
    found: dict[str, int] = {}
    for unit in units:
        for folder in (hierarchy / unit, hierarchy / "system.slice" / unit):
            for path in (folder, *_units_in(folder)):
                value = _mark(path)
                if value:
                    found[str(path.relative_to(hierarchy))] = value
    return found


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Give how much each mark has grown; a smaller one belongs to a new cgroup of that name."""
    return {
        path: value - (before.get(path, 0) if value >= before.get(path, 0) else 0)
        for path, value in after.items()
        if value != before.get(path, 0)
    }


def told(entry: dict[str, Any]) -> Kill | None:
    """Take a message of process 1 apart; anybody else's message of that kind is not believed."""
    unit, count, cursor = entry.get("UNIT"), entry.get("N_PROCESSES"), entry.get("__CURSOR")
    if str(entry.get("_PID")) != "1" or not isinstance(unit, str) or not isinstance(cursor, str):
        return None
    moment = str(entry.get("__REALTIME_TIMESTAMP"))
    return Kill(
        unit,
        int(count) if isinstance(count, str) and count.isdecimal() else None,
        f"{unit}@{entry.get('__MONOTONIC_TIMESTAMP')}",
        int(moment) / 1e6 if moment.isdecimal() else None,
    )


def _units_in(folder: Path) -> list[Path]:
    if folder.suffix != ".slice":
        return []
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _mark(path: Path) -> int:
    try:
        value = os.getxattr(path, MARK)
    except OSError:
        return 0
    return int(value) if value.isdigit() else 0
