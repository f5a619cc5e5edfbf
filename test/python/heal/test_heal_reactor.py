"""What the reactor of decisions starts, as Salt's own reactor renders and compiles it."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
import salt.config
import salt.loader
from salt.utils.reactor import Reactor

from saltext.eos.utils import heal_audit, heal_claim, heal_file, heal_store
from saltext.eos.utils.heal_settings import Settings
from saltext.eos.utils.heal_state import Decision

REACTOR = Path(__file__).parents[2] / "golden/heal/reactor.sls"


@pytest.fixture
def reactor(tmp_path):
    opts = salt.config.master_config(None)
    opts.update(
        root_dir=str(tmp_path), cachedir=str(tmp_path / "cache"), sock_dir=str(tmp_path / "run")
    )
    opts.update(extension_modules=str(tmp_path / "modules"), pki_dir=str(tmp_path / "pki"))
    opts["eos_state_dir"] = str(tmp_path)
    made = Reactor(opts)
    yield made
    made.minion.destroy()


@pytest.fixture
def decided(tmp_path):
    """A healer's file with one decision, d-1, to resync."""
    path = tmp_path / heal_file.NAME
    with contextlib.closing(heal_store.Store(path)) as store, store.step(Settings()) as at:
        store.state.decisions["d-1"] = Decision(
            id="d-1", incident="i-1", action="resync", thing="t", subject={}, names=(),
            input_hash="x", created=at.now, expires=at.now + 120.0, state="decided",
        )  # fmt: skip
        store.state.mark("decisions", "d-1")
    return path


def _refused(path):
    with contextlib.closing(heal_file.opened(path)) as db:
        return [one.body for one in heal_audit.verified(db) if one.kind == "claim_refused"]


def _started(reactor, tag, data):
    chunks = reactor.reactions(tag, data, [str(REACTOR)])
    return [(one["state"], one["fun"], one["args"]) for one in chunks]


@pytest.mark.parametrize("sent", [{"decision": "d-1"}, {"id": "n1", "data": {"decision": "d-1"}}])
def test_a_decision_starts_its_orchestration_with_its_id_alone(reactor, decided, sent):
    wanted = [{"mods": "eos.heal.resync"}, {"pillar": {"eos_decision": "d-1"}}]
    found = _started(reactor, "eos/heal/decided/resync", {**sent, "subject": {"node": "n9"}})
    assert found == [("runner", "state.orchestrate", wanted)]


@pytest.mark.parametrize(
    ("tag", "data"),
    [
        ("eos/heal/decided/remove", {"decision": "d-1"}),
        ("eos/heal/decided/resync/n1", {"decision": "d-1"}),
        ("eos/heal/decided/resync", {}),
        ("eos/heal/decided/resync", {"decision": 7}),
        ("eos/heal/decided/resync", {"decision": {"mods": "x"}}),
        ("eos/heal/decided/resync", {"decision": "d-1\n- test: True"}),
        ("eos/heal/decided/resync", {"decision": "d" * 129}),
        ("eos/heal/decided/resync", {"data": ["d-1"]}),
    ],
)
def test_anything_else_starts_nothing(reactor, decided, tag, data):
    """Mutation: let what names no decision stand in the master's log alone."""
    assert _started(reactor, tag, data) == []
    lines = [line["why"] for line in _refused(decided)]
    # Under another tag Eos's own reactor hears of nothing.
    assert lines == (["its event names no decision"] if tag.endswith("/resync") else [])


@pytest.mark.parametrize(
    ("tag", "decision", "why"),
    [
        ("eos/heal/decided/resync", "d-2", "it was never decided"),
        ("eos/heal/decided/apply", "d-1", "it is for resync"),
    ],
)
def test_what_cannot_be_claimed_starts_nothing_and_is_attributed(
    reactor, decided, tag, decision, why
):
    sent = {"id": "n7", "tag": tag, "cmd": "_minion_event", "data": {"decision": decision}}
    assert _started(reactor, tag, sent) == []
    (line,) = _refused(decided)
    assert (line["decision"], line["why"]) == (decision, why)
    assert line["by"] == {"event": tag, "told_by": "n7"}


def test_a_claimed_decision_starts_nothing_again(reactor, decided):
    heal_claim.claim(decided, "d-1", "resync", {"jid": "1"})
    assert _started(reactor, "eos/heal/decided/resync", {"decision": "d-1"}) == []
    assert _refused(decided)[0]["why"] == "it is claimed already; a decision is for one act"


def test_a_flood_of_refusals_ends_in_the_audit(reactor, decided):
    for number in range(heal_claim.MOST_REFUSED + 5):
        assert _started(reactor, "eos/heal/decided/resync", {"decision": f"x-{number}"}) == []
    assert len(_refused(decided)) == heal_claim.MOST_REFUSED


def test_without_the_healers_file_nothing_starts(reactor):
    assert _started(reactor, "eos/heal/decided/resync", {"decision": "d-1"}) == []


PAGE = (Path(__file__).parents[3] / "docs/reactions.md").read_text("utf-8")


def _on_the_page(tmp_path, name):
    flags = re.MULTILINE | re.DOTALL
    (text,) = re.findall(rf"^`/srv/salt/site/{name}`\n\n```\w+\n(.*?)^```$", PAGE, flags)
    path = tmp_path / name
    path.write_text(text)
    return str(path)


def test_the_reactor_of_the_page_starts_its_own_and_refuses_what_a_minion_invents(
    reactor, decided, tmp_path
):
    """Mutation: take the id from where the healer puts it, which a minion's event has not."""
    file = _on_the_page(tmp_path, "apply-reactor.sls")
    tag = "eos/heal/decided/resync"
    (chunk,) = reactor.reactions(tag, {"decision": "d-1"}, [file])
    assert chunk["args"] == [{"mods": "site.apply"}, {"pillar": {"eos_decision": "d-1"}}]
    assert reactor.reactions(tag, {"id": "n1", "data": {"decision": "forged-1"}}, [file]) == []
    (line,) = _refused(decided)
    assert line["decision"] == "forged-1"
    assert line["by"]["told_by"] == "n1"


def test_the_note_of_the_page_is_written_for_notes_alone(reactor, tmp_path):
    """Mutation: write a line for whatever comes under that tag."""
    file = _on_the_page(tmp_path, "note-reactor.sls")
    note = {"do": "hold", "what": "job:web", "says": "it failed"}
    (chunk,) = reactor.reactions("eos/heal/note", note, [file])
    assert "hold job:web: it failed" in str(chunk)
    assert reactor.reactions("eos/heal/note", {"id": "n1", "data": note}, [file]) == []


def test_a_claim_that_names_no_decision_is_a_line_of_the_audit(reactor, decided, tmp_path):
    """Mutation: refuse it in the log of the master alone."""
    opts = dict(salt.config.master_config(None)) | {"eos_state_dir": str(tmp_path)}
    context = {}
    claim = salt.loader.runner(opts, context=context)["eos.claim"]
    who = {"jid": "20261121150000000001", "pid": 1, "started": "x", "user": "Reactor"}
    for nothing in ("", None, 5):
        assert "expected its id" in claim(nothing, "apply", orchestration=who)["comment"]
    assert context["retcode"] == 1
    lines = _refused(decided)
    assert [line["decision"] for line in lines] == ["-", "-", "-"]
    assert lines[0]["by"]["jid"] == "20261121150000000001"
    assert claim("", "apply", orchestration=who, test=True)["result"] is False
    assert len(_refused(decided)) == 3
