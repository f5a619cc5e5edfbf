"""
Scenarios that could run in circles, against the real loop with a real inbox and a real healer.db.

What Nomad and the minions would show is the test's, and so is the clock: a day passes in seconds.
"""

from __future__ import annotations

import contextlib
import random
import sqlite3

import pytest
from bounds import broken
from stage import FAST, WRONG, envelope, policy, put
from world_clock import Clock

from saltext.eos.policies import table
from saltext.eos.utils import heal_claim, heal_file, heal_loop
from saltext.eos.utils.inbox import Inbox

HOUR = 3600.0
SLOW = {"mode": "enforce", "debounce": {"least": "1ms", "most": "2ms"}}
RICH = {**SLOW, "bucket": {"size": 1000, "every": "1s"}}
WELL = WRONG._replace(wrong=False)


@pytest.fixture
def clocked(stage, monkeypatch):
    """A loop whose clock is the test's; it has tokens."""
    # Its own pauses are seconds of the machine, of which a day of the test's clock has few.
    monkeypatch.setattr(heal_loop, "STEP_EVERY", 0.02)
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.02)
    clock = Clock()
    stage.tokens(1000.0)
    stage.clock = clock
    stage.again(read=clock)
    return stage


def _whole(stage):
    return [(one.pop("kind"), one) for one in stage.lines()]


def _done(stage, decision, *, ok=True, effects=()):
    """Claim, act and say how it went, as the orchestration does."""
    path = stage.home / heal_file.NAME
    heal_claim.claim(path, decision.id, decision.action, {"jid": "1"}, stage.clock)
    told = {"verb": "result", "decision": decision.id, "ok": ok, "says": "done"}
    heal_claim.tell(path, {**told, "effects": list(effects)}, "run")
    stage.until(lambda: any(one["decision"] == decision.id for one in stage.lines("result")))


def _why(stage) -> list[str]:
    """Say what the open incidents wait for."""
    path = stage.home / heal_file.NAME
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        return [why for (why,) in db.execute("SELECT why FROM incidents WHERE state <> 'closed'")]


def _pass(stage, seconds: float) -> None:
    """Let time pass, and the loop do what has become due."""
    stage.clock.advance(seconds)
    steps = stage.loop.counters["steps"]
    stage.until(lambda: stage.loop.counters["steps"] > steps + 1, within=30)
    stage.turn(0.05)


def test_a_broken_image_is_tried_once_then_held_for_a_day_until_it_changes(clocked):
    """Scenarios 8 and 9: Nomad goes back to what ran; putting the broken one on never ends."""
    stage = clocked
    stage.world.heal = RICH
    stage.world.thing = WRONG._replace(input="broken")
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    _done(stage, stage.outlet.fired[0], ok=False, effects=("deployment-1",))
    reverted = envelope(2, "nomad/deployment/reverted")
    stage.put({**reverted, "subject": {**reverted["subject"], "deployment": "deployment-1"}})
    stage.until(lambda: [one for one in stage.lines("rule") if one["rule"] == "hold"])
    tried = len(stage.lines("decided"))
    assert tried == 1
    for hour in range(24):
        stage.put(envelope(10 + hour))
        _pass(stage, HOUR)
    assert len(stage.lines("decided")) == tried
    assert any("is held by healer" in why for why in _why(stage))
    stage.world.thing = WRONG._replace(input="mended")
    stage.put(envelope(100))
    for _ in range(20):
        if len(stage.lines("decided")) > tried:
            break
        _pass(stage, 600.0)
    (_, second) = stage.lines("decided")
    assert second["input"] == "mended"
    assert broken(_whole(stage)) == []


def test_with_most_jobs_unwell_nothing_acts_until_they_are_not(clocked):
    """Scenario 7: what befalls everybody has one cause, and it is no job's."""
    stage = clocked
    stage.world.heal = RICH
    stage.world.changed = {"managed": 100, "unhealthy": 60}
    stage.put(*(envelope(n, job=f"job-{n}") for n in range(1, 61)))
    stage.until(lambda: len(stage.lines("waits")) >= 60, within=30)
    for _ in range(12):
        _pass(stage, 600.0)
    assert stage.lines("decided") == []
    assert len(_why(stage)) == 60
    assert all(why.startswith("mass_failure") for why in _why(stage))
    # Those that are well again meanwhile are none of its business any more.
    stage.world.changed = {"managed": 100, "unhealthy": 10}
    for _ in range(20):
        if stage.lines("decided"):
            break
        _pass(stage, 60.0)
    assert len(stage.lines("decided")) == 1
    assert broken(_whole(stage)) == []


def test_a_second_writer_that_undoes_every_repair_is_left_alone_after_two(clocked):
    """Adversary: every 30 s for an hour it sets one field back."""
    stage = clocked
    place = ["subject.job", "subject.namespace", "subject.node"]
    drifted = {"drift": policy(["nomad/job/drifted"], {"do": "apply", "component": "web"}, place)}
    stage.loop.close()
    stage.loop = heal_loop.Loop(
        stage.home, stage.path, drifted, stage.world, stage.outlet, read=stage.clock
    )
    stage.world.heal = RICH
    theirs = WRONG._replace(value="theirs", writer="token 7c1e")
    done = 0
    for number in range(1, 121):
        stage.world.thing = theirs
        one = envelope(number, "nomad/job/drifted")
        stage.put({**one, "subject": {**one["subject"], "node": "n1"}})
        _pass(stage, 30.0)
        while len(stage.outlet.fired) > done:
            stage.world.thing = WRONG._replace(wrong=False, value="ours")
            _done(stage, stage.outlet.fired[done])
            done = len(stage.outlet.fired)
    assert len(stage.lines("decided")) == 2
    assert [one for one in stage.lines("rule") if one["rule"] == "contended"]
    assert broken(_whole(stage)) == []


