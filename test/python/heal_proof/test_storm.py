"""
Scenario 10: 120,000 facts of memory for 50 jobs, and as many failed allocations among them.

A real inbox, the loop in a process of its own, every policy of the wheel, every default. By default
a fifth of it; EOS_FAULT=all tells all.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from bounds import broken

from saltext.eos.events import table as events
from saltext.eos.utils import heal_audit, heal_file, heal_store
from saltext.eos.utils.inbox import Inbox, Taken

FACTS = 120_000 if os.environ.get("EOS_FAULT") == "all" else 24_000
JOBS, SLICE = 50, 500
MEMORY = 256


def _fact(number: int, job: int, dice: random.Random) -> dict:
    """Tell that a process of a task was killed for memory, or that its allocation failed."""
    alloc = f"00000000-0000-4000-8000-{job:012d}"
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{number % 1000:03d}Z"
    is_oom = dice.random() < 0.8
    event, verb = ("kernel/oom", "killed") if is_oom else ("nomad/alloc", "failed")
    subject = {
        "minion": "n1", "job": f"job-{job}", "namespace": "default", "alloc": alloc,
        "group": "web", "task": "main", "node": "n1", "unit": None, "comm": "leak",
    }  # fmt: skip
    return {
        "schema": 1, "id": f"s{number}", "seq": number, "epoch": "storm-1", "event": event,
        "verb": verb, "tag": f"eos/{event}/{verb}/job-{job}", "severity": "warning",
        "origin": "stream", "replay": False,
        "source": {"kind": "nomad", "name": "nomad:global", "epoch": "g#1", "index": number},
        "time": {"occurred": moment, "observed": moment, "clock": "server"},
        "subject": subject,
        "verdict": {
            "cause": "own_limit", "confidence": "proved", "is_attributed": True, "peak": 2,
            "limit": 1,
        },
        "change": {}, "links": {"alloc": alloc, "namespace": "default"}, "related": [],
        "coalesced": 0, "settled": True, "evidence": [],
    }  # fmt: skip


def _lines(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [(line.kind, line.body) for line in heal_audit.verified(db)]


@contextlib.contextmanager
def _healer(home, inbox):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    program = Path(__file__).with_name("run_storm.py")
    with subprocess.Popen(
        [sys.executable, program, home, inbox], stdout=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            process.kill()


def _with_tokens(path):
    """Give a new file the budget of one that has been quiet for an hour."""
    heal_store.Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT OR REPLACE INTO budget VALUES ('act', 5, 0)")


def _newest(inbox, path, healer):
    """Tell one fact more, of another job, and wait until it has been judged."""
    one = {**_fact(FACTS + 1, 99, random.Random(1)), "event": "nomad/alloc", "verb": "failed"}
    inbox.commit("storm-1", [Taken(one, json.dumps(one))], [], FACTS + 1)
    ends = time.monotonic() + 120.0
    while True:
        lines = _lines(path)
        opened = {body["incident"] for _, body in lines if body.get("event") == one["id"]}
        judged = [
            kind for kind, body in lines if kind != "opened" and body.get("incident") in opened
        ]
        if judged:
            return
        assert time.monotonic() < ends, "what was told last was not judged"
        healer.stdout.readline()


def test_a_storm_costs_a_handful_of_acts_and_little_memory(tmp_path):
    assert {"kernel/oom", "nomad/alloc"} <= events.TABLE.keys()
    dice = random.Random(7)
    inbox = Inbox(tmp_path / "inbox.db")
    _with_tokens(tmp_path / heal_file.NAME)
    began = time.monotonic()
    with _healer(tmp_path, inbox.path) as healer:
        for first in range(1, FACTS + 1, SLICE):
            facts = [
                _fact(number, dice.randrange(JOBS), dice) for number in range(first, first + SLICE)
            ]
            taken = [Taken(one, json.dumps(one, separators=(",", ":"))) for one in facts]
            inbox.commit("storm-1", taken, [], first + SLICE - 1)
        said = {"row": 0}
        while said["row"] < FACTS:
            line = healer.stdout.readline()
            assert line, "the healer ended"
            said = json.loads(line)
        _newest(inbox, tmp_path / heal_file.NAME, healer)
    inbox.close()
    passed = time.monotonic() - began
    lines = _lines(tmp_path / heal_file.NAME)
    decided = [body for kind, body in lines if kind == "decided"]
    assert broken(lines) == []
    assert 1 <= len(decided) <= 5 + passed / 600
    assert said["memory"] < MEMORY
    # A line for what is new, and not for each fact.
    assert len(lines) < FACTS / 10
