"""What acts do in real Nomad and Consul, and with which rights."""

from __future__ import annotations

import pytest
from real_servers import Servers
from salt.exceptions import CommandExecutionError

from saltext.eos.hooks import healer
from saltext.eos.modules import eos_heal_act
from saltext.eos.utils import contract, heal_at_consul
from saltext.eos.utils.http import Forbidden


@pytest.fixture(scope="module")
def servers(live_home):
    """Nomad and Consul with ACLs, and a Vault that is sealed."""
    one = Servers(live_home)
    try:
        one.start()
        yield one
    finally:
        one.stop()


@pytest.fixture(autouse=True)
def _minion(servers, monkeypatch):
    """The module as a minion beside the master runs it; the healer's token is the declared one."""
    rules = healer.derive({}, _context())["rules"]
    servers.configure(servers.nomad_token(*_declared()), servers.consul_token(rules))
    options = {
        "eos_sidecar_config": str(servers.home / "config.json"),
        "eos_healer_dir": str(servers.home / "healer"),
    }
    monkeypatch.setattr(eos_heal_act, "__opts__", options, raising=False)


def _context():
    node = {
        "id": "n1", "address": "127.0.0.1", "roles": {"consul": ["server"], "nomad": ["server"]}
    }  # fmt: skip
    components = {"consul": {"https": 8501}, "nomad": {"https": 4646}}
    return {"components": components, "node": node, "nodes": {"n1": node}}


def _declared():
    """Give the capabilities that the component healer asks for."""
    states = contract.load().components["healer"]["spec"]["prepare"]
    (policy,) = [one["with"] for one in states if one["id"] == "policy in Nomad"]
    return policy["rules"]["namespace"]["*"]["capabilities"]


def _instance(allocation):
    return f"_nomad-task-{allocation}-group-g-web-http"


def test_the_declared_token_may_have_a_job_evaluated(servers):
    job = servers.job("evaluated", "/bin/sleep", "600")
    servers.is_now(job, "running")
    found = eos_heal_act.evaluate("evaluated", "default", "global")
    assert found["status"] == "complete"
    made = servers.nomad().get(f"/v1/evaluation/{found['evaluation']}")
    assert (made["JobID"], made["Status"]) == ("evaluated", "complete")


def test_the_sidecars_token_may_not(servers):
    """Mutation: what is needed is evaluate-job; reading jobs is not enough."""
    servers.job("listed", "/bin/sleep", "600")
    servers.configure(servers.nomad_token("list-jobs", "read-job"))
    with pytest.raises(CommandExecutionError, match="403"):
        eos_heal_act.evaluate("listed", "default", "global")


def test_the_declared_token_cannot_write_a_job(servers):
    servers.job("kept", "/bin/sleep", "600")
    token = (servers.home / "healer" / "nomad.token").read_text()
    job = servers.nomad().get("/v1/job/kept")
    with pytest.raises(Forbidden):
        servers.nomad(token).post("/v1/job/kept", {"Job": {**job, "Priority": 60}})
    with pytest.raises(Forbidden):
        servers.nomad(token).delete("/v1/job/kept")


def test_an_evaluation_starts_again_what_nomad_gave_up(servers):
    flag = servers.home / "may-run"
    first = servers.job("given-up", "/bin/sh", "-c", f"test -e {flag} && exec sleep 600")
    servers.is_now(first, "failed")
    flag.touch()
    found = eos_heal_act.evaluate("given-up", "default", "global")
    assert found["status"] == "complete"
    servers.until(lambda: servers.allocations("given-up")[0]["ID"] != first)
    newest = servers.allocations("given-up")[0]
    assert newest["EvalID"] == found["evaluation"]
    servers.is_now(newest["ID"], "running")


def test_where_rescheduling_is_off_it_says_that_nothing_comes_of_it(servers):
    """Nomad forces a reschedule only where the group is rescheduled at all."""
    off = {"group": {"ReschedulePolicy": {"Attempts": 0, "Unlimited": False}}}
    first = servers.job("never-again", "/bin/false", **off)
    servers.is_now(first, "failed")
    found = eos_heal_act.evaluate("never-again", "default", "global")
    assert found["status"] == "complete; group g is never rescheduled"
    assert [one["ID"] for one in servers.allocations("never-again")] == [first]


def test_a_job_that_is_not_there_or_was_stopped_is_not_evaluated(servers):
    with pytest.raises(CommandExecutionError, match="is not there any more"):
        eos_heal_act.evaluate("nowhere", "default", "global")
    servers.job("stopped", "/bin/sleep", "600")
    servers.nomad().delete("/v1/job/stopped")
    with pytest.raises(CommandExecutionError, match="was stopped"):
        eos_heal_act.evaluate("stopped", "default", "global")


def test_a_name_that_is_a_path_reaches_no_other_job(servers):
    """Nomad reads it as a path of its own, so it is refused before anything is sent."""
    before = len(servers.nomad().get("/v1/job/evaluated/evaluations"))
    with pytest.raises(CommandExecutionError, match="405"):
        eos_heal_act.evaluate("evaluated/evaluate", "default", "global")
    assert len(servers.nomad().get("/v1/job/evaluated/evaluations")) == before


