"""The inbox by itself: whose numbers it holds, what it forgets, and how it is read."""

import json
import sqlite3
import threading
import time
import tracemalloc

import pytest
from feeder import envelope

from saltext.eos.utils import bridge_report, inbox_file
from saltext.eos.utils.inbox import Inbox, Refused, Taken
from saltext.eos.utils.inbox_read import Reader

EPOCH = "test-00000001"


@pytest.fixture
def inbox(tmp_path):
    made = Inbox(tmp_path / "inbox.db")
    made.greet(EPOCH, "n1", "0.1.0", "active")
    yield made
    made.close()


def _taken(*numbers, of=EPOCH, **changed):
    envelopes = [envelope(number, of, **changed) for number in numbers]
    return [Taken(one, json.dumps(one)) for one in envelopes]


def _edit(inbox, statement, *values):
    with sqlite3.connect(inbox.path, timeout=10) as database:
        database.execute(statement, values)


def _numbers(inbox):
    reader = Reader(inbox.path)
    return [one["seq"] for one in reader.numbered(EPOCH, 1, None)]


def _problems(inbox, later=0.0):
    return bridge_report.report(Reader(inbox.path), time.time() + later)["problems"]


def test_events_dead_letters_and_repeats_together_are_all_numbers(inbox):
    inbox.commit(EPOCH, _taken(1, 2), [Refused(3, "x", "EOS708", "no", "{}")], 3)
    again = envelope(4, id=f"b:{EPOCH}:1")
    inbox.commit(EPOCH, [Taken(again, json.dumps(again)), *_taken(5)], [], 5)
    assert _numbers(inbox) == [1, 2, 5]
    assert Reader(inbox.path).gaps() == []


def test_a_number_that_was_acknowledged_and_is_not_there_is_a_gap(inbox):
    inbox.commit(EPOCH, _taken(*range(1, 10)), [], 9)
    _edit(inbox, "DELETE FROM events WHERE seq IN (4, 5)")
    (gap,) = Reader(inbox.path).gaps()
    assert gap == {"epoch": EPOCH, "from": 1, "to": 9, "missing": 2}
    told = bridge_report.report(Reader(inbox.path), time.time())
    assert told["gaps"] == [gap]
    assert f"epoch {EPOCH} lacks 2 of its numbers 1 to 9" in " ".join(told["problems"])
    assert ", numbers missing 2," in told["text"]


def test_a_silence_is_a_problem_until_it_is_over(inbox):
    inbox.commit(EPOCH, _taken(1), [], 1)
    (silent,) = _taken(1, of="bridge-00000001", verb="silent", severity="critical")
    (heard,) = _taken(2, of="bridge-00000001", verb="heard", severity="notice")

    def problems():
        return bridge_report.report(Reader(inbox.path), 1600.0)["problems"]

    said = "nothing was heard from nomad:global for 600 s"
    assert not any(one.startswith(said) for one in problems())
    inbox.tell(silent, ("nomad:global", 1000.0))
    assert inbox.silent() == {"nomad:global": 1000.0}
    assert any(one.startswith(said) for one in problems())
    inbox.tell(heard, ("nomad:global", None))
    assert inbox.silent() == {}
    assert not any(one.startswith(said) for one in problems())


