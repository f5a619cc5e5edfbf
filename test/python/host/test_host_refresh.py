"""A pillar that has changed reaches the beacon with the next state run."""

from __future__ import annotations

import json

import pytest

from saltext.eos.states import eos_guard
from saltext.eos.utils import contract, host_form, record_store
from saltext.eos.version import SCHEMA

FORM = {
    "schema": SCHEMA, "contract": None, "node": {"id": "n1"},
    "components": {"consul": {"unit": "consul.service", "values": {}}},
}  # fmt: skip


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """The guard in a state run with this form, and what it fired."""
    fired = []
    opts = {"id": "n1", "test": False, "eos_host_dir": str(tmp_path)}
    monkeypatch.setattr(contract, "digest", lambda: "here")
    monkeypatch.setattr(eos_guard, "__opts__", opts, raising=False)
    monkeypatch.setattr(eos_guard, "__pillar__", {"eos": {"_compiled": FORM}}, raising=False)
    fire = {"event.fire": lambda data, tag: fired.append(tag)}
    monkeypatch.setattr(eos_guard, "__salt__", fire, raising=False)

    def run(watched, *, test=False, refused=None):
        opts["test"] = test
        state = {"form": watched, "refused": refused} if watched else {}
        record_store.write(tmp_path / record_store.STATE, json.dumps(state).encode())
        assert eos_guard.compiled("guard", SCHEMA, component="consul")["result"] is True
        return fired

    return run


def test_a_beacon_that_watches_something_else_gets_the_pillar_anew(guarded):
    assert guarded(host_form.digest(host_form.NOTHING)) == ["pillar_refresh"]


def test_a_beacon_that_watches_what_the_pillar_says_is_left_alone(guarded):
    assert guarded(host_form.digest(host_form.of(FORM))) == []


def test_a_beacon_whose_minion_has_a_refused_pillar_gets_it_anew(guarded):
    """Mutation: compare only what is watched, which is the same by the last usable pillar."""
    same = host_form.digest(host_form.of(FORM))
    assert guarded(same, refused={"since": "x", "why": "a slip"}) == ["pillar_refresh"]


def test_a_trial_and_a_minion_without_the_beacon_refresh_nothing(guarded):
    assert guarded(host_form.digest(host_form.NOTHING), test=True) == []
    assert guarded(None) == []