def test_a_region_that_the_sidecar_does_not_read_is_refused(servers):
    with pytest.raises(CommandExecutionError, match="does not read nomad:elsewhere"):
        eos_heal_act.evaluate("evaluated", "default", "elsewhere")


def test_a_dead_registration_leaves_through_its_own_agent(servers):
    ended = servers.job("ended", "/bin/true", Type="batch")
    servers.is_now(ended, "complete")
    instance = _instance(ended)
    servers.register(instance)
    found = eos_heal_act.deregister("dc1", "n1", instance, ended, servers.consul_address)
    assert found == {"through": "its agent"}
    assert instance not in servers.instances("n1")
    assert instance not in servers.consul().get("/v1/agent/services")


def test_a_registration_whose_allocation_runs_stays(servers):
    running = servers.job("running", "/bin/sleep", "600")
    servers.is_now(running, "running")
    instance = _instance(running)
    servers.register(instance)
    with pytest.raises(CommandExecutionError, match="expected it to have ended"):
        eos_heal_act.deregister("dc1", "n1", instance, running, servers.consul_address)
    assert instance in servers.instances("n1")


def test_a_registration_of_an_unknown_allocation_stays(servers):
    unknown = "5b9c5dd2-1c80-4b0a-9c3e-0a3d4f2f6a11"
    servers.register(_instance(unknown))
    with pytest.raises(CommandExecutionError, match="0 regions know allocation"):
        eos_heal_act.deregister("dc1", "n1", _instance(unknown), unknown, servers.consul_address)
    assert _instance(unknown) in servers.instances("n1")


@pytest.fixture
def orphan(servers):
    """A registration in the catalogue, on a node whose agent is gone."""
    ended = servers.job("orphaned", "/bin/true", Type="batch")
    servers.is_now(ended, "complete")
    made = {
        "Node": "gone", "Address": "127.0.0.9",
        "Service": {"ID": _instance(ended), "Service": "web", "Port": 1},
    }  # fmt: skip
    servers.consul().put("/v1/catalog/register", made)
    return ended, _instance(ended)


def test_where_the_agent_is_gone_the_catalogue_loses_it(servers, orphan):
    ended, instance = orphan
    found = eos_heal_act.deregister("dc1", "gone", instance, ended, "http://127.0.0.9:1")
    assert found == {"through": "the catalogue"}
    assert servers.instances("gone") == []


def test_one_that_changes_at_that_moment_stays(servers, orphan, monkeypatch):
    """Check-and-set: what was read is not what is there any more."""
    ended, instance = orphan
    read = heal_at_consul.row_of

    def stale(consul, node, name):
        row = read(consul, node, name)
        return row and {**row, "ModifyIndex": row["ModifyIndex"] - 1}

    monkeypatch.setattr(heal_at_consul, "row_of", stale)
    with pytest.raises(CommandExecutionError, match="409"):
        eos_heal_act.deregister("dc1", "gone", instance, ended)
    assert servers.instances("gone") == [instance]


def test_an_agent_that_is_alive_and_out_of_reach_stops_it(servers):
    ended = servers.job("unreached", "/bin/true", Type="batch")
    servers.is_now(ended, "complete")
    servers.register(_instance(ended))
    with pytest.raises(CommandExecutionError, match="alive for the others"):
        eos_heal_act.deregister("dc1", "n1", _instance(ended), ended, "http://127.0.0.9:1")
    assert _instance(ended) in servers.instances("n1")


def test_the_declared_token_cannot_take_the_stacks_own_services_away(servers):
    ended = servers.job("own", "/bin/true", Type="batch")
    servers.is_now(ended, "complete")
    made = {"ID": _instance(ended), "Name": "vault", "Address": "127.0.0.1", "Port": 1}
    servers.consul().put("/v1/agent/service/register", made)
    with pytest.raises(CommandExecutionError, match="403"):
        eos_heal_act.deregister("dc1", "n1", _instance(ended), ended, servers.consul_address)


def test_jobs_that_failed_for_a_sealed_vault_are_found_and_evaluated(servers):
    vault = {"task": {"Vault": {"Role": "x", "Env": True}}}
    waiting = servers.job("wants-vault", "/bin/sleep", "600", **vault)
    servers.is_now(waiting, "failed", 120)
    other = servers.job("fails-alone", "/bin/false")
    servers.is_now(other, "failed")
    listed = eos_heal_act.failed_for_vault()
    assert [one["job"] for one in listed["failed"]] == ["wants-vault"]
    assert 0 < listed["unhealthy"] <= listed["managed"]
    found = eos_heal_act.evaluate_failed_for_vault(listed["failed"])
    assert [one["job"] for one in found["evaluated"]] == ["wants-vault"]
    servers.until(lambda: len(servers.allocations("wants-vault")) == 2)
    assert servers.allocations("wants-vault")[0]["EvalID"] == found["evaluated"][0]["evaluation"]


def test_no_more_of_them_are_evaluated_than_asked_for(servers):
    assert eos_heal_act.evaluate_failed_for_vault([])["evaluated"] == []


def test_a_token_file_without_a_token_sends_nothing(servers):
    (servers.home / "healer" / "nomad.token").write_text("")
    with pytest.raises(CommandExecutionError, match="holds no token"):
        eos_heal_act.evaluate("evaluated", "default", "global")
