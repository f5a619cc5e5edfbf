"""What a long wait says while it lasts, in the minion's log: nobody shall take it for dead."""

from __future__ import annotations

import logging
import time

log = logging.getLogger(__name__)

FIRST = 2.0
THEN = 15.0


class Progress:
    """
    Says now and then what is still awaited; a wait of a moment says nothing.

    :param what: what waits, such as ``Nomad job web``; no secret.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._next = time.monotonic() + FIRST

    def tell(self, said: str) -> None:
        """
        Say how far it is, unless that was said a moment ago.

        :param said: what is seen now; no secret.
        """
        now = time.monotonic()
        if now >= self._next:
            log.info("%s: waiting; %s", self._what, said)
            self._next = now + THEN
