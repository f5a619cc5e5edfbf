"""
Every declared state of the servers, on real servers, in the order of the first run.

Test mode predicts and writes nothing, applying does it, and a second run has nothing to do; no
secret is in any return; each gate is red before its component is done and green after.
"""

import json
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.server


def converge(loopback, component):
    """Apply a component's states, and judge each of their returns."""
    for name, function, arguments in loopback.states(component):
        before = loopback.state(function, test=True, **arguments)
        applied = loopback.state(function, **arguments)
        again = loopback.state(function, **arguments)
        assert applied["result"] is True, (name, applied)
        assert (before["result"], bool(before["changes"])) == (
            (None, True) if applied["changes"] else (True, False)
        ), (name, before)
        assert again["result"] is True, (name, again)
        assert again["changes"] == {}, (name, again)
        told = json.dumps([before, applied, again])
        assert not [secret for secret, value in loopback.secrets.items() if value in told], name


def green(loopback, component, tries=60):
    for _ in range(tries):
        outcomes = loopback.gate(component)
        if all(item.ok for item in outcomes):
            return
        time.sleep(1)
    raise AssertionError([(item.observed, item.why) for item in outcomes if not item.ok])


def red(loopback, component):
    outcomes = [item for item in loopback.gate(component) if not item.ok]
    assert outcomes, f"the gate of {component} is green"
    assert outcomes[0].why
    return outcomes[0].observed


def test_consul_starts_closed_and_opens_for_tokens_only(loopback):
    loopback.start_consul()
    assert "403" in red(loopback, "consul_acl")
    converge(loopback, "consul_acl")
    green(loopback, "consul_acl")


def test_the_gate_of_consul_sees_a_stranger_with_rights(loopback):
    from saltext.eos.utils import consul

    address = f"https://127.0.0.1:{loopback.port('consul', 'https')}"
    client = consul.client(address, loopback.secrets["consul_acl.management_token"])
    anonymous = "/v1/acl/token/00000000-0000-0000-0000-000000000002"
    client.put(anonymous, {"Policies": [{"Name": "dns"}]})
    try:
        assert "stranger" in red(loopback, "consul_acl")
    finally:
        client.put(anonymous, {"Policies": []})
    green(loopback, "consul_acl")


def test_consul_of_another_stack_is_refused(loopback):
    address = f"https://127.0.0.1:{loopback.port('consul', 'https')}"
    other = {"$secret": "consul_acl.nomad_token"}
    found = loopback.state("eos_consul.bootstrapped", name=address, token=other)
    assert found["result"] is False
    assert "bootstrapped with another token" in found["comment"]
    assert found["changes"] == {}


def test_vault_is_opened_and_its_root_token_revoked(loopback):
    from saltext.eos.utils import vault_init

    loopback.start_vault()
    red(loopback, "vault_open")
    converge(loopback, "vault_open")
    green(loopback, "vault_open")
    assert vault_init.root_token(loopback.directory) is None
    assert len(vault_init.shares(loopback.directory)) == 5


def test_vault_is_opened_again_after_a_restart(loopback):
    loopback.stop("vault")
    loopback.start_vault()
    assert "sealed = True" in red(loopback, "vault_open")
    converge(loopback, "vault_open")
    green(loopback, "vault_open")


def test_nomad_starts_closed_and_opens_for_tokens_only(loopback):
    loopback.start_nomad()
    red(loopback, "nomad_acl")
    converge(loopback, "nomad_acl")


def test_vault_makes_nomad_tokens(loopback):
    converge(loopback, "nomad_tokens")
    green(loopback, "nomad_tokens")


