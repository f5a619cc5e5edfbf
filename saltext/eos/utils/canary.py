"""The canary job: it stays up only while workload identity works, end to end."""

from __future__ import annotations

from typing import Any

NAME = "eos-canary"
_TEMPLATE = (
    '{{ with secret "kv/data/default/eos-canary/probe" }}'
    "vault={{ .Data.data.written_by }}{{ end }}\n"
    '{{ range service "consul" }}consul={{ .Name }}\n{{ end }}'
)
_CHECK = (
    "grep -q ^vault=eos-admin local/canary && grep -q ^consul=consul local/canary "
    "&& exec sleep infinity"
)
_SECOND = 1_000_000_000
_MINUTE = 60 * _SECOND


def job(name: str, datacenter: str) -> dict[str, Any]:
    """
    Give the job in Nomad's own JSON form.

    :param name: its id; its secret lies at ``kv/data/default/<name>/probe``.
    :param datacenter: where it runs.
    """
    task = {
        "Name": "identity",
        "Driver": "raw_exec",
        "Config": {"command": "/bin/sh", "args": ["-c", _CHECK]},
        "Resources": {"CPU": 20, "MemoryMB": 16},
        "Vault": {"ChangeMode": "noop"},
        "Consul": {},
        "Templates": [
            {"EmbeddedTmpl": _TEMPLATE, "DestPath": "local/canary", "ChangeMode": "noop"}
        ],
        "LogConfig": {"MaxFiles": 1, "MaxFileSizeMB": 1},
    }
    group = {
        "Name": "canary",
        "Count": 1,
        "Tasks": [task],
        "EphemeralDisk": {"SizeMB": 10},
        "Services": [{"Name": name, "Provider": "consul", "AddressMode": "auto"}],
        "RestartPolicy": {
            "Attempts": 3, "Interval": 5 * _MINUTE, "Delay": 5 * _SECOND, "Mode": "delay",
        },
        "Update": {
            "MaxParallel": 1, "HealthCheck": "task_states", "MinHealthyTime": 3 * _SECOND,
            "HealthyDeadline": 2 * _MINUTE, "ProgressDeadline": 5 * _MINUTE,
        },
    }  # fmt: skip
    return {
        "ID": name,
        "Name": name,
        "Type": "service",
        "Namespace": "default",
        "Datacenters": [datacenter],
        "Priority": 50,
        "Constraints": [{"LTarget": "${meta.eos_gate_vault}", "RTarget": "open", "Operand": "="}],
        "TaskGroups": [group],
    }
