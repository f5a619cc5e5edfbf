"""Where the kernel's lines come from: its log, or the journal where the log may not be read."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable

from saltext.eos.utils.oom_journal import KERNEL, Journal, kernel_lines
from saltext.eos.utils.oom_kmsg import KernelLog, Line
from saltext.eos.utils.oom_ledger import State

BUDGET = 0.002
# The first time after a start everything that the log holds is gone through, once.
FIRST_BUDGET = 0.25
BASELINE_BUDGET = 1.0
ATTEMPTS = 5
REOPEN = 60.0
ASK_AGAIN = 2.0


class Lines:
    """The one source that works here, chosen anew every minute while the log cannot be read."""

    def __init__(self) -> None:
        self._log: KernelLog | None = None
        self._is_first = True
        self._is_at_end = False
        self._journal: Journal | None = None
        self._has_journal = shutil.which("journalctl") is not None
        self._reopen = 0.0
        self._ask = 0.0
        self._open()

    @property
    def source(self) -> str:
        """``kmsg`` or ``journal``."""
        return "kmsg" if self._log else "journal"

    def settle(self, counter: Callable[[], int]) -> tuple[int, int]:
        """
        Give the counter and the number of the next line, such that no kill is between the two.

        A machine that kills without pause is given up on after five attempts: what is between is
        then told without a name.
        """
        number = 0
        for _ in range(ATTEMPTS):
            total = counter()
            if not self._log:
                return total, 0
            _, number, _ = self._log.read(number, BASELINE_BUDGET)
            if counter() == total:
                break
        return total, number

    def note_end(self) -> None:
        """Remember the end of the log, before the counter is read."""
        self._open()
        if self._log:
            self._log.note_end()

    def rest(self, *, is_amid: bool) -> bool:
        """
        Take it that no line so far matters any more, as the counter says.

        What a flood of other lines has left unread is skipped, up to the remembered end; but not
        amid what the kernel prints of a kill before it counts it.

        :param is_amid: whether the last lines were such ones.
        :return: whether all was read or skipped; in the journal lines may still come late.
        """
        self._end_journal()
        if self._log and not self._is_at_end and not is_amid:
            self._log.skip()
            self._is_at_end = True
        return self._is_at_end

    def read(self, state: State) -> list[Line]:
        """
        Give new lines, as many as two milliseconds allow.

        The log is to be read before the counter: the kernel counts a kill and then prints its
        line, so the counter then knows of each that was read.

        The position is kept in ``state`` for both sources, so that the other one can go on from it.
        The journal does not know the numbers of lines: after it only their time tells.
        """
        if self._log:
            budget = FIRST_BUDGET if self._is_first else BUDGET
            number, after = state["line"], state["microseconds"]
            lines, state["line"], self._is_at_end = self._log.read(number, budget)
            self._is_first = False
            if not number:
                lines = [line for line in lines if line.microseconds > after]
                state["line"] = state["line"] if lines else 0
            if lines:
                state["microseconds"] = max(after, lines[-1].microseconds)
            return lines
        self._is_at_end = False
        return self._read_journal(state) if self._has_journal else []

    def missing(self) -> str:
        """Say why a line has not come."""
        if self._log:
            return "lines_lost" if self._log.lost else "no_line"
        return "no_line" if self._has_journal else "unreadable"

    def forget(self) -> None:
        """Nothing is owed any more: lines that were lost before do not matter."""
        if self._log:
            self._log.lost = False

    def close(self) -> None:
        """Give descriptors and children back."""
        if self._log:
            self._log.close()
        self._log = None
        self._end_journal()

    def _open(self) -> None:
        if self._log or time.monotonic() < self._reopen:
            return
        self._reopen = time.monotonic() + REOPEN
        try:
            self._log = KernelLog()
        except OSError:
            self._log = None

    def _read_journal(self, state: State) -> list[Line]:
        if self._journal is None:
            if time.monotonic() < self._ask:
                return []
            self._ask = time.monotonic() + ASK_AGAIN
            since = max(0.0, time.time() - time.monotonic() + state["microseconds"] / 1e6 - 1)
            self._journal = Journal([f"--since=@{since:.6f}", "--boot", *KERNEL])
        lines = kernel_lines(self._journal.entries(), state["microseconds"])
        if lines:
            state["microseconds"], state["line"] = lines[-1].microseconds, 0
        if self._journal.ended:
            self._end_journal()
        return lines

    def _end_journal(self) -> None:
        if self._journal:
            self._journal.close()
        self._journal = None
