"""A claim that comes too late is none of a forger: people are not told of an attack."""

from __future__ import annotations

import pytest
from small_engine import WHO, audit, claim

from saltext.eos.utils import heal_claim


def test_who_starts_late_because_it_was_fired_again_is_not_taken_for_a_forger(engine, decision):
    """On a loaded master two orchestrations start for one decision, some after its time."""
    engine.work(30.0)
    assert engine.store.state.decisions[decision.id].fired == 2
    claim(engine, decision.id)
    with pytest.raises(heal_claim.Refused, match="claimed already"):
        claim(engine, decision.id)
    engine.clocks.pass_(130.0)
    heal_claim.refuse(engine.path, decision.id, "evaluate", WHO, "its time is over", engine.clocks)
    assert [line.kind for line in audit(engine.path)][-2:] == ["claim_late", "claim_late"]
    for name, action in (("invented", "evaluate"), (decision.id, "apply")):
        with pytest.raises(heal_claim.Refused):
            claim(engine, name, action)
        assert audit(engine.path)[-1].kind == "claim_refused"


def test_a_decision_that_a_person_stops_is_not_taken_for_a_forged_one(engine, decision):
    heal_claim.tell(engine.path, {"verb": "freeze", "what": "stack", "reason": "stop"}, "ann")
    with pytest.raises(heal_claim.Refused, match="freeze by ann"):
        claim(engine, decision.id)
    assert audit(engine.path)[-1].kind == "claim_late"
