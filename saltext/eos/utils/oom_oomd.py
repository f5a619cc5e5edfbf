"""What systemd-oomd killed: its marks on cgroups, and systemd's messages about units."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

MARK = "user.oomd_kill"
MOUNTS = ("", "unified", "systemd")
DAEMON = "system.slice/systemd-oomd.service"

Marks = dict[str, list[int]]


class Kill(NamedTuple):
    """A unit, the processes it lost, and what makes this kill different from the next."""

    unit: str
    processes: int | None
    mark: str
    occurred: float | None
    boot: str | None


def mount(cgroup: Path) -> Path | None:
    """Give the hierarchy in which systemd-oomd runs; ``None`` where it does not."""
    for name in MOUNTS:
        if (cgroup / name / DAEMON).is_dir():
            return cgroup / name
    return None


def marks(hierarchy: Path, units: list[str]) -> Marks:
    """
    Read the marks of the given units; a slice stands for itself and what is directly in it.

    :return: by path of the cgroup its inode, and the kills that systemd-oomd has counted.
    """
    found: Marks = {}
    for unit in units:
        for folder in (hierarchy / unit, hierarchy / "system.slice" / unit):
            for path in (folder, *_units_in(folder)):
                value = _mark(path)
                if value[1]:
                    found[str(path.relative_to(hierarchy))] = value
    return found


def grown(before: Marks, after: Marks) -> dict[str, int]:
    """
    Give how much each mark has grown.

    Another inode is a new cgroup of that name, which systemd makes with each start of a unit.
    """
    found = {}
    for path, (inode, value) in after.items():
        known, count = before.get(path, (inode, 0))
        fresh = known != inode or value < count
        if more := value if fresh else value - count:
            found[path] = more
    return found


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
        _boot(entry.get("_BOOT_ID")),
    )


def _boot(found: Any) -> str | None:
    """Write the boot's id as the kernel does; the journal leaves out the hyphens."""
    try:
        return str(UUID(found))
    except (AttributeError, TypeError, ValueError):
        return None


def _units_in(folder: Path) -> list[Path]:
    if folder.suffix != ".slice":
        return []
    try:
        with os.scandir(folder) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir()]
    except OSError:
        return []


def _mark(path: Path) -> list[int]:
    try:
        value, inode = os.getxattr(path, MARK), path.stat().st_ino
    except OSError:
        return [0, 0]
    return [inode, int(value) if value.isdigit() else 0]
