"""Real Nomad, Consul and Vault: what the healer sees of them is what they are."""

from __future__ import annotations

import signal

import double
import pytest
from looking import form, incident

from saltext.eos.modules import eos_heal
from saltext.eos.policies.table import TABLE
from saltext.eos.utils import heal_snapshot, heal_view
from saltext.eos.utils.heal_judge_truth import ENOUGH

pytestmark = pytest.mark.server


@pytest.fixture
def heal(world, tmp_path, monkeypatch):
    """The module on a minion whose sidecar reads these servers with rights that only read."""
    options = {"id": "n1", "eos_sidecar_config": world.configuration(tmp_path)}
    monkeypatch.setattr(eos_heal, "__opts__", options, raising=False)
    return eos_heal


def seen(one, policy, at=200.0):
    """Look at an incident as the healer does, without a master in between."""
    needs = heal_view.needs([(one, policy)])
    wanted = heal_snapshot.questions(form(), needs)
    told = {"n1": eos_heal.look(wanted)}
    snapshot = heal_snapshot.put_together(at, needs, frozenset(), wanted, told)
    return heal_view.view(one, policy, snapshot, form())


def registration(alloc, instance, policy="lost_registration"):
    """Open an incident about an instance of the node n1."""
    return incident(policy, alloc=alloc["ID"], instance=instance, node="n1")


def evaluated(name, namespace="default"):
    """Open an incident whose act would be a forced evaluation of a job."""
    one = incident("reschedule_exhausted", job=name, group=name, namespace=namespace)
    del one.subject["subject.group"]
    act = {"act": {"do": "evaluate"}, "require": {"layer_below": "settled", "hook": None}}
    return one, act


def test_the_double_has_every_field_that_real_rows_have(world):
    row = world.run("kept")
    nomad, consul = world.client("nomad"), world.client("consul")
    stub = next(one for one in nomad.get("/v1/jobs?namespace=*") if one["ID"] == "kept")
    state = next(one for one in nomad.get("/v1/jobs/statuses?namespace=*") if one["ID"] == "kept")
    lists = "/v1/allocations?namespace=*&task_states=false&resources=false"
    alloc = next(one for one in nomad.get(lists) if one["ID"] == row["ID"])
    optional = {"DeploymentID"}
    assert set(stub) <= set(double.stub("kept"))
    assert set(state) <= set(double.state("kept", [double.alloc(0, "kept")]))
    made = double.state("kept", [double.alloc(0, "kept")])["Allocs"][0]
    assert set(state["Allocs"][0]) <= set(made)
    assert set(alloc) - optional <= set(double.alloc(0, "kept"))
    assert set(nomad.get("/v1/nodes")[0]) <= set(double.NODES[0])
    listed = consul.get("/v1/catalog/node-services/n1")
    assert {"Node", "Services"} == set(listed)
    rules = nomad.post("/v1/acl/policy/kept", {"Name": "kept", "Rules": NAMESPACE})
    rules = nomad.get("/v1/acl/policy/kept")["RulesJSON"]["Namespaces"]
    assert set(rules[0]) == set(double.RULES[0])


NAMESPACE = 'namespace "*" { capabilities = ["list-jobs", "read-job"] }'


def test_a_lost_registration_is_seen_and_its_return_too(world, heal):
    alloc = world.run("lonely")
    (row,) = world.until(lambda: world.registered("lonely"))
    one = registration(alloc, row["ServiceID"])
    policy = TABLE["lost_registration"]
    assert seen(one, policy).thing.wrong is False
    world.client("consul").put(f"/v1/agent/service/deregister/{row['ServiceID']}")
    view = seen(one, policy)
    assert (view.blocked, view.thing.wrong, view.thing.hook) == ("", True, True)
    assert seen(one, policy, at=101.0).thing.layer == "progress"
    assert (view.thing.layer, view.managed >= 1) == ("settled", True)
    # Nomad mends it by itself within 30 s; that is why it is given 35.
    world.until(lambda: world.registered("lonely"), within=35)
    assert seen(one, policy).thing.wrong is False


