"""What the healer may know of a job of Nomad, of one of its groups, allocations or versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saltext.eos.utils import heal_match
from saltext.eos.utils.heal_snapshot_shape import Snapshot
from saltext.eos.utils.heal_state import Thing
from saltext.eos.utils.heal_view_component import app_of

LIVE = ("pending", "running")
OUT_OF_REACH = ("lost", "unknown")
# What Nomad wants on every node is not moved by a drain.
EVERYWHERE = ("system", "sysbatch")

Row = Mapping[str, Any]


def specification(form: Mapping[str, Any], namespace: Any, job: Any) -> str | None:
    """Give the hash of a job's specification as Eos compiles it; None for a job of others."""
    made = _compiled(form, namespace, job)
    return None if made is None else heal_match.digest(namespace, job, made["jobspec"])


def thing(
    region: str, leaves: Mapping[str, Any], snapshot: Snapshot, form: Mapping[str, Any]
) -> Thing:
    """Give what is known of the narrowest of allocation, group, version and job that is named."""
    namespace, job = leaves.get("namespace"), leaves["job"]
    key = (region, str(namespace), str(job))
    if key not in snapshot.jobs:
        return Thing()
    row = snapshot.jobs[key]
    if row is None or row["stop"]:
        # Nobody wants it to run: a person stopped it, or it was purged.
        return Thing(wrong=False, layer="settled", input=specification(form, namespace, job))
    input_ = specification(form, namespace, job) or _index(key, row["modify_index"])
    if "version" in leaves:
        return _of_version(key, leaves["version"], snapshot, input_, form)
    if leaves.get("alloc"):
        gone = snapshot.is_gone(leaves["alloc"])
        found = _of_alloc(snapshot.allocations.get(leaves["alloc"]), gone)
    elif leaves.get("group"):
        found = _of_group(key, str(leaves["group"]), row, snapshot)
    else:
        wrong, rows = row["unhealthy"], _of_job(key, snapshot)
        found = Thing(wrong, _layer(key, wrong, rows, snapshot))
    return found._replace(input=input_)


def drained(node: str, snapshot: Snapshot) -> Thing:
    """Give whether anything that a drain moves still runs on a node."""
    here = [one for one in snapshot.allocations.values() if one["node_id"] == node]
    moving = [one for one in here if one["client_status"] in LIVE and one["type"] not in EVERYWHERE]
    return Thing(layer="progress" if moving else "settled")


def _index(key: tuple[str, str, str], index: Any) -> str | None:
    return None if index is None else heal_match.digest(*key, index)


def _compiled(form: Mapping[str, Any], namespace: Any, job: Any) -> Row | None:
    found = app_of(form, namespace, job)
    if found is None:
        return None
    resource, app = found
    resources = ((app.get("derive") or {}).get("root") or {}).get("resource") or {}
    return (resources.get("nomad_job") or {}).get(resource)


def _of_version(
    key: tuple[str, str, str], version: Any, snapshot: Snapshot, input_: str | None,
    form: Mapping[str, Any],
) -> Thing:  # fmt: skip
    """Give a version that failed: what it was made from is wrong until somebody changes that."""
    was = (snapshot.versions.get(key) or {}).get(version)
    made = _compiled(form, *key[1:])
    if made is None:
        index = was["modify_index"] if was else None
        return Thing(True if was else None, "settled", _index(key, index))
    if was is None:
        return Thing(layer="settled", input=input_)
    # The pillar may have changed since that version was registered: then nothing is held.
    return Thing(was["revision"] != "" and was["revision"] in made["jobspec"], "settled", input_)


def _of_alloc(row: Row | None, gone: bool) -> Thing:
    if gone:
        return Thing(wrong=False, layer="settled")
    if row is None or row["client_status"] in OUT_OF_REACH:
        return Thing()
    if row["client_status"] == "failed":
        return Thing(True, "progress" if row["next"] else "failed")
    if row["client_status"] == "pending":
        return Thing(layer="progress")
    return Thing(row["healthy"] is False, "settled")


def _of_group(key: tuple[str, str, str], group: str, row: Row, snapshot: Snapshot) -> Thing:
    rows = [one for one in _of_job(key, snapshot) if one["group"] == group]
    left = [
        one
        for one in rows
        if one["client_status"] == "failed" and not one["next"] and one["desired_status"] == "run"
    ]
    blocked = any(
        one["status"] == "blocked" and group in one["groups"]
        for one in snapshot.evaluations.values()
        if (one["region"], one["namespace"], one["job"]) == key
    )
    runs = any(one["client_status"] == "running" for one in rows)
    wrong = bool(left) or blocked or (row["unhealthy"] is True and not runs)
    return Thing(wrong, _layer(key, wrong, left, snapshot))


def _of_job(key: tuple[str, str, str], snapshot: Snapshot) -> list[Row]:
    return [
        one
        for one in snapshot.allocations.values()
        if (one["region"], one["namespace"], one["job"]) == key
    ]


def _layer(
    key: tuple[str, str, str], wrong: bool | None, rows: list[Row], snapshot: Snapshot
) -> str | None:
    """Say how far Nomad is with a job: at work, done, out of attempts, or given up."""
    if wrong is None:
        return None
    deployment = snapshot.deployments.get(key)
    if deployment is not None and deployment["is_active"]:
        return "progress"
    mine = [
        one
        for one in snapshot.evaluations.values()
        if (one["region"], one["namespace"], one["job"]) == key
    ]
    if any(one["status"] == "pending" for one in mine):
        return "progress"
    if not wrong:
        return "settled"
    if any(one["client_status"] == "pending" for one in rows):
        return "progress"
    if deployment is not None and deployment["status"] == "failed":
        return "failed"
    return "exhausted"
