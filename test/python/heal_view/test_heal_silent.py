"""Of whom nothing can be heard, nothing was taken back: read from a real inbox."""

from __future__ import annotations

import contextlib
import json

import pytest

from saltext.eos.utils import bridge_self, heal_snapshot, heal_snapshot_silent
from saltext.eos.utils.bridge_self import Said
from saltext.eos.utils.heal_snapshot_shape import Needs
from saltext.eos.utils.inbox import NAME, Inbox, Taken


@pytest.fixture
def opts(tmp_path):
    return {"eos_state_dir": str(tmp_path)}


@pytest.fixture
def inbox(tmp_path):
    """The inbox of a bridge that runs."""
    with contextlib.closing(Inbox(tmp_path / NAME)) as one:
        yield one


def _tells(inbox, number, verb, source, since):
    made = bridge_self.envelope(Said(verb, source, "minion", "x", str(number)), "e", number)
    inbox.tell(Taken(made, json.dumps(made)), (source, since))


def test_a_host_is_unheard_from_its_silence_until_it_is_heard(opts, inbox):
    """Mutation: believe that nothing was done to a Vault whose beacon tells nothing."""
    nodes = {"n1", "n2"}
    assert heal_snapshot_silent.unheard(opts, nodes) == {}
    _tells(inbox, 1, "silent", "host:n1", 5.0)
    _tells(inbox, 2, "silent", "kernel:n2", 5.0)
    assert heal_snapshot_silent.unheard(opts, nodes) == {"n1": "host:n1 (its beacon is silent)"}
    assert heal_snapshot_silent.unheard(opts, {"n2"}) == {}
    _tells(inbox, 3, "heard", "host:n1", None)
    assert heal_snapshot_silent.unheard(opts, nodes) == {}


def test_without_a_bridge_that_runs_nobody_is_heard(opts, inbox):
    """Mutation: read the silences alone, which nobody writes while the bridge is down."""
    _tells(inbox, 1, "silent", "host:n1", 5.0)
    inbox.close()
    (why,) = {*heal_snapshot_silent.unheard(opts, {"n1", "n2"}).values()}
    assert why.startswith("eos_bridge (it does not run")
    inbox.__init__(inbox.path)


def test_without_an_inbox_nobody_is_heard(opts):
    assert "inbox (" in heal_snapshot_silent.unheard(opts, {"n1"})["n1"]
    assert heal_snapshot_silent.unheard(opts, frozenset()) == {}


def test_it_is_read_with_each_view_of_a_vault(opts, inbox, monkeypatch):
    """Mutation: leave it out of the reading that acts are decided and begun on."""
    _tells(inbox, 1, "silent", "host:n1", 5.0)
    answer = {"n1": {"ret": {"vault": {"sealed": True, "initialized": True}}}}
    monkeypatch.setattr(heal_snapshot.master, "ask", lambda *_: answer)
    part = {"ports": {"api": {"port": 8200}}, "values": {"api": 8200}}
    form = {"nodes": {"n1": {"roles": {}}}, "all": {"n1": {"components": {"vault": part}}}}
    seen = heal_snapshot.read(opts, form, lambda: 7.0, Needs(seals=frozenset(["n1"])))
    assert seen.seal == {"n1": True}
    assert seen.unheard == {"n1": "host:n1 (its beacon is silent)"}
