"""What the healer's acts ask Nomad for: jobs, allocations, and an evaluation."""

from __future__ import annotations

import re
import time
from typing import Any
from urllib.parse import quote, urlencode

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import heal_snapshot_nomad
from saltext.eos.utils.heal_ask import Server
from saltext.eos.utils.heal_snapshot_ask import Asker, Blocked, Source

# How Nomad and its templates speak of Vault itself; a task that is called after it is not meant.
OF_VAULT = re.compile(r"\bvault\.(read|list|write)\(|^vault: |\bvault tokens?\b", re.IGNORECASE)
# Seconds until an evaluation is worked off; a busy scheduler needs longer, and goes on by itself.
WORKED_OFF = 10.0
OPEN = ("pending", "")
LISTED = 10.0


def evaluate(nomad: Server, job: str, namespace: str) -> dict[str, str]:
    """
    Let a job be evaluated again, and wait until that is worked off.

    :raises CommandExecutionError: there is no such job, it is stopped, or Nomad refuses.
    """
    made, off = asked(nomad, job, namespace)
    deadline = time.monotonic() + WORKED_OFF
    while True:
        found = nomad.get(f"/v1/evaluation/{made}?{_of(namespace)}") or {}
        status = str(found.get("Status") or "")
        if status not in OPEN or time.monotonic() >= deadline:
            return {
                "evaluation": made, "deployment": str(found.get("DeploymentID") or ""),
                "status": f"{status or 'pending'}{_never(off)}",
            }  # fmt: skip
        time.sleep(0.2)


def asked(nomad: Server, job: str, namespace: str) -> tuple[str, list[str]]:
    """
    Ask for an evaluation; give its id, and the groups that it cannot start again.

    Nomad forces a reschedule only in groups that are rescheduled at all.

    :raises CommandExecutionError: there is no such job, it is stopped, or Nomad refuses.
    """
    at = f"/v1/job/{quote(job, safe='')}"
    found = nomad.get(f"{at}?{_of(namespace)}")
    if found is None:
        raise CommandExecutionError(f"job {job} of namespace {namespace} is not there any more")
    if found.get("Stop"):
        raise CommandExecutionError(f"job {job} was stopped; expected one that is meant to run")
    body = {"JobID": job, "Namespace": namespace, "EvalOptions": {"ForceReschedule": True}}
    answer = nomad.send("POST", f"{at}/evaluate?{_of(namespace)}", body)
    made = (answer or {}).get("EvalID")
    if not made:
        raise CommandExecutionError(f"Nomad made no evaluation of {job}; it answered {answer!r}")
    return str(made), [
        str(group["Name"])
        for group in found.get("TaskGroups") or ()
        if not _is_rescheduled(group.get("ReschedulePolicy") or {})
    ]


def _is_rescheduled(policy: dict[str, Any]) -> bool:
    return bool(policy.get("Unlimited") or policy.get("Attempts"))


def _never(groups: list[str]) -> str:
    return f"; group {', '.join(groups)} is never rescheduled" if groups else ""


def allocation(nomad: Server, name: str) -> dict[str, Any] | None:
    """Give an allocation; None where this region does not know it."""
    found = nomad.get(f"/v1/allocation/{quote(name, safe='')}")
    return found if isinstance(found, dict) else None


def failed_for_vault(source: Source) -> list[tuple[str, str]]:
    """
    List the jobs, with their namespaces, that stand still since Vault was not there for them.

    :raises CommandExecutionError: the list is not whole.
    """
    ask = Asker(source, time.monotonic() + LISTED)
    query = {"namespace": "*", "task_states": "true", "filter": 'ClientStatus == "failed"'}
    try:
        rows, _ = ask.rows(f"/v1/allocations?{urlencode(query)}")
    except Blocked as err:
        raise CommandExecutionError(str(err)) from err
    return sorted(
        {
            (str(one["Namespace"]), str(one["JobID"]))
            for one in rows
            if not one.get("NextAllocation") and one.get("DesiredStatus") == "run"
            and _for_vault(one)
        }
    )  # fmt: skip


def totals(source: Source) -> tuple[int, int]:
    """
    Count the jobs of a region, and those of them that are not well.

    :raises CommandExecutionError: the list is not whole.
    """
    deadline = time.monotonic() + LISTED
    try:
        found = heal_snapshot_nomad.read(Asker(source, deadline), {"jobs": [["", ""]]}, deadline)
    except Blocked as err:
        raise CommandExecutionError(str(err)) from err
    return int(found["managed"]), int(found["unhealthy"])


def _for_vault(one: dict[str, Any]) -> bool:
    """Tell whether what ended a task speaks of Vault."""
    for state in (one.get("TaskStates") or {}).values():
        for event in (state or {}).get("Events") or ():
            is_end = event.get("FailsTask") or event.get("Type") in ("Setup Failure", "Killing")
            if is_end and OF_VAULT.search(str(event.get("DisplayMessage"))):
                return True
    return False


def _of(namespace: str) -> str:
    return urlencode({"namespace": namespace})
