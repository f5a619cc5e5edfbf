"""What the benchmark reads of a thread: only an act that was begun and found well is verified."""

from __future__ import annotations

import contextlib
import importlib.util
import sqlite3
from pathlib import Path

import pytest
from small_engine import WHO, claim

from saltext.eos.utils import heal_claim, heal_run

TIMES = Path(__file__).parents[2] / "bench" / "heal" / "times.py"
EPOCH = 1_700_000_000.0


@pytest.fixture
def times():
    """The program that the benchmark runs on the master's node."""
    spec = importlib.util.spec_from_file_location("times", TIMES)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def inbox(tmp_path):
    """One that was told e0, of another thing, and of the thing e1 unsettled and settled."""
    path = tmp_path / "inbox.db"
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "CREATE TABLE events (row INTEGER PRIMARY KEY, id, received, settled, occurred, body)"
        )
        rows = [
            ("e0", EPOCH, 1, "api"),
            ("e1:unsettled", EPOCH, 0, "web"),
            ("e9", EPOCH + 1.0, 1, "web"),
            ("e1", EPOCH + 3.0, 1, "web"),
        ]
        for row in rows:
            db.execute(
                "INSERT INTO events VALUES (NULL, ?, ?, ?, '2023-11-14T22:13:20.5Z', ?)", row
            )
    return path


ENDS = [(True, None, "verified"), (True, False, "healed before"), (False, None, "not verified")]


@pytest.mark.parametrize(("ok", "begun", "end"), [*ENDS, (False, False, "not begun")])
def test_an_act_that_was_not_begun_or_did_not_help_is_not_verified(
    times, inbox, engine, decision, ok, begun, end
):
    """Mutation: the first result counts, whatever it says, and each of these is verified."""
    claim(engine, decision.id)
    if begun is not False:
        heal_run.begin(engine.path, decision.id, "evaluate", WHO, engine.clocks)
    told = {"verb": "result", "decision": decision.id, "ok": ok, "says": "", "effects": []}
    more = {} if begun is None else {"begun": begun}
    heal_claim.tell(engine.path, {**told, **more}, "salt")
    engine.work(1.0)
    found = times.main(EPOCH - 1.0, "web", inbox, engine.path)
    assert found["end"] == end
    assert (found["verified"] is not None) is (end == "verified")
    assert found["claimed"] is not None


def test_a_decision_is_timed_by_the_event_that_it_was_made_for(times, inbox, engine, decision):
    """Mutation: by the first settled event that names the thing, which was two seconds sooner."""
    found = times.main(EPOCH - 1.0, "web", inbox, engine.path)
    assert found["event"] == EPOCH
    assert found["settled"] == EPOCH + 3.0
    assert found["occurred"] == pytest.approx(EPOCH + 0.5, abs=0.01)
    assert found["decided"] == EPOCH + 5.0
    assert (found["verified"], found["end"]) == (None, None)