def test_the_sidecar_gets_tokens_that_read_and_no_more(loopback):
    from saltext.eos.utils import nomad
    from saltext.eos.utils.http import Forbidden

    converge(loopback, "sidecar")
    held = Path(loopback.moved("/etc/eos-sidecar/nomad.token"))
    assert held.stat().st_mode & 0o777 == 0o400
    address = f"https://127.0.0.1:{loopback.port('nomad', 'https')}"
    own = nomad.client(address, held.read_text().strip())
    assert own.get("/v1/jobs?namespace=*") == []
    # An answer is the right; whether the client has registered yet is not the question.
    assert isinstance(own.get("/v1/nodes"), list)
    for ask in (
        lambda: own.get("/v1/acl/tokens"),
        lambda: own.get("/v1/agent/self"),
        lambda: own.delete("/v1/job/web"),
        lambda: own.put("/v1/system/gc"),
    ):
        with pytest.raises(Forbidden):
            ask()
    token = loopback.opened({"token": {"$secret": "sidecar.consul_token"}})["token"]
    assert nomad.own_token(address, token) is None


@pytest.mark.parametrize("fault", ["lost", "foreign", "orphan", "open"])
def test_a_token_that_is_lost_foreign_or_open_is_made_again(loopback, fault):
    from saltext.eos.utils import nomad

    held = Path(loopback.moved("/etc/eos-sidecar/nomad.token"))
    address = f"https://127.0.0.1:{loopback.port('nomad', 'https')}"
    client = nomad.client(address, loopback.secrets["nomad_acl.management_token"])
    before = held.read_text()
    label = "eos-sidecar on n1"
    if fault == "lost":
        held.unlink()
    elif fault == "foreign":
        held.unlink()
        held.write_text("11111111-1111-1111-1111-111111111111\n")
    elif fault == "orphan":
        client.put("/v1/acl/token", {"Name": label, "Type": "client", "Policies": ["eos-sidecar"]})
    else:
        held.chmod(0o444)
    converge(loopback, "sidecar")
    after = held.read_text()
    assert after != before
    assert held.stat().st_mode & 0o777 == 0o400
    assert len(nomad.tokens_named(client, label)) == 1
    assert nomad.own_token(address, before.strip()) is None
    assert nomad.own_token(address, after.strip())["Policies"] == ["eos-sidecar"]


def test_a_client_opens_its_gate_with_vault(loopback):
    from saltext.eos.states import eos_program

    converge(loopback, "vault_gate")
    assert "eos_gate_vault = None" in red(loopback, "vault_gate")
    program = str(eos_program.PROGRAMS / "gate_vault.py")
    settings = loopback.moved("/etc/eos/gate-vault.json")
    loopback.start("vault_gate", [sys.executable, program, settings], lambda: True)
    green(loopback, "vault_gate", tries=20)


def test_jobs_get_their_identities(loopback):
    red(loopback, "workload_identity")
    converge(loopback, "workload_identity")
    green(loopback, "workload_identity")


def test_a_job_cannot_read_what_belongs_to_another(loopback):
    from saltext.eos.utils import canary, nomad

    address = f"https://127.0.0.1:{loopback.port('nomad', 'https')}"
    client = nomad.client(address, loopback.secrets["nomad_acl.management_token"])
    thief = canary.job("thief", "dc1")
    client.put("/v1/jobs", {"Job": thief})
    try:
        assert _missing(client, "thief") == "Missing: vault.read(kv/data/default/eos-canary/probe)"
        log = (loopback.home / "nomad.log").read_text()
        assert "Code: 403" in log and "permission denied" in log
    finally:
        client.delete("/v1/job/thief?purge=true")


def test_a_client_closes_its_gate_without_vault(loopback):
    loopback.stop("vault")
    for _ in range(20):
        if loopback.gate("vault_gate")[0].observed.endswith("eos_gate_vault = closed"):
            return
        time.sleep(1)
    raise AssertionError(loopback.gate("vault_gate")[0].observed)


def _missing(client, job):
    """Wait for Nomad's reason why the job's task does not start."""
    for _ in range(40):
        for allocation in client.get(f"/v1/job/{job}/allocations"):
            for state in (allocation.get("TaskStates") or {}).values():
                for event in state["Events"]:
                    if "Missing" in event["DisplayMessage"]:
                        return event["DisplayMessage"]
        time.sleep(1)
    raise AssertionError("Nomad gives no reason")
