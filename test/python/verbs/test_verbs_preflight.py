"""What `eos.preflight` says of what no step of a plan needs."""

from __future__ import annotations

from saltext.eos.utils import heal_notify_try, master, preflight


def test_who_cannot_be_told_of_healing_keeps_no_stack_back(home, run, monkeypatch):
    """
    The plan that mends a fault runs although a returner is gone.

    Mutation: count it among what is in the way; or say nothing of it.
    """
    home.mkdir()
    monkeypatch.setattr(master, "form", lambda _: {"all": {"n1": {}}, "heal": {"mode": "warn"}})
    monkeypatch.setattr(master, "idle", lambda *_: [])
    asked = []

    def findings(opts, heal):
        asked.append(heal)
        return ["this master has no returner slcak"]

    monkeypatch.setattr(heal_notify_try, "findings", findings)
    monkeypatch.setattr(preflight, "findings", lambda *_: [])
    said = run("preflight")
    assert asked == [{"mode": "warn"}]
    assert said.get("retcode", 0) == run.context.get("retcode", 0) == 0
    assert said["comment"].splitlines() == [
        "1 nodes are ready.",
        "Nobody will be told of healing this way: this master has no returner slcak.",
    ]
