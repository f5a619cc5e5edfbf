"""How an engine begins and ends: it starts when it can, and goes when the master tells it to."""

from __future__ import annotations

import contextlib
import logging
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

log = logging.getLogger(__name__)

LONGEST_PAUSE = 10.0

Made = TypeVar("Made")


class _Ended(BaseException):
    """The master asked the engine to end."""


@contextlib.contextmanager
def until_told() -> Iterator[None]:
    """Turn SIGTERM into an end that closes everything; a signal after the first changes nothing."""

    def told(number: int, _: Any) -> None:
        signal.signal(number, signal.SIG_IGN)
        raise _Ended

    with contextlib.suppress(_Ended):
        before = signal.signal(signal.SIGTERM, told)
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, before)


def sooner_or_later(engine: str, make: Callable[[], Made]) -> Made:
    """
    Make it as soon as it can be made: a disk may be full, or an older engine still ending.

    :param engine: its name, for people.
    """
    pause = 0.5
    while True:
        try:
            return make()
        except (OSError, RuntimeError, sqlite3.Error) as err:
            log.critical("%s cannot start: %s; next try in %s s", engine, err, pause)
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
