"""The loop of the healer: it takes every fact, whatever hangs, fails or is not there."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing

import pytest
from salt.exceptions import SaltRunnerError
from stage import WRONG, envelope

from saltext.eos.utils import (
    heal_claim,
    heal_file,
    heal_judge_case,
    heal_loop,
    heal_status,
    lock,
    master,
)
from saltext.eos.utils.inbox import Inbox


def _row(stage):
    return stage.loop.status().row


@pytest.fixture
def unhurried(monkeypatch):
    """Let the loop do nothing because time has passed: what it does, something made it do."""
    for name in ("STEP_EVERY", "DUE_EVERY", "SETTINGS_EVERY"):
        monkeypatch.setattr(heal_loop, name, float("inf"))


def test_a_settled_fact_is_decided_at_once_and_fired_once(stage, unhurried):
    """
    No second passes on the engine's clock, and no step comes by itself.

    Mutation: count its debounce from its arrival, or leave what is due to a step of its own.
    """
    stage.still()
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    (line,) = stage.lines("decided")
    assert line["decision"] == decision.id
    assert decision.action == "evaluate"
    stage.turn(0.5)
    assert len(stage.outlet.fired) == 1


def test_a_decision_is_on_the_disk_before_it_is_fired(stage, monkeypatch):
    stage.tokens()
    kept = []

    def decided(decision):
        with sqlite3.connect(stage.home / heal_file.NAME) as db:
            kept.extend(db.execute("SELECT state FROM decisions WHERE id = ?", (decision.id,)))

    monkeypatch.setattr(stage.outlet, "decided", decided)
    stage.put(envelope(1))
    stage.until(lambda: kept)
    assert kept == [("decided",)]


def test_a_fact_that_occurred_just_now_waits_for_more(stage):
    """Mutation: look at it as soon as it is there."""
    stage.world.heal = {"mode": "enforce", "debounce": {"least": "1s", "most": "4s"}}
    clocks = stage.still()
    # What is taken in without settings waits as long as their defaults say.
    stage.until(lambda: stage.loop.status().state == "running")
    stage.put(envelope(1, ago=0.0))
    stage.until(lambda: stage.loop.status().row == 1)
    clocks.pass_(0.9)
    stage.turn(0.1)
    assert stage.world.asked == []
    clocks.pass_(0.2)
    stage.until(lambda: stage.outlet.fired)


def test_a_reading_that_hangs_does_not_stop_the_intake(stage):
    stage.tokens()
    stage.again(look_within=0.5)
    go = threading.Event()
    stage.world.read = go.wait
    stage.put(envelope(1))
    stage.until(lambda: stage.world.asked)
    for number in range(2, 50):
        stage.put(envelope(number, job=f"j{number}"))
        stage.until(lambda number=number: _row(stage) == number, 2.0)
    waits = stage.until(lambda: stage.lines("waits"))
    assert "no answer within" in waits[0]["checks"][-1]["says"]
    go.set()
    assert stage.outlet.fired == []


def test_a_view_that_cannot_be_made_blocks_its_incident_alone(stage, monkeypatch):
    stage.tokens()
    made = stage.world.view

    def view(incident, *rest):
        if incident.subject.get("subject.job") == "web":
            raise KeyError("datacenter")
        return made(incident, *rest)

    monkeypatch.setattr(stage.world, "view", view)
    stage.put(envelope(1), envelope(2, job="api"))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    assert decision.subject["subject.job"] == "api"
    assert "KeyError" in json.dumps(stage.lines("waits"))


def test_without_settings_it_takes_facts_and_decides_nothing(stage):
    stage.world.error = RuntimeError("pillar is refused")
    stage.tokens()
    stage.put(envelope(1))
    stage.until(lambda: _row(stage) == 1)
    stage.turn(0.3)
    status = stage.loop.status()
    assert (status.state, stage.world.asked) == ("frozen", [])
    assert "pillar is refused" in status.why


def test_a_stack_that_is_not_described_yet_alarms_nobody(stage):
    """Mutation: begin the audit of every new master with an alarm; or keep silent ever after."""
    missing = master.Undescribed("pillar of m_master has no `eos`")
    stage.world.error = missing
    stage.until(lambda: "has no `eos`" in stage.loop.status().why)
    stage.turn(0.2)
    assert stage.loop.status().state == "frozen"
    assert stage.lines("alarm") == []
    stage.world.error = None
    stage.loop.refresh()
    stage.until(lambda: stage.loop.status().state == "running")
    stage.world.error = missing
    stage.loop.refresh()
    stage.until(lambda: "last good" in stage.loop.status().why)
    stage.until(lambda: stage.lines("alarm"))


def test_what_is_wrong_with_the_pillar_is_one_line_of_the_audit(stage):
    """Mutation: write new lines, and the name of an exception, where people read a sentence."""
    stage.world.error = SaltRunnerError("pillar is refused:\neos:a: expected b\neos:c: expected d")
    (line,) = stage.until(lambda: stage.lines("alarm"))
    assert line["says"] == "pillar is refused: eos:a: expected b; eos:c: expected d"


def test_the_last_good_settings_hold_when_the_pillar_breaks(stage):
    stage.tokens()
    stage.until(lambda: stage.loop.status().state == "running")
    stage.world.heal = {"mode": "enforced"}
    stage.loop.refresh()
    stage.until(lambda: "last good" in stage.loop.status().why)
    stage.turn(0.2)
    assert [line["cause"] for line in stage.lines("alarm")] == ["pillar"]
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)


def test_it_waits_for_an_inbox(stage):
    stage.turn(0.2)
    status = stage.loop.status()
    assert status.lag is None
    assert "is not there" in status.why
    stage.put(envelope(1))
    stage.until(lambda: _row(stage) == 1)


def test_an_inbox_made_anew_is_read_from_its_beginning(stage):
    stage.put(*(envelope(number) for number in range(1, 40)))
    stage.until(lambda: _row(stage) == 39)
    stage.inbox.close()
    for one in stage.home.glob("inbox.db*"):
        one.unlink()
    stage.inbox = Inbox(stage.path)
    stage.put(*(envelope(number, job="new") for number in range(100, 105)))
    stage.until(lambda: stage.loop.counters["taken"] == 44)
    assert _row(stage) == 5


def test_an_inbox_made_anew_that_has_outgrown_the_old_one_is_read_from_its_beginning(stage):
    stage.put(*(envelope(number) for number in range(1, 6)))
    stage.until(lambda: _row(stage) == 5)
    stage.loop.close()
    stage.inbox.close()
    for one in stage.home.glob("inbox.db*"):
        one.unlink()
    stage.inbox = Inbox(stage.path)
    stage.put(*(envelope(number) for number in range(100, 120)))
    stage.again()
    stage.until(lambda: _row(stage) == 20)
    assert stage.loop.counters["taken"] == 20


def test_of_a_restored_inbox_what_is_new_under_old_numbers_is_taken(stage, tmp_path):
    for number in range(1, 61):
        stage.put(envelope(number))
        stage.until(lambda number=number: _row(stage) == number)
        if number == 30:
            kept = tmp_path / "kept"
            with closing(sqlite3.connect(stage.path)) as db, closing(sqlite3.connect(kept)) as copy:
                db.backup(copy)
    stage.inbox.close()
    stage.loop.close()
    for one in stage.home.glob("inbox.db*"):
        one.unlink()
    kept.rename(stage.path)
    stage.inbox = Inbox(stage.path)
    stage.put(*(envelope(number) for number in range(1000, 1050)))
    stage.again()
    stage.until(lambda: _row(stage) == 80)
    # Not from the beginning, and not one too few.
    assert 50 <= stage.loop.counters["taken"] < 80


def test_facts_forgotten_for_their_age_are_said_to_be_missed(stage):
    stage.put(*(envelope(number) for number in range(1, 11)))
    stage.until(lambda: _row(stage) == 10)
    stage.put(*(envelope(number) for number in range(11, 31)))
    stage.inbox.prune(0, 5)
    stage.until(lambda: _row(stage) == 30)
    assert [line["count"] for line in stage.lines("missed")] == [15]


def test_a_fact_that_cannot_be_read_is_passed_over_and_said(stage, monkeypatch):
    arrive = heal_loop.heal_core.Core.arrive

    def refuses(core, row, envelope, *rest):
        if row == 7:
            core.state.row = 99
            raise KeyError("subject")
        arrive(core, row, envelope, *rest)

    monkeypatch.setattr(heal_loop.heal_core.Core, "arrive", refuses)
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.0)
    stage.put(*(envelope(number) for number in range(1, 21)))
    stage.until(lambda: _row(stage) == 20)
    assert [line["row"] for line in stage.lines("unreadable")] == [7]


def test_an_error_in_judging_does_not_stop_the_intake(stage, monkeypatch):
    def fails(*_):
        raise RuntimeError("a decision without a token")

    monkeypatch.setattr(heal_loop.heal_core.Core, "due", fails)
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.3)
    stage.put(envelope(1))
    stage.until(lambda: _row(stage) == 1)
    stage.put(envelope(2))
    stage.until(lambda: _row(stage) == 2)


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_state_that_cannot_be_trusted_freezes_loudly_and_is_left_as_it_is(stage, damage, caplog):
    stage.put(envelope(1))
    stage.until(lambda: _row(stage) == 1)
    stage.loop.close()
    path = stage.home / heal_file.NAME
    whole = path.read_bytes()
    path.write_bytes(damage * 1000 or whole[:5000] + bytes(3000) + whole[8000:])
    broken = path.read_bytes()
    stage.again()
    stage.turn(0.3)
    assert stage.loop.status().state == "frozen"
    assert "CRITICAL" in caplog.text
    assert [kind for kind, _ in stage.outlet.said] == ["frozen"]
    assert path.read_bytes() == broken
    told = heal_status.read(stage.home / heal_status.NAME)
    assert told is not None
    assert told.state == "frozen"


def test_a_repaired_state_is_taken_up_again(stage, monkeypatch):
    monkeypatch.setattr(heal_loop, "OPEN_EVERY", 0.1)
    stage.put(envelope(1))
    stage.until(lambda: _row(stage) == 1)
    stage.loop.close()
    path = stage.home / heal_file.NAME
    whole = path.read_bytes()
    path.write_bytes(b"no database" * 1000)
    stage.again()
    stage.until(lambda: stage.loop.status().state == "frozen")
    path.write_bytes(whole)
    stage.until(lambda: stage.loop.status().state == "running")


def test_a_command_takes_effect_at_once_though_no_fact_comes(stage, unhurried):
    """No step comes by itself. Mutation: look for commands at such a step alone."""
    stage.until(lambda: stage.loop.status().state == "running")
    body = {"verb": "freeze", "what": "stack", "reason": "work on the network"}
    heal_claim.tell(stage.home / heal_file.NAME, body, "ann")
    stage.until(lambda: stage.loop.status().why == "freeze by ann: work on the network")
    assert stage.loop.status().state == "running"


def test_what_keeps_failing_is_decided_though_new_facts_never_end(stage):
    stage.world.heal = {**stage.world.heal, "debounce": {"least": "100ms", "most": "300ms"}}
    stage.tokens()
    stage.world.read = lambda: time.sleep(0.2)
    number = 0

    def one_more():
        nonlocal number
        number += 1
        stage.put(envelope(number, ago=0.0))
        return stage.outlet.fired

    stage.until(one_more, 5.0)


def test_what_needs_a_look_is_decided_though_facts_wait_all_the_time(stage, monkeypatch):
    """A look may take longer than one step, and a backlog longer than any look."""
    monkeypatch.setattr(heal_loop, "SLICE", 5)
    monkeypatch.setattr(heal_loop, "DUE_EVERY", 1.0)
    stage.tokens()
    stage.world.read = lambda: time.sleep(0.2)
    stage.put(envelope(1))
    number = 1

    def still_behind():
        nonlocal number
        if number - stage.loop.status().row < 40:
            told = [envelope(number + one, "host/disk/filling") for one in range(1, 41)]
            stage.put(*told)
            number += 40
        return stage.outlet.fired

    stage.until(still_behind, 6.0)


def test_while_somebody_holds_the_stack_lock_it_waits(stage, monkeypatch):
    monkeypatch.setattr(heal_judge_case, "SOON", 0.1)
    opts = {"eos_state_dir": str(stage.home)}
    stage.tokens()
    lock.take(opts, "apply", "20260101", "ann")
    stage.put(envelope(1))
    (line, *_) = stage.until(lambda: stage.lines("waits"))
    assert "the stack lock is held by apply of ann" in line["checks"][-1]["says"]
    assert stage.outlet.fired == []
    lock.release(opts)
    stage.until(lambda: stage.outlet.fired)


@pytest.mark.parametrize("away", [60.0, 7200.0])
@pytest.mark.parametrize("is_well", [True, False])
def test_time_in_which_the_engine_did_not_look_is_no_time_of_health(stage, away, is_well):
    """What was tried stays known for an hour of looks; a stopped master has made none."""
    clocks = stage.still()
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    path = stage.home / heal_file.NAME
    heal_claim.claim(path, decision.id, decision.action, {"jid": "1"}, clocks)
    result = {"verb": "result", "decision": decision.id, "ok": False, "says": "not well"}
    heal_claim.tell(path, result, "run 1", clocks)
    stage.world.thing = WRONG._replace(wrong=False)
    stage.until(lambda: stage.lines("result"))
    clocks.pass_(30.0)
    state = stage.loop._store.state
    stage.until(lambda: state.key("act", decision.thing).healthy_since)
    stage.loop.close()
    clocks.pass_(away)
    stage.world.thing = WRONG._replace(wrong=not is_well)
    looked = len(stage.world.asked)
    stage.again(read=clocks)
    clocks.pass_(60.0)
    stage.until(lambda: len(stage.world.asked) > looked)
    stage.turn(0.3)
    assert stage.lines("rested") == []
    assert stage.loop._store.state.key("act", decision.thing).attempts >= 1


def test_the_status_says_what_holds(stage):
    stage.tokens(2.0)
    stage.until(lambda: stage.loop.status().state == "running")
    time.sleep(heal_loop.STATUS_EVERY)
    stage.loop.turn()
    path = stage.home / heal_status.NAME
    told = heal_status.read(path)
    assert told is not None
    assert told.settings["mode"] == "enforce"
    assert 2.0 <= told.tokens < 2.1
    assert path.stat().st_mode & 0o777 == 0o600
