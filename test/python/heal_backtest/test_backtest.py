"""A trial over what was recorded: unchanged it does the same, changed it differs where it must."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import tracemalloc
from collections import Counter
from types import SimpleNamespace

import pytest
from recorded import BEGIN, TABLE, Book, Stack, envelope
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import (
    heal_backtest_compare,
    heal_backtest_run,
    heal_claim,
    heal_settings,
)
from saltext.eos.utils.heal_backtest_past import Made
from saltext.eos.utils.heal_backtest_run import Span, run
from saltext.eos.utils.heal_backtest_try import tried

FAULTS = ("lost", "lost", "unit", "evaluate", "evaluate", "hold", "node_down", "version")
DAY = 86_400.0


def lived(folder, heal, seed, *, every=300.0, seconds=DAY, faults=FAULTS, stopped=0.0):
    """Let a stack live and be healed; gives when it ended."""
    stack = Stack(folder, heal_settings.read(heal), seed, faults)
    stack.stopped = stopped
    stack.run(seconds, every)
    stack.close()
    return stack.clocks.wall


def back(folder, end, heal, **change):
    """Run a trial over what it left."""
    begin = change.pop("begin", BEGIN - 1)
    chosen = change.pop("chosen", list(TABLE))
    trial = tried(heal, TABLE, **change)
    files = (folder / "inbox.db", folder / "healer.db")
    return run(*files, trial, {}, Span(begin, end), chosen, lambda _: None)


@pytest.mark.parametrize(
    ("mode", "every", "seconds"),
    [("observe", 300.0, DAY), ("enforce", 300.0, DAY), ("warn", 900.0, DAY),
     ("enforce", 100.0, DAY / 4)],
)  # fmt: skip
def test_unchanged_is_what_was_done(tmp_path, mode, every, seconds):
    same = all_ = 0
    for seed in range(2):
        folder = tmp_path / str(seed)
        folder.mkdir()
        heal = {"mode": mode}
        end = lived(folder, heal, seed, every=every, seconds=seconds)
        found = back(folder, end, heal)
        made = sum(found["totals"]["was"].values())
        assert made > 50
        assert found["same"] + len([one for one in found["rows"] if one["was"]]) == made
        same, all_ = same + found["same"], all_ + made
    assert same / all_ >= 0.99


def test_what_was_stopped_before_its_act_is_no_attempt_in_a_trial_either(tmp_path):
    """Mutation: count it as an attempt."""
    end = lived(tmp_path, {"mode": "enforce"}, 0, every=100.0, seconds=DAY / 4, stopped=0.5)
    found = back(tmp_path, end, {"mode": "enforce"})
    made = sum(found["totals"]["was"].values())
    assert made > 30
    assert found["same"] / made >= 0.99


def test_what_the_audit_does_not_tell_follows_from_facts(tmp_path):
    """Without the audit at hand a trial still comes to almost the same, from facts alone."""
    heal = {"mode": "observe", "bucket": {"size": 100, "every": "1s"}}
    end = lived(tmp_path, heal, 3, every=900.0)
    with_audit = back(tmp_path, end, heal)
    (tmp_path / "healer.db").rename(tmp_path / "other.db")
    found = back(tmp_path, end, heal)
    was, now = with_audit["totals"]["was"], found["totals"]["now"]
    assert now["note"] == was["note"]
    assert abs(now["would"] - was["would"]) <= 0.05 * was["would"]
    assert "healer.db is not there: nothing was decided, and people said nothing" in found["notes"]
    assert all(row["rests"] for row in found["rows"] if row["now"] == "would")


def test_enforce_would_have_done_what_observe_only_said(tmp_path):
    end = lived(tmp_path, {"mode": "observe"}, 1, every=1800.0)
    found = back(tmp_path, end, {"mode": "observe"}, mode="enforce")
    assert found["changes"] == ["mode: observe -> enforce"]
    assert found["totals"]["was"]["decided"] == 0
    assert found["totals"]["now"]["decided"] > 5
    assert found["totals"]["now"]["would"] == 0
    firsts = [row for row in found["rows"] if row["was"] == "would" and row["now"] == "decided"]
    assert len(firsts) > 5
    assert "was said only, would be done" in found["text"]


def test_a_tighter_budget_lets_fewer_through(tmp_path):
    heal = {"mode": "enforce"}
    end = lived(tmp_path, heal, 2, every=300.0)
    found = back(tmp_path, end, heal, settings="{bucket: {size: 1, every: 2h}}")
    assert found["totals"]["now"]["decided"] <= 1 + DAY / 7200
    assert found["totals"]["now"]["decided"] < found["totals"]["was"]["decided"]
    why = Counter(row["why"].partition(":")[0] for row in found["rows"] if row["now"] is None)
    assert why["bucket"] > 0


def test_fewer_attempts_of_one_policy_change_that_policy(tmp_path):
    # What is touched less by one policy leaves room for another, unless all may be touched.
    heal = {"mode": "observe", "bucket": {"size": 1000, "every": "1s"}, "blast": {"share": 100}}
    end = lived(tmp_path, heal, 5, every=600.0)
    change = {"lost": {"limits": {"attempts": 1}}}
    found = back(tmp_path, end, heal, policies=change)
    assert found["changes"] == ["policies:lost:limits:attempts: default -> 1"]
    assert {row["policy"] for row in found["rows"]} == {"lost"}
    assert any("breaker" in row["why"] for row in found["rows"])


def test_what_a_person_froze_stays_frozen(tmp_path):
    heal = {"mode": "enforce"}
    stack = Stack(tmp_path, heal_settings.read(heal), 4, ("unit",))

    def freeze():
        body = {"verb": "freeze", "what": "stack", "reason": "maintenance", "seconds": 20_000.0}
        heal_claim.tell(tmp_path / "healer.db", body, "ann", stack.clocks)

    stack.at(BEGIN + 10_000.0, freeze)
    stack.run(40_000.0, 400.0)
    stack.close()
    end = stack.clocks.wall
    found = back(tmp_path, end, heal)
    assert found["same"] == sum(found["totals"]["was"].values()) > 5
    assert found["totals"]["now"] == found["totals"]["was"]


def test_nothing_is_written(tmp_path):
    end = lived(tmp_path, {"mode": "observe"}, 6, seconds=10_000.0)

    def digests():
        return {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in tmp_path.iterdir()
            if path.suffix == ".db"
        }

    before = digests()
    back(tmp_path, end, {"mode": "observe"}, mode="enforce")
    assert digests() == before


def test_a_span_begins_with_what_was_before_it(tmp_path):
    """Budgets, cool-downs and open incidents of the day before are those that there were."""
    heal = {"mode": "enforce"}
    end = lived(tmp_path, heal, 7, every=300.0)
    found = back(tmp_path, end, heal, begin=BEGIN + DAY / 2)
    made = sum(found["totals"]["was"].values())
    assert made > 20
    # Of two things that wait for the end of the same act either may come next.
    assert found["same"] >= made - 1


def test_one_policy_is_shown_and_the_others_are_counted(tmp_path):
    heal = {"mode": "observe"}
    end = lived(tmp_path, heal, 8, every=600.0)
    found = back(tmp_path, end, heal, chosen=["unit"], mode="enforce")
    assert {row["policy"] for row in found["rows"]} == {"unit"}
    assert found["hidden"] > 0
    assert f"{found['hidden']} differences of other policies are not shown" in found["text"]


def test_what_no_fact_tells_is_not_made_up(tmp_path):
    """Here nothing tells when Nomad has given a job up, nor which class a unit has."""
    end = lived(tmp_path, {"mode": "observe"}, 10, seconds=20_000.0, faults=("evaluate", "unit"))
    (tmp_path / "healer.db").unlink()
    policy = {
        "given_up": {
            "on": ["nomad/alloc/failed"], "key": ["subject.job"], "act": {"do": "evaluate"},
            "require": {"layer_below": "failed"},
        },
        "core_unit": {
            "on": ["host/unit/failed"], "key": ["subject.minion", "subject.unit"],
            "act": {"do": "report"}, "require": {"classes": ["core"]},
        },
    }  # fmt: skip
    found = back(tmp_path, end, {}, policies=policy, chosen=["given_up", "core_unit"])
    assert found["totals"]["now"] == {"decided": 0, "would": 0, "note": 0}
    told = {(row["policy"], row["cannot_tell"]) for row in found["rows"]}
    assert told == {
        ("given_up", "layer_below: no fact tells that Nomad has given it up"),
        ("core_unit", "required: the pillar of today does not say of which class it is"),
    }
    assert "cannot tell: required: the pillar of today" in found["text"]


def test_a_source_that_was_silent_lets_nothing_be_told(tmp_path):
    stack = Stack(tmp_path, heal_settings.read({"mode": "observe"}), 11, ("unit",))
    stack.tell("bridge/silent", subject={"source": "consul:dc1"})
    stack.run(10_000.0, 1000.0)
    stack.close()
    (tmp_path / "healer.db").unlink()
    found = back(tmp_path, stack.clocks.wall, {})
    assert found["totals"]["now"]["would"] == 0
    why = {row["cannot_tell"] for row in found["rows"] if row["policy"] == "unit"}
    assert why == {"complete: nothing was heard from consul:dc1"}
    assert any("bridge silent, 1 times" in note for note in found["notes"])


def test_what_the_inbox_lacks_is_told(tmp_path):
    end = lived(tmp_path, {"mode": "observe"}, 12, seconds=10_000.0)
    with sqlite3.connect(tmp_path / "inbox.db") as db:
        db.execute("INSERT INTO streams VALUES ('n1-0', 200, 'n1', '1', 'active', 1.0, NULL)")
        db.execute(
            "INSERT INTO dead VALUES (NULL, ?, 'n1-0', 9, 'e', 'code', 'why', '{}')", (BEGIN + 5,)
        )
        (held,) = db.execute("SELECT count(*) FROM events").fetchone()
    found = back(tmp_path, end, {})
    missing = 200 - held - 1
    lacks = f"the inbox lacks {missing} facts of epoch n1-0 between numbers 1 and 200"
    assert lacks in found["notes"]
    assert any(note.startswith("1 dead letters in the span") for note in found["notes"])


def test_an_audit_that_was_changed_is_refused(tmp_path):
    end = lived(tmp_path, {"mode": "observe"}, 13, seconds=10_000.0)
    with sqlite3.connect(tmp_path / "healer.db") as db:
        db.execute("DROP TRIGGER audit_stays")
        db.execute("UPDATE audit SET body = replace(body, 'would', 'could')")
    with pytest.raises(SaltRunnerError, match="the audit in"):
        back(tmp_path, end, {})


def test_many_facts_take_seconds_and_little_memory(tmp_path, monkeypatch):
    book, count = Book(tmp_path / "inbox.db"), 20_000
    with book.db:
        for number in range(count):
            job = number % 200
            place = {"namespace": "default", "job": f"j{job}", "group": "g"}
            verb = "failed" if number % 40 == 0 else "started"
            change = {"to": "failed" if verb == "failed" else "running", "desired": "run"}
            subject = {**place, "alloc": f"x{number}", "node": f"n{job % 5}"}
            fact = envelope(number, f"nomad/alloc/{verb}", subject=subject, change=change)
            book.write(BEGIN + number * 6.0, fact)
    book.db.close()
    told = []
    tracemalloc.start()
    began = time.process_time()
    trial = tried({}, TABLE, mode="enforce")
    files = (tmp_path / "inbox.db", tmp_path / "healer.db")
    span = Span(BEGIN - 1, BEGIN + count * 6)
    monkeypatch.setattr(heal_backtest_run, "PATIENCE", 0.0)
    found = run(*files, trial, {}, span, list(TABLE), told.append)
    seconds, (_, peak) = time.process_time() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found["facts"] == count
    assert seconds < 40.0
    assert peak < 64 * 1024 * 1024
    assert told[0].startswith("backtest: 500 facts, at 2023-11-14T")


def test_all_of_it_is_json(tmp_path):
    end = lived(tmp_path, {"mode": "observe"}, 9, seconds=10_000.0)
    json.dumps(back(tmp_path, end, {"mode": "observe"}, mode="enforce"), allow_nan=False)


def test_settings_that_were_others_are_told(tmp_path):
    end = lived(tmp_path, {"mode": "observe", "bucket": {"size": 2}}, 14, seconds=10_000.0)
    found = back(tmp_path, end, {"mode": "enforce"})
    assert any("in mode observe; the trial has mode enforce" in note for note in found["notes"])
    assert any("budgets of the span: 2 and one each 600 s" in note for note in found["notes"])
    again = back(tmp_path, end, {"mode": "observe", "bucket": {"size": 2}})
    assert not any("of the span" in note for note in again["notes"])
    # Mutation: name the mode of the stack alone, and then act in that of a component.
    mixed = back(tmp_path, end, {"mode": "warn", "components": {"caddy": "enforce"}})
    assert any("has mode warn (caddy enforce) all along" in note for note in mixed["notes"])


def test_a_healer_that_has_just_begun_is_told_as_one(tmp_path):
    """Mutation: say nothing, and what an empty bucket stops is read as what would be done."""
    end = lived(tmp_path, {"mode": "enforce"}, 15, seconds=20_000.0)
    young = back(tmp_path, end, {"mode": "enforce"})
    assert any("its budgets are empty then" in note for note in young["notes"])
    old = back(tmp_path, end, {"mode": "enforce"}, begin=BEGIN + 10_000)
    assert not any("its budgets are empty" in note for note in old["notes"])


@pytest.mark.parametrize(
    ("waits", "why", "cannot"),
    [
        ("still_wrong: whether it is still wrong, and with what input, is not known", "", True),
        ("cool_down: acted lately; 9 s more", "", False),
        (None, "nothing came of it within a minute", False),
    ],
)
def test_what_a_trial_would_not_do_has_a_reason(waits, why, cannot):
    """Mutations: count what nobody knows as nothing to do; give no reason where none was kept."""
    was = Made(100.0, "note", "leaf_oom", "watch", "ab", "job:web")
    past = SimpleNamespace(made=[was], waits={}, checks={}, around=lambda *_: [was])
    held = {} if waits is None else {"ab": [(100.0, waits)]}
    trial = SimpleNamespace(made=[], untold=[], waits=held, checks={})
    found = heal_backtest_compare.compared(trial, past, ["leaf_oom"])
    (line,) = heal_backtest_compare.lines(found)
    assert found["cannot_tell"] == int(cannot)
    assert f"cannot tell: {waits}" in line if cannot else f"with the trial {waits or why}" in line


def test_what_a_trial_would_do_beside_nothing_has_a_reason():
    """Mutation: give a reason only for what the trial would leave."""
    now = Made(100.0, "note", "leaf_oom", "watch", "ab", "job:web")
    past = SimpleNamespace(made=[], waits={}, checks={}, around=lambda *_: [])
    trial = SimpleNamespace(made=[now], untold=[], waits={}, checks={})
    found = heal_backtest_compare.compared(trial, past, ["leaf_oom"])
    (line,) = heal_backtest_compare.lines(found)
    assert "was nothing, would be noted; then nothing was decided about it within a minute" in line
