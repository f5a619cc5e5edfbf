"""
Jobs of Nomad: compared by the server's plan, registered by compare-and-set, followed to the end.

A job that is stopped stays: one of its versions gets a tag, and Nomad never collects such a job.
"""

from __future__ import annotations

import copy
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, nomad_deployment, nomad_unsaid
from saltext.eos.utils.http import Client, Conflict, NotFound, ServerError
from saltext.eos.utils.nomad_deployment import End, quoted
from saltext.eos.utils.nomad_diff import Changes, changes, unplaced
from saltext.eos.utils.nomad_jobspec import Jobspec
from saltext.eos.utils.progress import Progress

TAG = "eos-stopped"
TRIES = 3
ALLOCATIONS = "Nomad's allocations of a job"
VERSIONS = "Nomad's versions of a job"
PLANNED = "Nomad's plan of a job"
REGISTERED = "what Nomad says when a job is registered"
GIVEN_UP = (
    "nothing of it runs, and Nomad starts no more of it; have it try again (`nomad job eval "
    "-force-reschedule`); where its groups may not be rescheduled, purge it by nomad_job.absent "
    "and apply again"
)
# An allocation is `unknown` while its node is out of touch; its tasks may well run.
ALIVE = ("pending", "running", "unknown")
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


def refuse_child(known: dict[str, Any] | None) -> None:
    """
    Refuse a run that another job has started: registered by itself it would be another thing.

    :raises CommandExecutionError: it is one.
    """
    parent = (known or {}).get("ParentID")
    if parent:
        raise CommandExecutionError(
            f"Nomad job {(known or {})['ID']} is a run of {parent}; expected a job of its own; "
            f"dispatch {parent} again, change it there, or end this run by nomad_job.absent"
        )


def plan(client: Client, spec: Jobspec) -> Plan:
    """
    Ask Nomad what registering a job would change; nothing is written.

    :raises Conflict: another has changed the job between the two questions.
    """
    name = spec.job["ID"]
    known = read(client, name, spec.namespace)
    job = with_counts(spec.job, known)
    answer = client.post(path_of(name, spec.namespace, "/plan"), {"Job": job, "Diff": True})
    found = answers.mapping(answer, PLANNED, "Diff", "JobModifyIndex")
    if found["JobModifyIndex"] != (0 if known is None else known["JobModifyIndex"]):
        raise Conflict(
            f"another has changed the job {name} while it was planned",
            method="POST", path="/plan", status=200, body=None,
        )  # fmt: skip
    said = changes(answers.mapping(found["Diff"], PLANNED, "Type"))
    return Plan(
        known=known,
        job=job,
        changes={**nomad_unsaid.changes(known, job), **said},
        index=answers.number(found, "JobModifyIndex", PLANNED),
        warnings=one_line(found.get("Warnings")),
        unplaced=unplaced(found.get("FailedTGAllocs")),
        updates=_updates(found),
    )


def _updates(found: dict[str, Any]) -> dict[str, Any]:
    said = answers.mapping(found.get("Annotations") or {}, PLANNED)
    updates = answers.mapping(said.get("DesiredTGUpdates") or {}, PLANNED)
    return {group: answers.mapping(one, PLANNED) for group, one in updates.items()}


def with_counts(job: dict[str, Any], known: dict[str, Any] | None) -> dict[str, Any]:
    """
    Leave the counts to who scales: within a group's ``scaling`` what runs is right.

    :param known: the job as it is.
    """
    running = counts_of(known or {})
    job = copy.deepcopy(job)
    for group in job.get("TaskGroups") or ():
        scaling, count = group.get("Scaling"), running.get(group.get("Name"))
        if not isinstance(scaling, dict) or count is None or scaling.get("Enabled") is False:
            continue
        least = next((x for x in (scaling.get("Min"), group.get("Count"), 1) if x is not None), 1)
        most = scaling.get("Max")
        # What is no number is left to Nomad to refuse.
        if isinstance(least, int) and isinstance(most, int) and least <= count <= most:
            group["Count"] = count
    return job


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


def counts_of(job: dict[str, Any]) -> dict[str, int]:
    """Give the counts of a job by group."""
    groups = job.get("TaskGroups") or []
    found = answers.listing(groups, "what Nomad says of a job", "Name", "Count")
    what = "what Nomad says of a job"
    return {str(one["Name"]): answers.number(one, "Count", what) for one in found}


def unfinished(client: Client, planned: Plan, within: float) -> End | None:
    """
    Look at what became of a job that is registered as wanted; ``None`` when it is over and well.

    A job whose deployment has failed is well all the same when as many of its version run as
    shall, and none of these is unhealthy: what still runs of an older one proves nothing.
    """
    known, why = planned.known or {}, planned.unplaced
    if known.get("Stop"):
        return None
    found = None if known.get("Stable") else nomad_deployment.latest(client, known)
    if found is not None and found["Status"] == "failed":
        if not why and _runs(client, known):
            return None
    elif found is None or found["Status"] in ("successful", "cancelled"):
        if why:
            return _unplaced(client, known, why, within)
        return End("failed", GIVEN_UP) if _is_given_up(known) else None
    ends = time.monotonic() + within
    return nomad_deployment.deployed(client, found["ID"], known["Namespace"], ends, why)


def _is_given_up(known: dict[str, Any]) -> bool:
    """Tell whether a service shall run, but has nothing that runs or that Nomad would start."""
    is_dead = known["Type"] == "service" and known.get("Status") == "dead"
    return is_dead and any(counts_of(known).values())