def test_what_was_forgotten_for_its_number_or_age_is_no_gap(inbox):
    inbox.commit(EPOCH, _taken(*range(1, 7)), [Refused(7, "x", "EOS708", "no", "{}")], 7)
    inbox.commit(EPOCH, _taken(*range(8, 21)), [], 20)
    assert inbox.prune(0, 10, slice_=4) == 4
    assert inbox.prune(0, 10, slice_=4) == 4
    assert inbox.prune(0, 10, slice_=4) == 1
    assert inbox.prune(0, 10, slice_=4) == 0
    assert _numbers(inbox) == [11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
    assert Reader(inbox.path).gaps() == []


def test_events_and_dead_letters_go_by_age_and_the_numbers_go_on(inbox):
    inbox.commit(EPOCH, _taken(1, 2), [Refused(3, "x", "EOS708", "no", "{}")], 3)
    inbox.greet("past-00000001", "n0", "0.1.0", "active")
    inbox.commit("past-00000001", _taken(1, of="past-00000001"), [], 1)
    inbox.commit("past-00000001", _taken(2, of="past-00000001", id=f"b:{EPOCH}:1"), [], 2)
    for table, moment in (("events", "received"), ("dead", "at"), ("streams", "seen")):
        _edit(inbox, f"UPDATE {table} SET {moment} = 1000")
    inbox.commit(EPOCH, _taken(4, 5), [], 5)
    assert inbox.prune(2000, 1_000_000) == 3
    reader = Reader(inbox.path)
    assert _numbers(inbox) == [4, 5]
    totals = reader.totals()
    assert (totals["rows"], totals["dead"]) == (2, 0)
    assert [one["epoch"] for one in reader.streams()] == [EPOCH]
    assert reader.gaps() == []
    # The sidecar goes on with the next number, and no row number is ever given twice.
    assert inbox.greet(EPOCH, "n1", "0.1.0", "active") == 5
    inbox.commit(EPOCH, _taken(6), [], 6)
    assert reader.last_row() > totals["last_row"] >= 5


def test_a_row_of_a_wrong_clock_takes_nobody_along(inbox):
    inbox.commit(EPOCH, _taken(*range(1, 11)), [], 10)
    _edit(inbox, "UPDATE events SET received = 1000 WHERE seq = 9")
    assert inbox.prune(2000, 1_000_000) == 1
    assert _numbers(inbox) == [1, 2, 3, 4, 5, 6, 7, 8, 10]


def test_a_log_without_rest_begins_anew(inbox, monkeypatch):
    monkeypatch.setattr(inbox_file, "FOLD_BYTES", 0)
    monkeypatch.setattr(inbox_file, "REST_BYTES", 1_000_000)
    lock = threading.Lock()
    log = inbox.path.with_name("inbox.db-wal")
    inbox.commit(EPOCH, _taken(*range(1, 11)), [], 10)
    inbox_file.fold(inbox.path, lock)
    assert log.stat().st_size > 0
    inbox.commit(EPOCH, _taken(*range(11, 400), evidence=["x" * 4000]), [], 399)
    inbox_file.fold(inbox.path, lock)
    assert log.stat().st_size == 0
    assert not lock.locked()
    inbox.commit(EPOCH, _taken(400), [], 400)
    assert _numbers(inbox)[-1] == 400


def test_an_instance_that_stands_by_now_is_not_judged_by_what_it_said_when_active(inbox):
    bad = {"standings": [{"name": "nomad:global", "degraded": "no leader"}]}
    inbox.note(EPOCH, bad)
    assert "nomad:global: no leader" in _problems(inbox)
    inbox.greet("test-00000002", "n1", "0.1.0", "standby")
    assert "nomad:global: no leader" not in _problems(inbox)


def test_an_instance_that_was_not_heard_is_told_once(inbox):
    inbox.note(EPOCH, {"standings": [{"name": "nomad:global", "degraded": "no leader"}]})
    (problem,) = [one for one in _problems(inbox, later=100) if "n1" in one or "leader" in one]
    assert "was last heard 100 s ago" in problem


def test_a_range_is_read_a_page_at_a_time(inbox):
    detail = {"cause": "time", "detail": "x" * 20_000}
    for start in range(1, 1001, 100):
        numbers = range(start, start + 100)
        inbox.commit(EPOCH, _taken(*numbers, verdict=detail), [], numbers[-1])
    reader = Reader(inbox.path)
    assert reader.span(EPOCH, 5, 900) == (896, 5, 900)
    tracemalloc.start()
    try:
        seen = [one["seq"] for one in reader.numbered(EPOCH, 5, 900, page=50)]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert seen == list(range(5, 901))
    # All of them are 20 MB.
    assert peak < 5_000_000
