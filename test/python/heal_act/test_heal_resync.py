"""What has a real Consul agent write a registration that its catalogue lost; Nomad owns it."""

from __future__ import annotations

import json
import time

import pytest
from real_agents import Agents
from salt.exceptions import CommandExecutionError

from saltext.eos.hooks import healer
from saltext.eos.modules import eos_heal_act
from saltext.eos.utils import heal_at_agent
from saltext.eos.utils.http import HttpError

SOON = 5.0
# An agent compares again 60 to 120 s after it last did; Nomad's client after 30 s.
NOMAD = 35.0
PROBATION = 60.0
READS = {"node_prefix": {"": {"policy": "read"}}, "service_prefix": {"": {"policy": "read"}}}


class Web:
    """A service that Nomad registered, and what the module needs to act on it."""

    def __init__(self, agents: Agents) -> None:
        self.agents = agents
        self.allocation = agents.job("web")
        (self.instance,) = agents.until(lambda: _of(agents, self.allocation))
        agents.until(lambda: self.states() == ["passing"])

    def states(self) -> list[str]:
        """Give the states of its checks in the catalogue."""
        return list(self.agents.checks(self.instance).values())

    def is_there(self) -> bool:
        """Whether the catalogue has it."""
        return self.instance in self.agents.instances()

    def resync(self) -> bool:
        """Act as the healer does."""
        asked = (self.instance, self.allocation, self.agents.where["client"])
        return eos_heal_act.resync("dc1", "client", *asked)["written"]

    def left(self) -> list[str]:
        """List the checks that an act left at the agent."""
        held = self.agents.consul("client").get("/v1/agent/checks")
        return [one for one in held if one.startswith(heal_at_agent.PREFIX)]

    def lost_for_long(self) -> None:
        """Lose it just after the agent has compared: it compares when it starts."""
        self.agents.end("client")
        self.agents.agent("client")
        self.agents.until(lambda: self._states_at_agent() == ["passing"])
        self.agents.until(self._stays_away)

    def _states_at_agent(self) -> list[str]:
        """Give the states of its checks at its agent; none while one that began reads them."""
        held = self.agents.consul("client").get("/v1/agent/checks").values()
        return [one["Status"] for one in held if one["ServiceID"] == self.instance]

    def _stays_away(self) -> bool:
        self.agents.lose(self.instance)
        end = time.monotonic() + SOON
        while time.monotonic() < end:
            if self.is_there():
                return False
            time.sleep(0.1)
        return True


def _of(agents, allocation):
    return [one for one in agents.instances() if one.startswith(f"_nomad-task-{allocation}")]


@pytest.fixture(scope="module")
def agents(live_home):
    """Consul's agents, and Nomad, with TLS and ACLs."""
    one = Agents(live_home)
    try:
        one.start()
        one.nomad()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="module")
def web(agents):
    """The service."""
    return Web(agents)


@pytest.fixture(autouse=True)
def _minion(agents, monkeypatch):
    """The module as on the node of the healer, whose token has just the declared rights."""
    may(agents, healer.rules())
    options = {
        "eos_sidecar_config": str(agents.home / "sidecar.json"),
        "eos_healer_dir": str(agents.home / "healer"),
    }
    monkeypatch.setattr(eos_heal_act, "__opts__", options, raising=False)


def may(agents, rules):
    """Write a healer's token with these rights, and a sidecar's configuration that only reads."""
    (agents.home / "healer").mkdir(exist_ok=True)
    (agents.home / "healer" / "consul.token").write_text(agents.token(rules))
    (agents.home / "consul.token").write_text(agents.token(READS))
    (agents.home / "nomad.token").write_text("it-has-no-acls")
    held = {
        "nomad": [{"region": "global", "addresses": [agents.where["nomad"]],
                   "token_file": str(agents.home / "nomad.token")}],
        "consul": [{"datacenter": "dc1", "addresses": [agents.where["server"]], "ca": agents.ca,
                    "token_file": str(agents.home / "consul.token")}],
    }  # fmt: skip
    (agents.home / "sidecar.json").write_text(json.dumps(held))


def test_what_the_catalogue_lost_is_back_at_once_and_nothing_is_left(web):
    """
    What was lost with it, and is not acted on, is still away: the agent has not compared.

    Mutation: without the check at the agent it stays away, as it has until the act.
    """
    agent, control = web.agents.consul("client"), "control"
    agent.put("/v1/agent/service/register", {"ID": control, "Name": control})
    web.agents.until(lambda: control in web.agents.instances())
    web.lost_for_long()
    web.agents.lose(control)
    assert web.resync()
    assert web.is_there()
    assert control not in web.agents.instances()
    agent.put(f"/v1/agent/service/deregister/{control}")
    assert web.left() == []
    assert heal_at_agent.check_of(web.instance) not in web.agents.checks(web.instance)


def test_the_agent_finds_nothing_to_mend_in_what_was_written(web):
    """Mutation: a registration of our own making would be another than the agent's."""
    own = web.agents.consul("client").get(f"/v1/agent/service/{web.instance}")
    web.agents.lose(web.instance)
    web.resync()
    rows = web.agents.consul().get("/v1/catalog/node-services/client?consistent")["Services"]
    (row,) = [one for one in rows if one["ID"] == web.instance]
    for leaf in ("Service", "Tags", "Meta", "Port", "Address", "Weights", "EnableTagOverride"):
        assert row[leaf] == own[leaf], leaf


