"""What a policy may ask of the stack before it acts."""

from __future__ import annotations

import pytest

from saltext.eos import heal_checks

SUBJECT = {"subject.instance": "_nomad-task-a1-x", "links.alloc": "a1"}


def _view(client, desired):
    return {"allocations": {"a1": {"client_status": client, "desired_status": desired}}}


@pytest.mark.parametrize(
    ("client", "desired", "runs", "ended"),
    [
        ("running", "run", True, False),
        ("running", "stop", False, False),
        ("pending", "run", False, False),
        ("unknown", "run", False, False),
        ("lost", "stop", False, False),
        ("failed", "run", False, True),
        ("complete", "stop", False, True),
    ],
)
def test_an_allocation_runs_or_has_ended(client, desired, runs, ended):
    view = _view(client, desired)
    assert heal_checks.allocation_runs(SUBJECT, view) is runs
    assert heal_checks.allocation_ended(SUBJECT, view) is ended


@pytest.mark.parametrize(
    ("subject", "view"),
    [
        (SUBJECT, {"allocations": {}}),
        (SUBJECT, {"allocations": None}),
        (SUBJECT, {}),
        ({"links.alloc": None}, _view("running", "run")),
    ],
)
def test_what_is_not_seen_is_not_known(subject, view):
    assert heal_checks.allocation_runs(subject, view) is None
    assert heal_checks.allocation_ended(subject, view) is None
