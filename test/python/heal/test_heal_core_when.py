"""Debounce counts from when facts occurred, as far as clocks may be believed."""

from __future__ import annotations

import pytest
from healing import ENFORCE, TABLE, WRONG, Healer, fact, policy

from saltext.eos.utils import heal_clock, heal_core, heal_room, heal_state
from saltext.eos.utils.heal_audit import Line
from saltext.eos.utils.heal_notify_message import severity, text
from saltext.eos.utils.heal_settings import read
from saltext.eos.utils.heal_when import heard, occurred

AT = heal_clock.Time(500.0, heal_clock.Reading("a", 1.0, 1_700_000_000.0))


@pytest.mark.parametrize(
    ("ago", "waits"),
    [
        (0.0, 5.0),
        (4.0, 1.0),
        (5.0, 0.0),
        (10.0, 0.0),
        (1e6, 0.0),
        # A clock that is ahead says nothing.
        (-60.0, 5.0),
    ],
)
def test_a_fact_waits_only_for_what_is_left_since_it_occurred(ago, waits):
    healer = Healer()
    healer.now = 100.0
    healer.core.arrive(1, fact(1, "nomad/alloc/failed"), 100.0, 100.0 - ago)
    if waits:
        assert healer.after(waits - 0.1) == []
        assert healer.after(0.2)
    else:
        assert healer.after(0.0)


def test_a_storm_of_facts_waits_no_longer_than_most_since_the_first_occurred():
    healer = Healer()
    healer.now = 100.0
    for second in range(16):
        healer.row += 1
        envelope = fact(healer.row, "nomad/alloc/failed")
        healer.core.arrive(healer.row, envelope, 100.0 + second, 96.0 + second)
        healer.now = 100.0 + second
        assert healer.after(0.0) == []
    assert healer.after(1.0)


def test_a_view_of_before_the_fact_came_decides_nothing_however_long_ago_it_occurred():
    healer = Healer()
    healer.now = 100.0
    healer.core.arrive(1, fact(1, "nomad/alloc/failed"), 100.0, 80.0)
    healer.changed = {"at": 99.0}
    assert healer.after(0.0) == []
    assert healer.why().startswith("complete")


@pytest.mark.parametrize(("wrong", "decides"), [(True, True), (False, False), (None, False)])
def test_what_never_ceases_to_fail_needs_a_view_of_after_the_first_facts_alone(wrong, decides):
    healer = Healer()
    for second in range(0, 31, 3):
        healer.now = 100.0 + second
        healer.tell("nomad/alloc/failed")
    healer.changed, healer.thing = {"at": 129.0}, WRONG._replace(wrong=wrong)
    assert bool(healer.after(0.0)) is decides


TOLD = [
    ("2023-11-14T22:13:10.000Z", 490.0),
    ("2023-11-14T22:13:10Z", 490.0),
    ("2023-11-14T22:13:10.5+00:00", 490.5),
    ("2023-11-14T23:13:10+01:00", 490.0),
    ("2023-11-14T22:13:30.000Z", 500.0),
    ("2023-11-13T22:13:20.000Z", 500.0 - 86_400.0),
    ("yesterday", 500.0),
    (None, 500.0),
    (7, 500.0),
]


@pytest.mark.parametrize(("told", "moment"), TOLD)
def test_the_clock_of_a_source_becomes_the_healers(told, moment):
    assert occurred({"time": {"occurred": told}}, AT) == pytest.approx(moment)


def test_a_fact_without_a_time_occurred_now():
    assert occurred({}, AT) == 500.0


@pytest.mark.parametrize(("ago", "is_frozen"), [(300.0, True), (6 * 86_400.0, False)])
def test_a_fact_of_long_ago_is_told_as_past_and_freezes_nothing_now(ago, is_frozen):
    """A healer that is set up after the bridge reads thirty days of facts at once."""
    healer = Healer()
    healer.now = 1_000_000.0
    killed = fact(1, "kernel/oom/killed", unit="vault.service")
    healer.core.arrive(1, killed, healer.now, healer.now - ago)
    healer.after(5.0)
    assert bool(healer.state.rules) is is_frozen
    (note,) = [body for kind, body in healer.state.lines if kind == "note"]
    line = Line(1, 0.0, "note", note)
    assert ("late" in note) is not is_frozen
    if not is_frozen:
        said = "of the past, freeze for unit:vault.service: web failed (told 144 h after it was so)"
        assert text(line) == said
    assert severity(line) == ("critical" if is_frozen else "info")


