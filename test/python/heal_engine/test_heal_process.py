"""The engine as a process without anything around it: no bus, no pillar, no minion, no inbox."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stage import envelope, put
from waiting import until

from saltext.eos.utils import heal_status
from saltext.eos.utils.inbox import Inbox

PROGRAM = Path(__file__).parents[1] / "run_engine.py"


class Engines:
    """Processes that share one folder."""

    def __init__(self, home: Path) -> None:
        self.home, self.log, self._processes = home, home / "log", []
        self.opts = {
            "__role": "master", "id": "m_master", "root_dir": str(home),
            "sock_dir": str(home / "s"), "pki_dir": str(home / "pki"),
            "cachedir": str(home / "cache"), "conf_file": str(home / "master"),
            "eos_state_dir": str(home / "store"),
        }  # fmt: skip

    def start(self, **opts):
        given = {"engine": "eos_healer", "opts": {**self.opts, **opts}, "settings": {}}
        (self.home / "engine.json").write_text(json.dumps(given))
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), str(self.home / "engine.json")],
                stdout=log, stderr=log, cwd=self.home,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def status(self):
        with contextlib.suppress(ValueError):
            return heal_status.read(self.home / "store" / heal_status.NAME)

    def end(self):
        for one in self._processes:
            one.kill()
            one.wait(10)


@pytest.fixture
def engines(tmp_path):
    """Start engines; all end with the test."""
    one = Engines(tmp_path)
    yield one
    one.end()


def _row(engines, row):
    return (said := engines.status()) is not None and said.row == row


def test_without_bus_pillar_and_minions_it_takes_facts_in_and_is_frozen(engines):
    """Mutation: take nothing in before there are settings."""
    process = engines.start()
    assert until(engines.status).lag is None
    inbox = Inbox(engines.home / "store" / "inbox.db")
    put(inbox, *(envelope(number) for number in range(1, 101)))
    until(lambda: _row(engines, 100))
    said = engines.status()
    assert (said.state, said.pid) == ("frozen", process.pid)
    assert "no settings were read yet" in said.why
    inbox.close()


def test_asked_to_end_it_ends_at_once_and_clean_though_its_reading_hangs(engines):
    """Mutation: wait for the thread that reads the pillar."""
    never = engines.home / "never"
    os.mkfifo(never)
    process = engines.start(ext_pillar=[{"cmd_json": f"cat {never}"}])
    until(engines.status)
    hangs = until(lambda: _opened(never))
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(60) == 0
    finally:
        os.close(hangs)
    assert "Traceback" not in engines.log.read_text()


def _opened(pipe):
    """Open a pipe once somebody reads it; whoever does then waits until it is closed."""
    with contextlib.suppress(OSError):
        return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)


def test_of_two_engines_one_waits_until_the_other_is_gone(engines):
    first = engines.start()
    until(engines.status)
    second = engines.start()
    until(lambda: "is held by another engine" in engines.log.read_text())
    assert engines.status().pid == first.pid
    first.kill()
    until(lambda: engines.status().pid == second.pid)
