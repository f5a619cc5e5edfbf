"""Jobs of Nomad's tasks outside Docker, read from a process while it lives."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from pathlib import Path

from saltext.eos.utils.oom_cgroup import NOMAD

PARENTS = (
    "memory/nomad", "nomad.slice/share.slice", "nomad.slice/reserve.slice", "nomad.slice",
)  # fmt: skip
NAMES = {
    b"NOMAD_JOB_ID": "job",
    b"NOMAD_GROUP_NAME": "group",
    b"NOMAD_NAMESPACE": "namespace",
}
REMEMBERED = 4096
AT_ONCE = 4
EVERY = 5

Task = dict[str, str]


class Tasks:
    """
    What runs in Nomad's own cgroups.

    Only three names are read from an environment, because it also holds secrets.

    :param cgroup: where cgroups are mounted.
    :param proc: where processes are.
    """

    def __init__(self, cgroup: Path = Path("/sys/fs/cgroup"), proc: Path = Path("/proc")) -> None:
        self._cgroup = cgroup
        self._proc = proc
        self._known: OrderedDict[str, Task] = OrderedDict()
        self._empty: set[str] = set()
        self._passes = 0

    def find(self, alloc: str | None) -> Task:
        """Give job, group and namespace of an allocation, as far as they were seen."""
        return self._known.get(alloc or "", {})

    def step(self) -> None:
        """Look at a few new cgroups every fifth pass."""
        self._passes += 1
        if self._passes % EVERY != 1:
            return
        left = AT_ONCE
        for folder in (self._cgroup / parent for parent in PARENTS):
            for name in _names(folder):
                found = None if name in self._empty else NOMAD.fullmatch(name)
                if not found or found[1] in self._known:
                    continue
                if left == 0:
                    return
                left -= 1
                self._look(found[1], folder / name)
        self._empty.clear()

    def _look(self, alloc: str, folder: Path) -> None:
        try:
            pid = (folder / "cgroup.procs").read_bytes().split(b"\n", 1)[0].decode()
            entries = (self._proc / pid / "environ").read_bytes().split(b"\0") if pid else []
        except OSError:
            entries = []
        pairs = (entry.partition(b"=") for entry in entries)
        task = {
            NAMES[key]: value.decode("utf-8", "replace") for key, _, value in pairs if key in NAMES
        }
        if not task:
            self._empty.add(folder.name)
            return
        self._known[alloc] = task
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries]
    except OSError:
        return []


def has_allocation(folders: list[str], alloc: str) -> bool:
    """Tell whether this node's own Nomad keeps a directory for an allocation."""
    return bool(re.fullmatch(r"[0-9a-f-]{36}", alloc)) and any(
        (Path(folder) / alloc).is_dir() for folder in folders
    )
