"""Processes beside the engine that end with it, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

_PR_SET_PDEATHSIG = 1


class Child(NamedTuple):
    """A process, and our end of the pipe to it."""

    process: Any
    pipe: Connection

    def end(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.join(2)
        if self.process.is_alive():
            self.process.kill()
        self.pipe.close()


def child(name: str, target: Any, arguments: tuple, let_go: Callable[[], None]) -> Child:
    """
    Start a process; made before the engine has any thread, because it is forked.

    :param target: called with the arguments, the other end of the pipe, and the engine's number.
    :param let_go: called first in the child: it must not hold what the next engine waits for.
    """
    theirs, ours = multiprocessing.Pipe(duplex=True)
    forking = multiprocessing.get_context("fork")
    process = forking.Process(
        target=_run, name=name, args=(target, arguments, theirs, ours, let_go, os.getpid()),
        daemon=True,
    )  # fmt: skip
    process.start()
    theirs.close()
    return Child(process, ours)


def _run(
    target: Any,
    arguments: tuple,
    theirs: Connection,
    ours: Connection,
    let_go: Callable[[], None],
    parent: int,
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    ours.close()
    let_go()
    target(*arguments, theirs, parent)
