"""
Which jobs an act may touch besides the thing that it was decided about.

They were looked at by no check when that was decided, so each is looked at here: what stops it, its
mode, how many jobs are unwell, and how many were touched lately. What is granted is booked.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from saltext.eos.utils import heal_budget, heal_claim, heal_clock, heal_file, heal_run, heal_store
from saltext.eos.utils.heal_plan import Acting
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import ACT


class Job(NamedTuple):
    """A job of Nomad."""

    region: str
    namespace: str
    job: str

    def names(self) -> tuple[str, ...]:
        """Give the names by which people speak of it."""
        return f"job:{self.counted()}", f"job:{self.job}", f"service:{self.job}"

    def counted(self) -> str:
        """Give the name under which it is booked: those of other namespaces are other jobs."""
        return f"{self.job}@{self.namespace}"


class Stack(NamedTuple):
    """How many jobs there are, and how many of them are not well."""

    managed: int
    unhealthy: int


def granted(
    path: Path, jobs: Sequence[Job], stack: Stack, settings: Settings, acting: Acting,
    read: Callable[[], heal_clock.Reading] = heal_clock.read,
) -> tuple[list[Job], list[str]]:  # fmt: skip
    """
    Give the jobs that may be touched now, booked as touched, and in words why the others may not.

    :param path: the healer's file.
    :param acting: the decision whose act this is part of.
    :raises Refused: that has ended or is stopped by now, or another master may act meanwhile.
    :raises Unusable: the state cannot be trusted.
    """
    with contextlib.closing(heal_file.opened(path, is_thorough=False)) as db:
        try:
            with heal_store.transaction(db):
                reading = read()
                heal_run.refuse_unless_free(db, acting.decision, acting.who, reading)
                return _granted(db, jobs, stack, settings, acting.decision, reading)
        except (sqlite3.Error, ValueError, KeyError, TypeError) as err:
            raise heal_file.Unusable(f"{path} cannot be trusted: {err}; nothing is done") from err


def _granted(
    db: sqlite3.Connection, jobs: Sequence[Job], stack: Stack, settings: Settings, decision: str,
    reading: heal_clock.Reading,
) -> tuple[list[Job], list[str]]:  # fmt: skip
    last = heal_clock.unpacked(heal_file.meta(db, heal_store.CLOCK))
    now = heal_clock.after(last, reading).now
    if not 0 <= stack.unhealthy <= stack.managed or stack.managed == 0:
        return [], [f"{stack.unhealthy} of {stack.managed} jobs unhealthy cannot be"]
    if 100.0 * stack.unhealthy / stack.managed > settings.mass_failure:
        return [], [f"{stack.unhealthy} of {stack.managed} jobs are unhealthy"]
    since = now - settings.blast_within
    rows = db.execute("SELECT job FROM touched WHERE realm = ? AND at > ?", (ACT, since))
    touched = {str(job) for (job,) in rows}
    most = heal_budget.reach(stack.managed, settings.blast_share)
    found: list[Job] = []
    refused: list[str] = []
    for one in jobs:
        mode = settings.mode_of(one.job, None)
        why = heal_claim.stopped(db, one.names(), None, now)
        if not why and mode != "enforce":
            why = f"mode {mode}"
        if not why and len({*touched, one.counted()}) > most:
            why = f"{len(touched)} jobs were touched lately, {most} may be"
        if why:
            refused.append(f"{one.job}: {why}")
            continue
        touched.add(one.counted())
        found.append(one)
    if found:
        names = sorted({one.counted() for one in found})
        rows_ = [(ACT, name, now) for name in names]
        db.executemany("INSERT OR REPLACE INTO touched VALUES (?,?,?)", rows_)
        # The engine keeps them in memory too, and says in the audit by which bound they were.
        told = {
            "verb": "touched", "jobs": names, "decision": decision, "managed": stack.managed,
            "blast_share": settings.blast_share, "blast_within": settings.blast_within,
        }  # fmt: skip
        text = json.dumps(told, sort_keys=True)
        db.execute("INSERT INTO commands VALUES (NULL,?,?,?)", (reading.wall, "an act", text))
    return found, refused
