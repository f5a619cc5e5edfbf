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


@pytest.mark.parametrize(
    ("harm", "says"),
    [
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
