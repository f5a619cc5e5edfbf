"""The bus, for observers: a burst beyond it is coalesced, and a lost publisher is outlived."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import salt.config
from feeder import Feeder, compact, envelope
from master_process import Bus
from waiting import until

PROGRAM = Path(__file__).parent / "run_publisher.py"
# Far more than the bus carries while they are committed.
BURST = 20_000
BATCH = 500
WINDOW = 4


def _feed(master, epoch: str, count: int) -> None:
    with Feeder(master.socket, epoch) as feeder:
        feeder.greet()
        for turn, start in enumerate(range(1, count + 1, BATCH)):
            if turn >= WINDOW:
                feeder.hear()
            feeder.send(compact([envelope(n, epoch) for n in range(start, start + BATCH)]))
        while feeder.hear()["seq"] < count:
            pass


def test_a_burst_beyond_the_bus_is_coalesced_and_says_so(master):
    epoch = "many-00000001"
    bus = Bus(master)
    try:
        _feed(master, epoch, BURST)
        last = f"b:{epoch}:{BURST}"
        until(lambda: last in bus.ids(), 60, 0.2)
        fired = [one["data"] for one in bus.events]
    finally:
        bus.end()
    # The inbox has all of it; the bus was behind and never held it back.
    assert master.ask("SELECT count(*) FROM events WHERE epoch = ?", epoch) == [(BURST,)]
    coalesced = [one for one in fired if one["verb"] == "coalesced"]
    assert coalesced
    skipped = sum(one["coalesced"] for one in coalesced)
    for one in coalesced:
        assert one["severity"] == "warning"
        assert one["change"]["count"] == one["coalesced"] > 5_000 - 200
        assert f"eos/bridge/checkpoint: {one['coalesced']}" in one["verdict"]["detail"]
        assert one["change"]["to"] - one["change"]["from"] == one["coalesced"]
    numbers = [one["seq"] for one in fired if one["epoch"] == epoch]
    assert numbers == sorted(numbers)
    assert len(numbers) + skipped == BURST
    # Those that remain are the newest, in one piece.
    assert numbers[-200:] == list(range(BURST - 199, BURST + 1))
    status, said = master.run("eos.bridge")
    assert (status, said["bus"]["behind"]) == (0, 0)


class Publisher:
    """
    Salt's event publisher beside an engine, in a process that can be killed.

    Salt 3008 never starts a killed one again in a running master, so there is no master here.
    """

    def __init__(self, home: Path) -> None:
        self.path = home / "s" / "master_event_pull.ipc"
        self._config = home / "engine.json"
        self._log = home / "publisher.log"
        self._process: subprocess.Popen | None = None
        self.path.parent.mkdir(exist_ok=True)

    def start(self) -> None:
        with self._log.open("a") as log:
            command = [sys.executable, str(PROGRAM), str(self._config)]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until(self._answers)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def opts(self) -> dict:
        given = json.loads(self._config.read_text("utf-8"))["opts"]
        return salt.config.apply_master_config(given)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            return probe.connect_ex(str(self.path)) == 0


@pytest.fixture
def publisher(short_home):
    made = Publisher(short_home)
    yield made
    made.kill()


def test_a_lost_publisher_is_outlived_and_the_bus_goes_on(engine, publisher):
    epoch = "lost-00000001"
    publisher.start()
    with Feeder(engine.socket, epoch) as feeder:
        feeder.greet()
        bus = Bus(publisher)
        feeder.take(envelope(1, epoch))
        until(lambda: bus.ids() == [f"b:{epoch}:1"])
        bus.end()
        publisher.kill()
        # Committed and acknowledged as ever: observers never hold the inbox.
        feeder.take(*[envelope(n, epoch) for n in range(2, 12)])
        assert len(engine.ids()) == 11
        until(lambda: "the bus cannot be reached" in engine.said())
        publisher.start()
        bus = Bus(publisher)
        feeder.take(*[envelope(n, epoch) for n in range(12, 22)])
        wanted = [f"b:{epoch}:{n}" for n in range(12, 22)]
        until(lambda: set(wanted) <= set(bus.ids()), 30)
        bus.end()
    assert [one for one in bus.ids() if one in wanted] == wanted
    assert "a part of eos_bridge ended" not in engine.said()
