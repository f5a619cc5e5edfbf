"""What `eos.status` says while a pillar is refused, and while the stack is being brought up."""

from __future__ import annotations

import os

import pytest
from salt.exceptions import SaltRunnerError

from saltext.eos.utils import lock, master
from saltext.eos.utils.one_line import one_line


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("pillar is refused:\neos:a: expected b\neos:c: expected d",
         "pillar is refused: eos:a: expected b; eos:c: expected d"),
        ("preflight found 2 in the way:\n- one\n- two", "preflight found 2 in the way: one; two"),
        ("it failed\n  because", "it failed; because"),
        ("one line", "one line"),
        ("", ""),
    ],
)  # fmt: skip
def test_an_error_of_several_lines_is_one_in_a_list(error, says):
    assert one_line(SaltRunnerError(error)) == says


def test_a_refused_pillar_is_one_sentence_of_what_needs_a_person(healed, run, monkeypatch):
    """Mutation: put the message as it is into the list, whose new lines are shown escaped."""

    def refuse(_):
        raise SaltRunnerError("pillar is refused:\neos:heal:mode: expected one of observe")

    monkeypatch.setattr(master, "form", refuse)
    found = run("status")
    assert "pillar is refused: eos:heal:mode: expected one of observe" in found["needs"]
    assert "\\n" not in found["text"]


def test_who_brings_the_stack_up_stands_first(healed, run, home, monkeypatch):
    """Mutation: show what is not installed yet as failed, and not a word of who is at it."""
    monkeypatch.setattr(master, "form", lambda _: {"all": {}, "stack": "home", "nodes": {}})
    assert not run("status")["text"].startswith("running")
    lock.take({"eos_state_dir": str(home)}, "bootstrap", "20261121150000000001", "root")
    text = " ".join(run("status")["text"].split())
    assert text.startswith("running bootstrap of root (job 20261121150000000001, process ")
    assert f"process {os.getpid()})" in text
    assert "what it has not come to yet does not stand" in text


def test_who_heals_or_stops_brings_nothing_up(healed, run, home, monkeypatch):
    """Mutation: say of every holder of the lock what is true of a bootstrap alone."""
    monkeypatch.setattr(master, "form", lambda _: {"all": {}, "stack": "home", "nodes": {}})
    lock.take({"eos_state_dir": str(home)}, "heal resync", "20261121150000000001", "root")
    text = " ".join(run("status")["text"].split())
    assert text.startswith("running heal resync of root")
    assert "does not stand" not in text


def test_a_pillar_without_a_word_of_eos_describes_no_stack_yet(monkeypatch):
    """Mutation: tell it from a refused one by its words; or take every error for a beginning."""
    missing = {"_errors": ["pillar of m_master has no `eos`: …"]}
    monkeypatch.setattr(master, "node_pillar", lambda *_: missing)
    with pytest.raises(master.Undescribed, match="has no `eos`"):
        master.form({"id": "m_master"})
    alone = {"eos": {"_compiled": {"schema": 1, "node": {"id": "m_master"}, "objects": []}}}
    monkeypatch.setattr(master, "node_pillar", lambda *_: alone)
    with pytest.raises(master.Undescribed, match="has nothing but eos:objects"):
        master.form({"id": "m_master"})
    for other in (
        {"_errors": ["eos:heal:mode: expected …"], "eos": {}},
        {"_errors": ["Rendering SLS 'eos' failed", "pillar of m_master has no `eos`: …"]},
    ):
        monkeypatch.setattr(master, "node_pillar", lambda *_, found=other: found)
        with pytest.raises(SaltRunnerError, match="pillar is refused") as caught:
            master.form({"id": "m_master"})
        assert not isinstance(caught.value, master.Undescribed)