def test_a_service_that_its_job_has_no_more_is_not_lost(world, heal):
    alloc = world.run("renamed")
    (row,) = world.until(lambda: world.registered("renamed"))
    after = world.run("renamed", Services=[{"Name": "called-so", "Provider": "consul"}])
    world.until(lambda: world.registered("called-so"))
    world.until(lambda: not world.registered("renamed"))
    assert after["ID"] == alloc["ID"]
    (new,) = world.registered("called-so")
    view = seen(registration(alloc, row["ServiceID"]), TABLE["lost_registration"])
    assert (view.blocked, view.thing.wrong, view.thing.hook) == ("", False, True)
    world.client("consul").put(f"/v1/agent/service/deregister/{new['ServiceID']}")
    view = seen(registration(alloc, new["ServiceID"]), TABLE["lost_registration"])
    assert (view.blocked, view.thing.wrong) == ("", True)


def test_a_stopped_job_is_not_wrong_and_its_registration_not_lost(world, heal):
    alloc = world.run("stopped")
    (row,) = world.until(lambda: world.registered("stopped"))
    one, act = evaluated("stopped")
    assert seen(one, act).thing.wrong is False
    before = seen(one, act).managed
    world.client("nomad").delete("/v1/job/stopped?namespace=default")
    world.until(lambda: not world.registered("stopped"))
    view = seen(registration(alloc, row["ServiceID"]), TABLE["lost_registration"])
    assert (view.blocked, view.thing.wrong) == ("", False)
    view = seen(one, act)
    assert (view.thing.wrong, view.managed) == (False, before - 1)


def test_a_stale_registration_is_seen(world, heal):
    alloc = world.run("stale")
    (row,) = world.until(lambda: world.registered("stale"))
    world.client("nomad").delete("/v1/job/stale?namespace=default")
    world.until(lambda: not world.registered("stale"))
    path = f"/v1/allocation/{alloc['ID']}"
    world.until(lambda: world.client("nomad").get(path)["ClientStatus"] == "complete")
    one = registration(alloc, row["ServiceID"], "stale_registration")
    policy = TABLE["stale_registration"]
    assert seen(one, policy).thing.wrong is False
    service = {"ID": row["ServiceID"], "Name": "stale", "Port": 1}
    world.client("consul").put("/v1/agent/service/register", service)
    world.until(lambda: world.registered("stale"))
    view = seen(one, policy)
    assert (view.blocked, view.thing.wrong, view.thing.hook) == ("", True, True)
    world.client("consul").put(f"/v1/agent/service/deregister/{row['ServiceID']}")


def test_a_job_that_cannot_be_placed_is_wrong_and_nomad_waits(world, heal):
    nomad = world.client("nomad")
    task = {"Name": "big", "Driver": "raw_exec", "Config": {"command": "/bin/true"},
            "Resources": {"CPU": 20, "MemoryMB": 900_000_000}}  # fmt: skip
    group = {"Name": "big", "Count": 2, "Tasks": [task]}
    made = {"ID": "big", "Name": "big", "Type": "service", "Datacenters": ["dc1"],
            "TaskGroups": [group]}  # fmt: skip
    nomad.post("/v1/jobs", {"Job": made})
    world.until(
        lambda: any(
            one["JobID"] == "big" and one["Status"] == "blocked"
            for one in nomad.get("/v1/evaluations?namespace=*")
        )
    )
    one, act = evaluated("big")
    view = seen(one, act)
    assert (view.thing.wrong, view.unhealthy >= 1) == (True, True)
    rows = eos_heal.nomad({"evaluations": [["default", "big"]]})
    (row,) = rows["regions"]["global"]["evaluations"]
    assert (row["status"], row["groups"]) == ("blocked", ["big"])
    nomad.delete("/v1/job/big?namespace=default&purge=true")
    view = seen(one, act)
    assert view.thing.wrong is False


