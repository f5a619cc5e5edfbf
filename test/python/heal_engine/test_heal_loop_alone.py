"""What one incident, or one look, lacks holds nothing up that does not need it."""

from __future__ import annotations

import threading

import pytest
from stage import TABLE, envelope, policy

from saltext.eos.utils import heal_core, heal_judge, heal_loop
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Thing, View

CORE = policy(
    ["kernel/oom/killed"], {"do": "freeze", "for": 900.0}, ["subject.unit"], classes=["core"]
)


def test_a_freeze_that_asks_nobody_waits_for_no_look(stage, monkeypatch):
    """Its class stands in the compiled form, and just after an OOM looks are slow."""
    table = {**TABLE, "freeze": CORE}
    stage.tokens()
    stage.loop.close()
    stage.loop = heal_loop.Loop(stage.home, stage.path, table, stage.world, stage.outlet)
    hangs, made = threading.Event(), stage.world.view

    def view(incident, policy, snapshot, form):
        if isinstance(snapshot, Snapshot):
            return View(snapshot.at, "", 0, 0, "", Thing(kind="core"))
        return made(incident, policy, snapshot, form)

    monkeypatch.setattr(stage.world, "view", view)
    stage.world.read = hangs.wait
    stage.put(envelope(1))
    stage.until(lambda: stage.world.asked)
    killed = envelope(2, "kernel/oom/killed")
    stage.put({**killed, "subject": {**killed["subject"], "unit": "vault.service"}})
    (rule,) = stage.until(lambda: stage.lines("rule"), 3.0)
    assert rule["rule"] == "freeze"
    hangs.set()


def test_one_incident_that_cannot_be_judged_is_left_to_people_and_the_others_go_on(
    stage, monkeypatch
):
    judge = heal_judge.judge

    def fails(incident, *rest):
        if incident.subject["subject.job"] == "odd":
            raise TypeError("unhashable")
        return judge(incident, *rest)

    monkeypatch.setattr(heal_judge, "judge", fails)
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.05)
    stage.tokens()
    stage.put(envelope(1, job="odd"), envelope(2))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    assert decision.subject["subject.job"] == "web"
    (line,) = stage.lines("unjudged")
    assert "TypeError: unhashable" in line["why"]
    stage.turn(0.3)
    assert stage.loop.status().state == "running"


def test_what_cannot_be_written_does_not_stop_the_intake(stage, monkeypatch):
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.3)
    stage.tokens()
    write = heal_loop.heal_store.heal_rows.write

    def fails(db, state, forgotten):
        if state.closed:
            raise ValueError("Out of range float values are not JSON compliant")
        write(db, state, forgotten)

    monkeypatch.setattr(heal_loop.heal_store.heal_rows, "write", fails)
    stage.put(envelope(1, "nomad/alloc/lost"))
    stage.until(lambda: stage.loop.counters["failed"])
    stage.put(envelope(2, "host/disk/filling"), envelope(3, "host/disk/filling"))
    stage.until(lambda: stage.loop.status().row == 3)


@pytest.mark.parametrize("value", ["\ud800", float("nan"), object()], ids=["text", "NaN", "object"])
def test_one_incident_that_cannot_be_written_stops_no_other(stage, monkeypatch, value):
    """Mutation: let the error name no incident, and every step ends at it for ever."""
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.05)
    says = heal_core.Core._look

    def look(core, incident, *rest):
        says(core, incident, *rest)
        if incident.subject["subject.job"] == "odd":
            incident.why, incident.last = str(value), 0.0
            incident.events = [value]
            core.state.mark("incidents", incident.key)

    monkeypatch.setattr(heal_core.Core, "_look", look)
    stage.tokens()
    stage.put(envelope(1, job="odd"), envelope(2))
    decision = stage.until(lambda: [one for one in stage.outlet.fired if one.state == "decided"])[
        -1
    ]
    stage.until(lambda: stage.lines("decided"))
    assert decision.subject["subject.job"] == "web"
    (line,) = stage.lines("unjudged")
    assert "it cannot be written" in line["why"]
    stage.turn(0.3)
    assert stage.loop.status().state == "running"


def test_a_fact_that_opens_what_cannot_be_written_is_passed_and_the_next_come(stage, monkeypatch):
    """Mutation: put it aside only after facts have come, and none comes any more."""
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.05)
    says = heal_core.Core._says

    def odd(core, policy, envelope, key):
        is_odd = envelope["subject"].get("job") == "odd"
        return float("nan") if is_odd else says(core, policy, envelope, key)

    monkeypatch.setattr(heal_core.Core, "_says", odd)
    stage.tokens()
    stage.put(envelope(1, job="odd"), envelope(2), envelope(3, job="odd"))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    assert decision.subject["subject.job"] == "web"
    assert stage.loop.status().row == 3
    assert len(stage.lines("unjudged")) == 1


def test_readings_that_all_hang_are_told_and_end_the_engine(stage):
    """Mutation: begin nothing more, and go on; nothing is healed, and nobody knows why."""
    hangs = threading.Event()
    stage.tokens()
    stage.loop.close()
    stage.loop = stage.made(look_within=0.05)
    stage.world.heal = {**stage.world.heal, "view": {"again": "20ms"}}
    stage.world.read = hangs.wait
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.is_ended)
    (line,) = stage.lines("alarm")
    assert "nothing can be read any more" in line["says"]
    assert line["cause"] == "engine"
    hangs.set()
