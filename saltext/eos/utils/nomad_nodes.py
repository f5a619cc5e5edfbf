"""Client nodes of Nomad: found by name, made eligible or not, drained, and told metadata."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from salt.exceptions import CommandExecutionError

from saltext.eos.utils import answers, fate, forms, nomad_deployment, settings, state
from saltext.eos.utils.http import Client
from saltext.eos.utils.mask import plain
from saltext.eos.utils.nomad_job import ALIVE
from saltext.eos.utils.nomad_jobspec import check_name
from saltext.eos.utils.nomad_run import EXPECTED, SECOND, seconds
from saltext.eos.utils.progress import Progress

POLL = 0.5
SLOWEST = 5.0
SEEN_WITHIN = 30.0
# What Nomad writes beside a node when a drain is over, and when its eligibility changes.
COMPLETE = "Node drain complete"
CHANGED = (
    "Node marked as eligible for scheduling",
    "Node marked as ineligible for scheduling",
)
NODE = "what Nomad says of a node"
SCOPE = "eos_ignore_system_jobs"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")
Changes = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Node:
    """
    A node that a state or a function is about.

    :param name: its name or its id.
    """

    name: str
    opts: Mapping[str, Any]

    @cached_property
    def client(self) -> Client:
        """The connection to Nomad; the name is checked before there is one."""
        check_name(self.name)
        return settings.connect("nomad", self.opts)

    @property
    def what(self) -> str:
        """What messages call it."""
        return f"Nomad node {self.name}"

    @cached_property
    def id(self) -> str:
        """
        Its id.

        :raises CommandExecutionError: there is none of that name, or more than one that is not
            down: an old one of the name may be left.
        """
        check_name(self.name)
        known = [one for one in listed(self.client) if self.name in (one["ID"], one["Name"])]
        living = [one for one in known if one["Status"] != "down"]
        found = living or known
        if len(found) == 1:
            return str(found[0]["ID"])
        if not found:
            raise CommandExecutionError(
                f"{self.what} does not exist; expected the name or the id of a client node"
            )
        ids = ", ".join(sorted(one["ID"] for one in found))
        raise CommandExecutionError(f"{self.what} is one of {len(found)}: say its id, of {ids}")

    def read(self) -> dict[str, Any]:
        """Give what Nomad has of it."""
        return _node(self.client.get(f"/v1/node/{self.id}"))

    def awaited(self, deadline: float) -> dict[str, Any] | None:
        """Give what Nomad has of it to one who waits; ``None`` while it cannot answer."""
        found = nomad_deployment.patient(self.client, f"/v1/node/{self.id}", deadline)
        return None if found is None else _node(found)

    def running(self, *, system: bool) -> list[str]:
        """
        Give what still runs on it, of what the token may see: Nomad leaves out in silence what is
        in a namespace whose jobs it may not read, so an empty list proves nothing.

        :param system: whether jobs of the types ``system`` and ``sysbatch`` count.
        """
        answer = self.client.get(f"/v1/node/{self.id}/allocations")
        found = answers.listing(answer, "Nomad's allocations of a node", "ClientStatus", "JobID")
        alive = [one for one in found if one["ClientStatus"] in ALIVE]
        kinds = () if system else ("system", "sysbatch")
        return sorted({str(one["JobID"]) for one in alive if _type(one) not in kinds})


def listed(client: Client) -> list[dict[str, Any]]:
    """Give the client nodes, as Nomad's list has them."""
    return answers.listing(client.get("/v1/nodes"), "Nomad's list of nodes", "ID", "Name", "Status")


def _node(answer: Any) -> dict[str, Any]:
    keys = ("Status", "SchedulingEligibility", "DrainStrategy", "Meta")
    found = answers.mapping(answer, NODE, *keys)
    for name in ("LastDrain", "Meta"):
        answers.mapping(found.get(name) or {}, NODE)
    answers.mapping((found.get("LastDrain") or {}).get("Meta") or {}, NODE)
    answers.listing(found.get("Events") or [], NODE)
    return found


def _type(allocation: dict[str, Any]) -> str:
    job = answers.mapping(allocation.get("Job") or {}, "Nomad's allocations of a node")
    return str(job.get("Type") or allocation.get("JobType") or "")


