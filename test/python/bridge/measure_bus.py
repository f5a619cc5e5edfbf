"""
Measure the bus: the engine's firing beside a bare ``SaltEvent`` loop, on one real master.

``python measure_bus.py [events]`` with the wheel on PYTHONPATH. A listener that drains counts
what arrives of either; each is fed the same envelopes, one after the other.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import salt.utils.event
from feeder import Feeder, batch, envelope
from master_process import Bus, Master
from measure import _example
from waiting import until


def main() -> None:
    """Run both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4_000
    home = Path(tempfile.mkdtemp(prefix="eb-"))
    master = Master(home)
    master.start()
    try:
        until(master.socket.exists, 60)
        time.sleep(3)
        example = _example()
        found = []
        for turn in range(2):
            found.append(("bare", _bare(master, example, count, turn)))
            found.append(("engine", _engine(master, example, count, turn)))
        print(json.dumps(found))
    finally:
        master.stop()
        shutil.rmtree(home, ignore_errors=True)


def _rate(bus: Bus, count: int, mark: str) -> int:
    until(lambda: sum(mark in str(one["data"].get("id")) for one in bus.events) >= count, 60, 0.2)
    stamps = [one["data"]["_stamp"] for one in bus.events if mark in str(one["data"].get("id"))]
    first, last = (_seconds(stamps[n]) for n in (0, -1))
    return round((len(stamps) - 1) / (last - first))


def _seconds(stamp: str) -> float:
    import datetime as dt

    return dt.datetime.fromisoformat(stamp).timestamp()


def _bare(master: Master, example: dict, count: int, turn: int) -> int:
    made = [envelope(n, f"bare{turn}-00000001", **example) for n in range(1, count + 1)]
    bus = Bus(master)
    opts = master.opts()
    with salt.utils.event.SaltEvent("master", opts["sock_dir"], opts=opts, listen=False) as fire:
        for one in made:
            fire.fire_event(one, one["tag"])
    rate = _rate(bus, count, f"bare{turn}")
    bus.end()
    return rate


def _engine(master: Master, example: dict, count: int, turn: int) -> int:
    epoch = f"fire{turn}-00000001"
    made = [envelope(n, epoch, **example) for n in range(1, count + 1)]
    bus = Bus(master)
    with Feeder(master.socket, epoch) as feeder:
        feeder.greet()
        for start in range(0, count, 500):
            feeder.say(batch(*made[start : start + 500]))
            feeder.hear()
    rate = _rate(bus, count, f"fire{turn}")
    bus.end()
    return rate


if __name__ == "__main__":
    main()
