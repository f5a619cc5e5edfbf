"""How the registration of a job ends: followed from its evaluation to the end of its deployment."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from saltext.eos.utils import answers
from saltext.eos.utils.http import Client, NotFound, ServerError, TooMany, Unavailable
from saltext.eos.utils.nomad_diff import unplaced

POLL = 0.5
Kind = Literal["successful", "placed", "unconfirmed", "failed", "blocked", "late"]
CAUSES = (
    "Terminated", "Driver Failure", "Setup Failure", "Failed Artifact Download", "Template",
    "Failed Validation",
)  # fmt: skip
GOOD = ("successful", "placed", "unconfirmed")


@dataclass(frozen=True)
class End:
    """
    How it ended.

    :param kind: ``successful`` the deployment, or ``placed`` where the job has none;
        ``unconfirmed`` its canaries are healthy and a person must promote them; ``failed``;
        ``blocked`` there is no place for it; ``late`` not done when the time was over.
    :param says: what a reader needs besides: the reason, or nothing.
    """

    kind: Kind
    says: str = ""

    @property
    def is_good(self) -> bool:
        """Tell whether nothing is wrong."""
        return self.kind in GOOD


def follow(client: Client, evaluation: str | None, namespace: str, within: float) -> End:
    """
    Wait for what an evaluation starts.

    :param evaluation: its id; periodic and parameterized jobs have none when they are registered.
    :param within: longest wait in seconds.
    """
    if not evaluation:
        return End("placed")
    deadline = time.monotonic() + within
    why = ""
    while True:
        found = _look(client, f"/v1/evaluation/{evaluation}?namespace={namespace}", deadline)
        status = found.get("Status", "not known")
        if status == "canceled" and why:
            # Another evaluation of the job has taken the place of the one that is blocked.
            evaluation = _newest(client, found["JobID"], namespace) or evaluation
        elif status in ("failed", "canceled"):
            said = found.get("StatusDescription") or "Nomad does not say why"
            return End("failed", f"its evaluation was {status}: {said}")
        elif status == "complete":
            why = unplaced(found.get("FailedTGAllocs"))
            if found.get("DeploymentID"):
                return deployed(client, found["DeploymentID"], namespace, deadline, why)
            if not why:
                return End("placed")
            evaluation = found.get("BlockedEval") or evaluation
        if time.monotonic() > deadline:
            return End("blocked", why) if why else End("late", f"its evaluation is {status}")
        time.sleep(POLL)


def deployed(
    client: Client, deployment: str, namespace: str, deadline: float, why: str = ""
) -> End:
    """
    Wait for the end of a deployment.

    :param deadline: in the time of ``time.monotonic``.
    :param why: why something was not placed at first.
    """
    while True:
        found = _look(client, f"/v1/deployment/{deployment}?namespace={namespace}", deadline)
        end = _end_of(client, found, namespace) if found else None
        if end is not None:
            return end
        if time.monotonic() > deadline:
            groups = (found.get("TaskGroups") or {}).values()
            if why and any(one["PlacedAllocs"] < one["DesiredTotal"] for one in groups):
                return End("blocked", why)
            status = found.get("Status", "not known")
            return End("late", f"its deployment is {status}: {_described(found)}")
        time.sleep(POLL)


def _look(client: Client, path: str, deadline: float) -> dict[str, Any]:
    """
    Give what Nomad says of something that is awaited; nothing while it cannot say anything.

    :raises HttpError: it cannot when the time is over; or the token may not ask.
    """
    try:
        answer = client.get(path)
    except (Unavailable, TooMany, ServerError):
        # While its servers choose a leader, Nomad answers nothing at all.
        if time.monotonic() > deadline:
            raise
        return {}
    return answers.mapping(answer, "what Nomad says of a deployment", "ID", "Status")


def _newest(client: Client, job: str, namespace: str) -> str | None:
    answer = client.get(f"/v1/job/{quoted(job)}/evaluations?namespace={namespace}")
    found = answers.listing(answer, "Nomad's evaluations of a job", "ID", "CreateIndex")
    return max(found, key=lambda one: one["CreateIndex"])["ID"] if found else None


def _end_of(client: Client, found: dict[str, Any], namespace: str) -> End | None:
    if found["Status"] == "successful":
        return End("successful")
    if found["Status"] in ("failed", "cancelled"):
        said = [f"its deployment {found['Status']}: {_described(found)}"]
        if found["Status"] == "failed":
            said += failures(client, found["ID"], namespace)
        return End("failed", "; ".join(said))
    if _waits_for_promotion((found.get("TaskGroups") or {}).values()):
        return End("unconfirmed", "its canaries are healthy and wait to be promoted")
    return None


def _waits_for_promotion(groups: Iterable[dict[str, Any]]) -> bool:
    waiting = [one for one in groups if one["DesiredCanaries"] and not one["Promoted"]]
    return any(not one["AutoPromote"] for one in waiting) and all(
        one["HealthyAllocs"] >= one["DesiredCanaries"] for one in waiting
    )


def failures(client: Client, deployment: str, namespace: str) -> list[str]:
    """Say what the tasks of a failed deployment ended with, one line per task."""
    try:
        answer = client.get(f"/v1/deployment/allocations/{deployment}?namespace={namespace}")
    except NotFound:
        return []
    said: dict[str, str] = {}
    for allocation in answers.listing(answer, "Nomad's allocations of a deployment", "TaskGroup"):
        for task, its in sorted((allocation.get("TaskStates") or {}).items()):
            events = its.get("Events") or ()
            telling = [one for one in events if one["Type"] in CAUSES]
            telling = telling or [one for one in events if one.get("FailsTask")]
            telling = telling or [one for one in events if one["Type"] == "Alloc Unhealthy"]
            if telling:
                words = telling[-1].get("DisplayMessage") or telling[-1]["Type"]
                said.setdefault(f"{allocation['TaskGroup']}/{task}", str(words)[:200])
    return [f"task {name}: {words}" for name, words in sorted(said.items())]


def _described(found: dict[str, Any]) -> str:
    return str(found.get("StatusDescription") or "Nomad does not say why")


def latest(client: Client, job: dict[str, Any]) -> dict[str, Any] | None:
    """Give the deployment of just this version of a job, or ``None``."""
    path = f"/v1/job/{quoted(job['ID'])}/deployment?namespace={job['Namespace']}"
    found = client.get(path)
    if found is None:
        return None
    answers.mapping(found, "what Nomad says of a deployment", "ID", "Status", "JobVersion")
    if found["JobVersion"] != job["Version"]:
        return None
    return found if found.get("JobCreateIndex") == job["CreateIndex"] else None


def quoted(name: str) -> str:
    """Write the id of a job for a path; ids of dispatched jobs hold ``/``."""
    return quote(name, safe="")
