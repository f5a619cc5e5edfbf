"""
Jobs of Nomad: compared by the server's plan, registered by compare-and-set, followed to the end.

A job that is stopped stays: one of its versions gets a tag, and Nomad never collects such a job.
"""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, nomad_deployment
from saltext.eos.utils.http import Client, Conflict, NotFound, ServerError
from saltext.eos.utils.nomad_deployment import End, quoted
from saltext.eos.utils.nomad_diff import Changes, changes, unplaced
from saltext.eos.utils.nomad_jobspec import Jobspec

TAG = "eos-stopped"
TRIES = 3
REGISTERED = "what Nomad says when a job is registered"
POLL = 0.5
# The only sign that Nomad gives of a lost compare-and-set: a 500 with one of these.
LOST = ("Enforcing job modify index", "; enforcing version ")


@dataclass(frozen=True)
class Plan:
    """
    What registering a job would do.

    :param changes: by field, as both test mode and the real run show them.
    :param index: what the job must still have when it is registered; 0 when there is none.
    :param unplaced: why groups would find no place.
    """

    known: dict[str, Any] | None
    job: dict[str, Any]
    changes: Changes
    index: int
    warnings: str
    unplaced: str
    updates: dict[str, Any] = field(default_factory=dict)


def path_of(name: str, namespace: str, rest: str = "", more: str = "") -> str:
    """Give the path of a job."""
    return f"/v1/job/{quoted(name)}{rest}?namespace={quoted(namespace)}{more}"


def read(client: Client, name: str, namespace: str) -> dict[str, Any] | None:
    """Give a job, also a stopped one; ``None`` when there is none."""
    try:
        found = client.get(path_of(name, namespace))
    except NotFound:
        return None
    keys = ("ID", "Namespace", "Type", "Stop", "Version", "JobModifyIndex", "TaskGroups")
    return answers.mapping(found, "what Nomad says of a job", *keys)


def known_job(client: Client, name: str, namespace: str) -> dict[str, Any]:
    """
    Give a job that must be there.

    :raises CommandExecutionError: there is none.
    """
    found = read(client, name, namespace)
    if found is None:
        raise CommandExecutionError(
            f"Nomad job {name} does not exist in namespace {namespace}; register it first"
        )
    return found


def plan(client: Client, spec: Jobspec) -> Plan:
    """
    Ask Nomad what registering a job would change; nothing is written.

    :raises Conflict: another has changed the job between the two questions.
    """
    name = spec.job["ID"]
    known = read(client, name, spec.namespace)
    job = with_counts(spec.job, known)
    answer = client.post(path_of(name, spec.namespace, "/plan"), {"Job": job, "Diff": True})
    found = answers.mapping(answer, "Nomad's plan of a job", "Diff", "JobModifyIndex")
    if found["JobModifyIndex"] != (0 if known is None else known["JobModifyIndex"]):
        raise Conflict(
            f"another has changed the job {name} while it was planned",
            method="POST", path="/plan", status=200, body=None,
        )  # fmt: skip
    return Plan(
        known=known,
        job=job,
        changes=changes(answers.mapping(found["Diff"], "Nomad's plan of a job", "Type")),
        index=int(found["JobModifyIndex"]),
        warnings=one_line(found.get("Warnings")),
        unplaced=unplaced(found.get("FailedTGAllocs")),
        updates=dict((found.get("Annotations") or {}).get("DesiredTGUpdates") or {}),
    )


