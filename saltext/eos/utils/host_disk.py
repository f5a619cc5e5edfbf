"""Whether the file systems of declared storage fill up."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from saltext.eos.utils.host_judge import WELL, Seen
from saltext.eos.utils.moments import exact

MOUNTS = "/proc/self/mountinfo"
HOUR = 3600.0
# A rate over less says nothing, and nor does growth of less than a hundredth.
LEAST_SPAN = 600.0
LEAST_GROWTH = 100
SAMPLE_EVERY = 30.0
# What was told as filling has room again only with that much to spare.
SPARE_PERCENT = 2
SPARE_TIME = 1.5


class Room(NamedTuple):
    """
    What a file system has left.

    :param free: percent of bytes; ``files`` percent of files, None where none are counted.
    """

    used: int
    size: int
    free: int
    files: int | None


class Rate:
    """How fast a file system fills, over the last hour."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def left(self, now: float, room: Room) -> int | None:
        """
        Give the seconds until it is full; None while it does not fill, or nobody knows.

        :param now: seconds of a clock that does not jump.
        """
        samples = self._samples
        if not samples or now - samples[-1][0] >= SAMPLE_EVERY:
            samples.append((now, room.used))
        while now - samples[0][0] > HOUR:
            samples.popleft()
        span, growth = now - samples[0][0], room.used - samples[0][1]
        if span < LEAST_SPAN or growth * LEAST_GROWTH < room.size:
            return None
        return int(max(0, room.size - room.used) * span / growth)


class Disks:
    """
    The file systems that declared directories are on.

    :param storage: directory to the components that keep data there.
    :param settings: ``free`` and ``hours``.
    """

    def __init__(
        self, storage: Mapping[str, list[str]], settings: dict[str, Any], minion: str, boot: str
    ) -> None:
        self._storage = storage
        self._settings = settings
        self._minion = minion
        self._boot = boot
        self._rates: dict[str, Rate] = {}
        self._filling: set[str] = set()

    def look(self) -> list[Seen]:
        """See each file system once; a directory that is not there yet is on none."""
        mounts = mounted(Path(MOUNTS).read_text("utf-8", "surrogateescape"))
        found: dict[str, list[str]] = {}
        for path in self._storage:
            real = os.path.realpath(path)
            if os.path.isdir(real):  # noqa: PTH112 - the path is no Path yet
                found.setdefault(_mount_of(real, mounts), []).append(path)
        return [self._seen(mount, paths) for mount, paths in sorted(found.items())]

    def _seen(self, mount: str, paths: list[str]) -> Seen:
        at = os.statvfs(mount)
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        room = room_of(at)
        left = self._rates.setdefault(mount, Rate()).left(now, room)
        cause = judged(room, left, self._settings, mount in self._filling)
        (self._filling.discard if cause == "room" else self._filling.add)(mount)
        components = sorted({name for path in paths for name in self._storage[path]})
        return Seen(
            thing=f"disk:{mount}",
            event="host/disk",
            level=WELL if cause == "room" else "filling",
            mark=f"{at.f_fsid:x}:{room.used}",
            occurred=exact(time.time()),
            payload={
                "subject": {"minion": self._minion, "mount": mount, "components": components},
                "verdict": {"cause": cause, "free": room.free, "files": room.files, "left": left},
                "change": {"used": str(room.used), "size": str(room.size)},
                "links": {"boot": self._boot, "paths": sorted(paths)},
            },
            recovery="freed",
            is_numbered=True,
        )


def judged(room: Room, left: int | None, settings: dict[str, Any], is_filling: bool) -> str:
    """
    Say why a file system is filling, or ``room``.

    :param is_filling: it was, so that it needs some to spare.
    """
    least = settings["free"] + (SPARE_PERCENT if is_filling else 0)
    soon = settings["hours"] * HOUR * (SPARE_TIME if is_filling else 1)
    if room.free < least:
        return "space"
    if room.files is not None and room.files < least:
        return "files"
    return "rate" if left is not None and left < soon else "room"


def room_of(at: os.statvfs_result) -> Room:
    """Count what those who are not root may use, as ``df`` does."""
    used = at.f_blocks - at.f_bfree
    usable = used + at.f_bavail
    free = 100 * at.f_bavail // usable if usable else 100
    files = 100 * at.f_favail // at.f_files if at.f_files else None
    return Room(used * at.f_frsize, usable * at.f_frsize, free, files)


def mounted(text: str) -> list[str]:
    """List the mount points of ``mountinfo``, the longest first."""
    points = [line.split(" ")[4] for line in text.splitlines()]
    plain = [
        point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        for point in points
    ]
    return sorted(set(plain), key=len, reverse=True)


def _mount_of(path: str, mounts: list[str]) -> str:
    for mount in mounts:
        if path == mount or path.startswith(mount.rstrip("/") + "/"):
            return mount
    return "/"
