"""What a minion fires as if it were decided, and orchestrations that die: none acts by mistake."""

from __future__ import annotations

import json
import os
import signal

import pytest
from waiting import until

from saltext.eos.utils import heal_claim

TAG = "eos/heal/decided/apply"
BURST = 200
SLS = """#!py
TAG = "eos/heal/decided/apply"


def run():
    sent = [{"name": TAG, "data": {"decision": f"burst-{n}"}} for n in range(%d)]
    return {f"forged {n}": {"event.send": [one]} for n, one in enumerate(sent)}
"""


def _fires(healing, decision, tag=TAG):
    """Let the minion fire what the healer fires."""
    assert healing.salt("n1", "event.send", tag, json.dumps({"decision": decision})) is True


def _refused(healing, decision):
    return [one for one in healing.audit("claim_refused") if one["decision"] == decision]


def _done(healing):
    name = healing.decide()
    assert healing.heal(name)[0] == 0
    healing.engine()
    return name


CASES = {
    "invented": (lambda healing: "d-invented", "it was never decided"),
    "replayed": (_done, "it is done already; a decision is for one act"),
    "another act's": (lambda healing: healing.decide("evaluate"), "it is for evaluate"),
    "expired": (lambda healing: healing.decide(age=200.0), "its time is over"),
    "of a lost lease": (lambda healing: healing.decide(epoch=-1), "it is of epoch -1"),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_forged_event_is_refused_and_attributed(healing, kind):
    make, why = CASES[kind]
    name = make(healing)
    before, states = healing.acts(), healing.ask("SELECT id, state FROM decisions ORDER BY id")
    _fires(healing, name)
    (line,) = until(lambda: _refused(healing, name))
    assert line["why"].startswith(why)
    assert line["by"] == {"event": TAG, "told_by": "n1"}
    assert healing.acts() == before
    assert healing.ask("SELECT id, state FROM decisions ORDER BY id") == states
    assert not (healing.store / "lock.json").exists()


def test_a_minion_that_tells_in_time_starts_what_was_decided_and_nothing_else(healing):
    """It may fire the event of a true decision: then that is done, once, on what was decided."""
    before, name = healing.acts(), healing.decide()
    _fires(healing, name)
    until(lambda: healing.decision(name)[0] == "done", 60)
    _fires(healing, name)
    until(lambda: _refused(healing, name))
    assert healing.acts() == before + 1


@pytest.mark.parametrize("point", ["claim", "act", "verify"])
def test_a_killed_orchestration_ends_its_decision_and_nothing_acts_twice(healing, point):
    before, name = healing.acts(), healing.decide()
    (healing.home / "act-takes").write_text("4" if point == "act" else "0")
    healing.show("", True)
    run = healing.starts(name)
    reached = {
        "claim": lambda claim: claim,
        "act": lambda claim: claim and healing.acts() == before + 1,
        "verify": lambda claim: claim and "did" in claim,
    }[point]
    try:
        until(lambda: reached(healing.claim(name)), 60, pause=0.002)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait(10)
    was = healing.claim(name)
    assert ("acts" in was) is (point != "claim")
    assert ("did" in was) is (point == "verify")
    state, result = healing.decision(name)
    assert (state, result["ok"]) == ("failed", False)
    assert result["says"].startswith("its orchestration is gone")
    assert [one for one in healing.audit("alarm") if one["decision"] == name]
    # Its lock is nobody's, and its decision cannot be taken up again.
    healing.show("", False)
    _fires(healing, name)
    until(lambda: _refused(healing, name))
    later = healing.decide()
    (healing.home / "act-takes").write_text("0")
    assert healing.heal(later)[0] == 0
    assert healing.acts() == before + 1 + (point != "claim")


def test_a_running_orchestration_is_not_given_up(healing):
    """Mutation: the engine looks while the orchestration lives, and leaves it alone."""
    name = healing.decide()
    healing.show("", True)
    run = healing.starts(name)
    try:
        until(lambda: "did" in (healing.claim(name) or {}), 60)
        assert healing.decision(name)[0] == "claimed"
        assert run.wait(30) != 0
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            run.wait(10)
    assert healing.decision(name)[1]["says"].endswith("it is still wrong")


def test_a_burst_of_forged_events_holds_nothing_up(healing):
    """
    A decision that comes after it is claimed before its time is over, or it would not be done.

    Last, because the audit takes no more refusals within the hour.
    """
    (healing.states / "burst.sls").write_text(SLS % BURST)
    before, name = healing.acts(), healing.decide()
    fired = healing.salt("n1", "state.apply", "burst", timeout=120)
    assert len(fired) == BURST
    sent = healing.run("salt-run", "event.send", TAG, f'data={{"decision": "{name}"}}')
    assert sent.returncode == 0
    assert healing.salt("n1", "test.ping") is True
    until(lambda: healing.decision(name)[0] in ("done", "failed"), 180)
    assert healing.decision(name)[0] == "done", healing.decision(name)[1]
    until(lambda: len(healing.audit("claim_refused")) == heal_claim.MOST_REFUSED, 60)
    assert healing.acts() == before + 1
    started = [one for one in healing.audit("claimed") if one["decision"].startswith("burst-")]
    assert started == []
    burst = [one for one in healing.audit("claim_refused") if one["decision"].startswith("burst-")]
    assert {one["by"]["told_by"] for one in burst} == {"n1"}
    assert {one["why"] for one in burst} == {"it was never decided"}
