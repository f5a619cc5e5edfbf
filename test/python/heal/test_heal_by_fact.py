"""What a person sealed is opened by nobody, also where an incident of before still waits."""

from __future__ import annotations

import pytest
from healing import ENFORCE, Healer, fact, policy

from saltext.eos.utils import heal_core

KEY = ["subject.minion", "subject.address"]
TABLE = {
    "closed": {
        **policy(["vault/seal/sealed"], {"do": "alarm"}, KEY),
        "match": {"verdict.cause": ["sealed"]},
    },
    "open": {
        **policy(["vault/seal/sealed"], {"do": "unseal"}, KEY),
        "match": {"verdict.cause": ["restarted"]},
    },
}
PLACE = {"minion": "n1", "address": "https://127.0.0.1:8200"}


class Vaults(Healer):
    """A healer whose world is one Vault."""

    def seal(self, verb, cause):
        """Let the beacon tell of its seal."""
        self.row += 1
        told = fact(self.row, f"vault/seal/{verb}", **PLACE)
        self.core.arrive(self.row, {**told, "verdict": {"cause": cause}}, self.now)

    def open_incidents(self):
        """Name the policies that still have one."""
        return [one.policy for one in self.state.incidents.values()]


@pytest.fixture
def healer():
    """One whose first act failed, so that it waits for its cool-down."""
    one = Vaults(table=TABLE)
    one.seal("sealed", "restarted")
    (decision,) = one.after(5.0)
    heal_core.heal_act.ended(one.state, decision.id, False, "the minion is late", (), one.now)
    return one


def test_what_failed_is_tried_again_while_nothing_else_is_told(healer):
    healer.after(3600.0)
    assert len(healer.decided()) == 2


@pytest.mark.parametrize("is_told_open", [True, False])
def test_what_a_person_sealed_meanwhile_is_not_opened(healer, is_told_open):
    """Mutation: let the incident of the restart go on, whatever is told of the seal since."""
    if is_told_open:
        healer.seal("unsealed", "open")
    healer.seal("sealed", "sealed")
    assert "open" not in healer.open_incidents()
    healer.after(5 * 3600.0)
    assert len(healer.decided()) == 1


def test_what_was_opened_by_hand_is_left_alone_when_it_is_sealed_unheard(healer):
    healer.seal("unsealed", "open")
    healer.after(5 * 3600.0)
    assert len(healer.decided()) == 1


def test_another_start_gives_leave_again(healer):
    healer.seal("unsealed", "open")
    healer.seal("sealed", "restarted")
    healer.after(5 * 3600.0)
    assert len(healer.decided()) == 2


def test_a_decision_that_nobody_has_begun_ends_with_its_leave():
    """Mutation: close the incident alone, and the decision is claimed all the same."""
    healer = Vaults(table=TABLE)
    healer.seal("sealed", "restarted")
    (decision,) = healer.after(5.0)
    healer.seal("sealed", "sealed")
    assert decision.state == "expired"


def test_what_its_own_act_opens_goes_on_to_be_verified():
    healer = Vaults(table=TABLE)
    healer.seal("sealed", "restarted")
    (decision,) = healer.after(5.0)
    heal_core.heal_act.claimed(healer.state, decision.id, {"jid": "1", "acts": True})
    healer.seal("unsealed", "open")
    (incident,) = healer.state.incidents.values()
    assert (incident.state, decision.state) == ("acting", "claimed")


def test_what_an_older_table_opened_has_no_leave():
    """Mutation: act upon what was opened when any seal was one to be opened."""
    healer = Vaults(table={"open": {**TABLE["open"], "match": {}}})
    healer.seal("sealed", "sealed")
    healer.core = heal_core.Core(TABLE, ENFORCE, healer.state)
    assert healer.after(3600.0) == []
    assert healer.open_incidents() == []


def test_a_fact_that_gives_leave_holds_for_what_an_older_wheel_opened():
    """Mutation: go by the leave with which it was opened, and the fact is used up for nothing."""
    healer = Vaults(table=TABLE)
    healer.seal("sealed", "restarted")
    (incident,) = healer.state.incidents.values()
    incident.leave = ""
    healer.core = heal_core.Core(TABLE, ENFORCE, healer.state)
    healer.seal("sealed", "restarted")
    (decision,) = healer.after(5.0)
    assert decision.action == "unseal"


def test_what_was_opened_before_anything_was_done_is_told_as_that():
    """Mutation: say of it that it has been healthy for long enough."""
    healer = Vaults(table=TABLE)
    healer.seal("sealed", "restarted")
    healer.seal("unsealed", "open")
    healer.thing = healer.thing._replace(wrong=False)
    healer.after(5.0)
    assert [body["why"] for kind, body in healer.state.lines if kind == "closed"] == [
        "a fact says it is over"
    ]