def test_what_its_own_act_brings_about_causes_nothing(clocked):
    """Self-event: evaluation, deployment and allocations of the act come back as facts."""
    stage = clocked
    stage.world.heal = RICH
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    _done(stage, stage.outlet.fired[0], effects=("eval-1", "alloc-2"))
    stage.world.thing = WELL
    opened = len(stage.lines("opened"))
    for number in range(2, 200):
        one = envelope(number, job=("web", "api")[number % 2])
        links = {"eval": "eval-1"} if number % 3 else {}
        subject = {**one["subject"], "alloc": "alloc-2"}
        stage.put({**one, "subject": subject, "links": links})
    stage.until(lambda: stage.loop.status().row == 199)
    _pass(stage, 30.0)
    assert len(stage.lines("opened")) == opened
    assert len(stage.lines("decided")) == 1
    assert len(stage.lines("own")) == 198


def test_a_stack_that_is_well_is_left_as_it_is_however_often_it_is_looked_at(clocked):
    """Fixpoint: the second pass, and every one after it, writes nothing at all."""
    stage = clocked
    stage.world.heal, stage.world.thing = RICH, WELL
    stage.put(*(envelope(n, job=f"job-{n}") for n in range(1, 21)))
    stage.until(lambda: len(stage.lines("closed")) == 20, within=30)
    before = stage.lines()
    for _ in range(10):
        _pass(stage, 30.0)
    assert stage.lines() == before
    assert stage.lines("decided") == []
    assert stage.outlet.fired == []


def test_a_replaced_allocation_is_no_fault(clocked):
    """Scenario 2, by the policies of the wheel: a new place and new ports are Nomad's to choose."""
    stage = clocked
    stage.loop.close()
    stage.loop = heal_loop.Loop(
        stage.home, stage.path, table.TABLE, stage.world, stage.outlet, read=stage.clock
    )
    stage.world.heal, stage.world.thing = RICH, WELL
    for number, verb in enumerate(("failed", "rescheduled", "started", "healthy"), 1):
        one = envelope(number, f"nomad/alloc/{verb}")
        subject = {**one["subject"], "group": "web", "alloc": f"alloc-{number}", "node": "n1"}
        put_ = {**one, "subject": subject, "links": {"namespace": "default"}}
        stage.put(put_)
    stage.until(lambda: stage.loop.status().row == 4)
    for _ in range(10):
        _pass(stage, 60.0)
    assert stage.lines("decided", "would") == []


def test_what_a_gap_hid_is_healed_when_the_lists_tell_it(clocked):
    """Scenario 11: told late, out of order, under its own old time, and only once."""
    stage = clocked
    stage.world.heal = RICH
    facts = [envelope(n, job=f"job-{n}", ago=900.0 - n) for n in range(1, 6)]
    late = [{**one, "origin": "resync"} for one in reversed(facts)]
    for number, one in enumerate(late, 1):
        one["seq"] = number
    mended, look = set(), stage.world.view

    def view(incident, policy, snapshot, form):
        is_well = incident.subject["subject.job"] in mended
        return look(incident, policy, snapshot, form)._replace(thing=WELL if is_well else WRONG)

    stage.world.view = view
    stage.put(*late)
    stage.until(lambda: stage.outlet.fired)
    done = 0
    for _ in range(40):
        while len(stage.outlet.fired) > done:
            mended.add(stage.outlet.fired[done].subject["subject.job"])
            _done(stage, stage.outlet.fired[done])
            done += 1
        if done == 5:
            break
        _pass(stage, 30.0)
    jobs = [one["job"] for one in stage.lines("decided")]
    assert len(jobs) == len(set(jobs)) == 5
    assert broken(_whole(stage)) == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_order_of_facts_clocks_and_crashes_breaks_a_bound(clocked, seed):
    """Nemeses at the inbox: duplicates, disorder, gaps, leaps of the clock, reboots, restarts."""
    stage, dice = clocked, random.Random(seed)
    stage.world.heal = {**FAST, "mode": "enforce", "bucket": {"size": 5, "every": "10m"}}
    stage.inbox = Inbox(stage.path)
    number = 0
    for _ in range(60):
        batch = []
        for _ in range(dice.randint(1, 40)):
            number += 1
            one = envelope(number, job=f"job-{dice.randrange(12)}", ago=dice.choice([0, 30, 4000]))
            if dice.random() < 0.1 and number > 1:
                one["id"] = f"e{dice.randrange(1, number)}"
            batch.append(one)
        dice.shuffle(batch)
        put(stage.inbox, *sorted(batch, key=lambda one: one["seq"]))
        what = dice.random()
        if what < 0.1:
            stage.clock.jump(dice.choice([-7200.0, -60.0, 60.0, 7200.0]))
        elif what < 0.15:
            stage.clock.reboot(dice.choice([1.0, 600.0]))
        elif what < 0.3:
            stage.again(read=stage.clock)
        stage.world.thing = dice.choice([WRONG, WRONG, WELL, WRONG._replace(layer="progress")])
        stage.clock.advance(dice.choice([0.0, 1.0, 60.0, 900.0]))
        stage.turn(0.05)
        for one in stage.outlet.fired[-3:]:
            if dice.random() < 0.5:
                with contextlib.suppress(heal_claim.Refused):
                    _done(stage, one, ok=dice.random() < 0.5)
    lines = _whole(stage)
    assert broken(lines) == []
    assert any(kind == "decided" for kind, _ in lines)
