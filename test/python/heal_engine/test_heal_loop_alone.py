"""What one incident, or one look, lacks holds nothing up that does not need it."""

from __future__ import annotations

import threading
from contextlib import nullcontext

import pytest
from salt.exceptions import SaltRunnerError
from stage import TABLE, envelope, policy

from saltext.eos.utils import heal_claim, heal_core, heal_file, heal_judge, heal_loop, master
from saltext.eos.utils.heal_audit import Line
from saltext.eos.utils.heal_notify_message import text
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
    assert (line["policy"], line["place"]) == ("evaluate", "job odd, namespace default")
    stage.turn(0.3)
    assert stage.loop.status().state == "running"


@pytest.mark.parametrize("verb", ["", "thaw"])
def test_what_is_left_to_people_is_looked_at_no_more(stage, monkeypatch, verb):
    """Mutation: leave it due, as other settings and each thaw make all that is held."""

    def fails(*_):
        raise TypeError("unhashable")

    monkeypatch.setattr(heal_judge, "judge", fails)
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.05)
    stage.world.heal = {**stage.world.heal, "view": {"again": "20ms"}}
    stage.tokens()
    stage.put(envelope(1))
    stage.until(lambda: stage.lines("unjudged"))
    stage.turn(0.1)
    asked = len(stage.world.asked)
    # The first step that judges anything goes by settings that are new to it.
    stage.put(envelope(2, "host/disk/filling"))
    stage.until(lambda: stage.loop.status().row == 2)
    if verb:
        path = stage.home / heal_file.NAME
        body = {"what": "stack", "reason": "x"}
        heal_claim.tell(path, {"verb": "freeze", **body}, "ann")
        heal_claim.tell(path, {"verb": "thaw", **body}, "ann")
        stage.until(lambda: stage.lines("rule_ended"))
    stage.turn(0.2)
    steps = stage.loop.counters["steps"]
    stage.turn(0.5)
    assert len(stage.world.asked) == asked
    assert stage.loop.counters["steps"] == steps


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
    assert text(Line(1, 0.0, "unjudged", line)).startswith(
        "policy evaluate is left to people for an hour for job odd, namespace default: "
    )
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
    (line,) = stage.lines("unjudged")
    assert (line["policy"], line["place"]) == ("evaluate", "job odd, namespace default")


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


def test_readings_that_are_given_up_in_time_and_hang_for_good_end_the_engine_too(
    stage, monkeypatch
):
    """
    A minion says for ever that its job runs: each look ends in its time, and its thread never.

    Mutation: ask only whether the looks themselves hang.
    """
    hangs = threading.Event()

    class Client:
        def cmd(self, *_, **__):
            hangs.wait()

        def run_job(self, *_, **__):
            pass

    monkeypatch.setattr(master, "_hanging", [])
    monkeypatch.setattr(master, "MOST_HANGING", 2)
    monkeypatch.setattr(master.salt.client, "get_local_client", lambda mopts: nullcontext(Client()))
    stage.tokens()
    stage.world.heal = {**stage.world.heal, "view": {"again": "20ms"}}
    stage.world.read = lambda: master.ask({"user": "root"}, ["n1"], "test.ping", within=0.01)
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.is_ended)
    (line,) = stage.lines("alarm")
    assert line["cause"] == "engine"
    hangs.set()


def _holds(stage):
    """Give it tokens, and a policy that holds a version which failed."""
    key = ["subject.namespace", "subject.job"]
    table = {**TABLE, "hold": policy(["nomad/deployment/failed"], {"do": "hold"}, key)}
    stage.tokens()
    stage.loop.close()
    stage.loop = heal_loop.Loop(stage.home, stage.path, table, stage.world, stage.outlet)


def test_a_version_that_failed_is_held_by_the_pillar_that_made_it(stage, monkeypatch):
    """Mutation: let what a pillar of before the fact says close it. It is edited, then applied."""
    _holds(stage)
    form, revision = stage.world.form, {"now": "old"}
    monkeypatch.setattr(stage.world, "form", lambda: {**form(), "revision": revision["now"]})

    def view(incident, policy, snapshot, form):
        return View(snapshot[0], "", 0, 0, "", Thing(form["revision"] == "new", "settled", "one"))

    monkeypatch.setattr(stage.world, "view", view)
    stage.until(lambda: stage.loop.status().state == "running")
    revision["now"] = "new"
    stage.put(envelope(1, "nomad/deployment/failed"))
    (rule,) = stage.until(lambda: stage.lines("rule"), 10.0)
    assert (rule["rule"], rule["what"]) == ("hold", "job:web@default")


def test_a_version_that_failed_is_judged_though_the_pillar_is_refused_by_now(stage, monkeypatch):
    """The last good one holds, as everywhere. Mutation: count only a reading that gave one."""
    _holds(stage)
    stage.world.thing = Thing(True, "settled", "one")
    stage.until(lambda: stage.loop.status().state == "running")
    stage.world.error = SaltRunnerError("pillar is refused")
    stage.put(envelope(1, "nomad/deployment/failed"))
    assert stage.until(lambda: stage.lines("rule"), 10.0)[0]["rule"] == "hold"


def test_a_pillar_that_could_not_be_read_at_first_is_read_again_soon_and_ever_less_often(
    stage, monkeypatch
):
    """
    Nothing is healed until it was read once. Mutation: wait for as long as between two that were
    read, or as long each time.
    """
    monkeypatch.setattr(heal_loop, "SETTINGS_EVERY", float("inf"))
    monkeypatch.setattr(heal_loop, "SETTINGS_SOON", 0.02)
    begun, form = [], stage.world.form
    monkeypatch.setattr(stage.world, "form", lambda: begun.append(1) or form())
    stage.world.error = SaltRunnerError("the master cannot be asked")
    stage.turn(1.5)
    # After 0, 20, 60, 140, 300, 620 and 1,260 ms at the earliest.
    assert len(begun) <= 7
    assert stage.loop.status().state == "frozen"
    stage.world.error = None
    stage.until(lambda: stage.loop.status().state == "running")
