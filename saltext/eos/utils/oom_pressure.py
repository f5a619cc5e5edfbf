"""Kills by systemd-oomd, booked: from the journal, or from its marks where that is not followed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from saltext.eos.utils import oom_cgroup, oom_oomd, oom_records
from saltext.eos.utils.oom_counter import CGROUP
from saltext.eos.utils.oom_journal import OOMD, Follower
from saltext.eos.utils.oom_ledger import State
from saltext.eos.utils.oom_records import Record

LOOK_AGAIN = 60.0


class Pressure:
    """
    One of the two ways, never both: a kill must not be told twice.

    Where the journal should be followed and cannot be, the marks tell until it can.

    :param settings: the beacon's configuration.
    :param cgroup: where cgroups are mounted.
    """

    def __init__(self, settings: dict[str, Any], cgroup: Path = CGROUP) -> None:
        self._cgroup = cgroup
        self._units = settings["units"]
        self._follower = Follower(OOMD) if settings["follows_journal"] else None
        self._hierarchy = oom_oomd.mount(self._cgroup)
        self._look = time.monotonic() + LOOK_AGAIN

    def step(self, state: State, minion: str, boot: str) -> list[Record]:
        """Give the records of what systemd-oomd has killed since the last pass."""
        if time.monotonic() > self._look:
            self._hierarchy = oom_oomd.mount(self._cgroup)
            self._look = time.monotonic() + LOOK_AGAIN
        if self._hierarchy is None:
            return []
        entries = []
        if self._follower:
            # Books that were opened with a clock in the future must not wait for it.
            entries = self._follower.step(state["cursor"], min(state["since"], time.time()))
        if self._follower is None or self._follower.is_following is False:
            return self._marked(state, minion, boot)
        if self._follower.is_following:
            state["marked"] = None
        records = []
        for entry in entries:
            state["cursor"] = entry.get("__CURSOR", state["cursor"])
            kill = oom_oomd.told(entry)
            if kill:
                records.append(_record(kill, None, minion, boot, "journal"))
        return records

    def close(self) -> None:
        """End the child."""
        if self._follower:
            self._follower.close()

    def _marked(self, state: State, minion: str, boot: str) -> list[Record]:
        if self._hierarchy is None:
            return []
        # The journal, once it can be followed, goes on from here.
        state["cursor"], state["since"] = None, time.time()
        found = oom_oomd.marks(self._hierarchy, self._units)
        before = state["marked"]
        if found == before:
            return []
        state["marked"] = found
        if before is None:
            return []
        records: list[Record] = []
        for path, count in sorted(oom_oomd.grown(before, found).items()):
            unit = path.rsplit("/", 1)[-1]
            # A cgroup that is made anew counts from 0 again; the number of the record does not.
            mark = f"{path}#{found[path][1]}.{state['number'] + len(records)}"
            kill = oom_oomd.Kill(unit, count, mark, None, None)
            records.append(_record(kill, f"/{path}", minion, boot, "mark"))
        return records


def _record(
    kill: oom_oomd.Kill, cgroup: str | None, minion: str, boot: str, evidence: str
) -> Record:
    held = oom_cgroup.holder(cgroup or kill.unit)
    place = {"alloc": held.alloc, "task": held.task, "cgroup": cgroup}
    return oom_records.oomd(
        kill.unit,
        place,
        minion=minion,
        boot=kill.boot or boot,
        count=kill.processes,
        mark=kill.mark,
        evidence=evidence,
        occurred=kill.occurred or time.time(),
    )
