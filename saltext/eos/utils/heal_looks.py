"""The healer's looks at the stack: one at a time, beside the loop, for all that is due together."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

from saltext.eos.utils import heal_core, heal_view
from saltext.eos.utils.heal_aside import Aside, Done
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Incident, View
from saltext.eos.utils.heal_world import World

log = logging.getLogger(__name__)


class Look(NamedTuple):
    """A reading of the truth that has ended, and whom it was for."""

    at: float
    ids: frozenset[str]
    done: Done[Any]


class Looks:
    """
    Reads the truth for incidents, and gives their views.

    :param within: seconds after which a reading is given up.
    :param awake: called from a thread when a reading has ended.
    :param counters: of the engine.
    """

    def __init__(
        self, world: World, within: float, awake: Callable[[], None], counters: Counter[str]
    ) -> None:
        self._world, self._counters = world, counters
        self._aside: Aside[Any] = Aside("view", time.monotonic, within, awake)
        self._at = 0.0
        self.asked: frozenset[str] = frozenset()
        """Ids of the incidents for which a reading goes on."""

    @property
    def is_busy(self) -> bool:
        """Whether a reading goes on."""
        return self._aside.is_busy

    @property
    def is_stuck(self) -> bool:
        """Whether so many readings hang that no other is begun."""
        return self._aside.is_stuck

    def taken(self) -> Look | None:
        """Give a reading that has ended, once."""
        done = self._aside.taken()
        if done is None:
            return None
        ids, self.asked = self.asked, frozenset()
        self._counters["looks"] += 1
        if done.error:
            self._counters["looks_failed"] += 1
            log.warning("the truth cannot be read: %s", done.error)
        return Look(self._at, ids, done)

    def ask(
        self, missing: list[Incident], form: dict[str, Any], clock: Callable[[], float]
    ) -> None:
        """Begin to read what these incidents need; none must go on."""
        # Copies: the loop goes on changing its own.
        copies = [replace(one) for one in missing]
        self._at, self.asked = clock(), frozenset(one.id for one in copies)
        self._aside.begin(lambda: self._world.snapshot(form, copies, clock))

    def views(
        self, core: heal_core.Core, look: Look | None, now: float, form: dict[str, Any]
    ) -> tuple[dict[str, View], list[Incident]]:
        """Give the views of what is due, and the incidents for which the truth is to be read."""
        views: dict[str, View] = {}
        missing = []
        for one in core.wanted(now):
            if one.id in self.asked:
                continue
            if heal_view.needs([(one, core.table[one.policy])]).is_nothing():
                # What nobody has to be asked for waits for no look: a freeze comes at once.
                views[one.id] = self._view(one, core, Snapshot(now), form)
            elif look is None or one.id not in look.ids:
                missing.append(one)
            elif look.done.error or look.done.value is None:
                words = f"the view ({look.done.error})"
                views[one.id] = heal_core.NOTHING._replace(at=max(look.at, one.last), blocked=words)
            elif look.at < min(one.last, one.occurred + core.settings.debounce_most):
                missing.append(one)
            else:
                views[one.id] = self._view(one, core, look.done.value, form)
        return views, missing

    def _view(
        self, incident: Incident, core: heal_core.Core, snapshot: Any, form: dict[str, Any]
    ) -> View:
        try:
            return self._world.view(incident, core.table[incident.policy], snapshot, form)
        except Exception as err:
            log.exception("the view of %s cannot be made", incident.id)
            words = f"the view ({type(err).__name__}: {err})"
            return heal_core.NOTHING._replace(at=incident.last, blocked=words)
