"""
Work beside the loop of the healer: reading pillar and minions may hang, taking facts in may not.

Each kind of work is done by one thread at a time, with a deadline. What is late is given up: its
thread ends by itself or never, and when too many never ended nothing new is begun.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

from salt.exceptions import SaltException

from saltext.eos.utils.one_line import one_line

log = logging.getLogger(__name__)

Given = TypeVar("Given")
MOST_HANGING = 4


class Done(NamedTuple, Generic[Given]):
    """
    What came of it.

    :param value: what it gave; None without one.
    :param error: why there is none.
    :param cause: what was raised, where that is why.
    """

    value: Given | None
    error: str = ""
    cause: Exception | None = None


class Aside(Generic[Given]):
    """
    One kind of work, done in threads.

    :param name: of the work, for people.
    :param clock: seconds that never run backwards.
    :param within: seconds after which it is given up.
    :param awake: called from the thread when it has ended.
    """

    def __init__(
        self, name: str, clock: Callable[[], float], within: float, awake: Callable[[], None]
    ) -> None:
        self._name, self._clock, self._within, self._awake = name, clock, within, awake
        self._hanging: list[threading.Thread] = []
        self._thread: threading.Thread | None = None
        self._ended: list[Done[Given]] = []
        self.began = 0.0

    @property
    def is_busy(self) -> bool:
        """Whether it was begun and :meth:`taken` has not given its end yet."""
        return self._thread is not None

    @property
    def is_stuck(self) -> bool:
        """Whether so many never ended that nothing new is begun."""
        return sum(one.is_alive() for one in self._hanging) >= MOST_HANGING

    def begin(self, work: Callable[[], Given]) -> None:
        """Begin it; it must not be busy."""
        # A list of its own, so that a late end is told to nobody.
        self._ended, self.began = [], self._clock()
        ended = self._ended
        self._hanging = [one for one in self._hanging if one.is_alive()]

        def run() -> None:
            try:
                done: Done[Given] = Done(work())
            except Exception as err:
                # Whatever Salt raises: an answer is missing; what it says in words needs no trace.
                is_said = isinstance(err, SaltException)
                log.info("%s: %s", self._name, err, exc_info=not is_said)
                words = one_line(err) if is_said else f"{type(err).__name__}: {one_line(err)}"
                done = Done(None, words[:500], err)
            except SystemExit as err:
                done = Done(None, f"it ended with {err.code}")
            ended.append(done)
            self._awake()

        self._thread = threading.Thread(target=run, name=f"eos {self._name}", daemon=True)
        if len(self._hanging) >= MOST_HANGING:
            ended.append(Done(None, f"{len(self._hanging)} earlier ones still hang"))
        else:
            self._thread.start()

    def taken(self) -> Done[Given] | None:
        """Give its end once: what came of it, or that it is late; None while it goes on."""
        if self._thread is None:
            return None
        if self._ended:
            self._thread = None
            return self._ended[0]
        if self._clock() - self.began < self._within:
            return None
        self._hanging.append(self._thread)
        self._thread = None
        return Done(None, f"no answer within {self._within:.0f} s")
