"""The scheduler configuration of Nomad: one for a cluster, written by compare-and-set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client, Conflict
from saltext.eos.utils.mask import plain

PATH = "/v1/operator/scheduler/configuration"
ALGORITHMS = ("binpack", "spread")
SAYS = "what Nomad says of its scheduler"
TRIES = 3
FLAGS = {
    "memory_oversubscription": "MemoryOversubscriptionEnabled",
    "reject_job_registration": "RejectJobRegistration",
    "pause_eval_broker": "PauseEvalBroker",
}
PREEMPTION = {
    "service": "ServiceSchedulerEnabled",
    "batch": "BatchSchedulerEnabled",
    "system": "SystemSchedulerEnabled",
    "sysbatch": "SysBatchSchedulerEnabled",
}


def check(desired: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give what is managed, one value by field: ``preemption`` by its own.

    :raises CommandExecutionError: with field, expected and found; nothing is sent.
    """
    given = {name: value for name, value in plain(desired).items() if value is not None}
    algorithm = given.get("algorithm")
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise CommandExecutionError(
            f"algorithm: expected one of {', '.join(ALGORITHMS)}; found {algorithm!r}"
        )
    preemption = given.pop("preemption", {})
    if not isinstance(preemption, Mapping):
        raise CommandExecutionError(f"preemption: expected a map; found {preemption!r}")
    unknown = sorted(str(name) for name in preemption if name not in PREEMPTION)
    if unknown:
        raise CommandExecutionError(
            f"preemption: expected only {', '.join(PREEMPTION)}; found {', '.join(unknown)}"
        )
    flat = {**given, **{f"preemption:{name}": one for name, one in preemption.items()}}
    for name, value in flat.items():
        if name != "algorithm" and not isinstance(value, bool):
            raise CommandExecutionError(f"{name}: expected true or false; found {value!r}")
    return flat


def read(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give the configuration by field, and as Nomad has it."""
    answer = answers.mapping(client.get(PATH), SAYS, "SchedulerConfig")
    keys = ("SchedulerAlgorithm", "PreemptionConfig", "ModifyIndex", *FLAGS.values())
    found = answers.mapping(answer["SchedulerConfig"], SAYS, *keys)
    fields = {"algorithm": found["SchedulerAlgorithm"] or "binpack"}
    fields |= {name: found[wire] for name, wire in FLAGS.items()}
    known = answers.mapping(found["PreemptionConfig"], SAYS, *PREEMPTION.values())
    fields |= {f"preemption:{name}": known[wire] for name, wire in PREEMPTION.items()}
    return fields, found


def write(client: Client, fields: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    """
    Write the whole configuration; what Eos does not know of it stays.

    :param fields: as ``read`` gives them, with what changes.
    :param known: as Nomad has it, with its index.
    :raises Conflict: another has written since it was read.
    """
    body = {
        **known,
        "SchedulerAlgorithm": fields["algorithm"],
        **{wire: fields[name] for name, wire in FLAGS.items()},
        "PreemptionConfig": {
            **known["PreemptionConfig"],
            **{wire: fields[f"preemption:{name}"] for name, wire in PREEMPTION.items()},
        },
    }
    answer = answers.mapping(
        client.put(f"{PATH}?cas={int(known['ModifyIndex'])}", body), SAYS, "Updated"
    )
    if not answer["Updated"]:
        raise Conflict(
            "another has changed the scheduler configuration meanwhile",
            method="PUT", path=PATH, status=200, body=None,
        )  # fmt: skip


def difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Give what is not yet as wanted."""
    return {
        name: {"old": found[name], "new": value}
        for name, value in wanted.items()
        if found[name] != value
    }
