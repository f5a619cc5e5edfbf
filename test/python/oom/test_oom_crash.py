"""The process of the beacon is killed at any instruction; each kill is still one record."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cage
import pytest
from cage import EAT, wait_for
from wheel import SITE

from saltext.eos.utils import oom_ledger, record_store

CHILD = Path(__file__).parent / "crash_child.py"


@pytest.fixture
def start(tmp_path):
    """Start the beacon's process; its books and what it told are kept."""
    running = []

    def started():
        told = tmp_path / "told"
        ready = _ready(told)
        environment = {**os.environ, "PYTHONPATH": str(SITE)}
        command = [sys.executable, str(CHILD), str(tmp_path / "books"), str(told)]
        running.append(subprocess.Popen(command, env=environment))
        return running[-1], told, ready

    yield started
    for child in running:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        child.wait()


def _ready(told):
    return told.read_text("utf-8").count("ready\n") if told.exists() else 0


def _records(told):
    lines = told.read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


@pytest.mark.parametrize("seed", range(3))
def test_a_beacon_killed_anywhere_tells_each_kill_once(start, make_cage, tmp_path, seed):
    chance = random.Random(seed)
    cages = [make_cage(limit=4) for _ in range(4)]
    child, told, ready = start()
    wait_for(lambda: _ready(told) > ready, "the first pass")
    pids = set()
    for _ in range(12):
        hogs = [box.start(sys.executable, "-S", "-c", EAT, "32") for box in cages]
        time.sleep(chance.random() * 0.06)
        child.send_signal(signal.SIGKILL)
        child.wait()
        pids |= {hog.pid for hog in hogs if hog.wait(cage.PATIENCE) == -9}
        child, told, _ = start()
    wait_for(lambda: {one["subject"]["pid"] for one in _records(told)} >= pids, "every kill")
    child.send_signal(signal.SIGKILL)
    child.wait()
    books = record_store.load(tmp_path / "books", oom_ledger.VERSION, oom_ledger.WRITTEN)
    mine = [one for one in books["records"] if one["subject"]["pid"] in pids]
    assert len(mine) == len(pids) == 48
    assert len({one["mark"] for one in mine}) == len(mine)
    numbers = [one["n"] for one in books["records"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    by_number = {one["n"]: one for one in books["records"]}
    assert all(by_number[one["n"]] == one for one in _records(told)), "a record changed"


def test_a_kill_while_nobody_watches_is_told_after_the_restart(start, make_cage):
    child, told, ready = start()
    wait_for(lambda: _ready(told) > ready, "the first pass")
    child.send_signal(signal.SIGKILL)
    child.wait()
    pid = make_cage().overeat()
    child, told, _ = start()
    wait_for(lambda: [one for one in _records(told) if one["subject"]["pid"] == pid], "the record")