def test_what_stands_in_the_catalogue_is_not_touched(web, monkeypatch):
    monkeypatch.setattr(heal_at_agent, "_check", None)
    assert not web.resync()


def test_one_that_was_killed_in_between_leaves_what_nomad_takes_away(web, monkeypatch):
    """Mutation: under a name that is not Nomad's the check stays for ever."""
    web.lost_for_long()
    with monkeypatch.context() as killed:
        killed.setattr(heal_at_agent, "_taken_away", lambda agent, name: None)
        assert web.resync()
    assert web.left() == [heal_at_agent.check_of(web.instance)]
    web.agents.until(lambda: web.left() == [], NOMAD + PROBATION)
    assert web.is_there()


def test_what_was_left_behind_is_in_nobodys_way(web, monkeypatch):
    """Mutation: the same check once more changes nothing, so the agent would write nothing."""
    web.lost_for_long()
    with monkeypatch.context() as killed:
        killed.setattr(heal_at_agent, "_taken_away", lambda agent, name: None)
        assert web.resync()
    web.agents.lose(web.instance)
    assert web.resync()
    assert web.left() == []


def test_what_was_left_behind_takes_nobody_off_the_air(web, monkeypatch):
    """Mutation: a check that was never told how it is, is critical when its agent starts anew."""
    web.agents.lose(web.instance)
    with monkeypatch.context() as killed:
        killed.setattr(heal_at_agent, "_taken_away", lambda agent, name: None)
        assert web.resync()
    web.agents.end("client", hard=True)
    web.agents.agent("client")
    name = heal_at_agent.check_of(web.instance)
    held = web.agents.until(lambda: web.agents.consul("client").get("/v1/agent/checks"))
    assert held[name]["Status"] == "passing"
    web.agents.until(lambda: web.left() == [], NOMAD + PROBATION)
    web.agents.until(lambda: web.is_there() and web.states() == ["passing"], PROBATION)


@pytest.mark.parametrize(
    "rules", [READS, {**READS, "service": {"web": {"policy": "read"}, "x": {"policy": "write"}}}]
)
def test_who_may_not_write_the_service_has_nothing_written(web, rules):
    web.agents.lose(web.instance)
    may(web.agents, rules)
    with pytest.raises(CommandExecutionError, match="403"):
        web.resync()
    assert web.left() == []


def test_no_more_is_needed_than_to_write_that_one_service(web):
    web.agents.lose(web.instance)
    may(web.agents, {**READS, "service": {"web": {"policy": "write"}}})
    assert web.resync()
    assert web.is_there()
    assert web.left() == []


def test_what_its_agent_finds_critical_is_left_to_its_agent(web):
    """Mutation: the catalogue would know no check of it that fails, and send everybody there."""
    web.lost_for_long()
    client = web.agents.consul("client")
    sick = {"ID": "sick", "Name": "sick", "ServiceID": web.instance, "TTL": "1h"}
    client.put("/v1/agent/check/register", sick)
    try:
        web.agents.until(lambda: "critical" in web.states())
        web.agents.lose(web.instance)
        with pytest.raises(CommandExecutionError, match=f"{web.instance} is critical on client"):
            web.resync()
        assert not web.is_there()
        assert web.left() == []
    finally:
        client.put("/v1/agent/check/deregister/sick")


def test_what_turns_critical_after_the_act_is_so_in_the_catalogue_at_once(web):
    """Its own checks come back when the agent compares, or sooner: when they have news."""
    client = web.agents.consul("client")
    made = {"ID": "turns", "Name": "turns", "ServiceID": web.instance, "TTL": "1h"}
    client.put("/v1/agent/check/register", {**made, "Status": "passing"})
    try:
        web.agents.until(lambda: "turns" in web.agents.checks(web.instance))
        web.agents.lose(web.instance)
        assert web.resync()
        client.put("/v1/agent/check/fail/turns")
        web.agents.until(lambda: web.agents.checks(web.instance).get("turns") == "critical", SOON)
    finally:
        client.put("/v1/agent/check/deregister/turns")


def test_what_its_agent_lost_too_is_nomads_to_register(web):
    """Nomad's client registers it again, within its own half minute."""
    web.agents.consul("client").put(f"/v1/agent/service/deregister/{web.instance}")
    web.agents.until(lambda: not web.is_there())
    with pytest.raises(CommandExecutionError, match=r"does not have .* either; expected Nomad's"):
        web.resync()
    web.agents.until(web.is_there, NOMAD)


def test_a_service_of_the_stack_itself_is_not_written(web):
    """The declared rights end before Consul's, Nomad's and Vault's own services."""
    token = (web.agents.home / "healer" / "consul.token").read_text()
    made = {"ID": "own-vault", "Name": "vault", "Port": 1}
    web.agents.consul("client").put("/v1/agent/service/register", made)
    with pytest.raises(HttpError, match="403"):
        check = {"ID": "x", "Name": "x", "ServiceID": "own-vault", "TTL": "1h"}
        web.agents.consul("client", token).put("/v1/agent/check/register", check)


def test_what_does_not_run_or_is_not_known_is_not_written(web):
    with pytest.raises(CommandExecutionError, match="0 regions know allocation"):
        other = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
        eos_heal_act.resync("dc1", "client", web.instance, other, web.agents.where["client"])
    web.agents.end_job("web")
    with pytest.raises(CommandExecutionError, match="is complete and is to stop; expected it to"):
        web.resync()
