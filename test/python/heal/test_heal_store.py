"""What is on the disk is what was decided, and what cannot be trusted decides nothing."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from dataclasses import asdict

import pytest
from healing import ENFORCE, Clocks, fact
from small_engine import WHO, Engine, audit, claim

from saltext.eos.utils import (
    heal_act,
    heal_claim,
    heal_command,
    heal_file,
    heal_run,
    heal_state,
    heal_store,
)


def test_a_claim_gives_the_subject_of_the_row_once(engine, decision):
    subject = claim(engine, decision.id)
    assert subject["subject.job"] == "web"
    assert subject["act"] == {"do": "evaluate"}
    with pytest.raises(heal_claim.Refused, match="claimed already"):
        claim(engine, decision.id)
    assert [line.kind for line in audit(engine.path)][-2:] == ["claimed", "claim_refused"]


def test_of_many_claims_at_once_one_is_given(engine, decision):
    got = []

    def attempt():
        with contextlib.suppress(heal_claim.Refused):
            got.append(claim(engine, decision.id))

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(got) == 1


@pytest.mark.parametrize("forged", ["", "x" * 10_000, "'; DROP TABLE decisions; --"])
def test_what_was_never_decided_is_refused_and_attributed(engine, decision, forged):
    with pytest.raises(heal_claim.Refused, match="never decided"):
        claim(engine, forged, who={"jid": "1", "user": "mallory"})
    line = audit(engine.path)[-1]
    assert (line.kind, line.body["by"]["user"]) == ("claim_refused", "mallory")
    claim(engine, decision.id)


def test_another_action_is_refused(engine, decision):
    with pytest.raises(heal_claim.Refused, match="it is for evaluate"):
        claim(engine, decision.id, "apply")
    claim(engine, decision.id)


def test_a_decision_is_claimed_within_two_minutes(engine, decision):
    engine.clocks.pass_(120.0)
    with pytest.raises(heal_claim.Refused, match="its time is over"):
        claim(engine, decision.id)


@pytest.mark.parametrize("what", ["stack", "job:web", "job:web@default"])
@pytest.mark.parametrize("is_read", [False, True])
def test_a_freeze_counts_from_the_moment_it_is_appended(engine, decision, what, is_read):
    freeze = {"verb": "freeze", "what": what, "reason": "stop"}
    heal_claim.tell(engine.path, freeze, "ann", engine.clocks)
    if is_read:
        engine.work(1.0)
    with pytest.raises(heal_claim.Refused, match="freeze by ann: stop"):
        claim(engine, decision.id)


@pytest.mark.parametrize(("input_", "is_held"), [("spec-a", True), ("spec-b", False)])
def test_a_hold_of_one_specification_refuses_the_claim_on_that_one(
    engine, decision, input_, is_held
):
    rule = heal_state.Rule("hold", "job:web", "it failed", "healer", 5.0, None, input_)
    with engine.store.step(ENFORCE):
        engine.store.state.put_rule(rule)
    if not is_held:
        claim(engine, decision.id)
        return
    with pytest.raises(heal_claim.Refused, match="hold by healer: it failed"):
        claim(engine, decision.id)


def test_another_epoch_claims_nothing_and_writes_nothing(engine, decision):
    other = heal_store.Store(engine.path, engine.clocks, epoch=1)
    other.close()
    with pytest.raises(heal_claim.Refused, match="epoch"):
        claim(engine, decision.id)
    with pytest.raises(heal_file.Unusable, match="another epoch"):
        engine.work(1.0)
    with pytest.raises(heal_file.Unusable, match="took over"):
        heal_store.Store(engine.path, engine.clocks, epoch=0)


def test_forgers_cannot_fill_the_audit(engine, decision):
    heal_claim.MOST_REFUSED, before = 3, heal_claim.MOST_REFUSED
    try:
        for _ in range(6):
            with pytest.raises(heal_claim.Refused):
                claim(engine, "forged")
    finally:
        heal_claim.MOST_REFUSED = before
    assert [line.kind for line in audit(engine.path)].count("claim_refused") == 3


def test_an_unclaimed_decision_is_fired_for_as_long_as_it_is_valid(engine, decision):
    """Mutation: fire it within 40 s and give it up then, though a claim is granted for 120 s."""
    fired = {5.0 * (at + 1) for at in range(23) if engine.work(5.0)}
    assert fired == {30.0, 60.0, 90.0}
    assert engine.store.state.decisions[decision.id].state == "decided"
    claim(engine, decision.id)


def test_a_decision_that_nobody_claims_expires_loudly(engine, decision):
    assert sum(len(engine.work(5.0)) for _ in range(24)) == 3
    (line,) = [line for line in audit(engine.path) if line.kind == "expired"]
    assert "nobody claimed it" in line.body["says"]
    with pytest.raises(heal_claim.Refused):
        claim(engine, decision.id)


def test_a_claimed_decision_is_not_fired_and_its_result_is_heard(engine, decision):
    claim(engine, decision.id)
    assert [engine.work(15.0) for _ in range(3)] == [[], [], []]
    result = {"verb": "result", "decision": decision.id, "ok": True, "says": "well"}
    heal_claim.tell(engine.path, result, "run 1", engine.clocks)
    engine.work(1.0)
    assert engine.store.state.decisions[decision.id].state == "done"
    assert audit(engine.path)[-1].kind in ("result", "waits")


def test_a_result_without_a_claim_is_refused(engine):
    result = {"verb": "result", "decision": "forged", "ok": True}
    heal_claim.tell(engine.path, result, "run 1", engine.clocks)
    engine.work(1.0)
    (line,) = [line for line in audit(engine.path) if line.kind == "command_refused"]
    assert "not under way" in line.body["why"]
    with pytest.raises(heal_command.Refused):
        heal_claim.tell(engine.path, {"verb": "boom"}, "run 1", engine.clocks)


def test_everything_is_read_back_as_it_was(engine, decision):
    engine.tell(2, "nomad/deployment/reverted", "api")
    engine.tell(3, "kernel/oom/killed", unit="vault.service")
    engine.tell(4, "nomad/alloc/failed", "db")
    claim(engine, decision.id)
    engine.work(5.0)
    state = engine.store.state
    state.flips["x"] = [(1.0, "a", "")]
    state.mark("flips", "x")
    engine.work(1.0)
    engine.store.close()
    again = heal_store.Store(engine.path, engine.clocks)
    for name in ("row", "epoch", "keys", "flips", "buckets", "touched", "rules", "counts"):
        assert getattr(again.state, name) == getattr(state, name), name
    for name in ("incidents", "decisions"):
        held, was = getattr(again.state, name), getattr(state, name)
        assert {key: asdict(one) for key, one in held.items()} == {
            key: json.loads(json.dumps(asdict(one))) | {"names": one.names}
            for key, one in was.items()
        }, name
    again.close()


def test_a_new_file_has_no_token():
    assert heal_store.State().bucket("act").tokens == 0.0


def test_the_file_is_for_this_user_alone(engine):
    assert engine.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET at = 0", "DELETE FROM audit"])
def test_the_audit_cannot_be_changed_by_chance(engine, decision, statement):
    refused = pytest.raises(sqlite3.IntegrityError, match="only ever added")
    with contextlib.closing(sqlite3.connect(engine.path)) as db, refused:
        db.execute(statement)


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit SET body = replace(body, 'web', 'api') WHERE kind = 'decided'",
        "DELETE FROM audit WHERE n = 1",
        "DELETE FROM audit WHERE n = (SELECT max(n) FROM audit)",
        "DELETE FROM audit",
        "UPDATE audit SET kind = 'note' WHERE kind = 'decided'",
        "UPDATE keys SET body = '{}x'",
        'UPDATE keys SET body = \'{"attempts": NaN, "surplus": 1}\'',
        "UPDATE budget SET tokens = 'many'",
        "UPDATE decisions SET state = 'would'",
        "UPDATE meta SET value = 'x' WHERE key = 'clock'",
        "UPDATE incidents SET body = '{}'",
        "PRAGMA user_version = 99",
    ],
)
def test_harm_to_the_file_freezes(engine, decision, harm):
    engine.store.close()
    with contextlib.closing(sqlite3.connect(engine.path)) as db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type='trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(harm)
        for _, text in triggers:
            db.execute(text)
        db.commit()
    with pytest.raises(heal_file.Unusable):
        heal_store.Store(engine.path, engine.clocks)


def test_without_its_guards_the_audit_is_not_trusted(engine):
    engine.store.close()
    with contextlib.closing(sqlite3.connect(engine.path)) as db:
        db.execute("DROP TRIGGER audit_keeps")
    with pytest.raises(heal_file.Unusable, match="guards"):
        heal_store.Store(engine.path, engine.clocks)


def test_garbage_freezes_and_is_left_for_people_to_look_at(path):
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(heal_file.Unusable):
        heal_store.Store(path, Clocks())
    with pytest.raises(heal_file.Unusable):
        heal_claim.claim(path, "x", "evaluate", WHO, Clocks())
    assert path.read_bytes() == b"garbage" * 1000


def test_a_claim_on_no_file_makes_none(path):
    with pytest.raises(heal_file.Unusable, match="not there"):
        heal_claim.claim(path, "x", "evaluate", WHO, Clocks())
    assert not path.exists()


def test_a_step_that_fails_writes_nothing_and_needs_a_new_store(engine):
    before = len(audit(engine.path))
    with pytest.raises(ZeroDivisionError), engine.store.step(ENFORCE) as time:
        engine.core.arrive(1, fact(1, "nomad/alloc/failed"), time.now)
        raise ZeroDivisionError
    with pytest.raises(heal_file.Unusable, match="left by an error"):
        engine.work(1.0)
    engine.store.close()
    again = Engine(engine.path, engine.clocks)
    assert (again.store.state.row, len(audit(engine.path))) == (0, before)
    again.store.close()


def test_a_clock_set_back_over_a_reboot_keeps_the_pause(engine, decision):
    claim(engine, decision.id)
    engine.work(1.0)
    heal_act.ended(engine.store.state, decision.id, False, "not well", (), 6.0)
    engine.work(1.0)
    engine.store.close()
    engine.clocks.boot, engine.clocks.monotonic, engine.clocks.wall = "b", 1.0, 5.0
    again = Engine(engine.path, engine.clocks)
    assert again.work(50.0) == []
    assert len({one.id for _ in range(4) for one in again.work(20.0)}) == 1
    again.store.close()


def test_a_clock_that_jumps_ahead_over_a_reboot_ends_no_freeze(engine):
    """Mutation: let the wall clock say how long the machine was off."""
    body = {"verb": "freeze", "what": "stack", "reason": "the disks", "seconds": 7200.0}
    heal_claim.tell(engine.path, body, "ann", engine.clocks)
    engine.work(1.0)
    engine.store.close()
    engine.clocks.boot, engine.clocks.monotonic, engine.clocks.wall = "b", 30.0, 4e9
    again = Engine(engine.path, engine.clocks)
    again.work(1.0)
    assert [rule.by for rule in again.store.state.rules.values()] == ["ann"]
    again.store.close()


def test_nobody_saw_whether_it_was_well_while_the_machine_was_off(engine, decision):
    """Mutation: go on with the time of health over a reboot."""
    claim(engine, decision.id)
    engine.work(1.0)
    with engine.store.step(ENFORCE) as time:
        heal_act.ended(engine.store.state, decision.id, True, "well", (), time.now)
        heal_act.judging(engine.store.state, time.now, ENFORCE)
        key = engine.store.state.key("act", decision.thing)
        engine.store.state.set_key("act", decision.thing, key._replace(healthy_since=time.now))
    engine.store.close()
    engine.clocks.boot, engine.clocks.monotonic = "b", 30.0
    again = Engine(engine.path, engine.clocks)
    with again.store.step(ENFORCE) as time:
        heal_act.judging(again.store.state, time.now, ENFORCE)
    assert again.store.state.key("act", decision.thing).healthy_since is None
    again.store.close()


def _begin(engine, decision):
    return heal_run.begin(engine.path, decision.id, "evaluate", WHO, engine.clocks)


def _proved(engine, decision):
    return heal_run.proved(engine.path, decision.id, "evaluate", WHO, engine.clocks)


def _lose(engine):
    with engine.store.step(ENFORCE):
        engine.store.state.lease = 0.0


@pytest.mark.parametrize("step", [_proved, _begin])
def test_who_has_lost_the_lease_does_not_act_on_what_it_claimed(engine, decision, step):
    claim(engine, decision.id)
    _lose(engine)
    with pytest.raises(heal_claim.Refused, match="its lease has ended"):
        step(engine, decision)


@pytest.mark.parametrize("step", [_proved, _begin])
def test_what_was_claimed_under_an_older_epoch_is_not_acted_on(engine, decision, step):
    claim(engine, decision.id)
    heal_store.Store(engine.path, engine.clocks, epoch=1).close()
    with pytest.raises(heal_claim.Refused, match="epoch"):
        step(engine, decision)


def test_a_freeze_while_it_is_looked_at_stops_it_while_nothing_is_done(engine, decision):
    claim(engine, decision.id)
    _proved(engine, decision)
    heal_claim.tell(engine.path, {"verb": "freeze", "what": "stack", "reason": "stop"}, "ann")
    with pytest.raises(heal_claim.Refused, match="freeze by ann: stop"):
        _begin(engine, decision)


def test_an_act_is_begun_once(engine, decision):
    claim(engine, decision.id)
    _proved(engine, decision)
    _begin(engine, decision)
    for step in (_proved, _begin):
        with pytest.raises(heal_claim.Refused, match="a decision is for one act"):
            step(engine, decision)


@pytest.mark.parametrize("is_begun", [True, False])
def test_who_stands_by_takes_back_what_was_claimed_and_not_begun(engine, decision, is_begun):
    claim(engine, decision.id)
    if is_begun:
        _begin(engine, decision)
    with engine.store.step(ENFORCE) as time:
        heal_act.give_up(engine.store.state, time.now, "another master holds the lock")
    assert engine.store.state.decisions[decision.id].state == ("claimed" if is_begun else "failed")
    if not is_begun:
        with pytest.raises(heal_claim.Refused, match="expected it to be claimed"):
            _begin(engine, decision)


def test_what_an_act_has_brought_about_is_known_before_it_is_verified(engine, decision):
    claim(engine, decision.id)
    _begin(engine, decision)
    heal_run.did(engine.path, decision.id, WHO, "evaluated", ["ev-1"], engine.clocks)
    with engine.store.step(ENFORCE) as time:
        engine.core.arrive(
            2, {**fact(2, "nomad/alloc/failed", "api"), "links": {"evaluation": "ev-1"}}, time.now
        )
    (own,) = [line for line in audit(engine.path) if line.kind == "own"]
    assert own.body["decision"] == decision.id


@pytest.mark.parametrize(("is_begun", "attempts"), [(False, 0), (True, 1)])
def test_what_was_given_up_before_it_was_begun_costs_no_attempt(
    engine, decision, is_begun, attempts
):
    claim(engine, decision.id)
    if is_begun:
        _begin(engine, decision)
    says = "the stack lock is held"
    heal_run.end(engine.path, decision.id, WHO, False, says, engine.clocks, is_back=True)
    engine.work(0.0)
    assert engine.store.state.key("act", decision.thing).attempts == attempts
    assert engine.store.state.decisions[decision.id].state == "failed"
