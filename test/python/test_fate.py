"""A write without an answer: what was done is said, what was not is not, and what nobody knows."""

import pytest

from saltext.eos.utils import fate
from saltext.eos.utils.http import BadRequest, ServerError, Unavailable, Unsent

CHANGES = {"label": {"old": "a", "new": "b"}, "size": {"old": 1, "new": 2}}


def _error(kind):
    return kind("PUT /x failed", method="PUT", path="/x", status=None, body=None)


def _told(kind, left, **more):
    with pytest.raises(fate.Unproved) as raised, fate.told("it", "updated", CHANGES, left, **more):
        raise _error(kind)
    return str(raised.value), raised.value.changes


@pytest.mark.parametrize("kind", [Unavailable, ServerError])
def test_what_is_there_was_done(kind):
    """Mutation: take an error for "nothing was written", and `changes` hides what was."""
    assert _told(kind, dict) == ("it has been updated, but PUT /x failed", CHANGES)


def test_what_is_not_there_is_not_claimed():
    said, changes = _told(Unavailable, lambda: CHANGES)
    assert said == "it has not been updated, as far as can be seen: PUT /x failed"
    assert changes == {}


def test_what_is_there_in_part_is_named():
    said, changes = _told(Unavailable, lambda: {"size": CHANGES["size"]})
    assert said == "it has been updated in part (label), but PUT /x failed"
    assert changes == {"label": CHANGES["label"]}


def test_what_cannot_be_looked_for_is_not_known():
    """Mutation: claim what was sent, or deny it: both are guesses."""

    def left():
        raise _error(ServerError)

    said, changes = _told(Unavailable, left)
    assert said.startswith("it is not known whether it has been updated: PUT /x failed")
    assert changes == {}


@pytest.mark.parametrize("kind", [BadRequest, Unsent])
def test_what_was_refused_or_never_sent_is_not_looked_for(kind):
    """Mutation: look after each refusal, and every wrong value costs a request more."""
    with pytest.raises(kind), fate.told("it", "updated", CHANGES, pytest.fail):
        raise _error(kind)
    assert _told(BadRequest, dict, always=True)[1] == CHANGES


def test_no_secret_is_told():
    said, _ = _told(Unavailable, dict, hide=lambda _: "***")
    assert said == "it has been updated, but ***"


def test_what_is_seen_beats_what_was_sent():
    """Mutation: claim what was sent, and `changes` shows a value that is nowhere."""
    left = {"label": {"old": "c", "new": "b"}, "size": {"old": 1, "new": 2}}
    assert fate.real(CHANGES, left) == {"label": {"old": "a", "new": "c"}}
