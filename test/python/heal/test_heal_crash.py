"""A healer that is killed at any moment never acts more than one that lives."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from bounds import broken

from saltext.eos.utils import heal_audit, heal_file, heal_store

RUNNER = Path(__file__).with_name("run_healer.py")
KILLS, SIZE, EVERY = 6, 3, 0.2


def _lived(path, seconds):
    """Run it until it has acted, and some time more; kill it, and give what it says it did."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, RUNNER, path], stdout=subprocess.PIPE, text=True, env=environment
    ) as healer:
        watchdog = threading.Timer(60.0, healer.kill)
        watchdog.start()
        said = healer.stdout.readline()
        time.sleep(seconds)
        healer.send_signal(signal.SIGKILL)
        said += healer.communicate()[0]
        watchdog.cancel()
    assert said, "it did not act within 60 s"
    return [json.loads(line) for line in said.splitlines() if line.endswith("}")]


def test_killed_at_random_points_it_keeps_every_bound(tmp_path):
    path, dice, acts = tmp_path / heal_file.NAME, random.Random(), []
    for _ in range(KILLS):
        acts += _lived(path, 0.5 * dice.random())
    heal_store.Store(path).close()
    with contextlib.closing(sqlite3.connect(path)) as db:
        lines = [(line.kind, line.body) for line in heal_audit.verified(db)]
    assert broken(lines) == []
    decided = {body["decision"] for kind, body in lines if kind == "decided"}
    names = [one["act"] for one in acts]
    assert len(names) >= KILLS
    assert len(names) == len(set(names))
    assert set(names) <= decided
    moments = [one["at"] for one in acts]
    for first in range(len(moments)):
        for last in range(first, len(moments)):
            most = SIZE + (moments[last] - moments[first]) / EVERY
            # A decision of before a kill may be claimed after it, once.
            assert last - first + 1 <= most + 1