SLOW = ("2023-11-14T21:57:20.000Z", "2023-11-14T22:13:19.000Z")


@pytest.mark.parametrize(("origin", "is_frozen"), [("beacon", True), ("stream", False)])
def test_what_a_minion_with_a_slow_clock_tells_at_once_is_not_of_the_past(origin, is_frozen):
    """
    Its clock is sixteen minutes behind; the master heard it a second ago.

    Mutation: count how late a fact is by the clock of the minion that tells it.
    """
    healer = Healer()
    healer.now = AT.now
    said = dict(zip(("occurred", "observed"), SLOW, strict=True))
    killed = fact(1, "kernel/oom/killed", unit="vault.service")
    killed = {**killed, "origin": origin, "time": said}
    healer.core.arrive(1, killed, healer.now, occurred(killed, AT), heard(killed, AT))
    healer.after(5.0)
    assert bool(healer.state.rules) is is_frozen


def _disk(number, verb, mount="/"):
    told = fact(number, f"host/disk/{verb}", minion="n1", mount=mount)
    return {**told, "source": {"kind": "host"}}


DISK = policy(["host/disk/filling"], {"do": "alarm"}, ["subject.minion", "subject.mount"])


@pytest.mark.parametrize("ago", [1200.0, 6 * 86_400.0])
def test_of_the_past_people_are_told_what_no_fact_says_is_over(ago):
    """
    A host tells each change once: a disk that has been full for a week is told by nobody again.

    Mutation: tell nobody of what is older than a day, or everybody of what was over long ago.
    """
    healer = Healer(table={"disk": DISK})
    healer.now = 1_000_000.0
    facts = (_disk(1, "filling"), _disk(2, "filling", "/var"), _disk(3, "freed"))
    for number, told in enumerate(facts, 1):
        healer.core.arrive(number, told, healer.now, healer.now - ago + number)
    healer.after(5.0)
    (note,) = [body for kind, body in healer.state.lines if kind == "note"]
    (closed,) = [b["why"] for k, b in healer.state.lines if k == "closed"]
    assert closed == "it was over before it could be noted"
    line = Line(1, 0.0, "note", note)
    assert severity(line) == "warning"
    assert text(line).startswith("of the past, alarm for ")
    assert text(line).endswith("after it was so; no fact says that it is over)")


def test_what_is_over_within_the_debounce_is_told_all_the_same():
    healer = Healer(table={"disk": DISK})
    for number, verb in enumerate(("filling", "freed"), 1):
        healer.core.arrive(number, _disk(number, verb), 0.0)
    healer.after(5.0)
    assert "note" in healer.kinds()


@pytest.mark.parametrize("ago", [3600.0, 50 * 3600.0])
@pytest.mark.parametrize("wrong", [True, False])
def test_what_failed_while_the_master_was_down_is_held_all_the_same(ago, wrong):
    """
    Its view has shown that this is what would be applied now: after an upgrade, it would be.

    Mutation: count what failed on Friday for past on Monday.
    """
    healer = Healer()
    healer.now = 1_000_000.0
    healer.core.arrive(1, fact(1, "nomad/deployment/reverted"), healer.now, healer.now - ago)
    healer.thing = WRONG._replace(wrong=wrong)
    healer.after(5.0)
    assert bool(healer.state.rules) is wrong


def test_of_a_fault_that_goes_on_the_newest_fact_counts():
    healer = Healer()
    healer.now = 1_000_000.0
    for number, ago in ((1, 6 * 86_400.0), (2, 0.0)):
        killed = fact(number, "kernel/oom/killed", unit="vault.service")
        healer.core.arrive(number, killed, healer.now, healer.now - ago)
    healer.after(5.0)
    assert healer.state.rules


