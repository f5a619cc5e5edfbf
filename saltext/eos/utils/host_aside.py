"""Looks beside the passes at what may take long: a hung disk or server must not hold the minion."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable

from salt.exceptions import CommandExecutionError

from saltext.eos.utils.host_judge import Seen

log = logging.getLogger(__name__)


class Aside:
    """
    One look, again and again, never two at once.

    :param name: for people.
    :param every: seconds from the begin of one to that of the next.
    :param look: what it sees; whatever it raises means that nothing was seen.
    """

    def __init__(self, name: str, every: float, look: Callable[[], list[Seen]]) -> None:
        self._name = name
        self._every = every
        self._look = look
        self._begun = -math.inf
        self._thread: threading.Thread | None = None
        self._found: list[Seen] | None = None
        self._why = ""

    def step(self, now: float) -> list[Seen]:
        """
        Give what the last look saw, once, and begin the next when it is due.

        :param now: seconds of a clock that does not jump.
        """
        if self._thread is not None and self._thread.is_alive():
            return []
        found, self._found = self._found, None
        if now - self._begun >= self._every:
            self._begun = now
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        return found or []

    def _run(self) -> None:
        try:
            self._found = self._look()
            self._why = ""
        except (OSError, ValueError, KeyError, TypeError, CommandExecutionError) as err:
            # Said once: what cannot be seen for hours is one line, not thousands.
            if str(err) != self._why:
                self._why = str(err)
                log.info("%s: nothing was seen: %s", self._name, err)
