"""How the stack stands, for people: who goes by an old pillar is named."""

from __future__ import annotations

from saltext.eos.utils import contract, standing

FORM = {
    "stack": "home", "all": {"n1": {"components": {}}, "n2": {"components": {}}},
    "nodes": {name: {"address": "192.0.2.1", "roles": {}} for name in ("n1", "n2")},
}  # fmt: skip
REFUSED = {"since": "2026-11-21T22:56:00Z", "why": "eos:heal:mode: expected one of …"}


def _told(monkeypatch, books):
    answers = {"eos_gate.observe_all": {name: {"ret": []} for name in books}}
    answers["eos_host.status"] = {name: {"ret": told} for name, told in books.items()}
    monkeypatch.setattr(
        standing.master, "ask",
        lambda opts, nodes, function: {name: answers[function][name] for name in nodes},
    )  # fmt: skip
    return standing.needs(standing.status({}, FORM, contract.load()))


def test_a_minion_that_goes_by_an_old_pillar_needs_a_person(monkeypatch):
    """Mutation: ask the gates alone, which read the pillar of the master."""
    books = {"n1": {"running": True, "refused": REFUSED}, "n2": {"running": True, "refused": None}}
    (said,) = _told(monkeypatch, books)
    assert said.startswith("n1 has a pillar that is refused, since 2026-11-21T22:56:00Z")
    assert "eos:heal:mode" in said
    assert "`salt n1 saltutil.refresh_pillar`" in said


def test_an_older_wheel_and_one_without_the_beacon_say_nothing_of_it(monkeypatch):
    books = {"n1": {"running": False}, "n2": "'eos_host.status' is not available."}
    assert _told(monkeypatch, books) == []