def with_counts(job: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
    """
    Leave the counts to who scales: within a group's ``scaling`` what runs is right.

    :param known: the job as it is.
    """
    running = {one["Name"]: one["Count"] for one in (known or {}).get("TaskGroups") or ()}
    job = copy.deepcopy(job)
    for group in job.get("TaskGroups") or ():
        scaling, count = group.get("Scaling"), running.get(group.get("Name"))
        if not isinstance(scaling, dict) or count is None or scaling.get("Enabled") is False:
            continue
        bounds = (_first(scaling.get("Min"), group.get("Count"), 1), scaling.get("Max"))
        # What is no number is left to Nomad to refuse.
        if all(isinstance(one, int) for one in bounds) and bounds[0] <= count <= bounds[1]:
            group["Count"] = count
    return job


def _first(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def register(client: Client, spec: Jobspec, planned: Plan) -> dict[str, Any]:
    """
    Register a job as it was planned.

    :return: Nomad's answer, with ``EvalID`` and ``JobModifyIndex``.
    :raises Conflict: another has changed the job since.
    """
    body = {
        "Job": planned.job,
        "EnforceIndex": True,
        "JobModifyIndex": planned.index,
        "Submission": spec.submission,
    }
    path = f"/v1/jobs?namespace={quoted(spec.namespace)}"
    return answers.mapping(cas(lambda: client.post(path, body)), REGISTERED, "EvalID")


def cas(write: Any) -> Any:
    """
    Write something with an index.

    :raises Conflict: Nomad has refused it because of the index.
    """
    try:
        return write()
    except ServerError as err:
        if not any(words in str(err.body) for words in LOST):
            raise
        raise Conflict(
            f"another has changed the job meanwhile: {one_line(str(err.body))}",
            method=err.method, path=err.path, status=err.status, body=err.body,
        ) from err  # fmt: skip


def unfinished(client: Client, known: dict[str, Any], within: float) -> End | None:
    """
    Look at the deployment of a job that is registered as wanted; ``None`` when it is over and well.

    A job whose deployment has failed is well all the same when as many run as shall.
    """
    if known.get("Stable") or known.get("Stop"):
        return None
    found = nomad_deployment.latest(client, known)
    if found is None or found["Status"] in ("successful", "cancelled"):
        return None
    if found["Status"] == "failed" and _runs(client, known):
        return None
    return nomad_deployment.deployed(
        client, found["ID"], known["Namespace"], time.monotonic() + within
    )


def _runs(client: Client, known: dict[str, Any]) -> bool:
    answer = client.get(path_of(known["ID"], known["Namespace"], "/summary"))
    groups = answers.mapping(answer, "Nomad's summary of a job", "Summary")["Summary"]
    return all(
        groups.get(one["Name"], {}).get("Running", 0) >= one["Count"] for one in known["TaskGroups"]
    )


def stop(client: Client, known: dict[str, Any]) -> None:
    """Stop a job so that it can start again: it is kept from garbage collection, then stopped."""
    keep(client, known)
    if not known["Stop"]:
        client.delete(path_of(known["ID"], known["Namespace"]))


def keep(client: Client, known: dict[str, Any]) -> None:
    """Tag a version of a job, unless one has the tag: Nomad does not collect a job with a tag."""
    if is_kept(client, known):
        return
    tag = {"Version": known["Version"], "Description": "stopped by Eos; keep it"}
    client.put(path_of(known["ID"], known["Namespace"], f"/versions/{TAG}/tag"), tag)


def is_kept(client: Client, known: dict[str, Any]) -> bool:
    """Tell whether a version of a job has the tag."""
    return _tagged(client, known) > 0


def _tagged(client: Client, known: dict[str, Any]) -> int:
    names = [(one.get("VersionTag") or {}).get("Name") for one in versions(client, known)]
    return names.count(TAG)


def versions(client: Client, known: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every version of a job that Nomad still has."""
    answer = client.get(path_of(known["ID"], known["Namespace"], "/versions"))
    found = answers.mapping(answer, "Nomad's versions of a job", "Versions")["Versions"]
    return answers.listing(found, "Nomad's versions of a job", "Version")


def release(client: Client, known: dict[str, Any]) -> None:
    """Take the tag away: a job that runs again, or shall go, needs none."""
    # Nomad copies the tag to the version that stops the job, and takes one away at a time.
    for _ in range(_tagged(client, known)):
        client.delete(path_of(known["ID"], known["Namespace"], f"/versions/{TAG}/tag"))


def ended(client: Client, name: str, namespace: str, within: float) -> End:
    """Wait until nothing of a job runs."""
    deadline = time.monotonic() + within
    while True:
        try:
            answer = client.get(path_of(name, namespace, "/allocations"))
        except NotFound:
            return End("successful")
        found = answers.listing(answer, "Nomad's allocations of a job", "ClientStatus", "NodeName")
        left = [one for one in found if one["ClientStatus"] in ("pending", "running")]
        if not left:
            return End("successful")
        if time.monotonic() > deadline:
            nodes = ", ".join(sorted({one["NodeName"] for one in left}))
            return End("late", f"{len(left)} allocations still run on {nodes}")
        time.sleep(POLL)


def one_line(text: Any) -> str:
    """Write what Nomad says on one line, cut after 300 characters."""
    return " ".join(str(text or "").split())[:300]