def test_a_job_out_of_attempts_is_exhausted(world, heal):
    nomad = world.client("nomad")
    task = {"Name": "bad", "Driver": "raw_exec", "Config": {"command": "/bin/false"},
            "Resources": {"CPU": 20, "MemoryMB": 16}}  # fmt: skip
    group = {
        "Name": "bad", "Count": 1, "Tasks": [task],
        "RestartPolicy": {"Attempts": 0, "Interval": 600_000_000_000, "Delay": 1, "Mode": "fail"},
        "ReschedulePolicy": {"Attempts": 0, "Unlimited": False},
    }  # fmt: skip
    made = {"ID": "bad", "Name": "bad", "Type": "service", "Datacenters": ["dc1"],
            "TaskGroups": [group]}  # fmt: skip
    nomad.post("/v1/jobs", {"Job": made})
    world.until(
        lambda: any(one["ClientStatus"] == "failed" for one in nomad.get("/v1/job/bad/allocations"))
    )
    one = incident("reschedule_exhausted", job="bad", group="bad", namespace="default")
    policy = TABLE["reschedule_exhausted"]
    # Its deployment is given up a moment after its allocation.
    world.until(lambda: seen(one, policy).thing.layer in ENOUGH["exhausted"])
    view = seen(one, policy)
    assert (view.blocked, view.thing.wrong) == ("", True)
    nomad.delete("/v1/job/bad?namespace=default&purge=true")


def test_a_version_that_failed_is_held_and_the_one_it_went_back_to_is_not(world, heal):
    nomad = world.client("nomad")

    def submit(command, revision):
        task = {"Name": "duel", "Driver": "raw_exec", "Resources": {"CPU": 20, "MemoryMB": 16},
                "Config": {"command": command, "args": ["3600"]},
                "KillTimeout": 1_000_000_000}  # fmt: skip
        second = 1_000_000_000
        group = {
            "Name": "duel", "Count": 1, "Tasks": [task],
            "RestartPolicy": {"Attempts": 0, "Interval": 600 * second, "Delay": 1, "Mode": "fail"},
            "ReschedulePolicy": {"Attempts": 0, "Unlimited": False},
            "Update": {"MaxParallel": 1, "HealthCheck": "task_states", "MinHealthyTime": second,
                       "HealthyDeadline": 20 * second, "ProgressDeadline": 30 * second,
                       "AutoRevert": True},
        }  # fmt: skip
        made = {"ID": "duel", "Name": "duel", "Type": "service", "Datacenters": ["dc1"],
                "TaskGroups": [group], "UI": {"Description": f"eos rev={revision}"}}  # fmt: skip
        nomad.post("/v1/jobs", {"Job": made})

    def ended(status, version):
        return any(
            one["Status"] == status and one["JobVersion"] == version
            for one in nomad.get("/v1/job/duel/deployments")
        )

    submit("/bin/sleep", "a" * 12)
    world.until(lambda: ended("successful", 0))
    submit("/bin/false", "b" * 12)
    world.until(lambda: ended("failed", 1))
    world.until(lambda: nomad.get("/v1/job/duel")["Version"] == 2)
    rows = eos_heal.nomad({"versions": [["default", "duel"]]})["regions"]["global"]["versions"]
    assert {one["version"]: one["revision"][:1] for one in rows} == {0: "a", 1: "b", 2: "a"}
    policy = TABLE["failed_deployment"]
    held = {
        version: seen(incident("failed_deployment", job="duel", namespace="default",
                               version=version), policy).thing
        for version in (1, 2, 7)
    }  # fmt: skip
    assert (held[1].wrong, held[7].wrong) == (True, None)
    now, act = evaluated("duel")
    assert held[1].input != seen(now, act).thing.input == held[2].input
    world.purge("duel")


