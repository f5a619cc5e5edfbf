"""Healing that meets itself, another writer, or Nomad's own repair does not run in circles."""

from __future__ import annotations

import pytest
from bounds import broken
from healing import ENFORCE, WRONG, Healer, policy

from saltext.eos.utils import heal_act, heal_command, heal_settings
from saltext.eos.utils.heal_budget import Bucket

JOB_ON_NODE = ["subject.job", "subject.namespace", "subject.node"]
FIELD = {
    "drift": policy(["nomad/job/drifted"], {"do": "apply", "component": "web"}, JOB_ON_NODE),
    "hold": policy(["nomad/deployment/reverted"], {"do": "hold"}),
}
RICH = heal_settings.read({"mode": "enforce", "bucket": {"size": 1000, "every": "1s"}})


def _done(healer, decision, *, ok=True, effects=()):
    heal_act.claimed(healer.state, decision.id, {"jid": "1"})
    heal_act.ended(healer.state, decision.id, ok, "verified", effects, healer.now)


def _whole(healer):
    """Give the audit with the claims that the store would have written."""
    found = []
    for kind, body in healer.state.lines:
        if kind == "result":
            found.append(("claimed", body))
        found.append((kind, body))
    return found


def test_what_an_act_brings_about_causes_nothing():
    """Every fact of its evaluation, its deployment and its allocation is fed back, many times."""
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    (decision,) = healer.after(5.0)
    _done(healer, decision, effects=("eval-1", "alloc-2"))
    healer.thing = WRONG._replace(wrong=False)
    for second in range(500):
        for job in ("web", "api"):
            healer.row += 1
            told = {
                "id": f"own{healer.row}", "event": "nomad/alloc", "verb": "failed",
                "settled": True, "source": {"kind": "nomad", "name": "nomad:global"},
                "subject": {"job": job, "namespace": "default", "alloc": f"alloc-{second % 3}"},
                "links": {"eval": "eval-1" if second % 3 != 2 else None}, "verdict": {},
            }  # fmt: skip
            healer.core.arrive(healer.row, told, healer.now)
        assert healer.after(1.0) == []
    assert len(healer.decided()) == 1
    assert healer.kinds().count("opened") == 1
    assert "own" in healer.kinds()


@pytest.mark.parametrize(("verb", "is_echo"), [("deregistered", False), ("critical", True)])
def test_what_tells_the_contrary_of_an_act_is_no_echo_of_it(verb, is_echo):
    """Mutation: take each fact with an id that an act brought about for its echo."""
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    (decision,) = healer.after(5.0)
    decision.action = "resync"
    _done(healer, decision, effects=("_nomad-task-1",))
    told = {"id": "x", "event": "consul/service", "verb": verb, "links": {},
            "subject": {"instance": "_nomad-task-1"}}  # fmt: skip
    found = heal_act.echo(healer.state, told, healer.now, healer.core.settings)
    assert (found == decision.id) is is_echo


def test_an_echo_does_not_hide_a_fault_that_stays():
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    (decision,) = healer.after(5.0)
    _done(healer, decision, effects=("eval-1",))
    found = []
    while not found:
        found = healer.after(5.0)
        assert healer.now < 200.0
    assert found[0].thing == decision.thing


def test_decisions_about_eos_itself_are_for_no_policy():
    healer = Healer()
    for event in ("eos/heal/decided", "heal/decided/evaluate"):
        healer.tell(event)
    assert healer.state.incidents == {}


def test_another_writer_that_undoes_every_repair_is_left_alone():
    """Every 30 s for an hour it sets the field back: after two flips nothing is written."""
    healer = Healer(RICH, FIELD)
    healer.state.buckets["act"] = Bucket(1000, 0)
    wrong = WRONG._replace(value="theirs", writer="token 7c1e")
    for second in range(3600):
        if second % 30 == 0:
            healer.thing = wrong
            healer.tell("nomad/job/drifted", node="n1")
        for one in healer.after(1.0):
            healer.thing = WRONG._replace(wrong=False, value="ours")
            _done(healer, one)
    assert len(healer.decided()) == 2
    assert healer.why().startswith("contended: CONTENDED: token 7c1e undid what Eos wrote, 2 times")
    (rule,) = [rule for rule in healer.state.rules.values() if rule.kind == "contended"]
    assert "job web" in rule.reason
    healer.now += 86_400.0
    healer.thing = wrong
    healer.tell("nomad/job/drifted", node="n1")
    assert healer.after(5.0) == healer.after(3700.0) == []
    heal_command.obey(
        healer.state, {"verb": "release", "what": rule.what}, "ann", healer.now, ENFORCE
    )
    assert len(healer.after(60.0)) == 1
    assert broken(_whole(healer)) == []


def test_a_fault_without_a_writer_is_no_contention():
    healer = Healer(RICH)
    for _ in range(200):
        healer.thing = WRONG
        healer.tell("nomad/alloc/failed")
        for one in healer.after(30.0):
            healer.thing = WRONG._replace(wrong=False)
            _done(healer, one)
    assert len(healer.decided()) >= 3
    assert not healer.state.rules


