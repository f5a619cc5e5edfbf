"""The checker of audits finds each breach; so its silence means something."""

from __future__ import annotations

import copy

import pytest
from bounds import broken
from healing import Healer

from saltext.eos.utils import heal_act


@pytest.fixture
def lines():
    """An honest audit of two acts on one job and one on another."""
    healer = Healer()
    for job in ("web", "api"):
        healer.tell("nomad/alloc/failed", job)
    for _ in range(20):
        for one in healer.after(10.0):
            heal_act.claimed(healer.state, one.id, {"jid": "1"})
            healer.state.line("claimed", healer.now, decision=one.id)
            heal_act.ended(healer.state, one.id, False, "not well", (), healer.now)
    found = healer.state.lines
    assert [kind for kind, _ in found].count("decided") >= 4
    return copy.deepcopy(found)


def test_an_honest_audit_has_no_breach(lines):
    assert broken(lines) == []


def _acts(lines):
    return [body for kind, body in lines if kind == "decided"]


def _sooner(lines):
    *_, last = [body for body in _acts(lines) if body["job"] == "web"]
    last["pace"] = {**last["pace"], "cool_first": 1000.0}


def _poorer(lines):
    for body in _acts(lines):
        body["size"] = 2


def _changed(**leaves):
    def change(lines):
        _acts(lines)[-1].update(leaves)

    return change


def _ruled(kind, what, until=None):
    def change(lines):
        body = {"t": 0.0, "rule": kind, "what": what, "until": until, "input": ""}
        lines.insert(0, ("rule", body))

    return change


def _unpassed(lines):
    _acts(lines)[0]["checks"][3]["result"] = "waits"


def _twice(lines):
    at = [kind for kind, _ in lines].index("claimed")
    lines.insert(at, lines[at])


def _same_breath(lines):
    lines[:] = [one for one in lines if one[0] not in ("result", "expired")]


def _contended(lines):
    _ruled("contended", _acts(lines)[0]["thing"])(lines)


def _probed(lines):
    for body in _acts(lines):
        body["pace"] = {**body["pace"], "attempts": 1}


def _forgotten(lines):
    body = _acts(lines)[0]
    at = [kind for kind, _ in lines].index("decided") + 1
    lines.insert(at, ("rested", {"t": body["t"] + 1, "thing": body["thing"], "realm": "act"}))


def _elsewhere(lines):
    """Mutation: count by the bare name, and jobs of many namespaces are one."""
    for number, body in enumerate(_acts(lines)):
        body.update(job="web", names=[f"job:web@team{number}", "job:web"], managed=10)


def _touched(jobs, decision=None):
    """Mutation: what an act touched besides its own job is not counted."""

    def change(lines):
        at = [kind for kind, _ in lines].index("claimed")
        body = lines[at][1]
        more = {"blast_within": 3600.0, "blast_share": 10.0, "managed": 20}
        told = {"t": body["t"], "decision": decision or body["decision"], "jobs": jobs, **more}
        lines.insert(at + 1, ("touched", told))

    return change


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (_elsewhere, "jobs touched within the hour; expected 1"),
        (_touched(["a@apps", "b@apps"]), "3 jobs touched within the hour; expected 2"),
        (_touched(["a@apps"], "d-9"), "d-9 touched jobs, and was never claimed"),
        (_sooner, "after the last act on it"),
        (_poorer, "of a token"),
        (_changed(managed=10), "jobs touched within the hour"),
        (_changed(unhealthy=41), "41 of 100"),
        (_changed(managed=0), "of 0 were unhealthy"),
        (_changed(mode="observe"), "mode observe"),
        (_changed(t=1.0), "time ran back"),
        (_ruled("freeze", "stack"), "under freeze"),
        (_ruled("suspend", "job:web"), "under suspend"),
        (_ruled("hold", "job:web@default"), "under hold"),
        (_contended, "under contended"),
        (_unpassed, "a check did not pass"),
        (_twice, "claimed twice"),
        (_same_breath, "two acts under way"),
        (_probed, "of breaker"),
        (_forgotten, "forgotten within the hour"),
    ],
)
def test_each_breach_is_found(lines, harm, says):
    harm(lines)
    assert any(says in one for one in broken(lines)), broken(lines)


def test_a_rule_that_is_over_is_no_breach(lines):
    _ruled("freeze", "stack", until=1.0)(lines)
    assert broken(lines) == []


def _given_back(lines):
    """Let the first act on a job be given back, and give the acts on that job."""
    first = _acts(lines)[0]
    at = next(
        at for at, (kind, body) in enumerate(lines)
        if kind == "result" and body["decision"] == first["decision"]
    )  # fmt: skip
    body = {name: first[name] for name in ("decision", "thing", "realm")}
    lines.insert(at, ("given_back", {**body, "t": lines[at][1]["t"]}))
    return [one for one in _acts(lines) if one["thing"] == first["thing"]]


def test_the_pause_after_what_was_given_back_is_kept(lines):
    # Fails when the checker forgets the moment of an act that was given back.
    first, second, *_ = _given_back(lines)
    assert broken(lines) == []
    second["pace"] = {**second["pace"], "cool_first": second["t"] - first["t"] + 1.0}
    assert any("after the last act on it" in one for one in broken(lines)), broken(lines)


def test_what_was_given_back_is_no_attempt(lines):
    # Fails when it counts with those that open the breaker.
    _, second, *_ = _given_back(lines)
    second["pace"] = {**second["pace"], "attempts": 1}
    assert broken(lines) == []
