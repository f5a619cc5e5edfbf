"""How often the kernel has killed for memory, read without a lock and without a privilege."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import NamedTuple

PROC = Path("/proc")
CGROUP = Path("/sys/fs/cgroup")
EXACT = "memory.events"
MOUNTED = re.compile(r"/containers/([0-9a-f]{64})/")


class View(NamedTuple):
    """
    What this node sees of its kernel.

    ``root`` is the memory cgroup below which everything is this node's own: ``/`` where it shares
    the kernel with nobody, ``None`` in a container that may not know where it is. ``container`` is
    then the id by which its paths are known. ``is_shared`` says that ``counter`` counts the kills
    of others too.
    """

    root: str | None
    container: str | None
    unified: bool
    counter: Path
    is_shared: bool


def view(proc: Path = PROC, cgroup: Path = CGROUP) -> View:
    """
    Look where process 1 lives, and choose the counter that belongs to it.

    The counter of ``/proc/vmstat`` is the kernel's: in a container it counts the kills of all
    nodes on that kernel. With cgroup v2 the cgroup of the node itself has an exact one, which sums
    up everything below. With cgroup v1 there is none, and foreign kills are told by their lines;
    so it is where ``memory_localevents`` makes each cgroup count its own level only.
    """
    lines = (proc / "1/cgroup").read_text("utf-8", "replace").splitlines()
    parts = [line.split(":", 2) for line in lines if line.count(":") > 1]
    paths = {name: path for _, names, path in parts for name in names.split(",")}
    unified = "memory" not in paths
    root = _without_init(paths.get("memory", paths.get("", "/")))
    vmstat = proc / "vmstat"
    own = cgroup / root.lstrip("/") / EXACT
    counted = unified and own.exists()
    exact = counted and not _is_one_level(proc)
    if root != "/":
        return View(root, None, unified, own if exact else vmstat, not exact)
    if exact:
        return View(None, _container(proc), unified, own, is_shared=False)
    if counted or (not unified and _in_container(proc)):
        return View(None, _container(proc), unified, vmstat, is_shared=True)
    return View("/", None, unified, vmstat, is_shared=False)


class Counter:
    """
    A counter file that stays open, because it is read in every pass.

    :param path: ``/proc/vmstat`` or a ``memory.events``.
    """

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        inode = os.fstat(self._handle).st_ino
        #: Which counter it is. A cgroup that is made anew counts from 0, under the same name.
        self.identity = f"{EXACT}:{inode}" if path.name == EXACT else path.name

    def read(self) -> int:
        """Give the kills counted so far."""
        text = os.pread(self._handle, 1 << 16, 0)
        start = text.rindex(b"\noom_kill ") + len(b"\noom_kill ")
        return int(text[start:].split(b"\n", 1)[0])

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)


def _without_init(path: str) -> str:
    """Systemd as process 1 sits in ``init.scope``; the node is what is around it."""
    inner = PurePosixPath(path)
    return str(inner.parent if inner.name == "init.scope" else inner)


def _in_container(proc: Path) -> bool:
    """A private cgroup namespace shows ``/`` also inside a container; its mark tells."""
    try:
        return any(
            entry.startswith(b"container=")
            for entry in (proc / "1/environ").read_bytes().split(b"\0")
        )
    except OSError:
        return False


def _is_one_level(proc: Path) -> bool:
    """Tell whether cgroup v2 is mounted so that events of a cgroup leave out those below."""
    try:
        lines = (proc / "1/mountinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        return False
    mounts = [line.partition(" - ")[2].split(" ") for line in lines]
    return any(
        mount[0] == "cgroup2" and "memory_localevents" in mount[-1].split(",") for mount in mounts
    )


def _container(proc: Path) -> str | None:
    """Docker mounts files named after the container into it."""
    try:
        found = MOUNTED.search((proc / "1/mountinfo").read_text("utf-8", "replace"))
    except OSError:
        return None
    return found[1] if found else None
