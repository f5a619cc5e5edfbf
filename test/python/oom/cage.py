"""Real memory cgroups and processes that outgrow them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TextIO

from saltext.eos.utils.oom_kmsg import KernelLog
from saltext.eos.utils.oom_lines import INVOKED

MOUNT = Path("/sys/fs/cgroup")
UNIFIED = not (MOUNT / "memory").is_dir()
HOME = MOUNT if UNIFIED else MOUNT / "memory"
EAT = "import sys; held = bytearray(int(sys.argv[1]) << 20)"
# A kill that does not come is a failure of the test, not of the machine's patience.
PATIENCE = 20
# How many kills with all their lines the kernel prints within how many seconds (its own limit).
SUMMARIES, SECONDS = 10, 5
LOCK = Path("/run/lock/eos-test-kernel.lock")
_HELD: list[TextIO] = []


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
        enter = f'echo $$ > {self.folder}/cgroup.procs && exec "$@"'
        return subprocess.Popen(["sh", "-c", enter, "cage", *command])

    def overeat(self, megabytes: int = 64) -> int:
        """
        Let a process outgrow the cage; give its number once the kernel has killed it.

        The kernel prints all its lines, whoever else was killed before.
        """
        let_the_kernel_rest()
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


@contextlib.contextmanager
def turn_at_the_kernel():
    """
    Let one test of this machine kill at a time, whichever run it belongs to.

    A storm takes all summaries, and what a beacon tells singly within a minute.
    """
    with LOCK.open("a", encoding="ascii") as held:
        if not _HELD:
            fcntl.flock(held, fcntl.LOCK_EX)
        _HELD.append(held)
        yield
        _HELD.pop()


def let_the_kernel_rest() -> None:
    """
    Return once the kernel's own limit lets one more kill be printed whole.

    That limit is for everybody on the machine, so the log says what is left of it.
    """
    try:
        log = KernelLog()
    except OSError:
        return  # Where it may not be read, nothing in it is told.
    printed: list[float] = []
    first = 0

    def rested() -> bool:
        nonlocal first
        lines, first, is_all = log.read(first, 1)
        printed.extend(line.microseconds / 1e6 for line in lines if INVOKED.match(line.text))
        since = time.monotonic() - SECONDS - 0.5
        return is_all and len([at for at in printed if at > since]) < SUMMARIES

    with contextlib.closing(log):
        wait_for(rested, "a rest")


def wait_for(condition, what: str, patience: float = PATIENCE):
    """Give what the condition gives once it is true; say what did not come otherwise."""
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {patience} s")
