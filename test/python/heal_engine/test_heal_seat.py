"""What the loop does where several masters heal: one acts, the others only take facts in."""

from __future__ import annotations

import contextlib
import time

import pytest
from stage import FAST, envelope

from saltext.eos.utils import heal_claim, heal_file, heal_reader
from saltext.eos.utils.heal_lease import ALONE, HOLDER, STANDBY, Standing

OTHER = Standing(STANDBY, 0, 0.0, "", "another master holds the lock")
NOBODY = Standing(ALONE, 0, 0.0, "", "Consul cannot be asked who heals")


class Seat:
    """What Consul would say."""

    def __init__(self, standing) -> None:
        self.standing = standing

    def __call__(self, form):
        return self.standing


def _holds(epoch, before="m1"):
    return Standing(HOLDER, epoch, 12.0, before, "")


@pytest.fixture
def seated(stage):
    """A loop of master m1, with tokens."""

    def make(standing, **heal):
        stage.world.heal = {**FAST, **heal}
        stage.tokens()
        seat = Seat(standing)
        stage.again(seat=seat, node="m1")
        return seat

    return make


def _claim(stage, decision):
    return heal_claim.claim(stage.home / heal_file.NAME, decision.id, decision.action, {"jid": "1"})


def test_a_standby_takes_facts_in_and_decides_nothing(stage, seated):
    seated(OTHER)
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.status().row == 1)
    stage.turn(0.5)
    assert (stage.outlet.fired, stage.world.asked) == ([], [])
    status = stage.loop.status()
    assert (status.state, status.why) == ("standby", "another master holds the lock")


def test_who_takes_over_decides_what_waited_under_the_new_epoch(stage, seated):
    seat = seated(OTHER)
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.status().row == 1)
    seat.standing = _holds(4711)
    (decision,) = stage.until(lambda: stage.outlet.fired)
    assert decision.epoch == stage.loop.status().epoch == 4711
    assert _claim(stage, decision)["subject.job"] == "web"


def test_who_follows_on_another_master_begins_without_a_token(stage, seated):
    seat = seated(OTHER)
    stage.put(envelope(1))
    seat.standing = _holds(4711, before="m2")
    stage.until(lambda: stage.lines("lease"))
    stage.turn(0.5)
    assert stage.outlet.fired == []
    assert stage.loop.status().tokens < 0.1


def test_who_lost_the_lock_takes_back_what_nobody_claimed(stage, seated):
    seat = seated(_holds(7))
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    seat.standing = OTHER
    stage.until(lambda: stage.lines("expired"))
    with pytest.raises(heal_claim.Refused):
        _claim(stage, decision)
    assert stage.loop.status().state == "standby"


def test_a_claim_is_refused_when_the_lease_has_ended_and_the_engine_with_it(stage, seated):
    seat = seated(_holds(7))
    seat.standing = seat.standing._replace(left=0.2)
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    stage.loop.close()
    time.sleep(0.3)
    with pytest.raises(heal_claim.Refused, match="its lease has ended"):
        _claim(stage, decision)


def test_an_epoch_never_goes_back_though_consul_was_made_anew(stage, seated):
    seat = seated(_holds(900))
    stage.until(lambda: stage.loop.status().epoch == 900)
    seat.standing = _holds(12)
    stage.until(lambda: stage.loop.status().epoch == 901)


@pytest.mark.parametrize(("primary", "acts"), [("m1", True), ("m2", False), (None, False)])
def test_while_nobody_can_be_asked_the_primary_acts_on_its_own_units_alone(
    stage, seated, primary, acts
):
    seated(NOBODY, **({"primary": primary} if primary else {}))
    for number, (event, minion) in enumerate(
        [("nomad/alloc/failed", "m1"), ("host/unit/failed", "m2"), ("host/unit/failed", "m1")], 1
    ):
        one = envelope(number, event)
        stage.put({**one, "subject": {**one["subject"], "minion": minion}})
    stage.until(lambda: stage.loop.status().row == 3)
    if acts:
        (decision,) = stage.until(lambda: stage.outlet.fired)
        assert decision.subject["subject.minion"] == "m1"
        assert _claim(stage, decision)
        assert "only units of m1" in stage.loop.status().why
    stage.turn(0.5)
    assert len(stage.outlet.fired) == int(acts)
    assert stage.loop.status().state == ("running" if acts else "standby")
    if acts:
        waits = [line["checks"][-1]["name"] for line in stage.lines("waits")]
        assert waits.count("frozen") == 2


def test_a_master_that_is_alone_again_needs_no_lease(stage, seated):
    seat = seated(OTHER)
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.status().row == 1)
    seat.standing = None
    (decision,) = stage.until(lambda: stage.outlet.fired)
    assert _claim(stage, decision)


def test_before_the_pillar_is_read_nobody_claims_where_a_lease_was_needed(stage, seated):
    """An engine that starts anew does not know yet that there are others."""
    seated(_holds(7))
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    stage.world.error = RuntimeError("the pillar does not compile")
    stage.again(seat=Seat(None), node="m1")
    stage.put(envelope(2, "nomad/alloc/lost"))
    stage.until(lambda: stage.loop.status().row == 2)
    with pytest.raises(heal_claim.Refused, match="its lease has ended"):
        _claim(stage, decision)


def test_a_master_that_never_needed_a_lease_needs_none_before_the_pillar_is_read(stage):
    stage.tokens()
    stage.put(envelope(1))
    (decision,) = stage.until(lambda: stage.outlet.fired)
    stage.world.error = RuntimeError("the pillar does not compile")
    stage.again()
    stage.put(envelope(2, "nomad/alloc/lost"))
    stage.until(lambda: stage.loop.status().row == 2)
    assert _claim(stage, decision)["subject.job"] == "web"


def test_the_file_says_which_masters_heal(stage):
    """Whoever types a freeze is told by it on which of them that counts."""
    roles = {"m2": {"healer": ["runner"]}, "n1": {}, "m1": {"healer": ["runner"]}}
    nodes = {name: {"roles": one} for name, one in roles.items()}
    stage.world.form = lambda: {"heal": dict(FAST), "nodes": nodes}
    stage.put(envelope(1))
    stage.until(lambda: stage.loop.status().settings)
    stage.put(envelope(2))
    stage.until(lambda: stage.loop.status().row == 2)
    with contextlib.closing(heal_reader.Reader(stage.home / heal_file.NAME)) as reader:
        assert reader.state.healers == ["m1", "m2"]