def test_in_a_crowd_of_notes_there_is_room_for_a_deed_and_a_freeze(monkeypatch):
    """A host tells of a change once: what is not taken then is never told again."""
    monkeypatch.setattr(heal_core, "MOST_OPEN", 3)
    healer = Healer()
    for job in ("a", "b", "c", "d"):
        healer.tell("nomad/alloc/lost", job)
    assert healer.kinds().count("crowded") == 1
    healer.tell("host/unit/failed", minion="n1")
    healer.tell("kernel/oom/killed", unit="vault.service")
    policies = sorted(one.policy for one in healer.state.incidents.values())
    assert policies == ["freeze", "unit", "watch"]
    for minion in ("n2", "n3"):
        healer.tell("host/unit/failed", minion=minion)
    policies = sorted(one.policy for one in healer.state.incidents.values())
    assert policies == ["freeze", "unit", "unit"]


def test_an_alarm_makes_room_last_and_is_told_before(monkeypatch):
    """Mutation: close the oldest, and the disk that fills is told to nobody."""
    monkeypatch.setattr(heal_core, "MOST_OPEN", 2)
    healer = Healer(table={**TABLE, "disk": DISK})
    healer.core.arrive(1, _disk(1, "filling"), 0.0)
    healer.row = 1
    healer.tell("nomad/alloc/lost")
    healer.tell("host/unit/failed", minion="n1")
    assert sorted(one.policy for one in healer.state.incidents.values()) == ["disk", "unit"]
    healer.tell("host/unit/failed", minion="n2")
    assert [one.policy for one in healer.state.incidents.values()] == ["unit", "unit"]
    (note,) = [body for kind, body in healer.state.lines if kind == "note"]
    assert (note["do"], note["policy"]) == ("alarm", "disk")
    assert severity(Line(1, 0.0, "note", note)) == "critical"


class Counted(dict):
    """A table that counts how often a policy is looked up in it."""

    looked = 0

    def get(self, *name):
        self.looked += 1
        return super().get(*name)

    def __getitem__(self, name):
        self.looked += 1
        return super().__getitem__(name)


def test_making_room_looks_at_each_policy_once_however_much_is_open(monkeypatch):
    """Mutation: ask the table for each incident that is open, for each fact of a storm."""
    monkeypatch.setattr(heal_core, "MOST_OPEN", 500)
    healer = Healer(table={**TABLE, "disk": DISK})
    for number in range(500):
        told = fact(number, "host/disk/filling", minion=f"n{number}", mount="/")
        healer.core.arrive(number + 1, told, 0.0)
    assert len(healer.state.incidents) == 500
    table = Counted(healer.core.table)
    assert heal_room.made(healer.state, table, TABLE["unit"], ENFORCE, 0.0)
    assert len(healer.state.incidents) == 499
    assert table.looked <= len(table)


OBSERVE = read({"mode": "observe"})
FEW = read({"mode": "enforce", "bucket": {"size": 1, "every": "10m"}})


@pytest.mark.parametrize(
    ("before", "tokens", "why"), [(OBSERVE, 5, "would: evaluate"), (FEW, 0, "bucket: ")]
)
@pytest.mark.parametrize("is_new", [False, True])
def test_what_waits_by_other_settings_is_judged_by_those_that_hold_now(before, tokens, why, is_new):
    """
    What was only said waits by the pause of what was said, up to four hours.

    Mutations: take the settings and leave what waits; count the settings of an engine that has
    just begun for those of the one before it.
    """
    healer = Healer(before)
    healer.state.buckets["act"] = heal_state.budget.Bucket(tokens, 0)
    healer.tell("nomad/alloc/failed")
    healer.after(5.0)
    assert healer.why().startswith(why)
    assert healer.after(10.0) == []
    # Nothing is judged more often for settings that were read again and are the same.
    assert not healer.core.wanted(healer.now + 10.0)
    healer.state.buckets["act"] = heal_state.budget.Bucket(5, 0)
    if is_new:
        healer.core = heal_core.Core(TABLE, ENFORCE, healer.state)
    else:
        healer.core.settings = ENFORCE
    healer.after(0.1)
    (decision,) = healer.after(0.1)
    assert decision.action == "evaluate"
