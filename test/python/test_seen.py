"""Which run of states a list belongs to: Salt gives the number of one that is over to another."""

import pytest


@pytest.fixture
def runs(monkeypatch):
    """Give the run of a state, by what Salt tells it."""
    from saltext.eos.utils import seen

    monkeypatch.setattr(seen, "_last", seen._Run(None))

    def of(running, lowstate=({"state": "test"},)):
        said = {tag: {"result": True, "changes": {}, "start_time": at} for tag, at in running}
        told = {"__instance_id__": "1", "__running__": said, "__lowstate__": lowstate}
        return seen._current(told)

    return of


def test_a_run_goes_on_with_each_of_its_states(runs):
    first = runs([])
    assert runs([]) is first, "tried again"
    assert runs([("a", "10:00:00")]) is first
    assert runs([("a", "10:00:00"), ("b", "10:00:01"), ("c", "10:00:02")]) is first


@pytest.mark.parametrize(
    "later",
    [
        [],
        [("a", "10:00:03")],
        [("b", "10:00:03"), ("a", "10:00:04")],
        [("b", "10:00:00"), ("a", "10:00:00"), ("c", "10:00:03")],
    ],
    ids=["at its beginning", "the same states", "other states", "further on"],
)
def test_a_later_run_with_the_same_number_is_another(runs, later):
    """Mutation: go by Salt's number alone, and what an earlier run has read is believed."""
    runs([])
    first = runs([("a", "10:00:00")])
    assert runs(later) is not first


def test_a_state_that_is_called_by_itself_is_no_run(runs):
    """Mutation: take it for one, and of the state before it nobody says that it has written."""
    assert runs([], lowstate={}) is None