def test_what_runs_on_a_lost_node_is_not_known(world, heal):
    with world.another("far") as child:
        where = {"Constraints": [{"LTarget": "${meta.which}", "RTarget": "far", "Operand": "="}]}
        away = {"Disconnect": {"LostAfter": 3_600_000_000_000, "Replace": False}}
        alloc = world.run("remote", **where, **away)
        (row,) = world.until(lambda: world.registered("remote"))
        one = registration(alloc, row["ServiceID"])
        assert seen(one, TABLE["lost_registration"]).thing.wrong is False
        world.client("consul").put(f"/v1/agent/service/deregister/{row['ServiceID']}")
        child.send_signal(signal.SIGSTOP)
        try:
            nomad = world.client("nomad")
            path = f"/v1/allocation/{alloc['ID']}"
            world.until(lambda: nomad.get(path)["ClientStatus"] == "unknown")
            view = seen(one, TABLE["lost_registration"])
            assert (view.blocked, view.thing.wrong) == ("", None)
            nodes = eos_heal.nomad(["nodes"])["regions"]["global"]["nodes"]
            assert {one["node"]: one["status"] for one in nodes}["far"] == "disconnected"
        finally:
            child.send_signal(signal.SIGCONT)
            world.purge("remote")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ('namespace "*" { policy = "read" }\nnamespace "team" { policy = "deny" }\n'
         'node { policy = "read" }', "namespace team"),
        ('namespace "default" { policy = "read" }\nnode { policy = "read" }', "every namespace"),
        ('namespace "*" { capabilities = ["list-jobs", "read-job"] }', "403"),
    ],
)  # fmt: skip
def test_a_namespace_that_may_not_be_seen_blocks(world, tmp_path, monkeypatch, rules, words):
    world.client("nomad").post("/v1/namespace/team", {"Name": "team"})
    config = world.configuration(tmp_path, rules=rules)
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
    found = eos_heal.nomad()
    assert set(found) == {"blocked"}
    assert words in found["blocked"]


def test_a_token_that_nomad_does_not_know_blocks(world, tmp_path, monkeypatch):
    config = world.configuration(tmp_path)
    (tmp_path / "nomad.token").write_text(double.TOKEN)
    (tmp_path / "consul.token").write_text(double.TOKEN)
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
    for found in (eos_heal.nomad(), eos_heal.consul(["n1"])):
        assert "answered 403" in found["blocked"]
        assert double.TOKEN not in found["blocked"]


@pytest.mark.parametrize(
    "services",
    ['node_prefix "" { policy = "read" }\nservice_prefix "a" { policy = "read" }\n',
     'service_prefix "" { policy = "read" }\n', ""],
)  # fmt: skip
def test_what_consul_leaves_out_for_a_token_blocks(world, tmp_path, monkeypatch, services):
    config = world.configuration(tmp_path, services=services)
    monkeypatch.setattr(eos_heal, "__opts__", {"eos_sidecar_config": config}, raising=False)
    assert "may not see all" in eos_heal.consul(["n1"])["blocked"]


def test_a_sealed_vault_says_so(world, heal):
    assert heal.vault(world.where["vault"]) == {"sealed": False, "initialized": True}
    world.client("vault").put("/v1/sys/seal")
    assert heal.vault(world.where["vault"]) == {"sealed": True, "initialized": True}


def test_to_look_writes_nothing(world, heal):
    nomad, consul = world.client("nomad"), world.client("consul")

    def indexes():
        nomad.get("/v1/jobs?namespace=*")
        jobs = nomad.answered["x-nomad-index"]
        consul.get("/v1/catalog/services")
        return jobs, consul.answered["x-consul-index"]

    before = indexes()
    for _ in range(5):
        assert "regions" in heal.nomad()
        assert "datacenters" in heal.consul(["n1"])
    assert indexes() == before
