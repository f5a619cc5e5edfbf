"""The engine in a real master, set up as users set it up: it turns, takes facts and speaks."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
import time
from pathlib import Path

import pytest
import salt.config
from live import Live
from wheel import FIXTURES

sys.path.insert(0, str(Path(__file__).parents[1] / "bridge"))

from feeder import Feeder, envelope
from master_process import Bus
from waiting import until

from saltext.eos.utils import heal_audit, heal_claim, heal_fire, heal_state, heal_status


class Healing(Live):
    """A master with both engines, a minion, and what they keep."""

    @property
    def socket(self):
        return self.home / "run" / "bridge.sock"

    @property
    def state(self):
        return self.store / "healer.db"

    def opts(self):
        return salt.config.master_config(str(self.config / "master"))

    def status(self):
        with contextlib.suppress(ValueError):
            return heal_status.read(self.store / heal_status.NAME)

    def is_running(self):
        found = self.status()
        return found is not None and found.state == "running" and time.time() - found.at < 5

    def lines(self, *kinds):
        with contextlib.closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as db:
            return [one for one in heal_audit.verified(db) if one.kind in kinds]


@pytest.fixture(scope="module")
def live(live_home):
    """A running master and minion."""
    pillar = json.loads((FIXTURES / "pillar.json").read_text("utf-8"))
    del pillar["topology"]["n2"]
    pillar["topology"]["n1"]["address"] = "127.0.0.1"
    live = Healing(live_home, pillar)
    try:
        live.start()
        yield live
    finally:
        live.stop()


def _silent(number, epoch, source="nomad:global"):
    payload = {
        "subject": {"source": source},
        "verdict": {"cause": "silence", "detail": "nothing was heard"},
        "change": {"from": None, "to": None, "count": 300},
    }
    return envelope(number, epoch, verb="silent", severity="critical",
                    tag=f"eos/bridge/silent/{source.replace(':', '%3A')}", **payload)  # fmt: skip


def test_the_engine_turns_and_says_so(live):
    until(live.is_running, 60)
    found = live.status()
    assert found.settings["mode"] == "observe"
    assert found.why == ""


def test_a_fact_is_noted_and_shown_to_observers(live):
    until(live.is_running, 60)
    bus = Bus(live, "eos/heal/")
    try:
        with Feeder(live.socket, "heal-00000001") as feeder:
            feeder.greet()
            said = feeder.take(_silent(1, feeder.epoch))
        assert said["refused"] == []
        until(lambda: live.lines("note"), 30)
        until(lambda: [one for one in bus.events if one["tag"] == "eos/heal/note"], 10)
    finally:
        bus.end()
    (line,) = live.lines("note")
    assert (line.body["policy"], line.body["do"]) == ("silent_source", "alarm")
    (shown,) = [one["data"] for one in bus.events if one["tag"] == "eos/heal/note"]
    assert (shown["n"], shown["says"]) == (line.n, line.body["says"])


def test_a_decision_is_fired_with_its_id_and_nothing_to_act_upon(live):
    until(live.is_running, 60)
    bus = Bus(live, "eos/heal/decided/")
    outlet = heal_fire.Outlet(live.opts(), live.state)
    decision = heal_state.Decision(
        "no-such-decision", "i", "resync", "t", {"subject.node": "n1"}, (), "x", 0.0, 1.0, "decided"
    )
    try:
        outlet.decided(decision)
        (event,) = until(lambda: bus.events[:], 20)
    finally:
        bus.end()
        outlet.end()
    assert event["tag"] == "eos/heal/decided/resync"
    assert set(event["data"]) == {"decision", "_stamp"}
    assert outlet.failed == 0


def test_what_a_person_says_holds_within_a_second(live):
    until(live.is_running, 60)
    heal_claim.tell(live.state, {"verb": "freeze", "what": "stack", "reason": "work"}, "ann")
    until(lambda: live.status().why == "freeze by ann: work", 3)
    heal_claim.tell(live.state, {"verb": "thaw", "what": "stack"}, "ann")
    until(lambda: live.status().why == "", 3)


def test_a_pillar_that_does_not_compile_keeps_the_last_good_settings(live):
    until(live.is_running, 60)
    good = (live.pillars / "eos.sls").read_text()
    (live.pillars / "eos.sls").write_text("eos: {stack: 5}")
    try:
        until(lambda: "last good settings" in live.status().why, 60)
        assert live.status().settings["mode"] == "observe"
        assert live.status().state == "running"
    finally:
        (live.pillars / "eos.sls").write_text(good)
    until(lambda: live.status().why == "", 60)


def test_a_master_that_is_stopped_and_started_goes_on_where_it_was(live):
    until(live.is_running, 60)
    row = live.status().row
    live.stop()
    epoch = live.status().epoch
    live.start()
    until(live.is_running, 60)
    assert (live.status().row, live.status().epoch) == (row, epoch)
    with Feeder(live.socket, "heal-00000001") as feeder:
        last = feeder.greet()["last_seq"]
        feeder.take(_silent(last + 1, feeder.epoch, "consul:dc1"))
    until(lambda: len(live.lines("note")) == 2, 30)
