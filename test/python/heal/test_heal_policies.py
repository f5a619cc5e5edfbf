"""Every declared policy is for the facts that it names, as they travel."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path

import pytest
from healing import Healer

from saltext.eos import heal_checks
from saltext.eos.events import table as events
from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_match as match
from saltext.eos.utils import heal_state

CONTRACT = Path(__file__).parents[3] / "generated/contract/events"
OCCURRENCES = [(name, one) for name, policy in TABLE.items() for one in policy["on"]]


def _fact(occurrence):
    event, _, verb = occurrence.rpartition("/")
    contract = json.loads((CONTRACT / f"{event.replace('/', '_')}.json").read_text("utf-8"))
    example = copy.deepcopy(contract["spec"]["verbs"][verb]["example"])
    source = {"kind": event.partition("/")[0], "name": "one"}
    return {"event": event, "verb": verb, "settled": True, "source": source, **example}


def _put(fact, leaf, value):
    part, _, name = leaf.partition(".")
    fact[part][name] = value


def _wanted(name, occurrence):
    fact = _fact(occurrence)
    for leaf, values in TABLE[name]["match"].items():
        _put(fact, leaf, values[0])
    for leaf in TABLE[name]["key"]:
        if match.leaf(fact, leaf) is None:
            _put(fact, leaf, "known")
    return fact


@pytest.mark.parametrize(("name", "occurrence"), OCCURRENCES)
def test_a_policy_is_for_its_facts(name, occurrence):
    fact = _wanted(name, occurrence)
    assert events.problem(fact) is None
    assert name in [found.policy for found in match.matches(match.index(TABLE), fact)]


@pytest.mark.parametrize(("name", "occurrence"), OCCURRENCES)
def test_a_policy_is_for_no_fact_that_names_nothing(name, occurrence):
    for leaf in TABLE[name]["key"]:
        fact = _wanted(name, occurrence)
        _put(fact, leaf, None)
        assert name not in [found.policy for found in match.matches(match.index(TABLE), fact)]


@pytest.mark.parametrize(("name", "occurrence"), OCCURRENCES)
def test_its_words_are_whole(name, occurrence):
    for words in (TABLE[name]["says"], TABLE[name]["otherwise"]):
        said = match.sentence(words, _wanted(name, occurrence), 3)
        assert "{" not in said
        assert "\n" not in said


def test_what_it_asks_of_the_stack_can_be_asked():
    hooks = {policy["require"]["hook"] for policy in TABLE.values()} - {None}
    assert all(callable(getattr(heal_checks, hook)) for hook in hooks)


def test_the_mode_of_a_component_holds_for_each_act_that_is_done_to_it():
    found = {}
    for name, policy in TABLE.items():
        if policy["act"]["do"] in heal_state.DEEDS:
            subject = dict.fromkeys(policy["key"], "consul")
            names = heal_state.names(name, policy, subject)
            found[name] = heal_state.named(names, "component:")
    assert found == {
        "lost_registration": "consul", "stale_registration": "consul", "unit_failed": "consul",
        "vault_sealed": "vault",
    }  # fmt: skip


def _said(name, **leaves):
    fact = _wanted(name, TABLE[name]["on"][0])
    for at, value in leaves.items():
        _put(fact, at.replace("__", "."), value)
    return match.sentence(TABLE[name]["says"], fact, 3)


def test_a_disk_without_files_is_told_as_that():
    full = _said("disk_filling", verdict__cause="files", verdict__free=61, verdict__files=2,
                 verdict__left=None)  # fmt: skip
    assert "61 % of its bytes and 2 % of its files left (files" in full
    assert "- s " not in full


def test_a_token_that_is_refused_has_no_end_to_tell():
    assert "it ends at -" not in _said("token_expiring", verdict__cause="refused",
                                       change__ends=None)  # fmt: skip


def test_an_alarm_about_a_source_goes_by_its_name():
    for name in ("silent_source", "bridge_alarm"):
        subject = dict.fromkeys(TABLE[name]["key"], "nomad:global")
        assert heal_state.names(name, TABLE[name], subject)[0] == "source:nomad:global"


def test_damage_to_what_was_told_already_is_an_alarm():
    assert TABLE["bridge_alarm"]["on"] == ["bridge/alarm"]
    assert TABLE["bridge_alarm"]["act"] == {"do": "alarm"}


def test_how_what_depends_on_a_core_victim_is_told_while_all_is_frozen():
    """Mutation: freeze alone, or let the freeze hold back what is told."""
    names = ("core_oom", "core_oom_dependents")
    healer = Healer(table={name: TABLE[name] for name in names})
    gates = "consul on n1 passed, nomad on n1 waiting"
    healer.thing = heal_state.Thing(kind="core", says=gates)
    healer.tell("kernel/oom/killed", minion="n1", unit="consul.service")
    healer.after(5.0)
    assert ("freeze", "stack", "") in healer.state.rules
    notes = {body["policy"]: body for kind, body in healer.state.lines if kind == "note"}
    assert (notes["core_oom"]["do"], notes["core_oom_dependents"]["do"]) == ("freeze", "report")
    assert notes["core_oom_dependents"]["says"] == (
        "core service consul.service on n1 was killed for memory; it and the core services that "
        f"depend on it, by their gates: {gates}"
    )


@pytest.mark.parametrize("name", sorted(TABLE))
def test_what_a_policy_says_is_what_its_fact_tells(name):
    """Mutation: say as done what may only be decided, or as found what a check has yet to read."""
    claims = r"is (applied|opened|held|frozen)|gave up|allocation \{links.alloc\} (runs|has ended)"
    assert re.findall(claims, TABLE[name]["says"]) == []
