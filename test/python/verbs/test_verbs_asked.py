"""What notes ask of a person is told for as long as nothing says that it is over."""

import sys
from pathlib import Path

import pytest
from healed import fact

from saltext.eos.utils import heal_report, heal_report_asked
from saltext.eos.utils.inbox import Inbox

sys.path.insert(0, str(Path(__file__).parents[1] / "heal_engine"))

from stage import envelope, put

NODE = {"node": "n2", "node_id": "id-2"}


def _noted(healed):
    """Tell that a node is down, and let that be noted."""
    healed.tell(fact(1, "nomad/node/down", NODE, verdict={"cause": "heartbeat", "detail": "gone"}))
    healed.after(20)


def _inbox(home, *facts):
    """Put facts where the bridge does, the first with the number of the first incident."""
    inbox = Inbox(home / "inbox.db")
    told = []
    for number, (event, severity, subject) in enumerate(facts, 1):
        one = envelope(number, event)
        told.append({**one, "severity": severity, "subject": subject})
    put(inbox, *told)
    inbox.close()


DOWN = ("nomad/node/down", "critical", NODE)
UP = ("nomad/node/up", "info", NODE)
OTHER = ("nomad/node/up", "info", {"node": "n3", "node_id": "id-3"})


@pytest.mark.parametrize(
    ("facts", "is_asked"),
    [
        ([], True),
        ([DOWN], True),
        ([DOWN, OTHER], True),
        ([DOWN, UP], False),
        ([DOWN, UP, DOWN], True),
        ([DOWN, UP, DOWN, UP], False),
        ([("nomad/node/down", "notice", NODE)], False),
    ],
    ids=[
        "no inbox",
        "since then nothing",
        "another is up",
        "it is up",
        "it is down again",
        "and up again",
        "no fault",
    ],
)
def test_a_note_needs_a_person_until_a_fact_says_that_it_is_over(
    healed, home, opts, facts, is_asked
):
    """Mutation: take what was told for what is over, or whatever came after it for its end."""
    _noted(healed)
    if facts:
        _inbox(home, *facts)
    found = heal_report.report(opts, {})
    assert [one["policy"] for one in found["asked"]] == ["node_down"] * is_asked
    told = [one for one in found["needs"] if one.startswith("n2 is down")]
    assert len(told) == is_asked
    assert all("`salt-run eos.explain " in one for one in told)


FAILED = {"namespace": "default", "job": "web", "group": "api"}


@pytest.mark.parametrize(
    ("last", "is_asked"),
    [
        (("nomad/alloc/started", "info", {**FAILED, "alloc": "another"}), True),
        (("nomad/deployment/succeeded", "info", {"namespace": "default", "job": "shop"}), True),
        (("nomad/deployment/succeeded", "info", {"namespace": "other", "job": "web"}), True),
        (("nomad/deployment/succeeded", "info", {"namespace": "default", "job": "web"}), False),
        (("nomad/job/purged", "notice", {"namespace": "default", "job": "web"}), False),
    ],
    ids=["another allocation", "another job", "another namespace", "mended", "purged"],
)  # fmt: skip
def test_what_is_asked_of_a_job_ends_with_the_job_or_with_its_next_good_version(
    healed, home, opts, last, is_asked
):
    """Mutation: take the start of any allocation of the group for the end of it."""
    exhausted = {"cause": "exhausted", "next": None}
    healed.tell(fact(1, "nomad/alloc/failed", {**FAILED, "alloc": "a1"}, verdict=exhausted))
    healed.thing = healed.thing._replace(layer="exhausted")
    healed.after(20)
    _inbox(home, ("nomad/alloc/failed", "critical", {**FAILED, "alloc": "a1"}), last)
    told = [one["policy"] for one in heal_report.report(opts, {})["asked"]]
    assert told == ["reschedule_exhausted"] * is_asked


def test_an_inbox_that_cannot_be_read_takes_nothing_of_the_report_away(healed, home, opts):
    """Mutation: let what SQLite says of the file end the whole report."""
    _noted(healed)
    (home / "inbox.db").write_bytes(b"x" * 8192)
    found = heal_report.report(opts, {})
    assert [one["policy"] for one in found["asked"]] == ["node_down"]
    assert "state" in found


def test_a_note_asks_for_its_time_and_not_for_ever(healed, opts, monkeypatch):
    """Mutation: ask without end, or not at all."""
    _noted(healed)
    monkeypatch.setattr(heal_report_asked, "DAY", 8000.0)
    assert [one["policy"] for one in heal_report.report(opts, {})["asked"]] == ["node_down"]
    monkeypatch.setattr(heal_report_asked, "DAY", 7000.0)
    assert heal_report.report(opts, {})["asked"] == []


def test_after_a_storm_the_newest_are_told_and_no_more(healed, opts):
    """Mutation: tell all, or the oldest, and what is new is not read by anybody."""
    for number in range(1, 31):
        node = {"node": f"n{number}", "node_id": f"id-{number}"}
        cause = {"cause": "heartbeat", "detail": "gone"}
        healed.tell(fact(number, "nomad/node/down", node, verdict=cause))
    healed.after(20)
    last = {"node": "n99", "node_id": "id-99"}
    healed.tell(fact(31, "nomad/node/down", last, verdict={"cause": "heartbeat", "detail": "gone"}))
    healed.after(20)
    told = heal_report.report(opts, {})["asked"]
    assert len(told) == heal_report_asked.MOST
    assert told[-1]["says"].startswith("n99 is down")
