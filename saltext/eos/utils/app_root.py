"""Compile Terraform roots as data: one per application, and the foundation they stand on."""

from __future__ import annotations

import json
from typing import Any

from saltext.eos.utils import app_database, app_job

CA_FILE = "/etc/eos/tls/ca.pem"
TOKEN = "nomad_token"  # noqa: S105 - the variable's name
LONGEST = "6m"
"""Longest that one deployment may take; Nomad's own deadline of five minutes speaks first."""


def foundation(nomad: str, namespaces: list[str]) -> dict[str, Any]:
    """
    Give the root of what applications share: their namespaces.

    :param nomad: address of Nomad.
    """
    resources = {_label(name): {"name": name} for name in sorted(namespaces)}
    return root(nomad, {"nomad_namespace": resources} if resources else {})


def application(nomad: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """Give the root of one application: its database with its volume, then itself."""
    jobs = {"application": _job(app_job.application(name, values))}
    resources: dict[str, Any] = {"nomad_job": jobs}
    if "database" in values:
        volume = app_database.volume(name, values["namespace"])
        resources["nomad_dynamic_host_volume"] = {"database": volume}
        database = _job(app_database.database(name, values))
        database["depends_on"] = ["nomad_dynamic_host_volume.database"]
        jobs["application"]["depends_on"] = ["nomad_job.database"]
        jobs["database"] = database
    return root(nomad, resources)


def root(nomad: str, resources: dict[str, Any]) -> dict[str, Any]:
    """Give ``main.tf.json``; the token is ephemeral, so neither plan nor state can hold it."""
    return {
        "terraform": {
            "required_version": ">= 1.10",
            "required_providers": {"nomad": {"source": "hashicorp/nomad", "version": "~> 2.6"}},
        },
        "variable": {TOKEN: {"type": "string", "ephemeral": True, "sensitive": True}},
        "provider": {
            "nomad": {"address": nomad, "ca_file": CA_FILE, "secret_id": f"${{var.{TOKEN}}}"}
        },
        **({"resource": resources} if resources else {}),
    }


def _job(made: dict[str, Any]) -> dict[str, Any]:
    # OpenTofu reads every string of a JSON root as a template: `${` of Nomad is written `$${`.
    text = json.dumps(made, sort_keys=True).replace("${", "$${").replace("%{", "%%{")
    return {
        "jobspec": text,
        "json": True,
        "detach": False,
        # A job that is asked for no instance is dead by Nomad's word, and as it should be.
        "rerun_if_dead": any(group["Count"] for group in made["TaskGroups"]),
        "purge_on_destroy": False,
        "timeouts": {"create": LONGEST, "update": LONGEST},
    }


def _label(name: str) -> str:
    return name.replace("-", "_")
