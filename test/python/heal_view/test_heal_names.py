"""By whatever name people stop a thing, every act that is done to it goes by that name."""

from __future__ import annotations

import pytest
from looking import form, incident, look

from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_known
from saltext.eos.utils.heal_state import DEEDS, State, with_names

CONSUL = {"component:consul", "unit:consul.service", "node:n1"}
TOUCHED = {
    "lost_registration": {"job:web", "service:web", *CONSUL},
    "stale_registration": {"job:web", "service:web", *CONSUL},
    "unit_failed": CONSUL,
    "vault_sealed": {"component:vault", "unit:vault.service", "node:n1"},
}


def test_every_act_is_looked_at_here():
    deeds = {name for name, policy in TABLE.items() if policy["act"]["do"] in DEEDS}
    assert deeds == set(TOUCHED)


@pytest.mark.parametrize("policy", TOUCHED)
def test_what_people_may_type_about_a_thing_stops_each_act_that_touches_it(policy):
    stack = {**form(), "plan": {"apps": {"web": {}}}}
    touched = TOUCHED[policy] | {f"policy:{policy}", "stack"}
    assert touched <= heal_known.names(stack, State())
    leaves = {"service": "web", "unit": "consul.service"}
    held = with_names(incident(policy, **leaves).names, look(policy, leaves=leaves).thing.names)
    assert touched <= set(held)
