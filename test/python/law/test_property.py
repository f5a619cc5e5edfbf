"""
Random valid values in every accepted spelling: whoever writes them how, the second run is quiet.

Some values for each resource in each run; 1,000 with ``EOS_FAULT=all``, as `npm run test:all` does,
or as many as ``EOS_VALUES`` says.
"""

import os

import pytest
from law_tables import FLEETING, TABLES, keys_of, spec_of
from values import Maker

COUNT = int(os.environ.get("EOS_VALUES") or (1000 if os.environ.get("EOS_FAULT") == "all" else 25))
SEED = "2026-11-22"


@pytest.mark.server
@pytest.mark.parametrize("table", FLEETING, ids=[one["resource"] for one in FLEETING])
def test_every_spelling_of_a_value_is_the_same_value(ready, table):
    """Mutation: compare a span as text, or a list in its order, and the second spelling writes."""
    resource = table["resource"]
    present, absent = f"{resource}.present", f"{resource}.absent"
    salted = ready(table)
    # What must be awaited until it is made takes seconds each time.
    turns = COUNT if "wait" not in spec_of(table) else COUNT // 10 + 1
    for turn in range(turns):
        maker = Maker(spec_of(table), table, f"{SEED} {resource} {turn}")
        example = maker.example()
        values = maker.desired(example)
        first, second = maker.spelled(values), maker.spelled(values)
        names = keys_of(table, first)
        try:
            predicted = salted.state(present, test=True, **first)
            assert (predicted["result"], salted.wrote) == (None, []), (first, predicted)
            applied = salted.state(present, **first)
            assert applied["result"] is True, (first, applied)
            assert applied["changes"] == predicted["changes"]
            for arguments in (first, second):
                again = salted.state(present, **arguments)
                assert (again["result"], again["changes"]) == (True, {}), (arguments, again)
                assert salted.wrote == []
            looked = salted.state(present, test=True, **second)
            assert (looked["result"], looked["changes"], salted.wrote) == (True, {}, [])
            if table["updatable"]:
                _changes_to(salted, present, maker.spelled(maker.changed(values, example)))
        finally:
            removed = salted.state(absent, **names)
        assert removed["result"] is True, removed


def _changes_to(salted, present, other):
    """Give what is there other values: predicted as done, done once, and quiet afterwards."""
    predicted = salted.state(present, test=True, **other)
    assert predicted["result"] in (None, True), (other, predicted)
    assert salted.wrote == []
    changed = salted.state(present, **other)
    assert changed["result"] is True, (other, changed)
    assert changed["changes"] == predicted["changes"], (other, changed, predicted)
    again = salted.state(present, **other)
    assert (again["result"], again["changes"], salted.wrote) == (True, {}, []), (other, again)


def test_values_are_the_same_in_every_run_and_different_in_every_turn():
    """Mutation: a dice without a seed; what failed once could then not be seen again."""
    (table,) = (one for one in TABLES if one["resource"] == "nomad_namespace")

    def made(turn):
        maker = Maker(spec_of(table), table, f"{SEED} nomad_namespace {turn}")
        values = maker.desired(maker.example())
        return [values, maker.spelled(values), maker.spelled(values)]

    turns = [made(turn) for turn in range(20)]
    assert turns == [made(turn) for turn in range(20)]
    assert len({str(turn) for turn in turns}) > 10
    assert any(first != second for _, first, second in turns)
