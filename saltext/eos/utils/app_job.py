"""
Compile one application of the pillar into the Nomad job that runs it.

Pure: the same application gives the same job. No token and no secret value stands in a job:
Nomad's workload identity opens Vault and Consul for it, and templates fetch what they name.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from saltext.eos.utils import measures

SECOND = 1_000_000_000
MEBIBYTE = 1024 * 1024
DATABASE_LABEL = "database"
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,46}[a-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}")

GATE_VAULT = {"LTarget": "${meta.eos_gate_vault}", "RTarget": "open", "Operand": "="}
"""Only where Vault is open can a job that needs it start; running jobs are not touched."""
VAULT = {"ChangeMode": "noop", "DisableFile": True, "Env": False}
"""The token serves the templates alone: no task sees it, and a new one restarts nothing."""


def checked(name: str, values: dict[str, Any]) -> None:
    """
    Refuse an application that Nomad, Consul or DNS could not carry.

    :raises ValueError: with what is wrong, what was expected and what to do.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"application {name!r} has no usable name; expected a-z, 0-9 and -, a letter first, at "
            "most 48; it becomes a host name, a job and a database role"
        )
    images = {"image": values["image"]}
    if "database" in values:
        images["database:image"] = values["database"]["image"]
    for field, image in images.items():
        if not _DIGEST.fullmatch(image):
            raise ValueError(
                f"application {name}: {field} is {image!r}; expected a reference by digest, "
                "<image>@sha256:<64 hex digits>: a tag can change under a running job"
            )
    for field in ("environment", "secrets"):
        for variable in values.get(field, {}):
            if not _VARIABLE.fullmatch(variable):
                raise ValueError(
                    f"application {name}: {field} has {variable!r}; expected the name of an "
                    "environment variable: letters, digits and _, no digit first"
                )
    both = set(values.get("environment", {})) & set(values.get("secrets", {}))
    if both:
        raise ValueError(
            f"application {name}: {', '.join(sorted(both))} is in environment and in secrets; "
            "expected one of the two"
        )


def application(name: str, values: dict[str, Any]) -> dict[str, Any]:
    """
    Give the job of the application itself.

    :param values: the fields of component ``app``, completed with defaults.
    """
    secrets = _secrets(name, values)
    needs_vault = bool(secrets)
    environment = {"PORT": str(values["port"]), **values.get("environment", {})}
    if values["secrets_as"] == "file":
        environment |= {f"{key}_FILE": f"/secrets/{key}" for key in secrets}
    task = {
        "Name": name,
        "Driver": "docker",
        "Config": {
            "image": values["image"],
            "ports": ["http"],
            "pids_limit": 1024,
            "security_opt": ["no-new-privileges"],
            **({"args": values["args"]} if values.get("args") else {}),
        },
        "Env": dict(sorted(environment.items())),
        "Resources": resources(values["cpu"], values["memory"]),
        "Templates": [_template(key, text, values) for key, text in sorted(secrets.items())],
        "LogConfig": {"MaxFiles": 3, "MaxFileSizeMB": 10},
        "KillTimeout": 30 * SECOND,
        "RestartPolicy": RESTART,
        **({"Vault": VAULT} if needs_vault else {}),
        **({"Consul": {}} if "database" in values else {}),
    }
    health = values["health"]
    check = {
        "Name": f"{name} answers",
        "Type": "http",
        "Path": health["path"],
        "Interval": int(measures.duration(health.get("interval", "10s")) * SECOND),
        "Timeout": 3 * SECOND,
    }
    group = {
        "Name": name,
        "Count": values["count"],
        "Networks": [{"DynamicPorts": [{"Label": "http", "To": values["port"]}]}],
        "Services": [service(name, "http", check)],
        "Update": update(auto_revert=True),
        "RestartPolicy": RESTART,
        "ReschedulePolicy": RESCHEDULE,
        "Tasks": [task],
    }
    return job(name, values["namespace"], group, needs_vault)


RESTART = {"Attempts": 5, "Interval": 300 * SECOND, "Delay": 10 * SECOND, "Mode": "delay"}
"""A task waits for what it needs instead of failing: after a power cut everything comes at once."""
RESCHEDULE = {
    "Delay": 30 * SECOND,
    "DelayFunction": "exponential",
    "MaxDelay": 600 * SECOND,
    "Unlimited": True,
}


