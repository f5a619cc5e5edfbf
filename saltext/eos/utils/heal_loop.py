"""
The healer's loop: facts in, what is due judged on a fresh view, decisions out after they are kept.

Whatever fails in a step ends that step alone: nothing of it was written, and the state is read
anew. What cannot be trusted freezes healing, loudly, until it can be. Pillar and minions are read
beside the loop, so that nothing holds the intake.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from salt.exceptions import SaltRunnerError

from saltext.eos.utils import (
    heal_act,
    heal_budget,
    heal_clock,
    heal_core,
    heal_file,
    heal_inbox,
    heal_match,
    heal_settings,
    heal_state,
    heal_status,
    heal_store,
    lock,
    master,
)
from saltext.eos.utils.heal_aside import Aside, Done
from saltext.eos.utils.heal_left import ATTEMPTS, Left, Unjudged
from saltext.eos.utils.heal_looks import Looks
from saltext.eos.utils.heal_seat import Ask, Seat
from saltext.eos.utils.heal_when import heard, occurred
from saltext.eos.utils.heal_world import Outlet, World

log = logging.getLogger(__name__)

SLICE = 1_000
# With more facts waiting what is due is put off, but not for ever.
DUE_EVERY = 30.0
STEP_EVERY = 5.0
SETTINGS_EVERY = 30.0
# After which a pillar that was never read is read again; each time after twice as long.
SETTINGS_SOON = 1.0
LOUD_EVERY = 60.0
OPEN_EVERY = 5.0
STATUS_EVERY = 0.5
ROTATE_EVERY = 600.0


class Loop:
    """
    The healer of one master.

    :param home: folder of its state.
    :param inbox: file of the inbox.
    :param table: the policies.
    :param look_within: seconds after which a reading of the truth is given up.
    :param seat: what this master may do, by the compiled stack; None where it is the only one.
    :param node: the minion beside this master.
    """

    def __init__(
        self, home: Path, inbox: Path, table: heal_match.Table, world: World, outlet: Outlet,
        awake: Callable[[], None] = lambda: None, look_within: float = 25.0,
        seat: Ask = lambda _: None,
        node: str = "", read: Callable[[], heal_clock.Reading] = heal_clock.read,
    ) -> None:  # fmt: skip
        self.home, self._table, self._world, self._outlet = home, table, world, outlet
        self._read, self._seat = read, Seat(seat, node)
        self._intake = heal_inbox.Intake(inbox)
        self._store: heal_store.Store | None = None
        self._core: heal_core.Core | None = None
        self._settings: heal_settings.Settings | None = None
        self._form: dict[str, Any] = {}
        self._forms: Aside[dict[str, Any]] = Aside("pillar", time.monotonic, 120.0, awake)
        self.counters: Counter[str] = Counter()
        self._looks = Looks(world, look_within, awake, self.counters)
        self._pillar_error = ""
        self._alarms: dict[str, str] = {}
        self._form_at = self._open_at = self._due_at = self._step_at = float("-inf")
        # The healer's moment at which the last reading of the pillar was begun, and that had ended.
        self._form_begun = self._form_of = float("-inf")
        self._soon = 0.0
        self._early: frozenset[str] = frozenset()
        self._loud_at = self._status_at = float("-inf")
        self._rotate_at = time.monotonic()
        self._unread = (0, 0)
        self._left = Left()
        self._waiting: frozenset[str] = frozenset()
        self._due_from, self._is_judging = float("-inf"), False
        self._lag: int | None = None
        self._why, self._is_ended = "it begins", False

    def close(self) -> None:
        """Close the files."""
        self._intake.close()
        self._forget()

    @property
    def is_stuck(self) -> bool:
        """Whether readings hang, so many that only another process can read anything."""
        return self._looks.is_stuck or self._forms.is_stuck or master.is_stuck()

    @property
    def is_ended(self) -> bool:
        """Whether the engine has to end, and has said so."""
        return self._is_ended

    def refresh(self) -> None:
        """Read the pillar again soon."""
        self._form_at = min(self._form_at, time.monotonic() - SETTINGS_EVERY)

    def turn(self) -> bool:
        """
        Do what there is to do.

        :return: whether there is more to do at once.
        """
        is_busy = False
        try:
            self._read_pillar()
            if (opened := self._opened()) is not None:
                is_busy = self._step(*opened)
        except heal_file.Unusable as err:
            self._broken(str(err))
        except (sqlite3.Error, OSError) as err:
            self._broken(f"a step failed: {err}")
        except Unjudged as err:
            log.exception("an incident cannot be judged")
            self._left.failed(err)
            self._broken(str(err))
        except Exception as err:
            log.exception("a step of the healer failed")
            self._broken(f"a step failed: {type(err).__name__}: {err}")
        if self._is_judging:
            # Facts are taken in again at once, what is due is tried again later.
            self._due_from, self._is_judging = time.monotonic() + OPEN_EVERY, False
        self._tell()
        return is_busy

    def _opened(self) -> tuple[heal_store.Store, heal_core.Core] | None:
        """Give store and core; None when it is too soon to try again."""
        if self._store is not None and self._core is not None:
            return self._store, self._core
        if time.monotonic() - self._open_at < OPEN_EVERY:
            return None
        self._open_at = time.monotonic()
        store = heal_store.Store(self.home / heal_file.NAME, self._read)
        settings = self._settings or heal_settings.Settings()
        self._store, self._core = (
            store,
            heal_core.Core(self._table, settings, store.state, left=self._left.until),
        )
        heal_act.fire_again(store.state, store.now())
        self._why = ""
        return self._store, self._core

    def _forget(self) -> None:
        if self._store is not None:
            self._store.close()
        self._store = self._core = None

    def _broken(self, why: str) -> None:
        self._forget()
        self._why = why
        self.counters["failed"] += 1
        if time.monotonic() - self._loud_at >= LOUD_EVERY:
            self._loud_at = time.monotonic()
            log.critical("eos_healer is frozen: %s", why)
            self._outlet.tell("frozen", why=why)

    def _read_pillar(self) -> None:
        done = self._forms.taken()
        if done is not None:
            self._form_at, self._form_of = time.monotonic(), self._form_begun
            self._take_pillar(done)
            self._soon = 2 * self._soon if self._soon else SETTINGS_SOON
        # Until it was read once nothing is healed, whatever was in the way of the first reading.
        pause = SETTINGS_EVERY if self._settings is not None else min(self._soon, SETTINGS_EVERY)
        if not self._forms.is_busy and time.monotonic() - self._form_at >= pause:
            self._form_begun = self._store.now() if self._store is not None else float("-inf")
            self._forms.begin(self._world.form)

    def _take_pillar(self, done: Done[dict[str, Any]]) -> None:
        error = done.error
        if done.value is not None:
            try:
                self._settings = heal_settings.read(done.value.get("heal"))
                self._form = done.value
            except (heal_settings.Refused, TypeError, AttributeError) as err:
                error = f"{err}"
        if error != self._pillar_error:
            self._pillar_error = error
            self._alarms.pop("pillar", None)
            # Before a stack is described there is nothing to heal, and nothing to be alarmed at.
            is_early = isinstance(done.cause, master.Undescribed) and self._settings is None
            if error and not is_early:
                self._alarms["pillar"] = error
                log.error("the pillar of the healer cannot be read: %s", error)
        if self._core is not None and self._settings is not None:
            self._core.settings = self._settings

    def _step(self, store: heal_store.Store, core: heal_core.Core) -> bool:
        state, facts = store.state, self._facts(store.state)
        look = self._looks.taken()
        clock = time.monotonic()
        waiting = self._looks.asked | (self._waiting if self._looks.is_busy else frozenset())
        waiting |= self._early if self._forms.is_busy else frozenset()
        may_act = self._seat.look(self._form, self._settings)
        may_judge = may_act and self._settings is not None and clock >= self._due_from
        is_due = may_judge and core.soonest(waiting) <= store.now()
        is_called = bool(facts and facts.rows) or is_due or look is not None
        if self.is_stuck and not self._is_ended:
            self._alarms["engine"] = "nothing can be read any more, so the engine starts anew"
        is_called = store.is_told() or is_called or self._seat.is_other(state) or bool(self._alarms)
        if not is_called and clock - self._step_at < STEP_EVERY:
            return False
        is_behind = facts is not None and facts.last > (facts.rows[-1:] or [(facts.row, "")])[0][0]
        fired: list[heal_state.Decision] = []
        missing: list[heal_state.Incident] = []
        settings, ripe = self._settings or heal_settings.Settings(), self._left.ripe()
        with store.step(settings) as moment:
            for left in ripe:
                core.put_aside(left, moment.now)
            self._seat.sit_down(store, moment.now)
            for cause, says in self._alarms.items():
                state.line("alarm", moment.now, cause=cause, says=says)
            if facts is not None:
                self._arrive(core, facts, moment)
            # A look that has ended is used at once: before the next step it would be lost.
            is_late = look is not None or clock - self._due_at >= DUE_EVERY
            if may_judge and (is_late or not is_behind):
                self._due_at, self._is_judging = clock, True
                state.locked = lock.said({"eos_state_dir": str(self.home)})
                heal_act.judging(state, moment.now, settings)
                views, missing = self._looks.views(core, look, moment.now, self._form)
                fired = core.due(moment.now, moment.reading.wall, views)
                self._waiting = frozenset(one.id for one in missing)
                missing = self._with_pillar(core, missing)
            self.counters.update(kind for kind, _ in state.lines)
            has_lines = bool(state.lines)
        # Also what could not be written was judged: the intake goes on without it.
        self._is_judging = False
        self._left.written(ripe)
        self._is_ended = "engine" in self._alarms
        self._step_at, self._alarms = clock, {}
        self._seat.written()
        self.counters["steps"] += 1
        self.counters["fired"] += len(fired)
        for one in fired:
            self._outlet.decided(one)
        if has_lines:
            self._outlet.wake()
        if missing and not self._looks.is_busy:
            self._looks.ask(missing, self._form, store.now)
        if not is_behind and clock - self._rotate_at >= ROTATE_EVERY:
            self._rotate(store)
        return is_behind

    def _with_pillar(
        self, core: heal_core.Core, missing: list[heal_state.Incident]
    ) -> list[heal_state.Incident]:
        """
        Give those that may be looked at now.

        Whether a version that failed is still asked for, the pillar says; one read before the fact
        may be older than that version. Where it cannot be read by now, the last good one holds.
        """
        stale = [
            one
            for one in missing
            if core.table[one.policy]["act"]["do"] == "hold" and self._form_of < one.last
        ]
        self._early = frozenset(one.id for one in stale)
        if stale:
            self.refresh()
        return [one for one in missing if one.id not in self._early]

    def _rotate(self, store: heal_store.Store) -> None:
        self._rotate_at = time.monotonic()
        try:
            moved = store.rotate()
        except (sqlite3.Error, OSError) as err:
            log.warning("what is old was not moved: %s", err)
            return
        if moved:
            log.info("%s lines of the audit were moved", moved)
            self._rotate_at -= ROTATE_EVERY

    def _facts(self, state: heal_state.State) -> heal_inbox.Facts | None:
        """Give the facts that wait; what cannot be read now is read at a later turn."""
        try:
            facts = self._intake.read(state.row, state.inbox, SLICE)
        except (sqlite3.Error, SaltRunnerError, OSError) as err:
            self._lag, self._why = None, f"the inbox cannot be read: {err}"
            return None
        self._lag, self._why = facts.last - facts.row, ""
        # A fact that ended a step comes by itself, and what is before it without it.
        before = [one for one in facts.rows if one[0] < self._unread[0]]
        if before:
            return facts._replace(rows=before)
        return facts._replace(rows=facts.rows[:1]) if self._unread[1] else facts

    def _arrive(
        self, core: heal_core.Core, facts: heal_inbox.Facts, moment: heal_clock.Time
    ) -> None:
        state = core.state
        if facts.row != state.row:
            log.warning("another inbox: row %s follows on row %s", facts.row, state.row)
            state.line("inbox", moment.now, was=state.row, row=facts.row, name=facts.name)
            state.row = facts.row
        if facts.missed:
            state.line("missed", moment.now, count=facts.missed, after=facts.row)
        known = ""
        for row, text in facts.rows:
            times = self._unread[1] + 1 if self._unread[0] == row else 1
            try:
                envelope = heal_inbox.envelope(text)
                known = envelope["id"]
                at, since = occurred(envelope, moment), heard(envelope, moment)
                core.arrive(row, envelope, moment.now, at, since)
            except Exception as err:
                self._unread = (row, times)
                if times <= ATTEMPTS:
                    raise
                # Nothing of what it changed was kept so far, and little of it is now.
                log.exception("fact %s is passed over", row)
                state.line("unreadable", moment.now, row=row, why=str(err)[:200])
                state.row = row
        if facts.rows:
            if facts.rows[-1][0] >= self._unread[0]:
                self._unread = (0, 0)
            last = facts.rows[-1][0]
            state.inbox = heal_inbox.marked(state.inbox, facts.name, last, known)
            self._lag = facts.last - last
            self.counters["taken"] += len(facts.rows)

    def _tell(self) -> None:
        if time.monotonic() - self._status_at < STATUS_EVERY:
            return
        self._status_at = time.monotonic()
        try:
            heal_status.write(self.home / heal_status.NAME, self.status())
        except OSError as err:
            log.info("the status of the healer cannot be written: %s", err)

    def status(self) -> heal_status.Status:
        """Say how the healer is."""
        stands, why, tokens = heal_status.RUNNING, self._why, 0.0
        state = heal_state.State() if self._store is None else self._store.state
        if self._store is None:
            stands = heal_status.FROZEN
        elif self._settings is None:
            stands = heal_status.FROZEN
            why = f"no settings were read yet: {self._pillar_error or 'the pillar is compiled'}"
        else:
            now = self._store.now()
            held, settings = state.bucket(heal_state.ACT), self._settings
            tokens = heal_budget.filled(
                held, now, settings.bucket_size, settings.bucket_every
            ).tokens
            rule = state.rule((heal_state.FREEZE,), ("stack",), now)
            if (why_not := self._seat.why_not) is not None:
                stands, why = heal_status.STANDBY, why_not
            elif rule is not None:
                # Somebody wants it so: the engine is well.
                why = f"freeze by {rule.by}: {rule.reason}"
            elif self._seat.is_alone and self._seat.standing is not None:
                only = f"only units of {self._seat.node} are acted upon"
                why = f"{only}: {self._seat.standing.why}"
            elif self._pillar_error:
                last = f"the last good settings hold: {self._pillar_error}"
                why = f"{why}; {last}" if why else last
        return heal_status.Status(
            time.time(), os.getpid(), state.epoch, state.row, self._lag, stands, why,
            None if self._settings is None else heal_status.plain(self._settings),
            tokens, dict(sorted(self.counters.items())),
        )  # fmt: skip
