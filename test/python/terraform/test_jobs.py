"""What an application of the pillar compiles to."""

import copy
import json
import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
DIGEST = "registry.test/{}@sha256:" + "0" * 64

FULL = {
    "image": DIGEST.format("miniflux"),
    "count": 2,
    "memory": "128MiB",
    "cpu": 200,
    "port": 8080,
    "route": "reader.eos.test",
    "namespace": "apps",
    "database": {
        "engine": "postgresql",
        "image": DIGEST.format("postgresql"),
        "memory": "256MiB",
    },
    "environment": {"RUN_MIGRATIONS": "1"},
    "secrets": {"ADMIN_PASSWORD": "password"},
    "secrets_as": "file",
    "health": {"path": "/healthcheck", "interval": "5s"},
}
SMALL = {
    "image": DIGEST.format("whoami"),
    "count": 1,
    "memory": "32MiB",
    "cpu": 100,
    "port": 9000,
    "namespace": "default",
    "environment": {},
    "secrets": {},
    "secrets_as": "file",
    "health": {"path": "/"},
}


def root(name, values):
    from saltext.eos.utils import app_root

    return app_root.application("https://172.30.77.11:4646", name, values)


def jobs(made):
    """Give the jobs of a root as Nomad gets them: OpenTofu turns `$${` back."""
    return {
        label: json.loads(one["jobspec"].replace("$${", "${"))
        for label, one in made["resource"]["nomad_job"].items()
    }


@pytest.mark.parametrize(("name", "values"), [("feed-reader", FULL), ("whoami", SMALL)])
def test_root_is_the_golden_one(name, values):
    made = root(name, values)
    made["jobs"] = jobs(made)
    for one in made["resource"]["nomad_job"].values():
        one["jobspec"] = "see jobs"
    text = json.dumps(made, indent=2, sort_keys=True) + "\n"
    golden = GOLDEN / f"{name}.json"
    if os.environ.get("EOS_ACCEPT"):
        golden.write_text(text)
    assert text == golden.read_text()


def broken_rules(found):
    """List the rules of every job of Eos's that a root breaks."""
    broken = []
    for label, made in jobs(found).items():
        group = made["TaskGroups"][0]
        (task,) = group["Tasks"]
        uses_vault = any('secret "kv/' in one["EmbeddedTmpl"] for one in task["Templates"])
        gates = [one["LTarget"] for one in made["Constraints"]]
        rules = {
            "waits instead of failing": task["RestartPolicy"]["Mode"] == "delay",
            "starts only where Vault is open": uses_vault == ("${meta.eos_gate_vault}" in gates),
            "shows its Vault token to nobody": not uses_vault
            or (task["Vault"]["DisableFile"] and task["Vault"]["Env"] is False),
            "reads only its own secrets": all(
                part.startswith(f"{made['Namespace']}/{made['ID']}/")
                for one in task["Templates"]
                for part in one["EmbeddedTmpl"].split('secret "kv/data/')[1:]
            ),
            "is updated step by step": group["Update"]["MaxParallel"] == 1,
            "has a check": bool(group["Services"][0]["Checks"]),
            "runs an image by digest": "@sha256:" in task["Config"]["image"],
            "carries its revision where it restarts nothing": "rev=" in made["UI"]["Description"]
            and "rev" not in json.dumps(made["Meta"]),
        }
        broken += [f"{label}: {rule}" for rule, holds in rules.items() if not holds]
    return broken


@pytest.mark.parametrize("values", [FULL, SMALL])
def test_every_job_keeps_the_rules(values):
    assert broken_rules(root("feed-reader", values)) == []


@pytest.mark.parametrize(
    ("rule", "module", "attribute", "value"),
    [
        ("waits instead of failing", "app_job", "RESTART", {"Mode": "fail"}),
        ("shows its Vault token to nobody", "app_job", "VAULT", {"DisableFile": True, "Env": True}),
        ("starts only where Vault is open", "app_job", "GATE_VAULT", {"LTarget": "${meta.x}"}),
        ("reads only its own secrets", "app_job", "path_of", lambda *_: "apps/another/database"),
    ],
)
def test_rule_is_seen_to_be_broken(monkeypatch, rule, module, attribute, value):
    """The mutation of each rule above."""
    import importlib

    monkeypatch.setattr(importlib.import_module(f"saltext.eos.utils.{module}"), attribute, value)
    assert f"application: {rule}" in broken_rules(root("feed-reader", FULL))


def test_revision_names_exactly_the_content():
    first, again = jobs(root("web", SMALL)), jobs(root("web", copy.deepcopy(SMALL)))
    other = jobs(root("web", {**SMALL, "cpu": 101}))
    revisions = [one["application"]["UI"]["Description"] for one in (first, again, other)]
    assert revisions[0] == revisions[1] != revisions[2]


def test_secrets_reach_the_environment_only_when_asked():
    made = jobs(root("web", {**FULL, "secrets_as": "environment"}))["application"]
    task = made["TaskGroups"][0]["Tasks"][0]
    assert all(one["Envvars"] for one in task["Templates"])
    assert "ADMIN_PASSWORD_FILE" not in task["Env"]


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("Web", {}, "no usable name"),
        ("web-", {}, "no usable name"),
        ("web", {"image": "registry.test/web:1"}, "expected a reference by digest"),
        ("web", {"database": {"image": "pg:15"}}, "database:image"),
        ("web", {"environment": {"A B": "1"}}, "name of an environment variable"),
        ("web", {"environment": {"A": "1"}, "secrets": {"A": "uuid"}}, "one of the two"),
    ],
)
def test_application_that_nothing_could_carry_is_refused(name, change, says):
    from saltext.eos.utils import app_job

    with pytest.raises(ValueError, match=says):
        app_job.checked(name, {**SMALL, **change})


@pytest.mark.server
def test_real_nomad_accepts_every_compiled_job(nomad):
    nomad[1].put("/v1/namespace/apps", {"Name": "apps"})
    for values in (FULL, SMALL):
        for job in jobs(root("feed-reader", values)).values():
            answer = nomad[1].put("/v1/validate/job", {"Job": job})
            assert answer["ValidationErrors"] in (None, []), answer
    answer = nomad[1].put("/v1/validate/job", {"Job": {**job, "TaskGroups": []}})
    assert answer["ValidationErrors"]
