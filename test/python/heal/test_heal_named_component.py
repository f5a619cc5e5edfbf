"""A component that a fact names: only one that the act is for, and on no other's behalf."""

from __future__ import annotations

import pytest

from saltext.eos.utils import heal_core, heal_match, heal_state

ACT = {"do": "apply", "component_of": "subject.component", "components": ["caddy", "consul"]}
POLICY = {
    "on": ["host/unit/failed"],
    "match": {},
    "require": {},
    "key": ["subject.minion", "subject.component"],
    "act": ACT,
}


def _matches(component):
    fact = {
        "event": "host/unit", "verb": "failed", "settled": True, "source": {"kind": "host"},
        "subject": {"minion": "n1", "component": component, "unit": "consul.service"},
    }  # fmt: skip
    return heal_match.matches(heal_match.index({"unit_failed": POLICY}), fact)


def test_it_is_the_component_that_the_fact_names():
    (found,) = _matches("consul")
    assert heal_state.component_of(ACT, found.subject) == "consul"
    names = heal_state.names("unit_failed", POLICY, found.subject)
    assert names == ["component:consul", "node:n1", "policy:unit_failed", "stack"]


@pytest.mark.parametrize("component", ["", "no such", "../../tmp/x", "app", None, ["consul"], {}])
def test_no_other_name_is_a_component(component):
    assert _matches(component) == []


def test_two_components_of_a_node_are_two_things():
    things = {
        heal_core.thing(POLICY, "", {"subject.minion": "n1", "subject.component": name})
        for name in ("caddy", "consul")
    }
    assert len(things) == 2


def test_what_names_its_component_itself_needs_no_leaf():
    assert heal_state.component_of({"do": "apply", "component": "consul"}, {}) == "consul"
    assert heal_state.component_of({"do": "evaluate"}, {}) is None