def _unplaced(client: Client, known: dict[str, Any], why: str, within: float) -> End:
    """Follow what Nomad still has to place of a job, if it has not given up."""
    where = known["Namespace"]
    asked = nomad_deployment.evaluations(client, known["ID"], where, time.monotonic())
    awaited = next((one["ID"] for one in asked if one["Status"] in ("blocked", "pending")), None)
    if awaited is None:
        return End("blocked", why)
    return nomad_deployment.follow(client, awaited, where, within, why)


def _runs(client: Client, known: dict[str, Any]) -> bool:
    """Tell whether as many of just this version run as shall, none of them unhealthy."""
    answer = client.get(path_of(known["ID"], known["Namespace"], "/allocations"))
    keys = ("ClientStatus", "TaskGroup", "JobVersion")
    found = answers.listing(answer, ALLOCATIONS, *keys)
    running = Counter(
        str(one["TaskGroup"])
        for one in found
        if one["ClientStatus"] == "running"
        and one["JobVersion"] == known["Version"]
        # A deployment fails most often by tasks that run and whose checks never pass.
        and answers.part(one, "DeploymentStatus", ALLOCATIONS).get("Healthy") is not False
    )
    return all(running[name] >= count for name, count in counts_of(known).items())


def stop(client: Client, known: dict[str, Any]) -> None:
    """
    Stop a job so that it can start again: it is kept from garbage collection, then stopped.

    :raises Conflict: another has registered it anew meanwhile.
    """
    keep(client, known)
    if not known["Stop"]:
        unchanged(client, known)
        client.delete(path_of(known["ID"], known["Namespace"]))


def unchanged(client: Client, known: dict[str, Any]) -> None:
    """
    See that a job is still what was decided on: Nomad takes no index with a stop or a purge.

    :raises Conflict: another has registered it anew, or purged it, meanwhile.
    """
    found = read(client, known["ID"], known["Namespace"])
    if found is None or any(found.get(name) != known.get(name) for name in ("Version", "Stop")):
        raise Conflict(
            f"another has changed the job {known['ID']} meanwhile; nothing was stopped; "
            f"{Conflict.advice}",
            method="DELETE", path=path_of(known["ID"], known["Namespace"]), status=409, body=None,
        )  # fmt: skip


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
    return [tag_of(one) for one in versions(client, known)].count(TAG)


def tag_of(version: dict[str, Any]) -> str | None:
    """Give the name of the tag of a version, or ``None``."""
    tag = answers.mapping(version.get("VersionTag") or {}, VERSIONS)
    return tag.get("Name")


def versions(client: Client, known: dict[str, Any]) -> list[dict[str, Any]]:
    """Give every version of a job that Nomad still has."""
    answer = client.get(path_of(known["ID"], known["Namespace"], "/versions"))
    every = answers.mapping(answer, VERSIONS, "Versions")["Versions"]
    found = answers.listing(every, VERSIONS, "Version")
    return [{**one, "Version": answers.number(one, "Version", VERSIONS)} for one in found]


def release(client: Client, known: dict[str, Any]) -> None:
    """Take the tag away: a job that runs again, or shall go, needs none."""
    # Nomad copies the tag to the version that stops the job, and takes one away at a time.
    for _ in range(_tagged(client, known)):
        client.delete(path_of(known["ID"], known["Namespace"], f"/versions/{TAG}/tag"))


def ended(client: Client, known: dict[str, Any], within: float) -> End:
    """
    Wait until nothing of a job runs, nor of the runs that it has started.

    :param known: at least its ``ID`` and ``Namespace``.
    """
    deadline, progress = time.monotonic() + within, Progress(f"Nomad job {known['ID']}")
    while True:
        left = _living(client, known, deadline)
        if left == "":
            return End("successful")
        if time.monotonic() > deadline:
            return End("late", left or "Nomad does not say what still runs")
        progress.tell(left or "Nomad does not say what still runs")
        time.sleep(nomad_deployment.POLL)


def _living(client: Client, known: dict[str, Any], deadline: float) -> str | None:
    """Say what of a job still runs, or may; ``None`` while Nomad cannot answer."""
    name, where = str(known["ID"]), str(known["Namespace"])
    try:
        answer = nomad_deployment.patient(client, path_of(name, where, "/allocations"), deadline)
    except NotFound:
        answer = []
    if answer is None:
        return None
    found = answers.listing(answer, ALLOCATIONS, "ClientStatus", "NodeName")
    left = [one for one in found if one["ClientStatus"] in ALIVE]
    if left:
        lost = any(one["ClientStatus"] == "unknown" for one in left)
        nodes = ", ".join(sorted({str(one["NodeName"]) for one in left}))
        more = "; of some nobody knows, because their node is out of touch" if lost else ""
        count = (
            "1 allocation still runs" if len(left) == 1 else f"{len(left)} allocations still run"
        )
        return f"{count} on {nodes}{more}"
    path = f"/v1/jobs?namespace={quoted(where)}&prefix={quoted(name + '/')}"
    answer = nomad_deployment.patient(client, path, deadline)
    if answer is None:
        return None
    runs = answers.listing(answer, "Nomad's list of jobs", "ID", "Status", "ParentID")
    alive = [one["ID"] for one in runs if one["ParentID"] == name and one["Status"] != "dead"]
    return (
        f"its runs {', '.join(sorted(alive))} go on; stop them, or wait for them" if alive else ""
    )


def one_line(text: Any) -> str:
    """Write what Nomad says on one line, cut after 300 characters."""
    return " ".join(str(text or "").split())[:300]
