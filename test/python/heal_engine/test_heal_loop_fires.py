"""How often a decision is fired: until it is claimed, evenly, and no more often than it may."""

from __future__ import annotations

import pytest
from stage import envelope

from saltext.eos.utils import heal_claim, heal_file


def test_a_decision_that_nobody_claims_is_fired_four_times_then_an_alarm(stage):
    clocks = stage.still()
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    for count in (2, 3, 4):
        clocks.pass_(28.0)
        stage.turn(0.1)
        assert len(stage.outlet.fired) == count - 1
        clocks.pass_(2.5)
        stage.until(lambda count=count: len(stage.outlet.fired) == count)
    clocks.pass_(31.0)
    (alarm,) = stage.until(lambda: stage.lines("alarm"))
    assert alarm["says"] == "nobody claimed it: is the reactor set up?"
    assert alarm["place"] == "job web, namespace default"
    stage.turn(0.2)
    assert [one.id for one in stage.outlet.fired].count(alarm["decision"]) == 4


def test_restarts_use_up_no_firings(stage):
    """
    A decision is fired evenly for as long as it is valid, however often the engine begins anew.

    Mutation: fire at each start whatever is decided.
    """
    clocks = stage.still()
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    for _ in range(4):
        clocks.pass_(1.0)
        stage.again(read=clocks)
        stage.turn(0.1)
    assert len(stage.outlet.fired) == 2
    for count in (3, 4):
        clocks.pass_(30.5)
        stage.until(lambda count=count: len(stage.outlet.fired) == count)


def test_a_decision_whose_firings_are_used_up_wakes_nobody_before_its_end(stage):
    """Mutation: step at each turn, with nothing to do, until it expires."""
    clocks = stage.still()
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    stage.again(read=clocks)
    stage.until(lambda: len(stage.outlet.fired) == 2)
    for count in (3, 4):
        clocks.pass_(30.5)
        stage.until(lambda count=count: len(stage.outlet.fired) == count)
    clocks.pass_(31.0)
    stage.turn(0.1)
    assert stage.lines("expired") == []
    steps = stage.loop.counters["steps"]
    stage.turn(0.5)
    assert stage.loop.counters["steps"] <= steps + 1


def test_after_a_restart_a_second_orchestration_is_late_and_no_forger(stage):
    """Mutation: let the engine write that it fired before its own time began."""
    clocks = stage.still()
    clocks.pass_(5_000.0)
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    stage.again(read=clocks)
    stage.until(lambda: len(stage.outlet.fired) == 2)
    path = stage.home / heal_file.NAME
    heal_claim.claim(path, decision.id, decision.action, {"jid": "1"}, clocks)
    stage.again(read=clocks)
    result = {"verb": "result", "decision": decision.id, "ok": True, "says": "well"}
    heal_claim.tell(path, result, "run 1", clocks)
    stage.until(lambda: stage.lines("result"))
    with pytest.raises(heal_claim.Refused):
        heal_claim.claim(path, decision.id, decision.action, {"jid": "2"}, clocks)
    assert [one["kind"] for one in stage.lines()][-1] == "claim_late"


def test_what_perhaps_never_was_fired_is_fired_at_once_however_long_it_holds(stage):
    """Mutation: go back by as long as is waited by default, before the pillar is read."""
    stage.world.heal = {**stage.world.heal, "decision": {"valid": "10m"}}
    clocks = stage.still()
    stage.put(envelope(1))
    stage.until(lambda: stage.outlet.fired)
    clocks.pass_(1.0)
    stage.again(read=clocks)
    stage.until(lambda: len(stage.outlet.fired) == 2)
