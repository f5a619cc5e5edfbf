"""
How the healer works off what waits for it: one JSON line on standard output.

``work_off.py <folder> [facts]``: makes an inbox with that many facts there (100,000), then lets the
engine's loop take them with the policies of the wheel, every view complete, every incident wrong.
The inbox is written by a process of its own, so that what the healer costs is the healer's alone.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import sys
import time
from pathlib import Path
from typing import Any

from saltext.eos.policies import table
from saltext.eos.utils import (
    heal_file,
    heal_loop,
    heal_settings,
    heal_state,
    heal_store,
    heal_view,
)
from saltext.eos.utils.inbox import Inbox, Taken

FACTS, JOBS, SLICE = 100_000, 500, 2_000
STATUS = Path("/proc/self/status")
# What a stack tells in a storm, by its share.
KINDS = (
    ("nomad", "nomad/alloc", "failed", 50), ("nomad", "nomad/alloc", "rescheduled", 20),
    ("consul", "consul/service", "deregistered", 10), ("consul", "consul/service", "critical", 10),
    ("nomad", "nomad/eval", "blocked", 5), ("kernel", "kernel/oom", "killed", 5),
)  # fmt: skip
PATTERN = [(source, event, verb) for source, event, verb, share in KINDS for _ in range(share)]
EVALUATE = {
    **table.TABLE["reschedule_exhausted"], "act": {"do": "evaluate"},
    "key": ["subject.namespace", "subject.job"],
}  # fmt: skip
POLICIES = {**table.TABLE, "evaluate_failed": EVALUATE}


def fact(number: int) -> dict[str, Any]:
    """Tell a fact about one of many jobs."""
    source, event, verb = PATTERN[number * 37 % len(PATTERN)]
    job, alloc = f"job-{number % JOBS}", f"00000000-0000-4000-8000-{number % 5_000:012d}"
    return {
        "schema": 1, "id": f"q:{number}", "seq": number, "epoch": "queue-1", "event": event,
        "verb": verb, "tag": f"eos/{event}/{verb}/{job}/web", "severity": "warning",
        "origin": "stream", "replay": False,
        "source": {"kind": source, "name": f"{source}:one", "epoch": "one#1", "index": number},
        "time": {"occurred": "2026-11-21T09:10:11.000Z", "observed": "2026-11-21T09:10:11.402Z",
                 "clock": "server"},
        "subject": {
            "job": job, "namespace": "default", "group": "web", "alloc": alloc, "node": "n1",
            "minion": "n1", "unit": "docker.service", "task": "web", "datacenter": "dc1",
            "partition": "default", "service": job, "instance": f"_nomad-task-{alloc}",
        },
        "verdict": {"cause": "explicit", "confidence": "certain", "detail": "exit code 1",
                    "is_attributed": True, "reachable": True, "task": "web", "exit_code": 1},
        "change": {"evaluated": 3, "filtered": 1, "exhausted": 2},
        "links": {"alloc": alloc, "namespace": "default", "node_id": "n1"}, "related": [],
        "coalesced": 0, "settled": True, "evidence": [f"nomad:{number}"],
    }  # fmt: skip


def fill(path: Path, facts: int) -> None:
    """Commit facts, as the bridge does."""
    inbox = Inbox(path)
    for first in range(1, facts + 1, SLICE):
        some = [fact(number) for number in range(first, min(first + SLICE, facts + 1))]
        taken = [Taken(one, json.dumps(one, separators=(",", ":"))) for one in some]
        inbox.commit("queue-1", taken, [], some[-1]["seq"])
    inbox.close()


def _give_tokens(folder: Path) -> None:
    """A new healer has none; this one has been there for an hour."""
    store = heal_store.Store(folder / heal_file.NAME)
    with store.step(heal_settings.Settings()) as moment:
        store.state.buckets["act"] = heal_state.budget.Bucket(5.0, moment.now)
        store.state.mark("budget", "act")
    store.close()


class World:
    """A stack that answers at once: everything is wrong, and nothing is in the way of an act."""

    def form(self) -> dict[str, Any]:
        return {"heal": {"mode": "enforce"}}

    def snapshot(
        self, form: dict[str, Any], incidents: list[Any], clock: Any
    ) -> heal_view.Snapshot:
        return heal_view.Snapshot(float(clock()))

    def view(
        self, incident: Any, policy: Any, snapshot: heal_view.Snapshot, form: Any
    ) -> heal_state.View:
        # A registration is known by its job, as its allocation tells it.
        service = incident.subject.get("subject.service")
        thing = heal_state.Thing(
            wrong=True, layer="exhausted", input="one", kind="leaf", hook=True,
            names=(f"job:{service}",) if service else (),
        )  # fmt: skip
        return heal_state.View(snapshot.at, "", JOBS, 1, "", thing)


class Outlet:
    """Nobody listens."""

    def decided(self, decision: heal_state.Decision) -> None:
        """Forget it."""

    def wake(self) -> None:
        """Do nothing."""

    def tell(self, kind: str, **data: Any) -> None:
        """Forget it."""


def resident(name: str = "VmRSS") -> float:
    """Give the memory of this process in megabytes (10^6 bytes)."""
    found = re.search(rf"{name}:\s+([0-9]+) kB", STATUS.read_text("ascii"))
    return int(found[1]) * 1024 / 1e6 if found else 0.0


def main(folder: Path, facts: int) -> None:
    """Fill, work off, tell."""
    path = folder / "inbox.db"
    filling = multiprocessing.get_context("spawn").Process(target=fill, args=(path, facts))
    filling.start()
    filling.join()
    _give_tokens(folder)
    before = resident()
    loop = heal_loop.Loop(folder, path, POLICIES, World(), Outlet())
    began, cpu = time.monotonic(), time.process_time()
    longest = 0.0
    while loop.status().row < facts:
        turned = time.monotonic()
        loop.turn()
        longest = max(longest, time.monotonic() - turned)
    seconds, busy = time.monotonic() - began, time.process_time() - cpu
    settled = time.monotonic()
    while time.monotonic() - settled < 3.0:
        loop.turn()
        time.sleep(0.05)
    size = sum(one.stat().st_size for one in folder.glob("healer.db*"))
    found = {
        "facts": facts, "seconds": round(seconds, 3), "a_second": round(facts / seconds),
        "processor_seconds": round(busy, 3), "longest_turn_seconds": round(longest, 3),
        "megabytes_before": round(before, 1), "megabytes_peak": round(resident("VmHWM"), 1),
        "megabytes_after": round(resident(), 1), "counters": dict(loop.counters),
        "state_megabytes": round(size / 1e6, 1),
    }  # fmt: skip
    loop.close()
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FACTS)