def eligibility(node: Node, wanted: str, *, test: bool) -> dict[str, Any]:
    """
    Let a node take new work, or none.

    :param wanted: ``eligible`` ends a drain, too; ``ineligible`` leaves it be.
    """
    changes = _eligibility_changes(node.read(), wanted)
    verb = f"made {wanted}"
    if not changes:
        return state.result(node.name, True, f"{node.what} is already {wanted}.")
    if test:
        return state.done(node.name, node.what, verb, changes, test=True)

    def left() -> Changes:
        return _eligibility_changes(node.read(), wanted)

    with fate.told(node.what, verb, changes, left):
        if "DrainStrategy" in changes:
            body: dict[str, Any] = {"DrainSpec": None, "MarkEligible": True}
            node.client.put(f"/v1/node/{node.id}/drain", body)
        else:
            node.client.put(f"/v1/node/{node.id}/eligibility", {"Eligibility": wanted})

    def look() -> None:
        again = left()
        if again:
            raise fate.NotKept(f"another undid it: {again}; expected it to stay", again)

    return _proved(node, verb, changes, look)


def _eligibility_changes(found: dict[str, Any], wanted: str) -> Changes:
    changes: Changes = {}
    if found["SchedulingEligibility"] != wanted:
        changes["SchedulingEligibility"] = {"old": found["SchedulingEligibility"], "new": wanted}
    if wanted == "eligible" and found["DrainStrategy"]:
        changes["DrainStrategy"] = {"old": drain_of(found), "new": None}
    return changes


def drain_of(found: dict[str, Any]) -> dict[str, Any] | None:
    """Give the drain of a node in few words; ``None`` when there is none."""
    if not found["DrainStrategy"]:
        return None
    keys = ("Deadline", "IgnoreSystemJobs")
    drain = answers.mapping(found["DrainStrategy"], "what Nomad says of a drain", *keys)
    deadline = answers.number(drain, "Deadline", NODE)
    span = forms.span_text(deadline) if deadline >= 0 else "at once"
    return {"deadline": span, "ignore_system_jobs": drain["IgnoreSystemJobs"]}


def drained(
    node: Node, deadline: Any, within: float, *, ignore_system_jobs: bool, test: bool
) -> dict[str, Any]:
    """Move what runs on a node elsewhere, and wait until nothing is left."""
    span = seconds(deadline, "deadline")
    if not isinstance(ignore_system_jobs, bool):
        raise CommandExecutionError(
            f"ignore_system_jobs: expected true or false; found {ignore_system_jobs!r}"
        )
    wanted = {
        "deadline": forms.span_text(round(span * SECOND)),
        "ignore_system_jobs": ignore_system_jobs,
    }
    found = node.read()
    changes = _eligibility_changes(found, "ineligible")
    left = node.running(system=not ignore_system_jobs)
    is_over = not changes and _was_drained(found, ignore_system_jobs)
    if drain_of(found) != wanted and not is_over:
        changes["DrainStrategy"] = {"old": drain_of(found), "new": wanted}
    # A drain may be over while what it has stopped is still ending: that is waited for.
    if not changes and not found["DrainStrategy"] and not left:
        return state.result(node.name, True, f"{node.what} is already drained.")
    if test and changes:
        return state.done(node.name, node.what, "drained", changes, test=True)
    if test:
        said = f"{node.what} is being drained; {', '.join(left) or 'nothing'} still runs on it."
        return state.result(node.name, True, said)
    if changes:
        spec = {"Deadline": round(span * SECOND), "IgnoreSystemJobs": ignore_system_jobs}
        scope = {SCOPE: str(ignore_system_jobs).lower()}
        body = {"DrainSpec": spec, "MarkEligible": False, "Meta": scope}
        with fate.told(node.what, "drained", changes, lambda: _undrained(node, wanted)):
            node.client.put(f"/v1/node/{node.id}/drain", body)
    return _proved(node, "drained", changes, lambda: _emptied(node, within, ignore_system_jobs))


def _undrained(node: Node, wanted: dict[str, Any]) -> Changes:
    """Ask what of a drain has not begun; one that had nothing to move is over at once."""
    found = node.read()
    left = _eligibility_changes(found, "ineligible")
    is_over = not left and _was_drained(found, wanted["ignore_system_jobs"])
    if drain_of(found) != wanted and not is_over:
        left["DrainStrategy"] = {"old": drain_of(found), "new": wanted}
    return left