def job(name: str, namespace: str, group: dict[str, Any], needs_vault: bool) -> dict[str, Any]:
    """Give a service job of one group, with Eos's mark and a revision of its content."""
    made = {
        "ID": name,
        "Name": name,
        "Namespace": namespace,
        "Region": "global",
        "Type": "service",
        "Datacenters": ["*"],
        "Constraints": [GATE_VAULT] if needs_vault else [],
        "Meta": {"eos_managed": "true"},
        "TaskGroups": [group],
    }
    # The revision stands where a change of it alone restarts nothing (job meta would).
    return made | {"UI": {"Description": f"eos rev={revision(made)}"}}


def revision(made: dict[str, Any]) -> str:
    """Name exactly this content, in 12 hexadecimal digits."""
    return hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()[:12]


def resources(cpu: int, memory: str) -> dict[str, int]:
    """Give Nomad's resources: CPU in MHz, memory in whole MiB, never rounded to nothing."""
    return {"CPU": cpu, "MemoryMB": max(1, round(measures.size(memory) / MEBIBYTE))}


def service(name: str, port: str, check: dict[str, Any]) -> dict[str, Any]:
    """Give a Consul service with one check."""
    return {"Name": name, "PortLabel": port, "Provider": "consul", "Checks": [check]}


def update(*, auto_revert: bool) -> dict[str, Any]:
    """Give the rolling update: one at a time, healthy by its checks."""
    return {
        "MaxParallel": 1,
        "HealthCheck": "checks",
        "MinHealthyTime": 5 * SECOND,
        "HealthyDeadline": 180 * SECOND,
        "ProgressDeadline": 300 * SECOND,
        "AutoRevert": auto_revert,
        "Canary": 0,
        "Stagger": 30 * SECOND,
    }


def path_of(namespace: str, job_name: str, what: str) -> str:
    """Give the path of a job's secret below the KV mount: a job reads its own folder only."""
    return f"{namespace}/{job_name}/{what}"


def role_of(name: str) -> str:
    """Give the database's role and name of an application: PostgreSQL wants no hyphens."""
    return name.replace("-", "_")


def _secrets(name: str, values: dict[str, Any]) -> dict[str, str]:
    """Give the template of each secret, by the name under which the application knows it."""
    found = {
        key: f'{{{{ with secret "kv/data/{path_of(values["namespace"], name, "secrets")}" }}}}'
        f'{{{{ index .Data.data "{key}" }}}}{{{{ end }}}}'
        for key in values.get("secrets", {})
    }
    if "database" in values:
        found[values["database"].get("variable", "DATABASE_URL")] = _database_url(name, values)
    return found


def _database_url(name: str, values: dict[str, Any]) -> str:
    """
    Give the address of the application's database, from Consul, with the password from Vault.

    ``|any``: an instance whose check is red for a moment keeps its address; an application must
    not be restarted into nothing because its database restarts.
    """
    role = role_of(name)
    path = path_of(values["namespace"], name, "database")
    return (
        f'{{{{ with secret "kv/data/{path}" }}}}{{{{ $password := .Data.data.password }}}}'
        f'{{{{ range $index, $one := service "{name}-db|any" }}}}{{{{ if eq $index 0 }}}}'
        f"postgres://{role}:{{{{ $password }}}}@{{{{ $one.Address }}}}:{{{{ $one.Port }}}}/{role}"
        f"?sslmode=disable{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}"
    )


def _template(key: str, text: str, values: dict[str, Any]) -> dict[str, Any]:
    as_file = values["secrets_as"] == "file"
    return {
        "DestPath": f"secrets/{key}" if as_file else f"secrets/{key}.env",
        "EmbeddedTmpl": text if as_file else f"{key}={text}\n",
        "Envvars": not as_file,
        "Perms": "0444",
        "ChangeMode": "restart",
        "Splay": 5 * SECOND,
        "ErrMissingKey": True,
        "Wait": {"Min": 2 * SECOND, "Max": 20 * SECOND},
    }
