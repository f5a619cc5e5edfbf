"""Processes beside the engine that end with it, however it ends."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
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


def child(name: str, target: Any, arguments: tuple) -> Child:
    """
    Start a process; it is forked, so the engine has neither a thread nor the inbox yet.

    A connection to SQLite that is carried over a fork takes its locks with it into both processes,
    and a file that the engine lets go of would be held by the child.

    :param target: called with the arguments, the other end of the pipe, and the engine's number.
    """
    theirs, ours = multiprocessing.Pipe(duplex=True)
    forking = multiprocessing.get_context("fork")
    process = forking.Process(
        target=_run, name=name, args=(target, arguments, theirs, ours, os.getpid()),
        daemon=True,
    )  # fmt: skip
    process.start()
    theirs.close()
    return Child(process, ours)


def bound() -> None:
    """Let this process end with the one that it was forked from."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(
    target: Any,
    arguments: tuple,
    theirs: Connection,
    ours: Connection,
    parent: int,
) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    bound()
    ours.close()
    target(*arguments, theirs, parent)
