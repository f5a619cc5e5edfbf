"""A Terraform root against a real OpenTofu, Nomad and Vault."""

import json
import os
import time

import pytest
from programs import binary

pytestmark = pytest.mark.server

SECOND = 1_000_000_000


def job(name, namespace="default", command="sleep", args=("9999",), **environment):
    """A service job that needs no image."""
    deadlines = {"HealthyDeadline": 5 * SECOND, "ProgressDeadline": 6 * SECOND}
    return {
        "ID": name,
        "Name": name,
        "Namespace": namespace,
        "Type": "service",
        "Datacenters": ["*"],
        "Constraints": [
            {"LTarget": "${meta.eos_gate_vault}", "RTarget": "open", "Operand": "="},
        ],
        "TaskGroups": [
            {
                "Name": name,
                "Count": 1,
                "RestartPolicy": {"Attempts": 0, "Mode": "fail"},
                "Update": {"MaxParallel": 1, "MinHealthyTime": SECOND // 2, **deadlines},
                "Tasks": [
                    {
                        "Name": name,
                        "Driver": "raw_exec",
                        "Config": {"command": command, "args": list(args)},
                        "Env": environment,
                        "Resources": {"CPU": 20, "MemoryMB": 16},
                    }
                ],
            }
        ],
    }


def root_of(nomad, *jobs, **resources):
    """A root with these jobs."""
    from saltext.eos.utils import app_root

    made = {one["ID"]: app_root._job(one) for one in jobs}
    found = app_root.root(nomad[0], {**({"nomad_job": made} if made else {}), **resources})
    found["provider"]["nomad"].pop("ca_file")
    return found


def jobs_of(nomad):
    return {one["ID"]: one for one in nomad[1].get("/v1/jobs?namespace=*") if not one["Stop"]}


def is_refused(address, token, within=10):
    """Tell whether Nomad refuses a token; Vault revokes leases shortly after their session."""
    from saltext.eos.utils.http import Client, Forbidden

    client = Client(address, headers={"X-Nomad-Token": token})
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            client.get("/v1/acl/token/self")
        except Forbidden:
            return True
        time.sleep(0.2)
    return False


def files_with(word, *folders):
    """List the files that hold a word."""
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and word.encode() in path.read_bytes()
    ]


def test_plan_is_shown_then_applied_then_empty(applied, nomad):
    config = root_of(nomad, job("web", MODE="one"))
    predicted = applied("web", config, test=True)
    assert predicted["result"] is None
    assert list(predicted["changes"]) == ["nomad_job.web"]
    assert "web" not in jobs_of(nomad)

    first = applied("web", config)
    assert first["result"] is True, first["comment"]
    assert first["changes"] == predicted["changes"]
    assert jobs_of(nomad)["web"]["Status"] == "running"

    index = nomad[1].get("/v1/job/web")["JobModifyIndex"]
    again = applied("web", config)
    assert (again["result"], again["changes"]) == (True, {})
    assert nomad[1].get("/v1/job/web")["JobModifyIndex"] == index

    changed = applied("web", root_of(nomad, job("web", MODE="two")))
    assert changed["changes"]["nomad_job.web"]["old"]["job.TaskGroups.0.Tasks.0.Env.MODE"] == "one"
    assert changed["changes"]["nomad_job.web"]["new"]["job.TaskGroups.0.Tasks.0.Env.MODE"] == "two"
    task = nomad[1].get("/v1/job/web")["TaskGroups"][0]["Tasks"][0]
    assert task["Env"] == {"MODE": "two"}
    assert nomad[1].get("/v1/job/web")["Constraints"][0]["LTarget"] == "${meta.eos_gate_vault}"


def test_job_that_died_runs_again(applied, nomad):
    config = root_of(nomad, job("phoenix"))
    assert applied("phoenix", config)["result"] is True
    nomad[1].delete("/v1/job/phoenix")
    deadline = time.monotonic() + 30
    while nomad[1].get("/v1/job/phoenix")["Status"] != "dead" and time.monotonic() < deadline:
        time.sleep(0.3)
    again = applied("phoenix", config)
    assert again["result"] is True, again["comment"]
    assert "nomad_job.phoenix" in again["changes"]
    assert jobs_of(nomad)["phoenix"]["Status"] == "running"


def test_no_token_is_left_in_state_plan_or_memory(applied, nomad):
    assert applied("quiet", root_of(nomad, job("quiet")))["result"] is True
    assert len(applied.tokens) == 1
    for token in applied.tokens:
        assert not files_with(token, applied.home, applied.volatile)
        assert is_refused(nomad[0], token)
    assert list(applied.volatile.iterdir()) == []
    assert applied.volatile.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("is_ephemeral", [True, False])
def test_saved_plan_holds_the_token_only_when_its_variable_is_not_ephemeral(
    applied, nomad, is_ephemeral
):
    """The second case is the mutation: it proves that the search above can find a token."""

    from saltext.eos.utils.app_root import TOKEN
    from saltext.eos.utils.terraform_root import Root

    config = root_of(nomad, job("saved"))
    config["variable"][TOKEN]["ephemeral"] = is_ephemeral
    token = nomad[1].get("/v1/acl/token/self")["SecretID"]
    root = Root(
        "saved", within=60, home=applied.home, volatile=applied.volatile,
        program=binary("tofu"), settings=applied.settings,
    )  # fmt: skip
    root.prepare(config)
    with root.token(TOKEN, token):
        assert root.token_file.stat().st_mode & 0o777 == 0o600
        root.plan()
    import zipfile

    with zipfile.ZipFile(root.plan_file) as plan:
        held = any(token.encode() in plan.read(name) for name in plan.namelist())
    assert held is not is_ephemeral


