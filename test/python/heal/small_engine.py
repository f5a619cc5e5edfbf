"""The healer's engine in small, on a file that is real."""

from __future__ import annotations

import contextlib
import sqlite3

from healing import ENFORCE, TABLE, fact, view

from saltext.eos.utils import heal_audit, heal_budget, heal_claim, heal_core, heal_store

WHO = {"jid": "20261121", "pid": 7, "user": "salt"}


class Engine:
    """The engine's loop in small: one step at a time over a real file."""

    def __init__(self, path, clocks, epoch=None):
        self.path, self.clocks = path, clocks
        self.store = heal_store.Store(path, clocks, epoch)
        self.core = heal_core.Core(TABLE, ENFORCE, self.store.state)
        if not self.store.state.buckets:
            self.store.state.buckets["act"] = heal_budget.Bucket(5.0, 0.0)

    def tell(self, number, event="nomad/alloc/failed", job="web", **leaves):
        with self.store.step(ENFORCE) as time:
            self.core.arrive(number, fact(number, event, job, **leaves), time.now)

    def work(self, seconds):
        self.clocks.pass_(seconds)
        with self.store.step(ENFORCE) as time:
            views = {one.id: view(time.now) for one in self.core.wanted(time.now)}
            return self.core.due(time.now, time.reading.wall, views)


def claim(engine, decision, action="evaluate", who=WHO):
    """Claim a decision, as an orchestration does."""
    return heal_claim.claim(engine.path, decision, action, who, engine.clocks)


def audit(path):
    """Give the lines of the audit, verified."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [*heal_audit.verified(db)]
