"""A loop of the healer with a real inbox and healer.db; pillar and minions are the test's."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "heal"))

from healing import REQUIRE, TABLE, WRONG, Clocks, policy

from saltext.eos.utils import heal_audit, heal_file, heal_loop, heal_state
from saltext.eos.utils.inbox import Inbox, Taken

__all__ = ["REQUIRE", "TABLE", "WRONG", "policy"]
FAST = {
    "mode": "enforce", "debounce": {"least": "1ms", "most": "2ms"},
    "cool_down": {"first": "20ms", "most": "100ms"},
}  # fmt: skip


def stamp(seconds_ago: float = 0.0) -> str:
    """Say when that was, as an envelope does."""
    moment = time.time() - seconds_ago
    millis = int(moment * 1000) % 1000
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{millis:03d}Z"


def envelope(number: int, event: str = "nomad/alloc/failed", job: str = "web", ago: float = 30.0):
    """Tell a fact as it stands in the inbox."""
    name, _, verb = event.rpartition("/")
    return {
        "schema": 1, "id": f"e{number}", "seq": number, "epoch": "t-1", "event": name,
        "verb": verb, "tag": f"eos/{event}/{job}", "severity": "warning", "origin": "stream",
        "replay": False,
        "source": {"kind": "nomad", "name": "nomad:global", "epoch": "g#1", "index": number},
        "time": {"occurred": stamp(ago), "observed": stamp(), "clock": "server"},
        "subject": {"job": job, "namespace": "default"}, "verdict": {}, "change": {}, "links": {},
        "related": [], "coalesced": 0, "settled": True, "evidence": [],
    }  # fmt: skip


def put(inbox: Inbox, *envelopes) -> None:
    """Commit facts, as the bridge does."""
    taken = [Taken(one, json.dumps(one, separators=(",", ":"))) for one in envelopes]
    inbox.commit("t-1", taken, [], envelopes[-1]["seq"])


class World:
    """What the loop reads of everything around it; the test says what, and whether it hangs."""

    def __init__(self) -> None:
        self.heal = dict(FAST)
        self.thing, self.changed = WRONG, {}
        self.error: Exception | None = None
        self.read = lambda: None
        self.asked: list[list[str]] = []

    def form(self):
        if self.error is not None:
            raise self.error
        return {"heal": dict(self.heal)}

    def snapshot(self, form, incidents, clock):
        at = clock()
        self.asked.append([one.id for one in incidents])
        self.read()
        return at, self.thing, dict(self.changed)

    def view(self, incident, policy, snapshot, form):
        at, thing, changed = snapshot
        return heal_state.View(at, "", 100, 1, "", thing)._replace(**changed)


class Outlet:
    """What would have been fired."""

    def __init__(self) -> None:
        self.fired: list[heal_state.Decision] = []
        self.said: list[tuple[str, dict]] = []

    def decided(self, decision):
        self.fired.append(decision)

    def wake(self):
        pass

    def tell(self, kind, **data):
        self.said.append((kind, data))


class Stage:
    """Everything in one folder."""

    def __init__(self, home: Path) -> None:
        self.home, self.path = home, home / "inbox.db"
        self.world, self.outlet = World(), Outlet()
        self.inbox: Inbox | None = None
        self.loop = self.made()

    def made(self, **settings) -> heal_loop.Loop:
        """Make a loop on what is there."""
        return heal_loop.Loop(self.home, self.path, TABLE, self.world, self.outlet, **settings)

    def again(self, **settings) -> None:
        """Begin anew, as after a restart."""
        self.loop.close()
        self.loop = self.made(**settings)

    def put(self, *envelopes) -> None:
        """Commit facts; the inbox is made with the first."""
        self.inbox = self.inbox or Inbox(self.path)
        put(self.inbox, *envelopes)

    def until(self, claim, within: float = 10.0):
        """Let the loop turn until a claim holds, and give what it gave."""
        ends = time.monotonic() + within
        while True:
            is_busy = self.loop.turn()
            found = claim()
            if found:
                return found
            assert time.monotonic() < ends, f"did not hold in {within} s: {self.loop.status()}"
            if not is_busy:
                time.sleep(0.01)

    def turn(self, seconds: float) -> None:
        """Let the loop turn for some time."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.loop.turn()
            time.sleep(0.01)

    def end(self) -> None:
        """Close everything."""
        self.loop.close()
        if self.inbox is not None:
            self.inbox.close()

    def lines(self, *kinds: str) -> list[dict]:
        """Give the audit, verified; of some kinds only when they are named."""
        path = self.home / heal_file.NAME
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            found = [*heal_audit.verified(db)]
        return [{"kind": one.kind, **one.body} for one in found if not kinds or one.kind in kinds]

    def tokens(self, count: float = 5.0) -> None:
        """Give it tokens; a new file has none."""
        self.until((self.home / heal_file.NAME).exists)
        self.loop.close()
        with contextlib.closing(sqlite3.connect(self.home / heal_file.NAME)) as db, db:
            for realm in ("act", "would"):
                db.execute("INSERT OR REPLACE INTO budget VALUES (?,?,0)", (realm, count))
        self.loop = self.made()

    def still(self) -> Clocks:
        """Give it tokens and a clock that only the test moves, which is given."""
        clocks = Clocks()
        clocks.wall = time.time()
        self.again(read=clocks)
        self.tokens()
        self.again(read=clocks)
        return clocks