def test_destroying_plan_is_refused_until_its_address_is_confirmed(applied, nomad):
    assert applied("pair", root_of(nomad, job("left"), job("right")))["result"] is True
    smaller = root_of(nomad, job("left"))
    for test in (True, False):
        refused = applied("pair", smaller, test=test)
        assert refused["result"] is False
        assert "nomad_job.right" in refused["comment"]
        assert "eos:terraform:confirm:pair" in refused["comment"]
        assert "right" in jobs_of(nomad)
    wrong = applied("pair", smaller, confirm=["nomad_job.left"])
    assert wrong["result"] is False
    done = applied("pair", smaller, confirm=["nomad_job.right"])
    assert done["result"] is True, done["comment"]
    assert done["changes"]["nomad_job.right"]["new"] is None
    assert "right" not in jobs_of(nomad)


def test_deployment_that_fails_says_why(applied, nomad):
    failed = applied("broken", root_of(nomad, job("broken", command="false", args=())))
    assert failed["result"] is False
    assert "deployment" in failed["comment"]
    assert "is failed" in failed["comment"]
    assert "nomad_job.broken" in failed["changes"]


def test_namespace_needs_the_management_role_and_only_when_it_is_written(applied, nomad):
    config = root_of(nomad, nomad_namespace={"team": {"name": "team"}})
    refused = applied("foundation", config)
    assert refused["result"] is False
    assert "Permission denied" in refused["comment"]
    done = applied("foundation", config, write_role="foundation")
    assert done["result"] is True, done["comment"]
    count = len(applied.tokens)
    assert applied("foundation", config, write_role="foundation")["changes"] == {}
    assert len(applied.tokens) == count + 1


def test_volume_is_made_for_its_owner(applied, nomad):
    from saltext.eos.utils import app_database

    volume = app_database.volume("shop", "default")
    volume["parameters"] = {"mode": "0700", "uid": str(os.getuid()), "gid": str(os.getgid())}
    config = root_of(nomad, nomad_dynamic_host_volume={"database": volume})
    done = applied("shop", config)
    assert done["result"] is True, done["comment"]
    (found,) = nomad[1].get("/v1/volumes?type=host&namespace=default")
    assert (found["Name"], found["State"]) == ("shop-db", "ready")
    assert applied("shop", config)["changes"] == {}


def test_left_over_plan_is_never_used(applied, nomad):
    applied.volatile.mkdir(parents=True)
    (applied.volatile / "stale.plan").write_text("a plan of a run that was interrupted")
    done = applied("stale", root_of(nomad, job("stale")))
    assert done["result"] is True, done["comment"]


def test_errored_state_of_an_interrupted_run_is_brought_in_first(applied, nomad):
    config = root_of(nomad, job("cut"))
    assert applied("cut", config)["result"] is True
    folder = applied.home / "cut"
    kept = json.loads((folder / "terraform.tfstate").read_text())
    newer = {**kept, "serial": kept["serial"] + 1}
    (folder / "errored.tfstate").write_text(json.dumps(newer))
    done = applied("cut", config)
    assert (done["result"], done["changes"]) == (True, {}), done["comment"]
    assert not (folder / "errored.tfstate").exists()
    assert json.loads((folder / "terraform.tfstate").read_text())["serial"] >= newer["serial"]


def test_errored_state_of_another_lineage_is_refused(applied, nomad):
    config = root_of(nomad, job("stranger"))
    assert applied("stranger", config)["result"] is True
    folder = applied.home / "stranger"
    kept = json.loads((folder / "terraform.tfstate").read_text())
    (folder / "errored.tfstate").write_text(
        json.dumps({**kept, "lineage": "another", "serial": 99})
    )
    refused = applied("stranger", config)
    assert refused["result"] is False
    assert "does not fit" in refused["comment"]
    assert (folder / "errored.tfstate").exists()


def test_lock_of_a_live_run_is_waited_for_and_then_named(applied, nomad, monkeypatch):
    import fcntl

    from saltext.eos.utils import terraform_root

    config = root_of(nomad, job("locked"))
    assert applied("locked", config)["result"] is True
    monkeypatch.setattr(terraform_root, "LOCK_WAIT", 1)
    with (applied.home / "locked" / "terraform.tfstate").open("r+") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        refused = applied("locked", root_of(nomad, job("locked", MODE="two")))
    assert refused["result"] is False
    assert "state lock" in refused["comment"]
    assert applied("locked", config)["result"] is True


def test_wrong_secret_id_is_refused(applied, nomad):
    refused = applied("nobody", root_of(nomad, job("nobody")), secret_id="wrong")
    assert refused["result"] is False
    assert "Vault refuses the identity eos-terraform" in refused["comment"]
    assert "nobody" not in jobs_of(nomad)


def test_with_vault_sealed_nothing_is_applied(applied, nomad, tmp_path):
    """A Vault of its own, sealed: the other tests go on using theirs."""
    import servers

    config = root_of(nomad, job("waiting"))
    with servers.vault(tmp_path / "vault") as (address, root):
        root.put("/v1/sys/seal")
        blocked = applied("waiting", config, vault=address)
        predicted = applied("waiting", config, vault=address, test=True)
    assert blocked["result"] is False
    assert blocked["comment"].startswith("blocked: vault")
    assert predicted["result"] is None
    assert "waiting" not in jobs_of(nomad)
    gone = applied("waiting", config, vault=address)
    assert gone["comment"].startswith("blocked: vault")
    done = applied("waiting", config)
    assert done["result"] is True, done["comment"]
