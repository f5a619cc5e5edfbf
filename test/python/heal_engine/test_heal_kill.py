"""A healer that is killed at any moment takes each fact and decides nothing twice."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest
from bounds import broken
from stage import envelope, put
from waiting import until

from saltext.eos.utils import heal_audit, heal_file, heal_status
from saltext.eos.utils.inbox import Inbox

RUNNER = Path(__file__).with_name("run_loop.py")
KILLS, SLICE = 20, 60
# An engine that steps so often and adds no line to its audit waits for what never comes; one whose
# word is not renewed for so many seconds hangs.
STILL, HUNG = 200, 600.0


@contextlib.contextmanager
def _running(home, inbox, acts, wrapper=(), more=()):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [*wrapper, sys.executable, str(RUNNER), str(home), str(inbox), str(acts), *more]
    log = (acts.parent / "log").open("a")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        log.close()


def _ask(path, query):
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        return db.execute(query).fetchall()


def _row(path):
    try:
        found = _ask(path, "SELECT value FROM meta WHERE key = 'row'")
    except sqlite3.Error:
        return 0
    return int(found[0][0]) if found else 0


def _reached(process, home, claim):
    """Wait for a claim for as long as the engine gets on, however slow the machine is."""
    count, first, said, since = -1, 0, None, time.monotonic()
    while not claim():
        assert process.poll() is None, (home / "log").read_text()[-2000:]
        status = heal_status.read(home / heal_status.NAME)
        if status is not None and status.pid == process.pid and status != said:
            lines = _ask(home / heal_file.NAME, "SELECT max(n) FROM audit")[0][0]
            steps, said, since = status.counters.get("steps", 0), status, time.monotonic()
            if lines != count:
                count, first = lines, steps
            assert steps - first < STILL, f"{STILL} steps and no line after {count}: {status}"
        assert time.monotonic() - since < HUNG, f"the engine hangs: {said}"
        time.sleep(0.05)


def _lines(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [(line.kind, line.body) for line in heal_audit.verified(db)]


def test_killed_twenty_times_it_takes_each_fact_once_and_acts_once_on_each(tmp_path):
    state, acts, dice = tmp_path / heal_file.NAME, tmp_path / "acts", random.Random()
    inbox, number = Inbox(tmp_path / "inbox.db"), 0
    for _ in range(KILLS):
        with _running(tmp_path, inbox.path, acts) as process:
            before = number
            for _ in range(3):
                facts = [
                    envelope(number + n, job=f"j{number + n}") for n in range(1, SLICE // 3 + 1)
                ]
                put(inbox, *facts)
                number += len(facts)
                time.sleep(0.05)
            # It has begun; the end comes anywhere in what follows.
            _reached(process, tmp_path, lambda before=before: _row(state) > before)
            time.sleep(dice.uniform(0.0, 0.6))
    with _running(tmp_path, inbox.path, acts) as process:
        _reached(process, tmp_path, lambda: _row(state) == number)
        # Fails when an act whose orchestration was killed is waited for until its time is over.
        count = "SELECT count(*) FROM decisions WHERE state = 'done'"
        _reached(process, tmp_path, lambda: _ask(state, count)[0][0] >= KILLS)
    inbox.close()
    lines = _lines(state)
    assert broken(lines) == []
    taken = Counter(body["event"] for kind, body in lines if kind == "opened")
    assert taken == Counter({f"e{n}": 1 for n in range(1, number + 1)})
    decided = [body["decision"] for kind, body in lines if kind == "decided"]
    assert len(decided) == len(set(decided))
    acted = [json.loads(line) for line in acts.read_text().splitlines()]
    assert max(Counter(one["job"] for one in acted).values()) == 1
    assert {one["decision"] for one in acted} <= set(decided)
    # Three at once and ten a second, and one more that was decided before a kill and done after it.
    moments = [one["at"] for one in acted]
    for first, began in enumerate(moments):
        for last in range(first, len(moments)):
            assert last - first + 1 <= 3 + (moments[last] - began) / 0.1 + 1


def test_killed_between_a_claim_and_its_act_it_acts_on_the_others(tmp_path):
    # Fails when a claim whose process is gone keeps all else waiting for as long as an act may.
    state, acts = tmp_path / heal_file.NAME, tmp_path / "acts"
    inbox = Inbox(tmp_path / "inbox.db")
    put(inbox, *(envelope(n, job=f"j{n}") for n in range(1, 4)))
    with _running(tmp_path, inbox.path, acts, more=["cut"]) as process:
        assert process.wait(HUNG) == -signal.SIGKILL
    assert _ask(state, "SELECT count(*) FROM decisions WHERE state = 'claimed'") == [(1,)]
    with _running(tmp_path, inbox.path, acts) as process:
        done = "SELECT count(*) FROM decisions WHERE state = 'done'"
        _reached(process, tmp_path, lambda: _ask(state, done)[0][0] >= 2)
    inbox.close()
    assert broken(_lines(state)) == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_ends_steps_and_loses_nothing():
    home = Path(tempfile.mkdtemp(prefix="hd-"))
    try:
        _full_disk(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _full_disk(home):
    state, acts = home / "state", home / "acts"
    state.mkdir()
    mount = f'mount -t tmpfs -o size=48m none {state} && exec "$@"'
    wrapper = ("unshare", "--mount", "sh", "-c", mount, "sh")
    inbox = Inbox(home / "inbox.db")
    put(inbox, *(envelope(n, job=f"j{n}") for n in range(1, 101)))
    with _running(state, inbox.path, acts, wrapper) as process:
        seen = Path(f"/proc/{process.pid}/root{state}")
        until(lambda: _copied_row(home, seen) == 100)
        filler = seen / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as stream:
            while True:
                stream.write(bytes(4096))
        put(inbox, *(envelope(n, job=f"j{n}") for n in range(101, 3001)))
        until(lambda: "is frozen" in (home / "log").read_text())
        was = _copied_row(home, seen)
        assert was < 3000
        filler.unlink()
        until(lambda: _copied_row(home, seen) == 3000)
        copy = _copy(home, seen)
    inbox.close()
    lines = _lines(copy)
    assert broken(lines) == []
    taken = Counter(body["event"] for kind, body in lines if kind == "opened")
    assert taken == Counter({f"e{n}": 1 for n in range(1, 3001)})


def _copy(home, seen):
    """Copy the state: SQLite itself would leave the engine's mount by its real path."""
    copy = home / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for one in seen.glob("healer.db*"):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy(one, copy)
    return copy / heal_file.NAME


def _copied_row(home, seen):
    return _row(_copy(home, seen))