def test_a_broken_image_is_applied_once_then_held_until_it_changes():
    """Nomad goes back to what ran before; putting the broken one on again would never end."""
    healer = Healer(RICH, FIELD)
    healer.thing = WRONG._replace(input="broken")
    healer.tell("nomad/job/drifted", node="n1")
    (decision,) = healer.after(5.0)
    healer.after(10.0)
    _done(healer, decision, ok=False, effects=("deployment-1",))
    healer.tell("nomad/deployment/reverted", deployment="deployment-1")
    for _ in range(24 * 60):
        healer.tell("nomad/job/drifted", node="n1")
        assert healer.after(60.0) == []
    assert len(healer.decided()) == 1
    assert healer.why().startswith("suspended: job:web@default is held by healer")
    healer.thing = WRONG._replace(input="mended")
    healer.tell("nomad/job/drifted", node="n1")
    found = []
    for _ in range(10):
        found = found or healer.after(60.0)
    (second,) = found
    assert second.input_hash == "mended"


@pytest.mark.parametrize("mode", ["enforce", "observe"])
def test_one_job_that_never_heals_is_tried_seven_times_a_day(mode):
    healer = Healer(heal_settings.read({"mode": mode}))
    while healer.now < 86_400.0:
        healer.tell("nomad/alloc/failed")
        for one in healer.after(5.0):
            _done(healer, one, ok=False)
    kind = "decided" if mode == "enforce" else "would"
    acts = [body["t"] for name, body in healer.state.lines if name == kind]
    assert len(acts) == 7
    assert [round((moment - acts[0]) / 60) for moment in acts][:4] == [0, 1, 3, 63]


def test_after_an_hour_of_health_it_begins_anew():
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    (one,) = healer.after(5.0)
    healer.thing = WRONG._replace(wrong=False)
    _done(healer, one)
    for _ in range(59):
        healer.after(60.0)
    (incident,) = healer.state.incidents.values()
    assert incident.state == "watching"
    for _ in range(3):
        healer.after(60.0)
    assert healer.state.incidents == healer.state.keys == {}
    (rested,) = [body for kind, body in healer.state.lines if kind == "rested"]
    # Fails when people are told a hash of what has rested.
    assert rested["what"] == "job web, namespace default"


@pytest.mark.parametrize(
    ("told", "most"),
    [({"begun": True}, 7), ({"begun": False}, 7), ({"begun": False, "back": True}, 14)],
    ids=["failed", "not begun", "stopped"],
)
def test_an_act_that_never_helps_is_decided_a_few_times_a_day(told, most):
    """
    Of a day of tokens, 149, the rest is for others, however the acts end before they help.

    Mutations: give back all that was not begun; take back the pause with the attempt.
    """
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    for _ in range(24 * 360):
        for one in healer.after(10.0):
            heal_act.claimed(healer.state, one.id, {"jid": "1"})
            healer.state.line("claimed", healer.now, decision=one.id)
            body = {"verb": "result", "decision": one.id, "ok": False, "says": "", **told}
            heal_command.obey(healer.state, body, "x", healer.now, ENFORCE)
    assert 5 <= len(healer.decided()) <= most
    assert broken(healer.state.lines) == []


def test_whoever_found_the_cause_closes_the_breaker():
    """Mutations: refuse it; count on from the attempts of before; forget the pause as well."""
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    while len(healer.decided()) < 3:
        for one in healer.after(10.0):
            _done(healer, one, ok=False)
    while not healer.why().startswith("breaker: "):
        healer.after(10.0)
    (incident,) = healer.state.incidents.values()
    told = {"verb": "release", "what": "job:web", "things": {incident.thing: "job:web"}}
    heal_command.obey(healer.state, told, "ann", healer.now, ENFORCE)
    assert healer.state.lines[-1][0] == "breaker_closed"
    for _ in range(2):
        count = len(healer.decided())
        while len(healer.decided()) == count:
            for one in healer.after(10.0):
                _done(healer, one, ok=False)
    moments = [one["t"] for one in healer.decided()]
    # The pause after the third is four minutes, that after the fourth eight.
    assert 240.0 <= moments[3] - moments[2] <= 300.0
    assert 480.0 <= moments[4] - moments[3] <= 540.0
    assert broken(_whole(healer)) == []


def test_a_release_closes_the_breaker_of_no_thing_that_it_does_not_have():
    """Mutation: close whatever goes by the name."""
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    while len(healer.decided()) < 3:
        for one in healer.after(10.0):
            _done(healer, one, ok=False)
    told = {"verb": "release", "what": "job:web", "things": {"ab" * 32: "job:other"}}
    with pytest.raises(heal_command.Refused):
        heal_command.obey(healer.state, told, "ann", 0.0, ENFORCE)


@pytest.mark.parametrize(("told", "waits"), [({}, True), ({"begun": False}, False)])
def test_only_what_was_acted_on_has_an_echo(told, waits):
    """Mutation: take each claim for an act, and the next fault waits for the echo of nothing."""
    healer = Healer()
    healer.tell("nomad/alloc/failed")
    (one,) = healer.after(5.0)
    heal_act.claimed(healer.state, one.id, {"jid": "1"})
    body = {"verb": "result", "decision": one.id, "ok": True, "says": "healed by itself", **told}
    heal_command.obey(healer.state, body, "x", healer.now, ENFORCE)
    healer.tell("nomad/alloc/failed")
    healer.after(5.0)
    assert healer.why().startswith("own: it may be what decision" if waits else "cool_down: ")
