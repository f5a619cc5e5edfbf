"""What one incident, or one look, lacks holds nothing up that does not need it."""

from __future__ import annotations

import threading

from stage import TABLE, envelope, policy

from saltext.eos.utils import heal_judge, heal_loop, heal_view
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
        if isinstance(snapshot, heal_view.Snapshot):
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
