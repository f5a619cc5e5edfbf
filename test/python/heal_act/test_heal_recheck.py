"""Between a decision and its act things change: each act is done on what is wrong just then."""

from __future__ import annotations

import contextlib
import sqlite3
from types import SimpleNamespace

import pytest
from salt.exceptions import CommandExecutionError
from test_heal_deed import FORM, JOB, STALE, _on

from saltext.eos.utils import (
    heal_audit,
    heal_budget,
    heal_claim,
    heal_file,
    heal_look,
    heal_report_audit,
    heal_settings,
    heal_store,
    master,
)
from saltext.eos.utils.heal_notify_message import severity, text
from saltext.eos.utils.heal_state import DEEDS, Decision, Thing, View
from saltext.eos.verbs import heal_steps

WHO = {"jid": "1", "pid": 1, "started": "x", "user": "a"}
WRONG = Thing(wrong=True, input="x")
SUBJECTS = {
    "apply": _on("consul"), "unseal": {"subject.minion": "n1"}, "evaluate": JOB,
    "deregister": STALE, "resync": STALE,
}  # fmt: skip
ANSWERS = {
    "eos_heal_act.evaluate": {"evaluation": "e-1", "deployment": "", "status": "complete"},
    "eos_heal_act.deregister": {"through": "its agent"},
    "eos_heal_act.resync": {"written": True},
    "eos_heal_act.failed_for_vault": {"failed": [], "managed": 1, "unhealthy": 0},
}
SETTINGS = heal_settings.Settings()


class Step:
    """A claimed decision in the healer's file, a view that the test turns, and what was sent."""

    def __init__(self, home):
        self.path = home / heal_file.NAME
        self.thing, self.blocked, self.sent = WRONG, "", []
        self.between = lambda: None

    def claimed(self, action):
        """Put a decision there as the engine and its orchestration leave it."""
        with contextlib.closing(heal_store.Store(self.path)) as store, store.step(SETTINGS) as at:
            state = store.state
            acted = heal_budget.acted(heal_budget.Key(), "x", at.now, SETTINGS.pace)
            state.set_key("act", "t", acted)
            state.decisions["d-1"] = Decision(
                "d-1", "i-1", action, "t", SUBJECTS[action], ("stack",), "x", at.now,
                at.now + 120.0, "claimed", claim={**WHO, "epoch": state.epoch},
            )  # fmt: skip
            state.mark("decisions", "d-1")

    def act(self, action):
        """Run the step of the orchestration."""
        return heal_steps._act("d-1", action, WHO, False)

    def ended(self):
        """Let the engine obey; give the state, the attempts on the input, and the last line."""
        with contextlib.closing(heal_store.Store(self.path)) as store:
            with store.step(SETTINGS):
                pass
            state = store.state
            attempts = state.key("act", "t").attempts
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            (line,) = [one for one in heal_audit.verified(db) if one.kind == "result"]
        return state.decisions["d-1"].state, attempts, line

    def looking(self, *_):
        def view():
            self.between()
            return View(1.0, self.blocked, 1, 1, "", self.thing)

        return SimpleNamespace(view=view, clock=lambda: 1.0)

    def ask(self, opts, nodes, function, arguments, *_):
        self.sent.append(function)
        told = {"a": {"__id__": "a", "result": True, "changes": {}}}
        return {"n1": {"ret": told, "jid": "2026", "retcode": 0}}

    def call(self, opts, node, function, *_, **__):
        self.sent.append(function)
        return ANSWERS[function]


@pytest.fixture
def step(monkeypatch, tmp_path):
    """The step with a master whose minion answers, and whose views the test makes."""
    one = Step(tmp_path)
    monkeypatch.setattr(heal_steps, "__opts__", {"eos_state_dir": str(tmp_path)})
    monkeypatch.setattr(master, "form", lambda opts: FORM)
    monkeypatch.setattr(master, "ask", one.ask)
    monkeypatch.setattr(master, "call", one.call)
    monkeypatch.setattr(heal_look, "looking", one.looking)
    return one


@pytest.mark.parametrize("action", DEEDS)
def test_what_is_still_wrong_and_the_same_is_acted_on(step, action):
    step.claimed(action)
    step.act(action)
    assert step.sent
    with contextlib.closing(sqlite3.connect(step.path)) as db:
        assert [one.kind for one in heal_audit.verified(db)][-2:] == ["acting", "acted"]