def _was_drained(found: dict[str, Any], ignore_system_jobs: bool) -> bool:
    """
    Tell whether Nomad itself has emptied a node, and nothing could have come since.

    What runs on it may be hidden from the token; a drain that is complete is not.

    :param ignore_system_jobs: a drain that left those jobs proves nothing where they count.
    """
    last = found.get("LastDrain") or {}
    if found["DrainStrategy"] or last.get("Status") != "complete":
        return False
    scope = (last.get("Meta") or {}).get(SCOPE)
    if scope != "false" and not (ignore_system_jobs and scope == "true"):
        return False
    events = [one.get("Message") for one in found.get("Events") or ()]
    telling = [one for one in events if one == COMPLETE or one in CHANGED]
    return telling[-1:] == [COMPLETE]


def _emptied(node: Node, within: float, ignore_system_jobs: bool) -> None:
    ends, pause, progress = time.monotonic() + within, POLL, Progress(node.what)
    while True:
        found = node.awaited(ends)
        is_over = found is not None and not found["DrainStrategy"]
        if found is not None and is_over:
            if found["SchedulingEligibility"] == "eligible":
                raise CommandExecutionError("another ended the drain and made it eligible")
            if (found.get("LastDrain") or {}).get("Status") == "canceled":
                raise CommandExecutionError("another ended the drain")
            # The list is long, and each has its whole job: it is asked for at the end.
            if not node.running(system=not ignore_system_jobs):
                return
        if time.monotonic() > ends:
            left = ", ".join(node.running(system=not ignore_system_jobs))
            raise CommandExecutionError(
                f"it was not empty in time: {left or 'something that this token may not see'} "
                "still runs on it"
            )
        progress.tell("it is not empty yet" if found is not None else "Nomad does not answer")
        time.sleep(pause)
        pause = min(pause * 1.5, SLOWEST)


def check_meta(meta: Any) -> dict[str, str | None]:
    """
    Give metadata that Nomad takes.

    :raises CommandExecutionError: with field, expected and found; nothing is sent.
    """
    meta = plain(meta)
    if not isinstance(meta, Mapping) or not meta:
        raise CommandExecutionError(
            f"meta: expected a map of texts by name, with at least one; found {meta!r}"
        )
    for name, value in meta.items():
        if not isinstance(name, str) or not _KEY.fullmatch(name) or len(name) > 256:
            raise CommandExecutionError(
                "meta: expected names of letters, digits, `_` and `-`, with dots between them; "
                f"found {str(name)[:80]!r}"
            )
        if value is not None and not isinstance(value, str):
            raise CommandExecutionError(
                f"meta:{name}: expected text, or null to take it away; found {value!r}; put it in "
                "quotes"
            )
    return dict(meta)


def meta_of(node: Node) -> dict[str, str]:
    """Give the metadata that a node has, as its client says it."""
    answer = node.client.get(f"/v1/client/metadata?node_id={node.id}")
    found = answers.mapping(answer, NODE, "Meta")["Meta"]
    return dict(answers.mapping(found or {}, NODE))


def told(node: Node, meta: Any, *, test: bool) -> dict[str, Any]:
    """Give a node metadata; names that are not said are left alone."""
    wanted = check_meta(meta)
    known = meta_of(node)
    changes = _meta_changes(known, wanted)
    if not changes:
        return state.unchanged(node.name, node.what)
    if test:
        return state.done(node.name, node.what, "updated", changes, test=True)
    path = f"/v1/client/metadata?node_id={node.id}"
    sent = {name: one for name, one in wanted.items() if known.get(name) != one}
    with fate.told(node.what, "updated", changes, lambda: _meta_changes(meta_of(node), wanted)):
        node.client.post(path, {"Meta": sent})

    def look() -> None:
        ends = time.monotonic() + SEEN_WITHIN
        # The scheduler reads what the servers have, and the client tells them in its own time.
        while (found := node.awaited(ends)) is None or _meta_changes(found["Meta"] or {}, wanted):
            if time.monotonic() > ends:
                raise CommandExecutionError("Nomad's servers do not see it yet")
            time.sleep(POLL)

    return _proved(node, "updated", changes, look)


def _meta_changes(found: Mapping[str, str], wanted: Mapping[str, str | None]) -> Changes:
    return {
        f"Meta[{name}]": {"old": found.get(name), "new": value}
        for name, value in wanted.items()
        if found.get(name) != value
    }


def _proved(node: Node, verb: str, changes: Changes, look: Callable[[], None]) -> dict[str, Any]:
    try:
        look()
    except EXPECTED as err:
        said = f"{node.what} has been {verb}" if changes else f"{node.what} is being {verb}"
        if isinstance(err, fate.NotKept):
            changes = fate.real(changes, err.left)
        return state.failed(node.name, f"{said}, but {err}", changes)
    return state.done(node.name, node.what, verb, changes, test=False)
