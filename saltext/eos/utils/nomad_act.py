"""Deeds on a Nomad job that no jobspec says: scale, revert, dispatch, stop and start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, nomad_deployment, nomad_job
from saltext.eos.utils.mask import plain
from saltext.eos.utils.nomad_deployment import End
from saltext.eos.utils.nomad_run import Asked


def scale(here: Asked, group: Any, count: Any, message: Any, within: float) -> dict[str, Any]:
    """Set the count of a group; nothing is sent when it has it."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise CommandExecutionError(f"count: expected a whole number from 0 on; found {count!r}")
    known = nomad_job.known_job(here.client, here.name, here.where)
    counts = {one["Name"]: one["Count"] for one in known["TaskGroups"]}
    if group not in counts:
        raise CommandExecutionError(
            f"group: expected one of {', '.join(sorted(counts))}; found {group!r}"
        )
    changes = {f"TaskGroups.{group}.Count": {"old": counts[group], "new": count}}
    if counts[group] == count:
        return _told(here, {}, End("placed", "it has that count already"))
    body = {
        "Target": {"Group": group},
        "Count": count,
        "Message": str(message or ""),
        "JobModifyIndex": known["JobModifyIndex"],
    }
    path = nomad_job.path_of(here.name, here.where, "/scale")
    answer = nomad_job.cas(lambda: here.client.put(path, body))
    return _told(here, changes, _followed(here, answer, within))


def revert(here: Asked, version: Any, tag: Any, within: float) -> dict[str, Any]:
    """Make an earlier version the current one."""
    if (version is None) == (tag is None):
        found = "neither" if tag is None else "both"
        raise CommandExecutionError(f"version, tag: expected one of them; found {found}")
    if tag is None and (not isinstance(version, int) or isinstance(version, bool) or version < 0):
        raise CommandExecutionError(f"version: expected a whole number; found {version!r}")
    known = nomad_job.known_job(here.client, here.name, here.where)
    versions = nomad_job.versions(here.client, known)
    tagged = {(one.get("VersionTag") or {}).get("Name"): one["Version"] for one in versions}
    wanted = version if tag is None else tagged.get(tag)
    numbers = sorted(one["Version"] for one in versions)
    if wanted not in numbers or wanted == known["Version"]:
        former = ", ".join(str(one) for one in numbers if one != known["Version"])
        raise CommandExecutionError(
            f"{here.what} cannot be reverted to {tag or version!r}: expected one of its earlier "
            f"versions ({former or 'there is none'}); it has version {known['Version']} now"
        )
    body = {"JobID": here.name, "JobVersion": wanted, "EnforcePriorVersion": known["Version"]}
    path = nomad_job.path_of(here.name, here.where, "/revert")
    answer = nomad_job.cas(lambda: here.client.put(path, body))
    if known["Stop"]:
        nomad_job.release(here.client, known)
    changes = {"reverted": {"old": known["Version"], "new": wanted}}
    return _told(here, changes, _followed(here, answer, within))


def dispatch(
    here: Asked, payload: str | None, meta: Any, token: Any, within: float
) -> dict[str, Any]:
    """Start a run of a parameterized job."""
    meta = plain(meta or {})
    if not isinstance(meta, Mapping):
        raise CommandExecutionError(f"meta: expected a map of texts by name; found {meta!r}")
    known = nomad_job.known_job(here.client, here.name, here.where)
    if not known.get("ParameterizedJob"):
        raise CommandExecutionError(
            f"{here.what} takes no dispatch: expected a job with `parameterized`; found a plain "
            f"{known['Type']} job"
        )
    body = {"Meta": {str(name): str(one) for name, one in meta.items()}, "Payload": payload}
    more = f"&idempotency_token={nomad_deployment.quoted(str(token))}" if token else ""
    sent = here.client.put(nomad_job.path_of(here.name, here.where, "/dispatch", more), body)
    answer = answers.mapping(sent, "what Nomad says of a dispatch", "DispatchedJobID")
    said = {"dispatched": {"old": None, "new": answer["DispatchedJobID"]}}
    return _told(here, said, _followed(here, answer, within))


def stop(here: Asked, within: float) -> dict[str, Any]:
    """Stop a job and keep it."""
    known = nomad_job.known_job(here.client, here.name, here.where)
    changes = {} if known["Stop"] else {"Stop": {"old": False, "new": True}}
    nomad_job.stop(here.client, known)
    return _told(here, changes, nomad_job.ended(here.client, here.name, here.where, within))


def start(here: Asked, within: float) -> dict[str, Any]:
    """Register a stopped job as it was."""
    known = nomad_job.known_job(here.client, here.name, here.where)
    if not known["Stop"]:
        return _told(here, {}, End("placed", "it is not stopped"))
    body = {
        "Job": {**known, "Stop": False, "VersionTag": None},
        "EnforceIndex": True,
        "JobModifyIndex": known["JobModifyIndex"],
    }
    path = f"/v1/jobs?namespace={nomad_deployment.quoted(here.where)}"
    answer = nomad_job.cas(lambda: here.client.post(path, body))
    nomad_job.release(here.client, known)
    changes = {"Stop": {"old": True, "new": False}}
    return _told(here, changes, _followed(here, answer, within))


def _followed(here: Asked, answer: Any, within: float) -> End:
    if not within:
        return End("placed", "its end was not awaited")
    found = answers.mapping(answer, nomad_job.REGISTERED)
    return nomad_deployment.follow(here.client, found.get("EvalID"), here.where, within)


def _told(here: Asked, changes: dict[str, Any], end: End) -> dict[str, Any]:
    """
    Give what a function did.

    :raises CommandExecutionError: it was done, but did not end well.
    """
    if not end.is_good:
        raise CommandExecutionError(
            f"{here.what} was changed ({', '.join(changes) or 'nothing'}), but it is "
            f"{end.kind}: {end.says}"
        )
    return {"changes": changes, "end": end.kind, "comment": end.says}
