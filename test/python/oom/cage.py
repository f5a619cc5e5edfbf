"""Real memory cgroups and processes that outgrow them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOUNT = Path("/sys/fs/cgroup")
UNIFIED = not (MOUNT / "memory").is_dir()
HOME = MOUNT if UNIFIED else MOUNT / "memory"
EAT = "import sys; held = bytearray(int(sys.argv[1]) << 20)"
# A kill that does not come is a failure of the test, not of the machine's patience.
PATIENCE = 20
# How many kills with all their lines the kernel prints within how many seconds (its own limit).
SUMMARIES, SECONDS = 10, 5
# That limit is for everybody on the machine, so the tests of another Salt count too.
_SHARED = Path(tempfile.gettempdir()) / f"eos-kills-{os.getuid()}"
_STARTED: list[float] = []
_BOOKED: list[float] = []


class Cage:
    """
    A memory cgroup with a limit.

    :param name: its path below the mount.
    :param limit: mebibytes.
    """

    def __init__(self, name: str, limit: int) -> None:
        self.name = f"/{name}"
        self.folder = HOME / name
        self.folder.mkdir(parents=True)
        (self.folder / ("memory.max" if UNIFIED else "memory.limit_in_bytes")).write_text(
            str(limit << 20)
        )

    def start(self, *command: str) -> subprocess.Popen:
        """Start a command inside."""
        _note_start()
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        return subprocess.Popen(["sh", "-c", enter, "cage", *command])

    def overeat(self, megabytes: int = 64) -> int:
        """Let a process outgrow the cage; give its number once the kernel has killed it."""
        hog = self.start(sys.executable, "-S", "-c", EAT, str(megabytes))
        assert hog.wait(PATIENCE) == -9, "the kernel did not kill it"
        return hog.pid

    def kills(self) -> int:
        """Give the kernel's own count for this cgroup."""
        name = "memory.events" if UNIFIED else "memory.oom_control"
        text = (self.folder / name).read_text("ascii")
        return int(text.split("\noom_kill ", 1)[1].split("\n", 1)[0])

    def remove(self) -> None:
        """Remove the cgroup with what is still in it."""
        for pid in (self.folder / "cgroup.procs").read_text("ascii").split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), 9)
        wait_for(lambda: not (self.folder / "cgroup.procs").read_text("ascii"), "an empty cage")
        self.folder.rmdir()


def kills_started() -> int:
    """Give how many processes this run has started in cages."""
    return len(_STARTED)


def let_the_kernel_rest(kills: int = 6) -> None:
    """
    Return once the kernel's own limit lets some more kills be printed whole, and book them.

    :param kills: how many the test is about to bring about.
    """

    def rested() -> bool:
        return _book(kills, SUMMARIES - kills)

    wait_for(rested, "a rest")


def _note_start() -> None:
    now = time.monotonic()
    _STARTED.append(now)
    if _BOOKED and now - _BOOKED.pop() < SECONDS:
        return
    _book(1, None)


def _book(kills: int, most: int | None) -> bool:
    """Book kills for this moment; False when more than that many were booked lately."""
    now = time.monotonic()
    with _SHARED.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lately = [at for at in map(float, file.read().split()) if 0 <= now - at < SECONDS + 0.5]
        if most is not None and len(lately) > most:
            return False
        file.truncate(0)
        file.write("".join(f"{at}\n" for at in [*lately, *[now] * kills]))
    if most is not None:
        _BOOKED[:] = [now] * kills
    return True


def wait_for(condition, what: str, patience: float = PATIENCE):
    """Give what the condition gives once it is true; say what did not come otherwise."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {patience} s")
