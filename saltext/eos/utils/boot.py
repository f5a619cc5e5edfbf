"""Which boot of the kernel this is."""

from __future__ import annotations

from pathlib import Path

ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """
    Give the id of this boot, another after each start of the machine.

    :raises OSError: the kernel does not show it.
    """
    return ID.read_text("ascii").strip()
