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
from saltext.eos.utils.nomad_hidden import scrubbed, secrets_of
from saltext.eos.utils.progress import Progress

POLL = 0.5
Kind = Literal["successful", "placed", "unconfirmed", "failed", "blocked", "late"]
CAUSES = (
    "Terminated", "Driver Failure", "Setup Failure", "Failed Artifact Download", "Template",
    "Failed Validation",
)  # fmt: skip
DEPLOYMENT = "what Nomad says of a deployment"
EVALUATIONS = "Nomad's evaluations of a job"
TASKS = "what Nomad says of tasks"
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


def follow(
    client: Client, evaluation: str | None, namespace: str, within: float, why: str = ""
) -> End:
    """
    Wait for what an evaluation starts.

    :param evaluation: its id; periodic and parameterized jobs have none when they are registered.
    :param within: longest wait in seconds.
    :param why: why something has no place, where that is known already.
    """
    if not evaluation:
        return End("placed")
    deadline, progress = time.monotonic() + within, Progress("an evaluation of Nomad")
    while True:
        found = _look(client, f"/v1/evaluation/{evaluation}?namespace={namespace}", deadline)
        status = found.get("Status", "not known")
        newer = _newer(client, found, namespace, deadline) if status == "canceled" else None
        if newer is not None:
            # Nomad cancels what a newer evaluation of the job has made needless.
            evaluation = newer
        elif status == "failed":
            return End("failed", f"its evaluation was failed: {_described(found)}")
        elif status == "complete":
            why = unplaced(found.get("FailedTGAllocs"))
            if found.get("DeploymentID"):
                return deployed(client, found["DeploymentID"], namespace, deadline, why)
            if not why:
                return End("placed")
            evaluation = found.get("BlockedEval") or evaluation
        if time.monotonic() > deadline:
            return End("blocked", why) if why else End("late", f"its evaluation is {status}")
        progress.tell(f"{evaluation} is {status}{why and f', {why}'}")
        time.sleep(POLL)


def deployed(
    client: Client, deployment: str, namespace: str, deadline: float, why: str = ""
) -> End:
    """
    Wait for the end of a deployment.

    :param deadline: in the time of ``time.monotonic``.
    :param why: why something was not placed at first.
    """
    progress = Progress("a deployment of Nomad")
    while True:
        found = _look(client, f"/v1/deployment/{deployment}?namespace={namespace}", deadline)
        end = _end_of(client, found, namespace) if found else None
        if end is not None:
            return end
        if time.monotonic() > deadline:
            groups = _groups(found)
            if why and any(
                _number(one, "PlacedAllocs") < _number(one, "DesiredTotal") for one in groups
            ):
                return End("blocked", why)
            status = found.get("Status", "not known")
            return End("late", f"its deployment is {status}: {_described(found)}")
        progress.tell(f"{deployment} is {found.get('Status', 'not known')}, {_healthy(found)}")
        time.sleep(POLL)


def _look(client: Client, path: str, deadline: float) -> dict[str, Any]:
    """
    Give what Nomad says of something that is awaited; nothing while it cannot say anything.

    :raises HttpError: it cannot when the time is over; or the token may not ask.
    """
    answer = patient(client, path, deadline)
    if answer is None:
        return {}
    return answers.mapping(answer, DEPLOYMENT, "ID", "Status")


def patient(client: Client, path: str, deadline: float) -> Any:
    """
    Give what Nomad answers to one who waits; ``None`` while it cannot answer.

    :raises HttpError: it cannot when the time is over; or the token may not ask.
    """
    try:
        return client.get(path)
    except (Unavailable, TooMany, ServerError):
        # While its servers choose a leader, Nomad answers nothing at all.
        if time.monotonic() > deadline:
            raise
        return None


def evaluations(client: Client, job: str, namespace: str, deadline: float) -> list[dict[str, Any]]:
    """Give the evaluations of a job, the newest first; none while Nomad cannot answer."""
    path = f"/v1/job/{quoted(job)}/evaluations?namespace={quoted(namespace)}"
    answer = patient(client, path, deadline)
    if answer is None:
        return []
    keys = ("ID", "CreateIndex", "Status")
    found = answers.listing(answer, EVALUATIONS, *keys)
    return sorted(
        found, key=lambda one: answers.number(one, "CreateIndex", EVALUATIONS), reverse=True
    )


