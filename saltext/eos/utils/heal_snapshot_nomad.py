"""What one region of Nomad says of its jobs, in rows as small as a decision needs them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

from saltext.eos.utils.heal_snapshot_ask import Asker, Blocked, together

PARTS = ("jobs", "allocations", "deployments", "evaluations", "nodes")
RIGHTS = ("list-jobs", "read-job")
# A longer condition is not sent: all is read then, and sorted out here.
MOST_TERMS = 40
PLAIN = re.compile(r"[A-Za-z0-9_.:/-]{1,128}")
REVISION = re.compile(r"eos rev=([0-9a-f]{12})")
# What the agent puts in when it registers.
HOLE = re.compile(r"\$\{[^}]*\}")
# Objects that are read one by one.
AT_ONCE = 8
ACTIVE = ("initializing", "pending", "blocked", "unblocking", "running", "paused")

Row = dict[str, Any]


def read(ask: Asker, parts: Mapping[str, Any], deadline: float) -> Row:
    """
    Give the wanted parts of a region.

    :param parts: each name with True for all, or with what is wanted: ``jobs``, ``deployments``,
        ``evaluations`` and ``versions`` with lists of ``[namespace, job]``; ``allocations`` with
        ``{"ids": …, "jobs": …, "nodes": …}``; ``nodes`` with True.
    :raises Blocked: one of them is not whole.
    """
    readers = {
        "jobs": _jobs, "allocations": _allocations, "deployments": _deployments,
        "evaluations": _evaluations, "nodes": _nodes, "versions": _versions,
    }  # fmt: skip
    unknown = sorted(set(parts) - set(readers))
    if unknown:
        raise ask.blocked(f"there is no part {', '.join(map(str, unknown))}")
    wanted = {name: what for name, what in parts.items() if what}
    questions = [partial(readers[name], ask, what, deadline) for name, what in wanted.items()]
    _, *answers = together([partial(_rights, ask), *questions], deadline)
    found: Row = {}
    for name, answer in zip(wanted, answers, strict=True):
        found |= answer if name == "jobs" else {name: answer}
    return found


def _rights(ask: Asker) -> int:
    """
    Prove that lists of every namespace are lists of every namespace: Nomad leaves out in silence
    what a token may not see.
    """
    own, headers = ask.get("/v1/acl/token/self")
    if not isinstance(own, dict) or "Type" not in own:
        raise ask.blocked("its token is not known")
    index = _index(ask, headers)
    if own["Type"] == "management":
        return index
    if own.get("Roles"):
        raise ask.blocked("its token has roles; expected policies, which can be read")
    everywhere = False
    for name in own.get("Policies") or []:
        policy, _ = ask.get(f"/v1/acl/policy/{quote(name, safe='')}")
        rules = (policy.get("RulesJSON") or {}).get("Namespaces") or []
        for rule in rules:
            held = set(rule.get("Capabilities") or [])
            if rule.get("Policy") in ("read", "write"):
                held |= set(RIGHTS)
            if "deny" in held or rule.get("Policy") == "deny" or not held.issuperset(RIGHTS):
                raise ask.blocked(
                    f"its token may not read namespace {rule.get('Name')} (policy {name})"
                )
            everywhere = everywhere or rule.get("Name") == "*"
    if not everywhere:
        raise ask.blocked("its token may not read every namespace")
    return index


def _index(ask: Asker, headers: Mapping[str, str]) -> int:
    if headers.get("x-nomad-knownleader") != "true":
        raise ask.blocked("it has no leader")
    return int(headers.get("x-nomad-index") or 0)


def _list(ask: Asker, path: str) -> list[Row]:
    rows, headers = ask.rows(path)
    _index(ask, headers)
    return rows


def _jobs(ask: Asker, wanted: Any, deadline: float) -> Row:
    plain, states = together(
        [
            partial(_list, ask, "/v1/jobs?namespace=*"),
            partial(_list, ask, "/v1/jobs/statuses?namespace=*"),
        ],
        deadline,
    )
    stubs = {(one["Namespace"], one["ID"]): one for one in plain}
    rows = [_job(one, stubs.get((one["Namespace"], one["ID"]))) for one in states]
    # Of jobs that changed with one index Nomad lists the states of the last alone (1.11.3: its
    # index of them is unique); the others are there, and how they are is not known.
    listed = {(one["Namespace"], one["ID"]) for one in states}
    rows += [_hidden(one) for key, one in stubs.items() if key not in listed]
    counted = [one for one in rows if one["unhealthy"] is not None]
    names = None if wanted is True else {(one[0], one[1]) for one in wanted}
    return {
        "managed": len(counted),
        "unhealthy": sum(one["unhealthy"] for one in counted),
        "jobs": [one for one in rows if names is None or (one["namespace"], one["job"]) in names],
    }


def _job(one: Row, stub: Row | None) -> Row:
    allocs = one.get("Allocs") or []
    running = sum(alloc["ClientStatus"] == "running" for alloc in allocs)
    well = sum(
        alloc["ClientStatus"] == "running"
        and (alloc.get("DeploymentStatus") or {}).get("Healthy") is not False
        for alloc in allocs
    )
    desired = None if one["Type"] in ("system", "sysbatch") else one["GroupCountSum"]
    return {
        "namespace": one["Namespace"],
        "job": one["ID"],
        "type": one["Type"],
        "status": one["Status"],
        "stop": one["Stop"],
        "version": one["Version"],
        "modify_index": stub["JobModifyIndex"] if stub else None,
        "desired": desired,
        "running": running,
        "unhealthy": _is_unhealthy(one, stub, allocs, desired, well),
    }


def _hidden(stub: Row) -> Row:
    """Give a job that is listed without its state."""
    groups = ((stub.get("JobSummary") or {}).get("Summary") or {}).values()
    return {
        "namespace": stub["Namespace"],
        "job": stub["ID"],
        "type": stub["Type"],
        "status": stub["Status"],
        "stop": stub["Stop"],
        "version": stub.get("Version"),
        "modify_index": stub["JobModifyIndex"],
        "desired": None,
        "running": sum(one.get("Running") or 0 for one in groups),
        "unhealthy": None,
    }


def _is_unhealthy(
    one: Row, stub: Row | None, allocs: list[Row], desired: int | None, well: int
) -> bool | None:
    """Say whether a job is not as it is wanted; None for one that nobody wants to run now."""
    is_form = stub is not None and (stub.get("Periodic") or stub.get("ParameterizedJob"))
    if one["Stop"] or is_form or one.get("ParentID"):
        return None
    if one["Type"] == "service":
        return well < (desired or 0)
    ended = {alloc["ClientStatus"] for alloc in allocs}
    if one["Type"] == "system":
        return bool(ended) and "running" not in ended and "failed" in ended
    # Of a batch job one good end is the whole of it.
    return one["Status"] == "pending" or ("failed" in ended and not ended & {"complete", "running"})


def _allocations(ask: Asker, wanted: Any, deadline: float) -> list[Row]:
    path = "/v1/allocations?namespace=*&task_states=false&resources=false"
    if wanted is True:
        return [_allocation(one) for one in _list(ask, path)]
    ids, nodes = set(wanted.get("ids") or ()), set(wanted.get("nodes") or ())
    jobs = {(one[0], one[1]) for one in wanted.get("jobs") or ()}
    terms = [
        *(_equal("ID", one) for one in sorted(ids)),
        *(_equal("NodeID", one) for one in sorted(nodes)),
        *(_of_job(*one) for one in sorted(jobs)),
    ]
    listed = _list(ask, path + _filter(terms))
    rows = [
        _allocation(one)
        for one in listed
        if one["ID"] in ids or one["NodeID"] in nodes or (one["Namespace"], one["JobID"]) in jobs
    ]
    running = [one for one in rows if one["id"] in ids and one["client_status"] == "running"]
    for start in range(0, len(running), AT_ONCE):
        some = running[start : start + AT_ONCE]
        answers = together([partial(_instances, ask, one["id"]) for one in some], deadline)
        for row, instances in zip(some, answers, strict=True):
            row["instances"] = instances
    return rows


def _instances(ask: Asker, allocation: str) -> list[str] | None:
    """
    Give the ids of the instances in Consul that an allocation has while it runs.

    Those of a task that does not run now are not among them. ``*`` stands for what only the agent
    knows. None when Nomad has collected it meanwhile.
    """
    body = _found(ask, f"/v1/allocation/{quote(allocation, safe='')}")
    if body is None:
        return None
    (group,) = (one for one in body["Job"]["TaskGroups"] if one["Name"] == body["TaskGroup"])
    states = body.get("TaskStates") or {}
    owners = [(f"group-{group['Name']}", group.get("Services") or [])]
    owners += [
        (one["Name"], one.get("Services") or [])
        for one in group["Tasks"]
        if (states.get(one["Name"]) or {}).get("State") == "running"
    ]
    return [
        HOLE.sub("*", f"_nomad-task-{allocation}-{owner}-{one['Name']}-{one['PortLabel']}")
        for owner, services in owners
        for one in services
        if one.get("Provider") == "consul"
    ]


def _allocation(one: Row) -> Row:
    tracker = one.get("RescheduleTracker") or {}
    events = tracker.get("Events") or []
    return {
        "id": one["ID"],
        "namespace": one["Namespace"],
        "job": one["JobID"],
        "group": one["TaskGroup"],
        "type": one["JobType"],
        "version": one["JobVersion"],
        "node": one["NodeName"],
        "node_id": one["NodeID"],
        "client_status": one["ClientStatus"],
        "desired_status": one["DesiredStatus"],
        "next": one.get("NextAllocation") or "",
        "follow_up": one.get("FollowupEvalID") or "",
        "deployment": one.get("DeploymentID") or "",
        "healthy": (one.get("DeploymentStatus") or {}).get("Healthy"),
        "rescheduled": len(events),
        "modify_index": one["ModifyIndex"],
    }


def _deployments(ask: Asker, wanted: Any, _: float) -> list[Row]:
    names = None if wanted is True else {(one[0], one[1]) for one in wanted}
    condition = _filter([_of_job(*one) for one in sorted(names or ())])
    latest: dict[tuple[str, str], Row] = {}
    for one in _list(ask, "/v1/deployments?namespace=*" + condition):
        key = (one["Namespace"], one["JobID"])
        if names is not None and key not in names:
            continue
        if key not in latest or one["CreateIndex"] > latest[key]["CreateIndex"]:
            latest[key] = one
    return [
        {
            "id": one["ID"],
            "namespace": one["Namespace"],
            "job": one["JobID"],
            "version": one["JobVersion"],
            "status": one["Status"],
            "is_active": one["Status"] in ACTIVE,
        }
        for one in latest.values()
    ]


def _evaluations(ask: Asker, wanted: Any, _: float) -> list[Row]:
    path = "/v1/evaluations?namespace=*"
    names = None if wanted is True else sorted({(one[0], one[1]) for one in wanted})
    condition = 'Status == "blocked" or Status == "pending"'
    terms = [] if names is None else [_of_job(*one) for one in names]
    if terms and None not in terms and len(terms) <= MOST_TERMS:
        condition = f"({condition}) and ({' or '.join(filter(None, terms))})"
    rows = _list(ask, f"{path}&filter={quote(condition, safe='')}")
    return [
        {
            "id": one["ID"],
            "namespace": one["Namespace"],
            "job": one["JobID"],
            "status": one["Status"],
            "trigger": one["TriggeredBy"],
            "until": one.get("WaitUntil") or "",
            "groups": sorted(one.get("FailedTGAllocs") or {}),
        }
        for one in rows
        if names is None or (one["Namespace"], one["JobID"]) in names
    ]


def _nodes(ask: Asker, _: Any, __: float) -> list[Row]:
    return [
        {
            "id": one["ID"],
            "node": one["Name"],
            "status": one["Status"],
            "eligibility": one["SchedulingEligibility"],
            "drain": one["Drain"],
            "modify_index": one["ModifyIndex"],
        }
        for one in _list(ask, "/v1/nodes")
    ]


def _versions(ask: Asker, wanted: Any, deadline: float) -> list[Row]:
    if wanted is True:
        raise ask.blocked("versions of all jobs are too many; expected a list of jobs")
    pairs = [(str(one[0]), str(one[1])) for one in wanted]
    answers = together([partial(_versions_of, ask, *pair) for pair in pairs], deadline)
    return [row for rows in answers for row in rows]


def _versions_of(ask: Asker, namespace: str, job: str) -> list[Row]:
    where = f"/v1/job/{quote(job, safe='')}/versions?namespace={quote(namespace, safe='')}"
    body = _found(ask, where)
    if body is None:
        return []
    if not isinstance(body.get("Versions"), list):
        raise ask.blocked(f"the versions of job {job} are no list")
    return [
        {
            "namespace": namespace,
            "job": job,
            "version": one["Version"],
            "modify_index": one["JobModifyIndex"],
            "revision": _revision(one),
        }
        for one in body["Versions"]
    ]


def _found(ask: Asker, path: str) -> Row | None:
    """Read one object; None when Nomad says that there is none."""
    try:
        body, headers = ask.get(path)
    except Blocked as err:
        if str(err).endswith("answered 404"):
            return None
        raise
    _index(ask, headers)
    if not isinstance(body, dict):
        raise ask.blocked(f"{path.partition('?')[0]} answered no object")
    return body


def _revision(one: Row) -> str:
    found = REVISION.search(str((one.get("UI") or {}).get("Description") or ""))
    return found[1] if found else ""


def _of_job(namespace: str, job: str) -> str | None:
    one, two = _equal("Namespace", namespace), _equal("JobID", job)
    return f"({one} and {two})" if one and two else None


def _equal(field: str, value: str) -> str | None:
    return f"{field} == {json.dumps(value)}" if PLAIN.fullmatch(value) else None


def _filter(terms: Iterable[str | None]) -> str:
    """Write a condition; none where one term cannot be written, or they are too many."""
    held = list(terms)
    if not held or None in held or len(held) > MOST_TERMS:
        return ""
    return f"&filter={quote(' or '.join(filter(None, held)), safe='')}"
