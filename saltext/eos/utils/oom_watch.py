"""One pass of the beacon: look at the counter, name what it owes, keep the books."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from saltext.eos.utils import oom_ledger, oom_lines, oom_records, record_books, record_store
from saltext.eos.utils.boot import boot_id
from saltext.eos.utils.oom_counter import Counter, view
from saltext.eos.utils.oom_docker import Containers
from saltext.eos.utils.oom_kmsg import Line
from saltext.eos.utils.oom_ledger import State
from saltext.eos.utils.oom_lines import Kill
from saltext.eos.utils.oom_nomad import Tasks
from saltext.eos.utils.oom_place import Judge
from saltext.eos.utils.oom_pressure import Pressure
from saltext.eos.utils.oom_records import Record
from saltext.eos.utils.oom_sources import Lines
from saltext.eos.utils.record_books import Books

REMEMBERED_EVENTS = 3600


class Watch:
    """
    The books of this minion, open.

    :param folder: where they are kept.
    :param minion: its id.
    :param settings: the beacon's configuration, complete.
    :raises OSError: the kernel's counter or the folder cannot be used.
    """

    def __init__(self, folder: Path, minion: str, settings: dict[str, Any]) -> None:
        self._minion = minion
        self._settings = settings
        self._view = view()
        #: Id of this boot of the kernel.
        self.boot = boot_id()
        self._books = Books("eos_oom", folder)
        with contextlib.ExitStack() as opened:
            self._counter = Counter(self._view.counter)
            opened.callback(self._counter.close)
            self._lines = Lines()
            opened.callback(self._lines.close)
            self._books.open(self._opened())
            opened.pop_all()
        self._containers = Containers(settings["docker"], time.time() - REMEMBERED_EVENTS)
        self._tasks = Tasks()
        self._judge = Judge(self._view, settings, self._containers, self._tasks)
        self._pressure = Pressure(settings)

    @property
    def records(self) -> list[Record]:
        """What is on disk and the master has not acknowledged."""
        return self._books.records

    @property
    def is_kept(self) -> bool:
        """Whether its books can be written."""
        return self._books.is_kept

    @property
    def _state(self) -> State:
        return self._books.state

    def step(self) -> None:
        """
        Make one pass; what it found can be sent as soon as it is on disk.

        While the books cannot be written nothing new is sent, and what is in them still is.
        """
        now = time.clock_gettime(time.CLOCK_BOOTTIME)
        self._containers.step()
        self._tasks.step()
        self._books.let_go()
        self._count(now)
        self._tell(now)
        state = self._state
        before = (state["cursor"], state["marked"])
        for record in self._pressure.step(state, self._minion, self.boot):
            self._add(record)
        self._books.is_dirty |= before != (state["cursor"], state["marked"])
        self._books.save()

    def close(self) -> None:
        """Give files, sockets and children back; what waits is written first."""
        self._books.close()
        self._counter.close()
        self._lines.close()
        self._containers.close()
        self._pressure.close()

    def _opened(self) -> State:
        state = self._books.load(oom_ledger.VERSION, oom_ledger.WRITTEN)
        if state is None:
            total, number = self._lines.settle(self._counter.read)
            state = oom_ledger.opened(
                self.boot,
                total,
                number=number,
                microseconds=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000,
                first=record_store.first_number(),
                since=time.time(),
                counter=self._counter.identity,
            )
            self._books.release(state)
        else:
            # Books of an older version lack what it did not know.
            blank = oom_ledger.opened(
                state["boot"], 0, number=0, microseconds=0, first=0, since=time.time()
            )
            state = {**blank, **state}
            self._books.release(state)
            if state["boot"] != self.boot:
                state = self._turned(state)
        return state

    def _turned(self, state: State) -> State:
        """Tell what the last boot still owed; its log is gone."""
        count = oom_ledger.owed(state) + len(state["held"]) + (1 if state["open"] else 0)
        count += (state["surplus"] or {"count": 0})["count"]
        count += (state["doubtful"] or [0, 0])[1]
        old = state["boot"]
        if count:
            record = self._nameless(state, count, "lines_lost", old, [])
            record_books.tell(state, record)
        return oom_ledger.rebooted(state, self.boot)

    def _count(self, now: float) -> None:
        state = self._state
        self._lines.note_end()
        is_waiting = bool(state["owed"] or state["open"])
        lines = self._lines.read(state) if is_waiting or self._lines.source == "kmsg" else []
        before = (state["total"], state["counter"])
        owed = oom_ledger.count(state, self._counter.read(), now, self._counter.identity)
        self._books.is_dirty |= before != (state["total"], state["counter"])
        carry = state["carry"] = state["carry"] or oom_lines.fresh()
        if not owed and not state["open"]:
            self._rest(lines)
            return
        kills = []
        for line in lines:
            self._books.is_dirty = True
            kill = oom_lines.feed(carry, line)
            if kill:
                kills.append(kill)
                self._take(kill, carry["group"], now)
        if state["open"] and not (kills and self._view.unified):
            self._hold(now)

    def _rest(self, lines: list[Line]) -> None:
        """
        Go on when no kill is owed a line.

        A kill in these lines is told already, or another's: it was counted before. The kernel
        prints limit, tasks and summary of the next one before it counts it, so they are kept.
        """
        state = self._state
        carry = state["carry"]
        for line in lines:
            oom_lines.feed(carry, line)
        carry["group"] = None
        if carry == oom_lines.fresh() or self._lines.missing() == "lines_lost":
            carry = state["carry"] = None
        if self._lines.rest(is_amid=carry is not None):
            # The lines of what was written off are behind that end: none is late any more.
            state["excused"] = 0

    def _take(self, kill: Kill, group: str | None, now: float) -> None:
        """
        Book a line.

        Lines of one group are gathered into the kill of its first victim, which the kernel counts
        and prints twice.
        """
        state = self._state
        exact = self._view.root != "/" and not self._view.is_shared
        if self._judge.is_elsewhere(kill) or (
            exact and kill["cgroup"] is None and not state["owed"]
        ):
            state["counts"]["foreign"] += 1
            return
        if not oom_ledger.pay(state):
            return
        first = state["open"]
        if kill["grouped"] and first and _is_in(first["cgroup"], group):
            first["pids"] = sorted({*first.get("pids", [first["pid"]]), kill["pid"]})
            first["members"] = len(first["pids"])
            first["cgroup"] = group
            return
        if kill["grouped"] and not first and kill["pid"] == state["last"]:
            return
        if first:
            self._hold(now)
        if kill["grouped"]:
            kill.update(members=1, pids=[kill["pid"]])
        state["open"] = kill

    def _hold(self, now: float) -> None:
        self._state["last"] = self._state["open"]["pid"]
        self._state["held"].append([now, self._state["open"]])
        self._state["open"] = None

    def _tell(self, now: float) -> None:
        state, within = self._state, self._settings["attribute_within"]
        held, state["held"] = state["held"], []
        for since, kill in held:
            self._tell_one(kill, since, now)
        late = oom_ledger.overdue(state, now, within)
        if late:
            self._add(self._nameless(state, late, self._lines.missing(), self.boot, []))
        if not state["owed"]:
            self._lines.forget()
        many, places = oom_ledger.take_surplus(state, now, self._settings["keep"])
        if many:
            self._add(self._nameless(state, many, "burst", self.boot, places))
        doubtful = oom_ledger.take_doubtful(state, now)
        if doubtful:
            self._add(self._nameless(state, doubtful, "no_summary", self.boot, []))

    def _tell_one(self, kill: Kill, since: float, now: float) -> None:
        state = self._state
        is_own, place = self._judge.judge(kill, now - since)
        if is_own is None:
            state["held"].append([since, kill])
            return
        self._books.is_dirty = True
        if not is_own or self._judge.is_ignored(place):
            state["counts"]["ignored" if is_own else "foreign"] += 1
            return
        if self._view.is_shared and kill["cgroup"] is None:
            oom_ledger.doubt(state, now)
            return
        settings = self._settings
        if not oom_ledger.may_tell(
            state, now, settings["burst"], settings["keep"], str(place["place"])
        ):
            return
        self._add(
            oom_records.killed(
                kill,
                place,
                minion=self._minion,
                boot=self.boot,
                total=state["total"],
                source=self._lines.source,
            )
        )

    def _nameless(
        self,
        state: State,
        count: int,
        missing: str,
        of_boot: str,
        places: list[str],
    ) -> Record:
        return oom_records.unattributed(
            count,
            missing,
            minion=self._minion,
            boot=of_boot,
            total=state["total"],
            number=state["number"],
            is_shared=self._view.is_shared,
            consumers=places,
        )

    def _add(self, record: Record) -> None:
        self._books.tell(record)


def _is_in(cgroup: str | None, group: str | None) -> bool:
    return bool(cgroup and group) and (cgroup == group or str(cgroup).startswith(f"{group}/"))
