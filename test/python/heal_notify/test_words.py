"""Every line that the healer writes has words and a gravity; what must be loud is."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from saltext.eos.utils import heal_notify_message, heal_report_audit
from saltext.eos.utils.heal_audit import Line
from saltext.eos.utils.heal_notify_message import severity, text

SOURCES = Path(heal_notify_message.__file__).parent.glob("heal_*.py")
# What is chosen where it is written.
CHOSEN = {
    "decided",
    "would",
    "waits",
    "refused",
    "closed",
    "result",
    "expired",
    "rotated",
    "claim_refused",
    "claim_late",
}


def _kinds(path):
    """Give the kinds that a file writes into the audit."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        first = node.args[0] if node.args else None
        if node.func.attr == "line" and isinstance(first, ast.Constant):
            yield first.value
        if node.func.attr == "append" and len(node.args) == 3:
            for one in ast.walk(node.args[2]):
                if isinstance(one, ast.Tuple) and isinstance(one.elts[0], ast.Constant):
                    yield one.elts[0].value


KINDS = sorted({kind for path in SOURCES for kind in _kinds(path)} | CHOSEN)


def test_all_kinds_are_found():
    assert {"alarm", "claimed", "acting", "note", "lease"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_words_and_a_gravity(kind):
    assert kind in heal_notify_message._KINDS
    assert kind in heal_notify_message._WORDS
    assert kind in heal_report_audit.SAYS


def _line(kind, **body):
    return Line(1, 1.0, kind, {"t": 1.0, **body})


def test_a_decision_that_never_ended_is_loud_and_says_so():
    says = "it was claimed and never ended"
    line = _line("alarm", cause="decision", action="apply", place="component web", says=says)
    assert severity(line) == "critical"
    assert text(line) == f"decision: apply of component web: {says}"


def test_a_pillar_that_cannot_be_read_is_loud_and_says_so():
    line = _line("alarm", cause="pillar", says="eos:heal:mode is 'on'")
    assert (severity(line), text(line)) == ("critical", "pillar: eos:heal:mode is 'on'")


def test_who_takes_the_lease_is_told():
    line = _line("lease", epoch=7, index=12, is_new=True)
    for said in (text(line), heal_report_audit.said(line)):
        assert said.startswith("this master heals from now on (epoch 7")
