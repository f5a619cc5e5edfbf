"""Between a decision and its act things change: each act is done on what is wrong just then."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from salt.exceptions import CommandExecutionError

from saltext.eos.utils import heal_deed, heal_look, heal_run, master
from saltext.eos.utils.heal_plan import Done
from saltext.eos.utils.heal_state import DEEDS, Thing, View
from saltext.eos.verbs import heal_steps

WHO = {"jid": "1", "pid": 1, "started": "x", "user": "a"}
WRONG = Thing(wrong=True, input="x")


@pytest.fixture
def step(monkeypatch, tmp_path):
    """A claimed decision, a view that the test turns, and what was carried out."""
    told = SimpleNamespace(thing=WRONG, blocked="", done=[], ended=[])
    claimed = heal_run.Claimed({"subject": {}, "input_hash": "x"}, {})

    def carried_out(opts, action, plan, *more):
        told.done.append(action)
        return Done("done")

    def look(*_):
        view = View(1.0, told.blocked, 1, 1, "", told.thing)
        return SimpleNamespace(view=lambda: view, clock=lambda: 1.0)

    monkeypatch.setattr(heal_steps, "__opts__", {"eos_state_dir": str(tmp_path)})
    monkeypatch.setattr(master, "form", lambda opts: {})
    for name in ("begin", "still"):
        monkeypatch.setattr(heal_run, name, lambda *_: claimed, raising=False)
    monkeypatch.setattr(heal_run, "did", lambda *_: None)
    monkeypatch.setattr(heal_run, "end", lambda *given: told.ended.append(given[3:]) or True)
    monkeypatch.setattr(heal_deed, "planned", lambda *_: SimpleNamespace(within=1.0))
    monkeypatch.setattr(heal_deed, "carried_out", carried_out)
    monkeypatch.setattr(heal_look, "looking", look)
    return told


@pytest.mark.parametrize("action", DEEDS)
def test_what_is_still_wrong_and_the_same_is_acted_on(step, action):
    heal_steps.act("d-1", action, WHO)
    assert step.done == [action]


@pytest.mark.parametrize(
    ("turned", "why"),
    [
        ({"thing": WRONG._replace(wrong=False)}, "it is not wrong any more"),
        ({"thing": WRONG._replace(wrong=None)}, "its owner does not say"),
        ({"thing": WRONG._replace(input="y")}, "it has changed since that was decided"),
        ({"blocked": "nomad"}, "blocked: nomad did not answer wholly"),
    ],
)
@pytest.mark.parametrize("action", DEEDS)
def test_what_turned_between_claim_and_act_is_not_touched(step, action, turned, why):
    vars(step).update(turned)
    with pytest.raises(CommandExecutionError, match=why):
        heal_steps._act("d-1", action, WHO, False)
    assert step.done == []
    ((ok, says),) = step.ended
    assert ok is False
    assert why in says
