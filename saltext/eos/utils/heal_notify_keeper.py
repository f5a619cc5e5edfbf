"""
Keeps the process running that tells people: one that ended is started again, ever later.

It has no thread and no file of its own, so it can fork at any time; the engine cannot.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from saltext.eos.utils import engine_child

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
# What ran for so long had begun well.
STEADY = 600.0
LOOK_EVERY = 0.5


def keep(
    run: Callable[[dict[str, Any], int, Connection, int], None], opts: dict[str, Any],
    woken: Connection, parent: int,
) -> None:  # fmt: skip
    """
    Have it run until the engine is gone.

    :param run: given the options, how often it was started again, ``woken`` and this process.
    :param woken: the other end of a pipe to the engine.
    :param parent: process id of the engine.
    """
    restarts, pause = 0, FIRST_PAUSE
    while os.getppid() == parent:
        began = time.monotonic()
        status = _ended(_forked(run, opts, restarts, woken), parent)
        if status is None:
            return
        pause = FIRST_PAUSE if time.monotonic() - began >= STEADY else pause
        how = os.waitstatus_to_exitcode(status)
        log.critical("nobody is told of healing: EosNotify ended (%s); again in %s s", how, pause)
        until = time.monotonic() + pause
        while time.monotonic() < until and os.getppid() == parent:
            time.sleep(min(LOOK_EVERY, pause))
        restarts, pause = restarts + 1, min(pause * 2, LONGEST_PAUSE)


def _forked(
    run: Callable[[dict[str, Any], int, Connection, int], None], opts: dict[str, Any],
    restarts: int, woken: Connection,
) -> int:  # fmt: skip
    mine = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        # Whoever kills the keeper ends this too.
        engine_child.bound()
        run(opts, restarts, woken, mine)
        os._exit(0)
    except BaseException:
        log.exception("what tells people of healing ends")
        os._exit(1)


def _ended(child: int, parent: int) -> int | None:
    """Give how it ended; None when the engine is gone first."""
    while os.getppid() == parent:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            return status
        time.sleep(LOOK_EVERY)
    return None
