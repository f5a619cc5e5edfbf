"""Deeds on a Nomad job that no jobspec says: scale, revert, dispatch, stop and start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, nomad_deployment, nomad_job
from saltext.eos.utils.mask import plain
from saltext.eos.utils.nomad_deployment import End
from saltext.eos.utils.nomad_run import EXPECTED, Asked, stop_changes


def scale(here: Asked, group: Any, count: Any, message: Any, within: float) -> dict[str, Any]:
    """Set the count of a group; nothing is sent when it has it."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise CommandExecutionError(f"count: expected a whole number from 0 on; found {count!r}")
    known = nomad_job.known_job(here.client, here.name, here.where)
    counts = nomad_job.counts_of(known)
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
    return _followed(here, changes, answer, within)


def revert(here: Asked, version: Any, tag: Any, within: float) -> dict[str, Any]:
    """Make an earlier version the current one."""
    if (version is None) == (tag is None):
        found = "neither" if tag is None else "both"
        raise CommandExecutionError(f"version, tag: expected one of them; found {found}")
    if tag is None and (not isinstance(version, int) or isinstance(version, bool) or version < 0):
        raise CommandExecutionError(f"version: expected a whole number; found {version!r}")
    known = nomad_job.known_job(here.client, here.name, here.where)
    versions = nomad_job.versions(here.client, known)
    tagged = {nomad_job.tag_of(one): one["Version"] for one in versions}
    wanted = version if tag is None else tagged.get(tag)
    # Each stop is a version, too: back to it, the job would be stopped.
    numbers = sorted(one["Version"] for one in versions if not one.get("Stop"))
    if wanted is None or wanted not in numbers or wanted == known["Version"]:
        former = ", ".join(str(one) for one in numbers if one != known["Version"])
        raise CommandExecutionError(
            f"{here.what} cannot be reverted to {tag or version!r}: expected one of its earlier "
            f"versions in which it ran ({former or 'there is none'}); it has version "
            f"{known['Version']} now"
        )
    changes = {"reverted": {"old": known["Version"], "new": wanted}}
    return _reverted(here, known, wanted, changes, within)


def _reverted(
    here: Asked, known: dict[str, Any], version: int, changes: dict[str, Any], within: float
) -> dict[str, Any]:
    body = {"JobID": here.name, "JobVersion": version, "EnforcePriorVersion": known["Version"]}
    path = nomad_job.path_of(here.name, here.where, "/revert")
    answer = nomad_job.cas(lambda: here.client.put(path, body))
    return _followed(here, changes, answer, within, stopped=known if known["Stop"] else None)


def dispatch(
    here: Asked, payload: str | None, meta: Any, token: Any, within: float
) -> dict[str, Any]:
    """Start a run of a parameterized job."""
    meta = plain(meta or {})
    if not isinstance(meta, Mapping):
        raise CommandExecutionError("meta: expected a map of texts by name; found something else")
    wrong = [name for name, one in meta.items() if not (isinstance(name, str) and _is_text(one))]
    if wrong:
        raise CommandExecutionError(
            f"meta:{wrong[0]}: expected text, or a number; found something else; put it in quotes"
        )
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
    run = answer["DispatchedJobID"]
    if not answer.get("EvalID"):
        # Nomad starts nothing for a word that it knows.
        return {**_told(here, {}, End("placed", f"{run} was started before")), "dispatched": run}
    said = {"dispatched": {"old": None, "new": run}}
    return {**_followed(here, said, answer, within), "dispatched": run}


def _is_text(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def stop(here: Asked, within: float) -> dict[str, Any]:
    """Stop a job and keep it."""
    known = nomad_job.known_job(here.client, here.name, here.where)
    nomad_job.refuse_child(known)
    changes = stop_changes(here, known)
    nomad_job.stop(here.client, known)
    end = _sure(here, changes, lambda: nomad_job.ended(here.client, known, within))
    # Without a wait it is enough to say what still runs.
    return _told(here, changes, end if within else End("placed", end.says))


def start(here: Asked, within: float) -> dict[str, Any]:
    """
    Make the version of a stopped job that ran last the current one: with all that a stop has taken
    from it, such as its autoscaling and its source.
    """
    known = nomad_job.known_job(here.client, here.name, here.where)
    nomad_job.refuse_child(known)
    if not known["Stop"]:
        return _told(here, {}, End("placed", "it is not stopped"))
    versions = nomad_job.versions(here.client, known)
    ran = [one["Version"] for one in versions if not one.get("Stop")]
    if not ran:
        raise CommandExecutionError(
            f"{here.what} cannot be started: expected a version in which it ran; Nomad has kept "
            "none; register it again from its jobspec"
        )
    changes = {"Stop": {"old": True, "new": False}}
    return _reverted(here, known, max(ran), changes, within)


def _followed(
    here: Asked,
    changes: dict[str, Any],
    answer: Any,
    within: float,
    stopped: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """
    Follow what was written to its end.

    :param stopped: the job as it was, when it was stopped and has a tag to give back.
    """

    def look() -> End:
        if stopped is not None:
            nomad_job.release(here.client, stopped)
        if not within:
            return End("placed", "its end was not awaited")
        found = answers.mapping(answer, nomad_job.REGISTERED)
        return nomad_deployment.follow(here.client, found.get("EvalID"), here.where, within)

    return _told(here, changes, _sure(here, changes, look))


def _sure(here: Asked, changes: dict[str, Any], look: Callable[[], End]) -> End:
    """
    Look at what became of a change; what is seen amiss takes nothing away from it.

    :raises CommandExecutionError: nothing can be seen; it says what was changed.
    """
    try:
        return look()
    except EXPECTED as err:
        said = ", ".join(changes) or "nothing"
        raise CommandExecutionError(f"{here.what} was changed ({said}), but {err}") from err


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