def _newer(client: Client, found: dict[str, Any], namespace: str, deadline: float) -> str | None:
    known = evaluations(client, str(found.get("JobID")), namespace, deadline)
    return next((str(one["ID"]) for one in known if one["Status"] != "canceled"), None)


def _end_of(client: Client, found: dict[str, Any], namespace: str) -> End | None:
    if found["Status"] == "successful":
        return End("successful")
    if found["Status"] in ("failed", "cancelled"):
        said = [f"its deployment {found['Status']}: {_described(found)}"]
        if found["Status"] == "failed":
            said += failures(client, found, namespace)
        return End("failed", "; ".join(said))
    if _waits_for_promotion(_groups(found)):
        return End("unconfirmed", "its canaries are healthy and wait to be promoted")
    return None


def _healthy(found: dict[str, Any]) -> str:
    groups = _groups(found)
    healthy = sum(_number(one, "HealthyAllocs") for one in groups)
    return f"{healthy} of {sum(_number(one, 'DesiredTotal') for one in groups)} healthy"


def _groups(found: dict[str, Any]) -> list[dict[str, Any]]:
    groups = answers.mapping(found.get("TaskGroups") or {}, DEPLOYMENT)
    return answers.listing(list(groups.values()), DEPLOYMENT)


def _number(group: dict[str, Any], name: str) -> int:
    return answers.number(group, name, DEPLOYMENT)


def _waits_for_promotion(groups: Iterable[dict[str, Any]]) -> bool:
    waiting = [one for one in groups if one.get("DesiredCanaries") and not one.get("Promoted")]
    return any(not one.get("AutoPromote") for one in waiting) and all(
        _number(one, "HealthyAllocs") >= _number(one, "DesiredCanaries") for one in waiting
    )


def failures(client: Client, deployment: dict[str, Any], namespace: str) -> list[str]:
    """
    Say what the tasks of a failed deployment ended with, one line per task.

    Drivers and downloads repeat what they were given: what of the job is not shown elsewhere, is
    not shown here.
    """
    path = f"/v1/deployment/allocations/{quoted(str(deployment['ID']))}?namespace={namespace}"
    try:
        answer = client.get(path)
        known = _secrets(client, str(deployment.get("JobID")), namespace)
    except NotFound:
        return []
    except (Unavailable, TooMany, ServerError):
        return ["Nomad does not say what its tasks ended with"]
    said: dict[str, str] = {}
    for allocation in answers.listing(answer, "Nomad's allocations of a deployment", "TaskGroup"):
        tasks = answers.mapping(allocation.get("TaskStates") or {}, TASKS)
        for task, its in sorted(tasks.items()):
            events = answers.listing(answers.mapping(its, TASKS).get("Events") or [], TASKS)
            telling = [one for one in events if one.get("Type") in CAUSES]
            telling = telling or [one for one in events if one.get("FailsTask")]
            telling = telling or [one for one in events if one.get("Type") == "Alloc Unhealthy"]
            if telling:
                words = str(telling[-1].get("DisplayMessage") or telling[-1].get("Type"))
                said.setdefault(f"{allocation['TaskGroup']}/{task}", scrubbed(words, known)[:200])
    return [f"task {name}: {words}" for name, words in sorted(said.items())]


def _secrets(client: Client, job: str, namespace: str) -> frozenset[str]:
    """Give what may be a secret in any version of a job: a rollback has made a newer one."""
    answer = client.get(f"/v1/job/{quoted(job)}/versions?namespace={quoted(namespace)}")
    found = answers.mapping(answer, "Nomad's versions of a job", "Versions")["Versions"]
    versions = answers.listing(found, "Nomad's versions of a job", "Version")
    return frozenset().union(*(secrets_of(one) for one in versions))


def _described(found: dict[str, Any]) -> str:
    return str(found.get("StatusDescription") or "Nomad does not say why")


def latest(client: Client, job: dict[str, Any]) -> dict[str, Any] | None:
    """Give the deployment of just this version of a job, or ``None``."""
    path = f"/v1/job/{quoted(job['ID'])}/deployment?namespace={job['Namespace']}"
    found = client.get(path)
    if found is None:
        return None
    answers.mapping(found, DEPLOYMENT, "ID", "Status", "JobVersion")
    if found["JobVersion"] != job["Version"]:
        return None
    return found if found.get("JobCreateIndex") == job.get("CreateIndex") else None


def quoted(name: str) -> str:
    """Write the id of a job for a path; ids of dispatched jobs hold ``/``."""
    return quote(str(name), safe="")
