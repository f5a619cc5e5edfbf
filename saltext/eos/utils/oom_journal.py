"""The journal, read through ``journalctl`` as a child that is never waited for."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import time
from typing import Any

from saltext.eos.utils.oom_kmsg import Line

LARGEST = 1 << 20
PAUSE = 60.0
# A journalctl that may not read ends at once; one that lives so long follows.
PROOF = 2.0
KERNEL = ("_TRANSPORT=kernel", "SYSLOG_FACILITY=0")
# What process 1 logs when systemd-oomd killed a unit (SD_MESSAGE_UNIT_OOMD_KILL).
OOMD = ("MESSAGE_ID=d989611b15e44c9dbf31e3c81256e4ed",)

Entry = dict[str, Any]


class Journal:
    """
    One ``journalctl``: once through, or following.

    :param arguments: what to select, in the words of ``journalctl``.
    """

    def __init__(self, arguments: list[str]) -> None:
        command = ["journalctl", "--output=json", "--quiet", "--no-pager", *arguments]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "TERM", *command]
        self._child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        if self._child.stdout is None:
            raise OSError("journalctl has no output")
        self._output = self._child.stdout.fileno()
        os.set_blocking(self._output, False)
        self._buffer = b""
        self.ended = False

    def entries(self) -> list[Entry]:
        """Give the whole entries that have come since the last pass."""
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):
                received = os.read(self._output, 1 << 16)
                if not received:
                    self.ended = True
                    break
                self._buffer += received
        if len(self._buffer) > LARGEST and b"\n" not in self._buffer:
            self._buffer = b""
        *whole, self._buffer = self._buffer.split(b"\n")
        return [entry for line in whole if (entry := _decoded(line)) is not None]

    def close(self) -> None:
        """End the child and take its status."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        if self._child.stdout:
            self._child.stdout.close()


class Follower:
    """
    Messages that come rarely, with a cursor that survives a restart.

    ``is_following`` is ``None`` until it is known whether ``journalctl`` is there and may read.

    :param arguments: what to select.
    """

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self._arguments = arguments
        self._journal: Journal | None = None
        self._again = self._begun = 0.0
        self.is_following: bool | None = None

    def step(self, cursor: str | None, since: float) -> list[Entry]:
        """
        Give new entries; start ``journalctl`` when none runs, at most once a minute.

        :param cursor: last entry that was taken; ``None`` before the first one.
        :param since: seconds since 1970 from which entries count without a cursor.
        """
        now = time.monotonic()
        if self._journal is None:
            if now < self._again:
                return []
            self._again = now + PAUSE
            if not shutil.which("journalctl"):
                self.is_following = False
                return []
            start = f"--after-cursor={cursor}" if cursor else f"--since=@{since:.6f}"
            self._journal = Journal(["--follow", "--no-tail", start, *self._arguments])
            self._begun, self.is_following = now, None
        found = self._journal.entries()
        if found or (now - self._begun > PROOF and not self._journal.ended):
            self.is_following = True
        if self._journal.ended:
            self.is_following = bool(self.is_following)
            self.close()
        return found

    def close(self) -> None:
        """End the child."""
        if self._journal:
            self._journal.close()
        self._journal = None


def kernel_lines(entries: list[Entry], after: int) -> list[Line]:
    """
    Give the kernel's own lines that are younger than ``after`` microseconds since boot.

    They are numbered by their time: the journal does not keep the kernel's numbers.
    """
    lines = []
    for entry in entries:
        moment, text = str(entry.get("_SOURCE_MONOTONIC_TIMESTAMP")), entry.get("MESSAGE")
        if moment.isdecimal() and int(moment) > after and isinstance(text, str):
            lines.append(Line(int(moment), int(moment), text))
    return lines


def _decoded(line: bytes) -> Entry | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