@pytest.mark.parametrize(
    ("turned", "why"),
    [
        ({"thing": WRONG._replace(wrong=None)}, "its owner does not say"),
        ({"thing": WRONG._replace(input="y")}, "it has changed since that was decided"),
        ({"blocked": "nomad"}, "blocked: nomad did not answer wholly"),
    ],
)
@pytest.mark.parametrize("action", DEEDS)
def test_what_turned_between_claim_and_act_is_not_touched_and_was_an_attempt(
    step, action, turned, why
):
    """
    It may be so each time, for ever. Mutations: begin the act before anything is looked at; give
    the attempt back.
    """
    step.claimed(action)
    vars(step).update(turned)
    with pytest.raises(CommandExecutionError, match=why):
        step.act(action)
    assert step.sent == []
    state, attempts, line = step.ended()
    assert (state, attempts) == ("failed", 1)
    assert why in line.body["says"]
    assert "did not come to its act" in text(line)


@pytest.mark.parametrize("action", DEEDS)
def test_what_healed_by_itself_is_told_as_that_and_was_no_attempt(step, action):
    """Mutation: tell people that the act did not help."""
    step.claimed(action)
    step.thing = WRONG._replace(wrong=False)
    with pytest.raises(CommandExecutionError, match="it is not wrong any more"):
        step.act(action)
    assert step.sent == []
    state, attempts, line = step.ended()
    assert (state, attempts) == ("done", 0)
    assert severity(line) == "notice"
    assert text(line).startswith(
        "decision d-1 was not needed: healed by itself before the act: it is not touched"
    )


def test_a_freeze_while_it_is_looked_at_stops_the_act(step):
    """Mutation: look at what stops it only before the view is read."""
    step.claimed("evaluate")
    body = {"verb": "freeze", "what": "stack", "reason": "stop"}
    step.between = lambda: heal_claim.tell(step.path, body, "ann")
    with pytest.raises(CommandExecutionError, match="freeze by ann: stop"):
        step.act("evaluate")
    assert step.sent == []
    state, attempts, line = step.ended()
    assert (state, attempts) == ("failed", 0)
    assert line.body["says"].startswith("evaluate was not done: decision d-1 is not acted on")
    # Mutation: page people at night for what one of them has stopped.
    assert severity(line) == "warning"
    assert heal_report_audit.said(line).startswith("decision d-1: it was not done, evaluate was")


def test_what_the_stack_does_not_have_was_an_attempt(step, monkeypatch):
    """Mutation: give back all that was not begun, and it is decided with every token there is."""
    step.claimed("resync")
    monkeypatch.setattr(master, "form", lambda opts: {**FORM, "all": {}})
    with pytest.raises(CommandExecutionError, match="n1"):
        step.act("resync")
    assert step.sent == []
    assert step.ended()[:2] == ("failed", 1)


@pytest.mark.parametrize(("jid", "attempts"), [("2", 0), ("1", 1), (None, 1)])
def test_what_is_given_up_for_the_lock_of_another_was_no_attempt(step, monkeypatch, jid, attempts):
    """Mutation: give back whatever is given up."""
    step.claimed("evaluate")
    holder = jid and {"jid": jid, "pid": 1, "user": "ann", "name": "x", "host": "m"}
    monkeypatch.setattr(heal_steps.lock, "read", lambda opts: holder)
    monkeypatch.setattr(heal_steps.lock, "describe", lambda holder: "ann")
    heal_steps._abandon("d-1", "evaluate", WHO, False)
    assert step.ended()[:2] == ("failed", attempts)


def test_an_act_that_fails_was_an_attempt(step, monkeypatch):
    step.claimed("evaluate")

    def call(*_, **__):
        raise CommandExecutionError("Nomad refuses")

    monkeypatch.setattr(master, "call", call)
    with pytest.raises(CommandExecutionError, match="Nomad refuses"):
        step.act("evaluate")
    state, attempts, line = step.ended()
    assert (state, attempts) == ("failed", 1)
    assert severity(line) == "critical"
    assert text(line).startswith("decision d-1 did not help: evaluate failed: Nomad refuses")
