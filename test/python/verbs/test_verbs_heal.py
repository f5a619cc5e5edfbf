"""eos.heal: with test it says what would be done and does nothing; without, it only hurries."""

import hashlib
import sqlite3

import pytest
from healed import WRONG, Healed, lost, reverted

from saltext.eos.utils import heal_settings, heal_snapshot, heal_state, heal_view, lock, master


@pytest.fixture
def world(monkeypatch):
    """A stack whose every thing is as ``thing`` says, in the mode ``heal`` says."""
    held = {"thing": WRONG, "blocked": "", "heal": {"mode": "enforce"}}
    monkeypatch.setattr(master, "form", lambda opts: {"heal": held["heal"]})
    monkeypatch.setattr(heal_view, "needs", lambda pairs: pairs)
    monkeypatch.setattr(heal_snapshot, "read", lambda opts, form, clock, needs: clock())
    monkeypatch.setattr(
        heal_view, "view",
        lambda one, _, at, form: heal_state.View(at, held["blocked"], 100, 1, "", held["thing"]),
    )  # fmt: skip
    return held


def _content(healed):
    """Everything that the file holds."""
    with sqlite3.connect(f"file:{healed.path}?mode=ro", uri=True) as db:
        return hashlib.sha256("\n".join(db.iterdump()).encode()).hexdigest()


@pytest.fixture
def waiting(home):
    """A healer with one registration that is still lost, blocked so far."""
    home.mkdir()
    healed = Healed(home, back=300)
    healed.turns()
    healed.blocked = "consul"
    healed.tell(lost(1))
    healed.after(30)
    return healed


def test_it_says_what_would_be_done_and_writes_nothing(waiting, run, world):
    before = _content(waiting)
    found = run("heal", test=True)
    (row,) = found["rows"]
    assert (row["verdict"], row["action"], row["wrong"]) == ("WOULD ACT", "resync", True)
    assert {check["result"] for check in row["checks"]} == {"passed"}
    text = " ".join(found["text"].split())
    assert "Nothing was done or written. Mode enforce; 4.0 of 5 acts would be left." in text
    assert _content(waiting) == before


def test_a_mode_of_one_component_is_told_with_that_of_all(waiting, run, world):
    """Mutation: end with the mode of the stack alone, and what is about to be done reads as not."""
    world["heal"] = {"mode": "observe", "components": {"consul": "enforce"}}
    found = run("heal", test=True)
    assert found["rows"][0]["verdict"] == "WOULD ACT"
    assert "Mode observe (consul enforce); 4.0 of 5" in " ".join(found["text"].split())


@pytest.mark.parametrize(
    ("changed", "verdict", "why"),
    [
        ({"heal": {"mode": "observe"}}, "would say", "_nomad-task-1"),
        ({"blocked": "consul"}, "waits", "complete: blocked: consul did not answer wholly"),
        ({"thing": WRONG._replace(wrong=False)}, "is well", "it is not wrong, or not any more"),
        ({"thing": WRONG._replace(layer="progress")}, "waits", "layer_below: Nomad or Consul"),
        ({"thing": WRONG._replace(wrong=None)}, "waits", "still_wrong: whether it is still wrong"),
    ],
)
def test_it_goes_through_the_same_checks(waiting, run, world, changed, verdict, why):
    world.update(changed)
    (row,) = run("heal", test=True)["rows"]
    assert row["verdict"] == verdict
    assert why in row["why"]


def test_a_freeze_that_the_engine_has_not_read_stops_it_too(waiting, run, world):
    run("freeze", reason="disks are being changed")
    (row,) = run("heal", test=True)["rows"]
    assert (row["verdict"], row["why"].startswith("frozen: stack is frozen by")) == ("waits", True)


def test_a_stack_lock_that_somebody_holds_is_said(waiting, run, world, home):
    """Mutation: say what would be done while the engine waits for it."""
    opts = {"eos_state_dir": str(home)}
    lock.take(opts, "apply", "20260101", "ann")
    try:
        (row,) = run("heal", test=True)["rows"]
    finally:
        lock.release(opts)
    assert row["verdict"] == "waits"
    assert row["why"].startswith("blast: the stack lock is held by apply of ann")


def test_of_two_only_one_would_act_at_once(waiting, run, world):
    waiting.tell(lost(2, "_nomad-task-2"))
    waiting.after(30)
    verdicts = sorted(row["verdict"] for row in run("heal", test=True)["rows"])
    assert verdicts == ["WOULD ACT", "waits"]


def test_what_is_under_way_is_said_to_be(home, run, world):
    home.mkdir()
    healed = Healed(home, back=300)
    healed.tell(lost(1))
    healed.after(250)
    (row,) = run("heal", test=True)["rows"]
    assert row["verdict"] == "under way"


def test_without_test_it_only_hurries(waiting, run, world):
    waiting.clocks.back = 0
    (incident,) = waiting.store.state.incidents.values()
    incident.due = waiting.store.now() + 3600
    found = run("heal")
    assert "looks at all open incidents now (1)" in " ".join(found["text"].split())
    waiting.blocked = ""
    with waiting.store.step(waiting.settings) as moment:
        assert incident.due == moment.now
    assert waiting.tell()  # every check let it through


def test_hurrying_does_not_shorten_a_pause(waiting, run, world):
    """The same hurry while it is frozen decides nothing."""
    run("freeze", reason="r")
    run("heal")
    waiting.blocked = ""
    assert waiting.tell() == []


def test_nothing_wrong_is_said_plainly(healed, run, world):
    assert run("heal", test=True)["text"].startswith("nothing is wrong that the healer knows of")


def test_a_note_is_told_as_one(healed, run, world):
    healed.clocks.back = 30
    healed.tell(reverted(1))
    healed.clocks.back = 0
    (row,) = run("heal", test=True)["rows"]
    assert (row["verdict"], row["action"]) == ("would note", "hold")


@pytest.mark.parametrize("asked", [{"test": "yes"}, {"tset": True}])
def test_what_cannot_be_meant_is_refused(healed, run, asked):
    assert run("heal", **asked)["retcode"] == 2


def test_a_pillar_that_cannot_be_meant_is_said(waiting, run, world):
    world["heal"] = {"mode": "enfroce"}
    said = run("heal", test=True)
    assert said["retcode"] == 1
    assert "eos:heal:mode" in said["comment"]


def test_settings_of_a_job_count(waiting, run, world):
    world["heal"] = {"mode": "enforce", "components": {"consul": "observe"}}
    assert heal_settings.read(world["heal"]).components == {"consul": "observe"}
    (row,) = run("heal", test=True)["rows"]
    assert row["verdict"] == "would say"
