"""What the reactor of decisions starts, as Salt's own reactor renders and compiles it."""

from __future__ import annotations

from pathlib import Path

import pytest
import salt.config
from salt.utils.reactor import Reactor

REACTOR = Path(__file__).parents[2] / "golden/heal/reactor.sls"


@pytest.fixture
def reactor(tmp_path):
    opts = salt.config.master_config(None)
    opts.update(
        root_dir=str(tmp_path), cachedir=str(tmp_path / "cache"), sock_dir=str(tmp_path / "run")
    )
    opts.update(extension_modules=str(tmp_path / "modules"), pki_dir=str(tmp_path / "pki"))
    made = Reactor(opts)
    yield made
    made.minion.destroy()


def _started(reactor, tag, data):
    chunks = reactor.reactions(tag, data, [str(REACTOR)])
    return [(one["state"], one["fun"], one["args"]) for one in chunks]


@pytest.mark.parametrize("sent", [{"decision": "d-1"}, {"id": "n1", "data": {"decision": "d-1"}}])
def test_a_decision_starts_its_orchestration_with_its_id_alone(reactor, sent):
    wanted = [{"mods": "eos.heal.reload"}, {"pillar": {"eos_decision": "d-1"}}]
    found = _started(reactor, "eos/heal/decided/reload", {**sent, "subject": {"node": "n9"}})
    assert found == [("runner", "state.orchestrate", wanted)]


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("eos/heal/decided/remove", {"decision": "d-1"}),
        ("eos/heal/decided/reload/n1", {"decision": "d-1"}),
        ("eos/heal/decided/reload", {}),
        ("eos/heal/decided/reload", {"decision": 7}),
        ("eos/heal/decided/reload", {"decision": {"mods": "x"}}),
        ("eos/heal/decided/reload", {"decision": "d-1\n- test: True"}),
        ("eos/heal/decided/reload", {"decision": "d" * 129}),
        ("eos/heal/decided/reload", {"data": ["d-1"]}),
    ],
)
def test_anything_else_starts_nothing(reactor, tag, data):
    assert _started(reactor, tag, data) == []
