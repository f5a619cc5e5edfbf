"""Which policies a fact is for, and what it counts as."""

from __future__ import annotations

import pytest
from healing import Healer, policy

from saltext.eos.utils import heal_match as match

OOM = {
    "on": ["kernel/oom/killed", "kernel/oom/group_killed"],
    "match": {"verdict.cause": ["own_limit"]},
    "require": {"attributed": True},
    "key": ["subject.job", "links.namespace"],
}
INDEX = match.index({"oom": OOM})


def _fact(**changed):
    fact = {
        "event": "kernel/oom", "verb": "killed", "settled": True, "replay": False,
        "source": {"kind": "kernel", "name": "kernel:n1"},
        "subject": {"job": "web", "minion": "n1"}, "links": {"namespace": "default"},
        "verdict": {"cause": "own_limit", "is_attributed": True},
    }  # fmt: skip
    return {**fact, **changed}


def test_a_fact_is_for_the_policy_whose_leaves_it_has():
    (found,) = match.matches(INDEX, _fact())
    assert found == ("oom", "", {"subject.job": "web", "links.namespace": "default"})


@pytest.mark.parametrize(
    "changed",
    [
        {"verb": "unattributed"},
        {"settled": False},
        {"replay": True},
        {"subject": {"job": None}},
        {"verdict": {"cause": "host_pressure", "is_attributed": True}},
        {"verdict": {"cause": "own_limit", "is_attributed": False}},
        {"links": None},
    ],
)
def test_any_other_fact_is_not(changed):
    assert match.matches(INDEX, _fact(**changed)) == []


def test_one_name_in_two_regions_is_two_things():
    (east,) = match.matches(INDEX, _fact(source={"kind": "nomad", "name": "nomad:east"}))
    (west,) = match.matches(INDEX, _fact(source={"kind": "nomad", "name": "nomad:west"}))
    (host,) = match.matches(INDEX, _fact(source={"kind": "kernel", "name": "kernel:n2"}))
    assert len({east.key(), west.key(), host.key()}) == 3
    assert host.key() == match.matches(INDEX, _fact())[0].key()


def test_a_job_cannot_write_lines_into_the_place():
    assert match.place({"subject.job": "a\nb"}) == "job a\\nb"
    assert match.sentence("{subject.job}: {count} times", _fact(), 3) == "web: 3 times"


@pytest.mark.parametrize(
    ("limit", "says"),
    [
        (str(64 * 2**20), "64MiB, 96MiB"),
        (str(100 * 2**20 + 2**19), "100.5MiB, 160MiB"),
        (None, "-, -"),
        ("0", "-, -"),
    ],
)
def test_a_proposal_is_a_value_that_the_pillar_takes(limit, says):
    """Mutations: propose what was the limit, or in bytes; fail where no limit is known."""
    fact = {**_fact(), "verdict": {"limit": limit}}
    assert match.sentence("{limit}, {proposed}", fact, 3) == says


@pytest.mark.parametrize(
    ("moments", "enough"),
    [
        ([0, 10, 20], True),
        ([20, 0, 10], True),
        ([0, 10], False),
        ([0, 10, 100], False),
        ([0, 50, 99, 100], True),
        ([0, 100, 200, 300], False),
    ],
)
def test_three_times_within_a_minute(moments, enough):
    held, is_enough = [], False
    for moment in moments:
        held, is_enough = match.counted(
            held, float(moment), None, {"times": 3, "within": 60.0, "distinct": None}
        )
    assert is_enough is enough


def test_one_job_that_fails_often_is_not_three_jobs():
    rule = {"times": 3, "within": 60.0, "distinct": "subject.job"}
    held = []
    for moment, job in enumerate(["a", "a", "b", "a"]):
        held, enough = match.counted(held, float(moment), job, rule)
        assert not enough
    assert match.counted(held, 5.0, "c", rule)[1]
    assert len(held) == 2


def test_an_incident_that_counts_names_each_fact_that_counted():
    """Mutation: name the last one alone, and two of three kills are in no answer."""
    rule = policy(["kernel/oom/killed"], {"do": "report"}, repeated={
        "times": 3, "within": 60.0, "distinct": None,
    })  # fmt: skip
    healer = Healer(table={"often": rule})
    for _ in range(3):
        healer.tell("kernel/oom/killed")
        healer.after(1.0)
    (incident,) = healer.state.incidents.values()
    assert (incident.events, incident.count) == (["e1", "e2", "e3"], 3)
