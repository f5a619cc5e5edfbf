"""The kernel's log, read without ever waiting for it."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import NamedTuple

LARGEST = 8192


class Line(NamedTuple):
    """One record of the kernel log: its number, microseconds since boot, and text."""

    number: int
    microseconds: int
    text: str


class KernelLog:
    """
    ``/dev/kmsg`` at two positions: the one to read from, and a newer one.

    Each record of the file is one line with its number; control characters come escaped, so that
    no name of a process can look like a second line, and what programs write into the log has
    another facility than the kernel's own.

    :param path: the device.
    :raises OSError: it may not be read here (``dmesg_restrict`` without ``CAP_SYSLOG``).
    """

    def __init__(self, path: Path = Path("/dev/kmsg")) -> None:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
        self._reading = os.open(path, flags)
        try:
            self._newer = os.open(path, flags)
        except OSError:
            os.close(self._reading)
            raise
        self._unread = True
        self.lost = False

    def close(self) -> None:
        """Give both descriptors back."""
        os.close(self._reading)
        os.close(self._newer)

    def note_end(self) -> None:
        """Remember the end of the log; what came before can be skipped by ``skip``."""
        os.lseek(self._newer, 0, os.SEEK_END)

    def skip(self) -> None:
        """
        Go on at the noted end.

        Right only when the counter, read after ``note_end``, has not moved: the kernel counts a
        kill before it writes the line, so that line of an uncounted kill cannot be before that end.
        Limit, tasks and summary can: it prints them before it counts.
        """
        self._reading, self._newer = self._newer, self._reading
        self._unread = False

    def read(self, first: int, budget: float) -> tuple[list[Line], int, bool]:
        """
        Give the kernel's lines from number ``first`` on.

        :param budget: seconds after which the rest is left for the next pass.
        :return: lines, number of the next record, and whether the end was reached.
        """
        lines: list[Line] = []
        until = time.perf_counter() + budget
        while time.perf_counter() < until:
            try:
                record = os.read(self._reading, LARGEST)
            except BlockingIOError:
                return lines, first, True
            except OSError as err:
                if err.errno == errno.EPIPE:
                    self.lost = True
                    continue
                if err.errno == errno.EINVAL:
                    continue
                raise
            if int(record.split(b",", 2)[1]) < first:
                continue
            line, kernel = parse(record)
            if self._unread and line.number > first > 0:
                self.lost = True
            self._unread = False
            first = line.number + 1
            if kernel:
                lines.append(line)
        return lines, first, False


def parse(record: bytes) -> tuple[Line, bool]:
    """Take a record apart, and say whether the kernel itself wrote it."""
    head, _, body = record.partition(b";")
    priority, number, microseconds = head.split(b",")[:3]
    text = body.split(b"\n", 1)[0].decode("utf-8", "replace")
    return Line(int(number), int(microseconds), text), int(priority) >> 3 == 0
